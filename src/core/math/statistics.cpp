// SPDX-License-Identifier: PostgreSQL
#include "core/math/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Moments {
  double n, mean, variance;  // sample variance (n - 1); NaN below two values
};

[[noreturn]] void out_of_scale() {
  throw Error(ErrorCode::out_of_range, "the values are too large or too small to compare",
              "Give finite values whose squares are numbers, too.");
}

Moments moments(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  if (values.empty()) return {n, kNan, kNan};
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  const double mean = sum / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  if (!std::isfinite(sum) || !std::isfinite(squares)) out_of_scale();
  return {n, mean, values.size() < 2 ? kNan : squares / (n - 1)};
}

// difference / standard_error follows Student's t with df degrees of freedom when there is no difference.
Comparison compare(double difference, double standard_error, double df, double level) {
  Comparison c{difference, kNan, kNan, kNan, kNan};
  if (std::isinf(difference) || std::isinf(standard_error)) out_of_scale();
  if (std::isnan(standard_error)) return c;
  if (standard_error == 0) {  // no spread at all: the difference is what it is
    c.ci_low = c.ci_high = difference;
    c.p_value = difference == 0 ? 1 : 0;
    return c;
  }
  if (!std::isfinite(df)) out_of_scale();
  const boost::math::students_t distribution(df);
  const double half = boost::math::quantile(distribution, 0.5 + level / 2) * standard_error;
  c.ci_low = difference - half;
  c.ci_high = difference + half;
  if (!std::isfinite(c.ci_low) || !std::isfinite(c.ci_high)) out_of_scale();
  c.p_value = 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(difference) / standard_error));
  c.df = df;
  return c;
}

void require_level(double level) {
  if (!(level > 0 && 0.5 + level / 2 < 1))
    throw Error(ErrorCode::bad_argument, "\"level\" is out of range", "A level is between 0 and 1, such as 0.95.");
}

}  // namespace

double student_quantile(double p, double df) {
  if (!(p > 0 && p < 1 && df > 0 && std::isfinite(df))) return kNan;
  using Quiet =
      boost::math::policies::policy<boost::math::policies::overflow_error<boost::math::policies::ignore_error>>;
  const double quantile = boost::math::quantile(boost::math::students_t_distribution<double, Quiet>(df), p);
  if (!std::isfinite(quantile)) out_of_scale();
  return quantile;
}

Comparison welch_t(std::span<const double> a, std::span<const double> b, double level) {
  require_level(level);
  const Moments x = moments(a), y = moments(b);
  const double u = x.variance / x.n, v = y.variance / y.n;
  const double df = (u + v) * (u + v) / (u * u / (x.n - 1) + v * v / (y.n - 1));
  return compare(y.mean - x.mean, std::sqrt(u + v), df, level);
}

Comparison paired_t(std::span<const double> a, std::span<const double> b, double level) {
  require_level(level);
  if (a.size() != b.size())
    throw Error(ErrorCode::bad_argument, "a paired test needs two values of each unit",
                "Give two arrays of the same length.");
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) differences[i] = b[i] - a[i];
  const Moments d = moments(differences);
  return compare(d.mean, std::sqrt(d.variance / d.n), d.n - 1, level);
}

}  // namespace glucose
