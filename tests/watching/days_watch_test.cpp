// SPDX-License-Identifier: PostgreSQL
#include "core/watching/days_watch.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/rows.hpp"

namespace glucose {
namespace {

struct Noted final : RowWatcher {
  struct Row {
    std::size_t person;
    Micros at;
    std::vector<float> values;
  };
  std::vector<Row> rows;
  void see(std::size_t person, Micros at, bool /*learnt*/, std::span<const float> values) override {
    rows.push_back({person, at, {values.begin(), values.end()}});
  }
};

/// A reading an hour, 101 … of the first day, 10 higher on each later one.
std::vector<Reading> hourly(int days) {
  std::vector<Reading> readings;
  for (int day = 0; day < days; ++day)
    for (int hour = 0; hour < 24; ++hour)
      readings.push_back(reading((day * 24 + hour) * 60, static_cast<float>(101 + 10 * day + hour)));
  return readings;
}

Material material_of(const std::vector<Reading>& readings, const std::vector<Meal>& meals, Micros end_at) {
  Material m;
  m.readings = readings;
  m.meals = meals;
  m.end_at = end_at;
  return m;
}

TEST(DaysWatch, MeanLowSpreadAndMealsByHand) {
  const std::vector<Reading> readings = hourly(3);
  // What is eaten within 15 minutes is one.
  const std::vector<Meal> meals{meal_at(minutes(480)), meal_at(minutes(490)), meal_at(minutes(800)),
                                meal_at(kDay + minutes(60))};
  Noted noted;
  show_days(material_of(readings, meals, 3 * kDay), 7, noted);
  ASSERT_EQ(noted.rows.size(), 3U);
  ASSERT_EQ(noted.rows[0].values.size(), watched_of_days().size());
  EXPECT_EQ(noted.rows[0].person, 7U);
  EXPECT_EQ(noted.rows[1].at, kDay);
  EXPECT_FLOAT_EQ(noted.rows[0].values[0], 112.5F);
  EXPECT_FLOAT_EQ(noted.rows[0].values[1], 103);               // two of 24 are lower
  EXPECT_FLOAT_EQ(noted.rows[0].values[2], std::sqrt(50.0F));  // of 1 … 24: 24 · 25 / 12
  EXPECT_EQ(noted.rows[0].values[3], 2);
  EXPECT_EQ(noted.rows[1].values[3], 1);
  EXPECT_EQ(noted.rows[2].values[3], 0);
}

TEST(DaysWatch, ADayWithFewHoursIsNone) {
  std::vector<Reading> readings = hourly(2);
  readings.erase(readings.begin(), readings.begin() + 9);  // 15 hours are left of the first
  Noted noted;
  show_days(material_of(readings, {}, 2 * kDay), 0, noted);
  ASSERT_EQ(noted.rows.size(), 1U);
  EXPECT_EQ(noted.rows[0].at, kDay);
  EXPECT_TRUE(std::isnan(noted.rows[0].values[3]));  // no meals are read
}

TEST(DaysWatch, OnlyDaysOfThePeriod) {
  const std::vector<Reading> readings = hourly(4);
  Material m = material_of(readings, {}, 3 * kDay);
  m.start_at = kDay;
  Noted noted;
  show_days(m, 0, noted);
  EXPECT_EQ(noted.rows.size(), 2U);
  show_days({}, 0, noted);
  EXPECT_EQ(noted.rows.size(), 2U);
}

}  // namespace
}  // namespace glucose
