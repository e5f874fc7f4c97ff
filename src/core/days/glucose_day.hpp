// SPDX-License-Identifier: PostgreSQL
// What the readings of a day say of it.
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "core/base/types.hpp"

namespace glucose {

/// A day whose readings cover at least this share of it has daily values.
inline constexpr double kDayCovered = 0.7;
/// A sensor has a value at least so often.
inline constexpr Micros kLongestStep = 15 * kMinute;

/// All NaN when the day is not covered. mg/dL and percent of the readings.
struct GlucoseDay {
  int n = 0;                                             // readings known
  Micros known_at = std::numeric_limits<Micros>::min();  // when the last of them was recorded
  double covered = 0;                                    // 0 … 1
  float mean = kUnknown, sd = kUnknown, in_range = kUnknown, below_70 = kUnknown;
  bool is_known() const { return covered >= kDayCovered; }
};

/// in: readings by time; those of [begin, end) that were known at as_of count. Expected is one every usual step, the
/// lower median of the day's own, at most kLongestStep. SD of the sample; in range is 70 to 180 mg/dL, both included
GlucoseDay glucose_day(std::span<const Reading> readings, Micros begin, Micros end, Micros as_of);

/// The metrics that readings make, and the value of each; -1: a metric that they do not make.
inline constexpr int kGlucoseMetrics = 4;
inline constexpr std::array<std::string_view, kGlucoseMetrics> kGlucoseMetricNames{
    "GLUCOSE_MEAN", "GLUCOSE_SD", "GLUCOSE_TIME_IN_RANGE", "GLUCOSE_BELOW_70"};
int glucose_metric_of(std::string_view metric);
float value_of(const GlucoseDay& day, int glucose_metric);

}  // namespace glucose
