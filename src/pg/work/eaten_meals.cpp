// SPDX-License-Identifier: PostgreSQL
#include "pg/work/eaten_meals.hpp"

#include <cmath>

#include "core/days/meal_lines.hpp"
#include "core/readings/time_grid.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/values.hpp"

namespace glucose::pg {

namespace {

constexpr int kMostDays = 3660, kMostTries = 1000;
constexpr Micros kResponse = kResponseMin * kMinute;
constexpr float kBarelyFood = 5;  // g of carbohydrate: what changes no response

struct Given {
  MealsAsked asked;
  MealsOptions kind;
};

int count_value(const char* key, const JsonbValue& value, int most) {
  const double n = number_value(key, value);
  if (!(n >= 1 && n <= most) || n != std::floor(n))
    raise_bad_option(key, psprintf("a whole number from 1 to %d", most));
  return static_cast<int>(n);
}

void read_option(const char* key, const JsonbValue& value, void* state) {
  auto& given = *static_cast<Given*>(state);
  MealsAsked& asked = given.asked;
  if (strcmp(key, "unit") == 0)
    asked.unit = require_unit(text_value(key, value));
  else if (strcmp(key, "days") == 0)
    asked.days = count_value(key, value, kMostDays);
  else if (strcmp(key, "lang") == 0) {
    const char* lang = text_value(key, value);
    require_disclaimer(lang);
    asked.german = strcmp(lang, "de") == 0;
  } else if (given.kind == MealsOptions::plain)
    raise_unknown_option(key, "unit, days and lang");
  else if (strcmp(key, "min_tries") == 0)
    asked.steady.least_tries = count_value(key, value, kMostTries);
  else if (strcmp(key, "what_if") == 0)
    asked.what_if = bool_value(key, value);
  else if (strcmp(key, "by") == 0) {
    const char* by = text_value(key, value);
    asked.steady.by_time_in_range = strcmp(by, "in_range") == 0;
    if (!asked.steady.by_time_in_range && strcmp(by, "area") != 0) raise_bad_option(key, "area or in_range");
  } else
    raise_unknown_option(key, "unit, days, lang, by, min_tries and what_if");
}

bool is_followed(std::span<const Meal> meals, size_t i) {
  for (size_t j = i + 1; j < meals.size() && meals[j].eaten_at < meals[i].eaten_at + kResponse; ++j)
    if (!(meals[j].nutrition.carbs_g < kBarelyFood)) return true;
  return false;
}

/// What came of each meal, a few at a time.
struct Responses {
  std::span<const Meal> meals;
  std::span<const Reading> readings;
  EatenMeal* out;
  size_t n = 0;
  bool done() const { return n == meals.size(); }
  void step() {
    for (size_t i = 0; i < 64 && !done(); ++i, ++n)
      out[n] = {meals[n], response_to(readings, meals[n].eaten_at), is_followed(meals, n)};
  }
};

template <class T>
T* room_for(MemoryContext context, size_t n) {
  return static_cast<T*>(MemoryContextAllocHuge(context, sizeof(T) * (n + 1)));
}

}  // namespace

MealsAsked read_meals_options(Jsonb* options, MealsOptions kind) {
  Given given;
  given.kind = kind;
  for_each_key(options, "options", read_option, &given);
  return given.asked;
}

size_t EatenMeals::find(const Meal& line) const {
  for (size_t i = meals.size(); i-- > 0;)
    if (meals[i].meal.eaten_at <= line.eaten_at)
      return line.eaten_at - meals[i].meal.eaten_at <= kOneMeal ? i : meals.size();
  return meals.size();
}

EatenMeals read_eaten_meals(const Person& person, int days, MemoryContext context) {
  const Meals stored = read_meals(person, DT_NOBEGIN, DT_NOEND, context);
  std::span<const Meal> lines{stored.rows, static_cast<size_t>(stored.n)};
  if (lines.empty()) return {};
  const Micros newest = lines.back().eaten_at;
  while (days > 0 && lines.front().eaten_at <= newest - days * kDay) lines = lines.subspan(1);
  std::span<const Meal> whole = owned<WholeMeals>(context, [&] { return WholeMeals(lines); })->all();
  if (whole.size() > kMostMeals) whole = whole.last(kMostMeals);
  const Readings read = read_readings(&person.id, whole.front().eaten_at - kReachOfReading - 1,
                                      newest + kResponse + kReachOfReading, settings::max_train_bytes(), context);
  auto* meals = room_for<EatenMeal>(context, whole.size());
  Responses responses{whole, {read.rows, static_cast<size_t>(read.n)}, meals};
  run_to_end(&responses);
  const std::span<const EatenMeal> all{meals, whole.size()};
  auto* finder = owned<DishFinder>(context, [&] { return DishFinder(all); });
  run_to_end(finder);
  EatenMeals eaten{all, lines, finder->dishes(), {}, finder->count()};
  auto* firsts = room_for<size_t>(context, static_cast<size_t>(eaten.n_dishes));
  for (size_t i = all.size(); i-- > 0;)
    if (eaten.dishes[i] != kNoDish) firsts[eaten.dishes[i]] = i;
  eaten.firsts = {firsts, static_cast<size_t>(eaten.n_dishes)};
  return eaten;
}

const Meal& main_line(const EatenMeals& eaten, const Meal& meal) {
  const Meal* main = &meal;
  float most = -1;
  for (const Meal& line : eaten.lines) {
    if (line.eaten_at < meal.eaten_at || line.eaten_at - meal.eaten_at > kOneMeal) continue;
    const float carbs = std::isnan(line.nutrition.carbs_g) ? 0 : line.nutrition.carbs_g;
    if (carbs > most) most = carbs, main = &line;
  }
  return *main;
}

}  // namespace glucose::pg
