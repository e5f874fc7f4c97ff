// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/meal_response.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace glucose {
namespace {

std::vector<Reading> every(int step_min, int until_min, float (*level)(int)) {
  std::vector<Reading> readings;
  for (int m = 0; m <= until_min; m += step_min) readings.push_back({m * kMinute, m * kMinute, level(m)});
  return readings;
}

float up(int minute) {
  return 100 + static_cast<float>(minute);
}

TEST(MealResponse, AreaPeakAndTimeInRangeByHand) {
  const MealResponse r = response_to(every(5, 200, up), 20 * kMinute);
  EXPECT_FLOAT_EQ(r.level, 120);
  EXPECT_NEAR(r.area, 62.5 * 120, 0.01);  // the mean of 5, 10 … 120
  EXPECT_FLOAT_EQ(r.peak, 240);
  EXPECT_EQ(r.peak_min, 120);
  EXPECT_FLOAT_EQ(r.in_range_pct, 50);  // up to 180, that included
}

TEST(MealResponse, ASensorOfEvery15MinutesSaysTheSame) {
  const MealResponse fine = response_to(every(5, 300, up), 30 * kMinute),
                     coarse = response_to(every(15, 300, up), 30 * kMinute);
  EXPECT_NEAR(fine.area, coarse.area, 0.01);
}

TEST(MealResponse, WhatIsBelowDoesNotCount) {
  const MealResponse r = response_to(every(5, 200, [](int m) { return m <= 20 ? 120.0F : 90.0F; }), 20 * kMinute);
  EXPECT_FLOAT_EQ(r.area, 0);
  EXPECT_TRUE(r.is_known());
}

TEST(MealResponse, GapsMakeItUnknownWhenTheyAreLong) {
  const auto without = [](int from, int until) {
    std::vector<Reading> readings = every(5, 300, up);
    std::erase_if(readings,
                  [&](const Reading& r) { return r.measured_at > from * kMinute && r.measured_at < until * kMinute; });
    return response_to(readings, 60 * kMinute);
  };
  EXPECT_TRUE(without(100, 120).is_known());
  EXPECT_FALSE(without(80, 140).is_known());
  EXPECT_TRUE(std::isnan(without(30, 75).level));
  EXPECT_FALSE(response_to({}, 0).is_known());
}

}  // namespace
}  // namespace glucose
