// SPDX-License-Identifier: PostgreSQL
// Logistic regression. Shapes: N rows, P columns.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/steps.hpp"

namespace glucose {

/// Minimises Σ log loss + ½ Σ penalty_j w_j², the sums over rows and coefficients; the intercept is the last of them.
struct LogisticOptions {
  double l2 = 0.1;               // of a coefficient, for each row: N l2 is its penalty
  double own_rows = 0;           // added to each penalty: as if so many more rows had said 0
  double intercept_penalty = 0;  // of the intercept
  bool descent = false;          // plain gradient descent on the mean loss from 0; else Newton's method (IRLS)
  double rate = 0.01;            // of gradient descent
  double tolerance = 0.001;      // it ends when no part of its gradient is larger
  int iterations = 1000;         // at most; of Newton's method at most 50, to a tolerance of 1e-6
};

/// in: columns standardised, without NaN.
struct LogisticRows {
  std::span<const float> x;         // [N × P]
  std::span<const std::uint8_t> y;  // [N] 0 or 1
  std::span<const double> offset;   // [N] log odds that are there already, or none
  std::span<const float> start;     // [P + 1] to begin with, or none: 0
};

/// Fits in small steps; what `rows` points to outlives it. Throws Error bad_argument when sizes do not fit together.
class LogisticFit {
 public:
  LogisticFit(const LogisticRows& rows, int columns, const LogisticOptions& options);
  LogisticFit(const LogisticFit&) = delete;  // the steps under way point here
  LogisticFit& operator=(const LogisticFit&) = delete;

  bool done() const { return work_.done(); }
  void step() { work_.step(); }
  int iterations() const { return iterations_; }
  bool settled() const { return settled_; }
  /// [P + 1]
  std::vector<float> take() const { return {w_.begin(), w_.end()}; }

 private:
  Steps newton();
  Steps descend();
  double penalty(std::size_t j) const;
  double residual(std::size_t row, const std::vector<double>& w, double& variance) const;

  LogisticRows rows_;
  std::size_t n_, columns_;
  LogisticOptions options_;
  std::vector<double> w_;
  int iterations_ = 0;
  bool settled_ = false;
  Steps work_;
};

/// Log odds beside the offset. in: x [P], w [P + 1]
double logistic_log_odds(std::span<const float> w, std::span<const float> x);

}  // namespace glucose
