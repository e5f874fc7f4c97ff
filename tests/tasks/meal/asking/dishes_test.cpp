// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/dishes.hpp"

#include <gtest/gtest.h>

#include "tasks/meal/asking/planted_dishes.hpp"

namespace glucose {
namespace {

PlantedHow careful(int seed) {
  PlantedHow how;
  how.profile = static_cast<Profile>(seed % 4);
  how.log_error_sd = how.portion_sd = 0.05;
  return how;
}

/// Of the meals that both have, how many are of a dish with another first meal.
int moved(const std::vector<EatenMeal>& more, const std::vector<EatenMeal>& less) {
  const std::vector<int> a = found_dishes(more), b = found_dishes(less);
  const auto first = [](const std::vector<EatenMeal>& meals, const std::vector<int>& dishes, std::size_t i) {
    return meals[static_cast<std::size_t>(std::find(dishes.begin(), dishes.end(), dishes[i]) - dishes.begin())].meal.id;
  };
  int n = 0;
  for (std::size_t i = 0, j = 0; j < less.size(); ++i) {
    if (more[i].meal.id != less[j].meal.id) continue;
    n += first(more, a, i) != first(less, b, j) ? 1 : 0;
    ++j;
  }
  return n;
}

TEST(Dishes, PlantedOnesAreFound) {
  double index = 0, precision = 0, recall = 0;
  constexpr int kPersons = 12;
  for (int seed = 0; seed < kPersons; ++seed) {
    const PlantedMeals planted = planted_meals(static_cast<std::uint64_t>(seed), careful(seed));
    const std::vector<int> found = found_dishes(planted.meals);
    index += adjusted_rand_index(found, planted.truth) / kPersons;
    const PairScores pairs = pair_scores(found, planted.truth);
    precision += pairs.precision / kPersons, recall += pairs.recall / kPersons;
  }
  RecordProperty("adjusted_rand_index", std::to_string(index));
  EXPECT_GT(index, 0.75);
  EXPECT_GT(precision, 0.65);
  EXPECT_GT(recall, 0.85);
}

TEST(Dishes, WithoutDishesFewMealsArePutTogether) {
  PlantedHow how = careful(0);
  how.novelty = 1;
  const std::vector<int> found = found_dishes(planted_meals(7, how).meals);
  const int n = *std::max_element(found.begin(), found.end()) + 1;
  EXPECT_GT(n, static_cast<int>(found.size()) / 4);
}

TEST(Dishes, OneMealMoreMovesFew) {
  double share = 0;
  int n = 0;
  for (int seed = 20; seed < 28; ++seed) {
    const PlantedMeals planted = planted_meals(static_cast<std::uint64_t>(seed), careful(seed));
    EXPECT_EQ(moved(planted.meals, planted.meals), 0);
    for (const double place : {0.0, 0.3, 0.6, 1.0}) {
      std::vector<EatenMeal> less = planted.meals;
      less.erase(less.begin() + static_cast<std::ptrdiff_t>(place * static_cast<double>(less.size() - 1)));
      share += static_cast<double>(moved(planted.meals, less)) / static_cast<double>(less.size()), ++n;
    }
  }
  EXPECT_LT(share / n, 0.05);
}

EatenMeal plain(int hour, float calories, float carbs, float protein, float fat, float area = kUnknown) {
  EatenMeal m{};
  m.meal.eaten_at = hour * 60 * kMinute;
  m.meal.nutrition = {calories, carbs, protein, fat, kUnknown};
  m.response = {100, area, 100, 120, 30};
  return m;
}

TEST(Dishes, TheResponseTellsApartWhatNutrientsHardlyDo) {
  double with = 0, without = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random random(seed);
    const auto about = [&](double mean, double sd) {
      return static_cast<float>(mean * std::exp(sd * random.normal()));
    };
    std::vector<EatenMeal> meals;
    std::vector<int> truth;
    for (int i = 0; i < 150; ++i) {
      const int dish = i % 3;
      const double carbs = dish == 0 ? 50 : dish == 1 ? 66 : 20;
      const float calories = about(4 * carbs + 250, 0.15), carbs_g = about(carbs, 0.15), protein = about(22, 0.15);
      const float fat = about(18, 0.15);
      meals.push_back(plain(5 * i, calories, carbs_g, protein, fat,
                            about(dish == 0   ? 1000
                                  : dish == 1 ? 9000
                                              : 4000,
                                  0.1)));
      truth.push_back(dish);
    }
    with += adjusted_rand_index(found_dishes(meals), truth) / 10;
    for (EatenMeal& m : meals) m.is_followed = true;  // then it says nothing of the meal
    without += adjusted_rand_index(found_dishes(meals), truth) / 10;
  }
  EXPECT_GT(with, 0.7);
  EXPECT_GT(with, without + 0.15);
}

TEST(Dishes, WhoEatsOneThingEatsOneDish) {
  std::vector<EatenMeal> meals;
  for (int i = 0; i < 40; ++i) meals.push_back(plain(5 * i, 400, 50, 15, 12, i % 2 == 0 ? 600 : 900));
  EXPECT_EQ(found_dishes(meals), std::vector<int>(meals.size(), 0));
}

TEST(Dishes, WhatIsNotKnownIsNotCompared) {
  const float none = kUnknown;
  const std::vector<EatenMeal> meals{plain(0, none, 50, none, none), plain(5, 400, 50, 15, 12),
                                     plain(10, none, none, none, none), plain(15, none, 51, none, none),
                                     plain(20, 1200, 130, 60, 50)};
  const std::vector<int> found = found_dishes(meals);
  EXPECT_EQ(found[2], kNoDish);
  EXPECT_EQ(found[0], found[3]);
  EXPECT_NE(found[0], found[4]);
  EXPECT_TRUE(found_dishes({}).empty());
}

}  // namespace
}  // namespace glucose
