// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/similarity.hpp"

#include <algorithm>

namespace glucose {

std::vector<SimilarMeal> similar_meals(const Model* model, const Moment& moment, Samples earlier, std::size_t most) {
  const PopulationModel* weighing = model != nullptr ? population_of(model->predictor) : nullptr;
  PopulationModel prior;
  if (weighing == nullptr) {
    prior = prior_model(kSimilarHorizonsMin);
    weighing = &prior;
  }
  const Recollection kernel(weighing, kSimilarHorizonsMin);
  std::vector<SimilarMeal> meals;
  for (const Sample& e : earlier)
    meals.push_back({e.meal_id,
                     e.eaten_at,
                     e.rich[meal2::kLevel],
                     kernel.similarity(moment.rich, e.rich),
                     {e.targets[0], e.targets[1]}});
  std::stable_sort(meals.begin(), meals.end(), [](const SimilarMeal& a, const SimilarMeal& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.eaten_at > b.eaten_at;
  });
  if (meals.size() > most) meals.resize(most);
  return meals;
}

}  // namespace glucose
