// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/experiments.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/jobs.hpp"
#include "pg/tables/person_lock.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

namespace {

// As the caller. What is tried never goes live by its training.
Query recipe{
    "SELECT e.state, e.model_type, e.candidate OPERATOR(pg_catalog.->>) 'algorithm', "
    "coalesce(e.candidate OPERATOR(pg_catalog.->) 'options', '{}') OPERATOR(pg_catalog.||) '{\"deploy\": false}', "
    "glucose.ab_bucket($2, e.salt) OPERATOR(pg_catalog.<) e.percent AND EXISTS (SELECT FROM glucose.model_version v "
    "WHERE v.person_id OPERATOR(pg_catalog.=) $2 AND v.model_type OPERATOR(pg_catalog.=) e.model_type AND v.is_active) "
    "FROM glucose.experiment e WHERE e.name OPERATOR(pg_catalog.=) $1",
    2,
    {TEXTOID, UUIDOID}};
// The version of a training that is done, before its job is tidied away.
Query take_version{
    "UPDATE glucose.experiment_model m SET version = j.version FROM glucose.training_job j "
    "WHERE m.experiment OPERATOR(pg_catalog.=) $1 AND m.person_id OPERATOR(pg_catalog.=) $2 AND m.version IS NULL "
    "AND j.person_id OPERATOR(pg_catalog.=) m.person_id AND j.job_id OPERATOR(pg_catalog.=) m.job_id "
    "AND j.state OPERATOR(pg_catalog.=) 'done'",
    2,
    {TEXTOID, UUIDOID}};
Query forget_failed{
    "DELETE FROM glucose.experiment_model m WHERE m.experiment OPERATOR(pg_catalog.=) $1 "
    "AND m.person_id OPERATOR(pg_catalog.=) $2 AND m.version IS NULL AND NOT EXISTS (SELECT FROM glucose.training_job "
    "j "
    "WHERE j.person_id OPERATOR(pg_catalog.=) m.person_id AND j.job_id OPERATOR(pg_catalog.=) m.job_id "
    "AND j.state OPERATOR(pg_catalog.=) ANY ('{queued,running,done}'))",
    2,
    {TEXTOID, UUIDOID}};
// Taken before anything is queued: of two sessions that prepare at once the second waits here and then leaves the
// person.
Query claim_candidate{
    "INSERT INTO glucose.experiment_model (experiment, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    2,
    {TEXTOID, UUIDOID}};
Query name_job{
    "UPDATE glucose.experiment_model SET job_id = $3 WHERE experiment OPERATOR(pg_catalog.=) $1 "
    "AND person_id OPERATOR(pg_catalog.=) $2",
    3,
    {TEXTOID, UUIDOID, UUIDOID}};

}  // namespace

bool queue_candidate(const char* experiment, const pg_uuid_t* person_id) {
  read_person(person_id);
  require_steward("experiments");
  Parameters of;
  of.add(CStringGetTextDatum(experiment));
  of.add(UUIDPGetDatum(person_id));
  run(recipe, of, Mode::write);
  if (SPI_processed == 0)
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("experiment \"%s\" not found", clipped(experiment)),
                    errhint("Experiments are listed in glucose.experiment.")));
  if (strcmp(TextDatumGetCString(value(0, 1)), "running") != 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("experiment \"%s\" is not running", clipped(experiment)),
                    errhint("Start another one under another name.")));
  bool has_no_recipe;
  const Datum algorithm = column(0, 3, &has_no_recipe);
  if (has_no_recipe || !DatumGetBool(value(0, 5))) return false;
  Jsonb* options = DatumGetJsonbP(value(0, 4));
  const TrainRequest request =
      make_train_request(person_id, TextDatumGetCString(value(0, 2)), TextDatumGetCString(algorithm), options);
  hold_person(person_id);
  run(take_version, of, Mode::as_owner);
  run(forget_failed, of, Mode::as_owner);
  run(claim_candidate, of, Mode::as_owner);
  if (SPI_processed == 0) return false;
  of.add(UUIDPGetDatum(queue_job(request, options)));
  run(name_job, of, Mode::as_owner);
  return true;
}

}  // namespace glucose::pg
