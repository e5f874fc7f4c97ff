// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/quality.hpp"

#include <algorithm>
#include <cmath>

#include "core/training/quality.hpp"

namespace glucose {

namespace {
constexpr int kFewestTests = 10;  // meals: of fewer, a mean says little
constexpr QualityLimits kLimits{0.5, 15, {}, 20, kFewestTests};
}  // namespace

double mean_of(const std::vector<Metrics>& metrics, double Metrics::*field) {
  double sum = 0;
  for (const Metrics& m : metrics) sum += m.*field;
  return sum / static_cast<double>(metrics.size());
}

void judge(TrainingOutcome& outcome) {
  const auto chosen = std::find_if(outcome.candidates.begin(), outcome.candidates.end(),
                                   [&](const Candidate& c) { return c.algorithm == outcome.model.algorithm; });
  const auto& test = outcome.metrics[static_cast<std::size_t>(Split::test)];
  const auto& meals = outcome.model.memory.meals;
  const auto own =
      std::count_if(meals.begin(), meals.end(), [](const RememberedMeal& m) { return !std::isnan(m.score[0]); });
  QualityFacts facts{};
  facts.validation = {chosen->rmse, outcome.candidates.front().rmse};
  facts.test = {mean_of(test, &Metrics::rmse), mean_of(outcome.persistence_test, &Metrics::rmse)};
  facts.within_chance = chosen->within_chance;
  facts.r2 = mean_of(test, &Metrics::r2);
  facts.mape_percent = mean_of(test, &Metrics::mape);
  facts.residuals = outcome.model.intervals.n + static_cast<int>(own);
  facts.residual_name = "meals";
  facts.tests = outcome.sizes.test;
  QualityVerdict verdict = judge_quality(facts, kLimits);
  outcome.rejected = verdict.rejected;
  outcome.production_ready = verdict.production_ready;
  outcome.quality_issues = std::move(verdict.issues);
}

}  // namespace glucose
