// SPDX-License-Identifier: PostgreSQL
#include "core/math/paired.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.hpp"

namespace glucose {
namespace {

TEST(Paired, ByHand) {
  const std::vector<double> a{10, 20, 30, 40}, b{9, 18, 25, 36};  // differences -1, -2, -5, -4
  const PairedComparison c = compare_paired(a, b);
  EXPECT_EQ(c.n, 4);
  EXPECT_DOUBLE_EQ(c.mean_a, 25);
  EXPECT_DOUBLE_EQ(c.mean_b, 22);
  EXPECT_DOUBLE_EQ(c.difference, -3);
  // Squares about -3: 4 + 1 + 4 + 1; SD^2 = 10/3; t(0.975, 3) = 3.182446305284263 (tables)
  const double half = 3.182446305284263 * std::sqrt(10.0 / 3 / 4);
  EXPECT_NEAR(c.ci_low, -3 - half, 1e-12);
  EXPECT_NEAR(c.ci_high, -3 + half, 1e-12);
}

TEST(Paired, OtherWayRoundIsItsMirror) {
  const std::vector<double> a{10, 20, 30, 40}, b{9, 18, 25, 36};
  const PairedComparison c = compare_paired(a, b), d = compare_paired(b, a);
  EXPECT_DOUBLE_EQ(c.difference, -d.difference);
  EXPECT_DOUBLE_EQ(c.ci_low, -d.ci_high);
}

TEST(Paired, TheSameModelTwiceDiffersByNothing) {
  const std::vector<double> a{10, 20, 30};
  const PairedComparison c = compare_paired(a, a);
  EXPECT_EQ(c.difference, 0);
  EXPECT_EQ(c.ci_low, 0);
  EXPECT_EQ(c.ci_high, 0);
}

TEST(Paired, OfNothingAndOfOne) {
  const PairedComparison none = compare_paired({}, {});
  EXPECT_EQ(none.n, 0);
  EXPECT_TRUE(std::isnan(none.mean_a) && std::isnan(none.difference) && std::isnan(none.ci_low));
  const std::vector<double> a{10}, b{7};
  const PairedComparison one = compare_paired(a, b);
  EXPECT_EQ(one.difference, -3);
  EXPECT_TRUE(std::isnan(one.ci_low) && std::isnan(one.ci_high));
}

// The promise of the interval, over many hold-outs of 20 meals that differ far more than the two models do.
TEST(Paired, TheIntervalHoldsTheTruthNineteenTimesInTwenty) {
  constexpr int kRounds = 4000, kMeals = 20;
  constexpr double kTruth = -1.5;
  Random random(11);
  int held = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> a, b;
    for (int i = 0; i < kMeals; ++i) {
      const double meal = 20 + 10 * random.normal();
      a.push_back(meal);
      b.push_back(meal + kTruth + 3 * random.normal());
    }
    const PairedComparison c = compare_paired(a, b);
    if (c.ci_low <= kTruth && kTruth <= c.ci_high) ++held;
  }
  EXPECT_NEAR(static_cast<double>(held) / kRounds, 0.95, 0.012);  // 3.5 standard errors
}

TEST(Paired, CommonHorizons) {
  EXPECT_EQ(common_horizons({30, 60, 120}, {120, 60}), (std::vector<int>{60, 120}));
  EXPECT_TRUE(common_horizons({30}, {60}).empty());
}

}  // namespace
}  // namespace glucose
