// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/base/types.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// A meal described in JSON: {calories, carbs_g, protein_g, fat_g, fiber_g, meal_type, eaten_at}; nutrients absent or
/// null are unknown, eaten_at is now unless given, meal_type follows the person's clock unless given. Raises 22023
/// naming an unknown key or a value of a wrong kind; core refuses what is out of range.
Meal read_given_meal(Jsonb* meal, const Person& person);

/// The meal with other nutrients or another type, of the same keys; null makes a nutrient unknown. Raises 22023 as
/// above, and for eaten_at: a meal at another time is another meal.
Meal changed_meal(const Meal& meal, Jsonb* changes);

}  // namespace glucose::pg
