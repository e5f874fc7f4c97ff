// SPDX-License-Identifier: PostgreSQL
// libFuzzer: moments in ISO 8601. One that is taken is a moment of a calendar and a clock, and is read as the same
// again when it is written in full.
#include <cstdlib>

#include "core/base/moment_text.hpp"
#include "fuzz.hpp"

namespace glucose {

namespace {

std::string padded(int value, std::size_t digits) {
  const std::string text = std::to_string(value);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

std::string in_full(const WrittenMoment& m) {
  std::string text = padded(m.year, 4) + "-" + padded(m.month, 2) + "-" + padded(m.day, 2) + "T" + padded(m.hour, 2) +
                     ":" + padded(m.minute, 2) + ":" + padded(m.second, 2) + "." + padded(m.micros, 6);
  if (m.is_local) return text;
  const int off = std::abs(m.east_s);
  return text + (m.east_s < 0 ? "-" : "+") + padded(off / 3600, 2) + ":" + padded(off / 60 % 60, 2) + ":" +
         padded(off % 60, 2);
}

bool same(const WrittenMoment& a, const WrittenMoment& b) {
  return a.year == b.year && a.month == b.month && a.day == b.day && a.hour == b.hour && a.minute == b.minute &&
         a.second == b.second && a.micros == b.micros && a.is_local == b.is_local && a.east_s == b.east_s;
}

}  // namespace

}  // namespace glucose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glucose;
  WrittenMoment m, again;
  if (read_moment_text(text_of(data, size), m) != MomentFault::none) return 0;
  must(m.year >= 1 && m.year <= 999999 && m.month >= 1 && m.month <= 12 && m.day >= 1 && m.day <= 31, "a date is one");
  must(m.hour >= 0 && m.hour <= 24 && m.minute >= 0 && m.minute <= 59 && m.second >= 0 && m.second <= 59 &&
           m.micros >= 0 && m.micros <= 999999,
       "a time is one");
  must(std::abs(m.east_s) < 16 * 3600, "an offset is one");
  must(read_moment_text(in_full(m), again) == MomentFault::none && same(m, again), "it is read as it was written");
  return 0;
}
