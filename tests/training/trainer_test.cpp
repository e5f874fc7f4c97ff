// SPDX-License-Identifier: PostgreSQL
#include "core/training/trainer.hpp"

#include <gtest/gtest.h>

#include "support/rows.hpp"

namespace glucose {
namespace {

std::vector<Reading> hourly(int from_hour, int until_hour) {
  std::vector<Reading> readings;
  for (int hour = from_hour; hour <= until_hour; ++hour) readings.push_back(reading(60 * hour, 100));
  return readings;
}

double days(const std::vector<Reading>& readings, Micros from = -4000 * kDay, Micros until = 4000 * kDay) {
  return Material{readings, {}, {}, from, until}.days();
}

TEST(Material, ItsDaysAreThoseBetweenReadingsOfThePeriod) {
  const std::vector<Reading> readings = hourly(-24, 48);
  EXPECT_DOUBLE_EQ(days(readings, 0, 2 * kDay), 47.0 / 24);  // the end does not belong to it
  EXPECT_DOUBLE_EQ(days(readings, minutes(1), minutes(61)), 0);
  EXPECT_DOUBLE_EQ(days(readings, 3 * kDay, 4 * kDay), 0);
  EXPECT_DOUBLE_EQ(days({}), 0);
}

TEST(Material, ADayCountsWhenItHasReadings) {
  std::vector<Reading> readings = hourly(0, 24 * 3 - 1);
  const std::vector<Reading> later = hourly(24 * 100, 24 * 102 - 1);
  readings.insert(readings.end(), later.begin(), later.end());
  EXPECT_DOUBLE_EQ(days(readings), 5);
}

TEST(Material, AReadingOfAWrongClockIsNoYear) {
  for (const int stray : {-3650, -40, 365, 3650}) {
    std::vector<Reading> readings = hourly(0, 24 * 3 - 1);
    readings.insert(stray < 0 ? readings.begin() : readings.end(), reading(stray * 1440, 100));
    EXPECT_DOUBLE_EQ(days(readings), 3) << stray;
  }
}

TEST(MetricRows, AreTheFiveNumbersUnderTheirNames) {
  std::vector<MetricRow> rows;
  add_metrics(rows, Split::test, 60, "persistence_", {9, 1, 2, 3, 4, 5});
  ASSERT_EQ(rows.size(), 5U);
  const std::array<const char*, 5> names{"persistence_mae", "persistence_rmse", "persistence_r2", "persistence_mape",
                                         "persistence_bias"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].metric, names[i]);
    EXPECT_EQ(rows[i].value, static_cast<double>(i + 1));
    EXPECT_EQ(rows[i].n, 9);
    EXPECT_EQ(rows[i].minutes_ahead, 60);
    EXPECT_EQ(rows[i].split, Split::test);
  }
}

}  // namespace
}  // namespace glucose
