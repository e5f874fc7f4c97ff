// SPDX-License-Identifier: PostgreSQL
// The curve: through level and horizons, ordered, with peak and area by hand; and the shape it is fitted from.
#include "core/tasks/meal/asking/curve.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/tasks/meal/training/curve_fit.hpp"
#include "core/tasks/meal/training/population_fit.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

HorizonForecast horizon(int minutes_ahead, float mg_dl, float lower, float upper) {
  HorizonForecast h{};
  h.minutes_ahead = minutes_ahead;
  h.mg_dl = h.mean_mg_dl = mg_dl;
  h.lower = lower, h.upper = upper;
  return h;
}

/// Through the level 100, 60 minutes and 120.
std::vector<CurvePoint> curve_of(const Model& model, float at_60, float at_120, int step = 15) {
  const HorizonForecast forecasts[] = {horizon(60, at_60, at_60 - 20, at_60 + 30),
                                       horizon(120, at_120, at_120 - 40, at_120 + 50)};
  return glucose_curve(model, plain_moment(100), forecasts, false, step);
}

TEST(Pchip, PassesThroughItsPointsAndNeverOvershoots) {
  const Pchip curve({0, 1, 2, 4, 5}, {0, 1, 1, 5, 4});
  EXPECT_EQ(curve.at(-1), 0);
  EXPECT_EQ(curve.at(0), 0);
  EXPECT_DOUBLE_EQ(curve.at(1), 1);
  EXPECT_DOUBLE_EQ(curve.at(1.5), 1);  // flat between equal points
  EXPECT_DOUBLE_EQ(curve.at(4), 5);
  EXPECT_EQ(curve.at(9), 4);
  for (double x = 2; x < 3.98; x += 0.01) EXPECT_LE(curve.at(x), curve.at(x + 0.01));
  EXPECT_DOUBLE_EQ(Pchip({0, 2}, {1, 5}).at(0.5), 2);  // two points: a line
  // Slopes by hand: 2.5 at the start, 9 / (5 / 2 + 4 / 0.5) in the middle, 0 at the end.
  EXPECT_NEAR(Pchip({0, 1, 3}, {0, 2, 3}).at(0.5), 1.2053571429, 1e-9);
  EXPECT_NEAR(Pchip({0, 1, 3}, {0, 2, 3}).at(2), 2.7142857143, 1e-9);
}

TEST(Curve, PassesThroughLevelAndHorizonsWhateverTheModel) {
  for (const Algorithm algorithm : kKinds) {
    for (const int step : {1, 7, 15, 60}) {
      const auto curve = curve_of(small_model(algorithm), 150, 130, step);
      ASSERT_EQ(curve.size(), static_cast<std::size_t>(180 / step + 1));
      EXPECT_EQ(curve.front().mg_dl, 100);
      EXPECT_EQ(curve.front().lower, 100);
      EXPECT_EQ(curve.front().upper, 100);
      EXPECT_EQ(curve.front().incremental_area, 0);
      int peaks = 0;
      for (std::size_t i = 0; i < curve.size(); ++i) {
        const CurvePoint& p = curve[i];
        EXPECT_EQ(p.minutes_ahead, static_cast<int>(i) * step);
        EXPECT_LE(p.lower, p.mg_dl);
        EXPECT_LE(p.mg_dl, p.upper);
        EXPECT_GE(p.lower, kGlucoseLow);
        EXPECT_LE(p.upper, kGlucoseHigh);
        EXPECT_GE(p.incremental_area, curve[i == 0 ? 0 : i - 1].incremental_area);
        peaks += p.is_peak ? 1 : 0;
        if (p.minutes_ahead == 60) {
          EXPECT_NEAR(p.mg_dl, 150, 1e-3);
          EXPECT_NEAR(p.lower, 130, 1e-3);
          EXPECT_NEAR(p.upper, 180, 1e-3);
        }
        if (p.minutes_ahead == 120) {
          EXPECT_NEAR(p.mg_dl, 130, 1e-3);
          EXPECT_NEAR(p.lower, 90, 1e-3);
          EXPECT_NEAR(p.upper, 180, 1e-3);
        }
      }
      EXPECT_EQ(peaks, 1);
    }
  }
}

