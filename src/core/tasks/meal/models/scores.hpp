// SPDX-License-Identifier: PostgreSQL
// What intervals are made of: pools of weighted scores, and how large a person's are.
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

class ScorePool {
 public:
  void reserve(std::size_t n) { pool_.reserve(n); }
  void add(double score, double weight) { pool_.push_back({score, weight}); }
  /// Puts what was added since the last call into the order of the rest. What is added in order costs less.
  void merge();
  /// Scores ascending, each with the probability in its middle. beyond: weight of what has not been seen, on either
  /// side (the conformal test point).
  void to_distribution(double beyond, std::vector<double>& scores, std::vector<double>& levels);

 private:
  struct Weighted {
    double score, weight;
    bool operator<(const Weighted& other) const { return score < other.score; }
  };
  std::vector<Weighted> pool_;
  std::size_t in_order_ = 0;
};

/// Between the grids for the two forecasts nearest to one.
struct GridBetween {
  const float *lower, *upper;  // [Q]
  float share;                 // of the upper one
  double at(std::size_t q) const { return static_cast<double>((1 - share) * lower[q] + share * upper[q]); }
};
GridBetween grid_between(const Intervals& intervals, std::size_t k, float forecast_mg_dl);

}  // namespace glucose
