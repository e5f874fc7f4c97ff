// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/rows.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/tasks/cgm/task.hpp"
#include "core/tasks/cgm/trainer.hpp"
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
