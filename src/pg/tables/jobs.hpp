// SPDX-License-Identifier: PostgreSQL
// The queue of trainings: every statement the workers run on it. Each is called inside a transaction, between begin()
// and end().
#pragma once
#include "pg/boundary/request.hpp"

namespace glucose::pg {

/// A job a worker has taken. While it works it holds two session-level advisory locks: on the job, so that a dead
/// worker's job can be told from a live one's, and on the person, who is never trained twice at once.
struct Job {
  bool found = false;
  pg_uuid_t person_id, job_id;
  char model_type[kLongestName], algorithm[kLongestName];
  Jsonb* options;
  bool is_retraining = false;  // what is trained must win against what serves
};

struct JobProgress {
  double fraction;
  int epoch;
  double validation_rmse;
  TimestampTz eta;
};

/// Puts a job into the queue; returns its id, palloc'ed.
pg_uuid_t* queue_job(const TrainRequest& request, Jsonb* options);

/// Takes the caller's oldest job that waits or whose worker has died, `options` in `context`.
Job take_job(MemoryContext context);

/// Whether there is one to take, or one that waits for its person.
bool has_open_jobs();

/// Notes how far a job is; false when it is to stop (cancelled, or its person has gone).
bool report_progress(const Job& job, const JobProgress& progress);

/// Locks the job's row until the transaction ends; false when it is to stop.
bool lock_if_wanted(const Job& job);

/// nullptr: it was not needed any more.
void finish_job(const Job& job, const char* version);
/// The failure of a retraining is noted in its log too.
void fail_job(const Job& job, int sqlstate, const char* message);

/// Why the person of a retraining is due, text[] in `context`; nullptr when it is not, or not any more.
ArrayType* reasons_to_retrain(const Job& job, MemoryContext context);
/// Compares the version just stored with the active one and lets the better serve.
void settle_candidate(const Job& job, const char* version, ArrayType* reasons);

/// Gives the two locks back; needs a transaction only for its bookkeeping.
void release_job(const Job& job);

}  // namespace glucose::pg
