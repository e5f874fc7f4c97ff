// SPDX-License-Identifier: PostgreSQL
#include "core/readings/credibility.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/readings/sensor.hpp"

namespace glucose {
namespace {

std::vector<Point> steady(float mg_dl, int from = -180, int step = 5) {
  std::vector<Point> points;
  for (int m = from; m <= 0; m += step)
    points.push_back({m * kMinute, mg_dl + 2 * std::sin(static_cast<float>(m) / 20)});
  return points;
}
std::vector<Reading> readings_of(const std::vector<Point>& points) {
  std::vector<Reading> readings;
  for (const Point& p : points) readings.push_back({p.at, p.at, p.mg_dl});
  return readings;
}
bool any_suspicious(const std::vector<Point>& points) {
  for (std::size_t i = 0; i < points.size(); ++i)
    if (is_suspicious(points, i)) return true;
  return false;
}

TEST(Credibility, NothingIsWrongWithWhatABodyCanDo) {
  for (const int step : {4, 5, 15, 30}) {
    std::vector<Point> points;
    for (int m = -600; m <= 0; m += step)
      points.push_back({m * kMinute, 160 + 90 * std::sin(static_cast<float>(m) / 40)});  // 2.3 mg/dL a minute
    EXPECT_FALSE(any_suspicious(points)) << step;
    const Credibility c = judge(points);
    EXPECT_EQ(c.issues, 0);
    EXPECT_EQ(c.doubt_mg_dl, 0);
    ASSERT_EQ(c.points.size(), points.size());
    for (std::size_t i = 0; i < points.size(); ++i) EXPECT_EQ(c.points[i].mg_dl, points[i].mg_dl);
  }
}

TEST(Credibility, AJumpInTheSensorsRhythmIsMostlyBelievedAndNoSlope) {
  for (const float to : {140.0F, 165.0F, 60.0F}) {  // 6 to 11 mg/dL a minute
    auto points = steady(110);
    const float before = points.back().mg_dl;
    points.push_back({5 * kMinute, to});
    EXPECT_TRUE(any_suspicious(points));
    const Credibility c = judge(points);
    EXPECT_EQ(c.issues, kJump) << to;
    EXPECT_NEAR(c.points.back().mg_dl, before + 0.9F * (to - before), 0.01);
    const std::size_t n = c.points.size();
    EXPECT_NEAR(c.points[n - 1].mg_dl - c.points[n - 4].mg_dl, 0, 4);  // what was before is moved along
    EXPECT_GT(c.doubt_mg_dl, 0.4F * std::abs(to - before));
    EXPECT_EQ(c.known_since, c.points.back().at);
  }
}

TEST(Credibility, AFarJumpIsBelievedByHalfOrHardlyWhenItComesOutOfTurn) {
  for (const float to : {190.0F, 401.0F, 40.0F}) {
    auto points = steady(110);
    const float before = points.back().mg_dl;
    points.push_back({5 * kMinute, to});
    const Credibility in_turn = judge(points);
    EXPECT_TRUE(in_turn.issues & kJump);
    EXPECT_NEAR(in_turn.points.back().mg_dl, before + 0.5F * (to - before), 0.01);
    points.back().at = 2 * kMinute;  // another device
    EXPECT_NEAR(judge(points).points.back().mg_dl, before + 0.1F * (to - before), 0.01);
    // The next reading of the sensor agrees with those before: the other one is forgotten.
    points.push_back({5 * kMinute, before + 1});
    const Credibility after = judge(points);
    EXPECT_TRUE(after.issues & kJump);
    EXPECT_EQ(after.doubt_mg_dl, 0);
    EXPECT_EQ(after.points.back().mg_dl, before + 1);
    for (const Point& p : after.points) EXPECT_NEAR(p.mg_dl, 110, 5);
  }
}

TEST(Credibility, ASecondReadingConfirmsANewLevel) {
  auto points = steady(110);
  points.push_back({5 * kMinute, 190});
  points.push_back({10 * kMinute, 193});
  const Credibility c = judge(points);
  EXPECT_TRUE(c.issues & kJump);
  EXPECT_EQ(c.points.back().mg_dl, 193);
  EXPECT_EQ(c.doubt_mg_dl, 0);
  EXPECT_EQ(c.known_since, 5 * kMinute);
  for (const Point& p : c.points) EXPECT_NEAR(p.mg_dl, 190, 6);  // no slope of 80 mg/dL
  // An hour later nothing is left of it.
  for (int m = 15; m <= 80; m += 5) points.push_back({m * kMinute, 190});
  points.back().mg_dl = 191;
  EXPECT_FALSE(judge(points).issues & kJump);
}

TEST(Credibility, NothingIsAJumpAcrossAGap) {
  auto points = steady(110);
  points.push_back({46 * kMinute, 390});
  EXPECT_EQ(judge(points).issues, 0);
  EXPECT_FALSE(any_suspicious(points));
}

TEST(Credibility, TwoSensorsASeriesStoredTwiceAndAnAlternatingSensorContradictThemselves) {
  std::vector<std::vector<Point>> all;
  for (const float apart : {20.0F, 40.0F, -60.0F}) {  // two sensors, two minutes apart
    std::vector<Point> two;
    for (int m = -180; m <= 0; m += 5) {
      two.push_back({m * kMinute, 150});
      two.push_back({(m + 2) * kMinute, 150 + apart});
    }
    all.push_back(two);
  }
  std::vector<Point> shifted;  // the same readings again, 47 minutes late
  const auto glucose = [](int m) { return 150 + 60 * std::sin(static_cast<float>(m) / 60); };
  for (int m = -180; m <= 0; m += 5) {
    shifted.push_back({m * kMinute, glucose(m)});
    shifted.push_back({(m + 2) * kMinute, glucose(m - 47)});
  }
  all.push_back(shifted);
  std::vector<Point> alternating;
  for (int m = -180; m <= 0; m += 5) alternating.push_back({m * kMinute, m % 10 == 0 ? 120.0F : 140.0F});
  all.push_back(alternating);
  std::vector<Point> one_moment = steady(110);
  for (Point& p : one_moment) p.apart = 30;
  all.push_back(one_moment);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& points = all[i];
    EXPECT_TRUE(any_suspicious(points));
    const Credibility now = judge(points);
    EXPECT_TRUE(now.issues & kContradictory) << i;
    EXPECT_GT(now.doubt_mg_dl, 0);
    // Whoever spoke last, the forecast starts from about the same level.
    const Credibility before = judge(std::span(points).first(points.size() - 1));
    EXPECT_NEAR(now.points.back().mg_dl, before.points.back().mg_dl, 10) << i;
  }
}

TEST(Credibility, AtTheEdgeOfASensorsRangeNothingGoesOn) {
  for (const auto& [value, limit] : {std::pair{401.0F, 1}, {400.0F, 1}, {39.0F, -1}, {40.0F, -1}}) {
    std::vector<Point> points;
    for (int m = -180; m <= 0; m += 5)
      points.push_back({m * kMinute, value - 3 * static_cast<float>(limit) * std::abs(static_cast<float>(m) / 5)});
    const Credibility c = judge(points);
    EXPECT_EQ(c.issues, kAtLimit);
    EXPECT_EQ(c.limit, limit);
    EXPECT_EQ(c.known_since, 0);
    EXPECT_GT(c.doubt_mg_dl, 0);
    points.push_back({5 * kMinute, value - 6 * static_cast<float>(limit)});
    EXPECT_EQ(judge(points).limit, 0);
    EXPECT_EQ(judge(points).issues, kAtLimit);  // of the last hour
  }
  std::vector<Point> high;  // a sensor that goes up to 500
  for (int m = -60; m <= -5; m += 5) high.push_back({m * kMinute, 500 + static_cast<float>(m)});
  EXPECT_EQ(judge(high).issues, 0);
  high.push_back({0, 495});
  EXPECT_EQ(judge(high).limit, 1);
}

TEST(Credibility, AStuckSensorKnowsItsLastReadingOnly) {
  for (const int step : {5, 15}) {
    std::vector<Point> points;
    for (int m = -600; m <= 0; m += step)
      points.push_back({m * kMinute, m < -60 ? 120 + static_cast<float>(m % 7) : 133});
    const Credibility c = judge(points);
    EXPECT_EQ(c.issues, kFlat) << step;
    EXPECT_EQ(c.known_since, 0);
  }
}

TEST(Credibility, AFallOutOfASteadyHourIsHalfBelieved) {
  for (const float low : {52.0F, 55.0F, 66.0F}) {
    auto points = steady(100);
    points.push_back({5 * kMinute, (100 + low) / 2});
    points.push_back({10 * kMinute, low});
    const Credibility c = judge(points);
    EXPECT_EQ(c.issues, kCompressionLow) << low;
    EXPECT_NEAR(c.points.back().mg_dl, (100 + low) / 2, 2);
    EXPECT_GT(c.doubt_mg_dl, 5);
  }
  // A fall that began long before is a low.
  std::vector<Point> falling;
  for (int m = -60; m <= 0; m += 5) falling.push_back({m * kMinute, 60 - 2 * static_cast<float>(m)});
  EXPECT_EQ(judge(falling).issues, 0);
}

TEST(Credibility, ReadingsDenserThanFiveMinutesAreAveraged) {
  std::vector<Point> points;
  for (int m = -59; m <= 0; ++m) points.push_back({m * kMinute, 100 + static_cast<float>(m % 2 == 0 ? 6 : -6)});
  const Credibility c = judge(points);
  EXPECT_EQ(c.issues, 0);
  for (const Point& p : c.points) EXPECT_NEAR(p.mg_dl, 100, 2.1);
  EXPECT_EQ(c.points.back().at, -3 * kMinute / 2);  // the middle of four minutes
  EXPECT_EQ(c.points[c.points.size() - 2].at, c.points.back().at - 4 * kMinute);
}

TEST(Credibility, NothingKnownLaterCounts) {
  auto points = steady(110);
  points.push_back({5 * kMinute, 300});
  auto readings = readings_of(points);
  readings.back().recorded_at = 20 * kMinute;
  EXPECT_EQ(BelievedReadings(readings, 10 * kMinute).issues(), 0);
  EXPECT_EQ(BelievedReadings(readings, 4 * kMinute).readings().data(), readings.data());
  EXPECT_EQ(BelievedReadings(readings, 20 * kMinute).issues(), kJump);
}

TEST(Credibility, IsPartOfTheSensorsState) {
  auto points = steady(110, -300);
  EXPECT_EQ(confidence_of(assess_sensor(readings_of(points), 0)), Confidence::high);
  points.push_back({5 * kMinute, 190});
  const SensorState state = assess_sensor(readings_of(points), 6 * kMinute);
  EXPECT_TRUE(state.issues & kJump);
  EXPECT_EQ(confidence_of(state), Confidence::low);
}

}  // namespace
}  // namespace glucose
