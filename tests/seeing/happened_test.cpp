// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/happened.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/seeing/episodes.hpp"
#include "support/labelled_days.hpp"

namespace glucose {
namespace {

std::vector<Reading> every(int step_min, int hours, const std::function<double(int)>& level) {
  std::vector<Reading> readings;
  for (int m = 0; m < hours * 60; m += step_min)
    readings.push_back({m * kMinute, m * kMinute, static_cast<float>(level(m))});
  return readings;
}
std::vector<Happening> of_kind(const std::vector<Happening>& all, Happened kind) {
  std::vector<Happening> found;
  for (const Happening& h : all)
    if (h.kind == kind) found.push_back(h);
  return found;
}
std::vector<Happening> look(std::span<const Reading> readings, std::span<const Meal> meals = {}) {
  return happened(readings, meals, DayClock{}, HappenedRules{});
}
Meal meal_at(int minute) {
  return {{}, minute * kMinute, {minute % 1440, 0}, MealType::lunch, {500, 60, 20, 15, 5}};
}
/// 100, and so much more after a minute, within an hour up and within two down again; a little restless, as sensors
/// are.
double bump(int m, int from, double by) {
  const double x = m < from ? 0 : m < from + 60 ? (m - from) / 60.0 : m < from + 180 ? 1 - (m - from - 60) / 120.0 : 0;
  return 100 + by * (1 - std::cos(std::min(x, 1.0) * M_PI)) / 2 + 0.5 * std::sin(m);
}

TEST(Happened, NothingInNothing) {
  EXPECT_TRUE(look({}).empty());
  EXPECT_TRUE(look(every(5, 48, [](int m) { return 110 + std::sin(m); })).empty());
}

TEST(Happened, ASpikeIsOfItsMealWithHeightAndTimes) {
  for (const int step : {1, 5, 15}) {
    const auto readings = every(step, 24, [](int m) { return bump(m, 600, 110); });
    const Meal meals[] = {meal_at(595), meal_at(610)};
    const auto found = of_kind(look(readings, meals), Happened::spike);
    ASSERT_EQ(found.size(), 1U) << step;
    EXPECT_EQ(found[0].begin, 595 * kMinute);
    EXPECT_EQ(found[0].meal, 0);
    EXPECT_EQ(found[0].n_meals, 2);
    EXPECT_NEAR(found[0].extreme - found[0].from, 110, 3);
    EXPECT_NEAR(static_cast<double>(found[0].extreme_at - found[0].begin) / kMinute, 65, step + 5);
    EXPECT_NEAR(static_cast<double>(found[0].raised) / kMinute, 90, 2 * step + 5);
    EXPECT_GT(found[0].above_high, 15 * kMinute);
    EXPECT_TRUE(of_kind(look(readings, meals), Happened::unlogged_meal).empty());
    const auto alone = of_kind(look(readings), Happened::unlogged_meal);
    ASSERT_EQ(alone.size(), 1U) << step;
    EXPECT_NEAR(static_cast<double>(alone[0].begin) / kMinute, 610, 20);
  }
  // Not so high, it is none; nor when one reading is so high.
  const Meal meals[] = {meal_at(600)};
  EXPECT_TRUE(of_kind(look(every(5, 24, [](int m) { return bump(m, 600, 45); }), meals), Happened::spike).empty());
  EXPECT_TRUE(
      of_kind(look(every(5, 24, [](int m) { return bump(m, 600, 35) + (m == 660 ? 20 : 0); }), meals), Happened::spike)
          .empty());
}

TEST(Happened, ARiseRightBehindAGapHasNoRate) {
  const auto rises =
      of_kind(look(every(1, 3, [](int m) { return m <= 8 ? 100 + 10 * m : 180 - 0.5 * m + 0.2 * std::sin(m); })),
              Happened::unlogged_meal);
  ASSERT_EQ(rises.size(), 1U);
  EXPECT_TRUE(std::isnan(rises[0].rate));
  EXPECT_EQ(in_words(rises[0], HappenedRules{}, GlucoseUnit::mg_dl, false),
            "A rise as after a meal, without a logged one, from 100 mg/dL to 180 mg/dL.");
}

TEST(Happened, RisesAndFallsOfTwoAMinute) {
  for (const int step : {1, 5, 15})
    for (const double rate : {1.7, 2.4, 3.5}) {
      const auto found = look(every(step, 24, [rate](int m) {
        return 120 + rate * std::clamp(m - 600, 0, 45) - rate * std::clamp(m - 900, 0, 45) + 0.2 * std::sin(m);
      }));
      const auto rises = of_kind(found, Happened::rapid_rise), falls = of_kind(found, Happened::rapid_fall);
      ASSERT_EQ(rises.size(), rate > 2 ? 1U : 0U) << step << " " << rate;
      ASSERT_EQ(falls.size(), rate > 2 ? 1U : 0U) << step << " " << rate;
      if (rate < 2) continue;
      EXPECT_NEAR(rises[0].rate, rate, 0.1);
      EXPECT_NEAR(falls[0].rate, -rate, 0.1);
      EXPECT_NEAR(rises[0].extreme, 120 + 45 * rate, 4);
      EXPECT_NEAR(static_cast<double>(rises[0].begin) / kMinute, 600, step + 10);
    }
}

TEST(Happened, ALowInsideAFaultIsDoubted) {
  auto readings = every(5, 24, [](int m) { return 110 + 2 * std::sin(m); });
  for (std::size_t i = 150; i < 165; ++i) readings[i].mg_dl = 60;  // there and back within one reading
  const auto lows = of_kind(look(readings), Happened::low);
  ASSERT_EQ(lows.size(), 1U);
  EXPECT_LT(lows[0].certainty, 0.5);
  const auto slowly =
      every(5, 24, [](int m) { return 110 - 50 * std::exp(-std::pow((m - 700) / 40.0, 2)) + std::sin(m); });
  const auto sure = of_kind(look(slowly), Happened::low);
  ASSERT_EQ(sure.size(), 1U);
  EXPECT_EQ(sure[0].certainty, 1);
  EXPECT_NEAR(sure[0].extreme, 60, 2);
}

TEST(Happened, AGapWithAnotherRhythmBehindItMayBeAWarmUp) {
  for (const int shift_s : {0, 100}) {
    std::vector<Reading> readings;
    for (int m = 0; m < 1440; m += 5)
      if (m < 600 || m >= 720) {
        const Micros at = m * kMinute + (m >= 720 ? shift_s * kSecond : 0);
        readings.push_back({at, at, static_cast<float>(110 + 3 * std::sin(m))});
      }
    EXPECT_EQ(of_kind(look(readings), Happened::gap).size(), 1U);
    EXPECT_EQ(of_kind(look(readings), Happened::warm_up).size(), shift_s == 0 ? 0U : 1U);
  }
}

TEST(Happened, WordsSayWhatWasMeasuredInBothLanguagesAndUnits) {
  for (std::size_t k = 0; k < kHappenedNames.size(); ++k)
    for (const bool german : {false, true})
      for (const GlucoseUnit unit : {GlucoseUnit::mg_dl, GlucoseUnit::mmol_l}) {
        Happening h{static_cast<Happened>(k), 0, 35 * kMinute};
        h.extreme = 198.2, h.from = 108.1, h.rate = -2.6, h.extreme_at = 20 * kMinute, h.above_high = kMinute;
        const std::string words = in_words(h, HappenedRules{}, unit, german);
        EXPECT_EQ(words.back(), '.');
        EXPECT_EQ(words.find("nan"), std::string::npos) << words;
        EXPECT_LT(words.size(), 200U);
        const bool has_level = words.find("g/dL") != std::string::npos || words.find("mmol/L") != std::string::npos;
        if (has_level) {
          EXPECT_EQ(words.find("mmol/L") != std::string::npos, unit == GlucoseUnit::mmol_l) << words;
        }
      }
}

TEST(Happened, FindsWhatWasPlanted) {
  Scores sums;
  for (const std::uint64_t seed : {51U, 52U, 53U})
    for (const Profile profile : {Profile::none, Profile::t2d, Profile::t1d})
      for (const bool with_faults : {false, true})
        for (const auto& [name, score] : scores_of(labelled_days(seed, 10, profile, with_faults))) sums[name] += score;
  for (const char* name : {"low", "high", "gap", "stuck", "jump", "spike, 60 needed and 40 allowed"}) {
    EXPECT_GT(sums[name].labels, 30) << name;
    EXPECT_GE(sums[name].recall(), 0.9) << name;
    EXPECT_GE(sums[name].precision(), 0.9) << name;
  }
}

TEST(Happened, KeepingTheTruthChangesNothing) {
  Simulator plain(9, 12, Profile::t1d), watched(9, 12, Profile::t1d);
  watched.keep_truth();
  while (!plain.done()) plain.step(), watched.step();
  ASSERT_EQ(plain.readings().size(), watched.readings().size());
  for (std::size_t i = 0; i < plain.readings().size(); ++i) {
    EXPECT_EQ(plain.readings()[i].measured_at, watched.readings()[i].measured_at);
    EXPECT_EQ(plain.readings()[i].mg_dl, watched.readings()[i].mg_dl);
  }
  EXPECT_TRUE(plain.sensor_record().slots.empty());
  // Of a delivered slot the reading is what was shown, less what pressed on the sensor.
  const auto& slots = watched.sensor_record().slots;
  std::size_t delivered = 0;
  for (const auto& slot : slots) delivered += slot.delivered ? 1U : 0U;
  EXPECT_EQ(delivered, watched.readings().size());
}

}  // namespace
}  // namespace glucose
