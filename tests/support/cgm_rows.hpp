// SPDX-License-Identifier: PostgreSQL
// Seeded readings and rows for the tests of forecasts from readings alone.
#pragma once
#include <cmath>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/simulation/simulate.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "core/tasks/cgm/rows.hpp"
#include "core/tasks/cgm/training.hpp"

namespace glucose {

inline constexpr Micros kForever = 4'000'000'000'000'000'000;

inline Reading reading_at(double minutes, float mg_dl) {
  const auto at = static_cast<Micros>(minutes * kMinute);
  return {at, at, mg_dl};
}

/// g(t) = 140 + 1.6 (g(t-1) - 140) - 0.64 (g(t-2) - 140) + noise of SD `sd`, every `step_min`.
inline std::vector<Reading> ar2_readings(std::uint64_t seed, int n, double sd = 3, double step_min = 5) {
  Random rng(seed);
  std::vector<Reading> readings;
  double before = 0, last = 0;
  for (int i = 0; i < n; ++i) {
    const double next = 1.6 * last - 0.64 * before + sd * rng.normal();
    before = last;
    last = next;
    readings.push_back(reading_at(i * step_min, static_cast<float>(140 + next)));
  }
  return readings;
}

inline std::vector<Reading> simulated_readings(std::uint64_t seed, int days, Profile profile = Profile::t2d) {
  Simulator simulator(seed, days, profile);
  while (!simulator.done()) simulator.step();
  return simulator.readings();
}

inline void add_rows(CgmRows& rows, const std::vector<Reading>& readings, Micros start_at = 0, Micros end_at = kForever,
                     std::size_t most = 1'000'000, CgmRowsFor what = CgmRowsFor::population) {
  CgmRowsBuilder builder(rows, readings, {}, start_at, end_at, most, what);
  while (!builder.done()) builder.step();
}

inline CgmRows rows_of(const std::vector<Reading>& readings) {
  CgmRows rows;
  add_rows(rows, readings);
  return rows;
}

/// What one person's training is given.
inline CgmRows rows_of_person(const std::vector<Reading>& readings, Micros end_at = kForever) {
  CgmRows rows;
  add_rows(rows, readings, 0, end_at, 1'000'000, CgmRowsFor::person);
  return rows;
}

/// ar2_readings() by a sensor whose noise has an SD of so many mg/dL.
inline std::vector<Reading> rough_readings(std::uint64_t seed, double sd, int n) {
  std::vector<Reading> readings = ar2_readings(seed, n);
  Random rng(seed + 1000);
  for (Reading& r : readings) r.mg_dl += static_cast<float>(sd * rng.normal());
  return readings;
}

inline CgmOutcome train_cgm(CgmRows rows, std::optional<CgmModel> prior = {}) {
  CgmTraining training(std::move(rows), std::move(prior));
  while (!training.done()) training.step();
  return training.take();
}

/// A population's model of what a smooth sensor shows.
inline const CgmModel& of_smooth() {
  static const CgmModel model = [] {
    CgmRows rows;
    for (std::uint64_t person = 1; person <= 6; ++person) add_rows(rows, ar2_readings(person, 2000));
    return train_cgm(std::move(rows)).model;
  }();
  return model;
}

/// Why bytes are no model of readings; `internal` when they are one.
inline ErrorCode code_of(std::span<const std::uint8_t> bytes) {
  try {
    decode_cgm(bytes);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

}  // namespace glucose
