// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/design_matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/math/scaler.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

FeatureVector with_history(std::initializer_list<float> values) {
  FeatureVector x = plain_features();
  std::copy(values.begin(), values.end(), x.begin() + kHistory);
  return x;
}
constexpr float U = kUnknown;

std::vector<float> filled(const FeatureVector& x) {
  const auto values = filled_history(x);
  return {values.begin(), values.end()};
}

TEST(FilledHistory, TakesTheNearestInTimeAndTheEarlierOfTwo) {
  EXPECT_EQ(filled(with_history({U, U, 3, U, U, U, 7, U, U, 10, U, U})),
            (std::vector<float>{3, 3, 3, 3, 3, 7, 7, 7, 10, 10, 10, 10}));
  EXPECT_EQ(filled(with_history({1, U, 3, U, U, 6, U, U, U, U, U, U})),
            (std::vector<float>{1, 1, 3, 3, 6, 6, 6, 6, 6, 6, 6, 6}));
  EXPECT_EQ(last_glucose(with_history({50, U, U, U, U, U, U, U, U, U, U, U})), 50);
}

TEST(FilledHistory, NothingKnownIsTheBaseline) {
  FeatureVector x = with_history({U, U, U, U, U, U, U, U, U, U, U, U});
  EXPECT_EQ(filled(x), std::vector<float>(12, 130));
  x[kBaseline] = kUnknown;
  EXPECT_TRUE(std::isnan(last_glucose(x)));
}

TEST(MissingIndicators, OnePerNutrientAndOneForTheWindow) {
  FeatureVector x = plain_features();
  EXPECT_EQ(missing_indicators(x), (std::array<float, 6>{0, 0, 0, 0, 0, 0}));
  x[1] = x[4] = kUnknown;
  EXPECT_EQ(missing_indicators(x), (std::array<float, 6>{0, 1, 0, 0, 1, 0}));
  x[kHistory + 11] = kUnknown;
  EXPECT_EQ(missing_indicators(x), (std::array<float, 6>{0, 1, 0, 0, 1, 1}));
}

TEST(DesignRow, ByHand) {
  FeatureVector x = with_history({100, 102, 104, 106, 108, 110, 112, 114, 120, 126, 132, 140});
  x[kClock] = 0.6F, x[kClock + 1] = 0.8F;
  const DesignRow row = design_row(x);
  const std::vector<float> expected{140,
                                    2,
                                    2,
                                    2,
                                    2,
                                    2,
                                    2,
                                    2,
                                    6,
                                    6,
                                    6,
                                    8,  // level, changes
                                    14,
                                    26,  // since minus 30 and minus 60
                                    140 - 1374.0F / 12,
                                    10.139033F,
                                    12.566188F,  // above the window's mean, SD of the hour and of the window
                                    10,
                                    35,  // above the baseline, its SD
                                    500,
                                    60,
                                    25,
                                    18,
                                    6,  // nutrients
                                    4.1108739F,
                                    54 / (1 + 43.0F / 30),
                                    5,  // log(1 + carbs), net carbs damped, above the usual
                                    0.6F,
                                    0.8F,
                                    0.96F,
                                    0.28F,
                                    0.43388373F,
                                    -0.90096885F,
                                    0,
                                    1,
                                    0,
                                    0,
                                    0,
                                    60,
                                    0,
                                    0,  // type, carbs by type
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0};
  ASSERT_EQ(expected.size(), row.size());
  for (std::size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(row[i], expected[i], 1e-4F) << i;
}

TEST(DesignRow, UnknownCarbsAreNotZeroCarbs) {
  FeatureVector zero = plain_features(), unknown = zero;
  zero[1] = 0;
  unknown[1] = kUnknown;
  // Training rows with carbs 0, 60, unknown, so that all columns vary.
  std::vector<float> rows;
  for (const FeatureVector& x : {zero, unknown, plain_features()})
    for (const float value : design_row(x)) rows.push_back(value);
  const Scaler scaler = Scaler::fit(rows, kDesignColumns);
  DesignRow a, b;
  scaler.transform(design_row(zero), a.data());
  scaler.transform(design_row(unknown), b.data());
  int differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_FALSE(std::isnan(b[i]));
    differ += a[i] != b[i];
  }
  EXPECT_EQ(differ, 6);  // carbs, its log, net carbs, above the usual, by lunch, and the indicator
}

TEST(DesignRow, UnknownFatAndFiberLeaveCarbsKnown) {
  FeatureVector x = plain_features();
  x[2] = x[3] = x[4] = kUnknown;
  const DesignRow row = design_row(x);
  EXPECT_EQ(row[20], 60);
  EXPECT_EQ(row[25], 60);  // nothing taken off, nothing damped
}

TEST(DesignRow, MoreFiberThanCarbsIsNoNegativeMeal) {
  FeatureVector x = plain_features();
  x[1] = 3, x[4] = 12;
  EXPECT_EQ(design_row(x)[25], 0);
}

TEST(StaticInputs, AreTheFeaturesWithoutTheWindowAndTheIndicators) {
  FeatureVector x = plain_features();
  x[3] = kUnknown;
  const auto inputs = static_inputs(x);
  for (std::size_t i = 0; i < kHistory; ++i) {
    if (i != 3) {
      EXPECT_EQ(inputs[i], x[i]);
    }
  }
  EXPECT_TRUE(std::isnan(inputs[3]));
  EXPECT_EQ(inputs[13], 130);
  EXPECT_EQ(inputs[14], 35);
  EXPECT_EQ(inputs[15], 55);
  EXPECT_EQ(inputs[16 + 3], 1);
  EXPECT_EQ(inputs.size(), 22U);
}

TEST(DesignRow, NothingUnknownIsLeftAfterScaling) {
  auto samples = simulated_samples(3, 30, Profile::t1d);
  std::vector<float> rows, statics;
  for (const Sample& s : samples) {
    for (const float value : design_row(s.features)) rows.push_back(value);
    for (const float value : static_inputs(s.features)) statics.push_back(value);
  }
  const Scaler scaler = Scaler::fit(rows, kDesignColumns), of_statics = Scaler::fit(statics, kStaticInputs);
  Random rng(6);
  for (Sample& s : samples) {
    for (std::size_t i = 0; i < kFeatures; ++i)
      if (kFeatureTable[i].nullable && rng.uniform() < 0.5) s.features[i] = kUnknown;
    DesignRow scaled;
    scaler.transform(design_row(s.features), scaled.data());
    for (const float value : scaled) ASSERT_TRUE(std::isfinite(value));
    std::array<float, kStaticInputs> inputs;
    of_statics.transform(static_inputs(s.features), inputs.data());
    for (const float value : inputs) ASSERT_TRUE(std::isfinite(value));
  }
}

}  // namespace
}  // namespace glucose
