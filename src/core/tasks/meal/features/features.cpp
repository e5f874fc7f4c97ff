// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/features.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

void put_level(const LevelSum& sum, Baseline& out) {
  if (sum.n > 0) out.avg_glucose_mg_dl = static_cast<float>(sum.mean());
  if (sum.n > 1) out.std_glucose_mg_dl = static_cast<float>(sum.sd(1));
}

float mean_carbs(std::span<const Meal> meals, Micros since, Micros at, const Meal* last = nullptr) {
  double sum = 0;
  int n = 0;
  auto meal = std::partition_point(meals.begin(), meals.end(), [&](const Meal& m) { return m.eaten_at < since; });
  const auto add = [&](const Meal& m) {
    if (m.eaten_at < since || m.eaten_at >= at || std::isnan(m.nutrition.carbs_g)) return;
    sum += static_cast<double>(m.nutrition.carbs_g);
    ++n;
  };
  for (; meal != meals.end() && meal->eaten_at < at; ++meal) add(*meal);
  if (last != nullptr) add(*last);
  return n > 0 ? static_cast<float>(sum / n) : kUnknown;
}

FeatureVector extracted(const Meal& meal, const Levels& levels, float avg_carbs_g) {
  FeatureVector x;
  meal_features(meal, std::span<float, kHistory>(x.data(), kHistory));
  glucose_window(levels.believed().readings(), meal.eaten_at, kHistoryStepMin * kMinute,
                 {x.data() + kHistory, kHistorySteps});
  Baseline level;
  put_level(levels.since(meal.eaten_at - kBaselineDays * kDay + 1), level);
  x[kBaseline] = level.avg_glucose_mg_dl;
  x[kBaseline + 1] = level.std_glucose_mg_dl;
  x[kBaseline + 2] = avg_carbs_g;
  return x;
}

}  // namespace

Baseline baseline(std::span<const Reading> readings, std::span<const Meal> meals, Micros since, Micros at) {
  Baseline result;
  LevelSum sum;
  auto r =
      std::partition_point(readings.begin(), readings.end(), [&](const Reading& x) { return x.measured_at <= since; });
  for (; r != readings.end() && r->measured_at <= at; ++r)
    if (r->recorded_at <= at) sum.add(r->mg_dl);
  put_level(sum, result);
  result.avg_carbs_g = mean_carbs(meals, since, at);
  return result;
}

void meal_features(const Meal& meal, std::span<float, kHistory> out) {
  const Nutrition& eaten = meal.nutrition;
  out[0] = eaten.calories;
  out[1] = eaten.carbs_g;
  out[2] = eaten.protein_g;
  out[3] = eaten.fat_g;
  out[4] = eaten.fiber_g;
  for (std::size_t i = 0; i < kMealTypes; ++i)
    out[kMealTypeOneHot + i] = i == static_cast<std::size_t>(meal.type) ? 1.0F : 0.0F;
  const double day = 2 * std::numbers::pi * meal.clock.minute_of_day / (24.0 * 60.0);
  const double week = 2 * std::numbers::pi * meal.clock.weekday / 7.0;
  out[kClock] = static_cast<float>(std::sin(day));
  out[kClock + 1] = static_cast<float>(std::cos(day));
  out[kClock + 2] = static_cast<float>(std::sin(week));
  out[kClock + 3] = static_cast<float>(std::cos(week));
}

FeatureVector extract(const Meal& meal, const Levels& levels, std::span<const Meal> meals, const Meal* last) {
  return extracted(meal, levels, mean_carbs(meals, meal.eaten_at - kBaselineDays * kDay, meal.eaten_at, last));
}

FeatureVector extract(const Meal& meal, std::span<const Reading> readings, float avg_carbs_g) {
  LevelSums sums;
  sums.extend(readings, 0);
  return extracted(meal, Levels(readings, sums, meal.eaten_at), avg_carbs_g);
}

FeatureVector extract(const Meal& meal, std::span<const Reading> readings, std::span<const Meal> meals) {
  return extract(meal, readings, mean_carbs(meals, meal.eaten_at - kBaselineDays * kDay, meal.eaten_at));
}

}  // namespace glucose
