// SPDX-License-Identifier: PostgreSQL
// The feature schema 'meal/2': what the population's and the personal models see of a meal.
#pragma once
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "core/base/types.hpp"
#include "core/readings/analogues.hpp"
#include "core/readings/level_sums.hpp"

namespace glucose {

inline constexpr std::string_view kRichSchema = "meal/2";
inline constexpr int kRichFeatures = 64;

using RichVector = std::array<float, kRichFeatures>;

struct RichFeatureInfo {
  std::string_view name, unit, source;
};

/// The one table of the schema 'meal/2', in its order. Glucose in mg/dL; unknown is NaN, and indicators say so where
/// being unknown means something.
extern const std::array<RichFeatureInfo, kRichFeatures> kRichTable;

/// The places that are looked up one by one; what goes over the whole row needs none. A test holds them to the table.
namespace meal2 {
inline constexpr std::size_t kLevel = 0, kChange15 = 1, kAbove6hMean = 6, kAboveDayMean = 7, kAboveMonthMean = 8;
inline constexpr std::size_t kSd1h = 9, kSd2h = 10, kSdDay = 11, kSdMonth = 12;
inline constexpr std::size_t kRhythm60 = 14, kAboveRhythm60 = 15, kAboveRhythm120 = 18;
inline constexpr std::size_t kDoubt = 20;  // rhythm_doubt: how little is known of the person's days, 1 … 0
inline constexpr std::size_t kAnalogueDoubt = 23, kRecallDoubt = 27;
inline constexpr std::size_t kFirstNutrient = 28;  // calories, carbs, protein, fat
inline constexpr std::size_t kCarbsAgainstUsual = 36, kLogCarbsAgainstUsual = 37;
inline constexpr std::size_t kHoursSinceMeal = 49, kLogHoursSinceMeal = 50, kMealsLastDay = 51;
inline constexpr std::size_t kDaySin = 52, kDayCos = 53;
inline constexpr std::size_t kFirstType = 56;  // is_breakfast, is_lunch, is_dinner, is_snack
inline constexpr std::size_t kFirstAboveMeanOfType = 60;
}  // namespace meal2

/// Of a row: nothing is known of the days of whom it does not say.
inline float doubt_of(const RichVector& rich) {
  return std::isnan(rich[meal2::kDoubt]) ? 1.0F : rich[meal2::kDoubt];
}

/// How much the person's glucose spreads, (mg/dL)², as far as that is known at a meal.
double variance_of(const RichVector& rich);

inline constexpr std::array<int, 2> kRecalledHorizonsMin{60, 120};
inline constexpr float kUsualCarbs = 50.0F;  // g, of whom no meal is known

/// An earlier meal as later ones remember it.
struct EarlierMeal {
  Micros eaten_at;
  MealType type;
  float carbs_g;  // 0 where not known
  bool has_carbs;
  float level;                         // glucose when it was eaten, NaN: unknown
  std::array<float, 2> outcome_mg_dl;  // at kRecalledHorizonsMin, NaN: not known (yet)
};

/// All columns at `meal.eaten_at`; the last hours as they are believed (judge()). levels: then, of readings reaching
/// back 30 days; nothing later than the meal is used · earlier: the meals before it, of at most 30 days, with the
/// outcomes known by then · carbs_same_moment: g, of other meals logged at the same moment · Source of the gamma curve
/// of absorption: Hovorka et al. 2004 (two compartments), time constants 30 and 50 minutes.
RichVector rich_features(const Meal& meal, const Levels& levels, const Analogues& alike,
                         std::span<const EarlierMeal> earlier, float carbs_same_moment);

}  // namespace glucose
