// SPDX-License-Identifier: PostgreSQL
// A person's training on top of a population: what it is told beforehand, and what its own meals add.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "core/readings/low_glucose.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "core/tasks/meal/training/population_training.hpp"
#include "core/tasks/meal/training/replay.hpp"
#include "support/evaluated.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;

const Model& population() {
  static const Model model = [] {
    std::vector<std::vector<Sample>> persons;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) persons.push_back(n_simulated_samples(seed, 90));
    PopulationTraining training(std::move(persons), Algorithm::ridge, {}, kPlenty, nullptr);
    while (!training.done()) training.step();
    return training.take().model;
  }();
  return model;
}
const std::vector<Sample>& person() {
  static const std::vector<Sample> samples = n_simulated_samples(40, 100);
  return samples;
}

TrainingOutcome trained(std::vector<Sample> samples, Algorithm algorithm = Algorithm::personal) {
  TrainOptions options;
  options.epochs = 4;
  options.hidden = {6, 4};
  Training training(std::move(samples), algorithm, options, kPlenty, &population());
  while (!training.done()) training.step();
  return training.take();
}

double error_of_mean(const Forecasts& said, Samples rows, std::size_t first) {
  double sum = 0;
  for (std::size_t i = first; i < rows.size(); ++i)
    sum += std::abs(static_cast<double>(said[0][i] - rows[i].targets[0])) / static_cast<double>(rows.size() - first);
  return sum;
}

TEST(PersonalTraining, KeepsThePopulationsWeightsAndIntervals) {
  const Model model = trained(person()).model;
  EXPECT_EQ(model.algorithm, Algorithm::personal);
  const auto& of_all = std::get<PopulationModel>(population().predictor);
  const auto& of_person = std::get<PopulationModel>(model.predictor);
  EXPECT_EQ(of_person.coefficients, of_all.coefficients);
  EXPECT_EQ(of_person.intercept, of_all.intercept);
  EXPECT_EQ(model.intervals.grids, population().intervals.grids);
  EXPECT_EQ(model.memory.meals.size(), person().size());
}

TEST(PersonalTraining, NoAnswerRestsOnALaterOutcome) {
  const Model before = trained(person()).model;
  for (const std::size_t changed : {1U, 30U, 75U, 95U}) {
    std::vector<Sample> samples = person();
    for (std::size_t i = changed; i < samples.size(); ++i) samples[i].targets[0] = samples[i].targets[1] = 300;
    const Model after = trained(samples).model;
    for (std::size_t i = 0; i <= changed; ++i) {
      const RememberedMeal &a = before.memory.meals[i], &b = after.memory.meals[i];
      ASSERT_EQ(bits_of(a.recalled), bits_of(b.recalled)) << i;
      if (i == changed) break;
      ASSERT_EQ(bits_of(a.residual), bits_of(b.residual)) << i;
      ASSERT_EQ(bits_of(a.score), bits_of(b.score)) << i;
      ASSERT_EQ(bits_of(a.rank), bits_of(b.rank)) << i;
    }
  }
}

TEST(PersonalTraining, FollowingAPersonGivesTheSameMemoryAsTraining) {
  const TrainingOutcome outcome = trained(person());
  Follower follower(population());
  for (const Sample& row : person()) follower.follow(row);
  const auto& followed = follower.known().memory().meals;
  ASSERT_EQ(followed.size(), outcome.model.memory.meals.size());
  for (std::size_t i = 0; i < followed.size(); ++i) {
    const RememberedMeal& stored = outcome.model.memory.meals[i];
    for (std::size_t k = 0; k < 2; ++k) {
      ASSERT_EQ(followed[i].residual[k], stored.residual[k]) << i;
      ASSERT_EQ(followed[i].recalled[k], stored.recalled[k]) << i;
      ASSERT_NEAR(followed[i].score[k], stored.score[k], 1e-4) << i;
      ASSERT_NEAR(followed[i].rank[k], stored.rank[k], 1e-4) << i;
    }
  }
}

