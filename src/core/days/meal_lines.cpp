// SPDX-License-Identifier: PostgreSQL
#include "core/days/meal_lines.hpp"

#include <cmath>

namespace glucose {

namespace {

float sum(float a, float b, float most) {
  if (std::isnan(a)) return b;
  return std::isnan(b) ? a : std::min(a + b, most);
}

float carbs_or_none(const Nutrition& n) {
  return std::isnan(n.carbs_g) ? 0.0F : n.carbs_g;
}

/// Lines of one meal, gathered.
struct Gathered {
  Meal meal;
  float most_carbs;

  explicit Gathered(const Meal& first) : meal(first), most_carbs(carbs_or_none(first.nutrition)) {}
  bool takes(const Meal& line) const { return line.eaten_at - meal.eaten_at <= kOneMeal; }
  void add(const Meal& line) {
    meal.nutrition = together(meal.nutrition, line.nutrition);
    if (carbs_or_none(line.nutrition) > most_carbs) {
      most_carbs = carbs_or_none(line.nutrition);
      meal.type = line.type;
    }
  }
};

bool has_lines(std::span<const Meal> meals) {
  for (std::size_t i = 1; i < meals.size(); ++i)
    if (meals[i].eaten_at - meals[i - 1].eaten_at <= kOneMeal) return true;
  return false;
}

}  // namespace

Nutrition together(const Nutrition& a, const Nutrition& b) {
  return {sum(a.calories, b.calories, kMostCalories), sum(a.carbs_g, b.carbs_g, kMostGrams),
          sum(a.protein_g, b.protein_g, kMostGrams), sum(a.fat_g, b.fat_g, kMostGrams),
          sum(a.fiber_g, b.fiber_g, kMostGrams)};
}

WholeMeals::WholeMeals(std::span<const Meal> lines, const Meal* without) : all_(lines) {
  if (!has_lines(lines)) return;
  for (std::size_t i = 0; i < lines.size();) {
    bool left_out = without != nullptr && lines[i].id == without->id;
    Gathered whole(lines[i++]);
    for (; i < lines.size() && whole.takes(lines[i]); ++i) {
      left_out |= without != nullptr && lines[i].id == without->id;
      whole.add(lines[i]);
    }
    if (!left_out) made_.push_back(whole.meal);
  }
  all_ = made_;
}

std::size_t WholeMeals::last_begun(std::span<const Meal> lines, std::span<const Meal> all, Micros at) {
  const auto next = std::partition_point(all.begin(), all.end(), [&](const Meal& m) { return m.eaten_at <= at; });
  if (next == all.begin()) return lines.size();
  const Meal& last = *std::prev(next);
  auto line =
      std::partition_point(lines.begin(), lines.end(), [&](const Meal& m) { return m.eaten_at < last.eaten_at; });
  while (line != lines.end() && line->id != last.id) ++line;
  return static_cast<std::size_t>(line - lines.begin());
}

Meal WholeMeals::of(std::span<const Meal> lines, const Meal& line) {
  for (std::size_t i = 0; i < lines.size();) {
    Gathered whole(lines[i]);
    bool is_it = false;
    for (; i < lines.size() && whole.takes(lines[i]) && lines[i].eaten_at <= line.eaten_at; ++i) {
      const bool same = lines[i].id == line.id;
      is_it |= same;
      const Meal& eaten = same ? line : lines[i];  // the line may have been changed: what if?
      if (lines[i].id == whole.meal.id)
        whole = Gathered(eaten);
      else
        whole.add(eaten);
    }
    if (is_it) {
      whole.meal.id = line.id;
      whole.meal.eaten_at = line.eaten_at;
      whole.meal.clock = line.clock;
      return whole.meal;
    }
    if (i < lines.size() && lines[i].eaten_at > line.eaten_at) break;
  }
  return line;
}

}  // namespace glucose
