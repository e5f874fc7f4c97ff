// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/meal/asking/meal_scorer.hpp"

namespace glucose {

/// Errors by horizon of a model on samples, after those before them were remembered.
inline std::vector<Evaluation> evaluate(const Model& model, Samples earlier, Samples samples) {
  std::vector<Sample> all(earlier.begin(), earlier.end());
  all.insert(all.end(), samples.begin(), samples.end());
  const Micros from = samples.front().eaten_at;
  Evaluator evaluator(std::make_unique<MealScorer>(model, all, from), {}, from, std::numeric_limits<Micros>::max());
  while (!evaluator.done()) evaluator.step();
  return evaluator.take().front();
}

}  // namespace glucose