TEST(PersonalTraining, OwnMealsTeachWhatIsTheirs) {
  std::vector<Sample> samples = person();
  for (Sample& row : samples) row.targets[0] += 30, row.targets[1] += 30;  // this person always rises by 30 more
  const Model model = trained(samples).model;
  Replay replay(samples, model.predictor, {60, 120});
  while (!replay.done()) replay.step();
  Forecasts without(1);
  for (const PointForecast& said : replay.said()) without[0].push_back(said.impersonal[0]);
  const double with = error_of_mean(replay.answers(0, samples.size()), samples, 30);
  EXPECT_LT(with, 0.8 * error_of_mean(without, samples, 30));
}

TEST(PersonalTraining, WhatIsRecalledCountsAsFarAsItIsBelieved) {
  std::vector<Sample> samples = person();
  Random rng(6);
  for (Sample& row : samples) row.targets[0] += static_cast<float>(60 * rng.normal());  // not to be relied on
  const Model model = trained(samples).model;
  const PointForecast said = model.predict(plain_moment(), model.recollection());
  EXPECT_LT(said.believed[0], 1);
  const RichVector& rich = plain_moment().rich;
  for (std::size_t k = 0; k < 2; ++k)
    EXPECT_NEAR(said.mg_dl[k],
                defended(said.impersonal[k] + said.believed[k] * said.recalled[k], model.horizons_min[k],
                         rich[0] - rich[8], rich[12]),
                1e-4);
  EXPECT_NE(said.recalled[0], 0);
}

TEST(PersonalTraining, AMemoryGrowsWithoutATraining) {
  std::vector<Sample> samples = person();
  for (Sample& row : samples) row.targets[0] += 30, row.targets[1] += 30;
  const Samples rows = samples;
  const auto first = evaluate(population(), {}, rows.last(40)),
             later = evaluate(population(), rows.first(60), rows.last(40));
  EXPECT_LT(later[0].errors.rmse, first[0].errors.rmse);
}

TEST(PersonalTraining, AutoStandsOnThePopulation) {
  const TrainingOutcome outcome = trained(person(), Algorithm::automatic);
  EXPECT_FALSE(outcome.rejected);
  const PopulationModel* within = population_of(outcome.model.predictor);
  ASSERT_NE(within, nullptr);
  EXPECT_EQ(within->coefficients, std::get<PopulationModel>(population().predictor).coefficients);
  if (const auto* ensemble = std::get_if<Ensemble>(&outcome.model.predictor)) {
    for (std::size_t m = 0; m < ensemble->members.size(); ++m) {
      if (ensemble->algorithms[m] != Algorithm::personal) continue;
      for (std::size_t k = 0; k < 2; ++k) EXPECT_GT(ensemble->weights[m * 2 + k], 0.4F);  // 15 rows change little
    }
  }
  double personal = NAN, chosen = NAN;
  for (const Candidate& c : outcome.candidates) {
    if (c.algorithm == Algorithm::personal) personal = c.rmse;
    if (c.algorithm == outcome.model.algorithm) chosen = c.rmse;
  }
  EXPECT_LT(chosen, 1.005 * personal);
}

TEST(PersonalTraining, AMonthsAndMoreAreRememberedByTheirNewestMeals) {
  std::vector<Sample> samples = n_simulated_samples(41, 330);
  ASSERT_EQ(samples.size(), 330U);
  const Model model = trained(samples).model;
  ASSERT_EQ(model.memory.meals.size(), static_cast<std::size_t>(kRememberedMeals));
  EXPECT_EQ(model.memory.meals.back().eaten_at, samples.back().eaten_at);
  EXPECT_EQ(model.memory.meals.front().eaten_at, samples[330 - kRememberedMeals].eaten_at);
}

}  // namespace
}  // namespace glucose
