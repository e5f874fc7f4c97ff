// SPDX-License-Identifier: PostgreSQL
// Whether pairs differ, by the ranks of their differences.
#pragma once
#include <span>

namespace glucose {

/// How far the pairs differ. NaN where there is nothing to say it of.
struct PairedShift {
  int n = 0;            // pairs
  int n_above = 0;      // whose difference is above 0
  int n_below = 0;      // below 0
  double difference;    // Hodges and Lehmann's: the median of the means of all two differences
  double lower, upper;  // of it, with 95 % confidence or a little more
  double p_value;       // two-sided, of differences that are as often and as far above 0 as below
};

inline constexpr double kShiftLevel = 0.95;
/// Up to so many differences that are not 0, p and limits are exact: of all 2^n signs.
inline constexpr int kMostExactPairs = 100;

/// in: differences of pairs, any order, finite
/// Differences of 0 say nothing of p, those of equal size share their mean rank. Beyond kMostExactPairs the normal
/// limit with its correction for continuity and ties. Exact limits take differences as of a continuous quantity.
/// Source: F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945); J. L. Hodges and
/// E. L. Lehmann, "Estimates of location based on rank tests", Ann. Math. Statist. 34 (1963).
PairedShift paired_shift(std::span<const double> differences);

/// Of the same differences the other way round.
inline PairedShift reversed(const PairedShift& s) {
  return {s.n, s.n_below, s.n_above, -s.difference, -s.upper, -s.lower, s.p_value};
}

}  // namespace glucose
