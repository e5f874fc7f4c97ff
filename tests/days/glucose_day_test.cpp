// SPDX-License-Identifier: PostgreSQL
#include "core/days/glucose_day.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/days/metric_unit.hpp"

namespace glucose {
namespace {

std::vector<Reading> every(int minutes, int n, Micros since = 0) {
  std::vector<Reading> readings;
  for (int i = 0; i < n; ++i) {
    const Micros at = since + i * minutes * kMinute;
    readings.push_back({at, at, i % 4 == 0 ? 60.0F : 120.0F});
  }
  return readings;
}

constexpr Micros kEver = std::numeric_limits<Micros>::max();

TEST(GlucoseDay, HandComputed) {
  const auto readings = every(5, 288);
  const GlucoseDay day = glucose_day(readings, 0, kDay, kEver);
  EXPECT_EQ(day.n, 288);
  EXPECT_DOUBLE_EQ(day.covered, 1);
  EXPECT_FLOAT_EQ(day.mean, 105);
  EXPECT_NEAR(day.sd, std::sqrt((72 * 45.0 * 45 + 216 * 15.0 * 15) / 287), 1e-4);
  EXPECT_FLOAT_EQ(day.in_range, 75);
  EXPECT_FLOAT_EQ(day.below_70, 25);
}

TEST(GlucoseDay, SeventyPercentOfWhatIsToBeExpected) {
  EXPECT_TRUE(glucose_day(every(5, 202), 0, kDay, kEver).is_known());
  EXPECT_FALSE(glucose_day(every(5, 201), 0, kDay, kEver).is_known());
  EXPECT_TRUE(std::isnan(glucose_day(every(5, 201), 0, kDay, kEver).mean));
  EXPECT_TRUE(glucose_day(every(15, 68), 0, kDay, kEver).is_known()) << "a sensor of every 15 minutes";
  EXPECT_FALSE(glucose_day(every(60, 24), 0, kDay, kEver).is_known()) << "by hand every hour is no sensor";
  EXPECT_TRUE(glucose_day(every(5, 194), 0, 23 * 60 * kMinute, kEver).is_known()) << "a day of 23 hours";
  EXPECT_FALSE(glucose_day(every(5, 1), 0, kDay, kEver).is_known());
  EXPECT_FALSE(glucose_day({}, 0, kDay, kEver).is_known());
}

TEST(GlucoseDay, LimitsBelongToTheRange) {
  auto readings = every(5, 288);
  for (std::size_t i = 0; i < readings.size(); ++i) readings[i].mg_dl = i % 2 == 0 ? 70.0F : 180.0F;
  EXPECT_FLOAT_EQ(glucose_day(readings, 0, kDay, kEver).in_range, 100);
  EXPECT_FLOAT_EQ(glucose_day(readings, 0, kDay, kEver).below_70, 0);
}

TEST(GlucoseDay, TenMmolPerLitreIsInRange) {
  auto readings = every(5, 288);
  for (std::size_t i = 0; i < readings.size(); ++i)
    readings[i].mg_dl = static_cast<float>((i % 2 == 0 ? 10.0 : 10.1) * kMgDlPerMmolL);
  EXPECT_FLOAT_EQ(glucose_day(readings, 0, kDay, kEver).in_range, 50);
}

TEST(GlucoseDay, OnlyItsOwnAndWhatWasKnown) {
  auto readings = every(5, 3 * 288, -kDay);
  EXPECT_EQ(glucose_day(readings, 0, kDay, kEver).n, 288);
  readings[300].recorded_at = 5 * kDay;
  EXPECT_EQ(glucose_day(readings, 0, kDay, kDay).n, 287);
  EXPECT_EQ(glucose_day(readings, 0, kDay, kEver).known_at, 5 * kDay);
}

TEST(MetricUnit, ThereAndNotElsewhere) {
  struct Case {
    const char *from, *to;
    double value, expected;
  };
  for (const Case& c : {Case{"h", "min", 7.5, 450}, Case{"min", "MIN", 3, 3}, Case{"km", "m", 1.2, 1200},
                        Case{"kJ", "kcal", 8368, 2000}, Case{"mmol/L", "mg/dL", 5, 90.091}, Case{"°F", "°C", 98.6, 37},
                        Case{"count/min", "bpm", 60, 60}, Case{"L", "mL", 2, 2000}, Case{"s", "ms", 0.04, 40}}) {
    double value = c.value;
    EXPECT_TRUE(convert_unit(c.from, c.to, value)) << c.from;
    EXPECT_NEAR(value, c.expected, 1e-9) << c.from;
  }
  double value = 1;
  for (const char* unit : {"", "parsec", "min2", "kg"}) EXPECT_FALSE(convert_unit(unit, "min", value)) << unit;
}

}  // namespace
}  // namespace glucose
