// SPDX-License-Identifier: PostgreSQL
#include "core/math/stacking.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "core/base/random.hpp"

namespace glucose {
namespace {

struct Task {
  std::vector<std::vector<float>> forecasts;  // [M][N]
  std::vector<float> outcomes;
};
/// Members with errors of different size, some of them shared.
Task random_task(Random& rng, std::size_t members, std::size_t rows) {
  Task task{std::vector<std::vector<float>>(members), {}};
  for (std::size_t i = 0; i < rows; ++i) {
    task.outcomes.push_back(static_cast<float>(rng.uniform(60, 250)));
    const double shared = 10 * rng.normal();
    for (std::size_t m = 0; m < members; ++m) {
      const double error = shared + 5 * static_cast<double>(m + 1) * rng.normal();
      task.forecasts[m].push_back(task.outcomes[i] + static_cast<float>(error));
    }
  }
  return task;
}

/// What is minimised: squared errors, and prior_rows times the mean squared error per unit of weight moved, squared.
double cost(const Task& task, const std::vector<double>& w, const std::vector<float>& prior, double prior_rows) {
  double sum = 0, spread = 0, moved = 0;
  for (std::size_t i = 0; i < task.outcomes.size(); ++i) {
    double residual = 0;
    for (std::size_t m = 0; m < w.size(); ++m) {
      const auto e = static_cast<double>(task.forecasts[m][i] - task.outcomes[i]);
      residual += w[m] * e;
      spread += e * e / static_cast<double>(task.outcomes.size() * w.size());
    }
    sum += residual * residual;
  }
  for (std::size_t m = 0; m < w.size(); ++m) moved += std::pow(w[m] - static_cast<double>(prior[m]), 2);
  return sum + prior_rows * spread * moved;
}

/// Tries every weight in steps of 0.005.
std::vector<double> best_of_grid(const Task& task, const std::vector<float>& prior, double prior_rows) {
  constexpr int kSteps = 200;
  std::vector<double> best;
  double lowest = INFINITY;
  const std::size_t M = prior.size();
  for (int a = 0; a <= kSteps; ++a)
    for (int b = 0; b <= (M > 2 ? kSteps - a : 0); ++b) {
      std::vector<double> w{static_cast<double>(a) / kSteps};
      if (M > 2) w.push_back(static_cast<double>(b) / kSteps);
      w.push_back(static_cast<double>(kSteps - a - b) / kSteps);
      if (const double c = cost(task, w, prior, prior_rows); c < lowest) lowest = c, best = w;
    }
  return best;
}

TEST(Stacking, IsTheBestOfAllWeights) {
  Random rng(1);
  for (int round = 0; round < 30; ++round) {
    const std::size_t M = 2 + rng.below(2), N = 1 + rng.below(40);
    const Task task = random_task(rng, M, N);
    const std::vector<float> prior = M == 2 ? std::vector<float>{0.3F, 0.7F} : std::vector<float>{0.5F, 0.3F, 0.2F};
    const double prior_rows = round % 3 == 0 ? 1 : 40;
    const std::vector<float> w = stacking_weights(task.forecasts, task.outcomes, prior, prior_rows);
    const std::vector<double> best = best_of_grid(task, prior, prior_rows);
    ASSERT_EQ(w.size(), M);
    for (std::size_t m = 0; m < M; ++m) ASSERT_NEAR(w[m], best[m], 0.0051) << round;
    ASSERT_LE(cost(task, {w.begin(), w.end()}, prior, prior_rows), cost(task, best, prior, prior_rows) * (1 + 1e-6));
  }
}

TEST(Stacking, WeightsAreSharesOfOne) {
  Random rng(2);
  for (int round = 0; round < 200; ++round) {
    const std::size_t M = 1 + rng.below(7);
    const Task task = random_task(rng, M, rng.below(60));
    const std::vector<float> prior(M, 1.0F / static_cast<float>(M));
    float sum = 0;
    for (const float weight : stacking_weights(task.forecasts, task.outcomes, prior, rng.uniform(0, 50))) {
      ASSERT_GE(weight, 0);
      sum += weight;
    }
    ASSERT_NEAR(sum, 1, 1e-5);
  }
}

TEST(Stacking, WithoutRowsOrAgainstFarMoreThePriorStays) {
  Random rng(3);
  const std::vector<float> prior{0.6F, 0.1F, 0.3F};
  const Task task = random_task(rng, 3, 50), none = random_task(rng, 3, 0);
  EXPECT_EQ(stacking_weights(none.forecasts, none.outcomes, prior, 40), prior);
  const std::vector<float> pulled = stacking_weights(task.forecasts, task.outcomes, prior, 1e9);
  for (std::size_t m = 0; m < 3; ++m) EXPECT_NEAR(pulled[m], prior[m], 1e-5);
}

TEST(Stacking, TheBetterMemberCountsMoreTheMoreRowsSaySo) {
  Random rng(4);
  float before = 0.5F;
  for (const std::size_t rows : {10, 100, 1000}) {
    Task task = random_task(rng, 2, rows);
    task.forecasts[0] = task.outcomes;  // is always right
    const float weight = stacking_weights(task.forecasts, task.outcomes, std::vector<float>{0.5F, 0.5F}, 40)[0];
    EXPECT_GT(weight, before);
    before = weight;
  }
  EXPECT_GT(before, 0.95F);
}

TEST(Stacking, MembersThatSayTheSameKeepTheirPrior) {
  Random rng(5);
  Task task = random_task(rng, 2, 30);
  task.forecasts[1] = task.forecasts[0];
  const std::vector<float> w = stacking_weights(task.forecasts, task.outcomes, std::vector<float>{0.8F, 0.2F}, 40);
  EXPECT_NEAR(w[0], 0.8, 1e-5);
  const Task right{{{100, 120}, {100, 120}}, {100, 120}};  // nobody errs, nothing to divide by
  EXPECT_NEAR(stacking_weights(right.forecasts, right.outcomes, std::vector<float>{0.8F, 0.2F}, 40)[0], 0.8, 1e-5);
}

}  // namespace
}  // namespace glucose
