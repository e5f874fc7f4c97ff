// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/jobs.hpp"

#include <cmath>

#include "pg/boundary/locks.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

constexpr int kMostAttempts = 3;

Query insert_job{
    "INSERT INTO glucose.training_job (person_id, model_type, algorithm, options, identity) "
    "VALUES ($1, $2, $3, $4, $5) RETURNING job_id",
    5,
    {UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID}};
// A locked row is being taken or cancelled by somebody else.
Query open_jobs{
    "SELECT person_id, job_id, model_type, algorithm, options, attempts, purpose OPERATOR(pg_catalog.=) 'retrain' "
    "FROM glucose.training_job "
    "WHERE requested_by OPERATOR(pg_catalog.=) CURRENT_USER AND state OPERATOR(pg_catalog.=) ANY ('{queued,running}') "
    "ORDER BY queued_at USING OPERATOR(pg_catalog.<) LIMIT 50 FOR UPDATE SKIP LOCKED",
    0,
    {}};
Query any_open_job{
    "SELECT 1 FROM glucose.training_job WHERE requested_by OPERATOR(pg_catalog.=) CURRENT_USER "
    "AND state OPERATOR(pg_catalog.=) ANY ('{queued,running}') LIMIT 1",
    0,
    {}};
Query start_job{
    "UPDATE glucose.training_job SET state = 'running', started_at = pg_catalog.clock_timestamp(), progress = 0, "
    "epoch = 0, validation_rmse = NULL, eta = NULL, attempts = attempts OPERATOR(pg_catalog.+) 1, "
    "worker_pid = pg_catalog.pg_backend_pid() "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND job_id OPERATOR(pg_catalog.=) $2",
    2,
    {UUIDOID, UUIDOID}};
Query update_progress{
    "UPDATE glucose.training_job SET progress = $3, epoch = $4, validation_rmse = $5, eta = $6 "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND job_id OPERATOR(pg_catalog.=) $2 "
    "AND state OPERATOR(pg_catalog.=) 'running'",
    6,
    {UUIDOID, UUIDOID, FLOAT4OID, INT4OID, FLOAT4OID, TIMESTAMPTZOID}};
Query lock_running{
    "SELECT 1 FROM glucose.training_job WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND job_id OPERATOR(pg_catalog.=) $2 AND state OPERATOR(pg_catalog.=) 'running' FOR UPDATE",
    2,
    {UUIDOID, UUIDOID}};
Query end_job{
    "UPDATE glucose.training_job SET state = $3, finished_at = pg_catalog.clock_timestamp(), eta = NULL, "
    "progress = CASE WHEN $3 OPERATOR(pg_catalog.=) 'done' THEN 1 ELSE progress END, version = $4, "
    "error_sqlstate = $5, error_message = $6 "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND job_id OPERATOR(pg_catalog.=) $2 "
    "AND state OPERATOR(pg_catalog.=) 'running'",
    6,
    {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
Query why_due{"SELECT c.reasons FROM glucose.check_retraining($1, $2) AS c WHERE glucose.retraining_is_due($1, $2)",
              2,
              {UUIDOID, TEXTOID}};
Query settle{"SELECT glucose.settle_candidate($1, $2, $3, $4)", 4, {UUIDOID, TEXTOID, TEXTOID, TEXTARRAYOID}};
Query insert_skipped{
    "INSERT INTO glucose.retraining_log (person_id, model_type, tried_at, status, reason) "
    "VALUES ($1, $2, pg_catalog.clock_timestamp(), 'skipped', $3)",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};

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
  run(end_job, p, Mode::write);
}

Parameters person_and_type(const Job& job) {
  Parameters p;
  p.add(UUIDPGetDatum(&job.person_id));
  p.add(CStringGetTextDatum(job.model_type));
  return p;
}

Job job_at(const SPITupleTable* rows, uint64 row, int* attempts) {
  Job job;
  job.found = true;
  job.person_id = *DatumGetUUIDP(value(rows, row, 1));
  job.job_id = *DatumGetUUIDP(value(rows, row, 2));
  strlcpy(job.model_type, TextDatumGetCString(value(rows, row, 3)), sizeof job.model_type);
  strlcpy(job.algorithm, TextDatumGetCString(value(rows, row, 4)), sizeof job.algorithm);
  job.options = DatumGetJsonbP(value(rows, row, 5));
  *attempts = DatumGetInt32(value(rows, row, 6));
  job.is_retraining = DatumGetBool(value(rows, row, 7));
  return job;
}

}  // namespace

