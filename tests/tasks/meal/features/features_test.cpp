// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/features.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

constexpr float kRoot3Half = 0.8660254F;

TEST(Features, OfAMealAlone) {
  Meal meal = meal_at(0);
  meal.nutrition = {640, 71.5F, 22, 18.25F, 9};
  meal.type = MealType::dinner;
  meal.clock = {20 * 60, 3};  // 20:00 on a Wednesday
  std::array<float, kHistory> x;
  meal_features(meal, x);
  EXPECT_EQ(x[0], 640);
  EXPECT_EQ(x[1], 71.5F);
  EXPECT_EQ(x[2], 22);
  EXPECT_EQ(x[3], 18.25F);
  EXPECT_EQ(x[4], 9);
  EXPECT_EQ(x[5], 0);
  EXPECT_EQ(x[6], 0);
  EXPECT_EQ(x[7], 1);
  EXPECT_EQ(x[8], 0);
  EXPECT_FLOAT_EQ(x[9], -kRoot3Half);    // sin 300°
  EXPECT_FLOAT_EQ(x[10], 0.5F);          // cos 300°
  EXPECT_FLOAT_EQ(x[11], 0.43388374F);   // sin(3 · 360°/7)
  EXPECT_FLOAT_EQ(x[12], -0.90096887F);  // cos(3 · 360°/7)
}

TEST(Features, HourIncludesMinutesAndSundayIsZero) {
  Meal meal = meal_at(0);
  meal.clock = {7 * 60 + 30, 0};  // 7.5 h of 24: 112.5°
  std::array<float, kHistory> x;
  meal_features(meal, x);
  EXPECT_FLOAT_EQ(x[9], 0.9238795F);
  EXPECT_FLOAT_EQ(x[10], -0.38268343F);
  EXPECT_EQ(x[11], 0);
  EXPECT_EQ(x[12], 1);
  meal.clock = {0, 6};  // Saturday midnight
  meal_features(meal, x);
  EXPECT_EQ(x[9], 0);
  EXPECT_EQ(x[10], 1);
  EXPECT_FLOAT_EQ(x[11], -0.7818315F);
  EXPECT_FLOAT_EQ(x[12], 0.6234898F);
}

TEST(Features, EveryTypeHasItsPlace) {
  for (std::size_t type = 0; type < kMealTypes; ++type) {
    Meal meal = meal_at(0);
    meal.type = static_cast<MealType>(type);
    std::array<float, kHistory> x;
    meal_features(meal, x);
    for (std::size_t i = 0; i < kMealTypes; ++i) EXPECT_EQ(x[kMealTypeOneHot + i], i == type ? 1 : 0);
  }
}

TEST(Features, UnknownNutrientsStayUnknown) {
  Meal meal = meal_at(0);
  meal.nutrition = {kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};
  std::array<float, kHistory> x;
  meal_features(meal, x);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(std::isnan(x[i]));
}

TEST(Baseline, MeanAndSampleSdOfReadingsAfterSinceUntilAt) {
  const std::vector<Reading> readings{reading(0, 500), reading(1, 100), reading(2, 110), reading(3, 150),
                                      reading(4, 500)};
  const Baseline b = baseline(readings, {}, minutes(0), minutes(3));  // (since, at]
  EXPECT_FLOAT_EQ(b.avg_glucose_mg_dl, 120);
  EXPECT_FLOAT_EQ(b.std_glucose_mg_dl, 26.457513F);  // sqrt((400 + 100 + 900) / 2)
  EXPECT_TRUE(std::isnan(b.avg_carbs_g));
}

TEST(Baseline, OneReadingHasAMeanButNoSdAndNoneHasNeither) {
  const Baseline one = baseline(std::vector<Reading>{reading(5, 140)}, {}, 0, minutes(10));
  EXPECT_EQ(one.avg_glucose_mg_dl, 140);
  EXPECT_TRUE(std::isnan(one.std_glucose_mg_dl));
  const Baseline none = baseline({}, {}, 0, minutes(10));
  EXPECT_TRUE(std::isnan(none.avg_glucose_mg_dl) && std::isnan(none.std_glucose_mg_dl) && std::isnan(none.avg_carbs_g));
}

TEST(Baseline, SameReadingsHaveSdZero) {
  const std::vector<Reading> readings(50, reading(5, 101.7F));
  const Baseline b = baseline(readings, {}, 0, minutes(10));
  EXPECT_FLOAT_EQ(b.avg_glucose_mg_dl, 101.7F);
  EXPECT_NEAR(b.std_glucose_mg_dl, 0, 1e-6F);
}

TEST(Baseline, ReadingsRecordedLaterDidNotExist) {
  const std::vector<Reading> readings{reading(1, 100), late_reading(2, 11, 400), reading(3, 120)};
  EXPECT_EQ(baseline(readings, {}, 0, minutes(10)).avg_glucose_mg_dl, 110);
  EXPECT_NEAR(baseline(readings, {}, 0, minutes(11)).avg_glucose_mg_dl, 206.66667F, 1e-4F);
}

