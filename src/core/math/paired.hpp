// SPDX-License-Identifier: PostgreSQL
// Two models on the same rows. Shapes: N pairs.
#pragma once
#include <span>
#include <vector>

namespace glucose {

inline constexpr double kPairedLevel = 0.95;

/// What N pairs of errors say. difference = mean(b - a): below 0, b is better. The interval holds the mean difference
/// with 95 % confidence; NaN when n < 2, all NaN when n = 0.
struct PairedComparison {
  int n = 0;
  double mean_a, mean_b, difference, ci_low, ci_high;
  double p_value;  // two-sided, of no difference
};

/// in: errors [N] of a and b, in the same order
/// The interval is mean ± t(0.975, n - 1) · SD / √n of the differences meal by meal (paired t, Gosset 1908). Paired,
/// because meals differ from each other far more than two models differ on one meal; Student's t rather than the normal
/// quantile, because a hold-out has some tens of meals and their SD is estimated. It takes meals as independent and
/// their mean as normal; errors of one meal at several horizons are not independent, so they are averaged first.
PairedComparison compare_paired(std::span<const double> a, std::span<const double> b);

/// The horizons of both models, in minutes, ascending.
std::vector<int> common_horizons(const std::vector<int>& a, const std::vector<int>& b);

}  // namespace glucose
