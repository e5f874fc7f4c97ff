// SPDX-License-Identifier: PostgreSQL
#include "core/timeline.hpp"

#include <cmath>

#include "core/features.hpp"
#include "core/time_grid.hpp"

namespace glucose {

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
  for (EarlierMeal& e : earlier_)  // each time again: readings may have come late
    for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h)
      e.outcome_mg_dl[h] = outcome_at(readings_, e.eaten_at + kRecalledHorizonsMin[h] * kMinute, at);
}

Moment Timeline::moment(const Meal& meal) {
  walk_to(meal.eaten_at);
  float same_moment = 0;
  for (std::size_t i = next_; i < meals_.size() && meals_[i].eaten_at == meal.eaten_at; ++i)
    if (meals_[i].id != meal.id && !std::isnan(meals_[i].nutrition.carbs_g)) same_moment += meals_[i].nutrition.carbs_g;
  return {meal.eaten_at, extract(meal, readings_, meals_),
          rich_features(meal, readings_, alike_, earlier_, same_moment)};
}

}  // namespace glucose
