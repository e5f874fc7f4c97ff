// SPDX-License-Identifier: PostgreSQL
// The metrics that the features of a day are made of, by the names that glucose.metric has for them.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace glucose {

enum class Input : std::uint8_t {
  active_energy,
  active_light,
  active_moderate,
  active_vigorous,
  alcohol,
  caffeine,
  carbs,
  distance,
  occasions,
  energy,
  fat,
  fiber,
  floors,
  free_day,
  glucose_mean,
  heart_rate_mean,
  rmssd,
  sdnn,
  protein,
  recovery,
  respiratory_rate,
  resting_heart_rate,
  saturated_fat,
  sedentary,
  skin_temperature,
  skin_temperature_deviation,
  sleep_deep,
  sleep,
  sleep_efficiency,
  sleep_onset,
  sleep_rem,
  sodium,
  steps,
  strain,
  sugar,
  in_bed,
  total_energy,
  training_load,
  water,
  wear,
  workouts,
  workout_minutes,
};
inline constexpr int kInputs = 42;

/// In the order of Input, which is that of the alphabet.
inline constexpr std::array<std::string_view, kInputs> kInputNames{"ACTIVE_ENERGY",
                                                                   "ACTIVE_LIGHT",
                                                                   "ACTIVE_MODERATE",
                                                                   "ACTIVE_VIGOROUS",
                                                                   "ALCOHOL_INTAKE",
                                                                   "CAFFEINE_INTAKE",
                                                                   "CARBOHYDRATE_INTAKE",
                                                                   "DISTANCE",
                                                                   "EATING_OCCASIONS",
                                                                   "ENERGY_INTAKE",
                                                                   "FAT_INTAKE",
                                                                   "FIBER_INTAKE",
                                                                   "FLOORS_CLIMBED",
                                                                   "FREE_DAY",
                                                                   "GLUCOSE_MEAN",
                                                                   "HEART_RATE_MEAN",
                                                                   "HEART_RATE_VARIABILITY_RMSSD",
                                                                   "HEART_RATE_VARIABILITY_SDNN",
                                                                   "PROTEIN_INTAKE",
                                                                   "RECOVERY_SCORE",
                                                                   "RESPIRATORY_RATE",
                                                                   "RESTING_HEART_RATE",
                                                                   "SATURATED_FAT_INTAKE",
                                                                   "SEDENTARY",
                                                                   "SKIN_TEMPERATURE",
                                                                   "SKIN_TEMPERATURE_DEVIATION",
                                                                   "SLEEP_DEEP",
                                                                   "SLEEP_DURATION",
                                                                   "SLEEP_EFFICIENCY",
                                                                   "SLEEP_ONSET",
                                                                   "SLEEP_REM",
                                                                   "SODIUM_INTAKE",
                                                                   "STEPS",
                                                                   "STRAIN",
                                                                   "SUGAR_INTAKE",
                                                                   "TIME_IN_BED",
                                                                   "TOTAL_ENERGY",
                                                                   "TRAINING_LOAD",
                                                                   "WATER_INTAKE",
                                                                   "WEAR_TIME",
                                                                   "WORKOUTS",
                                                                   "WORKOUT_DURATION"};

/// Which input a metric is; -1: none, as an application's own.
int input_of(std::string_view metric);

}  // namespace glucose
