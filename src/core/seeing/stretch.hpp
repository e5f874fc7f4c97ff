// SPDX-License-Identifier: PostgreSQL
// A stretch of readings, and how much time each of them stands for.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace glucose {

/// One reading as statistics want it.
struct SensorValue {
  Micros at;
  float mg_dl;
};
static_assert(std::is_trivially_copyable_v<SensorValue>);

/// Sorts by time, then value, and takes out what is there twice. The first `sorted` are so already.
/// out: how many are left, at the front. Settled parts that are put together and settled again are as the whole.
std::size_t settle(std::span<SensorValue> samples, std::size_t sorted);

/// A moment of a stretch: what was measured and how long it counts.
struct StretchPoint {
  Micros at;
  double mg_dl;
  Micros covers;
  bool ends;  // what comes next is behind a gap, or nothing
};

/// Readings with the time that each covers: until the next, where that comes within `longest_step`, else (before a gap
/// and at the end) the usual step, and never past the end. The usual step is the lower median of the distances, at most
/// kLongestStep (as for days, core/days/glucose_day.hpp); longest_step is kLongestStep, or one and a half usual steps
/// where that is longer, since a sensor of every 15 minutes is a minute late at times.
struct Stretch {
  std::vector<StretchPoint> points;
  Micros usual_step = 0, longest_step = 0;
  Micros begin = 0, end = 0;  // of the period asked for; of the readings where none was
  Micros covered = 0;

  /// The first point at or after a moment; their number when there is none.
  std::size_t first_from(Micros at) const;
  /// The points of [from, until).
  std::span<const StretchPoint> between(Micros from, Micros until) const;
};

/// What a period is where none is given: from the first reading to what the last one covers.
inline constexpr Micros kFromFirst = std::numeric_limits<Micros>::min();
inline constexpr Micros kToLast = std::numeric_limits<Micros>::max();

/// in: settled samples, of which those of [begin, end) count; several of one moment count as one, their mean.
Stretch stretch_of(std::span<const SensorValue> samples, Micros begin = kFromFirst, Micros end = kToLast);

}  // namespace glucose
