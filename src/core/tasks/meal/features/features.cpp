// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/features.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

// Two passes over at most 30 days of readings: exact enough that the order of summing is the only rounding.
void glucose_level(std::span<const Reading> readings, Micros since, Micros at, Baseline& out) {
  const auto by_time = [](const Reading& r, Micros t) { return r.measured_at <= t; };
  const auto first = std::lower_bound(readings.begin(), readings.end(), since, by_time);
  const auto last = std::lower_bound(first, readings.end(), at, by_time);
  double sum = 0;
  std::int64_t n = 0;
  for (auto r = first; r != last; ++r) {
    if (r->recorded_at > at) continue;
    sum += static_cast<double>(r->mg_dl);
    ++n;
  }
  if (n == 0) return;
  const double mean = sum / static_cast<double>(n);
  double squares = 0;
  for (auto r = first; r != last; ++r) {
    if (r->recorded_at > at) continue;
    const double d = static_cast<double>(r->mg_dl) - mean;
    squares += d * d;
  }
  out.avg_glucose_mg_dl = static_cast<float>(mean);
  if (n > 1) out.std_glucose_mg_dl = static_cast<float>(std::sqrt(squares / static_cast<double>(n - 1)));
}

float mean_carbs(std::span<const Meal> meals, Micros since, Micros at) {
  double sum = 0;
  int n = 0;
  for (const Meal& meal : meals) {
    if (meal.eaten_at < since || meal.eaten_at >= at || std::isnan(meal.nutrition.carbs_g)) continue;
    sum += static_cast<double>(meal.nutrition.carbs_g);
    ++n;
  }
  return n > 0 ? static_cast<float>(sum / n) : kUnknown;
}

}  // namespace

Baseline baseline(std::span<const Reading> readings, std::span<const Meal> meals, Micros since, Micros at) {
  Baseline result;
  glucose_level(readings, since, at, result);
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

namespace {

FeatureVector extracted(const Meal& meal, std::span<const Reading> readings, const BelievedReadings& believed,
                        float avg_carbs_g) {
  FeatureVector x;
  meal_features(meal, std::span<float, kHistory>(x.data(), kHistory));
  glucose_window(believed.readings(), meal.eaten_at, kHistoryStepMin * kMinute, {x.data() + kHistory, kHistorySteps});
  const Micros since = meal.eaten_at - kBaselineDays * kDay;
  const Baseline level = baseline(readings, {}, since, meal.eaten_at);
  x[kBaseline] = level.avg_glucose_mg_dl;
  x[kBaseline + 1] = level.std_glucose_mg_dl;
  x[kBaseline + 2] = avg_carbs_g;
  return x;
}

}  // namespace

FeatureVector extract(const Meal& meal, std::span<const Reading> readings, float avg_carbs_g) {
  return extracted(meal, readings, BelievedReadings(readings, meal.eaten_at), avg_carbs_g);
}

FeatureVector extract(const Meal& meal, std::span<const Reading> readings, const BelievedReadings& believed,
                      std::span<const Meal> meals) {
  return extracted(meal, readings, believed, mean_carbs(meals, meal.eaten_at - kBaselineDays * kDay, meal.eaten_at));
}

FeatureVector extract(const Meal& meal, std::span<const Reading> readings, std::span<const Meal> meals) {
  return extract(meal, readings, BelievedReadings(readings, meal.eaten_at), meals);
}

}  // namespace glucose
