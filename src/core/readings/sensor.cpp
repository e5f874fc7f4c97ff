// SPDX-License-Identifier: PostgreSQL
#include "core/readings/sensor.hpp"

#include <cmath>

#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

constexpr int kEnoughReadings = 8;
constexpr float kSteadySd = 30.0F, kVariableSd = 60.0F;  // mg/dL
constexpr Micros kWindow = kSensorSteps * kSensorStepMin * kMinute;

void describe_window(std::span<const float, kSensorSteps> window, SensorState& state) {
  float sum = 0, squares = 0;
  for (const float value : window) {
    if (std::isnan(value)) continue;
    ++state.readings_used;
    sum += value;
  }
  const auto n = static_cast<float>(state.readings_used);
  if (state.readings_used < 2) return;
  for (const float value : window)
    if (!std::isnan(value)) squares += (value - sum / n) * (value - sum / n);
  state.sd_mg_dl = std::sqrt(squares / (n - 1));
}

}  // namespace

SensorState assess_sensor(std::span<const float, kSensorSteps> window, std::uint8_t issues,
                          std::span<const Reading> readings, Micros at) {
  SensorState state;
  state.issues = issues;
  describe_window(window, state);
  int in_window = 0;
  for (std::size_t i = readings.size(); i-- > 0;) {
    const Reading& r = readings[i];
    if (r.measured_at > at || r.recorded_at > at) continue;
    if (!state.has_last) {
      state.has_last = true;
      state.last_reading_at = r.measured_at;
    }
    if (r.measured_at < at - kWindow) break;
    ++in_window;
  }
  if (!state.has_last || at - state.last_reading_at > kReachOfReading) state.issues |= kStale;
  if (in_window == 1) state.issues |= kSingleReading;
  if (state.readings_used < kSensorSteps) state.issues |= kGaps;
  return state;
}

SensorState assess_sensor(std::span<const Reading> readings, Micros at) {
  SensorWindow window;
  const BelievedReadings believed(readings, at);
  glucose_window(believed.readings(), at, kSensorStepMin * kMinute, window);
  return assess_sensor(window, believed.issues(), readings, at);
}

Confidence confidence_of(const SensorState& sensor) {
  const bool has_issue = (sensor.issues & ~kGaps) != 0;
  if (has_issue || sensor.readings_used < kEnoughReadings || !(sensor.sd_mg_dl <= kVariableSd)) return Confidence::low;
  const bool complete = sensor.readings_used == kSensorSteps, steady = sensor.sd_mg_dl < kSteadySd;
  return complete && steady ? Confidence::high : Confidence::medium;
}

}  // namespace glucose
