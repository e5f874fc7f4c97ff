// SPDX-License-Identifier: PostgreSQL
// What of the readings before a moment can be believed: one rule for meals and for readings alone, in training as in
// serving. Nothing that came after the moment counts.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace glucose {

/// What may be wrong with the readings before a forecast; each is named in the provenance.
enum SensorIssue : std::uint8_t {
  kStale = 1,
  kFlat = 2,
  kSingleReading = 4,
  kGaps = 8,
  kJump = 16,
  kContradictory = 32,
  kAtLimit = 64,
  kCompressionLow = 128
};

/// A moment's reading; several of one moment are averaged.
struct Point {
  Micros at;
  float mg_dl;
  float apart = 0;  // the highest of them less the lowest
};

/// Readings farther apart than this belong to two series.
inline constexpr Micros kSeriesGap = 45 * kMinute;
/// How far back readings are judged.
inline constexpr Micros kJudged = 715 * kMinute + kSeriesGap;

/// Points of readings sorted by time, only those measured and recorded by `known_at` and measured after `since`.
std::vector<Point> points_of(std::span<const Reading> readings, Micros since, Micros known_at);

/// Whether something about point i must be looked at more closely; false for a sensor that reports every 5 minutes or
/// less often and whose values are within its range and change as a body's do.
bool is_suspicious(std::span<const Point> points, std::size_t i);

struct Credibility {
  std::uint8_t issues = 0;    // kFlat; kJump, kContradictory, kAtLimit, kCompressionLow: of the last hour
  std::vector<Point> points;  // what is believed, oldest first; the last is where a forecast starts
  float doubt_mg_dl = 0;      // what is added to the spread of a forecast, in quadrature
  Micros known_since;         // what was before says nothing of how much glucose varies now
  int limit = 0;              // the last reading is at the upper (1) or the lower (-1) edge of the sensor's range
};

/// Jump: a change of more than 5 mg/dL a minute (and more than 15). A reading that jumps waits for a second one that
/// agrees with it: when the next agrees with those before, it is dropped; when the next agrees with it, it is believed,
/// and after a jump of more than 12.5 mg/dL a minute (a calibration, another sensor) what was before is moved onto the
/// new level. While it waits, the forecast starts from between the two levels: at 0.9 of the way when it came in the
/// sensor's rhythm, at 0.5 when it did not or jumped by more than 12.5 mg/dL a minute, at 0.1 when both. What was
/// before is moved along, so nothing of the jump is taken for a slope.
/// Contradictory: three such readings dropped within an hour, or four reversals of 10 mg/dL and more within 90 minutes,
/// or three moments of an hour with readings 15 mg/dL apart: two sensors, a series stored twice, a sensor that
/// alternates. Readings are then averaged in pairs.
/// At limit: 40 and below, 400 and 401, or a value above them that is repeated. The true value lies somewhere beyond;
/// no forecast goes on beyond such a last reading.
/// Flat: the newest value has not changed for an hour or more, over at least 4 readings.
/// Compression low: a fall of 25 mg/dL and more within 16 minutes to below 70 after a steady hour. Half is believed.
/// Readings less than 4 minutes apart are averaged, back from the last one.
/// in: points of one person [N >= 1], at most kJudged back
Credibility judge(std::span<const Point> points);

/// The readings of the last hours as they are believed, for who asks by time.
class BelievedReadings {
 public:
  /// in: readings sorted by time; they must outlive this
  BelievedReadings(std::span<const Reading> readings, Micros at);
  BelievedReadings(const BelievedReadings&) = delete;
  BelievedReadings& operator=(const BelievedReadings&) = delete;
  /// Those given, when there is nothing about them; else those of the last hours only.
  std::span<const Reading> readings() const { return readings_; }
  float doubt_mg_dl() const { return doubt_mg_dl_; }
  std::uint8_t issues() const { return issues_; }

 private:
  std::vector<Reading> own_;
  std::span<const Reading> readings_;
  float doubt_mg_dl_ = 0;
  std::uint8_t issues_ = 0;
};

}  // namespace glucose
