// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/fit.hpp"

#include <gtest/gtest.h>

#include "core/tasks/cgm/features.hpp"
#include "support/cgm_rows.hpp"

using namespace glucose;

namespace {

constexpr SplitMask kAll = 7;
constexpr std::size_t P = kCgmColumns, K = kCgmHorizons;

CgmHead fitted(const CgmRows& rows, CgmFitOptions options) {
  CgmFit fit(rows, kAll, std::move(options));
  while (!fit.done()) fit.step();
  return fit.take();
}

// What an AR(2) process of these coefficients is expected to change by over some steps.
double expected_change(double last, double before, std::size_t steps) {
  double x = last - 140, y = before - 140;
  for (std::size_t i = 0; i < steps; ++i) {
    const double next = 1.6 * x - 0.64 * y;
    y = x;
    x = next;
  }
  return 140 + x - last;
}

// Root mean square of (fitted - expected) over rows at horizon k, and of the expected change itself.
std::pair<double, double> off(const CgmRows& rows, const CgmHead& head, std::size_t k) {
  double wrong = 0, size = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float* x = &rows.x[i * P];
    const double last = static_cast<double>(rows.level[i]);
    const double before = last + 20 * static_cast<double>(x[kCgmLags - 2]);
    const double expected = expected_change(last, before, k + 1);
    wrong += std::pow(static_cast<double>(cgm_changes(head, x)[k]) - expected, 2);
    size += expected * expected;
  }
  const double n = static_cast<double>(rows.size());
  return {std::sqrt(wrong / n), std::sqrt(size / n)};
}

}  // namespace

TEST(CgmFit, RecoversAnAutoregressionAtEveryHorizon) {
  const CgmRows rows = rows_of(ar2_readings(11, 20000));
  for (const CgmLoss loss : {CgmLoss::squared, CgmLoss::window}) {
    const CgmHead head = fitted(rows, {.loss = loss, .penalty = 1});
    for (const std::size_t k : {0U, 5U, 11U, 23U}) {
      const auto [wrong, size] = off(rows, head, k);
      EXPECT_LT(wrong, (loss == CgmLoss::squared ? 0.25 : 0.4) * size) << k;
    }
  }
}

TEST(CgmFit, TheWindowLossShrugsOffOutliers) {
  CgmRows rows = rows_of(ar2_readings(12, 4000, 1));
  for (std::size_t i = 0; i < rows.size(); i += 10)
    for (std::size_t k = 0; k < K; ++k) rows.change[i * K + k] += 200;
  const CgmHead robust = fitted(rows, {.loss = CgmLoss::window, .penalty = 1});
  const CgmHead mean = fitted(rows, {.loss = CgmLoss::squared, .penalty = 1});
  double of_robust = 0, of_mean = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    of_robust += static_cast<double>(cgm_changes(robust, &rows.x[i * P])[0]) / static_cast<double>(rows.size());
    of_mean += static_cast<double>(cgm_changes(mean, &rows.x[i * P])[0]) / static_cast<double>(rows.size());
  }
  EXPECT_NEAR(of_robust, 0, 1.5);
  EXPECT_NEAR(of_mean, 20, 2);
}

TEST(CgmFit, FoldsAreFittedWithoutTheirRows) {
  // The rows of part 3 rise by 50 mg/dL more: the fit without them does not know.
  CgmRows rows = rows_of(ar2_readings(14, 4000));
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows.fold(i) == 3)
      for (std::size_t k = 0; k < K; ++k) rows.change[i * K + k] += 50;
  CgmFit fit(rows, kAll, {.loss = CgmLoss::squared, .penalty = 1, .folds = true});
  while (!fit.done()) fit.step();
  const auto without = fit.take_fold_heads();
  ASSERT_EQ(without.size(), static_cast<std::size_t>(kCgmFolds));
  std::array<double, kCgmFolds> said{};
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t f = 0; f < said.size(); ++f)
      said[f] += static_cast<double>(cgm_changes(without[f], &rows.x[i * P])[5]) / static_cast<double>(rows.size());
  EXPECT_NEAR(said[3], 0, 2);
  EXPECT_GT(said[0], 5);
}

TEST(CgmFit, APersonsCorrectionIsPulledToThePrior) {
  CgmRows rows = rows_of(ar2_readings(13, 4000));
  const CgmHead prior = fitted(rows, {.loss = CgmLoss::squared, .penalty = 1});
  // This person rises by 5 mg/dL more in the first hour.
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < 12; ++k) rows.change[i * K + k] += 5;
  for (const CgmLoss loss : {CgmLoss::squared, CgmLoss::window}) {
    const CgmHead strong = fitted(rows, {.loss = loss, .penalty = 1e9, .prior = &prior});
    const CgmHead weak = fitted(rows, {.loss = loss, .penalty = 10, .prior = &prior});
    for (std::size_t i = 0; i < prior.size(); ++i) EXPECT_NEAR(strong[i], prior[i], 1e-3);
    double first = 0, second = 0;  // how much more it says
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const CgmTargets own = cgm_changes(weak, &rows.x[i * P]), before = cgm_changes(prior, &rows.x[i * P]);
      first += static_cast<double>(own[3] - before[3]) / static_cast<double>(rows.size());
      second += static_cast<double>(own[20] - before[20]) / static_cast<double>(rows.size());
    }
    // Rows whose noise takes back the rise fit the prior better, so the robust loss weighs them more.
    EXPECT_NEAR(first, loss == CgmLoss::squared ? 5 : 3.5, loss == CgmLoss::squared ? 0.5 : 1.5);
    EXPECT_NEAR(second, 0, 1);
  }
}

TEST(CgmFit, AnHourWithoutOutcomesStaysWhereItWas) {
  CgmRows rows = rows_of(ar2_readings(13, 2000));
  for (std::size_t i = 0; i < rows.size(); ++i) rows.change[i * K + 20] = kUnknown;
  const CgmHead half(P * K, 0.5F);
  const CgmHead own = fitted(rows, {.penalty = 10, .prior = &half}), alone = fitted(rows, {.penalty = 10});
  for (std::size_t p = 0; p < P; ++p) {
    EXPECT_EQ(own[p * K + 15], 0.5F);
    EXPECT_EQ(alone[p * K + 15], 0.0F);
  }
  EXPECT_NE(own[kCgmLags * K], 0.5F);
}

TEST(CgmFit, AFlatSensorIsNoDivisionByZero) {
  std::vector<Reading> readings;
  for (int i = 0; i < 400; ++i) readings.push_back(reading_at(5 * i, 100));
  const CgmRows rows = rows_of(readings);
  for (const CgmLoss loss : {CgmLoss::squared, CgmLoss::window})
    for (const float change : cgm_changes(fitted(rows, {.loss = loss}), rows.x.data())) EXPECT_NEAR(change, 0, 1e-3);
}
