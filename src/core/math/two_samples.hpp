// SPDX-License-Identifier: PostgreSQL
// Whether two samples are of one distribution.
#pragma once
#include <span>

namespace glucose {

/// The probability of a largest distance of two empirical distributions of at least `distance` when both samples are of
/// one continuous distribution; with ties it is an upper bound. in: distance 0 … 1; sizes n, m >= 1
/// Exact, by counting the paths of the merged samples, where n m <= kMostExactPaths (J. L. Hodges, "The significance
/// probability of the Smirnov two-sample test", Arkiv för Matematik 3, 1958); beyond, Kolmogorov's limit with
/// M. A. Stephens' correction (J. R. Statist. Soc. B 32, 1970).
double kolmogorov_smirnov_p(double distance, int n, int m);
inline constexpr double kMostExactPaths = 20'000;

/// The population stability index of shares over the same bins: Σ (p - q) ln(p / q); every share above 0. By custom,
/// below 0.1 is like before, above 0.25 another population. Source: B. Yurdakul, "Statistical properties of population
/// stability index", Western Michigan University, 2018.
double population_stability_index(std::span<const double> p, std::span<const double> q);

}  // namespace glucose
