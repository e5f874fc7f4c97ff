// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/sensor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace glucose::sim {
namespace {

// A day-long wave with meals' slopes on it: 70 … 230 mg/dL.
double plasma(std::int64_t minute) {
  const double t = static_cast<double>(minute);
  return 150 + 45 * std::sin(2 * std::numbers::pi * t / 1440) + 35 * std::sin(2 * std::numbers::pi * t / 240);
}

TEST(Sensor, ErrsByEightToTenPercentOverManySessions) {
  double sum = 0;
  int n = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Sensor sensor(Random(seed), plasma(0));
    for (std::int64_t minute = 0; minute < 30 * 1440; ++minute) {
      const double truth = plasma(minute);
      if (const auto reading = sensor.step_minute(minute, truth)) {
        sum += std::abs(static_cast<double>(reading->mg_dl) - truth) / truth;
        ++n;
      }
    }
  }
  RecordProperty("mard_pct", std::to_string(100 * sum / n));
  EXPECT_GT(sum / n, 0.08);
  EXPECT_LT(sum / n, 0.10);
}

TEST(Sensor, ErrorIsAutocorrelated) {
  Sensor sensor(Random(5), 120);
  std::vector<double> error;
  for (std::int64_t minute = 0; minute < 5 * 1440; ++minute)
    if (const auto reading = sensor.step_minute(minute, 120)) error.push_back(static_cast<double>(reading->mg_dl));
  double mean = 0, square = 0, lagged = 0;
  for (double e : error) mean += e / static_cast<double>(error.size());
  for (std::size_t i = 1; i < error.size(); ++i) {
    square += (error[i] - mean) * (error[i] - mean);
    lagged += (error[i] - mean) * (error[i - 1] - mean);
  }
  EXPECT_GT(lagged / square, 0.7);
  EXPECT_LT(lagged / square, 0.98);
}

TEST(Sensor, LagsBehindAStep) {
  // Mean over many sensors, so that noise and calibration cancel: 63 % of a step after the lag of 10 minutes.
  double at_10 = 0, at_60 = 0;
  constexpr int n = 400;
  for (int seed = 0; seed < n; ++seed) {
    Sensor sensor(Random(static_cast<std::uint64_t>(seed)), 100);
    for (std::int64_t minute = 600; minute < 670; ++minute) {
      sensor.step_minute(minute, 200);
      if (minute == 612) at_10 += static_cast<double>(sensor.shown_mg_dl()) / n;  // 11 minutes on average
      if (minute == 662) at_60 += static_cast<double>(sensor.shown_mg_dl()) / n;
    }
  }
  EXPECT_NEAR(at_10, 167, 6);
  EXPECT_NEAR(at_60, 200, 4);
}

TEST(Sensor, ReportsWithinItsLimitsAndRounded) {
  Sensor low(Random(1), 20), high(Random(1), 600);
  for (std::int64_t minute = 0; minute < 1440; ++minute) {
    const auto at_low = low.step_minute(minute, 20), at_high = high.step_minute(minute, 600);
    EXPECT_EQ(at_low.value_or(Reading{0, 0, kSensorLow}).mg_dl, kSensorLow);
    EXPECT_EQ(at_high.value_or(Reading{0, 0, kSensorHigh}).mg_dl, kSensorHigh);
    EXPECT_EQ(low.shown_mg_dl(), std::round(low.shown_mg_dl()));
  }
}

}  // namespace
}  // namespace glucose::sim
