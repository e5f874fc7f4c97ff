// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/batches.hpp"

#include "pg/boundary/locks.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"

extern "C" {
#include "utils/array.h"
}

namespace glucose::pg {

namespace {

constexpr int kMostIds = 100000;
constexpr int kMostDeaths = 3;

// As the caller: whose the ids are, of those it sees. An id that two of them have is one question all the same, which
// its answer says.
#define WHOSE(table, key)                                                                                          \
  "SELECT pg_catalog.array_agg(w.person_id) FILTER (WHERE w.person_id IS NOT NULL), "                              \
  "pg_catalog.array_agg(w.id) FILTER (WHERE w.person_id IS NOT NULL), "                                            \
  "pg_catalog.array_agg(w.place) FILTER (WHERE w.person_id IS NOT NULL), "                                         \
  "pg_catalog.array_agg(w.id) FILTER (WHERE w.person_id IS NULL), "                                                \
  "pg_catalog.array_agg(w.place) FILTER (WHERE w.person_id IS NULL) FROM (SELECT DISTINCT ON (i.place) i.id, "     \
  "i.place::pg_catalog.int4, t.person_id FROM ROWS FROM (pg_catalog.unnest($1)) WITH ORDINALITY AS i (id, place) " \
  "LEFT JOIN glucose." table " t ON t." key                                                                        \
  " OPERATOR(pg_catalog.=) i.id ORDER BY i.place USING "                                                           \
  "OPERATOR(pg_catalog.<), t.person_id USING OPERATOR(pg_catalog.<)) AS w",                                        \
      1, {                                                                                                         \
    UUIDARRAYOID                                                                                                   \
  }
Query whose_meals{WHOSE("meal", "meal_id")};
Query which_persons{WHOSE("person", "person_id")};

Query insert_batch{
    "INSERT INTO glucose.batch_job (model_type, options, identity, requested_by, requested_role, n_ids, n_failed, "
    "not_found, not_found_places) VALUES ($1, $2, $3, $4, $5, $6, coalesce(pg_catalog.cardinality($7), 0), "
    "coalesce($7, '{}'), coalesce($8, '{}')) RETURNING job_id",
    8,
    {TEXTOID, JSONBOID, TEXTOID, TEXTOID, OIDOID, INT4OID, UUIDARRAYOID, INT4ARRAYOID}};
// Held in order before they are written: who is being erased is waited for and then missed here, not by a foreign key.
Query insert_questions{
    "WITH held AS (SELECT p.person_id FROM glucose.person p WHERE p.person_id OPERATOR(pg_catalog.=) ANY ($2) "
    "ORDER BY p.person_id USING OPERATOR(pg_catalog.<) FOR KEY SHARE) "
    "INSERT INTO glucose.batch_answer (person_id, job_id, id, place) SELECT q.person_id, $1, q.id, q.place "
    "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS q (person_id, id, place) "
    "JOIN held ON held.person_id OPERATOR(pg_catalog.=) q.person_id",
    4,
    {UUIDOID, UUIDARRAYOID, UUIDARRAYOID, INT4ARRAYOID}};

#define IS_OPEN "state OPERATOR(pg_catalog.=) ANY ('{queued,running}')"
#define OF_JOB "job_id OPERATOR(pg_catalog.=) $1"
Query seen_batch{"SELECT identity FROM glucose.batch_job WHERE " OF_JOB, 1, {UUIDOID}};
Query cancel{
    "UPDATE glucose.batch_job SET state = 'cancelled', finished_at = pg_catalog.clock_timestamp() WHERE " OF_JOB
    " AND " IS_OPEN,
    1,
    {UUIDOID}};
Query open_batches{
    "SELECT b.job_id FROM (SELECT o.job_id, o.queued_at, pg_catalog.max(o.worked_at) OVER (PARTITION BY o.identity) "
    "AS turn FROM glucose.batch_job o WHERE o." IS_OPEN
    ") AS b ORDER BY b.turn USING OPERATOR(pg_catalog.<) NULLS FIRST, b.queued_at USING OPERATOR(pg_catalog.<), "
    "b.job_id USING OPERATOR(pg_catalog.<) LIMIT 1000",
    0,
    {}};
Query start_batch{
    "UPDATE glucose.batch_job SET state = 'running', started_at = coalesce(started_at, pg_catalog.clock_timestamp()), "
    "attempts = attempts OPERATOR(pg_catalog.+) 1, worker_pid = pg_catalog.pg_backend_pid() WHERE " OF_JOB
    " AND " IS_OPEN " RETURNING model_type, options, identity, requested_by, requested_role, attempts",
    1,
    {UUIDOID}};
// One of which nothing has been answered waits as it did.
Query put_back{
    "UPDATE glucose.batch_job SET attempts = attempts OPERATOR(pg_catalog.-) 1, worker_pid = NULL, "
    "state = CASE WHEN worked_at IS NULL THEN 'queued' ELSE state END, "
    "started_at = CASE WHEN worked_at IS NOT NULL THEN started_at END WHERE " OF_JOB " AND " IS_OPEN,
    1,
    {UUIDOID}};
Query lock_open{"SELECT 1 FROM glucose.batch_job WHERE " OF_JOB " AND " IS_OPEN " FOR NO KEY UPDATE", 1, {UUIDOID}};
Query open_questions{"SELECT person_id, id, place FROM glucose.batch_answer WHERE " OF_JOB
                     " AND answered_at IS NULL ORDER BY place USING OPERATOR(pg_catalog.<) LIMIT $2",
                     2,
                     {UUIDOID, INT4OID}};
Query hold_persons{
    "SELECT FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) ANY ($1) "
    "ORDER BY person_id USING OPERATOR(pg_catalog.<) FOR KEY SHARE",
    1,
    {UUIDARRAYOID}};
Query answer_question{
    "UPDATE glucose.batch_answer SET answered_at = pg_catalog.clock_timestamp(), answer = $4, error_sqlstate = $5, "
    "error_message = $6 WHERE person_id OPERATOR(pg_catalog.=) $2 AND " OF_JOB
    " AND place OPERATOR(pg_catalog.=) $3 AND answered_at IS NULL",
    6,
    {UUIDOID, UUIDOID, INT4OID, JSONBOID, TEXTOID, TEXTOID}};
Query note{
    "UPDATE glucose.batch_job SET n_done = n_done OPERATOR(pg_catalog.+) $2, n_failed = n_failed "
    "OPERATOR(pg_catalog.+) "
    "$3, progress = CASE WHEN $4 THEN 1 ELSE (n_done OPERATOR(pg_catalog.+) n_failed OPERATOR(pg_catalog.+) $2 "
    "OPERATOR(pg_catalog.+) $3)::pg_catalog.float4 OPERATOR(pg_catalog./) n_ids END, "
    "worked_at = pg_catalog.clock_timestamp(), attempts = 0, state = CASE WHEN $4 THEN 'done' ELSE state END, "
    "finished_at = CASE WHEN $4 THEN pg_catalog.clock_timestamp() END WHERE " OF_JOB " AND " IS_OPEN,
    4,
    {UUIDOID, INT4OID, INT4OID, BOOLOID}};
Query fail{
    "UPDATE glucose.batch_job SET state = 'failed', finished_at = pg_catalog.clock_timestamp(), error_sqlstate = $2, "
    "error_message = $3 WHERE " OF_JOB " AND " IS_OPEN,
    3,
    {UUIDOID, TEXTOID, TEXTOID}};

Parameters key_of(const pg_uuid_t* job_id) {
  Parameters p;
  p.add(UUIDPGetDatum(job_id));
  return p;
}

void fail_as(const pg_uuid_t* job_id, const char* sqlstate, const char* message) {
  Parameters p = key_of(job_id);
  p.add(CStringGetTextDatum(sqlstate));
  p.add(CStringGetTextDatum(message));
  run(fail, p, Mode::as_owner);
}

int require_ids(ArrayType* ids) {
  if (ARR_NDIM(ids) > 1 || array_contains_nulls(ids))
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"ids\" must be a list of ids, none of them null")));
  const int n = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
  if (n > kMostIds)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%d ids are more than a job may have, %d", n, kMostIds),
             errhint("Queue them in several jobs.")));
  return n;
}

