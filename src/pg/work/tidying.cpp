// SPDX-License-Identifier: PostgreSQL
#include "pg/work/tidying.hpp"

#include <algorithm>

#include "pg/boundary/settings.hpp"
#include "pg/tables/performance.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/versions.hpp"
#include "pg/work/purge.hpp"

namespace glucose::pg {

namespace {

constexpr int kPersonsAtOnce = 100;
constexpr int kArtifactsAtOnce = 50;

// Whoever trains for a person or erases it is not waited for; who asks for a forecast does not wait for this.
Query next_persons{
    "SELECT person_id FROM glucose.person WHERE person_id OPERATOR(pg_catalog.>=) $1 "
    "ORDER BY person_id USING OPERATOR(pg_catalog.<) LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
    2,
    {UUIDOID, INT4OID}};
Query old_artifacts{"SELECT o.person_id, o.model_type, o.version FROM glucose.old_artifacts($1, $2, $3) AS o",
                    3,
                    {UUIDARRAYOID, INT4OID, TIMESTAMPTZOID}};
Query old_population_artifacts{
    "SELECT NULL, o.model_type, o.version FROM glucose.old_population_artifacts($1, $2) AS o",
    2,
    {INT4OID, TIMESTAMPTZOID}};

#define OF_PERSONS(alias) alias "person_id OPERATOR(pg_catalog.=) ANY ($1) AND "
#define OLD_OF_PERSONS(sql)      \
  sql, 2, {                      \
    UUIDARRAYOID, TIMESTAMPTZOID \
  }
// Of a running experiment's candidates the job says that they have failed.
Query old_jobs{OLD_OF_PERSONS("DELETE FROM glucose.training_job j WHERE " OF_PERSONS(
    "j.") "j.state OPERATOR(pg_catalog.=) ANY ('{done,failed,cancelled}') AND j.finished_at OPERATOR(pg_catalog.<) "
          "$2 AND NOT EXISTS (SELECT FROM glucose.experiment_model m JOIN glucose.experiment e "
          "ON e.name OPERATOR(pg_catalog.=) m.experiment AND e.state OPERATOR(pg_catalog.=) 'running' "
          "WHERE m.person_id OPERATOR(pg_catalog.=) j.person_id AND m.job_id OPERATOR(pg_catalog.=) j.job_id "
          "AND m.version IS NULL)")};
// The last try of each is what the next one is told by.
#define OLD_TRIES(table)                                                                \
  OLD_OF_PERSONS("DELETE FROM " table " l WHERE " OF_PERSONS(                           \
      "l.") "l.tried_at OPERATOR(pg_catalog.<) $2 AND EXISTS (SELECT FROM " table       \
            " n WHERE n.person_id OPERATOR(pg_catalog.=) l.person_id AND n.model_type " \
            "OPERATOR(pg_catalog.=) l.model_type AND n.tried_at OPERATOR(pg_catalog.>) l.tried_at)")
Query old_retrainings{OLD_TRIES("glucose.retraining_log")};
Query old_updates{OLD_TRIES("glucose.model_update")};
// Of answers whose own values have gone: there is nothing left to hold them against.
Query old_outcomes{OLD_OF_PERSONS("DELETE FROM glucose.recorded_outcome o USING glucose.prediction p WHERE " OF_PERSONS(
    "o.") "o.recorded_at OPERATOR(pg_catalog.<) $2 AND p.person_id OPERATOR(pg_catalog.=) o.person_id "
          "AND p.prediction_id OPERATOR(pg_catalog.=) o.prediction_id AND p.purged_at IS NOT NULL")};
Query old_checks{
    OLD_OF_PERSONS("DELETE FROM glucose.model_check WHERE " OF_PERSONS("") "checked_at OPERATOR(pg_catalog.<) $2")};
Query old_alerts{
    OLD_OF_PERSONS("DELETE FROM glucose.person_alert WHERE " OF_PERSONS("") "resolved_at OPERATOR(pg_catalog.<) $2")};
Query old_feedback{OLD_OF_PERSONS("DELETE FROM glucose.prediction_feedback f WHERE " OF_PERSONS(
    "f.") "f.given_at OPERATOR(pg_catalog.<) $2 AND NOT EXISTS (SELECT FROM glucose.prediction p WHERE p.person_id "
          "OPERATOR(pg_catalog.=) f.person_id AND p.prediction_id OPERATOR(pg_catalog.=) f.prediction_id "
          "AND p.purged_at IS NULL)")};
Query old_performance{OLD_OF_PERSONS("DELETE FROM glucose.performance_log WHERE " OF_PERSONS(
    "") "day::pg_catalog.timestamptz OPERATOR(pg_catalog.<) $2")};
Query old_answers{OLD_OF_PERSONS("DELETE FROM glucose.batch_answer a WHERE " OF_PERSONS(
    "a.") "EXISTS (SELECT FROM glucose.batch_job b WHERE b.job_id OPERATOR(pg_catalog.=) a.job_id "
          "AND b.finished_at OPERATOR(pg_catalog.<) $2)")};
Query old_batches{
    "DELETE FROM glucose.batch_job b WHERE b.finished_at OPERATOR(pg_catalog.<) $1 AND NOT EXISTS (SELECT FROM "
    "glucose.batch_answer a WHERE a.job_id OPERATOR(pg_catalog.=) b.job_id)",
    1,
    {TIMESTAMPTZOID}};
Query old_system_alerts{
    "DELETE FROM glucose.system_alert WHERE resolved_at OPERATOR(pg_catalog.<) $1", 1, {TIMESTAMPTZOID}};

Datum before_now(int minutes) {
  return TimestampTzGetDatum(minutes_before(GetCurrentTimestamp(), minutes));
}

// Of the persons that are its parameter, or of nobody.
int64 rows_gone(Query& query, Parameters p, int retention_min) {
  p.add(before_now(retention_min));
  run(query, p, Mode::as_owner);
  return static_cast<int64>(SPI_processed);
}

// Of the versions of the statement's result; false when it has stopped before the last one.
bool take_artifacts_of_result(bool of_population, Tidied& tidied) {
  SPITupleTable* versions = SPI_tuptable;
  const uint64 n = SPI_processed;
  int taken = 0;
  uint64 row = 0;
  for (; row < n && taken < kArtifactsAtOnce; ++row) {
    CHECK_FOR_INTERRUPTS();
    TrainRequest of{};
    of.of_population = of_population;
    if (!of_population) of.person_id = *DatumGetUUIDP(value(versions, row, 1));
    text_to_cstring_buffer(DatumGetTextPP(value(versions, row, 2)), of.model_type, sizeof of.model_type);
    taken += take_artifact(of, TextDatumGetCString(value(versions, row, 3))) ? 1 : 0;
  }
  SPI_freetuptable(versions);
  tidied.artifacts += taken;
  return row == n;
}

bool take_artifacts_of(Parameters p, Tidied& tidied) {
  p.add(Int32GetDatum(settings::keep_artifacts));
  p.add(before_now(settings::rollback_window_min));
  run(old_artifacts, p, Mode::as_owner);
  return take_artifacts_of_result(false, tidied);
}

bool take_artifacts_of_population(Tidied& tidied) {
  Parameters p;
  p.add(Int32GetDatum(settings::keep_artifacts));
  p.add(before_now(settings::rollback_window_min));
  run(old_population_artifacts, p, Mode::as_owner);
  if (SPI_processed == 0) return true;
  // Who trains or deploys for all waits until it is known what nobody needs.
  lock_population();
  run(old_population_artifacts, p, Mode::as_owner);
  return take_artifacts_of_result(true, tidied);
}

// The first id there may be after this one; false after the last.
bool step_on(pg_uuid_t& id) {
  for (int i = UUID_LEN - 1; i >= 0; --i)
    if (++id.data[i] != 0) return true;
  return false;
}

// At most so many persons from an id on, held until the transaction ends, in the order of their ids.
int hold_persons(pg_uuid_t from, Datum** ids) {
  Parameters p;
  p.add(UUIDPGetDatum(&from));
  p.add(Int32GetDatum(kPersonsAtOnce));
  run(next_persons, p, Mode::as_owner);
  const int n = static_cast<int>(SPI_processed);
  *ids = static_cast<Datum*>(palloc(sizeof(Datum) * (static_cast<size_t>(n) + 1)));
  for (int i = 0; i < n; ++i) (*ids)[i] = value(static_cast<uint64>(i), 1);
  return n;
}

// They hold answers, so they go as the log's values do.
int batches_retention_min() {
  return std::min(settings::jobs_retention_min, settings::values_retention_min);
}

void tidy_what_is_nobodys(Tidied& tidied) {
  tidied.is_done = take_artifacts_of_population(tidied);
  tidied.rows += rows_gone(old_system_alerts, {}, settings::history_retention_min);
  tidied.rows += rows_gone(old_batches, {}, batches_retention_min());
}

}  // namespace

Tidied tidy_persons(const pg_uuid_t* after) {
  Tidied tidied;
  if (after != nullptr) tidied.last = *after;
  pg_uuid_t from = tidied.last;
  Datum* ids = nullptr;
  const int n = after == nullptr || step_on(from) ? hold_persons(from, &ids) : 0;
  if (n == 0) {
    tidy_what_is_nobodys(tidied);
    return tidied;
  }
  const Datum persons = PointerGetDatum(construct_array(ids, n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
  Parameters of_persons;
  of_persons.add(persons);
  const pg_uuid_t last = *DatumGetUUIDP(ids[n - 1]);
  if (!take_artifacts_of(of_persons, tidied)) return tidied;  // the same persons once more: their next ones
  for (Query* query : {&old_retrainings, &old_updates, &old_checks, &old_alerts, &old_feedback})
    tidied.rows += rows_gone(*query, of_persons, settings::history_retention_min);
  tidied.rows += rows_gone(old_outcomes, of_persons, settings::values_retention_min);
  tidied.rows += rows_gone(old_jobs, of_persons, settings::jobs_retention_min);
  tidied.rows += rows_gone(old_answers, of_persons, batches_retention_min());
  make_weeks_of_old(persons);
  tidied.rows += rows_gone(old_performance, of_persons, settings::audit_retention_min);
  tidied.last = last;
  return tidied;
}

}  // namespace glucose::pg