pg_uuid_t* queue_job(const TrainRequest& request, Jsonb* options) {
  const char* identity = current_identity();
  Parameters p;
  p.add(UUIDPGetDatum(&request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  p.add(CStringGetTextDatum(name_of(request.algorithm).data()));
  p.add(JsonbPGetDatum(options));
  p.add_or_null(identity != nullptr, identity != nullptr ? CStringGetTextDatum(identity) : 0);
  run(insert_job, p, Mode::write);
  auto* id = static_cast<pg_uuid_t*>(SPI_palloc(sizeof(pg_uuid_t)));
  *id = *DatumGetUUIDP(value(0, 1));
  return id;
}

Job take_job(MemoryContext context) {
  run(open_jobs, Parameters(), Mode::write);
  const SPITupleTable* rows = SPI_tuptable;
  const uint64 n = SPI_processed;
  for (uint64 row = 0; row < n; ++row) {
    int attempts;
    Job job = job_at(rows, row, &attempts);
    if (!try_session_lock(kJobLock, &job.job_id)) continue;  // its worker lives
    if (!try_session_lock(kPersonLock, &job.person_id)) {
      release_session_lock(kJobLock, &job.job_id);
      continue;
    }
    run(start_job, key_of(job), Mode::write);
    if (attempts >= kMostAttempts) {
      end_as(job, "failed", nullptr, "57P01", "its worker died three times");
      release_job(job);
      continue;
    }
    MemoryContext inside = MemoryContextSwitchTo(context);
    job.options = DatumGetJsonbPCopy(JsonbPGetDatum(job.options));
    MemoryContextSwitchTo(inside);
    return job;
  }
  return Job();
}

bool has_open_jobs() {
  run(any_open_job, Parameters(), Mode::write);
  return SPI_processed > 0;
}

bool report_progress(const Job& job, const JobProgress& progress) {
  Parameters p = key_of(job);
  p.add(Float4GetDatum(static_cast<float4>(progress.fraction)));
  p.add(Int32GetDatum(progress.epoch));
  const bool has_error = std::isfinite(progress.validation_rmse);
  p.add_or_null(has_error, Float4GetDatum(static_cast<float4>(progress.validation_rmse)));
  p.add(TimestampTzGetDatum(progress.eta));
  run(update_progress, p, Mode::write);
  return SPI_processed == 1;
}

bool lock_if_wanted(const Job& job) {
  run(lock_running, key_of(job), Mode::write);
  return SPI_processed == 1;
}

void finish_job(const Job& job, const char* version) {
  end_as(job, "done", version, nullptr, nullptr);
}

void fail_job(const Job& job, int sqlstate, const char* message) {
  end_as(job, "failed", nullptr, unpack_sql_state(sqlstate), message);
  // A cancelled one is nobody's failure: the update above has found no running job.
  if (!job.is_retraining || SPI_processed == 0) return;
  Parameters p = person_and_type(job);
  p.add(CStringGetTextDatum(psprintf("%s: %s", unpack_sql_state(sqlstate), message)));
  run(insert_skipped, p, Mode::write);
}

ArrayType* reasons_to_retrain(const Job& job, MemoryContext context) {
  run(why_due, person_and_type(job), Mode::write);
  if (SPI_processed == 0) return nullptr;
  const Datum reasons = value(0, 1);
  MemoryContext inside = MemoryContextSwitchTo(context);
  ArrayType* copy = DatumGetArrayTypePCopy(reasons);
  MemoryContextSwitchTo(inside);
  return copy;
}

void settle_candidate(const Job& job, const char* version, ArrayType* reasons) {
  Parameters p = person_and_type(job);
  p.add(CStringGetTextDatum(version));
  p.add(PointerGetDatum(reasons));
  run(settle, p, Mode::write);
}

void release_job(const Job& job) {
  release_session_lock(kPersonLock, &job.person_id);
  release_session_lock(kJobLock, &job.job_id);
}

}  // namespace glucose::pg
