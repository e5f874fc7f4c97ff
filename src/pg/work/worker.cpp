// SPDX-License-Identifier: PostgreSQL
// Background workers: take a job in one short transaction, compute with none open, write in another. So a training
// never holds back VACUUM, and a worker that dies leaves nothing but a job to be taken again.
#include "pg/work/worker.hpp"

#include "pg/boundary/json.hpp"
#include "pg/boundary/locks.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/jobs.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/training.hpp"

extern "C" {
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/ps_status.h"

PGDLLEXPORT void glucose_training_worker(Datum argument);
}

namespace glucose::pg {

namespace {

constexpr int kReportEveryMs = 100;
constexpr int kSlotRetryMs = 200;

/// Who a worker works for; fits bgw_extra.
struct Employer {
  Oid database, role;
  bool has_identity;
  char identity[101];
};
static_assert(sizeof(Employer) <= BGW_EXTRALEN);

// Set by the transaction under way, acted on when it commits.
int wanted_workers = 0;
Employer employer_wanted;

void register_worker() {
  BackgroundWorker worker = {};
  snprintf(worker.bgw_name, sizeof worker.bgw_name, "pg_glucose training");
  snprintf(worker.bgw_type, sizeof worker.bgw_type, "pg_glucose training");
  snprintf(worker.bgw_library_name, sizeof worker.bgw_library_name, "pg_glucose");
  snprintf(worker.bgw_function_name, sizeof worker.bgw_function_name, "glucose_training_worker");
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  memcpy(worker.bgw_extra, &employer_wanted, sizeof employer_wanted);
  // The job is committed already: when no worker can start now, a later one will take it.
  if (!RegisterDynamicBackgroundWorker(&worker, nullptr))
    ereport(LOG, (errmsg("no background worker for pg_glucose training could be started"),
                  errhint("Raise max_worker_processes, then run SELECT glucose.start_training_workers().")));
}

void at_transaction_end(XactEvent event, void*) {
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT) return;
  if (event == XACT_EVENT_COMMIT)
    for (int i = 0; i < wanted_workers && i < settings::max_training_workers; ++i) register_worker();
  wanted_workers = 0;
}

void begin_transaction() {
  SetCurrentStatementStartTimestamp();
  StartTransactionCommand();
  begin(Volatility::is_volatile);
}

void end_transaction() {
  end(Volatility::is_volatile);
  CommitTransactionCommand();
}

// Waits without a snapshot, and ends at once when told to.
void wait_ms(int milliseconds) {
  (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
  ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
}

// At most glucose.max_training_workers work at once, whoever they work for. 0: all slots are taken.
int take_slot() {
  StartTransactionCommand();
  int slot = 0;
  for (int i = 1; i <= settings::max_training_workers && slot == 0; ++i)
    if (try_session_lock(kWorkerSlotLock, i)) slot = i;
  CommitTransactionCommand();
  return slot;
}

void release_slot(int slot) {
  StartTransactionCommand();
  release_session_lock(kWorkerSlotLock, slot);
  CommitTransactionCommand();
}

// False when the job is to stop.
bool report(const Job& job, const Trainer& trainer, TimestampTz started_at) {
  const TimestampTz now = GetCurrentTimestamp();
  JobProgress progress;
  guarded([&] { progress = {trainer.progress(), trainer.epoch(), trainer.best_validation_rmse(), 0}; });
  const double share = progress.fraction > 0.01 ? progress.fraction : 0.01;
  progress.eta = now + static_cast<TimestampTz>(static_cast<double>(now - started_at) * (1 / share - 1));
  begin_transaction();
  const bool go_on = report_progress(job, progress);
  end_transaction();
  return go_on;
}

// Computes with no transaction open. False when the job was stopped.
bool compute(const Job& job, TrainingRun& run) {
  const TimestampTz started_at = GetCurrentTimestamp();
  TimestampTz reported_at = started_at;
  while (!step_training(run)) {
    CHECK_FOR_INTERRUPTS();
    if (!TimestampDifferenceExceeds(reported_at, GetCurrentTimestamp(), kReportEveryMs)) continue;
    if (!report(job, **run.trainer, started_at)) return false;
    reported_at = GetCurrentTimestamp();
  }
  return true;
}

void work_on(const Job& job, MemoryContext context) {
  begin_transaction();
  ArrayType* reasons = job.is_retraining ? reasons_to_retrain(job, context) : nullptr;
  if (job.is_retraining && reasons == nullptr) {
    finish_job(job, nullptr);
    end_transaction();
    return;
  }
  TrainRequest request = make_train_request(&job.person_id, job.model_type, job.algorithm, job.options);
  TrainingRun run = read_training(request, context);
  end_transaction();

  MemoryContextSwitchTo(context);
  start_training(run);
  if (!compute(job, run)) return;
  measure_training(run);

  begin_transaction();
  // A cancellation that came after the last report still counts; from here on it is too late for one.
  if (lock_if_wanted(job)) {
    const StoredTraining stored = store_training(run);
    if (job.is_retraining) settle_candidate(job, stored.model.version, reasons);
    finish_job(job, stored.model.version);
  }
  end_transaction();
}

// What went wrong becomes the job's state; the worker lives on.
void note_failure(const Job& job, MemoryContext context) {
  MemoryContextSwitchTo(context);
  ErrorData* error = CopyErrorData();
  FlushErrorState();
  AbortCurrentTransaction();
  begin_transaction();
  fail_job(job, error->sqlerrcode, error->message);
  end_transaction();
}

bool take_and_work() {
  MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_glucose job", ALLOCSET_DEFAULT_SIZES);
  begin_transaction();
  const Job job = take_job(context);
  end_transaction();
  if (job.found) {
    PG_TRY();
    { work_on(job, context); }
    PG_CATCH();
    { note_failure(job, context); }
    PG_END_TRY();
    StartTransactionCommand();
    release_job(job);
    CommitTransactionCommand();
  }
  MemoryContextSwitchTo(TopMemoryContext);
  MemoryContextDelete(context);
  pgstat_report_stat(true);
  return job.found;
}

bool jobs_are_open() {
  begin_transaction();
  const bool open = has_open_jobs();
  end_transaction();
  return open;
}

// The gateway is not here to say who asks: the job's identity does, for this session.
void assume_identity(const Employer& employer) {
  if (!employer.has_identity || settings::identity != settings::kIdentityClaims) return;
  StringInfoData claims;
  initStringInfo(&claims);
  appendStringInfoChar(&claims, '{');
  json_text(&claims, "sub", employer.identity);
  appendStringInfoChar(&claims, '}');
  SetConfigOption("request.jwt.claims", claims.data, PGC_USERSET, PGC_S_SESSION);
}

}  // namespace

void start_workers_at_commit() {
  static bool registered = false;
  if (!registered) RegisterXactCallback(at_transaction_end, nullptr);
  registered = true;
  const char* identity = current_identity();
  Employer employer = {MyDatabaseId, GetUserId(), identity != nullptr, {}};
  if (identity != nullptr && strlcpy(employer.identity, identity, sizeof employer.identity) >= sizeof employer.identity)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("identity is too long for a background training"),
                    errhint("Use train_model(), or an identity of at most 100 bytes.")));
  employer_wanted = employer;
  ++wanted_workers;
}

}  // namespace glucose::pg

using namespace glucose::pg;

void glucose_training_worker(Datum) {
  Employer employer;
  memcpy(&employer, MyBgworkerEntry->bgw_extra, sizeof employer);
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnectionByOid(employer.database, employer.role, 0);
  pgstat_report_appname("pg_glucose training");
  assume_identity(employer);
  // Whoever gives a slot back looks once more for jobs: one that was queued in between must not be left lying.
  while (jobs_are_open()) {
    const int slot = take_slot();
    bool worked = false;
    if (slot > 0) {
      while (take_and_work()) worked = true;
      release_slot(slot);
    }
    if (!worked) wait_ms(kSlotRetryMs);
  }
  proc_exit(0);
}
