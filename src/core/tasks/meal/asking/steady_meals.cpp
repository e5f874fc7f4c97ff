// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/steady_meals.hpp"

#include <cmath>
#include <numbers>

#include "core/days/meal_lines.hpp"
#include "core/seeing/speech.hpp"
#include "core/seeing/summary.hpp"

namespace glucose {

namespace {

constexpr float kOneChange = 0.25F;

/// Areas and times in range of the meals that count, with the dish of each.
struct Tries {
  std::vector<double> areas, in_range;
  std::vector<int> dishes;

  Tries(std::span<const EatenMeal> meals, std::span<const int> all, std::optional<MealType> type) {
    for (std::size_t i = 0; i < meals.size(); ++i) {
      if (all[i] == kNoDish || !meals[i].counts() || (type && meals[i].meal.type != *type)) continue;
      areas.push_back(static_cast<double>(meals[i].response.area));
      in_range.push_back(static_cast<double>(meals[i].response.in_range_pct));
      dishes.push_back(all[i]);
    }
  }
};

/// Means of the meals of a dish.
struct Gathering {
  std::array<double, 5> sums{};
  std::array<int, 5> n{};
  double sine = 0, cosine = 0;

  void add(const Meal& m) {
    const Nutrition& x = m.nutrition;
    const std::array<float, 5> amounts{x.calories, x.carbs_g, x.protein_g, x.fat_g, x.fiber_g};
    for (std::size_t i = 0; i < amounts.size(); ++i)
      if (!std::isnan(amounts[i])) sums[i] += static_cast<double>(amounts[i]), ++n[i];
    const double angle = m.clock.minute_of_day / 720.0 * std::numbers::pi;
    sine += std::sin(angle), cosine += std::cos(angle);
  }
  float mean(std::size_t i) const { return n[i] > 0 ? static_cast<float>(sums[i] / n[i]) : kUnknown; }
  Nutrition nutrition() const { return {mean(0), mean(1), mean(2), mean(3), mean(4)}; }
  int usual_minute() const {
    const auto minute = static_cast<int>(std::lround(std::atan2(sine, cosine) / std::numbers::pi * 720));
    return (minute + 1440) % 1440;
  }
};

void limit(GroupMean& g, double most) {
  for (double* v : {&g.expected, &g.lower, &g.upper}) *v = std::isnan(*v) ? *v : std::clamp(*v, 0.0, most);
}

}  // namespace

std::vector<SteadyDish> steady_dishes(std::span<const EatenMeal> meals, std::span<const int> dishes, int n_dishes,
                                      const SteadyWanted& wanted) {
  const auto n = static_cast<std::size_t>(n_dishes);
  std::vector<SteadyDish> all(n, {meals.size(), 0, 0, 0, {}, {}, {}, 0});
  std::vector<Gathering> gathered(n);
  for (std::size_t i = 0; i < meals.size(); ++i) {
    if (dishes[i] == kNoDish) continue;
    SteadyDish& d = all[static_cast<std::size_t>(dishes[i])];
    d.first = std::min(d.first, i);
    if (wanted.type && meals[i].meal.type != *wanted.type) continue;
    d.newest = i, ++d.meals;
    gathered[static_cast<std::size_t>(dishes[i])].add(meals[i].meal);
  }
  const Tries tries(meals, dishes, wanted.type);
  const GroupMeans areas = shrunken_means(tries.areas, tries.dishes, n_dishes);
  const GroupMeans in_range = shrunken_means(tries.in_range, tries.dishes, n_dishes);
  for (std::size_t j = 0; j < n; ++j) {
    SteadyDish& d = all[j];
    d.area = areas.groups[j], d.in_range_pct = in_range.groups[j], d.tries = d.area.n;
    d.nutrition = gathered[j].nutrition(), d.usual_minute = gathered[j].usual_minute();
  }
  std::erase_if(all, [&](const SteadyDish& d) { return d.tries < std::max(wanted.least_tries, 1); });
  std::stable_sort(all.begin(), all.end(), [&](const SteadyDish& a, const SteadyDish& b) {
    const double x = wanted.by_time_in_range ? -a.in_range_pct.expected : a.area.expected;
    const double y = wanted.by_time_in_range ? -b.in_range_pct.expected : b.area.expected;
    return x != y ? x < y : a.tries != b.tries ? a.tries > b.tries : a.first < b.first;
  });
  if (all.size() > wanted.most) all.resize(wanted.most);
  for (SteadyDish& d : all) limit(d.area, std::numeric_limits<double>::infinity()), limit(d.in_range_pct, 100);
  return all;
}

double area_within_dishes(std::span<const EatenMeal> meals, std::span<const int> dishes, int n_dishes) {
  const Tries tries(meals, dishes, std::nullopt);
  return shrunken_means(tries.areas, tries.dishes, n_dishes).within_sd;
}

double chance_between_tries(double within_sd) {
  constexpr double kNormal95 = 1.6448536269514722;
  return kNormal95 * std::numbers::sqrt2 * within_sd;
}

MealChanges one_changes(const Meal& meal) {
  struct Amount {
    const char* name;
    float Nutrition::*of;
    float kcal;
  };
  constexpr std::array<Amount, 4> kAmounts{{{"carbs_g", &Nutrition::carbs_g, 4},
                                            {"protein_g", &Nutrition::protein_g, 4},
                                            {"fat_g", &Nutrition::fat_g, 9},
                                            {"fiber_g", &Nutrition::fiber_g, 2}}};
  MealChanges all{};
  for (const Amount& a : kAmounts)
    for (const float share : {1 - kOneChange, 1 + kOneChange}) {
      const float before = meal.nutrition.*a.of, after = std::round(before * share * 10) / 10;
      if (std::isnan(before) || after == before || after > kMostGrams) continue;
      MealChange& change = all.changes[all.n++];
      change = {a.name, before, after, meal};
      change.meal.nutrition.*a.of = after;
      float& calories = change.meal.nutrition.calories;
      if (!std::isnan(calories)) calories = std::clamp(calories + a.kcal * (after - before), 0.0F, kMostCalories);
    }
  return all;
}

std::string in_words(const SteadyDish& dish, GlucoseUnit unit, bool german) {
  const Speech say{unit, german};
  const auto rise = [&](double area) { return say.number_of(area / kResponseMin); };
  const Targets targets;
  const std::string often = std::to_string(dish.tries), share = say.number(dish.in_range_pct.mean, 0);
  const std::string range = say.number_of(targets.low) + say.either(" and ", " und ") + say.level(targets.high);
  std::string text = german ? (dish.tries == 1 ? "Einmal" : often + "-mal") +
                                  " mit Messwerten gegessen: In den zwei Stunden danach lag der Zucker im Mittel " +
                                  say.level(dish.area.mean / kResponseMin) + " über dem Wert beim Essen und " + share +
                                  " % der Zeit zwischen " + range + "."
                            : "Eaten " + (dish.tries == 1 ? "once" : often + " times") +
                                  " with readings: in the two hours after it glucose was on average " +
                                  say.level(dish.area.mean / kResponseMin) + " above the level at the meal, and " +
                                  share + " % of the time between " + range + ".";
  if (std::isnan(dish.area.lower)) return text;
  return text + say.either(" Judged by all meals, ", " Gemessen an allen Mahlzeiten sind im Mittel ") +
         rise(dish.area.lower) + say.either(" to ", " bis ") + say.level(dish.area.upper / kResponseMin) +
         say.either(" on average is to be expected.", " zu erwarten.");
}

}  // namespace glucose
