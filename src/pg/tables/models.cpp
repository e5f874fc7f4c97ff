// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/models.hpp"

#include <limits>

#include "core/model/model_cache.hpp"
#include "core/training/quality.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/erasure.hpp"
#include "pg/tables/kept.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"

namespace glucose::pg {

namespace {

// The words of judge_quality(), of who was no better than persistence on test.
#define LOSES_ON_TEST "no better than persistence on test"
#define LOSES_ON_BOTH "no better than persistence on validation and test"
static_assert(kLosesOnTest == LOSES_ON_TEST && kLosesOnBoth == LOSES_ON_BOTH);
// As model_at_first_row() reads them.
// A person's version that was withdrawn loses, too.
#define OR_WITHDRAWN(v) " OR " v "withdrawn_at IS NOT NULL"
#define MODEL_COLUMNS(v, or_withdrawn)                                                                                 \
  v "version, " v "algorithm, " v "status, " v "sha256, " v "trained_at, " v "training_end, " v                        \
    "n_train OPERATOR(pg_catalog.+) " v "n_validation, " v "feature_schema, " v                                        \
    "algorithm OPERATOR(pg_catalog.<>) 'persistence' AND " v "quality_issues OPERATOR(pg_catalog.&&) '{" LOSES_ON_TEST \
    "," LOSES_ON_BOTH "}'::pg_catalog.text[]" or_withdrawn ", " v "artifact_taken_at IS NULL"
Query active_model{"SELECT " MODEL_COLUMNS("", OR_WITHDRAWN(""))
                   " FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 "
                   "AND model_type OPERATOR(pg_catalog.=) $2 AND is_active",
                   2,
                   {UUIDOID, TEXTOID}};
Query named_model{"SELECT " MODEL_COLUMNS("", OR_WITHDRAWN(""))
                  " FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 "
                  "AND model_type OPERATOR(pg_catalog.=) $2 AND version OPERATOR(pg_catalog.=) $3",
                  3,
                  {UUIDOID, TEXTOID, TEXTOID}};
Query rejected_model{"SELECT " MODEL_COLUMNS("", OR_WITHDRAWN(""))
                     " FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 "
                     "AND model_type OPERATOR(pg_catalog.=) $2 AND status OPERATOR(pg_catalog.=) 'rejected' "
                     "AND artifact_taken_at IS NULL ORDER BY trained_at USING OPERATOR(pg_catalog.>) LIMIT 1",
                     2,
                     {UUIDOID, TEXTOID}};
Query population_model{
    "SELECT " MODEL_COLUMNS(
        "", "") " FROM glucose.population_model WHERE model_type OPERATOR(pg_catalog.=) $1 AND is_active",
    1,
    {TEXTOID}};
Query population_version{"SELECT " MODEL_COLUMNS("", "")
                         " FROM glucose.population_model WHERE model_type OPERATOR(pg_catalog.=) $1 "
                         "AND version OPERATOR(pg_catalog.=) $2",
                         2,
                         {TEXTOID, TEXTOID}};
// At most one experiment runs for a type; the table is small and mostly empty.
#define SERVING_COLUMNS(or_withdrawn)                                     \
  MODEL_COLUMNS("v.", or_withdrawn)                                       \
  ", e.name, e.kind OPERATOR(pg_catalog.=) 'shadow', e.percent, e.salt, " \
  "e.candidate OPERATOR(pg_catalog.->>) 'population_version'"
#define RUNNING_EXPERIMENT                                                              \
  "LEFT JOIN glucose.experiment e ON e.model_type OPERATOR(pg_catalog.=) v.model_type " \
  "AND e.state OPERATOR(pg_catalog.=) 'running' "
Query serving_model{"SELECT " SERVING_COLUMNS(OR_WITHDRAWN(
                        "v.")) " FROM glucose.model_version v " RUNNING_EXPERIMENT
                               "WHERE v.person_id OPERATOR(pg_catalog.=) $1 AND v.model_type OPERATOR(pg_catalog.=) $2 "
                               "AND v.is_active",
                    2,
                    {UUIDOID, TEXTOID}};
Query serving_population_model{
    "SELECT " SERVING_COLUMNS("") " FROM glucose.population_model v " RUNNING_EXPERIMENT
                                  "WHERE v.model_type OPERATOR(pg_catalog.=) $1 AND v.is_active",
    1,
    {TEXTOID}};
// No row while the candidate's training is under way; a row of nulls when it ended without a model that may serve.
Query candidate_of_person{
    "SELECT " MODEL_COLUMNS("v.", OR_WITHDRAWN("v.")) " FROM glucose.experiment_model m "
    "LEFT JOIN glucose.training_job j ON j.person_id OPERATOR(pg_catalog.=) m.person_id "
    "AND j.job_id OPERATOR(pg_catalog.=) m.job_id "
    "LEFT JOIN glucose.model_version v ON v.person_id OPERATOR(pg_catalog.=) m.person_id "
    "AND v.model_type OPERATOR(pg_catalog.=) $2 AND v.version OPERATOR(pg_catalog.=) coalesce(m.version, j.version) "
    "AND v.status OPERATOR(pg_catalog.=) 'ready' AND v.artifact_taken_at IS NULL "
    "WHERE m.person_id OPERATOR(pg_catalog.=) $1 AND m.experiment OPERATOR(pg_catalog.=) $3 "
    "AND (m.version IS NOT NULL OR j.state OPERATOR(pg_catalog.=) ANY ('{done,failed}'))",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query candidate_of_population{"SELECT " MODEL_COLUMNS("", "")
                              " FROM glucose.population_model WHERE model_type OPERATOR(pg_catalog.=) $1 "
                              "AND version OPERATOR(pg_catalog.=) $2 AND status OPERATOR(pg_catalog.=) 'ready' "
                              "AND artifact_taken_at IS NULL",
                              2,
                              {TEXTOID, TEXTOID}};
Query artifact_of_person{
    "SELECT artifact FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND model_type OPERATOR(pg_catalog.=) $2 AND version OPERATOR(pg_catalog.=) $3",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query artifact_of_population{
    "SELECT artifact FROM glucose.population_model WHERE model_type OPERATOR(pg_catalog.=) $1 "
    "AND version OPERATOR(pg_catalog.=) $2",
    2,
    {TEXTOID, TEXTOID}};

ModelCache& cache() {
  static ModelCache* instance = nullptr;
  if (instance == nullptr) {
    MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_glucose models", ALLOCSET_SMALL_SIZES);
    instance = owned<ModelCache>(context, [] { return ModelCache(); });
  }
  return *instance;
}

bool is_to_be_cleared = false;  // when the statement has ended that a call within it asked for it

int clear_models() {
  const auto all = static_cast<int>(cache().stats().entries);
  is_to_be_cleared = is_within_statement();
  if (!is_to_be_cleared) guarded([] { (void)cache().clear(); });
  return all;
}

// The key of the cache must be what the bytes really are, or a forged row could answer for another one.
void require_digest(const bytea* artifact, const uint8* expected) {
  uint8 actual[kSha256Bytes];
  glucose::pg::sha256(VARDATA_ANY(artifact), static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact)), actual);
  if (memcmp(actual, expected, sizeof actual) == 0) return;
  failing_plainly();
  ereport(ERROR, (errcode(kModelMismatch), errmsg("model artifact does not match its sha256"),
                  errhint("Train the model again, or deploy another version.")));
}

ModelRow model_at_first_row(bool is_population) {
  ModelRow model;
  if (SPI_processed == 0) return model;
  model.found = true;
  model.is_population = is_population;
  copy_text(0, 1, model.version, sizeof model.version);
  copy_text(0, 2, model.algorithm, sizeof model.algorithm);
  copy_text(0, 3, model.status, sizeof model.status);
  const bytea* digest = DatumGetByteaPP(value(0, 4));
  if (VARSIZE_ANY_EXHDR(digest) != sizeof model.sha256) elog(ERROR, "a model's sha256 has a wrong length");
  memcpy(model.sha256, VARDATA_ANY(digest), sizeof model.sha256);
  model.trained_at = DatumGetTimestampTz(value(0, 5));
  model.training_end = DatumGetTimestampTz(value(0, 6));
  model.data_points = DatumGetInt32(value(0, 7));
  copy_text(0, 8, model.feature_schema, sizeof model.feature_schema);
  model.loses = DatumGetBool(value(0, 9));
  model.has_artifact = DatumGetBool(value(0, 10));
  return model;
}

// Columns 11 … 15 are those of RUNNING_EXPERIMENT.
RunningExperiment experiment_at_first_row() {
  RunningExperiment e;
  if (SPI_processed == 0) return e;
  bool is_null;
  (void)column(0, 11, &is_null);
  if (is_null) return e;
  e.found = true;
  copy_text(0, 11, e.name, sizeof e.name);
  e.is_shadow = DatumGetBool(value(0, 12));
  e.percent = DatumGetInt32(value(0, 13));
  copy_text(0, 14, e.salt, sizeof e.salt);
  copy_text(0, 15, e.population_version, sizeof e.population_version);
  return e;
}

}  // namespace

ModelRow read_model(const pg_uuid_t* person_id, const char* model_type, const char* version) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  if (version != nullptr) p.add(CStringGetTextDatum(version));
  run(version != nullptr ? named_model : active_model, p, Mode::read);
  return model_at_first_row(false);
}

