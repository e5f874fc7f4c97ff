// SPDX-License-Identifier: PostgreSQL
// What glucose did after a meal.
#pragma once
#include <span>

#include "core/base/types.hpp"

namespace glucose {

inline constexpr int kResponseMin = 120, kResponseStepMin = 5;
/// Of the minutes after a meal so many must have been measured for a response to be known.
inline constexpr double kKnownShare = 0.75;

/// The two hours after a meal, seen afterwards. NaN: not known.
struct MealResponse {
  float level = kUnknown;         // mg/dL, when it was eaten
  float area = kUnknown;          // mg/dL·min above that level; what is below it does not count
  float in_range_pct = kUnknown;  // of the time, 70 to 180 mg/dL
  float peak = kUnknown;          // mg/dL, the highest
  int peak_min = 0;               // after the meal; of equals the first
  bool is_known() const;
};
static_assert(std::is_trivially_copyable_v<MealResponse>);

/// in: one person's readings, sorted by time · Glucose is outcome_at() every five minutes. Known is a response whose
/// level is, and three quarters of the steps after it; those not known count as the mean of the others.
/// Source: the incremental area of Wolever and Jenkins, Am J Clin Nutr 1986;43:167 (what is below does not count).
MealResponse response_to(std::span<const Reading> readings, Micros eaten_at);

}  // namespace glucose
