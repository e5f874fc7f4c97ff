// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/refreshing.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;
constexpr std::size_t kTrained = 120;

const std::vector<Sample>& person() {
  static const std::vector<Sample> samples = n_simulated_samples(4, 240);
  return samples;
}

std::vector<Sample> first(std::size_t n) {
  return {person().begin(), person().begin() + static_cast<std::ptrdiff_t>(n)};
}

Model trained(std::vector<Sample> samples, Algorithm algorithm) {
  TrainOptions options;
  options.epochs = 4;
  options.hidden = {8, 6};
  Training training(std::move(samples), algorithm, options, kPlenty);
  while (!training.done()) training.step();
  return training.take().model;
}

/// The last row of the first kTrained that weights were learnt from.
Micros learnt_until() {
  const std::vector<Sample> samples = first(kTrained);
  const SplitSizes sizes = split_sizes(samples);
  return samples[static_cast<std::size_t>(sizes.train + sizes.validation) - 1].eaten_at;
}

TrainingOutcome refreshed(std::vector<Sample> samples, const Model& active) {
  Refreshing refreshing(std::move(samples), active, learnt_until(), {}, kPlenty);
  double progress = 0;
  while (!refreshing.done()) {
    EXPECT_GE(refreshing.progress(), progress);
    progress = refreshing.progress();
    refreshing.step();
  }
  EXPECT_EQ(refreshing.progress(), 1);
  return refreshing.take();
}

TEST(Refreshing, FitsALinearModelAnewOnAllThereIs) {
  for (const Algorithm algorithm : {Algorithm::ridge, Algorithm::lad, Algorithm::mean}) {
    const Model active = trained(first(kTrained), algorithm);
    const TrainingOutcome outcome = refreshed(person(), active);
    EXPECT_EQ(outcome.sizes.total(), 240);
    // As a training of the same rows would: what is learnt from is the same.
    const Model again = trained(person(), algorithm);
    Model forgetful = outcome.model, other = again;
    forgetful.memory = other.memory = {};
    EXPECT_EQ(encode(forgetful), encode(other)) << name_of(algorithm);
    EXPECT_NE(encode(outcome.model), encode(active));
    EXPECT_FALSE(outcome.rejected && algorithm != Algorithm::mean);
    EXPECT_TRUE(outcome.candidates.empty());
    ASSERT_EQ(outcome.metrics[static_cast<std::size_t>(Split::test)].size(), 2U);
    EXPECT_TRUE(outcome.metrics[static_cast<std::size_t>(Split::validation)].empty());
  }
}

TEST(Refreshing, KeepsWhatIsThePopulationsAndFillsTheMemory) {
  const Model active = trained(first(kTrained), Algorithm::personal);
  const TrainingOutcome outcome = refreshed(person(), active);
  EXPECT_EQ(outcome.model.memory.meals.size(), static_cast<std::size_t>(kRememberedMeals));
  EXPECT_EQ(outcome.model.memory.meals.back().eaten_at, person().back().eaten_at);
  Model forgetful = outcome.model, other = active;
  forgetful.memory = other.memory = {};
  EXPECT_EQ(encode(forgetful), encode(other));
  // A memory alone is what following the meals would have made of it.
  Follower follower(active);
  for (const Sample& sample : person()) follower.follow(sample);
  const auto& followed = follower.known().memory().meals.back();
  const auto& meal = outcome.model.memory.meals.back();
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(meal.residual[k], followed.residual[k], 1e-3F);
    EXPECT_NEAR(meal.recalled[k], followed.recalled[k], 2.0F);
    EXPECT_NEAR(meal.score[k], followed.score[k], 0.2F);
  }
}

