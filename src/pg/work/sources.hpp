// SPDX-License-Identifier: PostgreSQL
// The rows nearest to what was asked, one by one: as the log keeps them with glucose.audit_inputs = full, and as they
// are now.
#pragma once
#include <span>

#include "core/asking/answer.hpp"
#include "core/base/subject.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

enum class SourceKind : char { reading = 'r', meal = 'm', day = 'd' };

struct Source {
  SourceKind kind;
  int16 input = 0;       // of a day: Input, or kTarget
  bool is_known = true;  // by the moment that is asked about; what is logged always is
  uint32 rest = 0;       // of a meal: a digest of what is not its carbohydrate
  int64 at = 0;          // a moment, or a day
  TimestampTz recorded_at = 0;
  float value = 0;             // mg/dL, g of carbohydrate (NaN: not known), of the metric
  std::array<uint8, 16> id{};  // of a meal
};
struct Sources {
  Source* rows = nullptr;
  size_t n = 0;
  std::span<const Source> all() const { return {rows, n}; }
};

/// How far back each row counts; what is earlier is in the digest of the inputs alone.
inline constexpr Micros kNearReadings = 6 * 60 * kMinute, kNearMeals = kDay;

/// Of what an answer about the subject may look at, as of the earlier of `at` and known.until; of days all that is
/// stored of them. palloc'ed.
Sources near_sources(const Known& known, Micros at, const Subject& subject);

/// Into the log and back.
Datum sources_datum(const Sources& sources);
Sources sources_of(Datum bytes);

/// A row, with what became of it.
enum class Fate { same, changed, deleted, added, unknown };
struct Fated {
  const Source* before;  // nullptr: was not there, or nobody knows
  const Source* now;     // nullptr: is not there
  Fate fate;
};
struct Fates {
  Fated* rows;
  size_t n;
};
/// Of rows that were logged.
Fates compare(const Sources& before, const Sources& now);
/// Of rows that were not: those known later are added; the others are what they were when all together are.
Fates judge(const Sources& now, bool inputs_are_same);

}  // namespace glucose::pg
