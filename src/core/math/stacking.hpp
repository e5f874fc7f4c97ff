// SPDX-License-Identifier: PostgreSQL
// Letters: M members, N rows.
#pragma once
#include <span>
#include <vector>

namespace glucose {

/// How much each member of an ensemble counts at one horizon: non-negative least squares with weights that sum to 1
/// (stacked regression, Breiman 1996), pulled to weights known beforehand as if these had been best on `prior_rows`
/// earlier rows; so few rows change little.
/// in: forecasts [M][N] of rows no member has learnt from, outcomes [N], prior [M] summing to 1 · out: [M]
std::vector<float> stacking_weights(const std::vector<std::vector<float>>& forecasts, std::span<const float> outcomes,
                                    std::span<const float> prior, double prior_rows);

/// How much of a correction serves.
struct Share {
  double best = 0;             // 0 … 1
  bool beyond_chance = false;  // whether squared errors are then smaller beyond chance
};
/// in: what forecasts miss and a correction to them [N], of rows neither has learnt from
Share best_share(std::span<const double> residuals, std::span<const double> corrections);

}  // namespace glucose
