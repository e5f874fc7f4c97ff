// SPDX-License-Identifier: PostgreSQL
#include "core/math/correlation.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.hpp"

namespace glucose {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double mean_of(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

double product_moment(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() < 3) return kNan;
  const double mx = mean_of(x), my = mean_of(y);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  if (!(xx > 0) || !(yy > 0)) return kNan;
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

std::vector<double> ranks_of(const std::vector<double>& v) {
  std::vector<std::size_t> order(v.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return v[a] < v[b]; });
  std::vector<double> ranks(v.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i + 1;
    while (end < order.size() && v[order[end]] == v[order[i]]) ++end;
    for (std::size_t k = i; k < end; ++k) ranks[order[k]] = (static_cast<double>(i + end) + 1) / 2;
    i = end;
  }
  return ranks;
}

// With itself a day later, over the days of which both are known; 0 when that cannot be said.
double with_the_day_before(std::span<const float> series) {
  std::vector<double> before, after;
  for (std::size_t i = 1; i < series.size(); ++i)
    if (!std::isnan(series[i - 1]) && !std::isnan(series[i])) {
      before.push_back(static_cast<double>(series[i - 1]));
      after.push_back(static_cast<double>(series[i]));
    }
  const double r = product_moment(before, after);
  return std::isnan(r) ? 0 : r;
}

double p_of(double r, double df) {
  if (std::isnan(r) || !(df > 0)) return kNan;
  if (std::abs(r) >= 1) return 0;
  const boost::math::students_t distribution(df);
  const double t = std::abs(r) * std::sqrt(df / (1 - r * r));
  return 2 * boost::math::cdf(boost::math::complement(distribution, t));
}

}  // namespace

Correlation correlate(std::span<const float> x, std::span<const float> y) {
  if (x.size() != y.size()) throw Error(ErrorCode::bad_argument, "two series of days must be of the same length");
  std::vector<double> a, b;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!std::isnan(x[i]) && !std::isnan(y[i])) {
      a.push_back(static_cast<double>(x[i]));
      b.push_back(static_cast<double>(y[i]));
    }
  Correlation c{static_cast<int>(a.size()), kNan, kNan, kNan, kNan};
  c.pearson = product_moment(a, b);
  if (std::isnan(c.pearson)) return c;
  c.spearman = product_moment(ranks_of(a), ranks_of(b));
  const double both = with_the_day_before(x) * with_the_day_before(y);
  c.n_effective = std::clamp(c.n * (1 - both) / (1 + both), 3.0, static_cast<double>(c.n));
  if (c.n >= kFewestPairs) c.p_value = p_of(c.spearman, c.n_effective - 2);
  return c;
}

std::vector<double> false_discovery_rates(std::span<const double> p_values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p_values.size(); ++i)
    if (!std::isnan(p_values[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> rates(p_values.size(), kNan);
  double smallest = 1;
  for (std::size_t k = order.size(); k-- > 0;) {
    const double rate = p_values[order[k]] * static_cast<double>(order.size()) / static_cast<double>(k + 1);
    smallest = std::min(smallest, rate);
    rates[order[k]] = smallest;
  }
  return rates;
}

}  // namespace glucose
