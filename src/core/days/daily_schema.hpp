// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <span>
#include <string_view>

namespace glucose {

inline constexpr std::string_view kDailySchema = "daily51/1";
inline constexpr int kDailyFeatures = 51;

/// The features of a day, in the order of the schema.
enum DailyFeature : int {
  kEaten,  // kcal
  kCarbs,
  kProtein,
  kFat,
  kFiber,
  kSugar,
  kSaturatedFat,
  kSodium,
  kWater,
  kCaffeine,
  kAlcohol,
  kOccasions,
  kCarbShare,
  kProteinShare,
  kLastMeal,
  kEatingWindow,
  kSteps,
  kDistance,
  kFloors,
  kActiveEnergy,
  kTotalEnergy,
  kLight,
  kModerate,
  kVigorous,
  kSedentary,
  kWorkouts,
  kWorkoutMinutes,
  kLoad,
  kRestingHeartRate,
  kRmssd,
  kSdnn,
  kSleep,
  kSleepEfficiency,
  kDeepSleep,
  kRemSleep,
  kSleepOnset,
  kRespiratoryRate,
  kTemperatureDeviation,
  kRecovery,
  kGlucoseMean,
  kWeekdaySin,
  kWeekdayCos,
  kFreeDay,
  kSeasonCos,
  kGapDays,
  kEnergyBalance,
  kLoadRatio,
  kSleepDebt,
  kStrainScore,
  kLateMeal,
  kLoadShortSleep,
};

/// NaN: not known.
using DailyVector = std::array<float, kDailyFeatures>;

struct DailyFeatureInfo {
  std::string_view name, unit, source;
};

/// The one table of the schema 'daily51/1'. `source`: the metrics or columns and what is made of them.
extern const std::array<DailyFeatureInfo, kDailyFeatures> kDailyTable;

/// Which feature has that name; -1: none.
int daily_feature_of(std::string_view name);

}  // namespace glucose
