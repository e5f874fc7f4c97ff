// SPDX-License-Identifier: PostgreSQL
// What the coming days bring if they are like the person's last ones.
#pragma once
#include <array>
#include <vector>

#include "core/seeing/stretch.hpp"

namespace glucose {

/// What is expected: of a period of 24 hours the mean and shares of the time, or the level at a moment.
enum class Measure : std::uint8_t { mean, in_range_pct, below_70_pct, level };
inline constexpr std::array<const char*, 4> kMeasureNames{"mean", "in_range_pct", "below_70_pct", "level"};

/// Whether it is percent of the time; else it is a level.
constexpr bool is_share(Measure measure) {
  return measure == Measure::in_range_pct || measure == Measure::below_70_pct;
}

/// A value, mg/dL or percent, and where the one to come lies nine times in ten.
struct ExpectedDay {
  int n = 0;  // days that it is made of
  double expected, lower, upper;
};

inline constexpr int kMostOutlookDays = 3, kOutlookPast = 30, kFewestOutlookDays = 3;
inline constexpr double kOutlookLevel = 0.9;

/// The same measure of a past period, that ended `age` days (0 …) before now.
struct PastValue {
  int age;
  double value;
};

/// in: past values, at least kFewestOutlookDays; how many days ahead, 1 … kMostOutlookDays
/// Expected is their mean with weights that fall by 15 % a day, by 10 and 8 % for two and three days ahead. The
/// interval is Student's for one more value, on a scale on which days of high and of low levels vary alike (logarithm;
/// arc sine of the root of a share); the variance is drawn to a usual one as by three days, and wider by 5 % a day. Of
/// shares near 0 or 100 % it is the shortest that ends there.
ExpectedDay day_outlook_of(Measure measure, std::span<const PastValue> past, int days_ahead);

/// Of each measure but levels, the values of the 24 hours before `at`, of those before them, and so on; of those that
/// readings cover to 70 %.
std::array<std::vector<PastValue>, 3> past_days(const Stretch& stretch, Micros at);

/// The levels at a moment of the coming 24 hours on the days before: of the nearest reading within 15 minutes.
std::vector<PastValue> past_levels(const Stretch& stretch, Micros at, Micros ahead);

}  // namespace glucose
