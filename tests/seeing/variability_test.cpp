// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/variability.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/seeing/weighed.hpp"

namespace glucose {
namespace {

Stretch every_five(const std::vector<float>& levels) {
  std::vector<SensorValue> samples;
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (levels[i] > 0) samples.push_back({static_cast<Micros>(i) * 5 * kMinute, levels[i]});
  return stretch_of(samples);
}

TEST(Excursions, OnlyThoseOfMoreThanOneSdInTheDirectionOfTheFirst) {
  // Up 100, down 80, a ripple of 10, up 50, down 60: of more than 20 those upwards count, 100 and 50.
  const std::vector<float> levels{100, 150, 200, 190, 120, 130, 125, 170, 160, 110};
  EXPECT_DOUBLE_EQ(mean_excursion(every_five(levels), 20), 75);
  // From a high one on: down 80, up 50, down 60.
  EXPECT_DOUBLE_EQ(mean_excursion(every_five({200, 120, 170, 110, 140}), 20), 70);
  EXPECT_TRUE(std::isnan(mean_excursion(every_five(levels), 200)));
  EXPECT_TRUE(std::isnan(mean_excursion(every_five({100, 100, 100}), 0)));
  // One that is under way at the end is none.
  EXPECT_TRUE(std::isnan(mean_excursion(every_five({100, 150, 200}), 20)));
}

TEST(Excursions, BeginAnewBehindAGap) {
  EXPECT_TRUE(std::isnan(mean_excursion(every_five({100, 100, 0, 0, 0, 0, 200, 200}), 20)));
  EXPECT_DOUBLE_EQ(mean_excursion(every_five({100, 180, 100, 0, 0, 0, 0, 200, 240, 200, 210}), 20), 60);
}

TEST(DailyDifferences, OfReadingsADayApart) {
  std::vector<SensorValue> samples;
  for (int i = 0; i < 2 * 288; ++i)
    samples.push_back({i * 5 * kMinute + (i >= 288 ? 2 * kMinute : 0), i < 288 ? 100.0F : 130.0F});
  // The last of the first day, which covers seven minutes, has one five minutes off: the first, of the same level.
  EXPECT_NEAR(mean_of_daily_differences(stretch_of(samples)), 30 * 1440.0 / 1447, 1e-9);
}

TEST(DailyDifferences, TakeTheNearestWithinSevenMinutesAndAHalf) {
  const auto after = [](Micros late, const std::vector<SensorValue>& first) {
    auto samples = first;
    samples.push_back({kDay + late, 130});
    return mean_of_daily_differences(stretch_of(samples));
  };
  EXPECT_DOUBLE_EQ(after(7 * kMinute + 30 * kSecond, {{0, 100}}), 30);
  EXPECT_TRUE(std::isnan(after(7 * kMinute + 31 * kSecond, {{0, 100}})));
  EXPECT_TRUE(std::isnan(after(-8 * kMinute, {{0, 100}})));
  EXPECT_DOUBLE_EQ(after(6 * kMinute, {{0, 100}, {10 * kMinute, 110}}), 20);
  EXPECT_DOUBLE_EQ(after(5 * kMinute, {{0, 100}, {10 * kMinute, 110}}), 30);  // as near: the earlier
}

TEST(OverlappingNetAction, IsTheSdOfDifferences) {
  std::vector<SensorValue> steady, alternating;
  for (int i = 0; i < 24; ++i) {
    steady.push_back({i * 15 * kMinute, static_cast<float>(100 + 2 * i)});
    alternating.push_back({i * 15 * kMinute, i % 8 < 4 ? 100.0F : 120.0F});
  }
  EXPECT_NEAR(overlapping_net_action(stretch_of(steady), 1), 0, 1e-12);
  // 20 differences, of which 12 are +20 and 8 are -20.
  EXPECT_NEAR(overlapping_net_action(stretch_of(alternating), 1), std::sqrt(400 * (1 - 0.04) * 20 / 19), 1e-9);
  EXPECT_NEAR(overlapping_net_action(stretch_of(alternating), 2), 0, 1e-12);
}

TEST(Weighed, EqualWeightsAreASample) {
  Weighed w;
  for (const double v : {1.0, 2.0, 4.0}) w.add(v, 3);
  EXPECT_DOUBLE_EQ(w.mean(), 7.0 / 3);
  EXPECT_NEAR(w.sd(), std::sqrt((16.0 / 9 + 1.0 / 9 + 25.0 / 9) / 2), 1e-12);
}

}  // namespace
}  // namespace glucose
