// SPDX-License-Identifier: PostgreSQL
#include "core/learn/ridge.hpp"

#include <cmath>
#include <type_traits>

#include "core/math/normal_equations.hpp"

namespace glucose {

const RidgeKernel& ridge_kernel() {
#ifdef PGG_X86_KERNELS
  if (best_simd_level() == SimdLevel::avx512) return kernel_avx512::kRidge;
  if (best_simd_level() == SimdLevel::avx2) return kernel_avx2::kRidge;
#endif
  return kernel_baseline::kRidge;
}

namespace {
template <class Real>
std::size_t whole_lines(std::size_t columns) {
  constexpr std::size_t kLine = kRidgeLine / sizeof(Real);
  return (columns + kLine - 1) / kLine * kLine;
}
}  // namespace

template <class Real>
RidgeSums<Real>::RidgeSums(std::size_t columns, std::size_t targets, Intercept intercept)
    : kernel_(&ridge_kernel()),
      columns_(columns),
      targets_(targets),
      level_(intercept == Intercept::free ? 1 : 0),
      depth_(columns + level_),
      width_(whole_lines<Real>(depth_ + targets)),
      sums_(depth_ * width_),
      part_(depth_ * width_),
      waiting_rows_(kBlock * width_) {}

template <class Real>
void RidgeSums<Real>::add_block() {
  if constexpr (std::is_same_v<Real, double>)
    kernel_->add_doubles(waiting_rows_.data(), weights_, depth_, width_, part_.data());
  else
    kernel_->add_floats(waiting_rows_.data(), weights_, depth_, width_, part_.data());
  waiting_ = 0;
  if (rows_ % kRowsPerFlush == 0) flush();
}

template <class Real>
void RidgeSums<Real>::flush() {
  for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += static_cast<double>(part_[i]);
  std::fill(part_.begin(), part_.end(), Real{0});
}

template <class Real>
void RidgeSums<Real>::clear() {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  std::fill(part_.begin(), part_.end(), Real{0});
  rows_ = waiting_ = 0;
  total_ = 0;
}

template <class Real>
void RidgeSums<Real>::settle() {
  for (; waiting_ > 0 && waiting_ < kBlock; ++waiting_) {
    std::fill_n(&waiting_rows_[waiting_ * width_], width_, Real{0});
    weights_[waiting_] = 0;
  }
  if (waiting_ > 0) add_block();
  flush();
}

template <class Real>
void RidgeSums<Real>::add(RidgeSums& other, double sign) {
  other.settle();
  settle();
  for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += sign * other.sums_[i];
  total_ += sign * other.total_;
  rows_ = sign > 0 ? rows_ + other.rows_ : rows_ - other.rows_;
}

template <class Real>
RidgeSums<Real> RidgeSums<Real>::target(std::size_t r) {
  settle();
  RidgeSums one(columns_, 1, level_ == 1 ? Intercept::free : Intercept::none);
  one.rows_ = rows_;
  one.total_ = total_;
  for (std::size_t p = 0; p < depth_; ++p) {
    std::copy_n(&sums_[p * width_], depth_, &one.sums_[p * one.width_]);
    one.sums_[p * one.width_ + depth_] = sums_[p * width_ + depth_ + r];
  }
  return one;
}

/// Of a system that the kernel solves, or what LAPACK makes of one that is nearly singular.
template <class Real>
std::vector<double> RidgeSums<Real>::solution(const LineVector<double>& system, std::size_t width) const {
  const std::size_t D = columns_, R = targets_;
  LineVector<double> solved = system;
  std::vector<double> right(D * R);
  const bool is_solved = kernel_->solve(solved.data(), D, R, width);
  const LineVector<double>& from = is_solved ? solved : system;
  for (std::size_t p = 0; p < D; ++p) std::copy_n(&from[p * width + D], R, &right[p * R]);
  if (is_solved) return right;
  std::vector<double> normal(D * D);
  for (std::size_t p = 0; p < D; ++p) std::copy_n(&system[p * width], D, &normal[p * D]);
  return solve_normal(normal, right, R);
}

template <class Real>
RidgeFit RidgeSums<Real>::solve(std::span<const double> penalties) {
  settle();
  const std::size_t D = columns_, R = targets_;
  const double *x = &sums_[level_], *y = &sums_[depth_];  // what the column of ones has summed up, if there is one
  const std::size_t width = whole_lines<double>(D + R);
  LineVector<double> system(D * width);
  for (std::size_t p = 0; p < D; ++p) {
    const double* products = products_of(p);
    double* row = &system[p * width];
    for (std::size_t q = p; q < D + R; ++q) row[q] = products[level_ + q];
    if (level_ == 1) {  // weighted centring takes the level out
      const double mean = x[p] / total_;
      for (std::size_t q = p; q < D + R; ++q) row[q] -= mean * x[q];
    }
    row[p] += penalties[p];
  }
  RidgeFit fit{std::vector<double>(R, 0.0), solution(system, width)};
  for (std::size_t r = 0; level_ == 1 && r < R; ++r) {
    fit.intercept[r] = y[r] / total_;
    for (std::size_t p = 0; p < D; ++p) fit.intercept[r] -= x[p] / total_ * fit.slopes[p * R + r];
  }
  return fit;
}

PartialRidgeSums::PartialRidgeSums(std::size_t columns, std::size_t targets, Intercept intercept)
    : whole_(columns, targets, intercept), others_(targets, RidgeSums<double>(columns, 1, intercept)) {}

void PartialRidgeSums::add(const float* x, const double* y, double weight) {
  if (std::none_of(y, y + others_.size(), [](double value) { return std::isnan(value); }))
    return whole_.add(x, y, weight);
  for (std::size_t r = 0; r < others_.size(); ++r)
    if (!std::isnan(y[r])) others_[r].add(x, &y[r], weight);
}

RidgeSums<double> PartialRidgeSums::target(std::size_t r) {
  RidgeSums<double> sums = whole_.target(r);
  sums.add(others_[r], 1);
  return sums;
}

template class RidgeSums<float>;
template class RidgeSums<double>;

}  // namespace glucose
