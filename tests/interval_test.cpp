// SPDX-License-Identifier: PostgreSQL
#include "core/interval.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/random.hpp"

namespace glucose {
namespace {

/// first, first + 1, … n values, in a mixed order.
std::vector<float> counting(int n, int first) {
  std::vector<float> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), static_cast<float>(first));
  Random rng(4);
  rng.shuffle(values);
  return values;
}

TEST(Interval, NoResidualsSayNothing) {
  const Offsets o = interval_offsets({});
  EXPECT_EQ(o.below, -580);
  EXPECT_EQ(o.above, 580);
}

TEST(Interval, FewResidualsUseStudentsT) {
  // t(0.95; 5) = 2.015048, root mean square of 3, -4, 0, 5, 0 = sqrt(10), times sqrt(1 + 1/5).
  const std::vector<float> five{3, -4, 0, 5, 0};
  Offsets o = interval_offsets(five);
  EXPECT_NEAR(o.above, 6.980331, 1e-4);
  EXPECT_EQ(o.below, -o.above);
  o = interval_offsets(std::vector<float>{-10});  // t(0.95; 1) = 6.313752, times sqrt(2)
  EXPECT_NEAR(o.above, 89.28993, 1e-3);
  o = interval_offsets(std::vector<float>{1, 1, 1, 1, 1, 1, 1, 1});  // t(0.95; 8) = 1.859548, times sqrt(9/8)
  EXPECT_NEAR(o.above, 1.972348, 1e-5);
}

TEST(Interval, OneOrderStatisticOfTheAbsoluteResiduals) {
  // Rank ceil(0.9 (n + 1)): 9 of 9, 19 of 20, 36 of 38.
  Offsets o = interval_offsets(std::vector<float>{1, -2, 3, -4, 5, -6, 7, -8, 9});
  EXPECT_EQ(o.below, -9);
  EXPECT_EQ(o.above, 9);
  o = interval_offsets(counting(20, 1));
  EXPECT_EQ(o.above, 19);
  EXPECT_EQ(o.below, -19);
  EXPECT_EQ(interval_offsets(counting(38, 1)).above, 36);
  EXPECT_EQ(interval_offsets(counting(29, 1)).above, 27);
}

TEST(Interval, OrderStatisticsOfBothTails) {
  // Rank floor(0.05 (n + 1)) from either end: the 2nd of 39, the 5th of 100, the 1000th of 19999.
  Offsets o = interval_offsets(counting(39, -19));
  EXPECT_EQ(o.below, -18);
  EXPECT_EQ(o.above, 18);
  o = interval_offsets(counting(100, -30));
  EXPECT_EQ(o.below, -26);
  EXPECT_EQ(o.above, 65);
  o = interval_offsets(counting(19999, -9999));
  EXPECT_EQ(o.below, -9000);
  EXPECT_EQ(o.above, 9000);
  for (int n = 39; n < 400; ++n) {
    o = interval_offsets(counting(n, -200));
    const int rank = (n + 1) / 20;
    EXPECT_EQ(o.below, static_cast<float>(-200 + rank - 1)) << n;
    EXPECT_EQ(o.above, static_cast<float>(std::max(0, -200 + n - rank))) << n;
  }
}

TEST(Interval, AlwaysHoldsTheForecastItself) {
  for (const int n : {1, 5, 9, 20, 38, 39, 100, 400})
    for (const int first : {5, -n - 5}) {  // a model that always errs to one side
      const Offsets o = interval_offsets(counting(n, first));
      EXPECT_LE(o.below, 0) << n;
      EXPECT_GE(o.above, 0) << n;
      EXPECT_GT(o.above - o.below, 0) << n;
    }
}

// Split conformal intervals hold a new residual with probability 0.9 to 0.9 + 2/(n + 1), whatever the distribution.
double coverage(int n, bool skewed) {
  Random rng(static_cast<std::uint64_t>(100 + n));
  const auto draw = [&] {
    const double z = rng.normal();
    return static_cast<float>(skewed ? 30 * (std::exp(0.6 * z) - 1) : 25 * z);
  };
  int held = 0;
  constexpr int kRounds = 8000;
  std::vector<float> residuals(static_cast<std::size_t>(n));
  for (int round = 0; round < kRounds; ++round) {
    for (float& r : residuals) r = draw();
    const Offsets o = interval_offsets(residuals);
    const float fresh = draw();
    if (fresh >= o.below && fresh <= o.above) ++held;
  }
  return static_cast<double>(held) / kRounds;
}

TEST(Interval, HoldsNinetyPercentOfNewResiduals) {
  // Four standard errors of a simulated share are 0.0134.
  for (const int n : {9, 15, 20, 38, 39, 45, 100, 300})
    for (const bool skewed : {false, true}) {
      const double share = coverage(n, skewed);
      EXPECT_GT(share, 0.9 - 0.0134) << n << skewed;
      EXPECT_LT(share, 0.9 + 2.0 / (n + 1) + 0.0134) << n << skewed;
    }
}

TEST(Interval, FewNormalResidualsAreHeldWithSomeToSpare) {
  for (const int n : {2, 3, 5, 8}) {
    const double share = coverage(n, false);
    EXPECT_GT(share, 0.9 - 0.0134) << n;
    EXPECT_LT(share, 0.97) << n;
  }
}

}  // namespace
}  // namespace glucose