TEST(Curve, IntervalsGrowWithTheSquareRootOfTime) {
  const auto curve = curve_of(small_model(Algorithm::persistence), 100, 100);
  EXPECT_FLOAT_EQ(curve[1].lower, 100 - 10);                                // a quarter of the time, half the width
  EXPECT_FLOAT_EQ(curve[6].upper, 100 + 40);                                // half-way between the horizons
  EXPECT_FLOAT_EQ(curve[12].upper, 100 + 50 * std::sqrt(180.0F / 120.0F));  // beyond
}

TEST(Curve, PeakAndAreaByHand) {
  const Model model = small_model(Algorithm::persistence);
  // 100, 150, 130 and then on: 50 · 60 / 2, (50 + 30) · 60 / 2, 30 · 60.
  auto curve = curve_of(model, 150, 130, 60);
  EXPECT_FLOAT_EQ(curve[1].incremental_area, 1500);
  EXPECT_FLOAT_EQ(curve[2].incremental_area, 3900);
  EXPECT_FLOAT_EQ(curve[3].incremental_area, 5700);
  EXPECT_TRUE(curve[1].is_peak);
  // Below the level it counts nothing: of 40 up and 20 down in an hour, the part above.
  curve = curve_of(model, 140, 80, 60);
  EXPECT_FLOAT_EQ(curve[2].incremental_area, 1200 + 40.0F * 40 / 60 * 60 / 2);
  EXPECT_FLOAT_EQ(curve[3].incremental_area, curve[2].incremental_area);
  curve = curve_of(model, 80, 70, 60);
  EXPECT_EQ(curve[3].incremental_area, 0);
  EXPECT_TRUE(curve[0].is_peak);
  EXPECT_TRUE(curve_of(model, 140, 140, 60)[1].is_peak);  // the first of equals
}

TEST(Curve, HasTheShapeOfThePopulation) {
  Model model = small_model(Algorithm::trees);
  auto& population = std::get<PopulationModel>(model.predictor);
  population.curve_coefficients.assign(population.curve_coefficients.size(), 0.0F);
  for (std::size_t c = 0; c < kCurveSteps; ++c)  // highest at 45 minutes
    population.curve_intercept[c] = 60 - 10 * std::abs(static_cast<float>(c) - 2);
  // 150 at 60 minutes is what the shape says; 100 at 120 is 10 less, and half of that at 90.
  const auto curve = curve_of(model, 150, 100);
  EXPECT_NEAR(curve[3].mg_dl, 160, 1e-3);
  EXPECT_TRUE(curve[3].is_peak);
  EXPECT_NEAR(curve[6].mg_dl, 130 - 5, 1e-3);
  EXPECT_NEAR(curve[12].mg_dl, 70 - 10, 1e-3);  // and on with what was missed last
  // What a column says counts before the first horizon and beyond the last, not in between.
  for (std::size_t c = 0; c < kCurveSteps; ++c)
    population.curve_coefficients[c * kLineColumns + 29] = static_cast<float>(c * c);
  const auto moved = curve_of(model, 150, 100);
  EXPECT_NE(moved[1].mg_dl, curve[1].mg_dl);
  EXPECT_NEAR(moved[6].mg_dl, curve[6].mg_dl, 1e-3);
  EXPECT_NE(moved[12].mg_dl, curve[12].mg_dl);
}

TEST(Curve, StaysWhereSensorsCanSee) {
  const HorizonForecast forecasts[] = {horizon(60, 600, 560, 600), horizon(120, 21, 20, 25)};
  for (const CurvePoint& p : glucose_curve(small_model(Algorithm::trees), plain_moment(590), forecasts, false, 1)) {
    EXPECT_LE(p.upper, 600);
    EXPECT_GE(p.lower, 20);
    EXPECT_LE(p.lower, p.mg_dl);
    EXPECT_LE(p.mg_dl, p.upper);
  }
}

