// SPDX-License-Identifier: PostgreSQL
#include "core/watching/drift.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/random.hpp"
#include "core/math/two_samples.hpp"

namespace glucose {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

struct Values {
  std::vector<float> value;
  std::vector<std::int32_t> stretch;
  std::vector<std::uint8_t> part;
  Observed observed() const { return {value, stretch, part, {}, true}; }
};

/// `weeks` of so many values a week, of a mean and SD 10; levels of weeks differ by sd_of_weeks.
Values weeks_of(std::uint64_t seed, int weeks, int a_week, double mean, double sd_of_weeks = 0) {
  Random random(seed);
  Values v;
  for (int w = 0; w < weeks; ++w) {
    const double level = mean + sd_of_weeks * random.normal();
    for (int i = 0; i < a_week; ++i) {
      v.value.push_back(static_cast<float>(level + 10 * random.normal()));
      v.stretch.push_back(w);
    }
  }
  return v;
}

Drift between(const Values& before, const Values& after) {
  return drift_of(*sketch_of(before.observed()), after.observed());
}

TEST(Drift, DistanceIsThatAtACut) {
  const Values before = weeks_of(1, 10, 30, 100), after = weeks_of(2, 5, 30, 108);
  const Drift d = between(before, after);
  double largest = 0;
  for (float v = 50; v < 160; ++v) {
    const auto share = [v](const std::vector<float>& values) {
      return static_cast<double>(std::count_if(values.begin(), values.end(), [v](float x) { return x <= v; })) /
             static_cast<double>(values.size());
    };
    largest = std::max(largest, std::abs(share(before.value) - share(after.value)));
  }
  EXPECT_NEAR(d.statistic, largest, 0.03);
  EXPECT_LE(d.statistic, largest + 0.01);
  EXPECT_EQ(d.reference_n, 300);
  EXPECT_EQ(d.current_n, 150);
  EXPECT_LT(d.p, 1e-4);
}

// Two normal distributions of one SD that are δ SDs apart have an index of δ².
TEST(Drift, EffectIsTheStabilityIndex) {
  EXPECT_NEAR(between(weeks_of(3, 100, 100, 100), weeks_of(4, 100, 100, 110)).effect, 1, 0.12);
  EXPECT_NEAR(between(weeks_of(3, 100, 100, 100), weeks_of(4, 100, 100, 105)).effect, 0.25, 0.04);
  EXPECT_LT(between(weeks_of(3, 100, 100, 100), weeks_of(4, 100, 100, 100)).effect, 0.01);
}

TEST(Drift, MissingValuesAreAChange) {
  const Values before = weeks_of(5, 8, 30, 100);
  Values after = weeks_of(6, 4, 30, 100);
  EXPECT_GT(between(before, after).p, 0.05);
  for (std::size_t i = 0; i < after.value.size(); i += 2) after.value[i] = kNone;
  const Drift d = between(before, after);
  EXPECT_NEAR(d.statistic, 0.5, 0.07);
  EXPECT_GT(d.effect, 0.3);
  EXPECT_LT(d.p, 1e-4);
  std::fill(after.value.begin(), after.value.end(), kNone);
  EXPECT_GE(between(before, after).statistic, 0.93);  // a sixteenth lies above the last cut
}

TEST(Drift, TooLittleSaysNothing) {
  const Values before = weeks_of(7, 8, 30, 100);
  EXPECT_TRUE(std::isnan(between(before, weeks_of(8, 1, kFewestSeen - 1, 300)).p));
  EXPECT_TRUE(std::isnan(between(weeks_of(7, kFewestStretches - 1, 30, 100), weeks_of(8, 4, 30, 300)).p));
  EXPECT_EQ(between(before, weeks_of(8, 1, kFewestSeen - 1, 300)).current_n, kFewestSeen - 1);
}

// Weeks differ by nothing but themselves. Values taken as independent would be found drifted in most cases.
TEST(Drift, WeeksThatDifferAreNoDrift) {
  int found = 0, found_as_independent = 0;
  constexpr int kCases = 400;
  for (int i = 0; i < kCases; ++i) {
    const auto seed = static_cast<std::uint64_t>(1000 + 2 * i);
    const Values before = weeks_of(seed, 8, 100, 100, 6), after = weeks_of(seed + 1, 4, 100, 100, 6);
    const Drift d = between(before, after);
    found += d.p <= 0.05;
    found_as_independent += kolmogorov_smirnov_p(d.statistic, 800, 400) <= 0.05;
  }
  EXPECT_LE(found, kCases * 5 / 100);
  EXPECT_GT(found_as_independent, kCases * 60 / 100);
}

// What was asked at other hours is no drift, though values of the day's parts differ.
TEST(Drift, OtherHoursAreNoDrift) {
  Random random(9);
  const auto of_parts = [&](int weeks, std::initializer_list<int> parts, double shift) {
    Values v;
    for (int w = 0; w < weeks; ++w)
      for (int i = 0; i < 10; ++i)
        for (const int part : parts) {
          v.value.push_back(static_cast<float>(100 + 40 * part + shift + 10 * random.normal()));
          v.stretch.push_back(w);
          v.part.push_back(static_cast<std::uint8_t>(part));
        }
    return v;
  };
  const Values before = of_parts(8, {0, 1, 2}, 0);
  const Drift mornings = between(before, of_parts(4, {0}, 0));
  EXPECT_GT(mornings.p, 0.05);
  EXPECT_LT(mornings.effect, 0.3);
  EXPECT_LT(between(before, of_parts(4, {0}, 20)).p, 1e-4);
  // Of hours nothing is known of, nothing is said.
  const Drift nights = between(before, of_parts(4, {3}, 0));
  EXPECT_TRUE(std::isnan(nights.p));
  EXPECT_EQ(nights.current_n, 0);
}

TEST(Drift, NeedsAnEffectBeyondChance) {
  std::vector<Drift> drifts(4);
  const auto set = [&](std::size_t i, double effect, double p) { drifts[i].effect = effect, drifts[i].p = p; };
  set(0, 0.5, 0.001);
  set(1, 0.2, 0.001);  // beyond chance, and small
  set(2, 0.9, 0.008);
  set(3, std::nan(""), std::nan(""));
  judge_drifts(drifts, 0.3);
  EXPECT_TRUE(drifts[0].drifted);
  EXPECT_FALSE(drifts[1].drifted);
  EXPECT_TRUE(drifts[2].drifted);  // the largest of three: 3/3 · 0.008
  EXPECT_FALSE(drifts[3].drifted);
  set(2, 0.9, 0.04);
  judge_drifts(drifts, 0.1);
  EXPECT_TRUE(drifts[1].drifted);
  EXPECT_FALSE(drifts[2].drifted);
  withhold(drifts);
  judge_drifts(drifts, 0);
  EXPECT_FALSE(drifts[0].drifted);
}

}  // namespace
}  // namespace glucose