TEST(Baseline, CarbsOfStrictlyEarlierMealsWhereKnown) {
  const std::vector<Meal> meals{meal_at(minutes(-1), 500), meal_at(minutes(0), 20),  meal_at(minutes(5), kUnknown),
                                meal_at(minutes(6), 60),   meal_at(minutes(10), 90), meal_at(minutes(11), 90)};
  EXPECT_EQ(baseline({}, meals, 0, minutes(10)).avg_carbs_g, 40);
}

TEST(Extract, PutsAllTwentyEightInOrder) {
  const Micros at = minutes(10000);
  std::vector<Reading> readings{reading(1, 80)};  // long before the window, part of the baseline
  for (int i = 0; i < kHistorySteps; ++i)
    readings.push_back(reading(10000 - 165 + 15 * i, 100 + static_cast<float>(i)));
  std::vector<Meal> meals{meal_at(minutes(100), 30), meal_at(at, 75)};
  const FeatureVector x = extract(meals[1], readings, meals);
  std::array<float, kHistory> alone;
  meal_features(meals[1], alone);
  for (std::size_t i = 0; i < kHistory; ++i) EXPECT_EQ(x[i], alone[i]);
  for (std::size_t i = 0; i < kHistorySteps; ++i) EXPECT_EQ(x[kHistory + i], 100 + static_cast<float>(i)) << i;
  EXPECT_FLOAT_EQ(x[kBaseline], 103.53846F);      // (80 + 1200 + 66) / 13
  EXPECT_FLOAT_EQ(x[kBaseline + 1], 7.8699365F);  // by hand: sqrt(743.23077 / 12)
  EXPECT_EQ(x[kBaseline + 2], 30);
  EXPECT_EQ(bits_of(x), bits_of(extract(meals[1], readings, 30.0F)));
}

TEST(Extract, BaselineLooksBackThirtyDays) {
  const Micros at = 40 * kDay;
  const Reading edge{at - 30 * kDay, at - 30 * kDay, 300}, inside{at - 30 * kDay + 1, at - 30 * kDay + 1, 100};
  const std::vector<Meal> meals{meal_at(at - 30 * kDay - 1, 200), meal_at(at - 30 * kDay, 10), meal_at(at, 50)};
  const FeatureVector x = extract(meals[2], std::vector<Reading>{edge, inside}, meals);
  EXPECT_EQ(x[kBaseline], 100);
  EXPECT_EQ(x[kBaseline + 2], 10);
  for (std::size_t i = 0; i < kHistorySteps; ++i) EXPECT_TRUE(std::isnan(x[kHistory + i]));
}

// The rule that matters most: nothing later than the meal, and nothing learnt later, reaches a feature.
TEST(Extract, IsBlindToEverythingAfterTheMeal) {
  Random rng(29);
  for (int round = 0; round < 60; ++round) {
    std::vector<Reading> readings;
    for (double t = 0; t < 3000; t += rng.uniform(1, 12)) {
      const double late = rng.uniform() < 0.25 ? rng.uniform(0, 600) : 0;
      readings.push_back(late_reading(t, t + late, 60.0F + static_cast<float>(rng.below(240))));
    }
    std::vector<Meal> meals;
    for (double t = 0; t < 3000; t += rng.uniform(30, 400))
      meals.push_back(meal_at(minutes(t), static_cast<float>(rng.below(120))));
    const Meal meal = meals[rng.below(static_cast<std::uint32_t>(meals.size()))];
    const auto before = bits_of(extract(meal, readings, meals));
    std::vector<Reading> changed = readings;
    int n_changed = 0;
    for (Reading& r : changed)
      if (r.measured_at > meal.eaten_at || r.recorded_at > meal.eaten_at) {
        r.mg_dl = 20.0F + static_cast<float>(rng.below(580));
        ++n_changed;
      }
    for (Meal& m : meals)
      if (m.eaten_at >= meal.eaten_at) m.nutrition.carbs_g = 499;
    ASSERT_GT(n_changed, 0);
    ASSERT_EQ(bits_of(extract(meal, changed, meals)), before);
    std::erase_if(changed,
                  [&](const Reading& r) { return r.measured_at > meal.eaten_at || r.recorded_at > meal.eaten_at; });
    std::erase_if(meals, [&](const Meal& m) { return m.eaten_at >= meal.eaten_at; });
    ASSERT_EQ(bits_of(extract(meal, changed, meals)), before);
  }
}

TEST(Extract, SeesEveryReadingThatWasKnown) {
  // The counterpart, so that blindness is not had by looking at nothing: each known reading changes something.
  std::vector<Reading> readings;
  for (int t = 0; t <= 600; t += 5) readings.push_back(reading(t, 100 + static_cast<float>(t % 37)));
  const Meal meal = meal_at(minutes(600));
  const auto before = bits_of(extract(meal, readings, kUnknown));
  for (std::size_t i = 0; i < readings.size(); ++i) {
    std::vector<Reading> changed = readings;
    changed[i].mg_dl += 40;
    EXPECT_NE(bits_of(extract(meal, changed, kUnknown)), before) << i;
  }
}

TEST(Extract, GivesValidFeatures) {
  const std::vector<Reading> readings{reading(-20, 90), reading(0, 100)};
  const FeatureVector x = extract(meal_at(0), readings, kUnknown);
  EXPECT_NO_THROW(validate(x));
}

}  // namespace
}  // namespace glucose
