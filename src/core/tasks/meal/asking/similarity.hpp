// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <span>
#include <vector>

#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace glucose {

inline constexpr std::array<int, 2> kSimilarHorizonsMin{60, 120};

/// An earlier meal and how alike it is.
struct SimilarMeal {
  std::array<std::uint8_t, 16> meal_id;
  Micros eaten_at;
  float level;                   // mg/dL, at the meal
  float similarity;              // 0 … 1
  std::array<float, 2> outcome;  // mg/dL at kSimilarHorizonsMin, NaN: not known
};
static_assert(std::is_trivially_copyable_v<SimilarMeal>);

/// The `most` meals among `earlier` that are most like the one at `moment`, the most alike first, of equals the newest.
/// Alike is what the personal kernel says, divided by what it says of either with itself; below 0 it is 0.
/// model: whose kernel and standardisation; null, or one without a kernel: the prior ones on the earlier meals.
std::vector<SimilarMeal> similar_meals(const Model* model, const Moment& moment, Samples earlier, std::size_t most);

}  // namespace glucose
