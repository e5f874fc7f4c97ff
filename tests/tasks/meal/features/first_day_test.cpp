// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/first_day.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/tasks/meal/features/timeline.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

struct Both {
  std::vector<RichVector> said, were;
};

// Every fifth meal of a person, as it is said to have been on a first day, and as it is when nothing older is there.
Both first_days(Profile profile) {
  const SimulatedHistory all = simulated_history(7, 30, profile);
  const Timeline timeline(all.meals, all.readings);
  Both both;
  for (std::size_t i = 20; i < all.meals.size(); i += 5) {
    const Meal& meal = all.meals[i];
    const auto old = [&](Micros at) { return at < meal.eaten_at - 180 * kMinute; };
    std::vector<Reading> readings;
    for (const Reading& r : all.readings)
      if (!old(r.measured_at) && r.measured_at <= meal.eaten_at) readings.push_back(r);
    std::vector<Meal> meals;
    for (const Meal& m : all.meals)
      if (!old(m.eaten_at)) meals.push_back(m);
    if (readings.size() < 30) continue;
    both.said.push_back(as_on_first_day(timeline.moment(meal).rich));
    both.were.push_back(Timeline(meals, readings).moment(meal).rich);
  }
  return both;
}

double correlation(const Both& both, std::size_t p) {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < both.said.size(); ++i) {
    const auto x = static_cast<double>(both.said[i][p]), y = static_cast<double>(both.were[i][p]);
    if (std::isnan(x) || std::isnan(y)) continue;
    n += 1, a += x, b += y, aa += x * x, bb += y * y, ab += x * y;
  }
  return (n * ab - a * b) / std::sqrt((n * aa - a * a) * (n * bb - b * b));
}

TEST(FirstDay, IsWhatIsSeenWhenNothingOlderIsThere) {
  for (const Profile profile : {Profile::none, Profile::t1d}) {
    const Both both = first_days(profile);
    ASSERT_GT(both.said.size(), 12U);
    // What rests on days is not known, or is what the last hours say; the rest is as it was.
    for (const std::size_t above : {meal2::kAboveDayMean, meal2::kAboveMonthMean, meal2::kAboveRhythm60})
      EXPECT_GT(correlation(both, above), 0.93) << kRichTable[above].name;
    EXPECT_GT(correlation(both, meal2::kSdMonth), 0.8);
    for (const std::size_t same : {meal2::kLevel, meal2::kChange15, meal2::kSd1h, meal2::kDaySin})
      EXPECT_NEAR(correlation(both, same), 1, 1e-6) << kRichTable[same].name;
    for (std::size_t i = 0; i < both.said.size(); ++i) {
      for (const std::size_t p : {meal2::kRhythm60, meal2::kDoubt, meal2::kLogHoursSinceMeal})
        EXPECT_NEAR(both.said[i][p], both.were[i][p], 1e-6) << kRichTable[p].name << " of meal " << i;
      if (both.were[i][meal2::kMealsLastDay] > 0) continue;  // of one it is known what was eaten
      for (const std::size_t p : {meal2::kCarbsAgainstUsual, meal2::kLogCarbsAgainstUsual, meal2::kMealsLastDay})
        EXPECT_NEAR(both.said[i][p], both.were[i][p], 1e-5) << kRichTable[p].name << " of meal " << i;
    }
  }
}

TEST(FirstDay, OfAFirstDayIsTheSame) {
  const Both both = first_days(Profile::t2d);
  for (const RichVector& was : both.were) {
    const RichVector again = as_on_first_day(was);
    for (const std::size_t p : {meal2::kDoubt, meal2::kRhythm60, meal2::kHoursSinceMeal, meal2::kMealsLastDay})
      EXPECT_NEAR(again[p], was[p], p == meal2::kMealsLastDay ? 1 : 1e-6) << kRichTable[p].name;
    EXPECT_NEAR(again[meal2::kAboveMonthMean], was[meal2::kAboveMonthMean], 30);
  }
}

TEST(FirstDay, WhatIsNotKnownStaysSo) {
  RichVector unknown;
  unknown.fill(kUnknown);
  const RichVector x = as_on_first_day(unknown);
  for (const std::size_t p : {meal2::kLevel, meal2::kAboveMonthMean, meal2::kSdMonth, meal2::kCarbsAgainstUsual})
    EXPECT_TRUE(std::isnan(x[p])) << kRichTable[p].name;
  EXPECT_EQ(x[meal2::kDoubt], 1);
}

}  // namespace
}  // namespace glucose
