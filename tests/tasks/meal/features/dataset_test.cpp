// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/dataset.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/tasks/meal/features/features.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

std::vector<Sample> at_hours(std::initializer_list<int> hours) {
  std::vector<Sample> samples;
  for (const int hour : hours)
    samples.push_back({{.eaten_at = hour * 60 * kMinute, .features = {}, .rich = {}}, {}, {}});
  return samples;
}
std::vector<Sample> hourly(int n) {
  std::vector<Sample> samples;
  samples.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) samples.push_back({{.eaten_at = i * 60 * kMinute, .features = {}, .rich = {}}, {}, {}});
  return samples;
}

TEST(SplitSizes, SeventyFifteenFifteen) {
  struct Case {
    int n, train, validation, test;
  };
  for (const Case c :
       {Case{0, 0, 0, 0}, Case{1, 1, 0, 0}, Case{6, 6, 0, 0}, Case{7, 5, 1, 1}, Case{10, 8, 1, 1}, Case{13, 11, 1, 1},
        Case{14, 10, 2, 2}, Case{20, 14, 3, 3}, Case{21, 15, 3, 3}, Case{100, 70, 15, 15}, Case{101, 71, 15, 15},
        Case{105, 75, 15, 15}, Case{1000, 700, 150, 150}}) {
    const SplitSizes sizes = split_sizes(hourly(c.n));
    EXPECT_EQ(sizes.train, c.train) << c.n;
    EXPECT_EQ(sizes.validation, c.validation) << c.n;
    EXPECT_EQ(sizes.test, c.test) << c.n;
    EXPECT_EQ(sizes.total(), c.n);
  }
}

TEST(SplitSizes, NamesEachRowsSplit) {
  const SplitSizes sizes = split_sizes(hourly(21));
  EXPECT_EQ(sizes.of(0), Split::train);
  EXPECT_EQ(sizes.of(14), Split::train);
  EXPECT_EQ(sizes.of(15), Split::validation);
  EXPECT_EQ(sizes.of(17), Split::validation);
  EXPECT_EQ(sizes.of(18), Split::test);
  EXPECT_EQ(sizes.of(20), Split::test);
}

