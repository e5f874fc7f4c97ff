// SPDX-License-Identifier: PostgreSQL
// A population's network, and a person's that begins with it.
#include <gtest/gtest.h>

#include <cmath>

#include "core/math/stacking.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/training/fine_tuning.hpp"
#include "core/tasks/meal/training/population_network.hpp"
#include "core/tasks/meal/training/population_training.hpp"
#include "core/tasks/meal/training/weighing.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;

TrainOptions quick() {
  TrainOptions options;
  options.epochs = 6;
  options.layers = 1;
  options.hidden = {6, 0, 0};
  options.learning_rate = 0.01;
  return options;
}

std::vector<std::vector<Sample>> persons(std::size_t n, std::size_t rows = 40) {
  std::vector<std::vector<Sample>> all;
  for (std::size_t p = 0; p < n; ++p) all.push_back(n_simulated_samples(20 + p, rows));
  return all;
}
std::vector<PersonRows> rows_of(const std::vector<std::vector<Sample>>& persons) {
  std::vector<PersonRows> rows;
  for (const auto& samples : persons) rows.push_back({samples, split_sizes(samples)});
  return rows;
}

template <class Stepped>
Stepped finished(Stepped stepped) {
  while (!stepped.done()) stepped.step();
  return stepped;
}

std::vector<float> weights(const LstmModel& model) {
  const auto parameters = model.net.parameters();
  return {parameters.begin(), parameters.end()};
}

LstmModel trained_on(Samples rows, const TrainOptions& options = quick()) {
  LstmFit fit(rows, {}, options);
  while (!fit.done()) fit.step();
  return fit.take();
}

/// Rows whose glucose rises by `rise` for each gram of carbohydrate.
std::vector<Sample> rising(std::size_t n, float rise, std::uint64_t seed) {
  Random rng(seed);
  std::vector<Sample> rows;
  for (std::size_t i = 0; i < n; ++i) {
    Sample row{};
    static_cast<Moment&>(row) = plain_moment(static_cast<float>(rng.uniform(90, 150)));
    row.eaten_at = static_cast<Micros>(i) * 300 * kMinute;
    row.features[1] = static_cast<float>(rng.uniform(10, 100));
    row.targets[0] = row.targets[1] = row.features[kHistory + kHistorySteps - 1] + rise * row.features[1];
    rows.push_back(row);
  }
  return rows;
}

TEST(PopulationNetwork, AnswersEverybodyByANetworkOfOthers) {
  auto all = persons(4);
  const auto first = finished(PopulationNetwork(rows_of(all), quick()));
  for (Sample& row : all[1]) row.targets[0] += 50;  // person 1 and 4 are a fold
  const auto second = finished(PopulationNetwork(rows_of(all), quick()));
  const auto same = [&](std::size_t person) {
    for (std::size_t i = 0; i < all[person].size(); ++i)
      if (first.said(person)[i].mg_dl != second.said(person)[i].mg_dl) return false;
    return true;
  };
  EXPECT_TRUE(same(1));
  EXPECT_FALSE(same(0));
  EXPECT_FALSE(same(2));
}

TEST(PopulationNetwork, NeverLearnsFromTestRows) {
  auto all = persons(3);
  auto first = finished(PopulationNetwork(rows_of(all), quick()));
  for (auto& samples : all)
    for (std::size_t i = samples.size() - static_cast<std::size_t>(split_sizes(samples).test); i < samples.size(); ++i)
      samples[i].targets[0] = samples[i].targets[1] = 400;
  auto second = finished(PopulationNetwork(rows_of(all), quick()));
  EXPECT_EQ(weights(first.take()), weights(second.take()));
}

TEST(PopulationNetwork, IsWhatIsStoredWhenItIsAskedFor) {
  PopulationTraining training(persons(3), Algorithm::lstm, quick(), kPlenty, nullptr);
  double progress = 0;
  while (!training.done()) {
    training.step();
    EXPECT_GE(training.progress(), progress - 1e-9);
    progress = training.progress();
  }
  const TrainingOutcome outcome = training.take();
  EXPECT_EQ(outcome.model.algorithm, Algorithm::lstm);
  EXPECT_NE(std::get_if<LstmModel>(&outcome.model.predictor), nullptr);
  EXPECT_EQ(network_of(outcome.model.predictor), std::get_if<LstmModel>(&outcome.model.predictor));
  EXPECT_FALSE(outcome.model.looks_at_meal2());
  EXPECT_TRUE(outcome.model.memory.meals.empty());
  EXPECT_GT(outcome.model.intervals.n, 0);
  EXPECT_EQ(outcome.candidates.size(), 2U);
  EXPECT_EQ(outcome.metrics[2][0].n, outcome.sizes.test);
  PopulationTraining again(persons(3), Algorithm::lstm, quick(), kPlenty, nullptr);
  EXPECT_EQ(encode(finished(std::move(again)).take().model), encode(outcome.model));
}

