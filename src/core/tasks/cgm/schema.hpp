// SPDX-License-Identifier: PostgreSQL
// The shapes of the forecast from readings alone. Everything learnt depends on them: whoever changes one changes the
// schema's name. Shapes: W window values, K horizons, P columns, S columns of the spread.
#pragma once
#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "core/readings/credibility.hpp"

namespace glucose {

inline constexpr std::string_view kCgmSchema = "cgm144/3";

/// A sensor's rhythm: window values and horizons are this far apart.
inline constexpr int kCgmStepMin = 5;
inline constexpr Micros kCgmStep = kCgmStepMin * kMinute;
/// Readings farther apart than this belong to two series: nothing is interpolated between them.
inline constexpr Micros kCgmGap = kSeriesGap;

inline constexpr std::size_t kCgmWindow = 144;       // W: the last reading and almost twelve hours before it
inline constexpr std::size_t kCgmLags = 24;          // of them, the last two hours are looked at one by one
inline constexpr std::size_t kCgmLeastKnown = 36;    // and so many must be known to learn from a window
inline constexpr std::size_t kCgmHorizons = 24;      // K: 5, 10, … 120 minutes after the last reading
inline constexpr std::size_t kCgmColumns = 82;       // P
inline constexpr std::size_t kCgmOwnColumns = 6;     // what a person's correction is linear in
inline constexpr std::size_t kCgmSpreadColumns = 6;  // S
/// How wide a forecast is when less than kCgmLeastKnown values are known is learnt apart, for windows of so many values
/// and more: the oldest known one stands in for the rest, and looks calm.
inline constexpr std::array<std::size_t, 6> kCgmFewKnown{1, 2, 4, 7, 13, 24};
inline constexpr int kCgmLongestMin = kCgmStepMin * static_cast<int>(kCgmHorizons);

constexpr int cgm_minutes(std::size_t horizon) {
  return kCgmStepMin * (static_cast<int>(horizon) + 1);
}

static_assert(kJudged == static_cast<Micros>(kCgmWindow - 1) * kCgmStep + kCgmGap);

using CgmWindow = std::array<float, kCgmWindow>;                // mg/dL, oldest first; the last one is a reading
using CgmTargets = std::array<float, kCgmHorizons>;             // mg/dL, NaN where the outcome is not known
using CgmColumns = std::array<float, kCgmColumns>;              // what a head is linear in
using CgmSpreadColumns = std::array<float, kCgmSpreadColumns>;  // what the logarithm of the spread is linear in

}  // namespace glucose
