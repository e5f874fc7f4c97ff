// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/hours.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "seeing/simulated_stretch.hpp"

namespace glucose {
namespace {

std::vector<int> hours_in_utc(const Stretch& stretch) {
  std::vector<int> hours;
  for (const StretchPoint& p : stretch.points) hours.push_back(static_cast<int>(p.at / (60 * kMinute) % 24));
  return hours;
}

TEST(Hours, MakeUpTheWhole) {
  const Stretch stretch = stretch_of(samples_of({13, 1344, 15, 8, 0, 50}));
  const Summary whole = summary_of(stretch, Targets());
  double mean = 0, low = 0, risk = 0;
  Micros covered = 0;
  int readings = 0, lows = 0, highs = 0;
  for (const HourSummary& h : hours_of(stretch, hours_in_utc(stretch), Targets())) {
    const double weight = static_cast<double>(h.covered) / static_cast<double>(stretch.covered);
    mean += weight * h.mean, low += weight * h.low_pct, risk += weight * (h.lbgi + h.hbgi);
    covered += h.covered, readings += h.readings, lows += h.low_episodes, highs += h.high_episodes;
  }
  EXPECT_EQ(covered, stretch.covered);
  EXPECT_EQ(readings, whole.readings);
  EXPECT_EQ(lows, whole.low_episodes);
  EXPECT_EQ(highs, whole.high_episodes);
  EXPECT_GT(highs, 0);
  EXPECT_NEAR(mean, whole.mean, 1e-9);
  EXPECT_NEAR(low, whole.low_pct, 1e-9);
  EXPECT_NEAR(risk, whole.lbgi + whole.hbgi, 1e-9);
}

TEST(Hours, AnEpisodeBelongsToTheHourItBeganIn) {
  std::vector<SensorValue> samples;
  for (int i = 0; i < 24; ++i) samples.push_back({i * 5 * kMinute, i >= 10 && i < 16 ? 60.0F : 100.0F});
  const Stretch stretch = stretch_of(samples);
  const auto hours = hours_of(stretch, hours_in_utc(stretch), Targets());
  EXPECT_EQ(hours[0].low_episodes, 1);
  EXPECT_EQ(hours[1].low_episodes, 0);
  EXPECT_NEAR(hours[0].low_pct, 100.0 * 2 / 12, 1e-9);
  EXPECT_NEAR(hours[1].low_pct, 100.0 * 4 / 12, 1e-9);
  EXPECT_EQ(hours[2].readings, 0);
  EXPECT_TRUE(std::isnan(hours[2].mean));
}

}  // namespace
}  // namespace glucose
