// SPDX-License-Identifier: PostgreSQL
// Lows, highs and faults of the sensor put into simulated readings, with labels: what looking for them is measured by.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/simulation/sensor.hpp"

namespace glucose::sim {

struct PlantedLabel {
  enum class Kind : std::uint8_t { low, high, stuck, jump, two_sensors } kind;
  Micros begin, end;
};

struct Planted {
  std::vector<Reading> readings;
  std::vector<SensorSlot> slots;     // as the record's, with lows and highs but without faults
  std::vector<PlantedLabel> labels;  // by begin
};

/// Every day of a person's readings is cut into parts of four hours; each of five, in an order drawn for the day, gets
/// one of: a low (down to 45 to 62 mg/dL, there for 20 to 40 minutes, some 2.5 mg/dL a minute to come and to go), a
/// high (200 to 240), a stuck sensor (70 to 180 minutes), a single reading 40 to 120 mg/dL away, or another level 40 to
/// 120 mg/dL away for 30 to 90 minutes: two jumps. Every fifth day the sixth has a second sensor, 20 to 40 mg/dL away,
/// every five minutes between the readings of the first. in: the seed, the readings and the record of the sensor they
/// are of
Planted plant(std::uint64_t seed, std::span<const Reading> readings, const SensorRecord& record);

}  // namespace glucose::sim
