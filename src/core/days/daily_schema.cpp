// SPDX-License-Identifier: PostgreSQL
#include "core/days/daily_schema.hpp"

namespace glucose {

const std::array<DailyFeatureInfo, kDailyFeatures> kDailyTable{{
    {"n_kcal", "kcal", "sum of meal.calories (else 4, 4 and 9 kcal/g of its macronutrients), else ENERGY_INTAKE"},
    {"n_carbs_g", "g", "sum of meal.carbs_g, else CARBOHYDRATE_INTAKE"},
    {"n_protein_g", "g", "sum of meal.protein_g, else PROTEIN_INTAKE"},
    {"n_fat_g", "g", "sum of meal.fat_g, else FAT_INTAKE"},
    {"n_fiber_g", "g", "sum of meal.fiber_g, else FIBER_INTAKE"},
    {"n_sugar_g", "g", "SUGAR_INTAKE"},
    {"n_satfat_g", "g", "SATURATED_FAT_INTAKE"},
    {"n_sodium_mg", "mg", "SODIUM_INTAKE"},
    {"n_water_ml", "mL", "WATER_INTAKE"},
    {"n_caffeine_mg", "mg", "CAFFEINE_INTAKE; 0 on days with food recorded, once it was ever recorded"},
    {"n_alcohol_drinks", "count", "ALCOHOL_INTAKE; 0 on days with food recorded, once it was ever recorded"},
    {"n_meals", "count", "meals with lines within 15 min as one, else EATING_OCCASIONS"},
    {"n_carb_pct", "%", "100 x 4 x n_carbs_g / n_kcal, from 500 kcal on"},
    {"n_protein_pct", "%", "100 x 4 x n_protein_g / n_kcal, from 500 kcal on"},
    {"n_last_meal_min", "min", "from 18:00 to the last meal from 04:00 to midnight, negative = earlier"},
    {"n_window_min", "min", "from the first to the last meal from 04:00 to midnight, of 2 or more"},
    {"a_steps", "count", "STEPS"},
    {"a_distance_m", "m", "DISTANCE"},
    {"a_floors", "count", "FLOORS_CLIMBED"},
    {"a_active_kcal", "kcal", "ACTIVE_ENERGY"},
    {"a_total_kcal", "kcal", "TOTAL_ENERGY, from 800 kcal on"},
    {"a_light_min", "min", "ACTIVE_LIGHT"},
    {"a_moderate_min", "min", "ACTIVE_MODERATE"},
    {"a_vigorous_min", "min", "ACTIVE_VIGOROUS"},
    {"a_sedentary_min", "min", "SEDENTARY"},
    {"a_workouts", "count", "WORKOUTS; 0 on days on which a device was worn"},
    {"a_workout_min", "min", "WORKOUT_DURATION; 0 on days on which a device was worn"},
    {"a_load", "AU",
     "TRAINING_LOAD, 0 on worn days; who never had one: ACTIVE_LIGHT, _MODERATE and _VIGOROUS at 1, 3 and 7 MET above "
     "rest / 10, else STRAIN x 10"},
    {"h_rhr", "bpm", "RESTING_HEART_RATE"},
    {"h_rmssd", "ms", "HEART_RATE_VARIABILITY_RMSSD"},
    {"h_sdnn", "ms", "HEART_RATE_VARIABILITY_SDNN"},
    {"h_sleep_min", "min", "SLEEP_DURATION of 60 to 960"},
    {"h_sleep_eff_pct", "%", "SLEEP_EFFICIENCY, else 100 x SLEEP_DURATION / TIME_IN_BED"},
    {"h_deep_min", "min", "SLEEP_DEEP"},
    {"h_rem_min", "min", "SLEEP_REM"},
    {"h_onset_min", "min", "SLEEP_ONSET, from the midnight before waking"},
    {"h_resp_rate", "1/min", "RESPIRATORY_RATE"},
    {"h_temp_dev", "K", "SKIN_TEMPERATURE_DEVIATION, else SKIN_TEMPERATURE minus its mean of the 30 days before (7)"},
    {"h_recovery", "points", "RECOVERY_SCORE"},
    {"h_glucose_mean", "mg/dL", "mean of glucose_reading on days with 70 % of them, else GLUCOSE_MEAN"},
    {"t_dow_sin", "1", "sin(2 pi weekday / 7), Sunday 0, of the next day"},
    {"t_dow_cos", "1", "cos of the same"},
    {"t_free_day", "0/1", "the next day is Saturday, Sunday or a FREE_DAY"},
    {"t_season_cos", "1", "cos(2 pi day of year / 365.25) of the next day, turned round south of the equator"},
    {"t_gap_days", "days", "since the metric to forecast was known last, at most 14"},
    {"x_energy_balance", "kcal", "n_kcal - a_total_kcal"},
    {"x_load_ratio", "1", "mean a_load (else a_active_kcal, else a_steps) of 7 days (4) by the 21 before (10), 0 to 3"},
    {"x_sleep_debt", "min", "sum over 7 nights (4) of what h_sleep_min is below its mean of 30"},
    {"x_strain", "sd", "z of h_rhr minus z of ln h_rmssd, else of ln h_sdnn, or one of the two"},
    {"x_late_meal", "min", "what is missing to 3 h from the last meal of the evening before to h_onset_min"},
    {"x_load_short_sleep", "sd^2", "z of a_load (else a_active_kcal) above 0 times z of h_sleep_min below 0"},
}};

int daily_feature_of(std::string_view name) {
  for (std::size_t i = 0; i < kDailyTable.size(); ++i)
    if (kDailyTable[i].name == name) return static_cast<int>(i);
  return -1;
}

}  // namespace glucose
