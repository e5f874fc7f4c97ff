// SPDX-License-Identifier: PostgreSQL
// The readings of tests/reference/statistics.txt, made as make_statistics_reference.py makes them.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/seeing/stretch.hpp"

namespace glucose {

struct SimulatedStretch {
  std::int64_t seed;
  int n, step_min, gap_of, jitter_s, swing;
};

inline std::vector<SensorValue> samples_of(const SimulatedStretch& how) {
  std::int64_t state = how.seed;
  const auto draw = [&state] { return state = state * 48271 % 2147483647; };
  std::vector<SensorValue> samples;
  Micros at = 0;
  double level = 140;
  for (int i = 0; i < how.n; ++i) {
    level += static_cast<double>(draw() % 2001) / 100 - 10;
    level += (140 - level) / 20;
    const Micros late = draw() % (2 * how.jitter_s + 1) - how.jitter_s;
    const auto from_noon = static_cast<double>(std::abs(at / kMinute % 1440 - 720));
    const double wave = how.swing * (from_noon - 360) / 360;
    const double quarters = std::min(std::max(std::nearbyint((level + wave) * 4), 160.0), 1600.0);
    samples.push_back({at + late * kSecond, static_cast<float>(quarters / 4)});
    at += how.step_min * kMinute;
    if (draw() % 1000 < how.gap_of) at += state % 400 * kMinute;
  }
  return samples;
}

}  // namespace glucose
