// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/write.hpp"

#include <cmath>

#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

// Two trainings of one person queue here; the statements after it see what the first one committed. NO KEY, because a
// foreign key's check locks FOR KEY SHARE: whoever records a meal or logs a forecast neither waits for a training nor
// deadlocks with it.
Query lock_person{
    "SELECT 1 FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE", 1, {UUIDOID}};
// A number is not used twice: also that of a deleted version that was once live stays taken.
Query newest_version{
    "SELECT n.version, v.version IS NOT NULL, v.feature_schema OPERATOR(pg_catalog.=) $3 "
    "AND v.hyperparameters OPERATOR(pg_catalog.->) 'horizons' OPERATOR(pg_catalog.=) "
    "($4 OPERATOR(pg_catalog.->) 'horizons'), v.hyperparameters OPERATOR(pg_catalog.=) $4 "
    "AND v.metadata OPERATOR(pg_catalog.->>) 'data_sha256' OPERATOR(pg_catalog.=) $5, "
    "EXISTS (SELECT FROM glucose.model_version a WHERE a.person_id OPERATOR(pg_catalog.=) $1 "
    "AND a.model_type OPERATOR(pg_catalog.=) $2 AND a.is_active) "
    "FROM (SELECT version FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND model_type OPERATOR(pg_catalog.=) $2 UNION ALL SELECT version FROM glucose.deployment "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND model_type OPERATOR(pg_catalog.=) $2) AS n "
    "LEFT JOIN glucose.model_version v ON v.person_id OPERATOR(pg_catalog.=) $1 "
    "AND v.model_type OPERATOR(pg_catalog.=) $2 AND v.version OPERATOR(pg_catalog.=) n.version "
    "ORDER BY pg_catalog.string_to_array(n.version, '.')::pg_catalog.int4[] USING OPERATOR(pg_catalog.>) LIMIT 1",
    5,
    {UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID}};
Query retire_active{
    "UPDATE glucose.model_version SET is_active = false WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND model_type OPERATOR(pg_catalog.=) $2 AND is_active RETURNING version",
    2,
    {UUIDOID, TEXTOID}};
Query insert_version{
    "INSERT INTO glucose.model_version (person_id, model_type, version, algorithm, is_active, training_start, "
    "training_end, n_train, n_validation, n_test, mae, rmse, r2, hyperparameters, metadata, feature_schema, artifact, "
    "sha256, status, is_production_ready, quality_issues) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
    "$13, $14, $15, $16, $17, pg_catalog.sha256($17), $18, $19, $20)",
    20,
    {UUIDOID,  TEXTOID, TEXTOID,  TEXTOID,   BOOLOID,   TIMESTAMPTZOID, TIMESTAMPTZOID,
     INT4OID,  INT4OID, INT4OID,  FLOAT4OID, FLOAT4OID, FLOAT4OID,      JSONBOID,
     JSONBOID, TEXTOID, BYTEAOID, TEXTOID,   BOOLOID,   TEXTARRAYOID}};
Query insert_metrics{
    "INSERT INTO glucose.model_metric (person_id, model_type, version, split, minutes_ahead, metric, value, n) "
    "SELECT $1, $2, $3, m.split, m.minutes, m.name, NULLIF(m.value, 'NaN'), m.n "
    "FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), "
    "pg_catalog.unnest($8)) AS m (split, minutes, name, value, n)",
    8,
    {UUIDOID, TEXTOID, TEXTOID, TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID, FLOAT8ARRAYOID, INT4ARRAYOID}};
Query insert_deployment{
    "INSERT INTO glucose.deployment (person_id, model_type, version, previous_version, reason, deployed_by) "
    "VALUES ($1, $2, $3, $4, $5, $6)",
    6,
    {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}};

Parameters of_type(const TrainRequest& request) {
  Parameters p;
  p.add(UUIDPGetDatum(&request.person_id));
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

void add_real(Parameters& p, float value) {
  p.add_or_null(!std::isnan(value), Float4GetDatum(value));
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
  add_real(p, trained.mae);
  add_real(p, trained.rmse);
  add_real(p, trained.r2);
  p.add(JsonbPGetDatum(trained.hyperparameters));
  p.add(JsonbPGetDatum(trained.metadata));
  p.add(CStringGetTextDatum(trained.feature_schema));
  p.add(PointerGetDatum(trained.artifact));
  p.add(CStringGetTextDatum(trained.rejected ? "rejected" : "ready"));
  p.add(BoolGetDatum(trained.production_ready));
  p.add(PointerGetDatum(trained.quality_issues));
  run(insert_version, p, Mode::write);
}

void insert_metric_rows(const TrainRequest& request, const TrainedModel& trained, const StoredModel& stored) {
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(stored.version));
  for (ArrayType* array :
       {trained.metric_split, trained.metric_minutes, trained.metric_name, trained.metric_value, trained.metric_n})
    p.add(PointerGetDatum(array));
  run(insert_metrics, p, Mode::write);
}

}  // namespace

Newest newest_at_first_row() {
  Newest newest;
  if (SPI_processed == 0) return newest;
  bool is_null;
  newest.exists = true;
  const char* version = TextDatumGetCString(value(0, 1));
  // A row that is gone was of this schema, or it is unknown: then a minor step is enough.
  const bool has_row = DatumGetBool(value(0, 2));
  const Datum same_output = column(0, 3, &is_null);
  newest.same_output = !has_row || (!is_null && DatumGetBool(same_output));
  const Datum same_recipe = column(0, 4, &is_null);
  newest.same_recipe = !is_null && DatumGetBool(same_recipe);
  newest.has_active = DatumGetBool(value(0, 5));
  if (sscanf(version, "%d.%d.%d", &newest.major, &newest.minor, &newest.patch) != 3)
    elog(ERROR, "a stored version is not of the form 1.2.3");
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

StoredModel store_model(const TrainRequest& request, const TrainedModel& trained) {
  Parameters person;
  person.add(UUIDPGetDatum(&request.person_id));
  run(lock_person, person, Mode::write);
  if (SPI_processed == 0) raise_not_found("person", &request.person_id);
  const Newest newest = read_newest(request, trained);
  StoredModel stored;
  next_version(newest, stored.version);
  stored.is_active =
      !trained.rejected && (request.deploy == TrainRequest::Deploy::yes ||
                            (request.deploy == TrainRequest::Deploy::when_none_is_active && !newest.has_active));
  char previous[kLongestVersion] = "";
  if (stored.is_active && newest.has_active) {
    run(retire_active, of_type(request), Mode::write);
    // None, when the one that was read as active has been retired by another session meanwhile.
    if (SPI_processed > 0) strlcpy(previous, TextDatumGetCString(value(0, 1)), sizeof previous);
  }
  insert_row(request, trained, stored);
  if (trained.n_metrics > 0) insert_metric_rows(request, trained, stored);
  if (stored.is_active) {
    const char* identity = current_identity();
    Parameters p = of_type(request);
    p.add(CStringGetTextDatum(stored.version));
    p.add_or_null(previous[0] != '\0', CStringGetTextDatum(previous));
    p.add(CStringGetTextDatum("trained"));
    p.add_or_null(identity != nullptr, identity != nullptr ? CStringGetTextDatum(identity) : 0);
    run(insert_deployment, p, Mode::write);
  }
  return stored;
}

}  // namespace glucose::pg
