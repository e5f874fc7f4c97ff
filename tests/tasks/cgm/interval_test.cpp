// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/interval.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/random.hpp"

using namespace glucose;

TEST(CgmInterval, QuantilesHaveFiniteSampleRanks) {
  std::vector<float> residuals;
  for (int i = 99; i >= 1; --i) residuals.push_back(static_cast<float>(i));  // 1 … 99: the rank is the value
  const auto q = cgm_quantiles(residuals);
  EXPECT_EQ(q[5], 5);                    // 0.05 · 100
  EXPECT_EQ(q[kCgmLevelCount - 6], 95);  // 0.95 · 100
  EXPECT_EQ(q[6], 7);                    // 0.075 · 100, away from the middle
  EXPECT_EQ(q[kCgmLevelCount - 7], 93);
  EXPECT_EQ(q.front(), 1);
  EXPECT_EQ(q.back(), 99 + 0);
  EXPECT_TRUE(std::is_sorted(q.begin(), q.end()));
  std::vector<float> one{3};
  const auto same = cgm_quantiles(one);
  EXPECT_TRUE(std::all_of(same.begin(), same.end(), [](float v) { return v == 3; }));
}

TEST(CgmInterval, QuantileAndProbabilityAreInverse) {
  Random rng(4);
  std::vector<float> residuals;
  for (int i = 0; i < 5000; ++i) residuals.push_back(static_cast<float>(rng.normal()));
  const auto q = cgm_quantiles(residuals);
  for (double p = 0.01; p < 0.99; p += 0.013) EXPECT_NEAR(cgm_probability_below(q, cgm_quantile(q, p)), p, 1e-5);
  EXPECT_NEAR(cgm_quantile(q, 0.975), 1.96, 0.1);
  EXPECT_NEAR(cgm_mean_absolute(q), std::sqrt(2 / 3.14159), 0.03);
  EXPECT_EQ(cgm_quantile(q, 0), static_cast<double>(q.front()));
  EXPECT_EQ(cgm_quantile(q, 1), static_cast<double>(q.back()));
  EXPECT_EQ(cgm_probability_below(q, -100), kCgmLevels.front());
  EXPECT_EQ(cgm_probability_below(q, 100), kCgmLevels.back());
}

TEST(CgmInterval, EqualQuantilesAreNoDivisionByZero) {
  const std::array<float, kCgmLevelCount> zero{};
  EXPECT_EQ(cgm_probability_below(zero, 0), kCgmLevels.back());
  EXPECT_EQ(cgm_probability_below(zero, -1), kCgmLevels.front());
}

TEST(CgmInterval, TheSpreadIsLearntFromItsColumns) {
  Random rng(9);
  CgmSpreadFit fit;
  std::array<float, kCgmHorizons> residuals;
  for (int i = 0; i < 20000; ++i) {
    const CgmSpreadColumns x{1, static_cast<float>(rng.uniform(0, 3)), static_cast<float>(rng.uniform(0, 3)), 0, 5, 0};
    residuals.fill(kUnknown);
    residuals[7] = static_cast<float>(std::exp(3.0 + 0.5 * static_cast<double>(x[1])) * rng.normal());
    fit.add(x.data(), residuals.data());
  }
  const auto c = fit.solve();
  const float* of = &c[7 * kCgmSpreadColumns];
  EXPECT_NEAR(of[1], 0.5, 0.03);
  EXPECT_NEAR(of[2], 0, 0.03);
  const float wide = cgm_spread(of, {1, 2, 1, 0, 5, 0}), narrow = cgm_spread(of, {1, 0, 1, 0, 5, 0});
  EXPECT_NEAR(wide / narrow, std::exp(1.0), 0.15);
  // A horizon without rows takes over its neighbour's.
  EXPECT_EQ(c[8 * kCgmSpreadColumns + 1], of[1]);
  for (const float extreme : {-1e30F, 1e30F}) {
    const float s = cgm_spread(of, {extreme, 0, 0, 0, 0, 0});
    EXPECT_TRUE(s > 0 && s <= 200);
  }
}