// Copies: the statements that follow have results of their own.
Datum array_in_column(int column_number, bool* is_null) {
  const Datum array = column(0, column_number, is_null);
  return *is_null ? 0 : PointerGetDatum(DatumGetArrayTypePCopy(array));
}

/// What was stored of a batch when it was taken; false when it cannot run, which is noted.
bool start(Batch& batch) {
  run(start_batch, key_of(&batch.job_id), Mode::as_owner);
  if (SPI_processed == 0) return false;
  copy_text(0, 1, batch.model_type, sizeof batch.model_type);
  batch.options = DatumGetJsonbP(value(0, 2));
  copy_text(0, 3, batch.identity, sizeof batch.identity);
  Unfit unfit = find_role(&batch.role, TextDatumGetCString(value(0, 4)), DatumGetObjectId(value(0, 5)));
  if (unfit.message == nullptr && DatumGetInt32(value(0, 6)) > kMostDeaths)
    unfit = {"57P01", "its worker died three times"};
  if (unfit.message == nullptr) return true;
  fail_as(&batch.job_id, unfit.sqlstate, unfit.message);
  return false;
}

}  // namespace

pg_uuid_t* queue_batch(const Task& task, const char* model_type, ArrayType* ids, Jsonb* options) {
  const int n = require_ids(ids);
  const char* identity = current_identity();
  if (identity == nullptr) raise_no_identity();
  if (strlen(identity) >= sizeof Batch::identity)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("identity is too long for a background job"),
                    errhint("Use an identity of at most %zu bytes.", sizeof Batch::identity - 1)));
  Parameters asked;
  asked.add(PointerGetDatum(ids));
  run(task.asks_about_meals ? whose_meals : which_persons, asked, Mode::read);
  Datum arrays[5];
  bool none[5];
  for (int i = 0; i < 5; ++i) arrays[i] = array_in_column(i + 1, &none[i]);
  Parameters p;
  p.add(CStringGetTextDatum(model_type));
  p.add(JsonbPGetDatum(options));
  p.add(CStringGetTextDatum(identity));
  p.add(CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)));
  p.add(ObjectIdGetDatum(GetUserId()));
  p.add(Int32GetDatum(n));
  p.add_or_null(!none[3], arrays[3]);
  p.add_or_null(!none[4], arrays[4]);
  run(insert_batch, p, Mode::as_owner);
  auto* id = static_cast<pg_uuid_t*>(SPI_palloc(sizeof(pg_uuid_t)));
  *id = *DatumGetUUIDP(value(0, 1));
  if (none[0]) return id;
  Parameters questions = key_of(id);
  for (int i = 0; i < 3; ++i) questions.add(arrays[i]);
  run(insert_questions, questions, Mode::as_owner);
  require_written();
  return id;
}

