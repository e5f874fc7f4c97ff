// SPDX-License-Identifier: PostgreSQL
// What intervals are made of.
#pragma once
#include <cstddef>
#include <vector>

#include "core/tasks/meal/models/interval.hpp"

namespace glucose {

/// Linear between the points, the outermost beyond. in: xs ascending
double interpolate(const std::vector<double>& xs, const std::vector<double>& ys, double x);

/// By how much a person's scores are larger than 1 on average: the newest count most (half-life 20 meals, 40 without a
/// population), and 20 meals of 1 (8) come before.
class PersonFactor {
 public:
  explicit PersonFactor(bool lone);
  void add(double score);
  double value() const { return (prior_ + sum_) / (prior_ + weight_); }

 private:
  double prior_, fade_, sum_ = 0, weight_ = 0;
};

/// Between the grids for the two forecasts nearest to one.
struct GridBetween {
  const float *lower, *upper;  // [Q]
  float share;                 // of the upper one
  double at(std::size_t q) const { return static_cast<double>((1 - share) * lower[q] + share * upper[q]); }
};
GridBetween grid_between(const Intervals& intervals, std::size_t k, float forecast_mg_dl);

}  // namespace glucose
