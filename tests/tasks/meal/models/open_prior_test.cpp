// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/open_prior.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "core/tasks/meal/models/population_model.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

constexpr std::array<int, 5> kHorizons{10, 60, 70, 120, 300};

TEST(OpenPrior, IsFiniteAndGrowsLessSureWithTime) {
  const OpenPrior& open = kOpenPrior;
  for (const float value : open.coefficients) ASSERT_TRUE(std::isfinite(value) && std::abs(value) < 50);
  for (std::size_t p = 0; p < kRichFeatures; ++p)
    ASSERT_TRUE(std::isfinite(open.mean[p]) && (open.inverse_sd[p] > 0 || kRichTable[p].name == "carbs_same_moment"))
        << kRichTable[p].name;  // lines of one meal are one there
  for (std::size_t c = 0; c < kCurveSteps; ++c) {
    EXPECT_GT(open.residual_sd[c], 3);
    if (c > 0 && c < 8) {
      EXPECT_GT(open.residual_sd[c], open.residual_sd[c - 1]);
    }
  }
  EXPECT_GT(open.intercept[3], open.intercept[0]);  // glucose rises after meals
}

TEST(OpenPrior, HorizonsAreStepsOfItsCurveAndInBetween) {
  const PopulationModel model = prior_model(kHorizons);
  const RichVector& rich = plain_moment().rich;
  std::array<float, kHorizons.size()> said;
  model.predict(rich, static_cast<int>(kHorizons.size()), said.data());
  const CurveOutcomes curve = model.predict_curve(rich);
  EXPECT_NEAR(said[0], rich[0] + (curve[0] - rich[0]) * 10 / 15, 1e-3);
  EXPECT_NEAR(said[1], curve[3], 1e-3);
  EXPECT_NEAR(said[2], curve[3] + (curve[4] - curve[3]) * 10 / 15, 1e-3);
  EXPECT_NEAR(said[3], curve[7], 1e-3);
  EXPECT_NEAR(said[4], curve[11], 1e-3);
  EXPECT_GT(model.residual_sd[3], model.residual_sd[1]);
  EXPECT_FALSE(model.kernel.is_empty());
}

TEST(OpenPrior, MoreCarbohydrateRaisesMore) {
  const PopulationModel model = prior_model(std::array<int, 1>{60});
  RichVector little = plain_moment().rich, much = little;
  for (const auto& [place, low, high] :
       {std::tuple{29U, 10.0F, 90.0F}, {33U, std::log1p(10.0F), std::log1p(90.0F)}, {34U, 8.0F, 70.0F}})
    little[place] = low, much[place] = high;
  float a, b;
  model.predict(little, 1, &a);
  model.predict(much, 1, &b);
  EXPECT_GT(b, a + 5);
}

// Simulated persons are none of those it has learnt from.
TEST(OpenPrior, KnowsMoreThanThatGlucoseStaysWhatItIs) {
  const PopulationModel model = prior_model(std::array<int, 2>{60, 120});
  double squares = 0, persistence = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    for (const Sample& sample : simulated_samples(seed, 20)) {
      std::array<float, 2> said;
      model.predict(sample.rich, 2, said.data());
      for (std::size_t k = 0; k < 2; ++k) {
        squares += std::pow(static_cast<double>(said[k] - sample.targets[k]), 2);
        persistence += std::pow(static_cast<double>(sample.rich[0] - sample.targets[k]), 2);
      }
    }
  EXPECT_LT(squares, 0.8 * persistence);
}

}  // namespace
}  // namespace glucose
