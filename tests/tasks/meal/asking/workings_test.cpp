// SPDX-License-Identifier: PostgreSQL
// What is kept answers as what is made anew, whatever becomes of the newest rows, and in any order of questions.
#include "core/tasks/meal/asking/workings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/base/random.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

const std::vector<int> kHorizons{60, 120};

Model followed_model() {
  Model model;
  model.algorithm = Algorithm::personal;
  model.horizons_min = kHorizons;
  model.predictor = prior_model(kHorizons);
  model.intervals = prior_intervals(kHorizons);
  return model;
}

/// A diary with lines of one meal, readings with gaps of which some came late.
SimulatedHistory diary(std::uint64_t seed, int days) {
  SimulatedHistory history = simulated_history(seed, days, static_cast<Profile>(seed % kProfiles));
  Random rng(seed);
  std::vector<Reading> readings;
  for (const Reading& r : history.readings) {
    if (!readings.empty() && rng.below(200) == 0)
      readings.resize(readings.size() - std::min<std::size_t>(readings.size(), 12));
    readings.push_back(r);
    if (seed % 2 == 0 && rng.below(40) == 0) readings.back().recorded_at += rng.below(200) * kMinute;
  }
  history.readings = readings;
  std::vector<Meal> meals;
  for (const Meal& m : history.meals) {
    meals.push_back(m);
    for (int line = 0; rng.below(3) == 0 && line < 2; ++line) {
      Meal next = meals.back();
      next.eaten_at += rng.below(20) * kMinute;
      next.id[0] = static_cast<std::uint8_t>(rng.below(256)), next.id[1] = static_cast<std::uint8_t>(rng.below(256));
      meals.push_back(next);
    }
  }
  std::stable_sort(meals.begin(), meals.end(), [](const Meal& a, const Meal& b) { return a.eaten_at < b.eaten_at; });
  history.meals = meals;
  return history;
}

template <class Row>
std::vector<Row> rows_within(const std::vector<Row>& rows, Micros since, Micros until, Micros Row::*moment) {
  std::vector<Row> some;
  for (const Row& row : rows)
    if (row.*moment > since && row.*moment <= until) some.push_back(row);
  return some;
}

struct Said {
  std::vector<std::uint32_t> features, rich, forecast;
};

Said said_of(MealWorkings& workings, const Model& model, const Recollection& memory, std::uint64_t serial,
             const Meal& meal) {
  std::uint8_t issues = 0;
  const Moment moment = workings.moment(meal, &issues);
  const Recollection& known = workings.followed(model, memory, serial, meal.eaten_at);
  std::array<HorizonForecast, kMaxHorizons> out{};
  forecast_horizons(model, moment, known, model.predict(moment, known), 0.9, out.data());
  std::vector<float> numbers;
  for (std::size_t k = 0; k < kHorizons.size(); ++k)
    for (const float x : {out[k].mg_dl, out[k].lower, out[k].upper, out[k].mean_mg_dl, out[k].below_70, out[k].near})
      numbers.push_back(x);
  return {bits_of(moment.features), bits_of(moment.rich), bits_of(numbers)};
}

/// What a question without anything kept reads and answers.
Said anew(const SimulatedHistory& history, const Model& model, const Meal& meal) {
  const Micros since = std::min(MealWorkings::follows_from(model, meal.eaten_at), meal.eaten_at) - 31 * kDay;
  const auto readings = rows_within(history.readings, since, meal.eaten_at, &Reading::measured_at);
  const auto meals = rows_within(history.meals, since - 1, meal.eaten_at, &Meal::eaten_at);
  Known known{readings, meals};
  known.until = meal.eaten_at;
  MealWorkings workings;
  workings.take(known);
  return said_of(workings, model, model.recollection(), 0, meal);
}

/// Rows after `settled` become others.
Micros change(SimulatedHistory& history, Micros settled, Random& rng) {
  Micros first = std::numeric_limits<Micros>::max();
  for (Reading& r : history.readings) {
    if (r.measured_at <= settled || rng.below(30) != 0) continue;
    r.mg_dl = static_cast<float>(rng.uniform(50, 300));
    first = std::min(first, r.measured_at);
  }
  for (Meal& m : history.meals) {
    if (m.eaten_at <= settled || rng.below(4) != 0) continue;
    m.nutrition.carbs_g = static_cast<float>(rng.uniform(0, 150));
    first = std::min(first, m.eaten_at);
  }
  return first == std::numeric_limits<Micros>::max() ? first : first - 1;
}

void expect_kept_as_anew(std::uint64_t seed, bool remembers) {
  Random rng(seed);
  SimulatedHistory history = diary(seed, 75);
  Model model = followed_model();
  const Micros end = history.readings.back().measured_at;
  if (remembers) {
    MealWorkings first;
    Known all{history.readings, history.meals};
    all.until = end;
    first.take(all);
    const Recollection none = model.recollection();
    model.memory = first.followed(model, none, 1, end - 20 * kDay).memory();
  }
  const Recollection memory = model.recollection();
  MealWorkings kept;
  Micros until = end - 10 * kDay;  // rows there are, as far as questions have read them
  Micros settled = until - kDay;
  std::vector<Reading> readings;
  std::vector<Meal> meals;
  for (int i = 0; i < 60; ++i) {
    const bool newest = rng.below(3) != 0;
    const Micros wanted = newest ? until + rng.below(600) * kMinute : until - rng.below(25 * 24) * 60 * kMinute;
    const auto m = std::partition_point(history.meals.begin(), history.meals.end() - 1,
                                        [&](const Meal& x) { return x.eaten_at < wanted; });
    const Meal meal = *m;
    if (rng.below(3) == 0) kept.unchanged_until = std::min(kept.unchanged_until, change(history, settled, rng));
    const Micros rows_until = std::max(meal.eaten_at, settled);
    readings = rows_within(history.readings, std::numeric_limits<Micros>::min(), rows_until, &Reading::measured_at);
    meals = rows_within(history.meals, std::numeric_limits<Micros>::min(), rows_until, &Meal::eaten_at);
    Known known{readings, meals};
    known.until = rows_until;
    kept.take(known);
    const Said one = said_of(kept, model, memory, 7, meal), other = anew(history, model, meal);
    ASSERT_EQ(one.features, other.features) << "seed " << seed << ", question " << i;
    ASSERT_EQ(one.rich, other.rich) << "seed " << seed << ", question " << i;
    ASSERT_EQ(one.forecast, other.forecast) << "seed " << seed << ", question " << i;
    until = std::max(until, std::min(meal.eaten_at, end - 600 * kMinute));
    settled = std::max(settled, until - kDay);
  }
}

TEST(MealWorkings, KeptAnswersAsAnew) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) expect_kept_as_anew(seed, false);
}

TEST(MealWorkings, KeptAnswersAsAnewOnTopOfAMemory) {
  for (std::uint64_t seed = 11; seed <= 16; ++seed) expect_kept_as_anew(seed, true);
}

}  // namespace
}  // namespace glucose
