// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/tasks/cgm/scorer.hpp"
#include "core/tasks/cgm/task.hpp"
#include "core/tasks/cgm/trainer.hpp"
#include "core/tasks/cgm/workings.hpp"
#include "support/cgm_rows.hpp"

using namespace glucose;

namespace {

constexpr std::size_t kMost = 1000;

CgmRows thinned(std::span<const Reading> readings) {
  CgmRows rows;
  CgmRowsBuilder builder(rows, readings, {}, 0, kDay * 10'000, kMost);
  while (!builder.done()) builder.step();
  return rows;
}

}  // namespace

// What is large has its room from the beginning: while it grew, it would be there twice.
TEST(CgmRows, OfALongHistoryTakeTheMemoryOfThoseThatAreKept) {
  const CgmRows rows = thinned(ar2_readings(1, 20'000));
  ASSERT_GT(rows.size(), kMost / 2);
  ASSERT_LE(rows.size(), kMost);
  EXPECT_LE(rows.x.capacity(), (kMost + 1) * kCgmColumns);
  EXPECT_LE(rows.change.capacity(), (kMost + 1) * kCgmHorizons);
  EXPECT_LE(rows.spread.capacity(), (kMost + 1) * kCgmSpreadColumns);
}

// Who trains on millions of rows can be told to stop while they move to where there is more room.
TEST(CgmRows, ThatGrowAreCopiedInStepsThatAddNone) {
  CgmRows rows;
  int moved = 0;
  for (std::uint64_t person = 1; person <= 12; ++person) {
    const std::vector<Reading> readings = ar2_readings(person, 3000);
    CgmRowsBuilder builder(rows, readings, {}, 0, kForever, 1'000'000);
    while (!builder.done()) {
      const float* const at = rows.x.data();
      const std::size_t n = rows.size();
      builder.step();
      if (n == 0 || rows.x.data() == at) continue;
      ++moved;
      EXPECT_EQ(rows.size(), n);
    }
  }
  EXPECT_GE(moved, 2);
}

// After every gap little is known for hours, and a sensor with many gaps has more such windows than others.
TEST(CgmRows, WindowsAfterGapsAreThinnedLikeTheRest) {
  std::vector<Reading> readings = ar2_readings(1, 20'000);
  std::erase_if(readings, [](const Reading& r) { return r.measured_at / (60 * kMinute) % 5 == 0; });
  const CgmRows rows = thinned(readings);
  ASSERT_GT(rows.few.size(), kMost / 10);
  EXPECT_LE(rows.size() + rows.few.size(), kMost + kMost / kRowsOfACut);
}

// What a forecast looks back at is as large as the readings: of many persons it is not kept.
TEST(CgmRows, OnlyThoseOfOnePersonKeepWhereItsPastIsLookedUp) {
  const std::vector<Reading> readings = ar2_readings(1, 600);
  EXPECT_TRUE(rows_of(readings).origins.empty());
  const CgmRows person = rows_of_person(readings, readings[500].measured_at);
  ASSERT_EQ(person.origins.size(), 1U);
  const CgmOrigins& of = person.origins[0];
  ASSERT_EQ(of.readings.size(), person.size());
  for (std::size_t i = 0; i < person.size(); ++i) EXPECT_EQ(of.series->at(of.readings[i]), person.at[i]);
  EXPECT_EQ(of.series->size(), 500U);
}

// One hour of three is uploaded when it ends.
std::vector<Reading> uploaded_late(int n) {
  std::vector<Reading> readings = ar2_readings(1, n);
  constexpr Micros kHour = 60 * kMinute;
  for (Reading& r : readings)
    if (r.measured_at / kHour % 3 == 0) r.recorded_at = (r.measured_at / kHour + 1) * kHour - kMinute;
  return readings;
}

TEST(CgmRows, AreMeasuredOnAsServedOfWhatHadComeByThen) {
  const std::vector<Reading> readings = uploaded_late(2000);
  CgmRows rows;
  add_rows(rows, readings, 0, kForever, 1'000'000, CgmRowsFor::measuring);
  CgmScorer scorer(of_smooth(), rows, 0);
  const CgmSeries all(readings);
  int late = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ScoredRow said;
    ASSERT_TRUE(scorer.next(said));
    CgmQuestion question;
    question.at = rows.at[i];
    question.n_minutes = 2;
    question.minutes = {30, 60};
    const CgmForecast served = cgm_forecast(of_smooth(), readings, question);
    for (std::size_t k = 0; k < 2; ++k) {
      const std::size_t horizon = k == 0 ? 5 : 11;
      EXPECT_FLOAT_EQ(said.value[horizon], served.points[k].mg_dl) << i;
      EXPECT_FLOAT_EQ(said.lower[horizon], served.points[k].lower) << i;
      const float outcome = all.value_at(question.at + question.minutes[k] * kMinute);
      if (!std::isnan(outcome)) {
        EXPECT_NEAR(said.outcome[horizon], outcome, 1e-3) << i;
      }
    }
    late += rows.since_reading(i) > 0 ? 1 : 0;
  }
  EXPECT_GT(late, static_cast<int>(rows.size()) / 5);
}

TEST(CgmRows, ToLearnFromLookAsWhenTheirLastReadingCame) {
  const std::vector<Reading> in_time = ar2_readings(1, 2000), late = uploaded_late(2000);
  const CgmRows expected = rows_of_person(in_time), rows = rows_of_person(late);
  const std::size_t learnt = expected.count(Split::train) + expected.count(Split::validation);
  ASSERT_EQ(rows.count(Split::train) + rows.count(Split::validation), learnt);
  for (std::size_t i = 0; i < learnt * kCgmColumns; ++i) ASSERT_EQ(rows.x[i], expected.x[i]);
  for (std::size_t i = learnt; i < rows.size(); ++i) EXPECT_EQ(rows.split[i], static_cast<std::uint8_t>(Split::test));
  EXPECT_FALSE(rows.since.empty()) << "the test split is asked as served";
  EXPECT_TRUE(expected.since.empty());

  std::vector<Reading> out_of_turn = in_time;
  out_of_turn[499].recorded_at = out_of_turn[600].measured_at;
  std::vector<Reading> without = in_time;
  without.erase(without.begin() + 499);
  const CgmRows holes = rows_of_person(out_of_turn), as_if = rows_of_person(without);
  const auto row_at = [](const CgmRows& of, Micros at) {
    return static_cast<std::size_t>(std::find(of.at.begin(), of.at.end(), at) - of.at.begin());
  };
  const std::size_t a = row_at(holes, in_time[500].measured_at), b = row_at(as_if, in_time[500].measured_at);
  ASSERT_LT(a, holes.size());
  ASSERT_LT(b, as_if.size());
  for (std::size_t p = 0; p < kCgmColumns; ++p) EXPECT_EQ(holes.x[a * kCgmColumns + p], as_if.x[b * kCgmColumns + p]);
}

TEST(CgmRows, MorePersonsThanTheMemoryHasRowsForAreRefused) {
  const TrainOptions options = kCgmTask.defaults(true);
  const auto rows_of = [&](int persons) {
    (void)kCgmTask.training_rows(Algorithm::linear, options, std::size_t{16} << 20, true, persons);
  };
  EXPECT_NO_THROW(rows_of(1000));
  try {
    rows_of(5000);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
    EXPECT_NE(std::string(error.what()).find("5000 persons"), std::string::npos);
  }
}
