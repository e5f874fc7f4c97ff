// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Where what is kept for so long begins.
inline TimestampTz minutes_before(TimestampTz now, int minutes) {
  return now - static_cast<TimestampTz>(minutes) * USECS_PER_MINUTE;
}

/// How far a purge of the log has come: where its next piece goes on. What is left behind because somebody else works
/// on it, or because it must stay, is not looked at again by the same purge.
struct PurgePlace {
  int64 seal = -1;                  // the last seal that was looked at; -1: nothing is sealed yet
  TimestampTz values = DT_NOBEGIN;  // issued_at of the last row whose values went
  TimestampTz rows = DT_NOBEGIN;    // issued_at of the last unsigned row that went
};

/// What one piece of a purge has done.
struct Purged {
  int64 values = 0;  // rows whose values are gone
  int64 rows = 0;    // rows that are gone
  int64 seals = 0;   // seals that are nobody's now
  bool is_done = false;
};

/// Takes values older than glucose.values_retention and rows older than glucose.audit_retention out of the log, about
/// `most` of each, from `place` on, which moves; seals what is not sealed in the first piece. Between begin() and
/// end(), after the caller's right to it has been checked.
Purged purge_piece(int most, PurgePlace& place);

}  // namespace glucose::pg
