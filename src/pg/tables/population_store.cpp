// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/population_store.hpp"

#include <cmath>

#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

// Consent is part of the query: who has not given it is not even read.
Query sharing_persons{
    "SELECT person_id, time_zone FROM glucose.person WHERE shares_data ORDER BY person_id USING OPERATOR(pg_catalog.<)",
    0,
    {}};
Query may_write{"SELECT pg_catalog.has_table_privilege('glucose.population_model', 'INSERT')", 0, {}};
// Readers go on; two trainings or deployments queue here, and the later one sees what the first has committed.
Query lock_models{"LOCK TABLE glucose.population_model IN SHARE ROW EXCLUSIVE MODE", 0, {}};
// A number is not used twice: also that of a deleted version that was once live stays taken.
Query newest_version{
    "SELECT n.version, v.version IS NOT NULL, v.feature_schema OPERATOR(pg_catalog.=) $2 "
    "AND v.hyperparameters OPERATOR(pg_catalog.->) 'horizons' OPERATOR(pg_catalog.=) "
    "($3 OPERATOR(pg_catalog.->) 'horizons'), v.hyperparameters OPERATOR(pg_catalog.=) $3 "
    "AND v.metadata OPERATOR(pg_catalog.->>) 'data_sha256' OPERATOR(pg_catalog.=) $4, "
    "EXISTS (SELECT FROM glucose.population_model a WHERE a.model_type OPERATOR(pg_catalog.=) $1 AND a.is_active) "
    "FROM (SELECT version FROM glucose.population_model WHERE model_type OPERATOR(pg_catalog.=) $1 "
    "UNION ALL SELECT version FROM glucose.population_deployment WHERE model_type OPERATOR(pg_catalog.=) $1) AS n "
    "LEFT JOIN glucose.population_model v ON v.model_type OPERATOR(pg_catalog.=) $1 "
    "AND v.version OPERATOR(pg_catalog.=) n.version "
    "ORDER BY pg_catalog.string_to_array(n.version, '.')::pg_catalog.int4[] USING OPERATOR(pg_catalog.>) LIMIT 1",
    4,
    {TEXTOID, TEXTOID, JSONBOID, TEXTOID}};
Query retire_active{
    "UPDATE glucose.population_model SET is_active = false WHERE model_type OPERATOR(pg_catalog.=) $1 AND is_active "
    "RETURNING version",
    1,
    {TEXTOID}};
Query insert_version{
    "INSERT INTO glucose.population_model (model_type, version, algorithm, is_active, training_start, training_end, "
    "n_train, n_validation, n_test, mae, rmse, r2, hyperparameters, metadata, feature_schema, artifact, sha256, "
    "status, "
    "is_production_ready, quality_issues) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
    "$16, pg_catalog.sha256($16), $17, $18, $19)",
    19,
    {TEXTOID, TEXTOID, TEXTOID, BOOLOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID, FLOAT4OID,
     FLOAT4OID, FLOAT4OID, JSONBOID, JSONBOID, TEXTOID, BYTEAOID, TEXTOID, BOOLOID, TEXTARRAYOID}};
Query insert_deployment{
    "INSERT INTO glucose.population_deployment (model_type, version, previous_version, reason, deployed_by) "
    "VALUES ($1, $2, $3, $4, $5)",
    5,
    {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}};

Parameters of_type(const TrainRequest& request) {
  Parameters p;
  p.add(CStringGetTextDatum(request.model_type));
  return p;
}

Newest read_newest(const TrainRequest& request, const TrainedModel& trained) {
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(trained.feature_schema));
  p.add(JsonbPGetDatum(trained.hyperparameters));
  p.add(CStringGetTextDatum(trained.data_digest));
  run(newest_version, p, Mode::write);
  return newest_at_first_row();
}

void insert_row(const TrainRequest& request, const TrainedModel& trained, const StoredModel& stored) {
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(stored.version));
  p.add(CStringGetTextDatum(trained.algorithm));
  p.add(BoolGetDatum(stored.is_active));
  p.add(TimestampTzGetDatum(trained.first_meal_at));
  p.add(TimestampTzGetDatum(trained.last_meal_at));
  p.add(Int32GetDatum(trained.n_train));
  p.add(Int32GetDatum(trained.n_validation));
  p.add(Int32GetDatum(trained.n_test));
  for (const float value : {trained.mae, trained.rmse, trained.r2})
    p.add_or_null(!std::isnan(value), Float4GetDatum(value));
  p.add(JsonbPGetDatum(trained.hyperparameters));
  p.add(JsonbPGetDatum(trained.metadata));
  p.add(CStringGetTextDatum(trained.feature_schema));
  p.add(PointerGetDatum(trained.artifact));
  p.add(CStringGetTextDatum(trained.rejected ? "rejected" : "ready"));
  p.add(BoolGetDatum(trained.production_ready));
  p.add(PointerGetDatum(trained.quality_issues));
  run(insert_version, p, Mode::write);
}

void write_deployment(const TrainRequest& request, const char* version, const char* previous) {
  const char* identity = current_identity();
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(version));
  p.add_or_null(previous != nullptr, previous != nullptr ? CStringGetTextDatum(previous) : 0);
  p.add(CStringGetTextDatum("trained"));
  p.add_or_null(identity != nullptr, identity != nullptr ? CStringGetTextDatum(identity) : 0);
  run(insert_deployment, p, Mode::write);
}

}  // namespace

void require_population_writer() {
  run(may_write, Parameters(), Mode::read);
  if (!DatumGetBool(value(0, 1)))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for table population_model"),
                    errhint("Population models are trained by the steward: SELECT glucose.setup(steward => ...).")));
}

Persons read_sharing_persons() {
  run(sharing_persons, Parameters(), Mode::read);
  Persons persons{nullptr, static_cast<int64>(SPI_processed)};
  persons.rows =
      static_cast<Person*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Person) * (SPI_processed + 1)));
  for (uint64 row = 0; row < SPI_processed; ++row) {
    persons.rows[row].id = *DatumGetUUIDP(value(row, 1));
    strlcpy(persons.rows[row].time_zone, TextDatumGetCString(value(row, 2)), kLongestName);
  }
  return persons;
}

StoredModel store_population_model(const TrainRequest& request, const TrainedModel& trained) {
  run(lock_models, Parameters(), Mode::write);
  const Newest newest = read_newest(request, trained);
  StoredModel stored;
  next_version(newest, stored.version);
  stored.is_active =
      !trained.rejected && (request.deploy == TrainRequest::Deploy::yes ||
                            (request.deploy == TrainRequest::Deploy::when_none_is_active && !newest.has_active));
  const char* previous = nullptr;
  if (stored.is_active && newest.has_active) {
    run(retire_active, of_type(request), Mode::write);
    if (SPI_processed > 0) previous = TextDatumGetCString(value(0, 1));
  }
  insert_row(request, trained, stored);
  if (stored.is_active) write_deployment(request, stored.version, previous);
  return stored;
}

}  // namespace glucose::pg
