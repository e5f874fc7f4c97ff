// SPDX-License-Identifier: PostgreSQL
// Whether two series of days go together, and how sure that is when many are asked.
#pragma once
#include <span>
#include <vector>

namespace glucose {

/// NaN where it cannot be said: fewer than 3 pairs, or one of them never varies.
struct Correlation {
  int n = 0;           // pairs of which both are known
  double n_effective;  // what they are worth: days that are like the day before say less than n
  double pearson, spearman;
  double p_value;  // two-sided, of Spearman's at n_effective; NaN below kFewestPairs
};

inline constexpr int kFewestPairs = 10;

/// in: x [n], y [n], the same days in order, NaN: not known
/// Ranks of what is equal are their mean. n_effective = n (1 - a b) / (1 + a b), 3 to n, where a and b are the
/// correlations of each series with itself a day later: M. S. Bartlett, "Some aspects of the time-correlation problem
/// …", Journal of the Royal Statistical Society 98 (1935). p by Student's t with n_effective - 2 degrees of freedom.
/// Throws Error bad_argument when the lengths differ.
Correlation correlate(std::span<const float> x, std::span<const float> y);

/// The smallest false-discovery rate at which each would be called a finding; NaN stays NaN and does not count.
/// Source: Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B 57 (1995).
std::vector<double> false_discovery_rates(std::span<const double> p_values);

}  // namespace glucose
