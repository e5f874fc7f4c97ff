// SPDX-License-Identifier: PostgreSQL
#include "core/readings/sensor.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace glucose {
namespace {

Confidence confidence(int used, float sd, std::uint8_t issues = 0) {
  return confidence_of({used, sd, true, 0, issues});
}

TEST(Confidence, ByReadingsAndSteadiness) {
  EXPECT_EQ(confidence(12, 29.9F), Confidence::high);
  EXPECT_EQ(confidence(12, 30), Confidence::medium);
  EXPECT_EQ(confidence(12, 60), Confidence::medium);
  EXPECT_EQ(confidence(12, 60.1F), Confidence::low);
  EXPECT_EQ(confidence(11, 5, kGaps), Confidence::medium);
  EXPECT_EQ(confidence(8, 60, kGaps), Confidence::medium);
  EXPECT_EQ(confidence(8, 80, kGaps), Confidence::low);
  EXPECT_EQ(confidence(7, 5, kGaps), Confidence::low);
  EXPECT_EQ(confidence(0, kUnknown, kGaps | kStale), Confidence::low);
}

TEST(Confidence, IsLowWhenSomethingIsWrongWithTheSensor) {
  for (const std::uint8_t issue : {kStale, kFlat, kSingleReading}) EXPECT_EQ(confidence(12, 5, issue), Confidence::low);
}

TEST(Sensor, FromReadingsAloneAsFromTheirWindow) {
  std::vector<Reading> readings;
  for (int m = -180; m <= 0; m += 5) readings.push_back({m * kMinute, m * kMinute, 100 + static_cast<float>(m) / 10});
  const SensorState steady = assess_sensor(readings, 0);
  EXPECT_EQ(steady.readings_used, 12);
  EXPECT_EQ(steady.issues, 0);
  EXPECT_EQ(confidence_of(steady), Confidence::high);
  const SensorState late = assess_sensor(readings, 16 * kMinute);
  EXPECT_EQ(late.issues & kStale, kStale);
  for (Reading& r : readings) r.mg_dl = 120;
  EXPECT_EQ(assess_sensor(readings, 0).issues & kFlat, kFlat);
  EXPECT_EQ(assess_sensor(std::span(readings).last(1), 0).issues & kSingleReading, kSingleReading);
  EXPECT_FALSE(assess_sensor({}, 0).has_last);
}

}  // namespace
}  // namespace glucose
