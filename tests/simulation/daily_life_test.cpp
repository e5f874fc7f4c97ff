// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/daily_life.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

namespace glucose::sim {
namespace {

using Days = std::map<int, std::map<std::string, float>>;

Days live(std::uint64_t seed, int n, Profile profile = Profile::none) {
  DailyLife life(Random(seed), profile);
  for (int day = 0; day < n; ++day) life.live_day(day);
  Days days;
  for (const SimulatedValue& v : life.values()) days[v.day][std::string(v.metric)] = v.value;
  return days;
}

struct Mean {
  double sum = 0;
  int n = 0;
  void add(double v) { sum += v, ++n; }
  double mean() const { return sum / n; }
};

// The mean of a metric so many days after days of one kind, minus after all others, in persons' own levels.
template <class Is>
double effect(const char* metric, int lag, Is&& is) {
  double difference = 0;
  constexpr int kPersons = 20;
  for (std::uint64_t seed = 1; seed <= kPersons; ++seed) {
    const Days days = live(seed, 400);
    Mean yes, no;
    for (const auto& [day, values] : days) {
      const auto later = days.find(day + lag);
      if (later == days.end() || !later->second.contains(metric)) continue;
      (is(day, values) ? yes : no).add(static_cast<double>(later->second.at(metric)));
    }
    if (yes.n > 0 && no.n > 0) difference += (yes.mean() - no.mean()) / kPersons;
  }
  return difference;
}

TEST(DailyLife, SameSeedSameDaysAndMoreDaysOnlyAdd) {
  const Days a = live(7, 60), b = live(7, 60), longer = live(7, 90), other = live(8, 60);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, other);
  for (const auto& [day, values] : a) EXPECT_EQ(values, longer.at(day)) << day;
}

TEST(DailyLife, AlcoholTrainingAndShortNightsAreSeenTheNextDay) {
  const auto drank = [](int, const auto& values) { return values.contains("ALCOHOL_INTAKE"); };
  EXPECT_GT(effect("RESTING_HEART_RATE", 1, drank), 1);
  EXPECT_LT(effect("HEART_RATE_VARIABILITY_RMSSD", 1, drank), -3);
  EXPECT_LT(effect("SLEEP_DURATION", 1, drank), -5);
  EXPECT_LT(effect("RECOVERY_SCORE", 1, drank), -5);
  const auto trained = [](int, const auto& values) { return values.contains("TRAINING_LOAD"); };
  EXPECT_GT(effect("RESTING_HEART_RATE", 1, trained), 0.2);
  const auto short_night = [](int, const auto& values) {
    return values.contains("SLEEP_DURATION") && values.at("SLEEP_DURATION") < 360;
  };
  EXPECT_LT(effect("RECOVERY_SCORE", 0, short_night), -2);
}

TEST(DailyLife, WeekendsAreLaterAndLonger) {
  const auto friday_or_saturday = [](int day, const auto&) { return day % 7 == 4 || day % 7 == 5; };
  EXPECT_GT(effect("SLEEP_ONSET", 1, friday_or_saturday), 15);
}

TEST(DailyLife, ThereAreGapsAndValuesThatCanBe) {
  int nights = 0, days = 0, ill = 0, with_anything = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    for (const auto& [day, values] : live(seed, 200, seed % 2 == 0 ? Profile::t2d : Profile::none)) {
      ++with_anything;
      nights += values.contains("SLEEP_DURATION");
      days += values.contains("STEPS");
      for (const auto& [metric, value] : values) EXPECT_TRUE(std::isfinite(value)) << metric;
      if (!values.contains("SLEEP_DURATION")) continue;
      ill += values.at("RESPIRATORY_RATE") > 17;
      EXPECT_TRUE(values.at("SLEEP_DURATION") >= 60 && values.at("SLEEP_DURATION") <= 960);
      EXPECT_TRUE(values.at("RESTING_HEART_RATE") >= 35 && values.at("RESTING_HEART_RATE") <= 110);
      EXPECT_TRUE(values.at("RECOVERY_SCORE") >= 0 && values.at("RECOVERY_SCORE") <= 100);
    }
  EXPECT_GT(days, 4000 * 0.85);
  EXPECT_LT(days, 4000 * 0.99);
  EXPECT_LT(nights, days);
  EXPECT_GT(ill, 20);
}

}  // namespace
}  // namespace glucose::sim
