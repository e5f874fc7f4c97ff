// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/lstm_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

/// Meals whose glucose keeps `kept` of its distance to 140 mg/dL.
std::vector<Sample> returning(std::size_t n, float kept) {
  std::vector<Sample> rows = n_simulated_samples(3, n);
  for (std::size_t i = 0; i < n; ++i) {
    const float level = 80 + static_cast<float>(i * 37 % 120);
    rows[i].features = plain_features(level);
    rows[i].targets[0] = rows[i].targets[1] = 140 + kept * (level - 140);
  }
  return rows;
}

LstmModel fitted(const std::vector<Sample>& rows, const TrainOptions& options) {
  LstmFit fit(rows, {}, options);
  while (!fit.done()) fit.step();
  return fit.take();
}

TEST(LstmModel, KnowsTheReturnToTheMeanAfterOneEpoch) {
  TrainOptions options;
  options.epochs = 1;
  options.hidden = {4, 4};
  for (const float kept : {0.0F, 0.5F, 1.0F}) {
    const LstmModel model = fitted(returning(200, kept), options);
    for (const Sample& row : returning(20, kept)) {
      float out[2];
      model.predict(row.features, 2, out);
      EXPECT_NEAR(out[0], row.targets[0], 5);
      EXPECT_NEAR(out[1], row.targets[1], 5);
    }
  }
}

TEST(LstmModel, FewMealsShrinkTheLine) {
  TrainOptions options;
  options.epochs = 1;
  options.hidden = {4, 4};
  const float few = fitted(returning(5, 0), options).pull[0], many = fitted(returning(500, 0), options).pull[0];
  const auto sd_of = [&](std::size_t n) { return 1 / fitted(returning(n, 0), options).glucose.inverse_sd[0]; };
  EXPECT_NEAR(few, -sd_of(5) * 5 / 10, 0.5);  // half of the way: as many meals as the prior counts
  EXPECT_NEAR(many, -sd_of(500) * 500 / 505, 0.5);
}

}  // namespace
}  // namespace glucose
