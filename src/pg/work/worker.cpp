// SPDX-License-Identifier: PostgreSQL
// Background workers: take a job in one short transaction, compute with none open, write in another. So a training
// never holds back VACUUM, and a worker that dies leaves nothing but a job to be taken again.
//
// A worker logs in as nobody: it takes its first job as the owner of the tables and from then on is the role of that
// job, in a way that code of that role cannot leave (as the server's own maintenance and subscriptions do). So roles
// that cannot log in have their jobs done, too. It never becomes another one: the next role's job is another process's.
#include "pg/work/worker.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/boundary/worker_slots.hpp"
#include "pg/tables/jobs.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/batch.hpp"
#include "pg/work/employee.hpp"
#include "pg/work/retraining.hpp"
#include "pg/work/training.hpp"

extern "C" {
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"

PGDLLEXPORT void glucose_training_worker(Datum argument);
}

namespace glucose::pg {

namespace {

constexpr int kReportEveryMs = 100;
constexpr int kLookRoundEveryMs = 1000;
constexpr int kRetryMs = 200;

bool worker_is_wanted = false;  // by the transaction under way

void at_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_PRE_PREPARE && worker_is_wanted)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("cannot PREPARE a transaction that has queued a background training"),
                    errhint("Queue it in a transaction of its own, or use glucose.train_model().")));
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT) return;
  const bool start = worker_is_wanted && event == XACT_EVENT_COMMIT;
  worker_is_wanted = false;
  if (start) start_worker(MyDatabaseId);
}

