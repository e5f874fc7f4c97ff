// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// What one piece of a purge has done.
struct Purged {
  int64 values = 0;     // rows whose values are gone
  int64 rows = 0;       // rows that are gone
  int64 seals = 0;      // seals that are nobody's now
  int64 last_seal = 0;  // the last one that was looked at, where the next piece goes on; unchanged at the end
};

/// Takes values older than glucose.values_retention and rows older than glucose.audit_retention out of the log, at most
/// `most` of each and those of seals after `after`; seals what is not sealed first when that is -1. Between begin() and
/// end(), after the caller's right to it has been checked.
Purged purge_piece(int most, int64 after);

}  // namespace glucose::pg
