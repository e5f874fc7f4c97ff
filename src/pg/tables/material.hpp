// SPDX-License-Identifier: PostgreSQL
// READ: what is stored of a person around a period or before a moment, for any task.
#pragma once
#include "core/asking/answer.hpp"
#include "core/training/rows.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// Reads a person's readings, meals and days of start_at <= t < end_at and around it by `reach`; -infinity and infinity
/// are allowed. All in `context`, which must outlive the material, as must the subject. Raises 53200 above
/// glucose.max_train_memory.
Material read_material(const Person& person, const Subject& subject, const Reach& reach, TimestampTz start_at,
                       TimestampTz end_at, MemoryContext context);

/// What was stored by a moment, as far back as `reach`.
Known read_known(const Person& person, const Subject& subject, const Reach& reach, TimestampTz at,
                 MemoryContext context);

/// When its day begins in UTC.
inline TimestampTz utc_day(TimestampTz at) {
  return at - (at % kDay + kDay) % kDay;
}

/// The person's offset from UTC as each day of these readings begins in UTC, in `context`: that of a day is the same
/// whatever other readings there are.
DayClock clock_of(const Person& person, std::span<const Reading> readings, MemoryContext context);

/// `at` moved by `by`, or itself where that is no moment any more.
TimestampTz moved(TimestampTz at, TimestampTz by);

}  // namespace glucose::pg
