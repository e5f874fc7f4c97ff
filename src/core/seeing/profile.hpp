// SPDX-License-Identifier: PostgreSQL
// The ambulatory glucose profile: a usual day, made of many.
#pragma once
#include <array>
#include <span>
#include <vector>

namespace glucose {

/// A level and the minute of the day at which it was measured, by the person's clock.
struct ClockSample {
  int minute_of_day;
  float mg_dl;
};

inline constexpr std::array<double, 5> kProfileShares{0.05, 0.25, 0.5, 0.75, 0.95};

/// A part of the day. NaN where it has no reading.
struct ProfilePart {
  int minute_of_day = 0;                            // at which it begins
  std::array<double, kProfileShares.size()> mg_dl;  // percentiles, as measured: not smoothed
  int n = 0;                                        // readings
};

/// in: readings in any order, minutes a part of the day has (a divisor of 1440) · out: all parts of the day in order
/// Percentiles are interpolated between order statistics (type 7 of Hyndman and Fan 1996; percentile_cont()).
/// Source: Bergenstal et al., Diabetes Technol Ther 2013;15:198; Battelino et al., Diabetes Care 2019;42:1593.
std::vector<ProfilePart> profile_of(std::span<const ClockSample> samples, int part_min);

}  // namespace glucose
