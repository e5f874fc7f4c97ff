// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/episodes.hpp"

#include <gtest/gtest.h>

namespace glucose {
namespace {

/// One reading every so many minutes; 0 leaves one out.
Stretch every(Micros step, const std::vector<float>& levels) {
  std::vector<SensorValue> samples;
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (levels[i] > 0) samples.push_back({static_cast<Micros>(i) * step, levels[i]});
  return stretch_of(samples);
}

std::size_t lows(Micros step, const std::vector<float>& levels) {
  return episodes_of(every(step, levels), Beyond::below, 70).size();
}

constexpr Micros kFive = 5 * kMinute;

TEST(Episodes, AQuarterOfAnHourBeginsOne) {
  EXPECT_EQ(lows(kFive, {100, 60, 60, 100, 100}), 0U);
  EXPECT_EQ(lows(kFive, {100, 60, 60, 60, 100}), 1U);
  EXPECT_EQ(lows(kFive, {100, 60, 60, 70, 60, 60, 100}), 0U);  // 70 is not below 70
  EXPECT_EQ(lows(15 * kMinute, {100, 60, 100}), 1U);
  EXPECT_EQ(lows(kMinute, std::vector<float>(14, 60)), 0U);
  EXPECT_EQ(lows(kMinute, std::vector<float>(15, 60)), 1U);
}

TEST(Episodes, AQuarterOfAnHourEndsOne) {
  EXPECT_EQ(lows(kFive, {60, 60, 60, 100, 100, 60, 60, 60}), 1U);
  EXPECT_EQ(lows(kFive, {60, 60, 60, 100, 100, 100, 60, 60, 60}), 2U);
  EXPECT_EQ(lows(kFive, {60, 60, 60, 100, 100, 100, 60, 60}), 1U);
}

TEST(Episodes, AGapEndsOne) {
  EXPECT_EQ(lows(kFive, {60, 60, 60, 0, 0, 0, 60, 60, 60}), 2U);
  EXPECT_EQ(lows(kFive, {60, 60, 60, 0, 0, 60, 60, 60}), 1U);
  EXPECT_EQ(lows(kFive, {60, 60, 0, 0, 0, 60, 60}), 0U);
}

TEST(Episodes, ASensorsClockIsNeverExact) {
  EXPECT_EQ(lows(kFive - 3 * kSecond, {100, 100, 60, 60, 60, 100, 100}), 1U);
  EXPECT_EQ(lows(kFive - 3 * kSecond, {100, 100, 60, 60, 100, 100}), 0U);
}

TEST(Episodes, FromWhenToWhenAndHowFar) {
  const auto found = episodes_of(every(kFive, {100, 65, 60, 50, 69, 80, 55, 90, 90, 90, 40, 90}), Beyond::below, 70);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].begin, kFive);
  EXPECT_EQ(found[0].end, 7 * kFive);
  EXPECT_EQ(found[0].extreme, 50);
  const auto high = episodes_of(every(kFive, {181, 181, 300, 180, 180, 180}), Beyond::above, 180);
  ASSERT_EQ(high.size(), 1U);
  EXPECT_EQ(high[0].extreme, 300);
  EXPECT_EQ(high[0].end, 3 * kFive);
}

}  // namespace
}  // namespace glucose
