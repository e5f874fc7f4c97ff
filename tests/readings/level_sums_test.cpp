// SPDX-License-Identifier: PostgreSQL
#include "core/readings/level_sums.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

std::vector<Reading> some_readings(Random& rng, int n) {
  std::vector<Reading> readings;
  for (int i = 0; i < n; ++i) {
    readings.push_back(reading(5 * i, static_cast<float>(rng.uniform(20, 600))));
    if (rng.below(7) == 0) readings.back().recorded_at += rng.below(200) * kMinute;
  }
  return readings;
}

LevelSum summed(const std::vector<Reading>& readings, Micros from, Micros at) {
  LevelSum sum;
  for (const Reading& r : readings)
    if (r.measured_at >= from && r.measured_at <= at && r.recorded_at <= at) sum.add(r.mg_dl);
  return sum;
}

void expect_same(const LevelSum& a, const LevelSum& b) {
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(a.sum, b.sum);
  EXPECT_TRUE(a.squares == b.squares);
}

TEST(LevelSums, MeanAndSd) {
  LevelSum sum;
  for (const float x : {100.0F, 110.0F, 132.0F}) sum.add(x);
  EXPECT_EQ(sum.mean(), 114);
  EXPECT_NEAR(sum.sd(1), std::sqrt(268.0), 1e-12);
  EXPECT_NEAR(sum.sd(0), std::sqrt(536.0 / 3), 1e-12);
  LevelSum flat;
  for (int i = 0; i < 10000; ++i) flat.add(133.7F);
  EXPECT_EQ(flat.sd(1), 0);
  EXPECT_EQ(static_cast<float>(flat.mean()), 133.7F);
}

TEST(LevelSums, AnyStretchAsItWasKnownThen) {
  Random rng(5);
  const std::vector<Reading> readings = some_readings(rng, 700);
  LevelSums sums;
  sums.extend(readings, 0);
  for (int i = 0; i < 500; ++i) {
    const Micros at = minutes(rng.below(3600)), from = at - minutes(rng.below(3000));
    expect_same(Levels(readings, sums, at).since(from), summed(readings, from, at));
  }
}

TEST(LevelSums, ExtendedIsTheSameAsMadeAnew) {
  Random rng(6);
  std::vector<Reading> readings;
  LevelSums grown;
  for (int i = 0; i < 60; ++i) {
    const std::size_t unchanged =
        readings.empty() ? 0 : readings.size() - static_cast<std::size_t>(rng.below(20)) % readings.size();
    readings.resize(unchanged);
    const int more = static_cast<int>(rng.below(40));
    for (int k = 0; k < more; ++k)
      readings.push_back(reading(5.0 * static_cast<double>(readings.size()), static_cast<float>(rng.uniform(20, 600))));
    grown.extend(readings, unchanged);
    const Micros at = minutes(5.0 * static_cast<double>(readings.size()));
    for (const Micros from : {minutes(0), at / 2, at})
      expect_same(Levels(readings, grown, at).since(from), summed(readings, from, at));
  }
}

TEST(LevelSums, WhatIsNoGlucoseDoesNotOverflow) {
  LevelSum sum;
  for (const float x : {kUnknown, -1e30F, 1e30F, std::numeric_limits<float>::infinity()}) sum.add(x);
  EXPECT_TRUE(std::isfinite(sum.mean()));
  EXPECT_TRUE(std::isfinite(sum.sd(1)));
}

}  // namespace
}  // namespace glucose
