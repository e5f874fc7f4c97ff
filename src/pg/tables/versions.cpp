// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/versions.hpp"

#include <cmath>

#include "pg/boundary/guard.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/models.hpp"
#include "pg/tables/patches.hpp"
#include "pg/tables/person_lock.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

namespace {

// A person's tables and the population's are the same but for the person: the statements are written once, and $1 is
// the person or, of a population, null and not looked at.
#define OF_PERSON(table) table "person_id OPERATOR(pg_catalog.=) $1 AND "
#define OF_TYPE(alias) alias "model_type OPERATOR(pg_catalog.=) $2"

// A number is not used twice: also that of a deleted version that was once live stays taken.
#define NEWEST_VERSION(models, deployments, person_of_a, person_of_n, person_of_v)                              \
  "SELECT n.version, v.version IS NOT NULL, v.hyperparameters OPERATOR(pg_catalog.->) 'horizons' "            \
  "OPERATOR(pg_catalog.=) ($3 OPERATOR(pg_catalog.->) 'horizons'), "                                          \
  "v.hyperparameters OPERATOR(pg_catalog.=) $3 "                                                              \
  "AND v.metadata OPERATOR(pg_catalog.->>) 'data_sha256' OPERATOR(pg_catalog.=) $4 "                          \
  "AND NOT v.metadata OPERATOR(pg_catalog.?) 'refreshes', "                                                   \
  "EXISTS (SELECT FROM " models " a WHERE " person_of_a OF_TYPE("a.") " AND a.is_active) "                    \
  "FROM (SELECT version FROM " models " WHERE " person_of_n OF_TYPE("") " UNION ALL SELECT version FROM "     \
  deployments " WHERE " person_of_n OF_TYPE("") ") AS n "                                                     \
  "LEFT JOIN " models " v ON " person_of_v OF_TYPE("v.") " AND v.version OPERATOR(pg_catalog.=) n.version "   \
  "WHERE glucose.version_parts(n.version) IS NOT NULL "                                                         \
  "ORDER BY glucose.version_parts(n.version) USING OPERATOR(pg_catalog.>) LIMIT 1", \
      4, { \
    UUIDOID, TEXTOID, JSONBOID, TEXTOID                                                                         \
  }

#define RETIRE_ACTIVE(models, person)                                                                          \
  "UPDATE " models " SET is_active = false WHERE " person OF_TYPE("") " AND is_active RETURNING version", 2, { \
    UUIDOID, TEXTOID                                                                                           \
  }

#define INSERT_VERSION(models, column, value)                                                                          \
  "INSERT INTO " models " (" column                                                                                    \
  "model_type, version, algorithm, is_active, training_start, training_end, "                                          \
  "n_train, n_validation, n_test, mae, rmse, r2, hyperparameters, metadata, feature_schema, artifact, sha256, "        \
  "status, is_production_ready, quality_issues) VALUES (" value                                                        \
  "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "                                                                    \
  "$13, $14, $15, $16, $17, pg_catalog.sha256($17), $18, $19, $20)",                                                   \
      20, {                                                                                                            \
    UUIDOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID, FLOAT4OID, \
        FLOAT4OID, FLOAT4OID, JSONBOID, JSONBOID, TEXTOID, BYTEAOID, TEXTOID, BOOLOID, TEXTARRAYOID                    \
  }

#define INSERT_METRICS(metrics, column, value)                                                                       \
  "INSERT INTO " metrics " (" column                                                                                 \
  "model_type, version, split, minutes_ahead, metric, value, n, head) "                                              \
  "SELECT " value                                                                                                    \
  "$2, $3, m.split, m.minutes, m.name, "                                                                             \
  "CASE WHEN m.value OPERATOR(pg_catalog.<>) 'NaN' THEN m.value END, m.n, CASE WHEN m.head OPERATOR(pg_catalog.<>) " \
  "'' THEN m.head END "                                                                                              \
  "FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), "     \
  "pg_catalog.unnest($8), pg_catalog.unnest($9)) AS m (split, minutes, name, value, n, head)",                       \
      9, {                                                                                                           \
    UUIDOID, TEXTOID, TEXTOID, TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID, FLOAT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID  \
  }

#define INSERT_DEPLOYMENT(deployments, column, value)            \
  "INSERT INTO " deployments " (" column                         \
  "model_type, version, previous_version, reason, deployed_by) " \
  "VALUES (" value "$2, $3, $4, $5, $6)",                        \
      6, {                                                       \
    UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID         \
  }

#define FIND_VERSION(models, person)                                                   \
  "SELECT status, is_active, artifact_taken_at FROM " models " WHERE " person OF_TYPE( \
      "") " AND version OPERATOR(pg_catalog.=) $3",                                    \
      3, {                                                                             \
    UUIDOID, TEXTOID, TEXTOID                                                          \
  }

#define ACTIVATE(models, person, more)                                                                                    \
  "UPDATE " models " SET is_active = true, status = 'ready'" more " WHERE " person OF_TYPE("") " AND version OPERATOR(" \
  "pg_catalog.=) $3",                                                                                           \
      3, { \
    UUIDOID, TEXTOID, TEXTOID                                                                                             \
  }

// Its own right to be there is asked here, whoever calls: what serves and what a running experiment forecasts with
// keep their weights.
#define TAKE_ARTIFACT(models, person, is_tried)                                                                     \
  "UPDATE " models " SET artifact = NULL, artifact_taken_at = pg_catalog.clock_timestamp() WHERE " person         \
  OF_TYPE("") " AND version OPERATOR(pg_catalog.=) $3 AND NOT is_active AND artifact_taken_at IS NULL "           \
  "AND NOT EXISTS (" is_tried ")",                                                                                \
      3, { \
    UUIDOID, TEXTOID, TEXTOID                                                                                       \
  }
#define RUNNING_OF_TYPE "e.state OPERATOR(pg_catalog.=) 'running' AND e.model_type OPERATOR(pg_catalog.=) $2 "

/// Where versions are kept.
struct Shelf {
  Query newest, retire, insert, insert_metrics, insert_deployment, find, activate, way_back, take_artifact;
};

Shelf of_person{
    {NEWEST_VERSION("glucose.model_version", "glucose.deployment", OF_PERSON("a."), OF_PERSON(""), OF_PERSON("v."))},
    {RETIRE_ACTIVE("glucose.model_version", OF_PERSON(""))},
    {INSERT_VERSION("glucose.model_version", "person_id, ", "$1, ")},
    {INSERT_METRICS("glucose.model_metric", "person_id, ", "$1, ")},
    {INSERT_DEPLOYMENT("glucose.deployment", "person_id, ", "$1, ")},
    {FIND_VERSION("glucose.model_version", OF_PERSON(""))},
    {ACTIVATE("glucose.model_version", OF_PERSON(""), ", withdrawn_at = NULL")},
    {"SELECT glucose.way_back($1, $2)", 2, {UUIDOID, TEXTOID}},
    {TAKE_ARTIFACT("glucose.model_version", OF_PERSON(""),
                   "SELECT FROM glucose.experiment_model m JOIN glucose.experiment e ON e.name OPERATOR(pg_catalog.=) "
                   "m.experiment AND " RUNNING_OF_TYPE "LEFT JOIN glucose.training_job j ON j.person_id "
                   "OPERATOR(pg_catalog.=) m.person_id AND j.job_id OPERATOR(pg_catalog.=) m.job_id "
                   "WHERE m.person_id OPERATOR(pg_catalog.=) $1 "
                   "AND coalesce(m.version, j.version) OPERATOR(pg_catalog.=) $3")}};

Shelf of_population{{NEWEST_VERSION("glucose.population_model", "glucose.population_deployment", "", "", "")},
                    {RETIRE_ACTIVE("glucose.population_model", "")},
                    {INSERT_VERSION("glucose.population_model", "", "")},
                    {INSERT_METRICS("glucose.population_metric", "", "")},
                    {INSERT_DEPLOYMENT("glucose.population_deployment", "", "")},
                    {FIND_VERSION("glucose.population_model", "")},
                    {ACTIVATE("glucose.population_model", "", "")},
                    {"SELECT glucose.population_way_back($2)", 2, {UUIDOID, TEXTOID}},
                    {TAKE_ARTIFACT("glucose.population_model", "",
                                   "SELECT FROM glucose.experiment e WHERE " RUNNING_OF_TYPE
                                   "AND e.candidate OPERATOR(pg_catalog.->>) 'population_version' "
                                   "OPERATOR(pg_catalog.=) $3")}};

Query lock_models_of_all{"LOCK TABLE glucose.population_model IN SHARE ROW EXCLUSIVE MODE", 0, {}};

Query remove_version{"DELETE FROM glucose.model_version WHERE " OF_PERSON("")
                         OF_TYPE("") " AND version OPERATOR(pg_catalog.=) $3",
                     3,
                     {UUIDOID, TEXTOID, TEXTOID}};
// What others rely on: an experiment that runs serves it, or compares with it.
Query is_tried{
    "SELECT e.name FROM glucose.experiment_model m JOIN glucose.experiment e ON e.name OPERATOR(pg_catalog.=) "
    "m.experiment AND e.state OPERATOR(pg_catalog.=) 'running' AND e.model_type OPERATOR(pg_catalog.=) $2 "
    "WHERE m.person_id OPERATOR(pg_catalog.=) $1 AND m.version OPERATOR(pg_catalog.=) $3",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};

/// The newest version of a type and how a new one differs from it.
struct Newest {
  bool exists = false, same_output = false, same_recipe = false, has_active = false;
  int major = 0, minor = 0, patch = 0;
};

Parameters of_type(const TrainRequest& request) {
  Parameters p;
  p.add_or_null(!request.of_population, UUIDPGetDatum(&request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  return p;
}

// Who may write is asked as the caller, here as well as before a long training: it may have lost the right meanwhile.
// The statements after the lock see what whoever had it before has committed.
Shelf& locked_shelf(const TrainRequest& request) {
  if (request.of_population) {
    require_steward("population models");
    lock_population();
    return of_population;
  }
  read_person(&request.person_id);
  require_manager(&request.person_id);
  lock_person(&request.person_id);
  return of_person;
}

Parameters of_version(const TrainRequest& request, const char* version) {
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(version));
  return p;
}

// A transaction that goes on seeing what was there when it began cannot see the number another one has taken meanwhile,
// nor that another version serves: that it must begin again is what the application can know how to answer. A version
// that a trigger keeps from being written is not told of.
void write(Query& query, const Parameters& p) {
  MemoryContext context = CurrentMemoryContext;
  PG_TRY();
  { run(query, p, Mode::as_owner); }
  PG_CATCH();
  {
    if (geterrcode() != ERRCODE_UNIQUE_VIOLATION || !IsolationUsesXactSnapshot()) PG_RE_THROW();
    MemoryContextSwitchTo(context);
    FlushErrorState();
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access: another session has stored or deployed a version meanwhile"),
                    errhint("Run the transaction again, or use READ COMMITTED.")));
  }
  PG_END_TRY();
  require_written();
}