// Waits without a snapshot, and ends at once when told to.
void wait_ms(int milliseconds) {
  (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
  ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
}

/// How far a computation is with its reports.
struct Reports {
  TimestampTz started_at, reported_at, looked_round_at;
};

// False when the job is to stop.
bool report(const Job& job, const Trainer& trainer, Reports& reports) {
  const TimestampTz now = GetCurrentTimestamp();
  JobProgress progress;
  guarded([&] { progress = {trainer.progress(), trainer.epoch(), trainer.best_validation_rmse(), 0}; });
  const double share = progress.fraction > 0.01 ? progress.fraction : 0.01;
  progress.eta = now + static_cast<TimestampTz>(static_cast<double>(now - reports.started_at) * (1 / share - 1));
  begin_transaction_as(InvalidOid);
  bool go_on = report_progress(job, progress);
  if (go_on && TimestampDifferenceExceeds(reports.looked_round_at, now, kLookRoundEveryMs)) {
    go_on = !step_back(job);
    reports.looked_round_at = now;
  }
  end_transaction();
  reports.reported_at = GetCurrentTimestamp();
  return go_on;
}

// Computes with no transaction open. False when the job was stopped.
bool compute(const Job& job, TrainingRun& run) {
  const TimestampTz now = GetCurrentTimestamp();
  Reports reports = {now, now, now};
  while (!step_training(run)) {
    CHECK_FOR_INTERRUPTS();
    if (!TimestampDifferenceExceeds(reports.reported_at, GetCurrentTimestamp(), kReportEveryMs)) continue;
    if (!report(job, **run.trainer, reports)) return false;
  }
  return true;
}

// A retraining that would learn from nothing but what a version has learnt from already.
bool ended_as_needless(const Job& job, const Retraining& retraining, const TrainingRun& run) {
  begin_transaction_as(job.role);
  const char* twin = find_twin(run);
  if (twin != nullptr && lock_if_wanted(job)) {
    log_skipped(retraining, twin);
    finish_job(job, nullptr);
  }
  end_transaction();
  return twin != nullptr;
}

Retraining retraining_of(const Job& job) {
  Retraining retraining;
  retraining.person_id = job.person_id;
  retraining.model_type = job.model_type;
  if (job.reason[0] != '\0') retraining.beside_policy = job.reason;
  return retraining;
}

void work_on(const Job& job, MemoryContext context) {
  begin_transaction_as(job.role);
  Retraining retraining = retraining_of(job);
  if (job.is_retraining && !find_reasons(retraining, context)) {
    if (lock_if_wanted(job)) finish_job(job, nullptr);
    end_transaction();
    return;
  }
  TrainRequest request = make_train_request(&job.person_id, job.model_type, job.algorithm, job.options);
  TrainingRun run = read_training(request, context);
  end_transaction();

  MemoryContextSwitchTo(context);
  start_training(run);
  if (job.is_retraining && ended_as_needless(job, retraining, run)) return;
  MemoryContextSwitchTo(context);
  if (!compute(job, run)) return;
  measure_training(run);

  begin_transaction_as(job.role);
  // A cancellation that came after the last report still counts; from here on it is too late for one.
  if (lock_if_wanted(job)) {
    const StoredTraining stored = store_training(run);
    if (job.is_retraining) settle_candidate(retraining, stored.model.version);
    finish_job(job, stored.model.version);
  }
  end_transaction();
}

// What went wrong becomes the job's state; the worker lives on. The failure of a retraining is noted in its log too.
void note_failure(const Job& job, MemoryContext context) {
  const ErrorData* error = begin_noting_failure(context);
  if (fail_job(job, error->sqlerrcode, error->message) && job.is_retraining)
    log_skipped(retraining_of(job), psprintf("%s: %s", unpack_sql_state(error->sqlerrcode), error->message));
  end_transaction();
}

void work_as_employee(const Job& job, MemoryContext context) {
  PG_TRY();
  {
    work_for(job.role, job.identity);
    work_on(job, context);
  }
  PG_CATCH();
  { note_failure(job, context); }
  PG_END_TRY();
  StartTransactionCommand();
  release_job(job);
  CommitTransactionCommand();
}

Offer train_next(MemoryContext context) {
  Job job;
  begin_transaction_as(InvalidOid);
  bool more;
  const Offer offer = take_job(employer(), context, &job, &more);
  end_transaction();
  if (offer == Offer::job) {
    if (more) start_worker(MyDatabaseId);
    MemoryContextSwitchTo(context);
    work_as_employee(job, context);
  }
  return offer;
}

using Work = Offer (*)(MemoryContext context);

Offer take_and_work(Work work) {
  MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_glucose job", ALLOCSET_DEFAULT_SIZES);
  end_waiting(MyDatabaseId);  // whatever was queued before is seen now
  const Offer offer = work(context);
  MemoryContextSwitchTo(TopMemoryContext);
  MemoryContextDelete(context);
  pgstat_report_stat(true);
  return offer;
}

// Trainings and batches of forecasts in turn, so that neither waits for the end of the other's queue. Which comes first
// in a new process is left to chance: one whose first job is another role's ends after it.
Offer take_turns() {
  static const Work kinds[] = {train_next, serve_next};
  static unsigned turn = static_cast<unsigned>(GetCurrentTimestamp());
  const Work first = kinds[turn % 2], second = kinds[(turn + 1) % 2];
  ++turn;
  const Offer offer = take_and_work(first);
  if (offer == Offer::job) return offer;
  const Offer other = take_and_work(second);
  return offer == Offer::none || other == Offer::job ? other : offer;
}

}  // namespace

void start_workers_at_commit() {
  static bool registered = false;
  if (!registered) RegisterXactCallback(at_transaction_end, nullptr);
  registered = true;
  find_worker_slots();
  worker_is_wanted = true;
}

}  // namespace glucose::pg

using namespace glucose::pg;

void glucose_training_worker(Datum) {
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  const Oid database = take_worker_slot();
  if (!OidIsValid(database)) proc_exit(0);
  BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
  pgstat_report_appname("pg_glucose training");
  count_nothing();
  for (;;) {
    const Offer offer = take_turns();
    if (offer == Offer::none) break;
    // The slot goes on to the next: another database's turn, or a process for another role.
    if (offer == Offer::other_role || other_databases_wait()) {
      wait_for_worker(MyDatabaseId);
      break;
    }
    if (offer == Offer::blocked) wait_ms(kRetryMs);
  }
  proc_exit(0);
}
