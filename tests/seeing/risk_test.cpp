// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/risk.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace glucose {
namespace {

TEST(Risk, IsTheScaleOfThePaper) {
  // Kovatchev 1997: the clinical centre is 112.5 mg/dL; the ends of 20 to 600 mg/dL have the same risk, about 100.
  EXPECT_NEAR(risk_of(112.5).low + risk_of(112.5).high, 0, 1e-3);
  EXPECT_NEAR(risk_of(20).low, 100, 0.5);
  EXPECT_NEAR(risk_of(600).high, 100, 0.5);
  EXPECT_EQ(risk_of(60).high, 0);
  EXPECT_EQ(risk_of(300).low, 0);
}

TEST(Risk, IsWeighedByTime) {
  const std::vector<SensorValue> samples{{0, 60}, {10 * kMinute, 112}, {15 * kMinute, 112}, {20 * kMinute, 112}};
  const Risk mean = mean_risk(stretch_of(samples));
  EXPECT_NEAR(mean.low, (10 * risk_of(60).low + 15 * risk_of(112).low) / 25, 1e-12);
}

TEST(Risk, GriStopsAtAHundred) {
  EXPECT_DOUBLE_EQ(glycemia_risk_index(1, 4, 25, 5), 3 + 2.4 * 3 + 1.6 * 5 + 0.8 * 20);
  EXPECT_DOUBLE_EQ(glycemia_risk_index(50, 60, 0, 0), 100);
}

TEST(Risk, ADayNeedsThreeReadings) {
  const std::vector<SensorValue> two{{0, 60}, {5 * kMinute, 300}};
  EXPECT_TRUE(std::isnan(average_daily_risk_range(stretch_of(two), {})));
  const std::vector<SensorValue> samples{{0, 60}, {5 * kMinute, 300}, {10 * kMinute, 100}, {kDay, 40}, {-1, 20}};
  auto sorted = samples;
  sorted.resize(settle(sorted, 0));
  EXPECT_NEAR(average_daily_risk_range(stretch_of(sorted), {}), risk_of(60).low + risk_of(300).high, 1e-12);
}

}  // namespace
}  // namespace glucose