Newest read_newest(Shelf& shelf, const TrainRequest& request, const TrainedModel& trained) {
  Parameters p = of_type(request);
  p.add(JsonbPGetDatum(trained.hyperparameters));
  p.add(CStringGetTextDatum(trained.data_digest));
  run(shelf.newest, p, Mode::as_owner);
  Newest newest;
  if (SPI_processed == 0) return newest;
  bool is_null;
  newest.exists = true;
  // A row that is gone forecast the same, or it is unknown: then a minor step is enough.
  const bool has_row = DatumGetBool(value(0, 2));
  const Datum same_output = column(0, 3, &is_null);
  newest.same_output = !has_row || (!is_null && DatumGetBool(same_output));
  const Datum same_recipe = column(0, 4, &is_null);
  newest.same_recipe = !is_null && DatumGetBool(same_recipe);
  newest.has_active = DatumGetBool(value(0, 5));
  const char* version = TextDatumGetCString(value(0, 1));
  if (sscanf(version, "%d.%d.%d", &newest.major, &newest.minor, &newest.patch) != 3)
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a stored version is not of the form 1.2.3")));
  return newest;
}

void next_version(const Newest& newest, char* out) {
  int major = newest.major, minor = newest.minor, patch = newest.patch;
  if (!newest.exists)
    major = 1;
  else if (!newest.same_output)
    ++major, minor = patch = 0;
  else if (newest.same_recipe)
    ++patch;
  else
    ++minor, patch = 0;
  snprintf(out, kLongestVersion, "%d.%d.%d", major, minor, patch);
}

