// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/timeline.hpp"

#include <algorithm>
#include <cmath>

#include "core/readings/credibility.hpp"
#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/features/features.hpp"

namespace glucose {

namespace {

/// Whether every reading that may speak for a moment had come by `at`.
bool all_there(std::span<const Reading> readings, Micros moment, Micros at) {
  if (moment + kReachOfReading > at) return false;
  auto r = std::lower_bound(readings.begin(), readings.end(), moment - kReachOfReading,
                            [](const Reading& reading, Micros t) { return reading.measured_at < t; });
  for (; r != readings.end() && r->measured_at <= moment + kReachOfReading; ++r)
    if (r->recorded_at > at) return false;
  return true;
}

}  // namespace

void Timeline::walk_to(Micros at) {
  for (; next_ < meals_.size() && meals_[next_].eaten_at < at; ++next_) {
    const Meal& meal = meals_[next_];
    const float carbs = meal.nutrition.carbs_g;
    earlier_.push_back({meal.eaten_at,
                        meal.type,
                        std::isnan(carbs) ? 0.0F : carbs,
                        !std::isnan(carbs),
                        glucose_at(readings_, meal.eaten_at, meal.eaten_at),
                        {kUnknown, kUnknown}});
  }
  while (!earlier_.empty() && earlier_.front().eaten_at < at - kBaselineDays * kDay) earlier_.pop_front();
  for (EarlierMeal& e : earlier_)
    for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h) {
      if (e.settled[h]) continue;
      const Micros then = e.eaten_at + kRecalledHorizonsMin[h] * kMinute;
      e.outcome_mg_dl[h] = outcome_at(readings_, then, at);
      e.settled[h] = all_there(readings_, then, at);
    }
}

Moment Timeline::moment(const Meal& meal) {
  walk_to(meal.eaten_at);
  float same_moment = 0;
  for (std::size_t i = next_; i < meals_.size() && meals_[i].eaten_at == meal.eaten_at; ++i)
    if (meals_[i].id != meal.id && !std::isnan(meals_[i].nutrition.carbs_g)) same_moment += meals_[i].nutrition.carbs_g;
  const BelievedReadings believed(readings_, meal.eaten_at);
  return {meal.eaten_at, extract(meal, readings_, believed, meals_),
          rich_features(meal, readings_, believed, alike_, earlier_, same_moment),
          static_cast<double>(believed.doubt_mg_dl())};
}

}  // namespace glucose
