// SPDX-License-Identifier: PostgreSQL
// When two meals have the same nutrients: most likely they are the same dish.
#pragma once
#include <array>
#include <cmath>
#include <cstddef>

namespace glucose {

inline constexpr std::size_t kComparedNutrients = 4;  // calories, carbohydrate, protein, fat
inline constexpr float kNutrientsAlike = 0.2F;        // of the logarithm of an amount: SD of a bell
/// kcal, g: below it differences matter less.
inline constexpr std::array<float, kComparedNutrients> kPortion{50, 5, 3, 3};

using LogNutrients = std::array<float, kComparedNutrients>;

/// NaN for an amount that is not known.
inline float log_amount(std::size_t nutrient, float amount) {
  return std::log1p(amount / kPortion[nutrient]);
}

}  // namespace glucose
