// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <span>
#include <string_view>

namespace glucose {

inline constexpr std::string_view kFeatureSchema = "meal28/1";
inline constexpr int kFeatures = 28;
inline constexpr int kHistorySteps = 12;    // glucose at eaten_at - 165 … - 0 minutes
inline constexpr int kHistoryStepMin = 15;  // minutes between two of them

/// First index of each group in a feature vector.
enum FeatureGroup : int { kNutrition = 0, kMealTypeOneHot = 5, kClock = 9, kHistory = 13, kBaseline = 25 };

using FeatureVector = std::array<float, kFeatures>;

/// The glucose values of a vector, oldest first.
inline std::span<const float, kHistorySteps> history_of(const FeatureVector& x) {
  return std::span<const float>(x).subspan<kHistory, kHistorySteps>();
}

struct FeatureInfo {
  std::string_view name, unit;
  float low, high;          // range, both ends allowed
  bool nullable;            // may be unknown (NaN here, NULL in SQL)
  std::string_view source;  // the column or rule it comes from
};

/// The one table of the schema 'meal28/1', in the contract's order.
extern const std::array<FeatureInfo, kFeatures> kFeatureTable;

/// Throws Error: bad_argument when an obligatory feature is unknown, out_of_range when one is not finite or outside
/// its range. The message names the feature, never its value.
void validate(const FeatureVector& features);

}  // namespace glucose
