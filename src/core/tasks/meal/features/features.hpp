// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <span>

#include "core/base/types.hpp"
#include "core/readings/level_sums.hpp"
#include "core/tasks/meal/features/feature_schema.hpp"

namespace glucose {

inline constexpr int kBaselineDays = 30;

/// A person's own level: mean and sample SD of the readings, mean carbohydrate of the meals. NaN: unknown.
struct Baseline {
  float avg_glucose_mg_dl = kUnknown;
  float std_glucose_mg_dl = kUnknown;
  float avg_carbs_g = kUnknown;
};

/// The (since, at] readings known at `at`, and the meals eaten in [since, at), of rows sorted by time.
Baseline baseline(std::span<const Reading> readings, std::span<const Meal> meals, Micros since, Micros at);

/// The 13 features of the meal alone: nutrition, type, clock.
/// Source for the cyclic coding: hour incl. minutes over 24, weekday over 7 (Sunday 0).
void meal_features(const Meal& meal, std::span<float, kHistory> out);

/// All 28 features of 'meal28/1' at `meal.eaten_at`; glucose before it as it is believed (judge()). `readings` must
/// reach back 30 days; nothing later than the meal is used. `meals` are the person's meals of those days; the meal
/// itself and later ones are ignored.
FeatureVector extract(const Meal& meal, std::span<const Reading> readings, std::span<const Meal> meals);

/// As above, with sums over the readings known already. last: one more meal, after the others; null: none
FeatureVector extract(const Meal& meal, const Levels& levels, std::span<const Meal> meals, const Meal* last);

/// As above, with the mean carbohydrate of the earlier meals known already.
FeatureVector extract(const Meal& meal, std::span<const Reading> readings, float avg_carbs_g);

}  // namespace glucose
