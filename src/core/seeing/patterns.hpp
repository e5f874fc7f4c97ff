// SPDX-License-Identifier: PostgreSQL
// What is really different for a person: times of day, days of the week, kinds of meals, days after something.
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "core/days/days.hpp"
#include "core/math/signed_rank.hpp"
#include "core/seeing/stretch.hpp"

namespace glucose {

enum class PatternKind : std::uint8_t { time_of_day, weekday, meal_type, after_effect };
inline constexpr std::array<const char*, 4> kPatternKindNames{"time_of_day", "weekday", "meal_type", "after_effect"};

/// Night, morning, afternoon, evening: six hours each of the person's clock, the night from midnight.
inline constexpr int kDayParts = 4;
/// Of PatternKind::weekday, beside 0 = Sunday to 6.
inline constexpr int kWeekend = 7, kWorkdays = 8, kDaysAround = 9;

/// A metric of days, and how many days later glucose is looked at. Sleep is of the day of waking.
struct AfterMetric {
  std::string_view metric;
  int days_later;
};
inline constexpr std::array<AfterMetric, 3> kAfterMetrics{
    {{"SLEEP_DURATION", 0}, {"STEPS", 1}, {"WORKOUT_DURATION", 1}}};
/// Of PatternKind::after_effect: the third of the days with the least and with the most of a metric.
constexpr int least_of(std::size_t metric) {
  return static_cast<int>(2 * metric);
}
constexpr int most_of(std::size_t metric) {
  return static_cast<int>(2 * metric + 1);
}

/// What is known of D days in a row. Days are numbered as in days.hpp.
struct DaysSeen {
  std::int32_t first_day = 0;
  std::span<const Micros> parts;  // [4 D + 1] when the parts of the days begin, and the end of the last
  const Stretch* stretch = nullptr;
  std::span<const Meal> meals;                                        // by time, lines put together
  std::array<std::span<const float>, kAfterMetrics.size()> before{};  // [D] each day's, as many days before; or empty

  int n() const { return parts.empty() ? 0 : static_cast<int>((parts.size() - 1) / kDayParts); }
};

/// One thing held against another. What each is depends on the kind.
struct Pattern {
  PatternKind kind;
  int what, than;
  PairedShift shift;  // mg/dL, what less than
  double rate;        // false-discovery rate over all that was asked
  bool is_found;
};

/// With fewer pairs no difference is beyond chance among so many that are asked.
inline constexpr int kFewestPatternPairs = 9;
/// What may be wrong of what is found.
inline constexpr double kFalsePatterns = 0.03;
/// Less is no difference that a sensor or a person would notice, mg/dL.
inline constexpr double kLeastPattern = 5;
/// After a meal is so long from its beginning.
inline constexpr Micros kAfterMeal = 120 * kMinute;

/// All comparisons with enough pairs, what is found first, the largest first; of two times or meals the higher is
/// `what`. Times of day are compared within a day, and so are meals (the mean of those of a kind); the days of the week
/// with the days up to three around them; days after much of something with the nearest within a week after little of
/// it. A part of a day, a day and the time after a meal count when readings cover 70 % of them.
std::vector<Pattern> patterns_of(const DaysSeen& seen);

}  // namespace glucose
