// SPDX-License-Identifier: PostgreSQL
// Is one set of persons' errors different from another? Student's t in its two forms that hold for small samples.
#pragma once
#include <span>

namespace glucose {

/// How far the mean of b is from the mean of a. All but `difference` are NaN when the sample says nothing of its
/// spread.
struct Comparison {
  double difference;       // mean(b) - mean(a); NaN when one of them is empty
  double ci_low, ci_high;  // two-sided confidence interval of the difference
  double p_value;          // two-sided, of no difference
  double df;               // degrees of freedom of Student's t
};

/// Of Student's t; NaN without degrees of freedom, or p outside (0, 1).
double student_quantile(double p, double df);

/// Throws Error out_of_range when values, or what is computed of them, are not finite; so does paired_t().
/// Two independent samples whose variances may differ. in: a [n], b [m], any order; level in (0, 1)
/// Degrees of freedom after Welch and Satterthwaite. Needs n, m >= 2 for more than the difference.
/// Source: B. L. Welch, "The generalization of Student's problem …", Biometrika 34 (1947).
Comparison welch_t(std::span<const double> a, std::span<const double> b, double level = 0.95);

/// The same units measured twice: one-sample t of b[i] - a[i]. in: a [n], b [n] in the same order; needs n >= 2 for
/// more than the difference. Throws Error bad_argument when the lengths differ.
/// Source: Student, "The probable error of a mean", Biometrika 6 (1908).
Comparison paired_t(std::span<const double> a, std::span<const double> b, double level = 0.95);

}  // namespace glucose
