// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "core/base/byte_io.hpp"

namespace glucose {

/// Standardises columns: (x − mean) / SD, both of the known values of the training rows. An unknown value becomes the
/// mean (0); a column that did not vary in training becomes 0, whatever it holds later.
struct Scaler {
  std::vector<float> mean, inverse_sd;  // [F]

  static constexpr double kSmallestSd = 1e-6;

  void transform(std::span<const float> x, float* out) const {
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = std::isnan(x[i]) ? 0.0F : (x[i] - mean[i]) * inverse_sd[i];
  }

  /// in: rows [N × F] row-major, NaN = unknown
  static Scaler fit(std::span<const float> rows, std::size_t columns);
};

/// A scaler from rows that come one by one, all of them twice: means first, then how far the rows are from them.
class ScalerFit {
 public:
  explicit ScalerFit(std::size_t columns) : sum_(columns), squares_(columns), known_(columns) {}
  void add(std::span<const float> x) {
    for (std::size_t c = 0; c < x.size(); ++c)
      if (!std::isnan(x[c])) sum_[c] += static_cast<double>(x[c]), known_[c] += 1;
  }
  void add_again(std::span<const float> x) {
    for (std::size_t c = 0; c < x.size(); ++c)
      if (!std::isnan(x[c])) squares_[c] += std::pow(static_cast<double>(x[c]) - sum_[c] / known_[c], 2);
  }
  Scaler fitted() const {
    Scaler s;
    s.mean.assign(sum_.size(), 0.0F);
    s.inverse_sd.assign(sum_.size(), 0.0F);
    for (std::size_t c = 0; c < sum_.size(); ++c) {
      if (known_[c] == 0) continue;
      s.mean[c] = static_cast<float>(sum_[c] / known_[c]);
      const double sd = std::sqrt(squares_[c] / known_[c]);
      if (sd > Scaler::kSmallestSd) s.inverse_sd[c] = static_cast<float>(1 / sd);
    }
    return s;
  }

 private:
  std::vector<double> sum_, squares_, known_;  // [F]
};

inline Scaler Scaler::fit(std::span<const float> rows, std::size_t columns) {
  ScalerFit fit(columns);
  for (std::size_t i = 0; i < rows.size(); i += columns) fit.add(rows.subspan(i, columns));
  for (std::size_t i = 0; i < rows.size(); i += columns) fit.add_again(rows.subspan(i, columns));
  return fit.fitted();
}

inline void write(ByteWriter& out, const Scaler& s) {
  out.reals(s.mean);
  out.reals(s.inverse_sd);
}
inline Scaler read_scaler(ByteReader& in, std::size_t columns) {
  Scaler s;
  s.mean = in.reals(columns);
  s.inverse_sd = in.reals(columns);
  return s;
}

}  // namespace glucose
