// SPDX-License-Identifier: PostgreSQL
// Shapes: D columns, R targets.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "core/base/line_allocator.hpp"
#include "core/learn/kernels/ridge_kernel.hpp"

namespace glucose {

/// Whether a fit has a level of its own, free of any penalty: then the columns need not sum to 0.
enum class Intercept { none, free };

struct RidgeFit {
  std::vector<double> intercept;  // [R]; 0 without
  std::vector<double> slopes;     // [D × R]
};

/// Weighted sums over rows: all that least squares with any penalty need (ridge, Hoerl and Kennard 1970), in one pass
/// and constant memory. Sums can be added up and taken away, as for fits without each fold. Four rows are added at
/// once, for some hundred rows in Real, then in doubles: float is twice as fast and good for columns and targets of
/// about one size.
template <class Real>
class RidgeSums {
 public:
  RidgeSums(std::size_t columns, std::size_t targets, Intercept intercept);

  std::size_t rows() const { return rows_; }
  double weight() const { return total_; }  // of all rows

  /// in: x [D], y [R]
  template <class X, class Y>
  void add(const X* x, const Y* y, Real weight = 1) {
    Real* z = &waiting_rows_[waiting_ * width_];
    if (level_ == 1) z[0] = 1;
    for (std::size_t d = 0; d < columns_; ++d) z[level_ + d] = static_cast<Real>(x[d]);
    for (std::size_t r = 0; r < targets_; ++r) z[depth_ + r] = static_cast<Real>(y[r]);
    weights_[waiting_] = weight;
    total_ += static_cast<double>(weight);
    ++rows_;
    if (++waiting_ == kBlock) add_block();
  }

  /// No rows again; the memory stays.
  void clear();

  /// Adds what another of the same shape holds, or with sign -1 takes it away.
  void add(RidgeSums& other, double sign);

  /// The same rows with one of their targets only.
  RidgeSums target(std::size_t r);

  /// Minimises sum w (y - a - xb)² + sum penalties b² for each target; a is 0 without intercept.
  /// in: penalties [D]; at least one row · throws Error internal when there is no solution
  RidgeFit solve(std::span<const double> penalties);

 private:
  static constexpr std::size_t kBlock = kRidgeBlock, kRowsPerFlush = 256;

  void add_block();
  const double* products_of(std::size_t column) const { return &sums_[(level_ + column) * width_]; }
  std::vector<double> solution(const LineVector<double>& system, std::size_t width) const;
  void flush();
  void settle();  // all rows are in the sums

  // With intercept, a first column of ones sums up the others and the targets. A row of the sums is a column's products
  // with itself and those after it, then with the targets, filled up to whole cache lines.
  const RidgeKernel* kernel_;
  std::size_t columns_, targets_, level_, depth_, width_;
  std::size_t rows_ = 0, waiting_ = 0;
  double total_ = 0;
  LineVector<double> sums_;  // [depth × width]
  LineVector<Real> part_;    // of the last rows
  LineVector<Real> waiting_rows_;
  Real weights_[kBlock]{};
};

/// The same of rows that know some of their targets, without intercept or with. Those that know all share one set of
/// sums; others are summed up target by target.
class PartialRidgeSums {
 public:
  PartialRidgeSums(std::size_t columns, std::size_t targets, Intercept intercept);
  /// in: x [D], y [R], NaN where not known
  void add(const float* x, const double* y, double weight = 1);
  /// The rows that know target r.
  RidgeSums<double> target(std::size_t r);

 private:
  RidgeSums<double> whole_;
  std::vector<RidgeSums<double>> others_;  // [R] of rows that do not know all
};

extern template class RidgeSums<float>;
extern template class RidgeSums<double>;

}  // namespace glucose
