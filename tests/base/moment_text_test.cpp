// SPDX-License-Identifier: PostgreSQL
#include "core/base/moment_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace glucose {
namespace {

MomentFault fault_of(std::string_view text) {
  WrittenMoment moment;
  return read_moment_text(text, moment);
}

TEST(MomentText, ReadsDatesTimesAndOffsets) {
  WrittenMoment m;
  ASSERT_EQ(read_moment_text("2024-02-29T23:59:01.25+05:45", m), MomentFault::none);
  EXPECT_EQ(m.year, 2024);
  EXPECT_EQ(m.month, 2);
  EXPECT_EQ(m.day, 29);
  EXPECT_EQ(m.hour, 23);
  EXPECT_EQ(m.minute, 59);
  EXPECT_EQ(m.second, 1);
  EXPECT_EQ(m.micros, 250000);
  EXPECT_FALSE(m.is_local);
  EXPECT_EQ(m.east_s, 20700);
  ASSERT_EQ(read_moment_text("294276-12-31 24:00", m), MomentFault::none);
  EXPECT_EQ(m.year, 294276);
  EXPECT_EQ(m.hour, 24);
  EXPECT_TRUE(m.is_local);
  ASSERT_EQ(read_moment_text("2026-01-31T12:30:00,1234567890-0330", m), MomentFault::none);
  EXPECT_EQ(m.micros, 123456);
  EXPECT_EQ(m.east_s, -12600);
}

TEST(MomentText, TellsWhatIsNoneFromWhatCannotBe) {
  for (const char* text :
       {"", "2026", "2026-1-01", "26-01-01", "2026-01-01T", "2026-01-01T12", "2026-01-01T12:3", "2026-01-01T12:30:00.",
        "2026-01-01T12:30:00+", "2026-01-01T12:30:00+1", "2026-01-01 12:30 UTC", "2026-01-01T12:30:00Zx",
        "1234567-01-01", "+2026-01-01", "2026-01-01T12:30:00+01:0"})
    EXPECT_EQ(fault_of(text), MomentFault::malformed) << text;
  for (const char* text : {"0000-01-01", "2026-00-01", "2026-13-01", "2026-02-29", "1900-02-29", "2026-04-31",
                           "2026-01-00", "2026-01-01T24:01", "2026-01-01T25:00", "2026-01-01T12:60",
                           "2026-01-01T12:30:60", "2026-01-01T12:30+16:00", "2026-01-01T12:30+01:60"})
    EXPECT_EQ(fault_of(text), MomentFault::impossible) << text;
}

TEST(MomentText, LooksAtNothingBehindItsEnd) {
  const std::string_view longer = "2026-01-31T12:30:00.5+01:00";
  for (std::size_t n = 0; n < longer.size(); ++n) {
    const std::string copy(longer.substr(0, n));
    EXPECT_EQ(fault_of(longer.substr(0, n)), fault_of(copy)) << n;
  }
}

}  // namespace
}  // namespace glucose
