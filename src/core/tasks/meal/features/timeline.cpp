// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/timeline.hpp"

#include <algorithm>
#include <cmath>

#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/features/features.hpp"

namespace glucose {

namespace {

constexpr Micros kLongestOutcome = kRecalledHorizonsMin.back() * kMinute + kReachOfReading;

/// When every reading that may speak for a moment has come.
Micros settled_at(std::span<const Reading> readings, Micros moment) {
  Micros at = moment + kReachOfReading;
  auto r = std::partition_point(readings.begin(), readings.end(),
                                [&](const Reading& reading) { return reading.measured_at < moment - kReachOfReading; });
  for (; r != readings.end() && r->measured_at <= moment + kReachOfReading; ++r) at = std::max(at, r->recorded_at);
  return at;
}

std::size_t before(std::span<const Meal> meals, Micros at) {
  return static_cast<std::size_t>(
      std::partition_point(meals.begin(), meals.end(), [&](const Meal& m) { return m.eaten_at < at; }) - meals.begin());
}

}  // namespace

Timeline::Past Timeline::past(const Meal& meal) const {
  const float carbs = meal.nutrition.carbs_g;
  Past past{{meal.eaten_at,
             meal.type,
             std::isnan(carbs) ? 0.0F : carbs,
             !std::isnan(carbs),
             glucose_at(readings_, meal.eaten_at, meal.eaten_at),
             {}},
            {}};
  for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h) {
    const Micros then = meal.eaten_at + kRecalledHorizonsMin[h] * kMinute;
    past.meal.outcome_mg_dl[h] = outcome_at(readings_, then);
    past.settled_at[h] = settled_at(readings_, then);
  }
  return past;
}

void Timeline::extend(std::span<const Meal> meals, std::span<const Reading> readings, Micros complete) {
  meals_ = meals;
  readings_ = readings;
  const bool is_first = complete == std::numeric_limits<Micros>::min();
  const auto unchanged = std::partition_point(readings.begin(), readings.end(),
                                              [&](const Reading& r) { return r.measured_at <= complete; });
  sums_.extend(readings, static_cast<std::size_t>(unchanged - readings.begin()));
  alike_.extend(readings, complete);
  if (is_first) past_.clear();
  past_.resize(std::min(past_.size(), is_first ? 0 : before(meals, complete - kLongestOutcome)));
  past_.reserve(meals.size());
  while (past_.size() < meals.size()) past_.push_back(past(meals[past_.size()]));
}

std::vector<EarlierMeal> Timeline::earlier(Micros at) const {
  const std::size_t first = before(meals_, at - kBaselineDays * kDay), last = before(meals_, at);
  std::vector<EarlierMeal> earlier;
  earlier.reserve(last - first);
  for (std::size_t i = first; i < last; ++i) {
    earlier.push_back(past_[i].meal);
    for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h)
      if (past_[i].settled_at[h] > at)
        earlier.back().outcome_mg_dl[h] =
            outcome_at(readings_, past_[i].meal.eaten_at + kRecalledHorizonsMin[h] * kMinute, at);
  }
  return earlier;
}

Moment Timeline::moment(const Meal& meal) const {
  const Micros at = meal.eaten_at;
  float same_moment = 0;
  for (std::size_t i = before(meals_, at); i < meals_.size() && meals_[i].eaten_at == at; ++i)
    if (meals_[i].id != meal.id && !std::isnan(meals_[i].nutrition.carbs_g)) same_moment += meals_[i].nutrition.carbs_g;
  const Levels levels(readings_, sums_, at);
  return {at, extract(meal, levels, meals_), rich_features(meal, levels, alike_, earlier(at), same_moment),
          static_cast<double>(levels.believed().doubt_mg_dl())};
}

}  // namespace glucose
