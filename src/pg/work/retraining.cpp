// SPDX-License-Identifier: PostgreSQL
#include "pg/work/retraining.hpp"

#include <cmath>
#include <limits>

#include "pg/boundary/attempt.hpp"
#include "pg/tables/jobs.hpp"
#include "pg/tables/person_lock.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

Query why_due{
    "SELECT CASE WHEN $3 IS NULL THEN c.reasons ELSE pg_catalog.array_append(c.reasons, $3) END "
    "FROM glucose.check_retraining($1, $2) AS c WHERE $3 IS NOT NULL OR glucose.retraining_is_due($1, $2)",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query reasons_of{
    "SELECT c.reasons OPERATOR(pg_catalog.||) CASE WHEN $3 THEN '{forced}' ELSE '{}' END::pg_catalog.text[] "
    "FROM glucose.check_retraining($1, $2, $4) AS c",
    4,
    {UUIDOID, TEXTOID, BOOLOID, TIMESTAMPTZOID}};
Query recipe_of{"SELECT r.algorithm, r.settings FROM glucose.retraining_recipe($1, $2, $3, $4) AS r",
                4,
                {UUIDOID, TEXTOID, JSONBOID, TIMESTAMPTZOID}};
// No row: it is not due.
Query due_recipe{
    "SELECT r.algorithm, r.settings FROM glucose.retraining_recipe($1, $2) AS r "
    "WHERE $3 IS NOT NULL OR glucose.retraining_is_due($1, $2)",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
// start_at and end_at chose the rows, which are compared themselves; horizons are of the outcome.
#define RECIPE(hyperparameters) \
  "(" hyperparameters " OPERATOR(pg_catalog.-) '{horizons,start_at,end_at}'::pg_catalog.text[])"
Query twin{
    "SELECT v.version FROM glucose.model_version v WHERE v.person_id OPERATOR(pg_catalog.=) $1 "
    "AND v.model_type OPERATOR(pg_catalog.=) $2 "
    "AND v.metadata OPERATOR(pg_catalog.->>) 'data_sha256' OPERATOR(pg_catalog.=) $3 "
    "AND NOT v.metadata OPERATOR(pg_catalog.?) 'refreshes' "
    "AND v.metadata OPERATOR(pg_catalog.->>) 'extension_version' OPERATOR(pg_catalog.=) '" PGG_VERSION
    "' "
    "AND coalesce(v.metadata OPERATOR(pg_catalog.->>) 'population_version', $4) OPERATOR(pg_catalog.=) $4 "
    "AND " RECIPE("v.hyperparameters") " OPERATOR(pg_catalog.=) " RECIPE(
        "$5") " ORDER BY v.trained_at USING OPERATOR(pg_catalog.>) LIMIT 1",
    5,
    {UUIDOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID}};
Query judge{
    "SELECT j.status, j.reason, j.current_version, j.mae_current, j.mae_candidate, j.ci_low, j.ci_high, j.n "
    "FROM glucose.judge_candidate($1, $2, $3) AS j",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query deploy{"SELECT glucose.deploy_model($1, $2, $3, 'retraining: ' OPERATOR(pg_catalog.||) $4)",
             4,
             {UUIDOID, TEXTOID, TEXTOID, TEXTOID}};
Query archive{
    "UPDATE glucose.model_version SET status = 'archived' WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND model_type OPERATOR(pg_catalog.=) $2 AND version OPERATOR(pg_catalog.=) $3 "
    "AND status OPERATOR(pg_catalog.=) 'ready' AND NOT is_active",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query insert_log{
    "INSERT INTO glucose.retraining_log (person_id, model_type, tried_at, status, reason, due_because, version, "
    "current_version, mae_current, mae_candidate, ci_low, ci_high, n) "
    "VALUES ($1, $2, coalesce($3, pg_catalog.clock_timestamp()), $4, $5, coalesce($6, '{}'), $7, $8, $9, $10, $11, "
    "$12, "
    "$13)",
    13,
    {UUIDOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID,
     FLOAT8OID, FLOAT8OID, INT4OID}};

Parameters of_type(const Retraining& retraining) {
  Parameters p;
  p.add(UUIDPGetDatum(&retraining.person_id));
  p.add(CStringGetTextDatum(retraining.model_type));
  return p;
}

Parameters with_reason(const Retraining& retraining) {
  Parameters p = of_type(retraining);
  const char* reason = retraining.beside_policy;
  p.add_or_null(reason != nullptr, reason != nullptr ? CStringGetTextDatum(reason) : 0);
  return p;
}

Parameters of_version(const Retraining& retraining, const char* version) {
  Parameters p = of_type(retraining);
  p.add(CStringGetTextDatum(version));
  return p;
}

void add_text_if_any(Parameters& p, const char* text) {
  p.add_or_null(text[0] != '\0', CStringGetTextDatum(text));
}

Settlement nothing_settled() {
  Settlement s;
  s.mae_current = s.mae_candidate = s.ci_low = s.ci_high = std::numeric_limits<double>::quiet_NaN();
  return s;
}

void write_log(const Retraining& retraining, const Settlement& s) {
  Parameters p = of_type(retraining);
  p.add_or_null(retraining.has_as_of, TimestampTzGetDatum(retraining.as_of));
  p.add(CStringGetTextDatum(s.status));
  p.add(CStringGetTextDatum(s.reason));
  p.add_or_null(retraining.due_because != nullptr, PointerGetDatum(retraining.due_because));
  add_text_if_any(p, s.version);
  add_text_if_any(p, s.current_version);
  for (const double number : {s.mae_current, s.mae_candidate, s.ci_low, s.ci_high})
    p.add_or_null(!std::isnan(number), Float8GetDatum(number));
  p.add_or_null(s.n >= 0, Int32GetDatum(s.n));
  run(insert_log, p, Mode::as_owner);
}

// What the row says, kept in `context`.
void take_reasons(Retraining& retraining, MemoryContext context) {
  const Datum reasons = value(0, 1);
  MemoryContext inside = MemoryContextSwitchTo(context);
  retraining.due_because = DatumGetArrayTypePCopy(reasons);
  MemoryContextSwitchTo(inside);
}

Settlement judgement_at_first_row(const char* version) {
  Settlement s = nothing_settled();
  strlcpy(s.version, version, sizeof s.version);
  copy_text(0, 1, s.status, sizeof s.status);
  s.reason = TextDatumGetCString(value(0, 2));
  copy_text(0, 3, s.current_version, sizeof s.current_version);
  s.mae_current = number_or_nan(0, 4);
  s.mae_candidate = number_or_nan(0, 5);
  s.ci_low = number_or_nan(0, 6);
  s.ci_high = number_or_nan(0, 7);
  bool is_null;
  const Datum n = column(0, 8, &is_null);
  if (!is_null) s.n = DatumGetInt32(n);
  return s;
}

}  // namespace

bool find_reasons(Retraining& retraining, MemoryContext context) {
  run(why_due, with_reason(retraining), Mode::write);
  if (SPI_processed == 0) return false;
  take_reasons(retraining, context);
  return true;
}

const char* find_twin(const TrainingRun& training) {
  static const std::vector<int> no_horizons{0};  // not compared
  const TrainRequest& request = *training.request;
  Parameters p;
  p.add(UUIDPGetDatum(&request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  p.add(CStringGetTextDatum(training.data_digest));
  p.add(CStringGetTextDatum(training.population_version));
  p.add(JsonbPGetDatum(hyperparameters(request, no_horizons)));
  run(twin, p, Mode::write);
  if (SPI_processed == 0) return nullptr;
  return psprintf("nothing new to learn from since version %s", TextDatumGetCString(value(0, 1)));
}

Settlement settle_candidate(const Retraining& retraining, const char* version) {
  lock_person(&retraining.person_id);
  run(judge, of_version(retraining, version), Mode::write);
  const Settlement s = judgement_at_first_row(version);
  const bool wins = strcmp(s.status, "deployed") == 0;
  if (wins) {
    Parameters p = of_version(retraining, version);
    p.add(CStringGetTextDatum(s.reason));
    run(deploy, p, Mode::write);
  }
  // Who does not serve, but might again: the one that was replaced, or the one that lost.
  if (!wins || s.current_version[0] != '\0')
    run(archive, of_version(retraining, wins ? s.current_version : version), Mode::as_owner);
  write_log(retraining, s);
  return s;
}

Settlement log_skipped(const Retraining& retraining, const char* reason) {
  lock_person(&retraining.person_id);
  Settlement s = nothing_settled();
  s.reason = reason;
  write_log(retraining, s);
  return s;
}

namespace {

Parameters of_request(const RetrainRequest& request, Datum third) {
  Parameters p = of_type(request.retraining);
  p.add(third);
  p.add_or_null(request.retraining.has_as_of, TimestampTzGetDatum(request.retraining.as_of));
  return p;
}

Settlement train_and_settle(RetrainRequest& request, MemoryContext work) {
  Retraining& retraining = request.retraining;
  run(reasons_of, of_request(request, BoolGetDatum(request.forced)), Mode::write);
  take_reasons(retraining, work);  // known also when the training fails
  run(recipe_of, of_request(request, JsonbPGetDatum(request.options)), Mode::write);
  const char* algorithm = TextDatumGetCString(value(0, 1));
  TrainRequest candidate =
      make_train_request(&retraining.person_id, retraining.model_type, algorithm, DatumGetJsonbP(value(0, 2)));
  TrainingRun training = read_training(candidate, work);
  start_training(training);
  const char* needless = request.forced ? nullptr : find_twin(training);
  if (needless != nullptr) return log_skipped(retraining, needless);
  finish_training(training);
  measure_training(training);
  return settle_candidate(retraining, store_training(training).model.version);
}

}  // namespace

// A training that fails changes nothing but the log.
Settlement retrain(RetrainRequest& request) {
  MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "pg_glucose retraining", ALLOCSET_DEFAULT_SIZES);
  auto* settled = static_cast<Settlement*>(MemoryContextAllocZero(CurrentMemoryContext, sizeof(Settlement)));
  const ErrorData* failure = attempt([&] { *settled = train_and_settle(request, work); });
  if (failure != nullptr)
    *settled =
        log_skipped(request.retraining, psprintf("%s: %s", unpack_sql_state(failure->sqlerrcode), failure->message));
  MemoryContextDelete(work);
  return *settled;
}

bool queue_retraining(const Retraining& retraining) {
  run(due_recipe, with_reason(retraining), Mode::write);
  if (SPI_processed == 0) return false;
  const char* algorithm = TextDatumGetCString(value(0, 1));
  Jsonb* options = DatumGetJsonbP(value(0, 2));
  const TrainRequest request = make_train_request(&retraining.person_id, retraining.model_type, algorithm, options);
  return queue_job(request, options, true, retraining.beside_policy) != nullptr;
}

}  // namespace glucose::pg
