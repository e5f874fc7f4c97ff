// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/outlook.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/seeing/outlook_words.hpp"

namespace glucose {
namespace {

TEST(OutlookOfDays, ByHand) {
  // Weights 1 and 0.85² and 0.85⁵; what is expected is their mean, whatever the interval's scale.
  const std::vector<PastValue> past{{0, 140}, {2, 120}, {5, 160}};
  const double w2 = 0.85 * 0.85, w5 = std::pow(0.85, 5);
  const ExpectedDay o = day_outlook_of(Measure::mean, past, 1);
  EXPECT_EQ(o.n, 3);
  EXPECT_NEAR(o.expected, (140 + w2 * 120 + w5 * 160) / (1 + w2 + w5), 1e-9);
  // Of days that are all alike, the usual spread as of three days: t(0.95; n - 1 + 3), n as the weights are worth.
  const std::vector<PastValue> alike{{0, 100}, {1, 100}, {2, 100}, {3, 100}};
  double weights = 0, squares = 0;
  for (int k = 0; k < 4; ++k) weights += std::pow(0.85, k), squares += std::pow(0.85, 2 * k);
  const double n = weights * weights / squares, df = n + 2;
  const ExpectedDay same = day_outlook_of(Measure::mean, alike, 1);
  EXPECT_DOUBLE_EQ(same.expected, 100);
  const double sd = 0.09 * std::sqrt(3 / df * (1 + 1 / n));
  // t(0.95) by df, close to linear between these: 5 2.015048, 6 1.943180
  const double t = 2.015048 + (df - 5) * (1.943180 - 2.015048);
  EXPECT_NEAR(std::log(same.upper / 100), t * sd, 0.01 * t * sd);
  EXPECT_NEAR(std::log(100 / same.lower), t * sd, 0.01 * t * sd);
  const ExpectedDay later = day_outlook_of(Measure::mean, alike, 3);
  // Days count more alike for the third day ahead, which is 10 % wider.
  EXPECT_GT(std::log(later.upper / 100), 1.02 * std::log(same.upper / 100));
  EXPECT_LT(std::log(later.upper / 100), 1.1 * std::log(same.upper / 100));
  const double v2 = 0.92 * 0.92, v5 = std::pow(0.92, 5);
  EXPECT_NEAR(day_outlook_of(Measure::mean, past, 3).expected, (140 + v2 * 120 + v5 * 160) / (1 + v2 + v5), 1e-9);
}

TEST(OutlookOfDays, SharesStayWithinTheirEnds) {
  const std::vector<PastValue> good{{0, 100}, {1, 99}, {2, 100}, {3, 98}, {4, 100}}, none{{0, 0}, {1, 0}, {2, 0}},
      half{{0, 50}, {1, 55}, {2, 45}, {3, 52}};
  const ExpectedDay in_range = day_outlook_of(Measure::in_range_pct, good, 1),
                    low = day_outlook_of(Measure::below_70_pct, none, 2),
                    middle = day_outlook_of(Measure::in_range_pct, half, 1);
  EXPECT_NEAR(in_range.upper, 100, 1e-9);
  EXPECT_GT(in_range.lower, 80);
  EXPECT_LT(in_range.lower, in_range.expected);
  EXPECT_EQ(low.expected, 0);
  EXPECT_EQ(low.lower, 0);
  EXPECT_GT(low.upper, 0.5);
  EXPECT_LT(low.upper, 5);
  EXPECT_GT(middle.lower, 25);
  EXPECT_LT(middle.upper, 75);
  EXPECT_LT(middle.lower, middle.expected);
}

TEST(OutlookOfDays, AlikeDaysAreExpectedToTheLastBit) {
  for (int n = 3; n <= 30; ++n)
    for (int days_ahead = 1; days_ahead <= 3; ++days_ahead) {
      std::vector<PastValue> past;
      for (int age = 0; age < n; ++age) past.push_back({age, 100});
      const ExpectedDay o = day_outlook_of(Measure::in_range_pct, past, days_ahead);
      EXPECT_EQ(o.expected, 100);
      EXPECT_LE(o.upper, 100);
    }
}

TEST(OutlookOfDays, HoldsNineTimesInTen) {
  Random random(5);
  int held = 0, shares_held = 0, n = 0;
  for (int person = 0; person < 1500; ++person) {
    const double level = std::log(random.uniform(100, 200)), sd = random.uniform(0.06, 0.14);
    std::vector<PastValue> past, shares;
    const auto day = [&] { return std::exp(level + sd * random.normal()); };
    const auto share = [](double mean) { return std::clamp(100 - (mean - 110) * 0.8, 0.0, 100.0); };
    for (int age = 0; age < 5 + person % 20; ++age) {
      past.push_back({age, day()});
      shares.push_back({age, share(past.back().value)});
    }
    const double next = day();
    const ExpectedDay mean = day_outlook_of(Measure::mean, past, 1),
                      in_range = day_outlook_of(Measure::in_range_pct, shares, 1);
    held += mean.lower <= next && next <= mean.upper ? 1 : 0;
    shares_held += in_range.lower <= share(next) && share(next) <= in_range.upper ? 1 : 0;
    ++n;
  }
  EXPECT_NEAR(100.0 * held / n, 90, 3);
  EXPECT_NEAR(100.0 * shares_held / n, 90, 5);
}

TEST(OutlookOfDays, OfReadings) {
  std::vector<SensorValue> samples;  // of four days; the day before the last has a gap of twelve hours
  for (Micros at = 0; at < 4 * kDay; at += 15 * kMinute)
    if (at < 2 * kDay || at >= 2 * kDay + kDay / 2) {
      const Micros day = at / kDay;
      samples.push_back({at, at % kDay < kDay / 4 ? 60.0F : 100.0F + static_cast<float>(day)});
    }
  const Stretch stretch = stretch_of(samples);
  const auto past = past_days(stretch, 4 * kDay);
  ASSERT_EQ(past[0].size(), 3U);
  EXPECT_EQ(past[0][1].age, 2);
  EXPECT_DOUBLE_EQ(past[0][0].value, 0.25 * 60 + 0.75 * 103);
  EXPECT_DOUBLE_EQ(past[1][0].value, 75);
  EXPECT_DOUBLE_EQ(past[2][0].value, 25);
  // A quarter past three in the coming night, of nights that have been; the reading asked about is never one to come.
  const auto levels = past_levels(stretch, 4 * kDay, 195 * kMinute);
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels[0].value, 60);
  EXPECT_TRUE(past_levels(stretch, 0, 195 * kMinute).empty());
  EXPECT_TRUE(past_days(stretch, -kDay)[0].empty());
}

TEST(OutlookOfDays, TooFewDays) {
  const std::vector<PastValue> two{{0, 100}, {1, 110}};
  EXPECT_THROW((void)day_outlook_of(Measure::mean, two, 1), Error);
}

TEST(OutlookOfDays, InWords) {
  const ExpectedDay o{14, 142.2, 119.6, 168.3}, low{14, 0.42, 0, 3.2};
  EXPECT_EQ(
      in_words(o, Measure::mean, 1, GlucoseUnit::mg_dl, false),
      "Over the coming 24 hours, 142 mg/dL on average is to be expected, in 9 of 10 cases from 120 to 168, if it is as "
      "on the last days (14 days).");
  EXPECT_EQ(
      in_words(o, Measure::mean, 2, GlucoseUnit::mmol_l, true),
      "In 24 bis 48 Stunden sind 7,9 mmol/L im Mittel zu erwarten, in 9 von 10 Fällen 6,6 bis 9,3, wenn es wie an den "
      "letzten Tagen ist (14 Tage).");
  EXPECT_EQ(
      in_words(low, Measure::below_70_pct, 1, GlucoseUnit::mg_dl, false),
      "Over the coming 24 hours, 0.4 % of the time below 70 mg/dL (3.9 mmol/L) is to be expected, in 9 of 10 cases "
      "from 0 to 3.2, if it is as on the last days (14 days).");
}

}  // namespace
}  // namespace glucose
