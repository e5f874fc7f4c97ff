// SPDX-License-Identifier: PostgreSQL
// A model that serves, held against what could serve instead, on what came true since. Called between begin() and
// end(), as the caller; what is written is written as the owner of the tables.
#pragma once
#include "pg/boundary/names.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// How a look ended; NaN, -1 and empty for what is not known.
struct LiveCheck {
  char action[kLongestName];
  char version[kLongestVersion], against[kLongestVersion];
  int n = -1;
  double mae, mae_against, ci_low, ci_high, p_value;
};

/// Judges, then rolls back or withdraws, and writes the evidence. Raises P0002 when the person is gone.
LiveCheck check_model(const pg_uuid_t* person_id, const char* model_type);

}  // namespace glucose::pg