TEST(Curve, OutcomesEveryQuarterHourDoNotMakeMealsUnusable) {
  std::vector<Reading> readings;
  for (int i = -36; i <= 30; ++i) readings.push_back(reading(5 * i, 100 + static_cast<float>(i)));  // to 150 minutes
  const Meal meals[] = {meal_at(0)};
  const int horizons[] = {60, 120};
  DatasetBuilder builder(meals, readings, horizons, -1, 1);
  builder.step();
  const auto samples = builder.take();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_FLOAT_EQ(samples[0].curve[0], 103);
  EXPECT_FLOAT_EQ(samples[0].curve[3], samples[0].targets[0]);
  EXPECT_FLOAT_EQ(samples[0].curve[9], 130);
  EXPECT_TRUE(std::isnan(samples[0].curve[10]));
  EXPECT_TRUE(std::isnan(samples[0].curve[11]));
}

TEST(CurveFit, PullsTheTypesOfMealHarder) {
  for (std::size_t c = 0; c < kRichFeatures; ++c) {
    const auto name = kRichTable[c].name;
    const bool type = name == "is_breakfast" || name == "is_lunch" || name == "is_dinner" || name == "is_snack";
    EXPECT_NEAR(line_penalties(1)[c], type ? 3 : 1, 1e-8) << name;
    EXPECT_NEAR(line_penalties(1)[kRichFeatures + 1 + c], type ? 1.5 : 0.5, 1e-8) << name;
  }
}

TEST(CurveFit, AgreesWithTheHorizonsFitWhereBothLook) {
  std::vector<Sample> samples = simulated_samples(3, 60);
  ASSERT_GT(samples.size(), 100U);
  std::vector<const Sample*> rows;
  for (const Sample& sample : samples) rows.push_back(&sample);
  PopulationFit fit(rows, LearntFrom::many, TrainOptions{}, nullptr);
  while (!fit.done()) fit.step();
  const PopulationModel model = fit.take();
  ASSERT_TRUE(model.knows_curve());
  for (std::size_t i = 0; i < samples.size(); i += 10) {
    std::array<float, 2> linear;
    model.predict_linear(samples[i].rich, 2, linear.data());
    const auto curve = model.predict_curve(samples[i].rich);
    EXPECT_NEAR(curve[3], linear[0], 0.02);
    EXPECT_NEAR(curve[7], linear[1], 0.02);
  }
}

TEST(CurveFit, RowsWithHolesCountWhereTheyAreKnown) {
  std::vector<Sample> samples = simulated_samples(4, 40);
  std::vector<Sample> few(samples.begin(), samples.begin() + 60);
  std::vector<Sample> with_holes = samples;
  // Without the 180 minutes of all but 60 rows, these 60 alone decide them; the rest is as before.
  for (std::size_t i = 60; i < with_holes.size(); ++i) with_holes[i].curve[11] = kUnknown;
  const auto fitted = [](const std::vector<Sample>& of) {
    std::vector<const Sample*> rows;
    for (const Sample& sample : of) rows.push_back(&sample);
    PopulationFit fit(rows, LearntFrom::many, TrainOptions{}, nullptr);
    while (!fit.done()) fit.step();
    return fit.take();
  };
  const PopulationModel whole = fitted(samples), holes = fitted(with_holes);
  for (std::size_t c = 0; c < 11; ++c) EXPECT_NEAR(whole.curve_intercept[c], holes.curve_intercept[c], 1e-3);
  EXPECT_NE(whole.curve_intercept[11], holes.curve_intercept[11]);
  for (Sample& sample : with_holes) sample.curve.fill(kUnknown);
  const PopulationModel none = fitted(with_holes);
  EXPECT_EQ(none.curve_intercept[5], 0);
  EXPECT_TRUE(none.knows_curve());
}

}  // namespace
}  // namespace glucose
