// SPDX-License-Identifier: PostgreSQL
// Forecasts of many in the background: every statement that is run on batch_job and batch_answer. Called inside a
// transaction, between begin() and end(); both are written as the owner of the tables and by nobody else.
#pragma once
#include "core/tasks/task.hpp"
#include "pg/boundary/names.hpp"
#include "pg/boundary/server.hpp"
#include "pg/tables/jobs.hpp"

namespace glucose::pg {

/// A batch that a worker has taken; it holds a lock on it, so that a dead worker's can be told from a live one's.
struct Batch {
  pg_uuid_t job_id;
  Oid role;  // as which it runs
  char model_type[kLongestName];
  char identity[256];
  Jsonb* options;
};

/// Puts a batch of the calling role and identity into the queue and returns its id, palloc'ed. `ids`: what the task
/// asks about, meals or persons; those the caller does not see are noted as not found. Raises 28000, 22023.
pg_uuid_t* queue_batch(const Task& task, const char* model_type, ArrayType* ids, Jsonb* options);

/// Ends a batch that waits or runs, for who asked and stewards (42501). false when it has ended already. `found`:
/// false, and nothing is done, when the caller sees none of that id.
bool cancel_batch(const pg_uuid_t* job_id, bool* found);

/// Takes a batch that waits or whose worker has died: of the identity that was worked for longest ago the oldest. As
/// take_job(): `role` is the worker's, `options` are in `context`.
Offer take_batch(Oid role, MemoryContext context, Batch* batch, bool* more);

/// What is to be asked next, at most so many, palloc'ed; their persons are held until the transaction ends, in the
/// order of their ids, after the batch itself. is_open: false when the batch is not to go on, being cancelled.
struct Questions {
  bool is_open = false;
  int n = 0;
  struct One {
    pg_uuid_t person_id, id;
    int32 place;
  }* all = nullptr;
};
Questions next_questions(const Batch& batch, int most);

/// The answer to one, or why there is none (`failure`); nothing when its person has gone meanwhile.
void write_answer(const Batch& batch, const Questions::One& question, Datum answer, const ErrorData* failure);

/// Notes how far it is; `is_done`: nothing is left to ask.
void note_batch(const Batch& batch, int done, int failed, bool is_done);
/// Ends a batch because of an error of its own, unless it has ended.
void fail_batch(const Batch& batch, int sqlstate, const char* message);
/// Gives the lock back; needs a transaction only for its bookkeeping.
void release_batch(const Batch& batch);

}  // namespace glucose::pg
