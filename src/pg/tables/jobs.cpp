// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/jobs.hpp"

#include <cmath>

#include "pg/boundary/locks.hpp"
#include "pg/boundary/worker_slots.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/person_lock.hpp"
#include "pg/tables/query.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "utils/acl.h"
#include "utils/syscache.h"
}

namespace glucose::pg {

namespace {

constexpr int kMostAttempts = 3;

Query insert_job{
    "INSERT INTO glucose.training_job (person_id, model_type, algorithm, options, identity, requested_by, "
    "requested_role, purpose, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
    "ON CONFLICT (person_id, model_type) WHERE purpose OPERATOR(pg_catalog.=) 'retrain' "
    "AND state OPERATOR(pg_catalog.=) ANY ('{queued,running}') DO NOTHING RETURNING job_id",
    9,
    {UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, OIDOID, TEXTOID, TEXTOID}};
// Who is being erased is gone, rather than a foreign key's trouble.
Query person_of_job{"SELECT person_id FROM glucose.training_job WHERE job_id OPERATOR(pg_catalog.=) $1", 1, {UUIDOID}};
Query cancel{
    "UPDATE glucose.training_job SET cancel_requested = true, state = 'cancelled', "
    "finished_at = pg_catalog.clock_timestamp(), eta = NULL WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND job_id OPERATOR(pg_catalog.=) $2 AND state OPERATOR(pg_catalog.=) ANY ('{queued,running}')",
    2,
    {UUIDOID, UUIDOID}};

#define ASKED_BY(job) "coalesce(" job ".identity, " job ".requested_by)"
#define KEY_IS "person_id OPERATOR(pg_catalog.=) $1 AND job_id OPERATOR(pg_catalog.=) $2 "
#define IS_RUNNING "state OPERATOR(pg_catalog.=) 'running'"

// In turn: an identity's first job counts as one more than it has running, its second as two more, and so on. So
// neither many jobs nor many persons of one identity come before the first job of another.
Query open_jobs{
    "WITH open AS MATERIALIZED (SELECT j.person_id, j.job_id, j.state, j.queued_at, " ASKED_BY("j") " AS asked_by "
    "FROM glucose.training_job j WHERE j.state OPERATOR(pg_catalog.=) ANY ('{queued,running}')), "
    "busy AS (SELECT o.asked_by, pg_catalog.count(*) AS n FROM open o WHERE o." IS_RUNNING " GROUP BY o.asked_by), "
    "first AS (SELECT DISTINCT ON (o.person_id) o.* FROM open o "
    "ORDER BY o.person_id USING OPERATOR(pg_catalog.<), (o." IS_RUNNING ") USING OPERATOR(pg_catalog.>), "
    "o.queued_at USING OPERATOR(pg_catalog.<), o.job_id USING OPERATOR(pg_catalog.<)) "
    "SELECT f.person_id, f.job_id, f.state OPERATOR(pg_catalog.=) 'queued' FROM first f LEFT JOIN busy b ON b.asked_by OPERATOR(pg_catalog.=) f.asked_by "
    "ORDER BY coalesce(b.n, 0) OPERATOR(pg_catalog.+) pg_catalog.row_number() OVER (PARTITION BY f.asked_by "
    "ORDER BY f.queued_at USING OPERATOR(pg_catalog.<)) USING OPERATOR(pg_catalog.<), "
    "f.queued_at USING OPERATOR(pg_catalog.<) LIMIT 1000",
    0,
    {}};
Query start_job{
    "UPDATE glucose.training_job SET state = 'running', started_at = pg_catalog.clock_timestamp(), progress = 0, "
    "epoch = 0, validation_rmse = NULL, eta = NULL, attempts = attempts OPERATOR(pg_catalog.+) 1, "
    "worker_pid = pg_catalog.pg_backend_pid() WHERE " KEY_IS
    "AND state OPERATOR(pg_catalog.=) ANY ('{queued,running}') "
    "RETURNING model_type, algorithm, options, identity, requested_by, requested_role, "
    "purpose OPERATOR(pg_catalog.=) 'retrain', attempts, reason",
    2,
    {UUIDOID, UUIDOID}};
Query update_progress{
    "UPDATE glucose.training_job SET progress = $3, epoch = $4, validation_rmse = $5, eta = $6 "
    "WHERE " KEY_IS "AND " IS_RUNNING,
    6,
    {UUIDOID, UUIDOID, FLOAT4OID, INT4OID, FLOAT4OID, TIMESTAMPTZOID}};
Query is_youngest_of_many{
    "SELECT 1 FROM (SELECT r.person_id, r.job_id, r.started_at, "
    "pg_catalog.count(*) OVER () AS n FROM glucose.training_job r WHERE r." IS_RUNNING
    " AND " ASKED_BY("r") " OPERATOR(pg_catalog.=) (SELECT " ASKED_BY("m") " FROM glucose.training_job m "
    "WHERE m.person_id OPERATOR(pg_catalog.=) $1 AND m.job_id OPERATOR(pg_catalog.=) $2) "
    "ORDER BY r.started_at USING OPERATOR(pg_catalog.>), r.job_id USING OPERATOR(pg_catalog.>) LIMIT 1) y "
    "WHERE y.n OPERATOR(pg_catalog.>=) 2 AND y.job_id OPERATOR(pg_catalog.=) $2",
    2,
    {UUIDOID, UUIDOID}};
// Of each identity that has nothing running, some persons.
Query who_waits{
    "SELECT DISTINCT q.person_id FROM glucose.training_job q WHERE q.state OPERATOR(pg_catalog.=) 'queued' "
    "AND NOT EXISTS (SELECT FROM glucose.training_job r WHERE r." IS_RUNNING
    " AND " ASKED_BY("r") " OPERATOR(pg_catalog.=) " ASKED_BY("q") ") LIMIT 100",
    0,
    {}};
Query back_into_queue{
    "UPDATE glucose.training_job SET state = 'queued', started_at = NULL, progress = 0, epoch = 0, "
    "validation_rmse = NULL, eta = NULL, worker_pid = NULL, attempts = attempts OPERATOR(pg_catalog.-) 1 "
    "WHERE " KEY_IS "AND " IS_RUNNING,
    2,
    {UUIDOID, UUIDOID}};
Query lock_running{
    "SELECT 1 FROM glucose.training_job WHERE " KEY_IS "AND " IS_RUNNING " FOR UPDATE", 2, {UUIDOID, UUIDOID}};
Query end_job{
    "UPDATE glucose.training_job SET state = $3, finished_at = pg_catalog.clock_timestamp(), eta = NULL, "
    "progress = CASE WHEN $3 OPERATOR(pg_catalog.=) 'done' THEN 1 ELSE progress END, version = $4, "
    "error_sqlstate = $5, error_message = $6 WHERE " KEY_IS "AND " IS_RUNNING,
    6,
    {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
Query note_candidate{"UPDATE glucose.experiment_model SET version = $3 WHERE " KEY_IS "AND version IS NULL",
                     3,
                     {UUIDOID, UUIDOID, TEXTOID}};

Parameters key_of(const Job& job) {
  Parameters p;
  p.add(UUIDPGetDatum(&job.person_id));
  p.add(UUIDPGetDatum(&job.job_id));
  return p;
}

void end_as(const Job& job, const char* state, const char* version, const char* sqlstate, const char* message) {
  Parameters p = key_of(job);
  p.add(CStringGetTextDatum(state));
  for (const char* text_or_null : {version, sqlstate, message})
    p.add_or_null(text_or_null != nullptr, text_or_null != nullptr ? CStringGetTextDatum(text_or_null) : 0);
  run(end_job, p, Mode::as_owner);
}

// Both locks, or none.
bool try_locks(const Job& job) {
  if (!try_session_lock(kJobLock, &job.job_id)) return false;  // its worker lives
  if (try_session_lock(kPersonLock, &job.person_id)) return true;
  release_session_lock(kJobLock, &job.job_id);
  return false;
}

/// What was stored of a job when it was taken, or why it cannot run.
struct Taken {
  bool is_there = false;
  int attempts = 0;
  const char* sqlstate = nullptr;
  const char* message = nullptr;
};

Taken start(Job& job) {
  Taken taken;
  run(start_job, key_of(job), Mode::as_owner);
  if (SPI_processed == 0) return taken;
  taken.is_there = true;
  copy_text(0, 1, job.model_type, sizeof job.model_type);
  copy_text(0, 2, job.algorithm, sizeof job.algorithm);
  job.options = DatumGetJsonbP(value(0, 3));
  copy_text(0, 4, job.identity, sizeof job.identity);
  bool no_role;
  const Datum role = column(0, 6, &no_role);
  const Unfit unfit =
      find_role(&job.role, TextDatumGetCString(value(0, 5)), no_role ? InvalidOid : DatumGetObjectId(role));
  taken.sqlstate = unfit.sqlstate, taken.message = unfit.message;
  job.is_retraining = DatumGetBool(value(0, 7));
  taken.attempts = DatumGetInt32(value(0, 8));
  copy_text(0, 9, job.reason, sizeof job.reason);
  if (taken.message == nullptr && taken.attempts > kMostAttempts)
    taken.sqlstate = "57P01", taken.message = "its worker died three times";
  return taken;
}

void put_back(const Job& job) {
  run(back_into_queue, key_of(job), Mode::as_owner);
  release_job(job);
}

}  // namespace

Unfit find_role(Oid* role, const char* name, Oid number) {
  const Oid of_name = get_role_oid(name, true);
  *role = of_name;
  if (!OidIsValid(of_name)) return {"42704", psprintf("role \"%s\" does not exist any more", name)};
  if (OidIsValid(number) && number != of_name)
    return {"42704", psprintf("role \"%s\" is not the one that asked", name)};
  if (!PGG_MAY_CONNECT(MyDatabaseId, of_name))
    return {"42501", psprintf("role \"%s\" may not connect to this database", name)};
  return {};
}

pg_uuid_t* queue_job(const TrainRequest& request, Jsonb* options, bool is_retraining, const char* reason) {
  const char* identity = current_identity();
  if (identity != nullptr && strlen(identity) >= sizeof Job::identity)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("identity is too long for a background training"),
                    errhint("Use train_model(), or an identity of at most %zu bytes.", sizeof Job::identity - 1)));
  hold_person(&request.person_id);
  Parameters p;
  p.add(UUIDPGetDatum(&request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  p.add(CStringGetTextDatum(name_of(request.algorithm).data()));
  p.add(JsonbPGetDatum(options));
  p.add_or_null(identity != nullptr, identity != nullptr ? CStringGetTextDatum(identity) : 0);
  p.add(CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)));
  p.add(ObjectIdGetDatum(GetUserId()));
  p.add(CStringGetTextDatum(is_retraining ? "retrain" : "train"));
  p.add_or_null(reason != nullptr, reason != nullptr ? CStringGetTextDatum(reason) : 0);
  run(insert_job, p, Mode::as_owner);
  if (is_retraining && SPI_processed == 0) return nullptr;
  auto* id = static_cast<pg_uuid_t*>(SPI_palloc(sizeof(pg_uuid_t)));
  *id = *DatumGetUUIDP(value(0, 1));
  return id;
}

bool cancel_job(const pg_uuid_t* job_id, const char* what) {
  Parameters p;
  p.add(UUIDPGetDatum(job_id));
  run(person_of_job, p, Mode::read);
  if (SPI_processed == 0) raise_not_found(what, job_id);
  Job job;
  job.person_id = *DatumGetUUIDP(value(0, 1));
  job.job_id = *job_id;
  require_manager(&job.person_id);
  run(cancel, key_of(job), Mode::as_owner);
  return SPI_processed == 1;
}

Offer take_job(Oid role, MemoryContext context, Job* taken_job, bool* more) {
  *more = false;
  bool waits, ended;
  do {
    run(open_jobs, Parameters(), Mode::as_owner);
    const SPITupleTable* rows = SPI_tuptable;
    const uint64 n = SPI_processed;
    waits = ended = false;
    for (uint64 row = 0; row < n; ++row) {
      Job job;
      job.person_id = *DatumGetUUIDP(value(rows, row, 1));
      job.job_id = *DatumGetUUIDP(value(rows, row, 2));
      if (!try_locks(job)) {
        waits = waits || DatumGetBool(value(rows, row, 3));
        continue;
      }
      // A row that is written twice in a transaction has its foreign key looked up, which locks the person: first here.
      if (!find_and_hold_person(&job.person_id)) {
        release_job(job);
        continue;
      }
      const Taken taken = start(job);
      if (!taken.is_there || taken.message != nullptr) {
        if (taken.is_there) end_as(job, "failed", nullptr, taken.sqlstate, taken.message);
        release_job(job);
        ended = true;  // the next one of its person has its turn
        continue;
      }
      if (OidIsValid(role) && job.role != role) {
        put_back(job);
        return Offer::other_role;
      }
      *more = row + 1 < n;
      MemoryContext inside = MemoryContextSwitchTo(context);
      job.options = DatumGetJsonbPCopy(JsonbPGetDatum(job.options));
      MemoryContextSwitchTo(inside);
      *taken_job = job;
      return Offer::job;
    }
  } while (ended);
  return waits ? Offer::blocked : Offer::none;
}

bool report_progress(const Job& job, const JobProgress& progress) {
  if (!find_and_hold_person(&job.person_id)) return false;
  Parameters p = key_of(job);
  p.add(Float4GetDatum(static_cast<float4>(progress.fraction)));
  p.add(Int32GetDatum(progress.epoch));
  const bool has_error = std::isfinite(progress.validation_rmse);
  p.add_or_null(has_error, Float4GetDatum(static_cast<float4>(progress.validation_rmse)));
  p.add(TimestampTzGetDatum(progress.eta));
  run(update_progress, p, Mode::as_owner);
  return SPI_processed == 1;
}

bool step_back(const Job& job) {
  if (!all_slots_taken()) return false;
  run(is_youngest_of_many, key_of(job), Mode::read_as_owner);
  if (SPI_processed == 0) return false;
  bool wanted = other_databases_wait();
  if (!wanted) {
    run(who_waits, Parameters(), Mode::read_as_owner);
    // Who waits for a person that is being trained has no use for the place.
    for (uint64 row = 0; row < SPI_processed && !wanted; ++row) {
      const pg_uuid_t person_id = *DatumGetUUIDP(value(row, 1));
      wanted = memcmp(&person_id, &job.person_id, UUID_LEN) != 0 && try_session_lock(kPersonLock, &person_id);
      if (wanted) release_session_lock(kPersonLock, &person_id);
    }
  }
  if (wanted) run(back_into_queue, key_of(job), Mode::as_owner);
  return wanted;
}

bool lock_if_wanted(const Job& job) {
  if (!find_and_lock_person(&job.person_id)) return false;
  run(lock_running, key_of(job), Mode::as_owner);
  return SPI_processed == 1;
}

void finish_job(const Job& job, const char* version) {
  end_as(job, "done", version, nullptr, nullptr);
  if (version == nullptr) return;
  Parameters p = key_of(job);
  p.add(CStringGetTextDatum(version));
  run(note_candidate, p, Mode::as_owner);
}

bool fail_job(const Job& job, int sqlstate, const char* message) {
  if (!lock_if_wanted(job)) return false;
  end_as(job, "failed", nullptr, unpack_sql_state(sqlstate), message);
  return true;
}

void release_job(const Job& job) {
  release_session_lock(kPersonLock, &job.person_id);
  release_session_lock(kJobLock, &job.job_id);
}

}  // namespace glucose::pg
