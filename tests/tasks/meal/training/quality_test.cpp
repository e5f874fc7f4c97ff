// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/quality.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace glucose {
namespace {

Metrics metrics(double rmse, double r2 = 0.7, double mape = 10) {
  return {40, rmse, rmse, r2, mape, 0};
}

/// A ridge that is good in every respect; validation 20 against 30, test 20 against 30.
TrainingOutcome good() {
  TrainingOutcome outcome;
  outcome.model.algorithm = Algorithm::ridge;
  outcome.model.intervals.n = 40;
  outcome.candidates = {{Algorithm::persistence, {metrics(30), metrics(30)}, 30},
                        {Algorithm::ridge, {metrics(20), metrics(20)}, 20}};
  outcome.metrics[2] = {metrics(20), metrics(20)};
  outcome.sizes = {180, 40, 40};
  outcome.persistence_test = {metrics(30), metrics(30)};
  return outcome;
}

struct Verdict {
  bool rejected, ready;
  std::vector<std::string> issues;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};
Verdict judged(TrainingOutcome outcome) {
  judge(outcome);
  return {outcome.rejected, outcome.production_ready, outcome.quality_issues};
}

TEST(Quality, WorseThanPersistenceWithinChanceServesButIsNotReady) {
  TrainingOutcome outcome = good();
  outcome.candidates[1].rmse = 31;
  outcome.candidates[1].within_chance = true;
  const Verdict verdict = judged(outcome);
  EXPECT_FALSE(verdict.rejected);
  EXPECT_FALSE(verdict.ready);
  EXPECT_EQ(verdict.issues.front(), "worse than persistence on validation, though within chance");
}

TEST(Quality, GoodIsReadyWithoutAnyIssue) {
  EXPECT_EQ(judged(good()), (Verdict{false, true, {}}));
}

TEST(Quality, WorseThanPersistenceOnValidationIsRejected) {
  TrainingOutcome outcome = good();
  outcome.candidates[1].rmse = 30.01;
  EXPECT_EQ(judged(outcome), (Verdict{true, false, {"worse than persistence on validation"}}));
}

TEST(Quality, PersistenceItselfIsNeitherRejectedNorReady) {
  TrainingOutcome outcome = good();
  outcome.model.algorithm = Algorithm::persistence;
  outcome.candidates.pop_back();
  outcome.metrics[2] = outcome.persistence_test;
  EXPECT_EQ(
      judged(outcome),
      (Verdict{false, false, {"no better than persistence on validation", "no better than persistence on test"}}));
}

TEST(Quality, NotFiniteIsRejected) {
  TrainingOutcome outcome = good();
  outcome.candidates[1].rmse = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(judged(outcome).rejected);
  EXPECT_EQ(judged(outcome).issues[0], "forecasts are not finite");
  outcome = good();
  outcome.metrics[2][1].rmse = std::nan("");
  EXPECT_TRUE(judged(outcome).rejected);
  EXPECT_FALSE(judged(outcome).ready);
}

TEST(Quality, R2MustBeAboveOneHalf) {
  for (const auto& [r2, issue] :
       std::vector<std::pair<double, std::string>>{{0.5, "R2 on test is not above 0.5"},
                                                   {0.0, "R2 on test is not above 0.5"},
                                                   {std::nan(""), "R2 on test is not above 0.5"},
                                                   {-0.01, "R2 on test is below 0"}}) {
    TrainingOutcome outcome = good();
    for (Metrics& m : outcome.metrics[2]) m.r2 = r2;
    EXPECT_EQ(judged(outcome), (Verdict{false, false, {issue}})) << r2;
  }
  TrainingOutcome outcome = good();
  outcome.metrics[2][0].r2 = 0.9, outcome.metrics[2][1].r2 = 0.2;  // the mean over horizons counts
  EXPECT_TRUE(judged(outcome).ready);
}

TEST(Quality, MapeMustBeBelowFifteenPercent) {
  TrainingOutcome outcome = good();
  for (Metrics& m : outcome.metrics[2]) m.mape = 15;
  EXPECT_EQ(judged(outcome), (Verdict{false, false, {"MAPE on test is not below 15 %"}}));
  for (Metrics& m : outcome.metrics[2]) m.mape = 14.9;
  EXPECT_TRUE(judged(outcome).ready);
}

TEST(Quality, MustBeatPersistenceOnTest) {
  TrainingOutcome outcome = good();
  for (Metrics& m : outcome.metrics[2]) m.rmse = 30;
  EXPECT_EQ(judged(outcome), (Verdict{false, false, {"no better than persistence on test"}}));
}

TEST(Quality, FewResidualsAreSaidButDoNotBlock) {
  TrainingOutcome outcome = good();
  outcome.model.intervals.n = 19;
  EXPECT_EQ(judged(outcome), (Verdict{false, true, {"interval rests on only 19 meals"}}));
  outcome.model.memory.meals.resize(3);  // own meals count where their score is known
  for (RememberedMeal& meal : outcome.model.memory.meals) meal.score.fill(kUnknown);
  EXPECT_EQ(judged(outcome).issues.size(), 1U);
  outcome.model.memory.meals[1].score[0] = 0.4F;
  EXPECT_EQ(judged(outcome), (Verdict{false, true, {}}));
}

TEST(Quality, MeanOverHorizons) {
  EXPECT_DOUBLE_EQ(mean_of({metrics(10), metrics(30)}, &Metrics::rmse), 20);
  EXPECT_TRUE(std::isnan(mean_of({}, &Metrics::rmse)));
}

TEST(Quality, FewTestMealsAreNotEnough) {
  for (const int tests : {0, 3, 9, 10, 11}) {
    TrainingOutcome outcome = good();
    outcome.sizes.test = tests;
    const Verdict verdict = judged(outcome);
    EXPECT_EQ(verdict.ready, tests >= 10) << tests;
    EXPECT_FALSE(verdict.rejected);
    EXPECT_EQ(verdict.issues.empty(), tests >= 10);
  }
}

}  // namespace
}  // namespace glucose
