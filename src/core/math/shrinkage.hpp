// SPDX-License-Identifier: PostgreSQL
// Means of groups of which some have few values. Shapes: N values, J groups.
#pragma once
#include <span>
#include <vector>

namespace glucose {

inline constexpr double kShrunkenLevel = 0.9;

/// What is to be expected of a group: its mean pulled to that of all, the more the fewer values it has and the less
/// groups differ, with an interval that holds the group's true mean with 90 %. mean is the plain one.
struct GroupMean {
  int n = 0;
  double mean, expected, lower, upper;
};

struct GroupMeans {
  std::vector<GroupMean> groups;  // [J]
  double within_sd;               // of values of one group; NaN with fewer than two values
};

/// in: values [N], finite, and the group 0 … J-1 of each · out: NaN for groups without a value; the interval is NaN
/// when all there is is one value.
/// The usual model of groups (values of a group are normal about its mean, means normal about that of all), its SD
/// between groups averaged over a grid by what the values say of it, with a flat prior: with an estimate of it alone
/// the intervals of few groups are too narrow. Source: Gelman, Bayesian Analysis 2006;1:515; Gelman et al., Bayesian
/// Data Analysis, 3rd ed., ch. 5.4. The SD within groups is pooled, together with two degrees of freedom of all values'
/// SD, and so known when most groups have one value.
GroupMeans shrunken_means(std::span<const double> values, std::span<const int> group, int n_groups);

}  // namespace glucose
