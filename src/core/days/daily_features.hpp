// SPDX-License-Identifier: PostgreSQL
// The 51 features of 'daily51/1': what can be said at the end of a day of that day and of the days before it.
#pragma once
#include "core/days/daily_schema.hpp"
#include "core/days/days.hpp"

namespace glucose {

/// How far the features of a day look back: the calendar should begin so many days before it.
inline constexpr int kDailyReach = 31;

/// The features of one day, of nothing after it and of nothing that was not known when the table is of.
/// in: a table whose calendar holds the day and, as far as they are known, kDailyReach days before it
DailyVector daily_features(const DayTable& table, std::int32_t day);

/// The same as of the end of the day.
DailyVector daily_features(const DailyMaterial& material, std::int32_t day);

/// Days since the metric to forecast was known last, at most 14.
int gap_days(const DayTable& table, std::int32_t day);

}  // namespace glucose
