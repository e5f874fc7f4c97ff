// SPDX-License-Identifier: PostgreSQL
// The part of purge() that is about persons and models: what has been told, done or replaced long ago.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// What one piece has done.
struct Tidied {
  int64 artifacts = 0;  // versions that have lost their artifact
  int64 rows = 0;       // rows of whatever table that are gone
  pg_uuid_t last{};     // the last person, after whom the next piece goes on
  bool is_done = false;
};

/// Some persons after `after` (nullptr: from the first on), in the order of their ids; those whose rows another session
/// holds are left out. When none is left, what is nobody's; then it is done. Between begin() and end(), after the
/// caller's right to it has been checked.
Tidied tidy_persons(const pg_uuid_t* after);

}  // namespace glucose::pg