TEST(PopulationNetwork, GoesAlongOnlyWithManyRows) {
  const TrainingOutcome few =
      finished(PopulationTraining(persons(3), Algorithm::automatic, quick(), kPlenty, nullptr)).take();
  EXPECT_EQ(network_of(few.model.predictor), nullptr);
  for (const Candidate& candidate : few.candidates) EXPECT_NE(candidate.algorithm, Algorithm::lstm);
  const TrainingOutcome many =
      finished(PopulationTraining(persons(6, 105), Algorithm::automatic, quick(), kPlenty, nullptr)).take();
  EXPECT_TRUE(std::any_of(many.candidates.begin(), many.candidates.end(),
                          [](const Candidate& c) { return c.algorithm == Algorithm::lstm; }));
}

TEST(PopulationNetwork, CountsInForecastsWhereItHelpedPersonsLeftOut) {
  // Glucose answers to a product of two features, which no linear model knows.
  auto all = persons(8, 105);
  for (auto& samples : all)
    for (Sample& row : samples) {
      const float carbs = std::isnan(row.features[1]) ? 0 : row.features[1];
      const float sign = row.features[kHistory + kHistorySteps - 1] > 140 ? -1.0F : 1.0F;
      row.targets[0] = row.targets[1] = row.rich[0] + sign * carbs;
    }
  TrainOptions options = quick();
  options.epochs = 40;
  const TrainingOutcome outcome =
      finished(PopulationTraining(all, Algorithm::automatic, options, kPlenty, nullptr)).take();
  EXPECT_EQ(outcome.model.algorithm, Algorithm::ensemble);
  ASSERT_NE(network_of(outcome.model.predictor), nullptr);
  ASSERT_NE(population_of(outcome.model.predictor), nullptr);
  const float share = share_of_network(outcome.model.predictor);
  EXPECT_GT(share, 0.1F);
  EXPECT_LE(share, 1);
  const auto rmse = [&](Algorithm algorithm) {
    return std::find_if(outcome.candidates.begin(), outcome.candidates.end(),
                        [&](const Candidate& c) { return c.algorithm == algorithm; })
        ->rmse;
  };
  EXPECT_LT(rmse(Algorithm::ensemble), rmse(Algorithm::population));
  EXPECT_EQ(encode(decode(encode(outcome.model))), encode(outcome.model));
  // A person on it weighs the two as the population does, before its own rows are seen; its memory stands on the rest.
  const auto person = n_simulated_samples(4, 105);
  const TrainingOutcome personal =
      finished(Training(person, Algorithm::automatic, options, kPlenty, &outcome.model)).take();
  EXPECT_NE(personal.network, "own");
  EXPECT_NE(population_of(personal.model.predictor), nullptr);
}

TEST(PopulationNetwork, IsFoundInAPredictorWithItsShare) {
  EXPECT_EQ(network_of(small_model(Algorithm::personal).predictor), nullptr);
  EXPECT_EQ(share_of_network(small_model(Algorithm::personal).predictor), 0);
  EXPECT_EQ(share_of_network(small_model(Algorithm::lstm).predictor), 1);
  Random rng(1);
  Ensemble both{{Algorithm::population, Algorithm::lstm}, {}, {0.75F, 0.5F, 0.25F, 0.5F}};
  for (const Algorithm member : both.algorithms) both.members.push_back(random_member(rng, member, 2, 3));
  EXPECT_EQ(share_of_network(both), 0.25F);
  EXPECT_EQ(network_of(Predictor(small_model(Algorithm::ensemble).predictor)), nullptr);
}

TEST(FineTuning, KeepsThePopulationsNetworkUnlessItIsBettered) {
  const auto all = rising(400, 0.8F, 1), alike = rising(60, 0.8F, 2), other = rising(60, 2.0F, 3);
  const LstmModel start = trained_on(all);
  const auto tuned_on = [&](const std::vector<Sample>& rows) {
    return finished(FineTuning(Samples(rows).first(45), Samples(rows).last(15), quick(), start));
  };
  auto same = tuned_on(alike), different = tuned_on(other);
  EXPECT_FALSE(different.keeps_start());
  EXPECT_GT(different.best_epoch(), 0);
  EXPECT_NE(weights(different.take()), weights(start));
  // Validation rows that say something else than what was learnt: the gate stays closed.
  std::vector<Sample> turned = other;
  for (std::size_t i = 45; i < 60; ++i) turned[i].targets = alike[i].targets, turned[i].features = alike[i].features;
  auto misled = tuned_on(turned);
  EXPECT_TRUE(misled.keeps_start());
  const LstmModel kept = misled.take();
  EXPECT_EQ(weights(kept), weights(start));
  EXPECT_EQ(kept.targets.mean, start.targets.mean);
}

