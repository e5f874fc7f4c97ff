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
  static Scaler fit(std::span<const float> rows, std::size_t columns) {
    Scaler s;
    s.mean.assign(columns, 0.0F);
    s.inverse_sd.assign(columns, 0.0F);
    for (std::size_t c = 0; c < columns; ++c) {
      double sum = 0, squares = 0, n = 0;
      for (std::size_t i = c; i < rows.size(); i += columns)
        if (!std::isnan(rows[i])) sum += static_cast<double>(rows[i]), n += 1;
      if (n == 0) continue;
      const double mean_of = sum / n;
      for (std::size_t i = c; i < rows.size(); i += columns)
        if (!std::isnan(rows[i])) squares += std::pow(static_cast<double>(rows[i]) - mean_of, 2);
      const double sd = std::sqrt(squares / n);
      s.mean[c] = static_cast<float>(mean_of);
      if (sd > kSmallestSd) s.inverse_sd[c] = static_cast<float>(1 / sd);
    }
    return s;
  }
};

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
