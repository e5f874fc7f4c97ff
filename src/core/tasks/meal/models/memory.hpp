// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <vector>

#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/features/dataset.hpp"

namespace glucose {

inline constexpr int kRememberedMeals = 128;
inline constexpr int kForgetAtOnce = 32;  // meals beyond these before older ones are forgotten, all at once

/// What is kept of an earlier meal: where it stood, and by how much forecasts missed it. [K] horizons; NaN: not known.
struct RememberedMeal {
  Micros eaten_at;
  RichVector rich;
  std::array<float, kMaxHorizons> residual;  // outcome minus the forecast without the person's own part, mg/dL
  std::array<float, kMaxHorizons> recalled;  // what the memory had said of that residual beforehand, mg/dL
  std::array<float, kMaxHorizons> score;     // outcome minus the whole forecast, in units of its scale
  std::array<float, kMaxHorizons> rank;      // where the outcome fell in what was expected, 0 … 1
};

/// A person's newest meals with a known outcome, in time order. It grows with every meal, without a training.
struct Memory {
  std::vector<RememberedMeal> meals;
};

/// Whether what happened at a horizon is known at a moment: readings reach as far beyond it as they speak for.
inline bool outcome_known(Micros eaten_at, int horizon_min, Micros at) {
  return eaten_at + horizon_min * kMinute + kReachOfReading <= at;
}

}  // namespace glucose
