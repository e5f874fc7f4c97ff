// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/meal_scorer.hpp"

#include <algorithm>

namespace glucose {

static_assert(kMaxHorizons <= kMostScored);

bool MealScorer::next(ScoredRow& row) {
  const Sample& sample = samples_[next_++];
  const std::size_t K = model_.horizons_min.size();
  if (sample.eaten_at < from_ || !all_known(sample, K)) {
    follower_.follow(sample);
    return false;
  }
  std::array<HorizonForecast, kMaxHorizons> answer;
  follower_.answer(sample, kIntervalLevel, answer.data());
  row.at = sample.eaten_at;
  row.unit = last_unit_ = std::max(sample.eaten_at, last_unit_ + 1);  // a meal each, also of one moment
  row.n = static_cast<int>(K);
  for (std::size_t k = 0; k < K; ++k) {
    row.minutes[k] = model_.horizons_min[k];
    row.value[k] = answer[k].mg_dl;
    row.lower[k] = answer[k].lower;
    row.upper[k] = answer[k].upper;
    row.outcome[k] = sample.targets[k];
  }
  return true;
}

}  // namespace glucose