bool cancel_batch(const pg_uuid_t* job_id, bool* found) {
  run(seen_batch, key_of(job_id), Mode::read);
  *found = SPI_processed > 0;
  if (!*found) return false;
  const char* asked_by = TextDatumGetCString(value(0, 1));
  const char* identity = current_identity();
  if (identity == nullptr || strcmp(asked_by, identity) != 0) require_steward("jobs of others");
  run(cancel, key_of(job_id), Mode::as_owner);
  return SPI_processed == 1;
}

Offer take_batch(Oid role, MemoryContext context, Batch* taken, bool* more) {
  *more = false;
  run(open_batches, Parameters(), Mode::as_owner);
  const SPITupleTable* rows = SPI_tuptable;
  const uint64 n = SPI_processed;
  for (uint64 row = 0; row < n; ++row) {
    Batch batch;
    batch.job_id = *DatumGetUUIDP(value(rows, row, 1));
    if (!try_session_lock(kJobLock, &batch.job_id)) continue;  // its worker lives
    if (!start(batch)) {
      release_batch(batch);
      continue;
    }
    if (OidIsValid(role) && batch.role != role) {
      run(put_back, key_of(&batch.job_id), Mode::as_owner);
      release_batch(batch);
      return Offer::other_role;
    }
    *more = row + 1 < n;
    MemoryContext inside = MemoryContextSwitchTo(context);
    batch.options = DatumGetJsonbPCopy(JsonbPGetDatum(batch.options));
    MemoryContextSwitchTo(inside);
    *taken = batch;
    return Offer::job;
  }
  return Offer::none;
}

Questions next_questions(const Batch& batch, int most) {
  Questions questions;
  Parameters p = key_of(&batch.job_id);
  run(lock_open, p, Mode::as_owner);
  questions.is_open = SPI_processed > 0;
  if (!questions.is_open) return questions;
  p.add(Int32GetDatum(most));
  run(open_questions, p, Mode::as_owner);
  questions.n = static_cast<int>(SPI_processed);
  if (questions.n == 0) return questions;
  const auto n = static_cast<size_t>(questions.n);
  questions.all = static_cast<Questions::One*>(palloc(n * sizeof(Questions::One)));
  auto* persons = static_cast<Datum*>(palloc(n * sizeof(Datum)));
  for (size_t i = 0; i < n; ++i) {
    questions.all[i] = {*DatumGetUUIDP(value(i, 1)), *DatumGetUUIDP(value(i, 2)), DatumGetInt32(value(i, 3))};
    persons[i] = UUIDPGetDatum(&questions.all[i].person_id);
  }
  Parameters of_persons;
  of_persons.add(PointerGetDatum(construct_array(persons, questions.n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR)));
  run(hold_persons, of_persons, Mode::as_owner);
  return questions;
}

void write_answer(const Batch& batch, const Questions::One& question, Datum answer, const ErrorData* failure) {
  Parameters p = key_of(&batch.job_id);
  p.add(UUIDPGetDatum(&question.person_id));
  p.add(Int32GetDatum(question.place));
  p.add_or_null(failure == nullptr, answer);
  p.add_or_null(failure != nullptr,
                failure != nullptr ? CStringGetTextDatum(unpack_sql_state(failure->sqlerrcode)) : 0);
  p.add_or_null(failure != nullptr, failure != nullptr ? CStringGetTextDatum(failure->message) : 0);
  run(answer_question, p, Mode::as_owner);
}

void note_batch(const Batch& batch, int done, int failed, bool is_done) {
  Parameters p = key_of(&batch.job_id);
  p.add(Int32GetDatum(done));
  p.add(Int32GetDatum(failed));
  p.add(BoolGetDatum(is_done));
  run(note, p, Mode::as_owner);
}

void fail_batch(const Batch& batch, int sqlstate, const char* message) {
  fail_as(&batch.job_id, unpack_sql_state(sqlstate), message);
}

void release_batch(const Batch& batch) {
  release_session_lock(kJobLock, &batch.job_id);
}

}  // namespace glucose::pg
