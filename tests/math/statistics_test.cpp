// SPDX-License-Identifier: PostgreSQL
#include "core/math/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/random.hpp"

namespace glucose {
namespace {

// Extra hours of sleep by two drugs, the ten patients of Student's paper (1908); results as printed by R's t.test().
const std::vector<double> kFirstDrug{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
const std::vector<double> kSecondDrug{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

TEST(WelchT, StudentsSleep) {
  const Comparison c = welch_t(kFirstDrug, kSecondDrug);
  EXPECT_NEAR(c.difference, 1.58, 1e-12);
  EXPECT_NEAR(c.ci_low, -0.2054832, 1e-7);
  EXPECT_NEAR(c.ci_high, 3.3654832, 1e-7);
  EXPECT_NEAR(c.p_value, 0.07939, 5e-6);
  EXPECT_NEAR(c.df, 17.776, 5e-4);
}

TEST(PairedT, StudentsSleep) {
  const Comparison c = paired_t(kFirstDrug, kSecondDrug);
  EXPECT_NEAR(c.difference, 1.58, 1e-12);
  EXPECT_NEAR(c.ci_low, 0.7001142, 1e-7);
  EXPECT_NEAR(c.ci_high, 2.4598858, 1e-7);
  EXPECT_NEAR(c.p_value, 0.002833, 5e-7);
  EXPECT_EQ(c.df, 9);
}

TEST(StudentQuantile, IsANumberOrTheErrorOfOne) {
  EXPECT_NEAR(student_quantile(0.975, 9), 2.262157, 1e-6);
  EXPECT_TRUE(std::isnan(student_quantile(0, 9)) && std::isnan(student_quantile(0.5, 0)));
  int refused = 0;
  for (const double p : {1e-310, 1e-300, 1e-16, 0.1, 0.5, 0.9, 1 - 1e-16})
    for (const double df : {1e-310, 1e-300, 1e-10, 0.5, 1.0, 2.0, 30.0, 1e10, 1e300, 1e308}) {
      try {
        EXPECT_TRUE(std::isfinite(student_quantile(p, df))) << p << ' ' << df;
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::out_of_range) << p << ' ' << df;
        ++refused;
      }
    }
  EXPECT_GT(refused, 1);
  EXPECT_THROW(student_quantile(1e-310, 1), Error);
}

TEST(WelchT, UnequalSizesAndVariances) {
  // The textbook examples of Welch's test with its t, degrees of freedom and p: -1.57, 9.9, 0.149; -2.22, 24.5, 0.036.
  const std::vector<double> few{17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8};
  const std::vector<double> many{21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8,
                                 20.7, 21.7, 21.5, 22.5, 23.6, 21.5, 22.5, 23.5, 21.5, 21.8};
  Comparison c = welch_t(few, many);
  EXPECT_NEAR(c.df, 9.9, 0.05);
  EXPECT_NEAR(c.p_value, 0.149, 5e-4);
  const std::vector<double> narrow{19.8, 20.4, 19.6, 17.8, 18.5, 18.9, 18.3, 18.9, 19.5, 22.0};
  const std::vector<double> wide{28.2, 26.6, 20.1, 23.3, 25.2, 22.1, 17.7, 27.6, 20.6, 13.7,
                                 23.2, 17.5, 20.6, 18.0, 23.9, 21.6, 24.3, 20.4, 24.0, 13.2};
  c = welch_t(narrow, wide);
  EXPECT_NEAR(c.df, 24.5, 0.05);
  EXPECT_NEAR(c.p_value, 0.036, 5e-4);
}

TEST(WelchT, TurnsWithItsSamples) {
  const Comparison there = welch_t(kFirstDrug, kSecondDrug, 0.9), back = welch_t(kSecondDrug, kFirstDrug, 0.9);
  EXPECT_DOUBLE_EQ(there.difference, -back.difference);
  EXPECT_DOUBLE_EQ(there.ci_low, -back.ci_high);
  EXPECT_DOUBLE_EQ(there.p_value, back.p_value);
  EXPECT_LT(there.ci_high - there.ci_low,
            welch_t(kFirstDrug, kSecondDrug, 0.95).ci_high - welch_t(kFirstDrug, kSecondDrug, 0.95).ci_low);
}

TEST(Statistics, TooFewSayNothingOfTheSpread) {
  const std::vector<double> none, one{3}, two{5, 7};
  EXPECT_TRUE(std::isnan(welch_t(none, two).difference));
  EXPECT_DOUBLE_EQ(welch_t(one, two).difference, 3);
  EXPECT_TRUE(std::isnan(welch_t(one, two).p_value));
  EXPECT_TRUE(std::isnan(paired_t(one, one).p_value));
  EXPECT_TRUE(std::isnan(paired_t(none, none).difference));
}

TEST(Statistics, NoSpreadAtAll) {
  const std::vector<double> threes{3, 3, 3}, fives{5, 5};
  EXPECT_EQ(welch_t(threes, threes).p_value, 1);
  EXPECT_EQ(welch_t(threes, fives).p_value, 0);
  EXPECT_EQ(welch_t(threes, fives).ci_low, 2);
}

TEST(Statistics, RefusesWhatIsNoTest) {
  const std::vector<double> two{1, 2}, three{1, 2, 3};
  EXPECT_THROW(paired_t(two, three), Error);
  EXPECT_THROW(welch_t(two, three, 1), Error);
  EXPECT_THROW(welch_t(two, three, 0), Error);
}

// --- What the tests are worth on forecasts -------------------------------------------------------------------------

/// The error of one person's forecasts: some persons are harder (spread 25 %), 10 to 60 meals each, normal errors.
struct PersonError {
  double scale;
  int meals;
};

PersonError draw_person(Random& rng) {
  return {28 * std::exp(0.25 * rng.normal()), 10 + static_cast<int>(rng.below(51))};
}

// Mean absolute error of a model that is `worse` mg/dL worse on average than the one of `draw_person`.
double mean_absolute_error(const PersonError& person, double worse, Random& rng) {
  const double scale = person.scale + worse * std::sqrt(2 * std::atan(1.0));  // E|N(0, s)| = s sqrt(2 / pi)
  double sum = 0;
  for (int i = 0; i < person.meals; ++i) sum += std::abs(scale * rng.normal());
  return sum / person.meals;
}

/// Share of 200 repetitions with 200 persons, `percent` of them in the candidate's arm, that find a difference.
double share_found(int percent, double worse, std::uint64_t seed) {
  Random rng(seed);
  int found = 0;
  for (int repetition = 0; repetition < 200; ++repetition) {
    std::vector<double> stable, candidate;
    for (int i = 0; i < 200; ++i) {
      const PersonError person = draw_person(rng);
      const bool is_candidate = static_cast<int>(rng.below(100)) < percent;
      (is_candidate ? candidate : stable).push_back(mean_absolute_error(person, is_candidate ? worse : 0, rng));
    }
    if (welch_t(stable, candidate).p_value < 0.05) ++found;
  }
  return found / 200.0;
}

/// The same for a shadow: `n` persons with both forecasts of every meal, whose errors go together (correlation 0.8).
double share_found_paired(int n, double worse, std::uint64_t seed) {
  Random rng(seed);
  int found = 0;
  for (int repetition = 0; repetition < 200; ++repetition) {
    std::vector<double> stable, candidate;
    for (int i = 0; i < n; ++i) {
      const PersonError person = draw_person(rng);
      const double scale = person.scale + worse * std::sqrt(2 * std::atan(1.0));
      double a = 0, b = 0;
      for (int meal = 0; meal < person.meals; ++meal) {
        const double shared = rng.normal();
        a += std::abs(person.scale * (std::sqrt(0.8) * shared + std::sqrt(0.2) * rng.normal()));
        b += std::abs(scale * (std::sqrt(0.8) * shared + std::sqrt(0.2) * rng.normal()));
      }
      stable.push_back(a / person.meals);
      candidate.push_back(b / person.meals);
    }
    if (paired_t(stable, candidate).p_value < 0.05) ++found;
  }
  return found / 200.0;
}

TEST(Experiment, EqualModelsAreCalledDifferentInFivePercent) {
  for (const int percent : {10, 25, 50}) {
    const double share = share_found(percent, 0, static_cast<std::uint64_t>(percent));
    std::printf("A/A, %d %% of 200 persons: %.1f %%\n", percent, 100 * share);
    EXPECT_GE(share, 0.02) << percent;
    EXPECT_LE(share, 0.09) << percent;
  }
  for (const int n : {20, 200}) {
    const double share = share_found_paired(n, 0, static_cast<std::uint64_t>(n));
    std::printf("A/A, shadow of %d persons: %.1f %%\n", n, 100 * share);
    EXPECT_GE(share, 0.02) << n;
    EXPECT_LE(share, 0.09) << n;
  }
}

TEST(Experiment, FiveMilligramsAreFound) {
  const double half = share_found(50, 5, 1), tenth = share_found(10, 5, 2), shadow = share_found_paired(20, 5, 3);
  std::printf("5 mg/dL worse: 50 %% %.1f %%, 10 %% %.1f %%, shadow of 20 persons %.1f %%\n", 100 * half, 100 * tenth,
              100 * shadow);
  EXPECT_GE(half, 0.99);
  EXPECT_GE(tenth, 0.75);
  EXPECT_GE(shadow, 0.99);
}

// check_experiments() looks every night and stops at p < 0.001: sixty looks must hardly ever stop an equal candidate.
TEST(Experiment, ManyLooksHardlyEverStopAnEqualModel) {
  Random rng(7);
  int stopped = 0, stopped_at_five_percent = 0;
  for (int repetition = 0; repetition < 200; ++repetition) {
    std::vector<double> scale, sum(200, 0.0);
    for (int i = 0; i < 200; ++i) scale.push_back(draw_person(rng).scale);
    bool strict = false, lax = false;
    for (int night = 1; night <= 60; ++night) {
      std::vector<double> stable, candidate;
      for (std::size_t i = 0; i < 200; ++i) {
        for (int meal = 0; meal < 3; ++meal) sum[i] += std::abs(scale[i] * rng.normal());
        (i < 20 ? candidate : stable).push_back(sum[i] / (3 * night));
      }
      const Comparison c = welch_t(stable, candidate);
      strict = strict || (c.difference > 0 && c.p_value < 0.001);
      lax = lax || (c.difference > 0 && c.p_value < 0.05);
    }
    stopped += strict ? 1 : 0;
    stopped_at_five_percent += lax ? 1 : 0;
  }
  std::printf("60 looks stop an equal model: %.1f %% at p < 0.001, %.1f %% at p < 0.05\n", stopped / 2.0,
              stopped_at_five_percent / 2.0);
  EXPECT_LE(stopped, 4);
}

TEST(Statistics, WhatOverflowsIsRefused) {
  constexpr double kHuge = 1.7976931348623157e308;
  const auto code = [](auto test, std::vector<double> a, std::vector<double> b, double level = 0.95) {
    try {
      const Comparison c = test(a, b, level);
      EXPECT_TRUE(std::isfinite(c.difference));
    } catch (const Error& error) {
      return static_cast<int>(error.code());
    }
    return -1;
  };
  constexpr int kOutOfRange = static_cast<int>(ErrorCode::out_of_range);
  EXPECT_EQ(code(welch_t, {kHuge, kHuge}, {1, 2, 3}), kOutOfRange);
  EXPECT_EQ(code(welch_t, {1, 2, 3}, {kHuge, kHuge}), kOutOfRange);
  EXPECT_EQ(code(welch_t, {kHuge, kHuge}, {1}), kOutOfRange);
  EXPECT_EQ(code(welch_t, {kHuge}, {-kHuge}), kOutOfRange);
  EXPECT_EQ(code(welch_t, {1e200, -1e200}, {1, 2}), kOutOfRange);
  EXPECT_EQ(code(welch_t, {1e-170, 3e-170}, {1e-170, 2e-170}), -1);
  EXPECT_EQ(code(paired_t, {1e308, -1e308, 1e308}, {1, 2, 3}), kOutOfRange);
  EXPECT_EQ(code(paired_t, {1e308}, {-1e308}), kOutOfRange);
  EXPECT_EQ(code(welch_t, {1e100, 2e100}, {3e100, 4e100}), kOutOfRange);
  EXPECT_EQ(code(welch_t, {1, 2}, {3, 4}, std::nextafter(1.0, 0.0)), static_cast<int>(ErrorCode::bad_argument));
  EXPECT_EQ(code(welch_t, {1, 2}, {3, 4}), -1);
}

}  // namespace
}  // namespace glucose
