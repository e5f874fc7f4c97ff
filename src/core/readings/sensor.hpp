// SPDX-License-Identifier: PostgreSQL
// What the sensor's readings before a moment are worth, and how sure a forecast from them can be: one rule for all.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "core/readings/credibility.hpp"

namespace glucose {

enum class Confidence : std::uint8_t { low, medium, high };
inline constexpr std::array<const char*, 3> kConfidenceNames{"low", "medium", "high"};

struct SensorIssueName {
  SensorIssue issue;
  const char* name;
};
inline constexpr std::array<SensorIssueName, 8> kSensorIssueNames{{{kStale, "stale"},
                                                                   {kFlat, "flat"},
                                                                   {kSingleReading, "single_reading"},
                                                                   {kGaps, "gaps"},
                                                                   {kJump, "jump"},
                                                                   {kContradictory, "contradictory"},
                                                                   {kAtLimit, "at_limit"},
                                                                   {kCompressionLow, "compression_low"}}};

/// The window that is looked at: a value every quarter of an hour, up to the moment.
inline constexpr int kSensorSteps = 12, kSensorStepMin = 15;
using SensorWindow = std::array<float, kSensorSteps>;  // mg/dL, oldest first, NaN: not known

/// The sensor's state at a moment, from the readings known then.
struct SensorState {
  int readings_used = 0;       // of the window's values, how many are known
  float sd_mg_dl = kUnknown;   // sample SD of the known ones
  bool has_last = false;       // is there any reading to start from
  Micros last_reading_at = 0;  // valid when has_last
  std::uint8_t issues = 0;     // SensorIssue bits
};

/// stale: no reading for more than 15 minutes; single_reading: only one in the window's reach; gaps: a window value is
/// not known; the others as judge() says. in: the window of the readings as they are believed; what judge() says; all
/// readings
SensorState assess_sensor(std::span<const float, kSensorSteps> window, std::uint8_t issues,
                          std::span<const Reading> readings, Micros at);
/// The same from the readings alone.
SensorState assess_sensor(std::span<const Reading> readings, Micros at);

/// high: all 12 values known and their SD below 30 mg/dL. medium: 8 values or more, and SD up to 60. low: fewer, more
/// variable, or a sensor issue other than gaps (which the number of values speaks for).
Confidence confidence_of(const SensorState& sensor);

}  // namespace glucose
