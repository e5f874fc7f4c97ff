// SPDX-License-Identifier: PostgreSQL
// Explanations add up, for every kind of model; features carry what they should.
#include "core/tasks/meal/asking/explanation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/tasks/meal/asking/seen_columns.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

Explanation explained(const Model& model, const Moment& moment, std::size_t k, bool mean = false) {
  MealExplainer explainer(model, moment, model.recollection(), k, mean);
  while (!explainer.done()) explainer.step();
  return explainer.take();
}

double sum_of(const Explanation& e) {
  double sum = static_cast<double>(e.baseline);
  for (const FeaturePart& part : e.parts) sum += static_cast<double>(part.contribution);
  return sum;
}

float part_of(const Explanation& e, std::string_view name) {
  for (const FeaturePart& part : e.parts)
    if (part.feature == name) return part.contribution;
  ADD_FAILURE() << "no part " << name;
  return kUnknown;
}

Moment some_moment(Random& rng) {
  Moment moment = plain_moment(static_cast<float>(rng.uniform(60, 250)));
  for (std::size_t f = 0; f < kFeatures; ++f) {
    if (kFeatureTable[f].nullable && rng.below(6) == 0) moment.features[f] = kUnknown;
    if (f >= kHistory && f < kBaseline) moment.features[f] += static_cast<float>(rng.uniform(-30, 30));
  }
  for (std::size_t f = 1; f < 52; ++f)
    moment.rich[f] = rng.below(6) == 0 ? kUnknown : static_cast<float>(rng.uniform(0, 60));
  moment.rich[meal2::kDoubt] = static_cast<float>(rng.uniform(0, 1));
  return moment;
}

TEST(Explanation, AddsUpToWhatIsServedForEveryKind) {
  for (const Algorithm algorithm : kKinds) {
    Random rng(5);
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const Model model = small_model(algorithm, seed);
      const Moment moment = some_moment(rng);
      const Recollection known = model.recollection();
      std::array<HorizonForecast, 2> served;
      forecast_horizons(model, moment, known, model.predict(moment, known), 0.9, served.data());
      for (std::size_t k = 0; k < 2; ++k) {
        const Explanation e = explained(model, moment, k);
        EXPECT_NEAR(sum_of(e), static_cast<double>(served[k].mg_dl), 1e-3) << name_of(algorithm);
        EXPECT_NEAR(sum_of(explained(model, moment, k, true)), static_cast<double>(served[k].mean_mg_dl), 1e-3);
        std::set<std::string_view> names;
        for (std::size_t i = 0; i < e.parts.size(); ++i) {
          EXPECT_TRUE(names.insert(e.parts[i].feature).second) << e.parts[i].feature;
          EXPECT_TRUE(std::isfinite(e.parts[i].contribution));
          if (i > 0) {
            EXPECT_GE(std::abs(e.parts[i - 1].contribution), std::abs(e.parts[i].contribution));
          }
        }
      }
    }
  }
}

TEST(Explanation, TypicalOutcomeIsTheMedianMinusTheMean) {
  // A lone sum could be made right by any remainder: the parts without it must already give the mean.
  for (const Algorithm algorithm : kKinds) {
    const Model model = small_model(algorithm, 3);
    const Moment moment = plain_moment(140);
    const PointForecast said = model.predict(moment, model.recollection());
    const Explanation e = explained(model, moment, 1);
    double sum = sum_of(e) - static_cast<double>(part_of(e, "typical_outcome"));
    for (const FeaturePart& part : e.parts)
      if (part.feature == "limit") sum -= static_cast<double>(part.contribution);
    EXPECT_NEAR(sum, static_cast<double>(said.mg_dl[1]), 2e-3) << name_of(algorithm);
  }
}

TEST(Explanation, OfALineIsCoefficientTimesColumn) {
  Model model = small_model(Algorithm::ridge);
  auto& line = std::get<LinearModel>(model.predictor);
  std::fill(line.coefficients.begin(), line.coefficients.end(), 0.0F);
  line.scaler.mean[0] = 100, line.scaler.inverse_sd[0] = 0.05F;
  line.coefficients[0] = -2;  // level, at the first horizon
  line.scaler.mean[20] = 50, line.scaler.inverse_sd[20] = 0.1F;
  line.coefficients[20] = 7;  // carbs
  line.intercept[0] = 11;
  const Explanation e = explained(model, plain_moment(120), 0, true);
  EXPECT_FLOAT_EQ(e.baseline, 111);                 // mean level and intercept
  EXPECT_FLOAT_EQ(part_of(e, "level"), 20 - 2.0F);  // 20 above its mean, one SD
  EXPECT_FLOAT_EQ(part_of(e, "carbs"), 7);          // 60 g: one SD
  EXPECT_EQ(part_of(e, "fat"), 0);
  Moment unknown = plain_moment(120);
  unknown.features[1] = kUnknown;
  EXPECT_EQ(part_of(explained(model, unknown, 0, true), "carbs"), 0);
}