ModelRow read_serving_model(const pg_uuid_t* person_id, const char* model_type, RunningExperiment* experiment) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  run(serving_model, p, Mode::read);
  *experiment = experiment_at_first_row();
  return model_at_first_row(false);
}

ModelRow read_serving_population_model(const char* model_type, RunningExperiment* experiment) {
  Parameters p;
  p.add(CStringGetTextDatum(model_type));
  run(serving_population_model, p, Mode::read);
  *experiment = experiment_at_first_row();
  return model_at_first_row(true);
}

TriedModel read_candidate(const RunningExperiment& experiment, const pg_uuid_t* person_id, const char* model_type) {
  const bool is_population = experiment.population_version[0] != '\0';
  Parameters p;
  if (!is_population) p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(is_population ? experiment.population_version : experiment.name));
  run(is_population ? candidate_of_population : candidate_of_person, p, Mode::read);
  TriedModel candidate;
  candidate.decided = SPI_processed > 0;
  bool is_null = true;
  if (candidate.decided) (void)column(0, 1, &is_null);
  if (!is_null) candidate.row = model_at_first_row(is_population);
  return candidate;
}

bytea* read_artifact(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type, MemoryContext context) {
  Parameters p;
  if (!row.is_population) p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(row.version));
  // The weights of a population reach a caller through serving only; the version is one it has just been shown.
  if (row.is_population)
    run(artifact_of_population, p, Mode::read_as_owner);
  else
    run(artifact_of_person, p, Mode::read);
  if (SPI_processed == 0) return nullptr;
  const Datum bytes = value(0, 1);
  MemoryContext inside = MemoryContextSwitchTo(context);
  bytea* artifact = DatumGetByteaPCopy(bytes);
  MemoryContextSwitchTo(inside);
  return artifact;
}

