// SPDX-License-Identifier: PostgreSQL
#include "core/learn/ridge.hpp"

#include <cmath>

#include "core/math/normal_equations.hpp"

namespace glucose {

template <class Real>
RidgeSums<Real>::RidgeSums(std::size_t columns, std::size_t targets, Intercept intercept)
    : columns_(columns),
      targets_(targets),
      level_(intercept == Intercept::free ? 1 : 0),
      depth_(columns + level_),
      width_(depth_ + targets),
      sums_(depth_ * width_),
      part_(depth_ * width_),
      waiting_rows_(kBlock * width_) {}

template <class Real>
void RidgeSums<Real>::add_block() {
  const Real *a = waiting_rows_.data(), *b = a + width_, *c = b + width_, *e = c + width_;
  for (std::size_t p = 0; p < depth_; ++p) {
    const Real wa = weights_[0] * a[p], wb = weights_[1] * b[p], wc = weights_[2] * c[p], we = weights_[3] * e[p];
    Real* products = &part_[p * width_];
    for (std::size_t q = p; q < width_; ++q) products[q] += wa * a[q] + wb * b[q] + wc * c[q] + we * e[q];
  }
  waiting_ = 0;
  if (rows_ % kRowsPerFlush == 0) flush();
}

template <class Real>
void RidgeSums<Real>::flush() {
  for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += static_cast<double>(part_[i]);
  std::fill(part_.begin(), part_.end(), Real{0});
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

template <class Real>
RidgeFit RidgeSums<Real>::solve(std::span<const double> penalties) {
  settle();
  const std::size_t D = columns_, R = targets_;
  const double *x = &sums_[level_], *y = &sums_[depth_];  // what the column of ones has summed up, if there is one
  std::vector<double> normal(D * D), right(D * R);
  for (std::size_t p = 0; p < D; ++p) {
    const double* products = &sums_[(level_ + p) * width_];
    for (std::size_t q = p; q < D; ++q) normal[p * D + q] = products[level_ + q];
    for (std::size_t r = 0; r < R; ++r) right[p * R + r] = products[depth_ + r];
    if (level_ == 1) {  // weighted centring takes the level out
      for (std::size_t q = p; q < D; ++q) normal[p * D + q] -= x[p] * x[q] / total_;
      for (std::size_t r = 0; r < R; ++r) right[p * R + r] -= x[p] * y[r] / total_;
    }
    normal[p * D + p] += penalties[p];
  }
  RidgeFit fit{std::vector<double>(R, 0.0), solve_normal(normal, right, R)};
  for (std::size_t r = 0; level_ == 1 && r < R; ++r) {
    fit.intercept[r] = y[r] / total_;
    for (std::size_t p = 0; p < D; ++p) fit.intercept[r] -= x[p] / total_ * fit.slopes[p * R + r];
  }
  return fit;
}

PartialRidgeSums::PartialRidgeSums(std::size_t columns, std::size_t targets, Intercept intercept)
    : whole_(columns, targets, intercept), others_(targets, RidgeSums<double>(columns, 1, intercept)) {}

void PartialRidgeSums::add(const float* x, const double* y) {
  if (std::none_of(y, y + others_.size(), [](double value) { return std::isnan(value); })) return whole_.add(x, y);
  for (std::size_t r = 0; r < others_.size(); ++r)
    if (!std::isnan(y[r])) others_[r].add(x, &y[r]);
}

RidgeSums<double> PartialRidgeSums::target(std::size_t r) {
  RidgeSums<double> sums = whole_.target(r);
  sums.add(others_[r], 1);
  return sums;
}

template class RidgeSums<float>;
template class RidgeSums<double>;

}  // namespace glucose
