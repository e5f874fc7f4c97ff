// SPDX-License-Identifier: PostgreSQL
// The one place that says what a window is turned into. Columns are of about unit size, so that one penalty does.
#pragma once
#include "core/tasks/cgm/schema.hpp"

namespace glucose {

/// What a level is counted from, and the units of levels and of differences, mg/dL.
inline constexpr float kCgmLevelCentre = 110, kCgmLevelUnit = 30, kCgmDifferenceUnit = 20;

/// What the heads are linear in, P columns:
/// 23 earlier values of the last two hours minus the last one (20 mg/dL) · the last one (from 110, 30 mg/dL) · 1 ·
/// 6 of the longer past: means of 6 and 12 hours, least and most of 3 and 12 hours, minus the last one ·
/// 20 products of level, slopes over 5, 15, 30 and 60 minutes, and the variation of the last hour, each limited by tanh
/// · 23: the last hour's values times the variation of two hours, times the level, and that variation · 4 logarithms of
/// the SD over 30, 60, 120 minutes and 12 hours · 4 of the clock: two daily harmonics. in: minute of the person's day,
/// 0 … 1439
CgmColumns cgm_columns(const CgmWindow& window, int minute_of_day);

/// A person's correction is linear in few directions of those columns: 1, level, 6-hour mean, slopes over 5, 15 and 30
/// minutes. Each is one column times a factor.
struct CgmOwnColumn {
  std::size_t column;
  float factor;
};
extern const std::array<CgmOwnColumn, kCgmOwnColumns> kCgmOwn;

/// What boosted trees see of those columns: those their splits cannot make themselves. 9 earlier values (5, 10, 15, 20,
/// 30, 45, 60, 90 and 115 minutes before the last one) · the last one · the 6 of the longer past · the logarithms of
/// the SD · the clock.
extern const std::array<std::size_t, 24> kCgmTreeSees;

/// What the logarithm of the spread of the residuals is linear in: 1, log(1 + change over 15 minutes), log(1 + SD) of
/// one and of two hours, log(level), distance of the level from 120 (100 mg/dL). known: values of the window that tell
/// how much glucose varies; when they are few, the oldest of them stands in for what was before.
CgmSpreadColumns cgm_spread_columns(const CgmWindow& window, std::size_t known = kCgmWindow);

}  // namespace glucose
