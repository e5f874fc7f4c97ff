// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/features.hpp"

#include <gtest/gtest.h>

#include <cmath>

using namespace glucose;

namespace {

// 100 mg/dL eleven hours long, then 2 mg/dL more every five minutes for the last two hours.
CgmWindow rising() {
  CgmWindow window;
  window.fill(100);
  for (std::size_t lag = 0; lag < 24; ++lag) window[kCgmWindow - 1 - lag] = 146 - 2 * static_cast<float>(lag);
  return window;
}

}  // namespace

TEST(CgmFeatures, ColumnsAreWhatTheDescriptionSays) {
  const CgmColumns x = cgm_columns(rising(), 360);
  EXPECT_FLOAT_EQ(x[22], -0.1F);       // 2 mg/dL below, five minutes ago
  EXPECT_FLOAT_EQ(x[0], -2.3F);        // 46 below, 115 minutes ago
  EXPECT_FLOAT_EQ(x[23], 36.0F / 30);  // level
  EXPECT_FLOAT_EQ(x[24], 1);
  EXPECT_NEAR(x[25], (100 + 552.0 / 72 - 146) / 20, 1e-4);  // 552 = 2 (0 + 1 + … + 23)
  EXPECT_NEAR(x[26], (100 + 552.0 / 144 - 146) / 20, 1e-4);
  EXPECT_FLOAT_EQ(x[27], -2.3F);  // least of three hours
  EXPECT_FLOAT_EQ(x[28], 0);      // most
  const double g = std::tanh(1.2), s3 = std::tanh(6.0 / 15);
  EXPECT_NEAR(x[31], g * s3, 1e-5);
  EXPECT_NEAR(x[32], g * g, 1e-5);
  EXPECT_EQ(x[31 + 16], 0);  // level is not low
  EXPECT_NEAR(x[50], g * std::tanh(24.0 / 30), 1e-5);
  const double sd = std::log1p(2 * std::sqrt((24.0 * 24 - 1) / 12)) - 2;
  EXPECT_NEAR(x[73], sd, 1e-4);
  EXPECT_NEAR(x[61], -0.1 * sd, 1e-4);
  EXPECT_NEAR(x[72], -0.1 * g, 1e-4);
  EXPECT_NEAR(x[76], sd + 2, 1e-4);  // log SD of two hours
  EXPECT_NEAR(x[78], 1, 1e-5);       // 6 h: a quarter of the day
  EXPECT_NEAR(x[79], 0, 1e-5);
  EXPECT_NEAR(x[81], -1, 1e-5);
}

TEST(CgmFeatures, APersonsDirectionsAreThoseOfTheWindow) {
  const CgmWindow window = rising();
  const CgmColumns x = cgm_columns(window, 0);
  const auto own = [&](std::size_t i) { return x[kCgmOwn[i].column] * kCgmOwn[i].factor; };
  EXPECT_FLOAT_EQ(own(0), 1);
  EXPECT_FLOAT_EQ(own(1), 1.2F);
  EXPECT_FLOAT_EQ(own(2), x[25]);
  EXPECT_FLOAT_EQ(own(3), 2.0F / 5);
  EXPECT_FLOAT_EQ(own(4), 6.0F / 15);
  EXPECT_FLOAT_EQ(own(5), 12.0F / 30);
}

TEST(CgmFeatures, AreFiniteWhateverASensorShows) {
  for (const float value : {20.0F, 600.0F}) {
    CgmWindow window;
    window.fill(value);
    window[kCgmWindow - 2] = 620 - value;
    for (const float x : cgm_columns(window, 1439)) EXPECT_TRUE(std::isfinite(x));
    for (const float x : cgm_spread_columns(window)) EXPECT_TRUE(std::isfinite(x));
  }
}

TEST(DayClock, FollowsThePersonsOffsetDayByDay) {
  const std::array<int, 3> offsets{60, 60, 120};
  const DayClock clock{10 * kDay, offsets};
  EXPECT_EQ(clock.minute_of_day(10 * kDay), 60);
  EXPECT_EQ(clock.minute_of_day(12 * kDay + 23 * 60 * kMinute), 60);
  EXPECT_EQ(clock.minute_of_day(9 * kDay), 60);  // before the period: as on its first day
  EXPECT_EQ(clock.minute_of_day(99 * kDay), 120);
  EXPECT_EQ(clock.minute_of_day(-kDay), 60);
  EXPECT_EQ(DayClock{}.minute_of_day(5 * kMinute), 5);
}
