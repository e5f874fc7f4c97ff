// SPDX-License-Identifier: PostgreSQL
// Shapes: Q levels of the grid, K horizons, S columns of the spread.
#pragma once
#include <span>
#include <vector>

#include "core/learn/ridge.hpp"
#include "core/tasks/cgm/schema.hpp"

namespace glucose {

/// The probabilities whose quantiles are kept, ascending and symmetric.
inline constexpr std::array<double, 33> kCgmLevels{
    0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1,   0.125, 0.15,  0.2,  0.25, 0.3,  0.35, 0.4,  0.45, 0.5,
    0.55,  0.6,  0.65, 0.7,  0.75, 0.8,  0.85,  0.875, 0.9,   0.925, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995};
inline constexpr std::size_t kCgmLevelCount = kCgmLevels.size();  // Q

/// Quantiles of the residuals at kCgmLevels, each with its finite-sample rank, away from the middle where the rank is
/// not whole (split conformal). in: residuals [N], N >= 1; they are sorted · out: ascending [Q]
std::array<float, kCgmLevelCount> cgm_quantiles(std::vector<float>& residuals);

/// The quantile at probability p (linear between the kept ones; the outermost ones beyond), and the probability below
/// z.
double cgm_quantile(std::span<const float> quantiles, double p);
double cgm_probability_below(std::span<const float> quantiles, double z);
/// The mean size of what has these quantiles.
float cgm_mean_absolute(std::span<const float> quantiles);

/// The absolute value that such a share of them does not exceed. in: values [N], N >= 1
float cgm_share_of_absolute(std::vector<float> values, double share);

/// How wide the residuals of a moment are: exp(coefficients · columns), limited to what can be, mg/dL.
/// in: coefficients [S] of one horizon
float cgm_spread(const float* coefficients, const CgmSpreadColumns& columns);

/// Least squares of log(|residual|) on the spread's columns, per horizon, one row after the other.
class CgmSpreadFit {
 public:
  CgmSpreadFit();
  /// in: columns [S], residuals [K] mg/dL, NaN where not known
  void add(const float* columns, const float* residuals);
  double rows() const { return rows_; }
  /// out: [K × S]; a horizon without rows is as wide as the one before
  std::vector<float> solve();

 private:
  PartialRidgeSums sums_;
  double rows_ = 0;
};

}  // namespace glucose
