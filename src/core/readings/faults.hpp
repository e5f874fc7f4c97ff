// SPDX-License-Identifier: PostgreSQL
// What looks like a sensor's fault, looking back over any stretch of readings: by the rules that credibility.hpp
// applies at a moment.
#pragma once
#include <span>
#include <vector>

#include "core/readings/credibility.hpp"

namespace glucose {

enum class FaultKind : std::uint8_t { stuck, jump, two_sensors, compression_low };

/// From the first reading concerned to the one that ended it.
struct Fault {
  FaultKind kind;
  Micros begin, end;
  float from, to;     // mg/dL before it; the value that stayed, was jumped to, or was the lowest
  float strength;     // how far beyond the rule, 1 = just met; see faults_of()
  bool believed;      // jump: later readings agreed with it, and did not jump back within three hours
  Micros to_recover;  // compression low: from the lowest reading until three quarters were made up for; 0: were not
};

/// stuck: flat, and not at the edge of the sensor's range; strength: its readings, counted in the fewest that are flat.
/// jump: one that the rule finds, until glucose jumped back, but not where two sensors, a compression low or the end of
/// a stuck value explain it; strength: the change, counted in what a body can do, or in 15 % of the level where that is
/// less. two_sensors: while readings contradict each other; strength: how often, in the fewest that do, times 150 mg/dL
/// / the level above 150. compression_low: a fall from a steady hour, until glucose is back (at most a gap); strength:
/// the fall, counted in the smallest that is one. No fault is where there is no reading. in: points of one person by
/// time, of any length · out: by begin. O(N) for readings of any sensor.
std::vector<Fault> faults_of(std::span<const Point> points);

}  // namespace glucose
