// SPDX-License-Identifier: PostgreSQL
#include <gtest/gtest.h>

#include "support/models.hpp"

namespace glucose {
namespace {

TEST(Wipe, LeavesNothingOfThePerson) {
  Model model = small_model(Algorithm::ensemble);
  ASSERT_FALSE(model.memory.meals.empty());
  wipe(model);
  for (const RememberedMeal& meal : model.memory.meals) {
    EXPECT_EQ(meal.eaten_at, 0);
    for (const float value : meal.rich) EXPECT_EQ(value, 0);
    EXPECT_EQ(meal.residual[0], 0);
  }
  for (const float value : model.intervals.grids) EXPECT_EQ(value, 0);
  for (const Member& member : std::get<Ensemble>(model.predictor).members)
    if (const auto* personal = std::get_if<PopulationModel>(&member)) {
      for (const auto* weights : {&personal->coefficients, &personal->intercept, &personal->scaler.mean})
        for (const float weight : *weights) EXPECT_EQ(weight, 0);
    }
}

}  // namespace
}  // namespace glucose
