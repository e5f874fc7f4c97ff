// SPDX-License-Identifier: PostgreSQL
// A retraining, in a session or by a worker: what it learns from must be new, and what it trains must win against what
// serves. Called between begin() and end(), as the caller; what is written is written as the owner of the tables.
#pragma once
#include "pg/work/training.hpp"

namespace glucose::pg {

/// Whose retraining, why, and as of when; the reasons are text[] or nullptr.
struct Retraining {
  pg_uuid_t person_id;
  const char* model_type;
  const char* beside_policy = nullptr;  // a reason that makes it due whatever the policy says; nullptr: none
  ArrayType* due_because = nullptr;
  bool has_as_of = false;
  TimestampTz as_of = 0;
};

/// Why it is due, in `context`; false when it is not, or not any more.
bool find_reasons(Retraining& retraining, MemoryContext context);

/// When a version has learnt from the very rows that this training would learn from, by the same recipe: that it would
/// be the same again, in words; else nullptr. After start_training().
const char* find_twin(const TrainingRun& run);

/// How a retraining ended; NaN and empty for what is not known.
struct Settlement {
  char status[kLongestName] = "skipped";
  const char* reason = "";
  char version[kLongestVersion] = "";  // the candidate
  char current_version[kLongestVersion] = "";
  double mae_current, mae_candidate, ci_low, ci_high;
  int n = -1;
};

/// Compares a version that does not serve with the active one, lets the better serve, and writes the log.
Settlement settle_candidate(const Retraining& retraining, const char* version);

/// A retraining in this session: what it is asked for.
struct RetrainRequest {
  Retraining retraining;
  Jsonb* options;
  bool forced;  // also when it would only make a version once more
};

/// Trains a candidate by the policy and settles it. A training that fails changes nothing but the log.
Settlement retrain(RetrainRequest& request);

/// Queues one for the workers, if it is due (beside_policy, too) and does not wait already. Raises 22023 for a policy
/// that cannot be met.
bool queue_retraining(const Retraining& retraining);

/// Writes into the log that nothing came of it. Both lock the person's row first and raise P0002 when it is gone.
Settlement log_skipped(const Retraining& retraining, const char* reason);

}  // namespace glucose::pg
