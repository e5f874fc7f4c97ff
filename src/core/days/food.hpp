// SPDX-License-Identifier: PostgreSQL
// What a day's meals say of it.
#pragma once
#include <array>
#include <span>

#include "core/days/days.hpp"

namespace glucose {

/// What is eaten after midnight belongs to the evening before as far as times of eating are concerned; sums are by the
/// calendar. So late and so early a day of eating ends and begins.
inline constexpr int kEatingDayBegins = 4 * 60;

/// NaN: not known. A sum is known when it is known of every line.
struct Food {
  int lines = 0, occasions = 0;
  float some_kcal = 0;                              // of the lines of which it is known
  std::array<float, 5> sums{};                      // kcal, carbs, protein, fat, fiber
  float first_min = kUnknown, last_min = kUnknown;  // occasions from 04:00 on, minutes after midnight
};

/// What is stored as an input of the day, of what was eaten; NaN: not known, or nothing of it.
inline float eaten_of(const Food& food, Input input) {
  switch (input) {
    case Input::energy:
      return food.sums[0];
    case Input::carbs:
      return food.sums[1];
    case Input::protein:
      return food.sums[2];
    case Input::fat:
      return food.sums[3];
    case Input::fiber:
      return food.sums[4];
    default:
      return kUnknown;
  }
}

/// Of the meals of one day that were eaten by as_of.
Food food_of(const DailyMaterial& material, std::int32_t day, Micros as_of);

/// The last meal of the eating day that ends at 04:00 of this day: minutes after the midnight this day begins with,
/// mostly negative.
float last_meal_before(const DailyMaterial& material, std::int32_t day, Micros as_of);

}  // namespace glucose
