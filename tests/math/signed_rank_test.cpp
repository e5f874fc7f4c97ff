// SPDX-License-Identifier: PostgreSQL
#include "core/math/signed_rank.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"

namespace glucose {
namespace {

// Of all signs, as the definition says it: how many sums of ranks are as far from their middle.
double by_all_signs(const std::vector<double>& differences) {
  std::vector<double> sizes;
  for (const double d : differences)
    if (d != 0) sizes.push_back(std::abs(d));
  const auto rank = [&](double size) {
    double below = 0, equal = 0;
    for (const double other : sizes) below += other < size ? 1 : 0, equal += other == size ? 1 : 0;
    return below + (equal + 1) / 2;
  };
  double above = 0, total = 0;
  for (const double size : sizes) total += rank(size);
  for (const double d : differences)
    if (d > 0) above += rank(d);
  double as_far = 0;
  const auto n = sizes.size();
  for (std::size_t signs = 0; signs < std::size_t{1} << n; ++signs) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i)
      if ((signs >> i & 1) != 0) sum += rank(sizes[i]);
    as_far += std::abs(sum - total / 2) >= std::abs(above - total / 2) - 1e-9 ? 1 : 0;
  }
  return as_far / std::pow(2.0, static_cast<double>(n));
}

TEST(SignedRank, ByHand) {
  const PairedShift s = paired_shift(std::vector<double>{1, 2, 3, 4, 5});
  EXPECT_EQ(s.n, 5);
  EXPECT_EQ(s.n_above, 5);
  EXPECT_EQ(s.n_below, 0);
  EXPECT_DOUBLE_EQ(s.difference, 3);
  EXPECT_DOUBLE_EQ(s.p_value, 2.0 / 32);
  // Of five pairs not even all signs alike are beyond 95 %.
  EXPECT_DOUBLE_EQ(s.lower, 1);
  EXPECT_DOUBLE_EQ(s.upper, 5);
}

// Hollander and Wolfe, "Nonparametric Statistical Methods" (1973), table 3.1: the depression scale factor of nine
// patients, after less before. R's wilcox.test() on it: V = 5, p = 0.0391 two-sided, -0.786 to -0.010 with 96 %.
TEST(SignedRank, KnownData) {
  const std::vector<double> before{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30},
      after{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  std::vector<double> differences;
  for (std::size_t i = 0; i < before.size(); ++i) differences.push_back(after[i] - before[i]);
  const PairedShift s = paired_shift(differences);
  EXPECT_NEAR(s.p_value, 0.0390625, 1e-12);
  EXPECT_NEAR(s.difference, -0.46, 1e-9);
  EXPECT_NEAR(s.lower, -0.786, 1e-9);
  EXPECT_NEAR(s.upper, -0.010, 1e-9);
}

TEST(SignedRank, AllSignsAreCounted) {
  Random random(7);
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<double> differences;
    for (int i = 0; i < 3 + trial % 10; ++i)  // rounded: some are alike, some are 0
      differences.push_back(std::round(4 * random.normal() + trial % 3));
    const double p = paired_shift(differences).p_value;
    const bool any = std::any_of(differences.begin(), differences.end(), [](double d) { return d != 0; });
    EXPECT_NEAR(p, any ? by_all_signs(differences) : 1, 1e-12) << trial;
  }
}

TEST(SignedRank, TheOtherWayRound) {
  Random random(6);
  std::vector<double> differences, other;
  for (int i = 0; i < 15; ++i)
    differences.push_back(std::round(5 * random.normal()) + 2), other.push_back(-differences.back());
  const PairedShift a = reversed(paired_shift(differences)), b = paired_shift(other);
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(a.n_above, b.n_above);
  EXPECT_EQ(a.n_below, b.n_below);
  EXPECT_DOUBLE_EQ(a.difference, b.difference);
  EXPECT_DOUBLE_EQ(a.lower, b.lower);
  EXPECT_DOUBLE_EQ(a.upper, b.upper);
  EXPECT_DOUBLE_EQ(a.p_value, b.p_value);
}

TEST(SignedRank, NothingAndNoDifference) {
  const PairedShift none = paired_shift({});
  EXPECT_EQ(none.n, 0);
  EXPECT_TRUE(std::isnan(none.p_value) && std::isnan(none.difference) && std::isnan(none.lower));
  const PairedShift equal = paired_shift(std::vector<double>(12, 0.0));
  EXPECT_DOUBLE_EQ(equal.p_value, 1);
  EXPECT_DOUBLE_EQ(equal.difference, 0);
  const PairedShift one = paired_shift(std::vector<double>{-3});
  EXPECT_DOUBLE_EQ(one.p_value, 1);
  EXPECT_DOUBLE_EQ(one.lower, -3);
}

TEST(SignedRank, TheLimitMeetsTheExact) {
  Random random(8);
  std::vector<double> differences;
  for (int i = 0; i < kMostExactPairs; ++i) differences.push_back(random.normal() + 0.2);
  const PairedShift exact = paired_shift(differences);
  differences.push_back(0.2);
  const PairedShift limit = paired_shift(differences);
  EXPECT_NEAR(exact.p_value, limit.p_value, 0.15 * exact.p_value + 0.003);
  EXPECT_NEAR(exact.lower, limit.lower, 0.01);
  EXPECT_NEAR(exact.upper, limit.upper, 0.01);
}

// p is small as often as it says, and the interval holds what it should, for heavy tails and few pairs, too.
TEST(SignedRank, HoldsItsLevel) {
  Random random(9);
  constexpr int kTrials = 4000;
  for (const int n : {9, 14, 40}) {
    int small = 0, held = 0;
    for (int t = 0; t < kTrials; ++t) {
      std::vector<double> differences;
      for (int i = 0; i < n; ++i) differences.push_back(10 * std::pow(random.normal(), 3));
      small += paired_shift(differences).p_value <= 0.05 ? 1 : 0;
      for (double& d : differences) d += 20;
      const PairedShift shifted = paired_shift(differences);
      held += shifted.lower <= 20 && 20 <= shifted.upper ? 1 : 0;
    }
    EXPECT_LE(small, kTrials * 0.05 + 3 * std::sqrt(kTrials * 0.05)) << n;
    EXPECT_GE(held, kTrials * 0.95 - 3 * std::sqrt(kTrials * 0.05)) << n;
    EXPECT_GE(small, kTrials * 0.025) << n;
  }
}

}  // namespace
}  // namespace glucose