ModelRow read_rejected_model(const pg_uuid_t* person_id, const char* model_type) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  run(rejected_model, p, Mode::read);
  return model_at_first_row(false);
}

ModelRow read_population_model(const char* model_type) {
  Parameters p;
  p.add(CStringGetTextDatum(model_type));
  run(population_model, p, Mode::read);
  return model_at_first_row(true);
}

ModelRow read_population_version(const char* model_type, const char* version) {
  Parameters p;
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(version));
  run(population_version, p, Mode::read);
  return model_at_first_row(true);
}

void raise_no_artifact(const char* kind, const char* version) {
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("%s version \"%s\" has no artifact any more", kind, clipped(version)),
                  errdetail("Versions that have been replaced lose it, and keep their row and their errors."),
                  errhint("Name one that has_artifact, as listed by glucose.%s(), or train again.",
                          strcmp(kind, "model") == 0 ? "list_model_versions" : "list_population_models")));
  pg_unreachable();
}

ModelRow require_model(const pg_uuid_t* person_id, const char* model_type, const char* version) {
  const ModelRow row = read_model(person_id, model_type, version);
  if (row.found && !row.has_artifact) raise_no_artifact("model", row.version);
  if (row.found) return row;
  failing_plainly();
  if (version != nullptr)
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("model version \"%s\" not found", clipped(version)),
                    errhint("Versions are listed by glucose.list_model_versions().")));
  ereport(ERROR, (errcode(kNoModel), errmsg("no active model of type \"%s\" for this person", clipped(model_type)),
                  errhint("Run SELECT glucose.train_model(person_id, '%s'), or let a version that is there serve by "
                          "glucose.deploy_model().",
                          clipped(model_type))));
  pg_unreachable();
}

