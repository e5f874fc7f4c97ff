// SPDX-License-Identifier: PostgreSQL
#include "core/math/gate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace glucose {
namespace {

PairedSums sums_of(const std::vector<double>& gains) {
  PairedSums sums;
  for (const double gain : gains) sums.add(gain);
  return sums;
}

// Gains one above and one below their mean in turn: squares 4, so the standard error of their sum is sqrt(4 · 4 / 3).
TEST(Gate, TwoStandardErrorsByHand) {
  const auto moved = [](double by) { return sums_of({by - 1, by + 1, by - 1, by + 1}); };
  const double border = 2 * std::sqrt(4.0 * 4 / 3) / 4;  // of the mean
  EXPECT_TRUE(moved(border + 1e-9).beyond_chance());
  EXPECT_FALSE(moved(border - 1e-9).beyond_chance());
  EXPECT_FALSE(moved(-10).beyond_chance());
  EXPECT_EQ(moved(3).pairs(), 4U);
  EXPECT_DOUBLE_EQ(moved(3).gain(), 12);
}

TEST(Gate, FewerStandardErrorsByHand) {
  const auto moved = [](double by) { return sums_of({by - 1, by + 1, by - 1, by + 1}); };
  const double border = std::sqrt(4.0 * 4 / 3) / 4;
  EXPECT_TRUE(moved(border + 1e-9).beyond(1));
  EXPECT_FALSE(moved(border - 1e-9).beyond(1));
  EXPECT_FALSE(moved(border + 1e-9).beyond_chance());
}

TEST(Gate, NothingAndOnePairSayNothing) {
  EXPECT_FALSE(PairedSums().beyond_chance());
  EXPECT_FALSE(sums_of({5}).beyond_chance());
  EXPECT_TRUE(sums_of({5, 5}).beyond_chance());   // without spread there is no doubt …
  EXPECT_FALSE(sums_of({0, 0}).beyond_chance());  // … but there must be a gain
}

// Twelve gains with t = 2.32: beyond two standard errors about their mean, not about zero.
TEST(Gate, AboutZeroIsStricterWithFewPairs) {
  PairedSums sums;
  for (int i = 0; i < 12; ++i) sums.add(2.32 * std::sqrt(12.0 / 11 / 12) + (i % 2 == 0 ? 1 : -1));
  EXPECT_TRUE(sums.beyond_chance());
  EXPECT_FALSE(sums.beyond_chance(Spread::about_zero));
  PairedSums many;
  for (int i = 0; i < 1200; ++i) many.add(2.32 / std::sqrt(1200.0) + (i % 2 == 0 ? 1 : -1));
  EXPECT_TRUE(many.beyond_chance(Spread::about_zero));
  EXPECT_FALSE(sums_of({5}).beyond_chance(Spread::about_zero));
}

TEST(Gate, NotANumberNeverPasses) {
  EXPECT_FALSE(sums_of({5, std::nan(""), 5}).beyond_chance());
}

// Their mean is far from 0 against their spread: sums of squares less the square of the sum would lose it.
TEST(Gate, TheSpreadOfLargeGainsIsKept) {
  std::vector<double> gains;
  for (int i = 0; i < 1000; ++i) gains.push_back(1e9 + (i % 2 == 0 ? 1 : -1));
  EXPECT_TRUE(sums_of(gains).beyond_chance());
  for (double& gain : gains) gain -= 1e9 - 0.0632;  // 2 standard errors of the mean are 0.06328
  EXPECT_FALSE(sums_of(gains).beyond_chance());
  for (double& gain : gains) gain += 0.0002;
  EXPECT_TRUE(sums_of(gains).beyond_chance());
}

TEST(Gate, OfTwoSeriesTheSmallerErrorsWin) {
  const std::vector<double> small{1, 2, 1, 2, 1}, large{4, 6, 5, 4, 6};
  EXPECT_TRUE(better_beyond_chance(small, large));
  EXPECT_FALSE(better_beyond_chance(large, small));
  EXPECT_FALSE(better_beyond_chance(small, small));
  EXPECT_FALSE(better_beyond_chance({}, {}));
}

TEST(Gate, TheUsualOneStaysUnlessAnotherGainsBeyondChance) {
  std::array<PairedSums, 3> gains;
  for (int i = 0; i < 40; ++i) {
    gains[0].add(i % 2 == 0 ? 3 : -2.9);  // more by luck
    gains[1].add(0);
    gains[2].add(0.01);
  }
  EXPECT_EQ(most_gained(gains, 1), 1U);
  gains[0] = {};
  EXPECT_EQ(most_gained(gains, 1), 2U);
  gains[2] = {};
  EXPECT_EQ(most_gained(gains, 1), 1U);
}

}  // namespace
}  // namespace glucose
