// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstddef>
#include <vector>

namespace glucose {

/// Weighted scores.
class ScorePool {
 public:
  ScorePool() = default;
  /// The same with room for so many more.
  ScorePool(const ScorePool& other, std::size_t more) {
    pool_.reserve(other.pool_.size() + more);
    pool_ = other.pool_;
    in_order_ = other.in_order_;
  }
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

}  // namespace glucose
