// SPDX-License-Identifier: PostgreSQL
// Counting calls without shared memory: each is a row of glucose.counted_call, of the last minute. Rows that are only
// added make nobody wait for another's transaction, as a row that all of an identity's sessions change would; what
// other sessions have not committed yet is not counted, and a rollback takes back its own.
#pragma once
#include "pg/tables/query.hpp"

namespace glucose::pg {

/// Notes a call if there are fewer than `per_minute` in the last minute; how long to wait otherwise (µs).
TimestampTz keep_call(const char* identity, const char* kind, int per_minute, TimestampTz now);

/// Who has asked how often in the last minute, and how long each would have to wait.
struct KeptCalls {
  uint64 n;
  const char** identities;
  int* counts;
  TimestampTz* waits;
};

/// Of one identity, or (nullptr) of all; between begin() and end().
KeptCalls read_kept_calls(const char* identity, const char* kind, int per_minute, TimestampTz now);

/// Takes away all that say nothing any more, but for those that another session takes away just now.
void forget_calls(TimestampTz now);

}  // namespace glucose::pg
