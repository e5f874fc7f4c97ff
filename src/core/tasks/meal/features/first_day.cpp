// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/first_day.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

// Minutes of the three hours that the level, and glucose 15, 30, 60 and 120 minutes before, stand for.
constexpr std::array<float, 5> kStandsFor{7.5F, 15, 22.5F, 45, 90};
constexpr float kKnownHours = 3, kNoMealKnown = 12;

struct Hours {
  float above_mean, sd;
};

Hours last_hours(const RichVector& x) {
  float weight = kStandsFor[0], sum = 0, squares = 0;
  for (std::size_t i = 1; i < kStandsFor.size(); ++i) {
    const float change = x[meal2::kChange15 + i - 1];
    if (std::isnan(change)) continue;
    weight += kStandsFor[i], sum += kStandsFor[i] * change, squares += kStandsFor[i] * change * change;
  }
  const float mean = sum / weight;
  return {mean, std::sqrt(std::max(squares / weight - mean * mean, 0.0F))};
}

}  // namespace

RichVector as_on_first_day(const RichVector& rich) {
  using namespace meal2;
  RichVector x = rich;
  const Hours hours = last_hours(rich);
  for (const std::size_t above : {kAbove6hMean, kAboveDayMean, kAboveMonthMean, kAboveRhythm60, kAboveRhythm120})
    if (!std::isnan(x[above])) x[above] = hours.above_mean;
  x[kSdDay] = x[kSdMonth] = std::isnan(x[kSd2h]) ? kUnknown : hours.sd;
  for (std::size_t p = kRhythm60; p < kFirstNutrient; ++p)
    if (p != kAboveRhythm60 && p != kAboveRhythm120) x[p] = 0;
  for (const std::size_t doubt : {kDoubt, kAnalogueDoubt, kRecallDoubt}) x[doubt] = 1;
  const float carbs = x[kFirstNutrient + 1];
  x[kCarbsAgainstUsual] = carbs - kUsualCarbs;
  x[kLogCarbsAgainstUsual] = std::log((carbs + 10) / (kUsualCarbs + 10));
  const bool knows_meal = x[kHoursSinceMeal] <= kKnownHours;
  if (!knows_meal) x[kHoursSinceMeal] = kNoMealKnown;
  x[kLogHoursSinceMeal] = std::log1p(x[kHoursSinceMeal]);
  x[kMealsLastDay] = knows_meal ? 1 : 0;
  for (std::size_t type = 0; type < kMealTypes; ++type)
    x[kFirstAboveMeanOfType + type] = x[kFirstType + type] > 0 ? x[kAboveMonthMean] : 0;
  return x;
}

}  // namespace glucose
