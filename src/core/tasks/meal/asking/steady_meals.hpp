// SPDX-License-Identifier: PostgreSQL
// What a person's meals have left glucose like: dishes in order of how steady it stayed, and meals beside each other.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/math/shrinkage.hpp"
#include "core/tasks/meal/asking/dishes.hpp"

namespace glucose {

struct SteadyWanted {
  std::optional<MealType> type;   // tries of other types do not count
  bool by_time_in_range = false;  // else by the area above the level at the meal
  int least_tries = 1;
  std::size_t most = 5;
};

/// A dish, as the meals of the wanted type tell of it.
struct SteadyDish {
  std::size_t first, newest;  // meals: the first of the dish, whatever its type, and the newest of the wanted type
  int meals;                  // of the wanted type
  int tries;                  // of these, with a response that counts
  GroupMean area;             // mg/dL·min above the level at the meal
  GroupMean in_range_pct;
  Nutrition nutrition;  // means of what is known
  int usual_minute;     // of the day, by the person's clock
};
static_assert(std::is_trivially_copyable_v<SteadyDish>);

/// in: meals [N], the dish of each, how many dishes · out: those with enough tries, the steadiest first, by what is
/// expected of one more; of equals the one with more tries, then the one eaten first.
std::vector<SteadyDish> steady_dishes(std::span<const EatenMeal> meals, std::span<const int> dishes, int n_dishes,
                                      const SteadyWanted& wanted);

/// The SD of areas of one dish, mg/dL·min; NaN with fewer than two that count.
double area_within_dishes(std::span<const EatenMeal> meals, std::span<const int> dishes, int n_dishes);
/// By how much areas of two single tries may differ by chance, with 90 %.
double chance_between_tries(double within_sd);

/// One amount of a meal a quarter less or more, calories with it (4 kcal a gram, 9 of fat, 2 of fibre).
struct MealChange {
  const char* nutrient;
  float before, after;  // g
  Meal meal;
};
struct MealChanges {
  std::array<MealChange, 8> changes;
  std::size_t n = 0;
};
MealChanges one_changes(const Meal& meal);

/// What happened, in a sentence: nothing of what to eat. in: a row of steady_dishes() with at least one try
std::string in_words(const SteadyDish& dish, GlucoseUnit unit, bool german);

}  // namespace glucose
