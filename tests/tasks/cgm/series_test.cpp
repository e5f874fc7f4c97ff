// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/series.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "support/cgm_rows.hpp"

using namespace glucose;

namespace {

// A straight line, so that every interpolated value is known: 100 mg/dL at minute 0, 0.2 more each minute.
float line(double minutes) {
  return static_cast<float>(100 + 0.2 * minutes);
}
std::vector<Reading> line_at(const std::vector<double>& minutes) {
  std::vector<Reading> readings;
  for (const double m : minutes) readings.push_back(reading_at(m, line(m)));
  return readings;
}

}  // namespace

TEST(CgmSeries, AWindowOfARegularSensorIsItsReadings) {
  const auto readings = ar2_readings(1, 200);
  const CgmSeries series(readings);
  const CgmLook look = series.look(150);
  ASSERT_EQ(look.filled, kCgmWindow);
  const CgmWindow& window = look.window;
  for (std::size_t lag = 0; lag < kCgmWindow; ++lag) EXPECT_EQ(window[kCgmWindow - 1 - lag], readings[150 - lag].mg_dl);
  CgmTargets targets;
  series.targets(series.at(10), targets);
  for (std::size_t k = 0; k < kCgmHorizons; ++k) EXPECT_EQ(targets[k], readings[11 + k].mg_dl);
}

TEST(CgmSeries, IrregularReadingsAreInterpolatedAndRegularOnesAreThemselves) {
  Random rng(3);
  std::vector<double> minutes;
  for (double m = 0; m < 1800; m += rng.uniform(4, 20)) minutes.push_back(m);
  const CgmSeries series(line_at(minutes));
  const std::size_t i = series.size() / 2;
  const CgmLook look = series.look(i);
  const CgmWindow& window = look.window;
  CgmTargets targets;
  ASSERT_EQ(look.filled, kCgmWindow);
  series.targets(series.at(i), targets);
  for (std::size_t lag = 0; lag < kCgmWindow; ++lag)
    EXPECT_NEAR(window[kCgmWindow - 1 - lag], line(minutes[i] - 5.0 * static_cast<double>(lag)), 1e-3);
  for (std::size_t k = 0; k < kCgmHorizons; ++k)
    EXPECT_NEAR(targets[k], line(minutes[i] + 5.0 * (1.0 + static_cast<double>(k))), 1e-3);
}

TEST(CgmSeries, QuarterHoursGiveTheSameWindowAsFiveMinutesOfALine) {
  std::vector<double> five, fifteen;
  for (int m = 0; m <= 900; m += 5) five.push_back(m);
  for (int m = 0; m <= 900; m += 15) fifteen.push_back(m);
  const CgmSeries fine(line_at(five)), coarse(line_at(fifteen));
  const CgmLook a = fine.look(fine.size() - 1), b = coarse.look(coarse.size() - 1);
  ASSERT_EQ(a.filled, kCgmWindow);
  ASSERT_EQ(b.filled, kCgmWindow);
  for (std::size_t i = 0; i < kCgmWindow; ++i) EXPECT_NEAR(a.window[i], b.window[i], 1e-3);
}

TEST(CgmSeries, AGapLongerThanTheLimitEndsWindowAndTargets) {
  const CgmSeries bridged(line_at({0, 5, 10, 55, 60})), broken(line_at({0, 5, 10, 55.1, 60.1}));
  const CgmLook all = bridged.look(4), part = broken.look(4);
  EXPECT_EQ(all.filled, 13U);  // minute 60 back to 0
  EXPECT_FLOAT_EQ(all.window.back(), line(60));
  EXPECT_FLOAT_EQ(all.window.front(), line(0));  // beyond the first reading its value stands in
  EXPECT_EQ(part.filled, 2U);
  EXPECT_EQ(part.trust.known, 2U);
  EXPECT_FLOAT_EQ(part.window.front(), line(55.1));
  CgmTargets targets;
  bridged.targets(0, targets);
  EXPECT_NEAR(targets[5], line(30), 1e-3);
  EXPECT_TRUE(std::isnan(targets[12]));
  broken.targets(0, targets);
  EXPECT_FLOAT_EQ(targets[1], line(10));
  EXPECT_TRUE(std::isnan(targets[2]));
}

TEST(CgmSeries, OneReadingIsAFlatWindowWithoutOutcome) {
  const CgmSeries series(std::vector<Reading>{reading_at(7, 123)});
  const CgmLook look = series.look(0);
  EXPECT_EQ(look.filled, 1U);
  EXPECT_TRUE(std::all_of(look.window.begin(), look.window.end(), [](float v) { return v == 123; }));
  CgmTargets targets;
  series.targets(series.at(0), targets);
  EXPECT_TRUE(std::all_of(targets.begin(), targets.end(), [](float v) { return std::isnan(v); }));
}

