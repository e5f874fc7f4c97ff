// SPDX-License-Identifier: PostgreSQL
// Learning between trainings: what is the person's own of the model that serves, estimated anew and stored as a PATCH
// version when it is not worse on what came since. Called between begin() and end(), as the caller; what is written is
// written as the owner of the tables.
#pragma once
#include "pg/work/training.hpp"

namespace glucose::pg {

/// How an update ended; NaN, -1 and empty for what is not known.
struct Update {
  char status[kLongestName] = "skipped";  // updated: a version was stored and serves; kept: what serves is better
  char version[kLongestVersion] = "";     // of what was stored
  char current_version[kLongestVersion] = "";
  const char* reason = "";
  double mae_current, mae_candidate, ci_low, ci_high;
  int n = -1;
};

struct UpdateRequest {
  pg_uuid_t person_id;
  const char* model_type;
  const Task* task;
  bool forced;  // also when it is not due
};

/// Updates when it is due, or forced, and writes the log unless it was not; one that fails changes nothing but the log.
Update update_model(const UpdateRequest& request);

}  // namespace glucose::pg
