// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/quality.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {
constexpr double kReadyR2 = 0.5;
constexpr double kReadyMapePercent = 15;
constexpr int kFewResiduals = 20;
}  // namespace

double mean_of(const std::vector<Metrics>& metrics, double Metrics::*field) {
  double sum = 0;
  for (const Metrics& m : metrics) sum += m.*field;
  return sum / static_cast<double>(metrics.size());
}

void judge(TrainingOutcome& outcome) {
  auto& issues = outcome.quality_issues;
  const auto chosen = std::find_if(outcome.candidates.begin(), outcome.candidates.end(),
                                   [&](const Candidate& c) { return c.algorithm == outcome.model.algorithm; });
  const double persistence = outcome.candidates.front().rmse;
  const auto& test = outcome.metrics[static_cast<std::size_t>(Split::test)];
  const double r2 = mean_of(test, &Metrics::r2), mape = mean_of(test, &Metrics::mape);
  const double rmse = mean_of(test, &Metrics::rmse);

  if (!std::isfinite(chosen->rmse) || !std::isfinite(rmse)) {
    issues.emplace_back("forecasts are not finite");
    outcome.rejected = true;
  } else if (chosen->rmse > persistence) {
    issues.emplace_back(chosen->within_chance ? "worse than persistence on validation, though within chance"
                                              : "worse than persistence on validation");
    outcome.rejected = !chosen->within_chance;
  } else if (chosen->rmse == persistence) {
    issues.emplace_back("no better than persistence on validation");
  }
  const std::size_t blocking_before = issues.size();
  if (r2 < 0)
    issues.emplace_back("R2 on test is below 0");
  else if (!(r2 > kReadyR2))
    issues.emplace_back("R2 on test is not above 0.5");
  if (!(mape < kReadyMapePercent)) issues.emplace_back("MAPE on test is not below 15 %");
  if (!(rmse < mean_of(outcome.persistence_test, &Metrics::rmse)))
    issues.emplace_back("no better than persistence on test");
  outcome.production_ready = !outcome.rejected && blocking_before == issues.size() && chosen->rmse < persistence;
  const auto& meals = outcome.model.memory.meals;
  const auto own =
      std::count_if(meals.begin(), meals.end(), [](const RememberedMeal& m) { return !std::isnan(m.score[0]); });
  if (const auto n = outcome.model.intervals.n + own; n < kFewResiduals)
    issues.emplace_back("interval rests on only " + std::to_string(n) + " meals");
}

}  // namespace glucose