void insert_row(Shelf& shelf, const TrainRequest& request, const TrainedModel& trained, const StoredModel& stored) {
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(stored.version));
  p.add(CStringGetTextDatum(trained.algorithm));
  p.add(BoolGetDatum(stored.is_active));
  p.add(TimestampTzGetDatum(trained.learnt_from));
  p.add(TimestampTzGetDatum(trained.learnt_until));
  p.add(Int32GetDatum(trained.n_train));
  p.add(Int32GetDatum(trained.n_validation));
  p.add(Int32GetDatum(trained.n_test));
  for (const float error : {trained.mae, trained.rmse, trained.r2})
    p.add_or_null(!std::isnan(error), Float4GetDatum(error));
  p.add(JsonbPGetDatum(trained.hyperparameters));
  p.add(JsonbPGetDatum(trained.metadata));
  p.add(CStringGetTextDatum(trained.feature_schema));
  p.add(PointerGetDatum(trained.artifact));
  p.add(CStringGetTextDatum(trained.rejected ? "rejected" : "ready"));
  p.add(BoolGetDatum(trained.production_ready));
  p.add(PointerGetDatum(trained.quality_issues));
  write(shelf.insert, p);
}

void insert_metrics(Shelf& shelf, const TrainRequest& request, const TrainedModel& trained, const StoredModel& stored) {
  if (trained.n_metrics == 0) return;
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(stored.version));
  for (ArrayType* array : {trained.metric_split, trained.metric_minutes, trained.metric_name, trained.metric_value,
                           trained.metric_n, trained.metric_head})
    p.add(PointerGetDatum(array));
  write(shelf.insert_metrics, p);
}

