// SPDX-License-Identifier: PostgreSQL
// What a model relies on, and which meals are alike.
#include "core/tasks/meal/asking/importance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "core/tasks/meal/asking/similarity.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

std::vector<Importance> measured(const Model& model, Samples earlier, Samples rows, std::uint64_t seed = 1) {
  FeatureImportance f(model, earlier, rows, seed);
  while (!f.done()) f.step();
  return f.take();
}

TEST(Importance, IsNoneOfAColumnTheModelDoesNotUse) {
  Model model = small_model(Algorithm::ridge);
  auto& line = std::get<LinearModel>(model.predictor);
  std::fill(line.coefficients.begin(), line.coefficients.end(), 0.0F);
  std::fill(line.intercept.begin(), line.intercept.end(), 0.0F);
  line.scaler.mean[20] = 0, line.scaler.inverse_sd[20] = 1;
  line.coefficients[20] = 1;  // 1 mg/dL for a gram of carbohydrate, at the first horizon
  std::vector<Sample> rows = simulated_samples(1, 30);
  for (Sample& row : rows)
    for (float& target : row.targets) target = design_row(row.features)[0] + design_row(row.features)[20];
  std::map<std::string, float> at_60;
  for (const Importance& i : measured(model, {}, rows)) {
    EXPECT_EQ(i.n, static_cast<int>(rows.size()));
    if (i.minutes_ahead == 60) at_60[std::string(i.feature)] = i.increase;
    if (i.minutes_ahead == 120 && i.feature != "level") {
      EXPECT_EQ(i.increase, 0) << i.feature;
    }
  }
  EXPECT_EQ(at_60.size(), 47U);
  for (const auto& [feature, increase] : at_60) {
    if (feature == "carbs" || feature == "level")
      EXPECT_GT(increase, 3) << feature;
    else
      EXPECT_EQ(increase, 0) << feature;
  }
}

TEST(Importance, IsSeededSortedAndOfKnownOutcomesOnly) {
  const std::vector<Sample> all = simulated_samples(2, 30);
  std::vector<Sample> rows(all.begin() + 30, all.begin() + 60);
  rows[3].targets[1] = kUnknown;
  for (const Algorithm algorithm : kKinds) {
    const Model model = small_model(algorithm);
    const auto first = measured(model, {all.data(), 30}, rows), again = measured(model, {all.data(), 30}, rows);
    ASSERT_EQ(first.size(), again.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(first[i].feature, again[i].feature);
      EXPECT_EQ(first[i].increase, again[i].increase);
      EXPECT_EQ(first[i].n, 29);
      if (i > 0 && first[i].minutes_ahead == first[i - 1].minutes_ahead) {
        EXPECT_GE(first[i - 1].increase, first[i].increase);
      }
    }
    EXPECT_EQ(first.empty(), algorithm == Algorithm::mean) << name_of(algorithm);
  }
  EXPECT_TRUE(measured(small_model(Algorithm::ridge), all, {}).empty());
}

TEST(Similarity, AMealIsMostLikeItself) {
  const std::vector<Sample> samples = simulated_samples(3, 30);
  const Model model = small_model(Algorithm::personal);
  for (const Model* with : {static_cast<const Model*>(nullptr), &model}) {
    const auto found = similar_meals(with, samples[40], samples, 5);
    ASSERT_EQ(found.size(), 5U);
    EXPECT_EQ(found[0].meal_id, samples[40].meal_id);
    EXPECT_FLOAT_EQ(found[0].similarity, 1);
    EXPECT_EQ(found[0].outcome[1], samples[40].targets[1]);
    for (std::size_t i = 1; i < found.size(); ++i) {
      EXPECT_LE(found[i].similarity, found[i - 1].similarity);
      EXPECT_GE(found[i].similarity, 0);
    }
  }
  EXPECT_TRUE(similar_meals(nullptr, samples[0], {}, 5).empty());
}

}  // namespace
}  // namespace glucose