TEST(Explanation, OfAFirstDayBelongsToTheColumnsThatMeanSomethingElseThen) {
  constexpr std::size_t kCarbs = meal2::kFirstNutrient + 1;
  Model model = small_model(Algorithm::population);
  auto& line = std::get<PopulationModel>(model.predictor);
  std::fill(line.coefficients.begin(), line.coefficients.end(), 0.0F);
  line.scaler.mean[kCarbs] = 50, line.scaler.inverse_sd[kCarbs] = 0.1F;
  line.coefficients[kCarbs] = 7;
  line.coefficients[kRichFeatures] = -12;             // of the doubt
  line.coefficients[kRichFeatures + 1 + kCarbs] = 4;  // of carbs times the doubt
  Moment moment = plain_moment(120);
  moment.rich[kCarbs] = 60;
  for (const float doubt : {0.0F, 0.25F, 1.0F, kUnknown}) {
    moment.rich[meal2::kDoubt] = doubt;
    const float as = std::isnan(doubt) ? 1 : doubt;
    const Explanation e = explained(model, moment, 0, true);
    EXPECT_FLOAT_EQ(part_of(e, "carbs"), 7 + 4 * as);
    EXPECT_FLOAT_EQ(part_of(e, "rhythm_doubt"), -12 * as);
  }
}

TEST(Explanation, OfPersistenceIsTheLevelAgainstThePersonsMean) {
  const Explanation e = explained(small_model(Algorithm::persistence), plain_moment(120), 0);
  EXPECT_FLOAT_EQ(e.baseline, 130);
  EXPECT_FLOAT_EQ(part_of(e, "level"), -10);
}

TEST(Explanation, SaysWhereAForecastEnds) {
  Model model = small_model(Algorithm::mean);
  std::get<MeanModel>(model.predictor).mean_mg_dl = {5, 900};
  EXPECT_FLOAT_EQ(part_of(explained(model, plain_moment(), 0, true), "limit"), 15);
  EXPECT_FLOAT_EQ(part_of(explained(model, plain_moment(), 1, true), "limit"), -300);
}

TEST(Explanation, NetworkThatLooksAtOneInputCreditsThatInput) {
  Model model = small_model(Algorithm::lstm);
  auto& lstm = std::get<LstmModel>(model.predictor);
  for (float& sd : lstm.statics.inverse_sd) sd = 0;  // all but the readings are always the mean
  Moment moment = plain_moment(180);
  moment.features[kHistory] = 90;
  const Explanation e = explained(model, moment, 0);
  for (const FeaturePart& part : e.parts)
    if (part.feature == "carbs" || part.feature == "day_sin") {
      EXPECT_NEAR(part.contribution, 0, 1e-3);
    }
}

TEST(SeenColumns, EveryColumnHasAName) {
  for (const Algorithm algorithm : kKinds) {
    std::size_t places = 0;
    for (const SeenFeature& feature : seen_features(small_model(algorithm).predictor)) {
      EXPECT_FALSE(feature.name.empty());
      places += feature.places.size();
    }
    const std::size_t expected[] = {1, 0, 47, 47, 34, 0, 64, 64, 111, 64};
    EXPECT_EQ(places, expected[static_cast<std::size_t>(algorithm)]) << name_of(algorithm);
  }
}

TEST(SeenColumns, OneNameIsOneQuantity) {
  Moment moment = plain_moment(120);
  moment.rich[8] = 120 - 130;  // above_month_mean
  moment.rich[33] = std::log1p(60.0F);
  const SeenColumns seen = seen_columns(moment);
  Model both = small_model(Algorithm::ensemble);
  for (const SeenFeature& feature : seen_features(both.predictor))
    if (feature.name == "level" || feature.name == "carbs" || feature.name == "above_month_mean" ||
        feature.name == "log_carbs" || feature.name == "day_cos" || feature.name == "is_lunch") {
      ASSERT_EQ(feature.places.size(), 2U) << feature.name;
      EXPECT_FLOAT_EQ(column_at(seen, feature.places[0]), column_at(seen, feature.places[1])) << feature.name;
    }
}

TEST(SeenColumns, AnswerAsTheirMoment) {
  for (const Algorithm algorithm : kKinds) {
    const Model model = small_model(algorithm);
    const Moment moment = plain_moment(150);
    const Recollection known = model.recollection();
    const PointForecast a = model.predict(moment, known);
    const PointForecast b = predict(model.predictor, seen_columns(moment), moment.eaten_at, known, model.horizons_min);
    for (std::size_t k = 0; k < 2; ++k) EXPECT_EQ(a.mg_dl[k], b.mg_dl[k]) << name_of(algorithm);
  }
}

}  // namespace
}  // namespace glucose
