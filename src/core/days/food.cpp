// SPDX-License-Identifier: PostgreSQL
#include "core/days/food.hpp"

#include <cmath>

#include "core/days/meal_lines.hpp"

namespace glucose {

namespace {

std::span<const Meal> between(std::span<const Meal> meals, Micros since, Micros until) {
  const auto before = [](Micros at) { return [at](const Meal& m) { return m.eaten_at < at; }; };
  const auto first = std::partition_point(meals.begin(), meals.end(), before(since));
  const auto last = std::partition_point(first, meals.end(), before(until));
  return {first, last};
}

// Atwater's factors, where the label has macronutrients only.
float kcal_of(const Nutrition& n) {
  return std::isnan(n.calories) ? 4 * n.carbs_g + 4 * n.protein_g + 9 * n.fat_g : n.calories;
}

}  // namespace

Food food_of(const DailyMaterial& material, std::int32_t day, Micros as_of) {
  Food food;
  if (!material.calendar.has(day)) return food;
  const Micros until = std::min(material.calendar.end(day), as_of == kAlways ? as_of : as_of + 1);
  Micros occasion = 0;
  for (const Meal& line : between(material.meals, material.calendar.begin(day), until)) {
    const Nutrition& n = line.nutrition;
    const std::array<float, 5> amounts{kcal_of(n), n.carbs_g, n.protein_g, n.fat_g, n.fiber_g};
    for (std::size_t i = 0; i < amounts.size(); ++i) food.sums[i] += amounts[i];
    if (!std::isnan(amounts[0])) food.some_kcal += amounts[0];
    const bool is_new = food.lines++ == 0 || line.eaten_at - occasion > kOneMeal;
    if (!is_new) continue;
    occasion = line.eaten_at;
    ++food.occasions;
    if (line.clock.minute_of_day < kEatingDayBegins) continue;
    food.last_min = static_cast<float>(line.clock.minute_of_day);
    if (std::isnan(food.first_min)) food.first_min = food.last_min;
  }
  if (food.lines == 0) food.sums.fill(kUnknown);
  return food;
}

float last_meal_before(const DailyMaterial& material, std::int32_t day, Micros as_of) {
  const Calendar& calendar = material.calendar;
  if (!calendar.has(day) || !calendar.has(day - 1)) return kUnknown;
  constexpr Micros kBegins = kEatingDayBegins * kMinute;
  const Micros until = std::min(calendar.begin(day) + kBegins, as_of == kAlways ? as_of : as_of + 1);
  Micros occasion = 0;
  bool any = false;
  for (const Meal& line : between(material.meals, calendar.begin(day - 1) + kBegins, until)) {
    if (any && line.eaten_at - occasion <= kOneMeal) continue;
    occasion = line.eaten_at;
    any = true;
  }
  return any ? static_cast<float>(static_cast<double>(occasion - calendar.begin(day)) / static_cast<double>(kMinute))
             : kUnknown;
}

}  // namespace glucose
