// SPDX-License-Identifier: PostgreSQL
// What a model of yes or no is told of a moment. Letters: P columns, T steps of a sequence, F values of a step.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/tasks/event/rule.hpp"

namespace glucose {

/// Whether it is so at the moment itself: what persistence goes by.
enum class EventState : std::uint8_t { no, yes, unknown };
inline constexpr std::size_t kEventStates = 3;
inline EventState state_of(EventTruth truth) {
  return !truth ? EventState::unknown : *truth ? EventState::yes : EventState::no;
}

/// NaN: not known.
struct EventLook {
  std::vector<float> x;         // [P]
  std::vector<float> sequence;  // [T × F]
  EventState state = EventState::unknown;
};

/// Which columns a rule has, by name; several columns of one thing share one.
struct EventColumns {
  explicit EventColumns(const EventRule& rule);

  std::vector<std::string_view> names;       // [P], of static storage
  std::vector<std::string_view> step_names;  // [F]
  int steps = 0;                             // T

  std::size_t columns() const { return names.size(); }
  std::size_t sequence_size() const { return static_cast<std::size_t>(steps) * step_names.size(); }
};

/// Of each metric of a rule about evenings, in SDs of the person's own baseline.
enum EventMetricColumn : int {
  kToday,
  kYesterday,
  kTwoDaysAgo,
  kThreeDays,   // mean
  kWindowMean,  // of the window, as all that follow
  kWindowMin,
  kWindowMax,
  kWindowTrend,  // SDs a day
  kWindowSpread,
  kWindowRecent,    // exponentially weighted, by a half a day
  kWindowKnown,     // share of days
  kBaselineSpread,  // SD by mean of the baseline
  kEventMetricColumns
};
/// After the metrics and twice the 51 features: whether it is so over the last days, as many as the horizon has, and
/// today; how often it was so of the last moments whose outcomes are known, and of how many.
enum EventOwnColumn : int { kSoLately, kSoToday, kOwnRate, kOwnMoments, kEventOwnColumns };

/// Columns of a meal, before those of the grid of readings before it.
enum EventMealColumn : int {
  kLastReading,
  kReadingAge,
  kSlope15,
  kSlope30,
  kSlope60,
  kMeanHour,
  kSpreadHour,
  kMeanThree,
  kSpreadThree,
  kMinThree,
  kMaxThree,
  kMeanDay,
  kSpreadDay,
  kMealCalories,
  kMealCarbs,
  kMealProtein,
  kMealFat,
  kMealFiber,
  kCarbsToUsual,
  kHourSin,
  kHourCos,
  kTwiceHourSin,
  kTwiceHourCos,
  kBreakfast,
  kLunch,
  kDinner,
  kSnack,
  kSinceMeal,
  kCarbsThree,
  kMonthMean,
  kMonthSpread,
  kMonthHigh,
  kMonthLow,
  kMealRate,
  kMealTypeRate,
  kEventMealColumns
};
/// Values of a step of a meal's sequence: the reading, carbohydrate eaten in the step, then of the meal and the clock.
inline constexpr int kEventMealStep = 9;
inline constexpr int kEventStepMin = 15;

}  // namespace glucose
