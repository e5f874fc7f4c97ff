// SPDX-License-Identifier: PostgreSQL
#include "core/readings/time_grid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

using Readings = std::vector<Reading>;

// What was known when it was measured, at a far later moment.
float seen(const Readings& readings, double minute) {
  return glucose_at(readings, minutes(minute), minutes(1e6));
}
float outcome(const Readings& readings, double minute) {
  return outcome_at(readings, minutes(minute));
}

// A straight line, 100 mg/dL at time 0 and 0.5 mg/dL a minute.
float line(double minute) {
  return static_cast<float>(100 + 0.5 * minute);
}
Readings line_every(double step, double jitter) {
  Random rng(3);
  Readings readings;
  for (double t = -60; t <= 240; t += step) {
    const double at = t + rng.uniform(-jitter, jitter);
    readings.push_back({minutes(at), minutes(at), line(at)});
  }
  return readings;
}

class LineOfReadings : public testing::TestWithParam<std::array<double, 2>> {};

TEST_P(LineOfReadings, IsReadBackExactly) {
  const Readings readings = line_every(GetParam()[0], GetParam()[1]);
  for (double t = 0; t <= 180; t += 1.25) {
    ASSERT_NEAR(seen(readings, t), line(t), 1e-3F) << t;
    ASSERT_NEAR(outcome(readings, t), line(t), 1e-3F) << t;
  }
  std::array<float, 12> window;
  glucose_window(readings, minutes(180), 15 * kMinute, window);
  // The newest value has no reading after it: it is held from the last one, at most a step and its jitter ago.
  for (int i = 0; i < 11; ++i) EXPECT_NEAR(window[static_cast<std::size_t>(i)], line(15 * (i + 1)), 1e-3F) << i;
  EXPECT_LE(window[11], line(180) + 1e-3F);
  EXPECT_GE(window[11], line(180 - GetParam()[0] - 2 * GetParam()[1]) - 1e-3F);
}

INSTANTIATE_TEST_SUITE_P(Sensors, LineOfReadings,
                         testing::Values(std::array<double, 2>{1, 0}, std::array<double, 2>{1, 0.4},
                                         std::array<double, 2>{5, 0}, std::array<double, 2>{5, 2},
                                         std::array<double, 2>{15, 0}));

TEST(TimeGrid, NothingKnownIsUnknown) {
  EXPECT_TRUE(std::isnan(seen({}, 0)));
  EXPECT_TRUE(std::isnan(outcome({}, 0)));
  std::array<float, 3> window{1, 2, 3};
  glucose_window({}, 0, kMinute, window);
  for (const float value : window) EXPECT_TRUE(std::isnan(value));
}

TEST(TimeGrid, OneReadingReachesFifteenMinutesEachWay) {
  const Readings one{reading(100, 140)};
  EXPECT_EQ(seen(one, 85), 140);
  EXPECT_EQ(seen(one, 100), 140);
  EXPECT_EQ(seen(one, 115), 140);
  EXPECT_TRUE(std::isnan(glucose_at(one, minutes(115) + 1, minutes(1e6))));
  EXPECT_TRUE(std::isnan(glucose_at(one, minutes(85) - 1, minutes(1e6))));
  EXPECT_EQ(outcome(one, 100), 140);  // exactly there is enough
  EXPECT_TRUE(std::isnan(outcome(one, 99)));
  EXPECT_TRUE(std::isnan(outcome(one, 101)));
}

TEST(TimeGrid, GapRuleIsPerSideAndIncludesItsEdge) {
  const Readings pair{reading(0, 100), reading(30, 160)};
  EXPECT_EQ(seen(pair, 15), 130);  // both exactly 15 minutes away
  EXPECT_EQ(outcome(pair, 15), 130);
  EXPECT_EQ(seen(pair, 14), 100);  // the later one is 16 minutes away: the earlier one is held
  EXPECT_EQ(seen(pair, 16), 160);
  EXPECT_TRUE(std::isnan(outcome(pair, 14)));
  EXPECT_TRUE(std::isnan(outcome(pair, 16)));
  const Readings wide{reading(0, 100), reading(40, 160)};
  EXPECT_EQ(seen(wide, 15), 100);
  EXPECT_TRUE(std::isnan(seen(wide, 20)));
  EXPECT_EQ(seen(wide, 25), 160);
}

TEST(TimeGrid, WeighsByTimeNotByCount) {
  const Readings pair{reading(0, 100), reading(8, 140)};
  EXPECT_FLOAT_EQ(seen(pair, 2), 110);
  EXPECT_FLOAT_EQ(outcome(pair, 6), 130);
}

TEST(TimeGrid, ReadingsOfOneMomentAreAveraged) {
  const Readings readings{reading(0, 90), reading(0, 110), reading(0, 130), reading(10, 150), reading(10, 170)};
  EXPECT_EQ(seen(readings, 0), 110);
  EXPECT_EQ(seen(readings, 5), 135);
  EXPECT_EQ(outcome(readings, 10), 160);
  EXPECT_EQ(seen(readings, 20), 160);
  EXPECT_EQ(seen(readings, -10), 110);
}

