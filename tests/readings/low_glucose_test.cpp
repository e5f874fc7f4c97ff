// SPDX-License-Identifier: PostgreSQL
#include "core/readings/low_glucose.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/types.hpp"

namespace glucose {
namespace {

float at_two_hours(float mg_dl, float mean = 150, float sd = 45) {
  return defended(mg_dl, 120, mean, sd);
}

// 0.7 of softness · log(1 + exp((from - forecast) / softness)).
TEST(LowGlucose, IsRaisedByHand) {
  EXPECT_NEAR(at_two_hours(90), 90 + 0.7 * 20 * std::log(2.0), 1e-3);
  EXPECT_NEAR(at_two_hours(50), 50 + 0.7 * 20 * std::log1p(std::exp(2.0)), 1e-3);
  EXPECT_NEAR(defended(50, 30, 150, 45), 50 + 0.3 * 20 * std::log1p(std::exp(2.0)), 1e-3);
  // A person with 95 ± 10 is defended from 85 on, and more sharply.
  EXPECT_NEAR(defended(80, 60, 95, 10), 80 + 0.6 * 5 * std::log1p(std::exp(1.0)), 1e-3);
}

TEST(LowGlucose, HighForecastsStayWhatTheyAre) {
  EXPECT_NEAR(at_two_hours(160), 160, 0.5);
  EXPECT_NEAR(at_two_hours(300), 300, 1e-3);
  EXPECT_EQ(at_two_hours(-1e9F, kUnknown, kUnknown) > -1e9F, true);
}

TEST(LowGlucose, APersonWhoIsAlwaysThereIsNotRaised) {
  for (const float usual : {70.0F, 80.0F, 110.0F}) EXPECT_NEAR(defended(usual, 120, usual, 0), usual, 0.3) << usual;
  EXPECT_LT(defended(90, 120, 95, 10) - 90, 2);
}

TEST(LowGlucose, UnknownUsualGlucoseIsAsIfItWereHigh) {
  EXPECT_EQ(defended(80, 60, kUnknown, 20), defended(80, 60, 200, 60));
  EXPECT_EQ(defended(80, 60, 100, kUnknown), defended(80, 60, 200, 60));
}

TEST(LowGlucose, AscendsInTheForecastAndInTime) {
  for (const float sd : {0.0F, 10.0F, 45.0F, 200.0F})
    for (float mg_dl = -400; mg_dl < 600; mg_dl += 3) {
      ASSERT_LT(at_two_hours(mg_dl, 120, sd), at_two_hours(mg_dl + 3, 120, sd));
      ASSERT_GE(at_two_hours(mg_dl, 120, sd), mg_dl);
      ASSERT_LE(defended(mg_dl, 15, 120, sd), defended(mg_dl, 60, 120, sd));
    }
}

TEST(Deviation, IsTheDifferenceAboveAndALogarithmBelow) {
  EXPECT_EQ(deviation(170, 120), 50);
  EXPECT_EQ(deviation(120, 120), 0);
  EXPECT_NEAR(deviation(80, 120), 80 * std::log(0.5), 1e-9);  // half of the way from 120 to 40
  EXPECT_NEAR(deviation(40, 50), 25 * std::log(0.6), 1e-9);   // the way is at least 25
}

TEST(Deviation, IsInverted) {
  for (const double forecast : {30.0, 60.0, 90.0, 150.0, 400.0})
    for (double outcome = std::max(41.0, forecast - 24); outcome < 600; outcome += 7)
      EXPECT_NEAR(outcome_of(deviation(outcome, forecast), forecast), outcome, 1e-9);
}

TEST(Deviation, AscendsAndStaysFinite) {
  for (const double forecast : {20.0, 70.0, 200.0, 600.0}) {
    double before = deviation(-1e6, forecast);
    EXPECT_TRUE(std::isfinite(before));
    for (double outcome = 0; outcome < 700; outcome += 5) {
      EXPECT_GE(deviation(outcome, forecast), before);
      before = deviation(outcome, forecast);
    }
    EXPECT_GE(outcome_of(-1e6, forecast), forecast - std::max(forecast - 40, 25.0));
  }
}

}  // namespace
}  // namespace glucose
