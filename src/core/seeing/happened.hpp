// SPDX-License-Identifier: PostgreSQL
// What happened in a stretch of readings, and when: lows, highs, rises and falls, meals, and the sensor's own faults.
#pragma once
#include <string>
#include <string_view>

#include "core/readings/faults.hpp"
#include "core/seeing/summary.hpp"

namespace glucose {

enum class Happened : std::uint8_t {
  low,
  very_low,
  nocturnal_low,
  high,
  very_high,
  rapid_rise,
  rapid_fall,
  spike,
  unlogged_meal,
  gap,
  warm_up,
  stuck,
  jump,
  two_sensors,
  compression_low
};
inline constexpr std::array<std::string_view, 15> kHappenedNames{
    "low",           "very_low", "nocturnal_low", "high",  "very_high", "rapid_rise",  "rapid_fall",     "spike",
    "unlogged_meal", "gap",      "warm_up",       "stuck", "jump",      "two_sensors", "compression_low"};

/// What is asked for. As given: limits of the consensus; 2 mg/dL a minute; a rise of 50 mg/dL.
struct HappenedRules {
  Targets targets;
  double rapid_per_min = 2;  // mg/dL a minute over a quarter of an hour
  double spike = 50;         // mg/dL above the level at the meal
};

/// Levels in mg/dL, NaN where there is none to be said.
struct Happening {
  Happened kind;
  Micros begin, end;
  double extreme =
      kUnknown;  // the lowest or highest reading of it; of a jump where it went, of a stuck sensor where it stayed
  double rate = kUnknown;     // mg/dL a minute: the steepest quarter of an hour; of lows and highs that before it
  double certainty = 1;       // 0 … 1, see happened()
  double from = kUnknown;     // the level before it
  Micros extreme_at = 0;      // when that was; 0: not said
  Micros above_high = 0;      // spike: how long above the high limit
  Micros raised = 0;          // spike: how long above the middle between level and peak
  int meal = -1;              // spike: which of the meals began it
  int n_meals = 0;            // spike: how many were eaten together, within half an hour of each other
  bool is_prolonged = false;  // low: two hours or more
  bool is_believed = false;   // jump: later readings agreed with it
};

/// Lows and highs are episodes_of() at the limits; a nocturnal low is one that has a part between midnight and six by
/// the person's clock, named a second time. Rapid: the least-squares slope of a quarter of an hour. A spike is the
/// highest reading within three hours after a meal, or until the next one, so far above the level at the meal. An
/// unlogged meal is a rise of that height, of which half an hour is as steep as a meal's, where no meal was logged in
/// the hour before it or during it. A gap is the stretch's; a warm-up is a gap of 25 to 150 minutes after which
/// readings come in another rhythm of the clock. Faults are faults_of(). Readings that are taken for faults make no
/// rise, fall or meal.
///
/// Certainty: of gaps 1; of lows and highs 1 less the share of their time that is in faults, times those faults' own;
/// of all else 1 - 2^(-strength): half where the rule is just met, three quarters at twice of it. Strength is halved
/// for a compression low that was not made up for within an hour, and again by day; that of a spike is multiplied by
/// the share of its time that readings cover, that of a meal nobody logged halved when it began below
/// the low limit or at night.
/// A warm-up has 0.6, or 0.9 when it took about half an hour, one hour or two.
/// in: readings of one person by time; meals by time; the person's clock · out: by begin, then kind. O(N) for readings
/// of any sensor
std::vector<Happening> happened(std::span<const Reading> readings, std::span<const Meal> meals, const DayClock& clock,
                                const HappenedRules& rules);

/// In a sentence, in English or German, with levels in a unit. Says what was measured, and nothing of causes or care.
std::string in_words(const Happening& happening, const HappenedRules& rules, GlucoseUnit unit, bool german);

}  // namespace glucose
