// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/feature_schema.hpp"

#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/base/units.hpp"
#include "core/days/meal_lines.hpp"

namespace glucose {

namespace {
constexpr float kLow = kGlucoseLow, kHigh = kGlucoseHigh;
constexpr FeatureInfo history(std::string_view name) {
  return {name, "mg/dL", kLow, kHigh, true, "glucose_reading, linear between readings at most 15 min away"};
}
}  // namespace

const std::array<FeatureInfo, kFeatures> kFeatureTable{{
    {"calories", "kcal", 0, kMostCalories, true, "meal.calories"},
    {"carbs_g", "g", 0, kMostGrams, true, "meal.carbs_g"},
    {"protein_g", "g", 0, kMostGrams, true, "meal.protein_g"},
    {"fat_g", "g", 0, kMostGrams, true, "meal.fat_g"},
    {"fiber_g", "g", 0, kMostGrams, true, "meal.fiber_g"},
    {"is_breakfast", "0/1", 0, 1, false, "meal.meal_type"},
    {"is_lunch", "0/1", 0, 1, false, "meal.meal_type"},
    {"is_dinner", "0/1", 0, 1, false, "meal.meal_type"},
    {"is_snack", "0/1", 0, 1, false, "meal.meal_type"},
    {"hour_sin", "1", -1, 1, false, "meal.eaten_at in person.time_zone"},
    {"hour_cos", "1", -1, 1, false, "meal.eaten_at in person.time_zone"},
    {"weekday_sin", "1", -1, 1, false, "meal.eaten_at in person.time_zone"},
    {"weekday_cos", "1", -1, 1, false, "meal.eaten_at in person.time_zone"},
    history("glucose_minus_165"),
    history("glucose_minus_150"),
    history("glucose_minus_135"),
    history("glucose_minus_120"),
    history("glucose_minus_105"),
    history("glucose_minus_90"),
    history("glucose_minus_75"),
    history("glucose_minus_60"),
    history("glucose_minus_45"),
    history("glucose_minus_30"),
    history("glucose_minus_15"),
    history("glucose_minus_0"),
    {"baseline_mean", "mg/dL", kLow, kHigh, true, "mean of glucose_reading, 30 days up to eaten_at"},
    {"baseline_sd", "mg/dL", 0, kHigh, true, "sample SD of glucose_reading, 30 days up to eaten_at"},
    {"baseline_carbs_g", "g", 0, 500, true, "mean of meal.carbs_g, earlier meals of those 30 days"},
}};

void validate(const FeatureVector& features) {
  for (std::size_t i = 0; i < features.size(); ++i) {
    const FeatureInfo& info = kFeatureTable[i];
    const float value = features[i];
    if (std::isnan(value)) {
      if (info.nullable) continue;
      throw Error(ErrorCode::bad_argument, "feature \"" + std::string(info.name) + "\" must not be null");
    }
    if (!(value >= info.low && value <= info.high))
      throw Error(ErrorCode::out_of_range, "feature \"" + std::string(info.name) + "\" is outside its range",
                  "Units and ranges are listed by glucose.feature_schema().");
  }
}

}  // namespace glucose
