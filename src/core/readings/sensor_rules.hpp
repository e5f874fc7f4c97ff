// SPDX-License-Identifier: PostgreSQL
// The rules by which a sensor's readings are doubted, one by one: for credibility.cpp, which asks at a moment, and
// faults.cpp, which looks back.
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "core/readings/credibility.hpp"

namespace glucose::sensor_rules {

// Jumps.
inline constexpr float kFastest = 5, kLeastJump = 15;  // mg/dL a minute; mg/dL, below which it may be noise
inline constexpr float kFarJump = 2.5F;                // times what is possible
inline constexpr float kDoubtShare = 0.25F;            // of what is doubtful, as a spread
// Contradictions.
inline constexpr int kDropped = 3, kReversals = 4, kMomentsApart = 3;
inline constexpr Micros kDroppedWithin = 60 * kMinute, kApartWithin = 60 * kMinute, kReversalsWithin = 90 * kMinute;
inline constexpr Micros kShortestReversal = 2 * kMinute,
                        kLongestReversal = 20 * kMinute;  // within a minute it is noise
// Averages: a sensor's five minutes, with its jitter.
inline constexpr Micros kDense = 4 * kMinute;
// A stuck sensor.
inline constexpr int kFlatReadings = 4;
inline constexpr Micros kFlatSpan = 60 * kMinute, kFlatWithin = 180 * kMinute;
// The edges of a sensor's range.
inline constexpr float kLowEdge = 40, kHighEdge = 400, kHighCode = 401;
// Compression lows.
inline constexpr float kLeastFall = 25, kFallEnds = 75;

using Points = std::span<const Point>;

inline float minutes_of(Micros span) {
  return static_cast<float>(span) / static_cast<float>(kMinute);
}

/// A change, counted in what a body can do in the time between.
inline float in_possible(const Point& a, const Point& b) {
  return std::abs(b.mg_dl - a.mg_dl) / std::max(kFastest * minutes_of(b.at - a.at), kLeastJump);
}
inline bool is_possible(const Point& a, const Point& b) {
  return in_possible(a, b) <= 1;
}

bool is_at_limit(Points points, std::size_t i);
bool is_reversal(Points points, std::size_t i);
/// Whether the value at i has not changed for an hour or more.
bool is_flat(Points points, std::size_t i);
/// The highest point from which `i` has fallen.
std::optional<std::size_t> fallen_from(Points points, std::size_t i);
/// The same when the hour before the fall was steady: pressure on the sensor, perhaps.
std::optional<std::size_t> pressed_from(Points points, std::size_t i);
/// Averages of readings less than 4 minutes apart, of `least` at least, back from the last one.
std::vector<Point> averaged(Points points, std::size_t least);

/// A reading that the ones before it do not allow.
struct Jump {
  Micros at, settled_at;  // when a second one agreed with it or with those before
  float from, to;
  float strength;  // the change, counted in what a body can do
  bool far, believed;
};

/// Goes through the points once: what is believed, what waits for a second reading.
class Walk {
 public:
  /// How what was before a far jump is seen: on the level that came with it, or as it was measured.
  enum class Before : bool { moved, as_it_was };
  explicit Walk(Points points, Before before);
  std::vector<Point> believed;
  float doubt = 0;
  std::vector<Jump> jumps;
  std::vector<Micros> dropped;             // readings that nothing agreed with
  std::optional<Micros> level_came_with_;  // the last jump that was believed, and moved what was before

 private:
  void look(const Point& p);
  void drop(Micros settled_at);
  void believe();
  void move_series(float by);
  void start_between();

  Points points_;
  Before before_;
  std::size_t next_ = 0, series_ = 0;  // of points_; where the series of the last believed one begins
  std::vector<Point> waiting_;
  bool far_ = false, in_rhythm_ = true;  // of the one that waits
};

}  // namespace glucose::sensor_rules
