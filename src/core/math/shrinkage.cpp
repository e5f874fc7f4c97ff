// SPDX-License-Identifier: PostgreSQL
#include "core/math/shrinkage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/math/statistics.hpp"

namespace glucose {

namespace {

constexpr int kGrid = 64;
constexpr double kWidest = 2;      // SDs of all values: the largest SD between groups that is thought of
constexpr double kBorrowed = 2;    // degrees of freedom
constexpr double kLeastSd = 1e-3;  // of values, and of a group as a share of all: of values that are all the same
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Sums over the groups that have a value, for one SD between them.
struct AtSpread {
  double between;  // variance
  double weight = 0, mean = 0, log_likelihood = 0;
  double likelihood = 0;  // beside that of the likeliest

  AtSpread(const std::vector<GroupMean>& groups, double spread, double within) : between(spread * spread) {
    for (const GroupMean& g : groups) {
      if (g.n == 0) continue;
      const double v = between + within / g.n;
      weight += 1 / v, mean += g.mean / v;
      log_likelihood -= std::log(v) / 2;
    }
    mean /= weight;
    for (const GroupMean& g : groups)
      if (g.n > 0) log_likelihood -= std::pow(g.mean - mean, 2) / (between + within / g.n) / 2;
    log_likelihood -= std::log(weight) / 2;
  }
};

double mean_squares(std::span<const double> values) {
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  const double mean = sum / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean);
  return squares / static_cast<double>(values.size() - 1);
}

// Of what is expected, over the grid: first and second moments, weighed by the likelihood.
void expect(std::vector<GroupMean>& groups, double total, double within, double df) {
  std::vector<AtSpread> grid;
  double best = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < kGrid; ++i) {
    const double sd = kWidest * std::sqrt(total) * (i + 0.5) / kGrid;
    grid.emplace_back(groups, sd, within);
    best = std::max(best, grid.back().log_likelihood);
  }
  for (AtSpread& at : grid) at.likelihood = std::exp(at.log_likelihood - best);
  const double t = student_quantile((1 + kShrunkenLevel) / 2, df);
  for (GroupMean& g : groups) {
    if (g.n == 0) continue;
    double sum = 0, first = 0, second = 0;
    const double noise = within / g.n;
    for (const AtSpread& at : grid) {
      const double own = at.between / (at.between + noise);
      const double mean = at.mean + own * (g.mean - at.mean);
      const double variance = own * noise + (1 - own) * (1 - own) / at.weight;
      sum += at.likelihood, first += at.likelihood * mean, second += at.likelihood * (variance + mean * mean);
    }
    g.expected = first / sum;
    const double half = t * std::sqrt(std::max(second / sum - g.expected * g.expected, 0.0));
    g.lower = g.expected - half, g.upper = g.expected + half;
  }
}

}  // namespace

GroupMeans shrunken_means(std::span<const double> values, std::span<const int> group, int n_groups) {
  GroupMeans result{std::vector<GroupMean>(static_cast<std::size_t>(n_groups), {0, kNone, kNone, kNone, kNone}), kNone};
  std::vector<double> sums(static_cast<std::size_t>(n_groups));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto j = static_cast<std::size_t>(group[i]);
    ++result.groups[j].n, sums[j] += values[i];
  }
  int with_any = 0;
  for (std::size_t j = 0; j < sums.size(); ++j) {
    GroupMean& g = result.groups[j];
    if (g.n == 0) continue;
    ++with_any;
    g.mean = g.expected = sums[j] / g.n;
  }
  if (values.size() < 2) return result;
  double squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    squares += std::pow(values[i] - result.groups[static_cast<std::size_t>(group[i])].mean, 2);
  const double total = std::max(mean_squares(values), kLeastSd * kLeastSd);
  const double df = static_cast<double>(values.size()) - with_any;
  const double within = std::max((squares + kBorrowed * total) / (df + kBorrowed), kLeastSd * kLeastSd * total);
  result.within_sd = std::sqrt(within);
  expect(result.groups, total, within, df + kBorrowed);
  return result;
}

}  // namespace glucose
