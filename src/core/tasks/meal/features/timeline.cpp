// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/timeline.hpp"

#include <algorithm>
#include <cmath>

#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/features/features.hpp"

namespace glucose {

namespace {

constexpr Micros kLongestOutcome = kRecalledHorizonsMin.back() * kMinute + kReachOfReading;

}  // namespace

std::size_t meals_before(std::span<const Meal> meals, Micros at) {
  return static_cast<std::size_t>(
      std::partition_point(meals.begin(), meals.end(), [&](const Meal& m) { return m.eaten_at < at; }) - meals.begin());
}

Micros settled_at(std::span<const Reading> readings, Micros moment) {
  Micros at = moment + kReachOfReading;
  auto r = std::partition_point(readings.begin(), readings.end(),
                                [&](const Reading& reading) { return reading.measured_at < moment - kReachOfReading; });
  for (; r != readings.end() && r->measured_at <= moment + kReachOfReading; ++r) at = std::max(at, r->recorded_at);
  return at;
}

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
  past_.resize(std::min(past_.size(), is_first ? 0 : meals_before(meals, complete - kLongestOutcome)));
  past_.reserve(meals.size());
  while (past_.size() < meals.size()) past_.push_back(past(meals[past_.size()]));
}

// As they are known at a moment.
void Timeline::put_outcomes(Past& past, Micros at) const {
  for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h)
    if (past.settled_at[h] > at)
      past.meal.outcome_mg_dl[h] = outcome_at(readings_, past.meal.eaten_at + kRecalledHorizonsMin[h] * kMinute, at);
}

std::vector<EarlierMeal> Timeline::earlier(Micros at, std::size_t n, const Meal* last) const {
  const std::span<const Meal> meals = meals_.first(n);
  const std::size_t begin = meals_before(meals, at - kBaselineDays * kDay), end = meals_before(meals, at);
  std::vector<EarlierMeal> earlier;
  earlier.reserve(end - begin + 1);
  const auto add = [&](Past p) {
    put_outcomes(p, at);
    earlier.push_back(p.meal);
  };
  for (std::size_t i = begin; i < end; ++i) add(past_[i]);
  if (last != nullptr && last->eaten_at < at) add(past(*last));
  return earlier;
}

Moment Timeline::moment(const Meal& meal, std::size_t n, const Meal* last, std::uint8_t* issues) const {
  const Micros at = meal.eaten_at;
  const std::span<const Meal> meals = meals_.first(n);
  float same_moment = 0;
  const auto count = [&](const Meal& m) {
    if (m.eaten_at == at && m.id != meal.id && !std::isnan(m.nutrition.carbs_g)) same_moment += m.nutrition.carbs_g;
  };
  for (std::size_t i = meals_before(meals, at); i < n && meals[i].eaten_at == at; ++i) count(meals[i]);
  if (last != nullptr) count(*last);
  const Levels levels(readings_, sums_, at);
  if (issues != nullptr) *issues = levels.believed().issues();
  return {at, extract(meal, levels, meals, last),
          rich_features(meal, levels, alike_, earlier(at, n, last), same_moment),
          static_cast<double>(levels.believed().doubt_mg_dl())};
}

Moment Timeline::moment(const Meal& meal, std::uint8_t* issues) const {
  return moment(meal, meals_.size(), nullptr, issues);
}

}  // namespace glucose
