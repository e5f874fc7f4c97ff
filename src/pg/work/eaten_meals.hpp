// SPDX-License-Identifier: PostgreSQL
// READ and COMPUTE: all that a person has eaten, which of it is the same dish, and what came of it.
#pragma once
#include "core/base/units.hpp"
#include "core/tasks/meal/asking/dishes.hpp"
#include "core/tasks/meal/asking/steady_meals.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// What functions about a person's meals can be asked for; each knows some of it.
struct MealsAsked {
  GlucoseUnit unit = GlucoseUnit::mg_dl;
  int days = 0;  // before the newest meal; 0: all there are
  bool german = false, what_if = false;
  SteadyWanted steady;
};
enum class MealsOptions : std::uint8_t { plain, steady };
/// unit, days; of steady also lang, by, min_tries, what_if. Raises 22023.
MealsAsked read_meals_options(Jsonb* options, MealsOptions kind);

/// The newest kMostMeals at most, lines put together.
struct EatenMeals {
  std::span<const EatenMeal> meals;
  std::span<const Meal> lines;
  std::span<const int> dishes;
  std::span<const std::size_t> firsts;  // [J] the first meal of each dish
  int n_dishes = 0;
  /// The meal that a line belongs to; the number of meals when it is not among them.
  std::size_t find(const Meal& line) const;
};

EatenMeals read_eaten_meals(const Person& person, int days, MemoryContext context);

/// The line with the most carbohydrate of a meal: which is asked about when the meal is.
const Meal& main_line(const EatenMeals& eaten, const Meal& meal);

}  // namespace glucose::pg