void write_deployment(Shelf& shelf, const TrainRequest& request, const char* version, const char* previous,
                      const char* reason) {
  const char* identity = current_identity();
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(version));
  p.add_or_null(previous != nullptr, previous != nullptr ? CStringGetTextDatum(previous) : 0);
  p.add_or_null(reason != nullptr, reason != nullptr ? CStringGetTextDatum(reason) : 0);
  p.add_or_null(identity != nullptr, identity != nullptr ? CStringGetTextDatum(identity) : 0);
  write(shelf.insert_deployment, p);
}

// The version that served until now; nullptr when none did.
const char* retire_active(Shelf& shelf, const TrainRequest& request) {
  run(shelf.retire, of_type(request), Mode::as_owner);
  return SPI_processed > 0 ? TextDatumGetCString(value(0, 1)) : nullptr;
}

// Under the lock.
const char* deploy(Shelf& shelf, const TrainRequest& of, const char* version, const char* reason) {
  const char* kind = of.of_population ? "population model" : "model";
  run(shelf.find, of_version(of, version), Mode::as_owner);
  if (SPI_processed == 0)
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("%s version \"%s\" not found", kind, clipped(version)),
                    errhint("Versions are listed by glucose.%s().",
                            of.of_population ? "list_population_models" : "list_model_versions")));
  if (strcmp(TextDatumGetCString(value(0, 1)), "rejected") == 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("%s version \"%s\" was rejected when it was trained", kind, version),
                    errhint("Its quality_issues say why; deploy another version.")));
  if (DatumGetBool(value(0, 2))) return version;
  bool has_artifact;
  (void)column(0, 3, &has_artifact);
  if (!has_artifact) raise_no_artifact(kind, version);
  const char* previous = retire_active(shelf, of);
  write(shelf.activate, of_version(of, version));
  write_deployment(shelf, of, version, previous, reason);
  return version;
}

}  // namespace

void lock_population() {
  run(lock_models_of_all, Parameters(), Mode::as_owner);
}

StoredModel store_version(const TrainRequest& request, const TrainedModel& trained) {
  Shelf& shelf = locked_shelf(request);
  const Newest newest = read_newest(shelf, request, trained);
  StoredModel stored;
  if (request.patch_of[0] != '\0')
    next_patch(request, stored.version);
  else
    next_version(newest, stored.version);
  stored.is_active =
      !trained.rejected && (request.deploy == TrainRequest::Deploy::yes ||
                            (request.deploy == TrainRequest::Deploy::when_none_is_active && !newest.has_active));
  const char* previous = stored.is_active && newest.has_active ? retire_active(shelf, request) : nullptr;
  insert_row(shelf, request, trained, stored);
  insert_metrics(shelf, request, trained, stored);
  if (stored.is_active) write_deployment(shelf, request, stored.version, previous, request.deployed_because);
  take_older_patches(request, stored.version);
  return stored;
}

const char* deploy_version(const TrainRequest& of, const char* version, const char* reason) {
  return deploy(locked_shelf(of), of, version, reason);
}

const char* roll_back(const TrainRequest& of, const char* to_version) {
  Shelf& shelf = locked_shelf(of);
  if (to_version == nullptr) {
    run(shelf.way_back, of_type(of), Mode::as_owner);
    bool none;
    const Datum way_back = column(0, 1, &none);
    if (none)
      ereport(ERROR,
              (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("no earlier live version to go back to"),
               errhint("Name one: to_version => ...; versions are listed by glucose.%s().",
                       of.of_population ? "list_population_models" : "list_model_versions")));
    to_version = TextDatumGetCString(way_back);
  }
  return deploy(shelf, of, to_version, "rollback");
}

bool take_artifact(const TrainRequest& of, const char* version) {
  run((of.of_population ? of_population : of_person).take_artifact, of_version(of, version), Mode::as_owner);
  return SPI_processed > 0;
}

bool delete_version(const TrainRequest& of, const char* version) {
  Shelf& shelf = locked_shelf(of);
  run(shelf.find, of_version(of, version), Mode::as_owner);
  if (SPI_processed == 0) return false;
  if (DatumGetBool(value(0, 2)))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("model version \"%s\" is active", version),
                    errhint("Deploy another version first.")));
  run(is_tried, of_version(of, version), Mode::as_owner);
  if (SPI_processed > 0)
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_IN_USE),
             errmsg("model version \"%s\" is tried by experiment \"%s\"", version, TextDatumGetCString(value(0, 1))),
             errhint("Wait until the experiment has ended.")));
  run(remove_version, of_version(of, version), Mode::as_owner);
  require_written();
  return true;
}

}  // namespace glucose::pg
