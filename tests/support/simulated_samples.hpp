// SPDX-License-Identifier: PostgreSQL
// A simulated person's days as training samples, as the server would make them from the tables.
#pragma once
#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "core/simulation/simulate.hpp"
#include "core/tasks/meal/features/dataset.hpp"

namespace glucose {

struct SimulatedHistory {
  std::vector<Meal> meals;
  std::vector<Reading> readings;
};

/// `days` of one person; day 0 is a Monday, ids count the meals.
inline SimulatedHistory simulated_history(std::uint64_t seed, int days, Profile profile = Profile::t2d) {
  Simulator simulator(seed, days, profile);
  while (!simulator.done()) simulator.step();
  SimulatedHistory history{{}, simulator.readings()};
  for (const SimulatedMeal& logged : simulator.meals()) {
    Meal meal{{}, logged.eaten_at, {}, logged.type, logged.nutrition};
    for (std::size_t byte = 0; byte < 4; ++byte)
      meal.id[byte] = static_cast<std::uint8_t>(history.meals.size() >> (8 * byte));
    meal.clock = {static_cast<int>(logged.eaten_at / kMinute % 1440),
                  static_cast<int>((logged.eaten_at / kDay + 1) % 7)};
    history.meals.push_back(meal);
  }
  return history;
}

inline constexpr std::array<int, 2> kSimulatedHorizons{60, 120};

/// The usable meals of that person, by DatasetBuilder, at +60 and +120 minutes.
inline std::vector<Sample> simulated_samples(std::uint64_t seed, int days, Profile profile = Profile::t2d) {
  const SimulatedHistory history = simulated_history(seed, days, profile);
  DatasetBuilder builder(history.meals, history.readings, kSimulatedHorizons, 0, days * kDay);
  while (!builder.done()) builder.step();
  return builder.take();
}

/// Exactly `n` of them.
inline std::vector<Sample> n_simulated_samples(std::uint64_t seed, std::size_t n, Profile profile = Profile::t2d) {
  std::vector<Sample> samples = simulated_samples(seed, static_cast<int>(n) / 3 + 14, profile);
  samples.resize(std::min(n, samples.size()));
  return samples;
}

}  // namespace glucose
