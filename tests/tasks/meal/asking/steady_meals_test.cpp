// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/steady_meals.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tasks/meal/asking/planted_dishes.hpp"

namespace glucose {
namespace {

TEST(SteadyMeals, ThePlantedSteadyDishIsFirstInMostPersons) {
  constexpr int kPersons = 12;
  int first = 0;
  for (int seed = 0; seed < kPersons; ++seed) {
    PlantedHow how;
    how.profile = static_cast<Profile>(seed % 2);
    how.has_steady = true;
    const PlantedMeals planted = planted_meals(static_cast<std::uint64_t>(100 + seed), how);
    const std::vector<int> dishes = found_dishes(planted.meals);
    SteadyWanted wanted;
    wanted.least_tries = 3, wanted.most = 1;
    const auto steady =
        steady_dishes(planted.meals, dishes, *std::max_element(dishes.begin(), dishes.end()) + 1, wanted);
    ASSERT_EQ(steady.size(), 1);
    std::map<int, int> votes;
    for (std::size_t i = 0; i < dishes.size(); ++i)
      if (dishes[i] == dishes[steady[0].first]) ++votes[planted.truth[i]];
    const auto most =
        std::max_element(votes.begin(), votes.end(), [](auto& a, auto& b) { return a.second < b.second; });
    first += most->first == 0 ? 1 : 0;
  }
  EXPECT_GT(first, kPersons / 2);
}

EatenMeal eaten(MealType type, int minute, float carbs, float area, float in_range = 100) {
  EatenMeal m{};
  m.meal.type = type, m.meal.clock = {minute, 1};
  m.meal.nutrition = {kUnknown, carbs, kUnknown, kUnknown, kUnknown};
  m.response = {100, area, in_range, 140, 40};
  return m;
}

TEST(SteadyMeals, OnlyTriesThatCountAndAreOfTheTypeDo) {
  std::vector<EatenMeal> meals{eaten(MealType::breakfast, 470, 20, 1000), eaten(MealType::breakfast, 490, 24, 1400),
                               eaten(MealType::dinner, 1140, 20, 9000),   eaten(MealType::breakfast, 480, 80, 4000),
                               eaten(MealType::breakfast, 480, 80, 5000), eaten(MealType::breakfast, 480, 80, 6000)};
  meals.back().is_followed = true;
  const std::vector<int> dishes{0, 0, 0, 1, 1, 1};
  SteadyWanted wanted;
  wanted.type = MealType::breakfast;
  const auto steady = steady_dishes(meals, dishes, 2, wanted);
  ASSERT_EQ(steady.size(), 2);
  EXPECT_EQ(steady[0].first, 0);
  EXPECT_EQ(steady[0].newest, 1);
  EXPECT_EQ(steady[0].meals, 2);
  EXPECT_DOUBLE_EQ(steady[0].area.mean, 1200);
  EXPECT_FLOAT_EQ(steady[0].nutrition.carbs_g, 22);
  EXPECT_EQ(steady[0].usual_minute, 480);
  EXPECT_EQ(steady[1].meals, 3);
  EXPECT_EQ(steady[1].tries, 2);
  EXPECT_GT(steady[0].area.expected, 1200);  // pulled to the mean of all
  EXPECT_LT(steady[1].area.expected, 4500);
  wanted.least_tries = 3;
  EXPECT_TRUE(steady_dishes(meals, dishes, 2, wanted).empty());
}

TEST(SteadyMeals, MeansOfTimesGoRoundMidnight) {
  const std::vector<EatenMeal> meals{eaten(MealType::snack, 1430, 20, 10), eaten(MealType::snack, 30, 20, 20)};
  EXPECT_EQ(steady_dishes(meals, std::vector<int>{0, 0}, 1, {}).at(0).usual_minute, 10);
}

TEST(SteadyMeals, TimeInRangeMayDecide) {
  const std::vector<EatenMeal> meals{eaten(MealType::lunch, 720, 20, 100, 40), eaten(MealType::lunch, 720, 20, 120, 45),
                                     eaten(MealType::lunch, 720, 80, 2000, 90),
                                     eaten(MealType::lunch, 720, 80, 2100, 95)};
  SteadyWanted wanted;
  EXPECT_EQ(steady_dishes(meals, std::vector<int>{0, 0, 1, 1}, 2, wanted)[0].first, 0);
  wanted.by_time_in_range = true;
  EXPECT_EQ(steady_dishes(meals, std::vector<int>{0, 0, 1, 1}, 2, wanted)[0].first, 2);
}

TEST(SteadyMeals, OneChangeChangesOneAmountAndItsCalories) {
  Meal meal{};
  meal.nutrition = {500, 40, 20, kUnknown, 0};
  const MealChanges all = one_changes(meal);
  ASSERT_EQ(all.n, 4);
  EXPECT_STREQ(all.changes[0].nutrient, "carbs_g");
  EXPECT_FLOAT_EQ(all.changes[0].after, 30);
  EXPECT_FLOAT_EQ(all.changes[0].meal.nutrition.calories, 460);
  EXPECT_FLOAT_EQ(all.changes[0].meal.nutrition.protein_g, 20);
  EXPECT_FLOAT_EQ(all.changes[3].meal.nutrition.protein_g, 25);
  meal.nutrition.carbs_g = 490;
  EXPECT_EQ(one_changes(meal).n, 3);
}

TEST(SteadyMeals, WordsSayWhatHappened) {
  SteadyDish d{};
  d.tries = 3;
  d.area = {3, 2400, 2520, 1800, 3240};
  d.in_range_pct.mean = 96.4;
  EXPECT_EQ(
      in_words(d, GlucoseUnit::mg_dl, false),
      "Eaten 3 times with readings: in the two hours after it glucose was on average 20 mg/dL above the level at "
      "the meal, and 96 % of the time between 70 and 180 mg/dL. Judged by all meals, 15 to 27 mg/dL on average is "
      "to be expected.");
  EXPECT_EQ(
      in_words(d, GlucoseUnit::mmol_l, true),
      "3-mal mit Messwerten gegessen: In den zwei Stunden danach lag der Zucker im Mittel 1,1 mmol/L über dem Wert "
      "beim Essen und 96 % der Zeit zwischen 3,9 und 10,0 mmol/L. Gemessen an allen Mahlzeiten sind im Mittel 0,8 "
      "bis 1,5 mmol/L zu erwarten.");
  d.tries = 1, d.area.lower = kUnknown;
  EXPECT_EQ(in_words(d, GlucoseUnit::mg_dl, false).find("expected"), std::string::npos);
}

}  // namespace
}  // namespace glucose
