// SPDX-License-Identifier: PostgreSQL
#include "core/readings/analogues.hpp"

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/readings/time_grid.hpp"

namespace glucose {
namespace {

Reading reading(Micros at, float mg_dl) {
  return {at, at, mg_dl};
}

/// By definition: every quarter-hour of the 30 days before, asked one by one.
std::vector<std::pair<Micros, float>> by_hand(std::span<const Reading> readings, Micros at) {
  constexpr Micros kStep = 15 * kMinute;
  std::vector<std::pair<Micros, float>> known;
  for (Micros t = at - 30 * kDay; t <= at; t += kStep)
    if (const float value = outcome_at(readings, t, at); !std::isnan(value)) known.emplace_back(t, value);
  return known;
}

TEST(Analogues, AreAllQuarterHoursKnownThen) {
  Random rng(5);
  std::vector<Reading> readings;
  Micros at = -20 * kDay + 7 * kMinute;
  while (at < 15 * kDay) {
    readings.push_back(reading(at, static_cast<float>(rng.uniform(60, 200))));
    at += static_cast<Micros>(rng.below(12) == 0 ? rng.uniform(20, 2000) : 5) * kMinute;
  }
  const Analogues alike(readings);
  for (const Micros now : {-20 * kDay, -3 * kDay, Micros{0}, 11 * kDay, 16 * kDay, 90 * kDay}) {
    std::vector<std::pair<Micros, float>> seen;
    alike.visit(now, [&](Micros then, float start, auto&& value_at) {
      seen.emplace_back(then, start);
      EXPECT_EQ(value_at(then), start);
      const Micros later = then + 60 * kMinute;
      const float value = value_at(later), expected = outcome_at(readings, later, now);
      EXPECT_TRUE(std::isnan(expected) ? std::isnan(value) : value == expected);
    });
    EXPECT_EQ(seen, by_hand(readings, now));
  }
}

TEST(Analogues, GrowWithTheReadingsAndNotWithTheTimeTheySpan) {
  std::vector<Reading> readings{reading(-1'000'000 * kDay, 100)};
  for (int i = 0; i < 288; ++i) readings.push_back(reading(i * 5 * kMinute, 100));
  readings.push_back(reading(100'000'000 * kDay, 100));
  EXPECT_LT(Analogues(readings).size(), 200U);
  std::vector<Reading> sparse;
  for (int i = 0; i < 1000; ++i) sparse.push_back(reading(i * 3 * kDay, 100));
  EXPECT_LE(Analogues(sparse).size(), 2 * sparse.size());
  EXPECT_EQ(Analogues({}).size(), 0U);
}

}  // namespace
}  // namespace glucose
