// SPDX-License-Identifier: PostgreSQL
// The queue of trainings: every statement that is run on it. Each is called inside a transaction, between begin() and
// end(). The table is written as the owner of the tables (Mode::as_owner) and by nobody else: who asked, and as which
// role a job runs, is what the server says of the caller.
#pragma once
#include "pg/boundary/request.hpp"

namespace glucose::pg {

/// A job a worker has taken. While it works it holds two locks: on the job, so that a dead worker's job can be told
/// from a live one's, and on the person, who is never trained twice at once.
struct Job {
  pg_uuid_t person_id, job_id;
  Oid role;  // as which it runs
  char model_type[kLongestName], algorithm[kLongestName];
  char identity[256];  // who asked; empty when nobody is known
  Jsonb* options;
  bool is_retraining = false;  // what is trained must win against what serves
  char reason[1024];           // of a retraining that the policy alone may not ask for; else empty
};

struct JobProgress {
  double fraction;
  int epoch;
  double validation_rmse;
  TimestampTz eta;
};

/// Puts a job of the calling role and identity into the queue; returns its id, palloc'ed. The caller has found the
/// person. A retraining that waits already is not queued twice: nullptr. reason: why, beside the policy; or nullptr
pg_uuid_t* queue_job(const TrainRequest& request, Jsonb* options, bool is_retraining = false,
                     const char* reason = nullptr);

/// Ends a job that waits or runs; false when it has ended already. P0002 when the caller sees none of that id, 42501
/// when it does not manage the person. `what`: as which it was looked for.
bool cancel_job(const pg_uuid_t* job_id, const char* what = "training job");

/// Why a job cannot run; nothing when it can.
struct Unfit {
  const char* sqlstate = nullptr;
  const char* message = nullptr;
};
/// As which role a job runs. The role is bound by its number: a role that got a dropped one's name is another role;
/// what was queued before the number was kept (InvalidOid), has only the name. A worker assumes the role without
/// logging in, so what the server would ask of a login is asked here, but for the attribute LOGIN: roles that others
/// switch to have none.
Unfit find_role(Oid* role, const char* name, Oid number);

/// What the queue has for a worker.
enum class Offer {
  none,        // nothing waits, but for the end of what other workers do
  blocked,     // what waits is of persons whom another session has
  other_role,  // the next job is of another role than the worker's
  job
};

/// Takes the next job that waits or whose worker has died: that of the identity with the fewest running, then the
/// oldest; of each person only its oldest. `role`: the worker's, InvalidOid while it may have any. What can no longer
/// run (its role is gone or may not connect, its workers died three times) is ended as failed. `options` in `context`.
/// `more`: others wait behind it.
Offer take_job(Oid role, MemoryContext context, Job* job, bool* more);

/// Notes how far a job is; false when it is to stop (cancelled, or its person has gone).
bool report_progress(const Job& job, const JobProgress& progress);

/// When its identity has two or more jobs running, and another one, or another database, waits for a worker: the
/// youngest of them goes back into the queue. True: it is to stop.
bool step_back(const Job& job);

/// Locks the person's row and then the job's until the transaction ends, in the order in which an erased person's rows
/// go; false when the job is to stop.
bool lock_if_wanted(const Job& job);

/// After lock_if_wanted(). nullptr: it was not needed any more.
void finish_job(const Job& job, const char* version);
/// False when it was nobody's failure: it is no longer running.
bool fail_job(const Job& job, int sqlstate, const char* message);

/// Gives the two locks back; needs a transaction only for its bookkeeping.
void release_job(const Job& job);

}  // namespace glucose::pg