TEST(Refreshing, KeepsWeightsNetworksAndTheOrderOfAnEnsemble) {
  const Model active = trained(first(kTrained), Algorithm::automatic);
  const auto* before = std::get_if<Ensemble>(&active.predictor);
  ASSERT_NE(before, nullptr);
  const TrainingOutcome outcome = refreshed(person(), active);
  const auto* after = std::get_if<Ensemble>(&outcome.model.predictor);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->algorithms, before->algorithms);
  EXPECT_EQ(after->weights, before->weights);
  for (std::size_t m = 0; m < after->members.size(); ++m) {
    if (before->algorithms[m] == Algorithm::ridge) {
      EXPECT_NE(std::get<LinearModel>(after->members[m]).coefficients,
                std::get<LinearModel>(before->members[m]).coefficients);
    }
    if (before->algorithms[m] == Algorithm::lstm) {
      std::vector<float> a(2), b(2);
      std::get<LstmModel>(after->members[m]).predict_row(network_row(person()[0].features), 2, a.data());
      std::get<LstmModel>(before->members[m]).predict_row(network_row(person()[0].features), 2, b.data());
      EXPECT_EQ(a, b);
    }
  }
}

// What nobody reads is not computed: of rows that the active model has learnt from, too, it is not asked.
TEST(Refreshing, AsksTheActiveModelOnlyOfRowsThatAreNewToIt) {
  const SplitSizes sizes = split_sizes(person());
  const auto n_learnt = static_cast<std::size_t>(sizes.train + sizes.validation);
  for (const Algorithm algorithm : {Algorithm::ridge, Algorithm::personal}) {
    const Model active = trained(first(kTrained), algorithm);
    const auto steps = [&](std::size_t last_learnt) {
      Refreshing refreshing(person(), active, person()[last_learnt].eaten_at, {}, kPlenty);
      int n = 0;
      for (; !refreshing.done(); ++n) refreshing.step();
      return n;
    };
    EXPECT_EQ(steps(n_learnt - 1), steps(person().size() - 1)) << name_of(algorithm);
    if (algorithm == Algorithm::ridge) {
      EXPECT_LT(steps(n_learnt - 1), steps(n_learnt - 2));
    } else {
      EXPECT_EQ(steps(n_learnt - 1), steps(0));
    }
  }
}

// How far off the refreshed weights are on rows they have learnt from says nothing: what the one before had said does.
TEST(Refreshing, RemembersHonestScores) {
  const Model active = trained(first(kTrained), Algorithm::ridge);
  const TrainingOutcome outcome = refreshed(first(150), active);
  const Micros until = learnt_until();
  Follower follower(active);
  for (std::size_t i = 0; i < 150; ++i) follower.follow(person()[i]);
  int from_before = 0;
  for (const RememberedMeal& meal : outcome.model.memory.meals) {
    if (meal.eaten_at > until && meal.eaten_at <= person()[126].eaten_at) {
      // Both had a say; it is the one before that had not learnt from it.
      for (const RememberedMeal& known : follower.known().memory().meals)
        if (known.eaten_at == meal.eaten_at) {
          EXPECT_NEAR(meal.score[0], known.score[0], 1e-3F);
          ++from_before;
        }
    }
    for (const RememberedMeal& known : active.memory.meals) {
      if (meal.eaten_at <= until && known.eaten_at == meal.eaten_at && !std::isnan(known.score[0])) {
        EXPECT_EQ(meal.score[0], known.score[0]);
        ++from_before;
      }
    }
  }
  EXPECT_GT(from_before, 20);
}

TEST(Refreshing, RefusesWhatHasNothingOfItsOwn) {
  for (const Algorithm algorithm : {Algorithm::persistence, Algorithm::lstm}) {
    const Model active = trained(first(kTrained), algorithm);
    try {
      Refreshing refreshing(person(), active, learnt_until(), {}, kPlenty);
      FAIL() << name_of(algorithm);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::not_available);
      EXPECT_NE(std::string(e.what()).find(name_of(algorithm)), std::string::npos);
    }
  }
  const Model active = trained(first(kTrained), Algorithm::ridge);
  EXPECT_THROW(Refreshing(person(), active, learnt_until(), {}, 1000), Error);
  EXPECT_THROW(Refreshing({person()[0]}, active, learnt_until(), {}, kPlenty), Error);
}

}  // namespace
}  // namespace glucose
