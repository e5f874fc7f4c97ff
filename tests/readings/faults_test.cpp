// SPDX-License-Identifier: PostgreSQL
#include "core/readings/faults.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace glucose {
namespace {

/// A calm sensor of every five minutes, over so many hours.
std::vector<Point> calm(int hours, float mg_dl = 110) {
  std::vector<Point> points;
  for (int m = 0; m < hours * 60; m += 5)
    points.push_back({m * kMinute, mg_dl + 3 * std::sin(static_cast<float>(m) / 20)});
  return points;
}
std::vector<Fault> of_kind(const std::vector<Point>& points, FaultKind kind) {
  std::vector<Fault> found;
  for (const Fault& f : faults_of(points))
    if (f.kind == kind) found.push_back(f);
  return found;
}
void set(std::vector<Point>& points, int first_min, std::initializer_list<float> levels) {
  auto at = static_cast<std::size_t>(first_min / 5);
  for (const float level : levels) points[at++].mg_dl = level;
}

TEST(Faults, ACalmSensorHasNone) {
  EXPECT_TRUE(faults_of({}).empty());
  for (const float level : {60.0F, 110.0F, 300.0F}) EXPECT_TRUE(faults_of(calm(48, level)).empty()) << level;
}

TEST(Faults, AValueThatStaysAnHourIsStuckFromItsFirstReadingToItsLast) {
  for (const int n : {12, 13, 20}) {
    auto points = calm(24);
    for (int i = 0; i < n; ++i) points[static_cast<std::size_t>(100 + i)].mg_dl = 111;
    const auto found = of_kind(points, FaultKind::stuck);
    ASSERT_EQ(found.size(), n < 13 ? 0U : 1U) << n;
    if (n < 13) continue;
    EXPECT_EQ(found[0].begin, 500 * kMinute);
    EXPECT_EQ(found[0].end, (500 + 5 * (n - 1)) * kMinute);
    EXPECT_EQ(found[0].to, 111);
    EXPECT_FLOAT_EQ(found[0].strength, static_cast<float>(n) / 4);
  }
  // At the edge of its range a sensor says the same for long.
  for (const float edge : {40.0F, 400.0F}) {
    auto points = calm(24, edge);
    for (auto& p : points) p.mg_dl = edge;
    EXPECT_TRUE(of_kind(points, FaultKind::stuck).empty()) << edge;
  }
}

TEST(Faults, AJumpEndsWhenOthersAgreeOrWhenItIsMadeUpFor) {
  auto one = calm(24);
  set(one, 600, {190});
  auto found = of_kind(one, FaultKind::jump);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].begin, 600 * kMinute);
  EXPECT_EQ(found[0].end, 605 * kMinute);
  EXPECT_FALSE(found[0].believed);
  EXPECT_EQ(found[0].to, 190);

  auto for_an_hour = calm(24);
  for (int i = 0; i < 12; ++i) for_an_hour[static_cast<std::size_t>(120 + i)].mg_dl += 70;
  found = of_kind(for_an_hour, FaultKind::jump);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].end, 660 * kMinute);
  EXPECT_FALSE(found[0].believed);

  auto for_good = calm(24);
  for (std::size_t i = 120; i < for_good.size(); ++i) for_good[i].mg_dl += 70;
  found = of_kind(for_good, FaultKind::jump);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].believed);
}

TEST(Faults, ReadingsMoreThanAnHourApartAreNotStuck) {
  for (const int step : {50, 60, 61, 90, 170}) {
    std::vector<Point> points;
    for (int i = 0; i < 12; ++i) points.push_back({i * step * kMinute, 111});
    EXPECT_EQ(of_kind(points, FaultKind::stuck).size(), step <= 60 ? 1U : 0U) << step;
  }
}

TEST(Faults, TheEndOfAStuckValueIsNoSecondFault) {
  auto points = calm(24);
  for (int i = 0; i < 24; ++i) points[static_cast<std::size_t>(100 + i)].mg_dl = 160;
  for (std::size_t i = 90; i < 100; ++i) points[i].mg_dl += 5 * static_cast<float>(i - 90);
  EXPECT_EQ(of_kind(points, FaultKind::stuck).size(), 1U);
  EXPECT_TRUE(of_kind(points, FaultKind::jump).empty());
}

TEST(Faults, TwoSensorsAreOneFaultFromTheFirstContradictionToTheLast) {
  for (const float apart : {20.0F, -40.0F}) {
    auto points = calm(24);
    for (int m = 602; m < 840; m += 5) points.push_back({m * kMinute + 30 * kSecond, 110 + apart});
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.at < b.at; });
    const auto found = of_kind(points, FaultKind::two_sensors);
    ASSERT_EQ(found.size(), 1U) << apart;
    EXPECT_NEAR(static_cast<double>(found[0].begin) / kMinute, 602, 10);
    EXPECT_NEAR(static_cast<double>(found[0].end) / kMinute, 840, 10);
    EXPECT_TRUE(of_kind(points, FaultKind::jump).empty());
  }
}

TEST(Faults, AFallFromASteadyHourAndItsWayBack) {
  auto points = calm(24);
  set(points, 600, {90, 70, 58, 55, 55, 60, 80, 100, 108});
  const auto found = of_kind(points, FaultKind::compression_low);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].to, 55);
  EXPECT_EQ(found[0].end, 630 * kMinute);
  EXPECT_EQ(found[0].to_recover, 20 * kMinute);
  EXPECT_TRUE(of_kind(points, FaultKind::jump).empty());
  // Slowly, or from an hour that was not steady: glucose itself.
  auto slowly = calm(24);
  set(slowly, 600, {108, 102, 97, 92, 87, 82, 76, 71, 66, 62, 60, 62, 68, 75, 82, 90, 97, 105});
  EXPECT_TRUE(of_kind(slowly, FaultKind::compression_low).empty());
  auto falling = calm(24);
  set(falling, 545, {180, 172, 164, 156, 148, 140, 132, 124, 116, 108, 98, 88, 74, 62, 60, 70, 85, 100});
  EXPECT_TRUE(of_kind(falling, FaultKind::compression_low).empty());
}

TEST(Faults, AYearOfAReadingAMinuteThatNeverAgreesIsBounded) {
  std::vector<Point> points;
  for (int m = 0; m < 365 * 1440; ++m)
    points.push_back({m * kMinute, (m / 5 % 2 == 0 ? 100.0F : 300.0F) + static_cast<float>(m % 3)});
  EXPECT_FALSE(faults_of(points).empty());  // quadratic, it would not end
}

}  // namespace
}  // namespace glucose