TEST(FineTuning, IsDeterministicAndWithoutValidationTrainsTheEpochsItIsGiven) {
  const auto rows = rising(60, 2.0F, 3);
  const LstmModel start = trained_on(rising(200, 0.8F, 1));
  TrainOptions options = quick();
  options.epochs = 3;
  const auto tuned = [&] { return finished(FineTuning(rows, {}, options, start)); };
  auto a = tuned(), b = tuned();
  EXPECT_EQ(a.epoch(), 3);
  EXPECT_FALSE(a.keeps_start());
  EXPECT_EQ(weights(a.take()), weights(b.take()));
}

TEST(FineTuning, APersonBeginsWithThePopulationsNetworkOfItsShapeOnly) {
  const auto person = n_simulated_samples(4, 105);
  Model population = small_model(Algorithm::lstm);
  population.predictor = trained_on(n_simulated_samples(5, 200));
  population.intervals = prior_intervals(kSimulatedHorizons);
  const auto outcome = [&](const TrainOptions& options, Algorithm algorithm = Algorithm::lstm) {
    return finished(Training(person, algorithm, options, kPlenty, &population)).take();
  };
  const TrainingOutcome on_it = outcome(quick());
  EXPECT_TRUE(on_it.network == "population" || on_it.network == "fine-tuned");
  if (on_it.network == "population") {
    EXPECT_EQ(weights(std::get<LstmModel>(on_it.model.predictor)), weights(*network_of(population.predictor)));
  }
  EXPECT_EQ(encode(outcome(quick()).model), encode(on_it.model));
  EXPECT_NE(outcome(quick(), Algorithm::automatic).network, "own");
  TrainOptions wider = quick();
  wider.hidden[0] = 7;
  EXPECT_EQ(outcome(wider).network, "own");
  EXPECT_EQ(outcome(quick(), Algorithm::ridge).network, "");
}

TEST(Weighing, TheNetworkIsTrustedBesideThePersonalModelNeverInsteadOfIt) {
  const auto rows = n_simulated_samples(4, 12);
  const auto off_by = [&](float mg_dl) {
    Forecasts said(2);
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t i = 0; i < rows.size(); ++i)
        said[k].push_back(rows[i].targets[k] + (i % 2 == 0 ? mg_dl : -mg_dl));
    return said;
  };
  const auto chosen = [&](float personal) {
    Weighing weighing(rows, 2);
    weighing.add(Algorithm::persistence, off_by(20));
    weighing.add(Algorithm::lstm, off_by(20));
    weighing.add(Algorithm::personal, off_by(personal));
    weighing.choose_blend(true, 0.2F);
    std::vector<float> weights(3, 0.0F);
    for (std::size_t m = 0; m < weighing.chosen().size(); ++m)
      weights[weighing.chosen()[m]] = weighing.chosen().size() == 1 ? 1 : weighing.weights()[2 * m];
    return weights;
  };
  const auto beside = chosen(20), instead = chosen(200);
  EXPECT_NEAR(beside[1], 0.2, 1e-4);
  EXPECT_NEAR(beside[2], 0.8, 1e-4);
  EXPECT_EQ(instead[0], 1);  // the personal model is clearly worse than persistence
}

TEST(Stacking, AShareOfACorrectionServesWhenItHelpsBeyondChance) {
  Random rng(3);
  std::vector<double> residuals, halves, noise, nothing;
  for (int i = 0; i < 200; ++i) {
    residuals.push_back(rng.normal());
    halves.push_back(residuals.back() / 2);
    noise.push_back(0.1 * rng.normal());
    nothing.push_back(0);
  }
  EXPECT_EQ(best_share(residuals, halves).best, 1);
  EXPECT_TRUE(best_share(residuals, halves).beyond_chance);
  EXPECT_FALSE(best_share(residuals, noise).beyond_chance);
  EXPECT_FALSE(best_share(residuals, nothing).beyond_chance);
  for (double& c : halves) c *= -1;
  EXPECT_EQ(best_share(residuals, halves).best, 0);
  EXPECT_FALSE(best_share({}, {}).beyond_chance);
}

}  // namespace
}  // namespace glucose
