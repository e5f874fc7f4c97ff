// SPDX-License-Identifier: PostgreSQL
#include "core/math/signed_rank.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace glucose {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTail = (1 - kShiftLevel) / 2;

/// Twice the ranks of the sizes: whole numbers, also where some share a rank.
struct Ranks {
  std::vector<int> twice;
  int twice_above = 0;  // of the differences above 0, their sum
};

Ranks ranks_of(std::vector<double> differences) {
  std::erase(differences, 0.0);
  std::sort(differences.begin(), differences.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  Ranks ranks;
  for (std::size_t i = 0; i < differences.size();) {
    std::size_t end = i + 1;
    while (end < differences.size() && std::abs(differences[end]) == std::abs(differences[i])) ++end;
    const auto twice = static_cast<int>(i + end + 1);
    for (; i < end; ++i) {
      ranks.twice.push_back(twice);
      if (differences[i] > 0) ranks.twice_above += twice;
    }
  }
  return ranks;
}

// Of all signs, the share that gives each sum of ranks: one rank after the other is in it or is not.
std::vector<double> distribution_of(const std::vector<int>& ranks) {
  std::vector<double> share{1};
  for (const int rank : ranks) {
    const auto step = static_cast<std::size_t>(rank);
    const std::size_t was = share.size();
    share.resize(was + step);
    for (std::size_t sum = share.size(); sum-- > 0;)
      share[sum] = ((sum < was ? share[sum] : 0) + (sum >= step ? share[sum - step] : 0)) / 2;
  }
  return share;
}

double exact_p(const Ranks& ranks) {
  const std::vector<double> share = distribution_of(ranks.twice);
  const auto total = static_cast<int>(share.size()) - 1;
  const int nearer_end = std::min(ranks.twice_above, total - ranks.twice_above);
  double tail = 0;
  for (int sum = 0; sum <= nearer_end; ++sum) tail += share[static_cast<std::size_t>(sum)];
  return std::min(1.0, 2 * tail);
}

double limiting_p(const Ranks& ranks) {
  double total = 0, squares = 0;
  for (const int rank : ranks.twice) total += rank, squares += static_cast<double>(rank) * rank;
  // Ranks are twice what they are: the correction of a half is of one.
  const double away = std::max(0.0, std::abs(ranks.twice_above - total / 2) - 1);
  return 2 * boost::math::cdf(boost::math::complement(boost::math::normal(), away / std::sqrt(squares / 4)));
}

// How many of the means of two may lie outside at each end.
std::size_t outside(int n) {
  const double pairs = 0.5 * n * (n + 1);
  if (n > kMostExactPairs) {
    const double z = boost::math::quantile(boost::math::normal(), 1 - kTail);
    return static_cast<std::size_t>(std::max(0.0, std::floor(pairs / 2 - z * std::sqrt(pairs * (2 * n + 1) / 12))));
  }
  std::vector<int> ranks;
  for (int rank = 1; rank <= n; ++rank) ranks.push_back(rank);
  const std::vector<double> share = distribution_of(ranks);
  std::size_t k = 0;
  for (double tail = share[0]; tail <= kTail; tail += share[k]) ++k;
  return k;
}

}  // namespace

PairedShift paired_shift(std::span<const double> differences) {
  PairedShift shift{static_cast<int>(differences.size()), 0, 0, kNan, kNan, kNan, kNan};
  if (differences.empty()) return shift;
  for (const double d : differences) shift.n_above += d > 0 ? 1 : 0, shift.n_below += d < 0 ? 1 : 0;
  std::vector<double> means;
  means.reserve(differences.size() * (differences.size() + 1) / 2);
  for (std::size_t i = 0; i < differences.size(); ++i)
    for (std::size_t j = i; j < differences.size(); ++j) means.push_back((differences[i] + differences[j]) / 2);
  std::sort(means.begin(), means.end());
  const std::size_t m = means.size();
  shift.difference = (means[(m - 1) / 2] + means[m / 2]) / 2;
  // The k smallest means are outside; of so few pairs that none may be, the interval is all they are between.
  const std::size_t k = outside(shift.n);
  shift.lower = means[k > 0 ? k - 1 : 0];
  shift.upper = means[m - (k > 0 ? k : 1)];
  const Ranks ranks = ranks_of({differences.begin(), differences.end()});
  shift.p_value = ranks.twice.empty()                                  ? 1
                  : ranks.twice.size() <= std::size_t{kMostExactPairs} ? exact_p(ranks)
                                                                       : limiting_p(ranks);
  return shift;
}

}  // namespace glucose