namespace {

// The weights of a row that has just been shown, as its digest says; who decodes them wipes them.
bytea* require_artifact(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type) {
  require_counted();
  bytea* artifact = read_artifact(row, person_id, model_type, CurrentMemoryContext);
  if (artifact == nullptr) {
    failing_plainly();
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("model version \"%s\" not found", row.version),
                    errhint("It has been deleted meanwhile; ask again.")));
  }
  require_digest(artifact, row.sha256);
  return artifact;
}

std::span<const uint8> bytes_in(const bytea* artifact) {
  return {reinterpret_cast<const uint8*>(VARDATA_ANY(artifact)), static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact))};
}

void wipe(bytea* artifact) {
  explicit_bzero(VARDATA_ANY(artifact), static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact)));
}

}  // namespace

const AnyModel* load_model(const Task& task, const ModelRow& row, const pg_uuid_t* person_id, const char* model_type) {
  require_counted();
  Digest digest;
  memcpy(digest.data(), row.sha256, digest.size());
  const CachedModel* cached = nullptr;
  ModelCache& models = cache();
  static uint64 erasures = 0;
  if (!is_within_statement() && (somebody_was_erased(&erasures) || is_to_be_cleared)) clear_models();
  guarded([&] { cached = models.find(digest); });
  // Bytes of another task are decoded again, and the decoder says that they do not fit.
  if (cached != nullptr && cached->task == &task) return cached->model.get();
  bytea* artifact = require_artifact(row, person_id, model_type);
  const std::span<const uint8> bytes = bytes_in(artifact);
  // Who runs the statement that this call is within goes on with a model of the cache.
  const auto limit = is_within_statement() ? std::numeric_limits<std::size_t>::max() : settings::cache_bytes();
  guarded([&] { cached = models.insert(digest, {&task, task.decode(bytes)}, bytes.size(), limit); });
  // What stays of the weights in this backend is the cache's, which wipes what it drops.
  wipe(artifact);
  return cached->model.get();
}

const AnyModel* load_own_model(const Task& task, const ModelRow& row, const pg_uuid_t* person_id,
                               const char* model_type, MemoryContext context) {
  bytea* artifact = require_artifact(row, person_id, model_type);
  const std::span<const uint8> bytes = bytes_in(artifact);
  const AnyModel* model = owned<std::unique_ptr<AnyModel>>(context, [&] { return task.decode(bytes); })->get();
  wipe(artifact);
  return model;
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(invalidate_cache) {
  const int n = clear_models();
  forget_kept();
  PG_RETURN_INT32(n);
}

SQL_FUNCTION(cache_stats) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const auto stats = cache().stats();
  Datum values[5] = {Int64GetDatum(stats.entries), Int64GetDatum(stats.bytes), Int64GetDatum(stats.hits),
                     Int64GetDatum(stats.misses), Int64GetDatum(stats.evictions)};
  bool nulls[5] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