TEST(CgmSeries, EqualTimesAreAveragedAndWhatIsNotKnownYetIsLeftOut) {
  std::vector<Reading> readings{reading_at(0, 100), reading_at(5, 110), reading_at(5, 120), reading_at(5, 130),
                                reading_at(10, 140)};
  readings[3].recorded_at = 20 * kMinute;  // backfilled
  const CgmSeries then(readings, 10 * kMinute), before(readings, 9 * kMinute), later(readings, 20 * kMinute);
  ASSERT_EQ(then.size(), 3U);
  EXPECT_FLOAT_EQ(then.mg_dl(1), 115);
  EXPECT_EQ(before.size(), 2U);
  EXPECT_FLOAT_EQ(later.mg_dl(1), 120);
}

TEST(CgmRows, SplitsFollowTimeAndOutcomesStayInTheirSplit) {
  const auto readings = ar2_readings(5, 1000);
  const CgmRows rows = rows_of(readings);
  EXPECT_EQ(rows.size(), rows.x.size() / kCgmColumns);
  EXPECT_EQ(rows.size(), rows.change.size() / kCgmHorizons);
  EXPECT_TRUE(std::is_sorted(rows.split.begin(), rows.split.end()));
  // 35 windows are not known enough, 24 origins before each boundary reach over it, the last one has no outcome.
  EXPECT_EQ(rows.count(Split::train), 700U - 35 - 24);
  EXPECT_EQ(rows.count(Split::validation), 150U - 24);
  EXPECT_EQ(rows.count(Split::test), 150U - 1);
}

TEST(CgmRows, APeriodBoundsOriginsAndOutcomesAndALimitThinsEvenly) {
  const auto readings = ar2_readings(5, 1000);
  CgmRows part, thin;
  add_rows(part, readings, 200 * 5 * kMinute, 600 * 5 * kMinute);
  EXPECT_EQ(part.count(Split::train) + part.count(Split::validation) + part.count(Split::test), 400U - 24 - 24 - 1);
  EXPECT_EQ(part.level.front(), readings[200].mg_dl);
  add_rows(thin, readings, 0, kForever, 100);
  EXPECT_LE(thin.size(), 100U);
  EXPECT_GT(thin.size(), 80U);
  // A sensor of one reading a minute gives an origin every four minutes or more.
  EXPECT_LE(rows_of(ar2_readings(5, 1000, 3, 1)).size(), 250U);
}

TEST(CgmRows, FoldsAreStretchesOfOnePersonAndPersonsOfMany) {
  CgmRows rows;
  for (int person = 0; person < 10; ++person) {
    const std::size_t before = rows.size();
    add_rows(rows, ar2_readings(static_cast<std::uint64_t>(person), 500));
    EXPECT_TRUE(std::is_sorted(rows.part.begin() + static_cast<std::ptrdiff_t>(before), rows.part.end()));
    EXPECT_EQ(rows.part.back(), kCgmFolds - 1);
    EXPECT_EQ(rows.fold(0), person + 1 < kCgmFolds ? rows.part[0] : rows.turn[0]);
  }
  EXPECT_EQ(rows.persons, 10);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows.fold(i), rows.turn[i]);
}

TEST(CgmRows, NothingAndTooLittleGiveNoRows) {
  EXPECT_EQ(rows_of({}).size(), 0U);
  EXPECT_EQ(rows_of(ar2_readings(1, 36)).size(), 0U);
  EXPECT_THROW(train_cgm(rows_of(ar2_readings(1, 36))), Error);
}

TEST(CgmStretch, AFewReadingsFarAwayDoNotStretchIt) {
  std::vector<Reading> readings;
  for (int i = 0; i < 1000; ++i) readings.push_back(reading_at(5 * i, 100));
  const CgmSeries usual(readings);
  EXPECT_EQ(cgm_stretch(usual, 0, usual.size()).from, 0);
  EXPECT_EQ(cgm_stretch(usual, 0, usual.size()).until, 5 * 999 * kMinute);
  readings.insert(readings.begin(), reading_at(-1440.0 * 365 * 20, 100));
  readings.push_back(reading_at(1440.0 * 365, 100));
  const CgmSeries stray(readings);
  const CgmStretch stretch = cgm_stretch(stray, 0, stray.size());
  EXPECT_GE(stretch.from, 0);
  EXPECT_LE(stretch.until, 5 * 999 * kMinute);
  EXPECT_GT(stretch.until - stretch.from, 5 * 970 * kMinute);
  EXPECT_EQ(cgm_stretch(CgmSeries(), 0, 0).until, 0);
}
