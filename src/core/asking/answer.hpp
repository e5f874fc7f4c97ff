// SPDX-License-Identifier: PostgreSQL
// A question and its answer, whatever is forecast. Shapes: K horizons.
#pragma once
#include <array>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/asking/kept.hpp"
#include "core/base/types.hpp"
#include "core/days/days.hpp"
#include "core/readings/sensor.hpp"

namespace glucose {

inline constexpr int kMostAnswers = 288;  // a day of five minutes
inline constexpr int kMostSeen = 160;
inline constexpr double kIntervalLevel = 0.9;

/// Which number is shown: the middle of what may happen, or what minimises squared errors; usual: the former, but where
/// a task says otherwise.
enum class Head : std::uint8_t { usual, median, mean };

/// What is asked at a moment. Where horizons are the model's own, `minutes` stays empty.
struct Question {
  Micros at = 0;
  LocalClock clock{};
  bool has_meal = false;
  Meal meal{};  // what is eaten then
  int n_minutes = 0;
  std::array<int, kMostAnswers> minutes{};
  double level = kIntervalLevel;
  Head head = Head::usual;
};

/// What was stored by then, as far back as the task's reach; sorted by time. There may be more of it, before and after:
/// an answer looks at nothing that was not known then.
struct Known {
  std::span<const Reading> readings;
  std::span<const Meal> meals;
  DayClock clock{};                      // of the readings' days
  Micros until = 0;                      // rows are all there up to then
  Kept* kept = nullptr;                  // what was worked out of them before; null: nothing is kept
  const DailyMaterial* daily = nullptr;  // null: not read, or none there are
};

/// What is to be expected at one horizon, in the task's unit.
struct Expected {
  int minutes_ahead;
  float value, lower, upper;              // lower <= value <= upper
  float mean;                             // what minimises squared errors
  std::array<float, 2> probability;       // of the task's events, in the order of Task::events
  float score;                            // probability that what happens is near the value
  bool limited;                           // the model said more or less than can be measured
  Confidence at_most = Confidence::high;  // lower where less is known of this horizon than of the whole answer
};

struct Answer {
  int n = 0;
  std::array<Expected, kMostAnswers> expected;  // [n]
  Confidence confidence = Confidence::low;
  SensorState sensor;
  int n_seen = 0;
  std::array<float, kMostSeen> seen;  // [n_seen] what the model looked at: what an answer's digest is of

  Confidence confidence_at(std::size_t k) const { return std::min(confidence, expected[k].at_most); }
};
static_assert(std::is_trivially_copyable_v<Question> && std::is_trivially_copyable_v<Answer>);

}  // namespace glucose