TEST(TimeGrid, BackfilledReadingsDidNotExistYet) {
  const Readings readings{reading(0, 100), late_reading(10, 60, 300), reading(20, 120)};
  EXPECT_EQ(glucose_at(readings, minutes(10), minutes(59)), 110);  // between its neighbours, as if it were not there
  EXPECT_EQ(glucose_at(readings, minutes(10), minutes(60)), 300);
  EXPECT_EQ(outcome(readings, 10), 300);  // what happened is known later
  const Readings same{late_reading(0, 60, 300), reading(0, 100), late_reading(0, 61, 500)};
  EXPECT_EQ(glucose_at(same, 0, minutes(1)), 100);
  EXPECT_EQ(glucose_at(same, 0, minutes(60)), 200);
  EXPECT_TRUE(std::isnan(glucose_at(Readings{late_reading(0, 60, 300)}, 0, minutes(59))));
}

TEST(TimeGrid, NothingMeasuredAfterTheMomentOfKnowing) {
  // recorded_at before measured_at (a wrong clock) does not let the future in either.
  const Readings readings{reading(0, 100), late_reading(10, -5, 200)};
  EXPECT_EQ(glucose_at(readings, minutes(5), minutes(9)), 100);
  EXPECT_EQ(glucose_at(readings, minutes(5), minutes(10)), 150);
}

TEST(TimeGrid, WindowUsesNothingLaterThanItsEnd) {
  Readings readings;
  for (int t = -180; t <= 60; t += 5) readings.push_back(reading(t, 100.0F + static_cast<float>(t % 35)));
  std::array<float, 12> before, after;
  glucose_window(readings, 0, 15 * kMinute, before);
  for (Reading& r : readings)
    if (r.measured_at > 0) r.mg_dl = 500;
  glucose_window(readings, 0, 15 * kMinute, after);
  EXPECT_EQ(bits_of(before), bits_of(after));
}

TEST(TimeGrid, WindowIsOldestFirst) {
  const Readings readings{reading(-30, 90), reading(-15, 100), reading(0, 110)};
  std::array<float, 4> window;
  glucose_window(readings, 0, 15 * kMinute, window);
  EXPECT_EQ(window[0], 90);  // held: 15 minutes before the first reading
  EXPECT_EQ(window[1], 90);
  EXPECT_EQ(window[2], 100);
  EXPECT_EQ(window[3], 110);
}

// Against a search over all readings, written the slow way.
float slow(const Readings& readings, Micros at, Micros as_of) {
  double value[2] = {0, 0};
  Micros when[2] = {0, 0}, distance[2] = {kReachOfReading + 1, kReachOfReading + 1};
  int n[2] = {0, 0};
  for (int side = 0; side < 2; ++side)
    for (const Reading& r : readings) {
      const Micros away = side == 0 ? at - r.measured_at : r.measured_at - at;
      if (away < 0 || away > kReachOfReading || r.recorded_at > as_of || r.measured_at > as_of) continue;
      if (away < distance[side]) distance[side] = away, value[side] = 0, n[side] = 0, when[side] = r.measured_at;
      if (away == distance[side]) value[side] += static_cast<double>(r.mg_dl), ++n[side];
    }
  if (n[0] == 0 && n[1] == 0) return kUnknown;
  if (n[0] == 0) return static_cast<float>(value[1] / n[1]);
  if (n[1] == 0) return static_cast<float>(value[0] / n[0]);
  if (when[0] == when[1]) return static_cast<float>(value[0] / n[0]);
  const double w = static_cast<double>(at - when[0]) / static_cast<double>(when[1] - when[0]);
  return static_cast<float>((1 - w) * value[0] / n[0] + w * value[1] / n[1]);
}

TEST(TimeGrid, AgreesWithASlowSearchOverRandomReadings) {
  Random rng(17);
  int unknown = 0;
  for (int round = 0; round < 300; ++round) {
    Readings readings;
    const auto n = static_cast<int>(rng.below(30));
    for (int i = 0; i < n; ++i) {
      const auto t = static_cast<double>(rng.below(120));
      readings.push_back(
          late_reading(t, t + (rng.uniform() < 0.3 ? rng.below(60) : 0), 40.0F + static_cast<float>(rng.below(300))));
    }
    std::stable_sort(readings.begin(), readings.end(),
                     [](const Reading& a, const Reading& b) { return a.measured_at < b.measured_at; });
    for (int i = 0; i < 40; ++i) {
      const Micros at = minutes(rng.below(140)), as_of = at + minutes(rng.below(60));
      const float expected = slow(readings, at, as_of), got = glucose_at(readings, at, as_of);
      ASSERT_EQ(std::isnan(expected), std::isnan(got));
      if (std::isnan(expected))
        ++unknown;
      else
        ASSERT_NEAR(got, expected, 1e-3F);
    }
  }
  EXPECT_GT(unknown, 100);
}

}  // namespace
}  // namespace glucose
