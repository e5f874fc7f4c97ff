// SPDX-License-Identifier: PostgreSQL
// The person's wall clock: IANA zones only, and which of them held when.
#pragma once
#include "core/base/types.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// The zone of an IANA name, nullptr when the server knows none. What pg_tzset() takes beside names is not taken: POSIX
/// strings, whose sign is turned round ('UTC+2' is west of Greenwich), and files that are no place.
pg_tz* find_zone(const char* name);

/// Where a person was. One that is not known to the server (any more) is read as UTC, and said so.
struct Stay {
  TimestampTz since;
  pg_tz* zone;
  const char* name;
  bool is_known;
};
/// All of a person's stays by time; the first has no beginning.
struct PersonClock {
  int n;
  bool warned;
  Stay stays[FLEXIBLE_ARRAY_MEMBER];

  const Stay& at(TimestampTz moment) const;
};

/// home: the zone of the person, which holds before its stays begin; room for so many of them. palloc'ed.
PersonClock* make_clock(const char* home, int most_stays);
/// In time order.
void add_stay(PersonClock* clock, TimestampTz since, const char* name);

/// palloc'ed in `context`, names and all.
PersonClock* copy_clock(const PersonClock* clock, MemoryContext context);

/// The wall clock at a moment. The first time that an unknown zone counts, a warning says so.
LocalClock local_clock(TimestampTz at, PersonClock* clock);

/// What that clock shows, with its date.
Timestamp local_time(TimestampTz at, PersonClock* clock);

/// The moment of a wall clock's time, as PostgreSQL reads it where the clock is turned.
TimestampTz moment_of(Timestamp local, PersonClock* clock);

/// Minutes by which that clock is ahead of UTC then, give or take whole days.
inline int utc_offset_min(TimestampTz at, PersonClock* clock) {
  return local_clock(at, clock).minute_of_day - static_cast<int>(at / kMinute % (24 * 60));
}

}  // namespace glucose::pg
