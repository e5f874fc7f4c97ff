// SPDX-License-Identifier: PostgreSQL
#include "core/math/classification.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.hpp"

namespace glucose {
namespace {

using Outcomes = std::vector<std::uint8_t>;

/// What happens with the probability that is said, and nothing else.
struct Honest {
  explicit Honest(std::size_t n, std::uint64_t seed = 1) {
    Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      p.push_back(static_cast<float>(random.uniform()));
      y.push_back(random.uniform() < static_cast<double>(p.back()) ? 1 : 0);
    }
  }
  std::vector<float> p;
  Outcomes y;
};

TEST(Classification, MeasuresByHand) {
  const std::vector<float> p{0.9F, 0.8F, 0.4F, 0.3F, 0.2F};
  const Outcomes y{1, 0, 1, 0, 0};
  const BinaryMetrics m = measure_binary(p, y, 0.5);
  EXPECT_EQ(m.n, 5);
  EXPECT_EQ(m.yes, 2);
  EXPECT_DOUBLE_EQ(m.accuracy, 0.6);
  EXPECT_DOUBLE_EQ(m.precision, 0.5);
  EXPECT_DOUBLE_EQ(m.recall, 0.5);
  EXPECT_DOUBLE_EQ(m.f1, 0.5);
  EXPECT_DOUBLE_EQ(m.auc, 5.0 / 6);                            // of six pairs one is the wrong way round
  EXPECT_DOUBLE_EQ(m.average_precision, (1.0 + 2.0 / 3) / 2);  // found first and third
  EXPECT_NEAR(m.brier, (0.01 + 0.64 + 0.36 + 0.09 + 0.04) / 5, 1e-7);
  EXPECT_NEAR(m.brier_skill, 1 - m.brier / 0.24, 1e-9);
  EXPECT_NEAR(m.absolute, (0.1 + 0.8 + 0.6 + 0.3 + 0.2) / 5, 1e-7);
  EXPECT_NEAR(m.calibration_error, m.absolute, 1e-7);  // five forecasts are five bins
}

TEST(Classification, TheAreaIsThatOfAllPairsWithTiesByHalf) {
  Random random(2);
  std::vector<float> p;
  Outcomes y;
  for (int i = 0; i < 200; ++i) {
    p.push_back(static_cast<float>(std::floor(random.uniform() * 10) / 10));
    y.push_back(random.uniform() < static_cast<double>(p.back()) ? 1 : 0);
  }
  double won = 0, pairs = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = 0; j < p.size(); ++j)
      if (y[i] == 1 && y[j] == 0) won += p[i] > p[j] ? 1 : p[i] == p[j] ? 0.5 : 0, ++pairs;
  EXPECT_NEAR(measure_binary(p, y).auc, won / pairs, 1e-12);
}

TEST(Classification, WhatCannotBeSaidIsNotSaid) {
  EXPECT_TRUE(std::isnan(measure_binary({}, {}).brier));
  const BinaryMetrics never = measure_binary(std::vector<float>{0.1F, 0.2F}, Outcomes{0, 0});
  EXPECT_TRUE(std::isnan(never.auc));
  EXPECT_TRUE(std::isnan(never.precision));
  EXPECT_TRUE(std::isnan(never.brier_skill));
  EXPECT_DOUBLE_EQ(never.accuracy, 1);
}

TEST(Classification, HonestForecastsAreCalibratedAndExaggeratedOnesPutRight) {
  const Honest honest(20000);
  EXPECT_LT(calibration_error(honest.p, honest.y), 0.015);
  std::vector<double> exaggerated;
  std::vector<float> wrong;
  for (const float p : honest.p) {
    exaggerated.push_back(3 * log_odds(static_cast<double>(p)) + 1);
    wrong.push_back(static_cast<float>(probability_of(exaggerated.back())));
  }
  EXPECT_GT(calibration_error(wrong, honest.y), 0.08);
  const PlattScaling platt = fit_platt(exaggerated, honest.y);
  EXPECT_NEAR(platt.slope, 1.0 / 3, 0.02);
  EXPECT_NEAR(platt.shift, -1.0 / 3, 0.05);
  std::vector<float> right;
  for (const double l : exaggerated) right.push_back(static_cast<float>(probability_of(platt.apply(l))));
  EXPECT_LT(calibration_error(right, honest.y), 0.015);
}

TEST(Classification, FewRowsLeaveAForecastAsItIs) {
  const PlattScaling platt = fit_platt(std::vector<double>{2.0}, Outcomes{0});
  EXPECT_GT(platt.slope, 0);
  EXPECT_NEAR(platt.slope, 1, 0.6);
  const PlattScaling none = fit_platt({}, {});
  EXPECT_EQ(none.slope, 1);
  EXPECT_EQ(none.shift, 0);
}

TEST(Classification, TheBestThresholdIsTheBestOfAll) {
  const Honest honest(500, 3);
  const double best = best_threshold(honest.p, honest.y);
  const double f1 = measure_binary(honest.p, honest.y, best).f1;
  for (const float p : honest.p) EXPECT_LE(measure_binary(honest.p, honest.y, static_cast<double>(p)).f1, f1 + 1e-12);
  EXPECT_EQ(best_threshold(std::vector<float>{0.2F, 0.3F}, Outcomes{0, 0}), 0.5);
}

// It happens half as often as is said: the range of what was seen holds that, about as often as it should.
TEST(Classification, RangesHoldTheShareOfYes) {
  int held = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Honest seen(400, seed + 100);
    Random random(seed);
    for (std::size_t i = 0; i < seen.p.size(); ++i)
      seen.y[i] = random.uniform() < static_cast<double>(seen.p[i]) / 2 ? 1 : 0;
    const auto bins = reliability_bins(seen.p, seen.y, 1);
    ASSERT_EQ(bins.size(), kCalibrationBins);
    for (std::size_t b = 2; b < bins.size(); ++b) {
      const auto low = static_cast<double>(bins[b - 1].upper), high = static_cast<double>(bins[b].upper);
      const ProbabilityRange range = credible_range(bins, high, 0.9);
      ++all;
      held += range.lower <= (low + high) / 4 ? 1 : 0;
    }
    // Rows that say the same thing four times are a quarter of the evidence.
    const auto fewer = reliability_bins(seen.p, seen.y, 4);
    const ProbabilityRange narrow = credible_range(bins, 0.5, 0.9), wide = credible_range(fewer, 0.5, 0.9);
    EXPECT_LE(wide.lower, narrow.lower);
    EXPECT_GE(wide.upper, narrow.upper);
  }
  EXPECT_NEAR(static_cast<double>(held) / all, 0.95, 0.03);  // the lower end alone
  const ProbabilityRange anything = credible_range({}, 0.4, 0.9);
  EXPECT_EQ(anything.lower, 0);
  EXPECT_EQ(anything.upper, 1);
}

}  // namespace
}  // namespace glucose