TEST(SplitSizes, MealsOfOneMomentStayTogetherInTheEarlierSplit) {
  // Ten rows would be 8/1/1; row 8 belongs to row 7's moment.
  SplitSizes sizes = split_sizes(at_hours({0, 1, 2, 3, 4, 5, 6, 7, 7, 9}));
  EXPECT_EQ(sizes.train, 9);
  EXPECT_EQ(sizes.validation, 0);
  EXPECT_EQ(sizes.test, 1);
  sizes = split_sizes(at_hours({0, 1, 2, 3, 4, 5, 6, 7, 8, 8}));
  EXPECT_EQ(sizes.train, 8);
  EXPECT_EQ(sizes.validation, 2);
  EXPECT_EQ(sizes.test, 0);
  sizes = split_sizes(at_hours({0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(sizes.train, 10);
  EXPECT_EQ(sizes.total(), 10);
}

TEST(SplitSizes, NoMomentIsEverTornApart) {
  for (int n = 1; n < 120; ++n)
    for (int run = 1; run < 8; ++run) {
      std::vector<Sample> samples = hourly(n);
      for (int i = 0; i < n; ++i) samples[static_cast<std::size_t>(i)].eaten_at = i / run * kDay;
      const SplitSizes sizes = split_sizes(samples);
      ASSERT_EQ(sizes.total(), n);
      ASSERT_GE(sizes.validation, 0);
      for (int i = 1; i < n; ++i)
        if (samples[static_cast<std::size_t>(i)].eaten_at == samples[static_cast<std::size_t>(i - 1)].eaten_at) {
          ASSERT_EQ(sizes.of(i), sizes.of(i - 1));
        }
    }
}

constexpr std::array<int, 2> kHorizons{60, 120};

std::vector<Sample> build(const std::vector<Meal>& meals, const std::vector<Reading>& readings, Micros start = -kDay,
                          Micros end = 1000 * kDay) {
  DatasetBuilder builder(meals, readings, kHorizons, start, end);
  while (!builder.done()) builder.step();
  return builder.take();
}

// Every 5 minutes from minute 0 to `last`, glucose = 100 + minute / 10.
std::vector<Reading> ramp(int last) {
  std::vector<Reading> readings;
  for (int t = 0; t <= last; t += 5) readings.push_back(reading(t, 100 + static_cast<float>(t) / 10));
  return readings;
}

TEST(DatasetBuilder, TargetsAreInterpolatedOutcomes) {
  std::vector<Meal> meals{meal_at(minutes(202))};
  meals[0].id[3] = 7;
  const auto readings = ramp(1000);
  const auto samples = build(meals, readings);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].meal_id, meals[0].id);
  EXPECT_EQ(samples[0].eaten_at, minutes(202));
  EXPECT_FLOAT_EQ(samples[0].targets[0], 126.2F);
  EXPECT_FLOAT_EQ(samples[0].targets[1], 132.2F);
  for (std::size_t k = 2; k < kMaxHorizons; ++k) EXPECT_TRUE(std::isnan(samples[0].targets[k]));
  EXPECT_EQ(bits_of(samples[0].features), bits_of(extract(meals[0], readings, meals)));
}

TEST(DatasetBuilder, OutcomesMayBeRecordedLater) {
  auto readings = ramp(1000);
  for (Reading& r : readings)
    if (r.measured_at > minutes(202)) r.recorded_at = minutes(5000);
  EXPECT_EQ(build({meal_at(minutes(202))}, readings).size(), 1U);
}

TEST(DatasetBuilder, SkipsMealsWithoutAnOutcomeAtEveryHorizon) {
  const std::vector<Meal> meals{meal_at(minutes(200)), meal_at(minutes(881)), meal_at(minutes(880)),
                                meal_at(minutes(940)), meal_at(minutes(1100))};
  const auto samples = build(meals, ramp(1000));
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].eaten_at, minutes(200));
  EXPECT_EQ(samples[1].eaten_at, minutes(880));  // its +120 is the last reading
}

TEST(DatasetBuilder, SkipsMealsWithoutGlucoseToStartFrom) {
  std::vector<Reading> readings;
  for (int t = 0; t <= 200; t += 5) readings.push_back(reading(500 + t, 110));
  EXPECT_TRUE(build({meal_at(minutes(450))}, readings).empty());  // outcomes only
  readings.insert(readings.begin(), reading(300, 95));
  EXPECT_EQ(build({meal_at(minutes(450))}, readings).size(), 1U);  // one value 150 minutes before
  readings[0] = reading(200, 95);
  EXPECT_TRUE(build({meal_at(minutes(450))}, readings).empty());  // a baseline alone is not enough
}

TEST(DatasetBuilder, StartIsIncludedAndEndIsNot) {
  const std::vector<Meal> meals{meal_at(minutes(200), 10), meal_at(minutes(300), 20), meal_at(minutes(400), 30),
                                meal_at(minutes(500), 40)};
  const auto samples = build(meals, ramp(1000), minutes(300), minutes(500));
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].eaten_at, minutes(300));
  EXPECT_EQ(samples[1].eaten_at, minutes(400));
  EXPECT_EQ(samples[0].features[kBaseline + 2], 10);  // meals before the start still make the baseline
  EXPECT_EQ(samples[1].features[kBaseline + 2], 15);
}

TEST(DatasetBuilder, NoMealsIsDoneAtOnce) {
  DatasetBuilder builder({}, {}, kHorizons, 0, kDay);
  EXPECT_TRUE(builder.done());
  EXPECT_TRUE(builder.take().empty());
}

}  // namespace
}  // namespace glucose
