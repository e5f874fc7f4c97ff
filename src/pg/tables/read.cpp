// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/read.hpp"

#include "core/tasks/meal/features/feature_schema.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

// Both relations may be views over an application's own tables, made again with other types after setup() has looked:
// the casts do nothing to the contract's types and keep any other from being read as them.
#define MEAL_COLUMNS                                                                               \
  "m.eaten_at::pg_catalog.timestamptz, m.meal_id::pg_catalog.uuid, m.meal_type::pg_catalog.text, " \
  "m.calories::pg_catalog.float4, m.carbs_g::pg_catalog.float4, m.protein_g::pg_catalog.float4, "  \
  "m.fat_g::pg_catalog.float4, m.fiber_g::pg_catalog.float4"

Query person_by_id{
    "SELECT person_id, time_zone FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) $1", 1, {UUIDOID}};
Query meal_by_id{"SELECT " MEAL_COLUMNS
                 ", p.person_id, p.time_zone FROM glucose.meal m "
                 "JOIN glucose.person p ON p.person_id OPERATOR(pg_catalog.=) m.person_id "
                 "WHERE m.meal_id OPERATOR(pg_catalog.=) $1",
                 1,
                 {UUIDOID}};
Query meal_by_person_and_id{"SELECT " MEAL_COLUMNS
                            ", p.person_id, p.time_zone FROM glucose.meal m "
                            "JOIN glucose.person p ON p.person_id OPERATOR(pg_catalog.=) m.person_id "
                            "WHERE m.meal_id OPERATOR(pg_catalog.=) $1 AND m.person_id OPERATOR(pg_catalog.=) $2",
                            2,
                            {UUIDOID, UUIDOID}};
Query meals_between{"SELECT " MEAL_COLUMNS
                    " FROM glucose.meal m WHERE m.person_id OPERATOR(pg_catalog.=) $1 "
                    "AND m.eaten_at OPERATOR(pg_catalog.>=) $2 AND m.eaten_at OPERATOR(pg_catalog.<) $3 "
                    "ORDER BY m.eaten_at USING OPERATOR(pg_catalog.<), m.meal_id USING OPERATOR(pg_catalog.<)",
                    3,
                    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};
Query mean_carbs_between{
    "SELECT pg_catalog.avg(carbs_g::pg_catalog.float4) FROM glucose.meal WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND eaten_at OPERATOR(pg_catalog.>=) $2 AND eaten_at OPERATOR(pg_catalog.<) $3",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};
// Bounds are parameters: only leakproof comparisons reach the index under row-level security.
Query readings_between{
    "SELECT measured_at::pg_catalog.timestamptz, mg_dl::pg_catalog.float4, recorded_at::pg_catalog.timestamptz "
    "FROM glucose.glucose_reading "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND measured_at OPERATOR(pg_catalog.>) $2 "
    "AND measured_at OPERATOR(pg_catalog.<=) $3 "
    "ORDER BY measured_at USING OPERATOR(pg_catalog.<)",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};

#define MODEL_COLUMNS \
  "version, algorithm, status, sha256, trained_at, training_end, n_train OPERATOR(pg_catalog.+) n_validation"
Query active_model{"SELECT " MODEL_COLUMNS
                   " FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 "
                   "AND model_type OPERATOR(pg_catalog.=) $2 AND is_active",
                   2,
                   {UUIDOID, TEXTOID}};
Query named_model{"SELECT " MODEL_COLUMNS
                  " FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 "
                  "AND model_type OPERATOR(pg_catalog.=) $2 AND version OPERATOR(pg_catalog.=) $3",
                  3,
                  {UUIDOID, TEXTOID, TEXTOID}};
// At most one experiment runs for a type; the table is small and mostly empty.
#define SERVING_COLUMNS                                                                                          \
  "v.version, v.algorithm, v.status, v.sha256, v.trained_at, v.training_end, "                                   \
  "v.n_train OPERATOR(pg_catalog.+) v.n_validation, e.name, e.kind OPERATOR(pg_catalog.=) 'shadow', e.percent, " \
  "e.salt, "                                                                                                     \
  "e.candidate OPERATOR(pg_catalog.->>) 'population_version'"
#define RUNNING_EXPERIMENT                                                              \
  "LEFT JOIN glucose.experiment e ON e.model_type OPERATOR(pg_catalog.=) v.model_type " \
  "AND e.state OPERATOR(pg_catalog.=) 'running' "
Query serving_model{"SELECT " SERVING_COLUMNS " FROM glucose.model_version v " RUNNING_EXPERIMENT
                    "WHERE v.person_id OPERATOR(pg_catalog.=) $1 AND v.model_type OPERATOR(pg_catalog.=) $2 "
                    "AND v.is_active",
                    2,
                    {UUIDOID, TEXTOID}};
Query serving_population_model{"SELECT " SERVING_COLUMNS " FROM glucose.population_model v " RUNNING_EXPERIMENT
                               "WHERE v.model_type OPERATOR(pg_catalog.=) $1 AND v.is_active",
                               1,
                               {TEXTOID}};
// No row while the candidate's training is under way; a row of nulls when it ended without a model that may serve.
Query candidate_of_person{
    "SELECT v.version, v.algorithm, v.status, v.sha256, v.trained_at, v.training_end, "
    "v.n_train OPERATOR(pg_catalog.+) v.n_validation FROM glucose.experiment_model m "
    "LEFT JOIN glucose.training_job j ON j.person_id OPERATOR(pg_catalog.=) m.person_id "
    "AND j.job_id OPERATOR(pg_catalog.=) m.job_id "
    "LEFT JOIN glucose.model_version v ON v.person_id OPERATOR(pg_catalog.=) m.person_id "
    "AND v.model_type OPERATOR(pg_catalog.=) $2 AND v.version OPERATOR(pg_catalog.=) coalesce(m.version, j.version) "
    "AND v.status OPERATOR(pg_catalog.=) 'ready' "
    "WHERE m.person_id OPERATOR(pg_catalog.=) $1 AND m.experiment OPERATOR(pg_catalog.=) $3 "
    "AND (m.version IS NOT NULL OR j.state OPERATOR(pg_catalog.=) ANY ('{done,failed}'))",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query candidate_of_population{"SELECT " MODEL_COLUMNS
                              " FROM glucose.population_model WHERE model_type OPERATOR(pg_catalog.=) $1 "
                              "AND version OPERATOR(pg_catalog.=) $2 AND status OPERATOR(pg_catalog.=) 'ready'",
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

[[noreturn]] void raise_outside_range(const char* relation, const char* what) {
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg("\"%s\" of a row of glucose.%s is outside its range", what, relation),
                  errhint("The view over your own table must leave such rows out or convert their unit.")));
  pg_unreachable();
}

[[noreturn]] void raise_missing(const char* relation, const char* what) {
  ereport(ERROR,
          (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" of a row of glucose.%s is null", what, relation),
           errhint("The view over your own table must leave such rows out.")));
  pg_unreachable();
}

// Nutrient `i` of a meal's row, in the column of that place; the table checks its range, a view may not.
float nutrient_at(uint64 row, int i, int col) {
  bool is_null;
  const Datum value = column(row, col, &is_null);
  if (is_null) return kUnknown;
  const float amount = DatumGetFloat4(value);
  const FeatureInfo& info = kFeatureTable[static_cast<size_t>(i)];
  if (!(amount >= info.low && amount <= info.high)) raise_outside_range("meal", info.name.data());
  return amount;
}

Datum required(uint64 row, int col, const char* name) {
  bool is_null;
  const Datum value = column(row, col, &is_null);
  if (is_null) raise_missing("meal", name);
  return value;
}

void copy_text(uint64 row, int col, char* out, int size) {
  bool is_null;
  const Datum value = column(row, col, &is_null);
  strlcpy(out, is_null ? "" : TextDatumGetCString(value), static_cast<size_t>(size));
}

MealType meal_type_at(uint64 row, int col) {
  char name[kLongestName];
  copy_text(row, col, name, sizeof name);
  for (int i = 0; i < kMealTypes; ++i)
    if (strcmp(name, kMealTypeNames[static_cast<size_t>(i)]) == 0) return static_cast<MealType>(i);
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized meal_type"),
                  errhint("Meal types are breakfast, lunch, dinner and snack.")));
  pg_unreachable();
}

// Columns 1 … 8 are MEAL_COLUMNS.
Meal meal_at(uint64 row, const char* time_zone) {
  Meal meal;
  meal.eaten_at = DatumGetTimestampTz(required(row, 1, "eaten_at"));
  require_finite_time(meal.eaten_at, "eaten_at");
  memcpy(meal.id.data(), DatumGetUUIDP(required(row, 2, "meal_id"))->data, UUID_LEN);
  meal.type = meal_type_at(row, 3);
  meal.nutrition = {nutrient_at(row, 0, 4), nutrient_at(row, 1, 5), nutrient_at(row, 2, 6), nutrient_at(row, 3, 7),
                    nutrient_at(row, 4, 8)};
  meal.clock = local_clock(meal.eaten_at, time_zone);
  return meal;
}

Person person_at(uint64 row, int id_column) {
  Person person;
  person.id = *DatumGetUUIDP(value(row, id_column));
  copy_text(row, id_column + 1, person.time_zone, sizeof person.time_zone);
  return person;
}

/// Collects readings straight from the executor, without a copy of each tuple.
struct ReadingReceiver {
  DestReceiver base;  // first, so that the executor's pointer is ours
  Reading* rows;
  int64 n, capacity, most;
};

bool receive_reading(TupleTableSlot* slot, DestReceiver* self) {
  auto* receiver = reinterpret_cast<ReadingReceiver*>(self);
  slot_getallattrs(slot);
  if (slot->tts_isnull[1]) return true;  // a sensor's row without a value
  const float mg_dl = DatumGetFloat4(slot->tts_values[1]);
  if (!(mg_dl >= kGlucoseLow && mg_dl <= kGlucoseHigh)) raise_outside_range("glucose_reading", "mg_dl");
  if (receiver->n == receiver->capacity) {
    if (receiver->capacity >= receiver->most)
      ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("too many readings for the memory allowed"),
                      errhint("Raise glucose.max_train_memory, or choose a shorter period.")));
    receiver->capacity *= 2;
    receiver->rows =
        static_cast<Reading*>(repalloc_huge(receiver->rows, static_cast<Size>(receiver->capacity) * sizeof(Reading)));
  }
  const TimestampTz measured_at = DatumGetTimestampTz(slot->tts_values[0]);
  if (TIMESTAMP_NOT_FINITE(measured_at)) raise_outside_range("glucose_reading", "measured_at");
  receiver->rows[receiver->n++] = {measured_at,
                                   slot->tts_isnull[2] ? measured_at : DatumGetTimestampTz(slot->tts_values[2]), mg_dl};
  return true;
}

void start_receiver(DestReceiver*, int, TupleDesc) {}
void end_receiver(DestReceiver*) {}

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
  return model;
}

// Columns 8 … 12 are those of RUNNING_EXPERIMENT.
RunningExperiment experiment_at_first_row() {
  RunningExperiment e;
  if (SPI_processed == 0) return e;
  bool is_null;
  (void)column(0, 8, &is_null);
  if (is_null) return e;
  e.found = true;
  copy_text(0, 8, e.name, sizeof e.name);
  e.is_shadow = DatumGetBool(value(0, 9));
  e.percent = DatumGetInt32(value(0, 10));
  copy_text(0, 11, e.salt, sizeof e.salt);
  copy_text(0, 12, e.population_version, sizeof e.population_version);
  return e;
}

Parameters window(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(TimestampTzGetDatum(from));
  p.add(TimestampTzGetDatum(until));
  return p;
}

}  // namespace

void require_finite_time(TimestampTz at, const char* what) {
  if (TIMESTAMP_NOT_FINITE(at))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" must be a finite time", what)));
}

LocalClock local_clock(TimestampTz at, const char* time_zone) {
  pg_tm local;
  fsec_t fraction;
  int offset, failed;
  // An abbreviation such as CEST is no zone's name, but AT TIME ZONE takes it, and so does the check of person.
  if (pg_tz* zone = pg_tzset(time_zone); zone != nullptr)
    failed = timestamp2tm(at, &offset, &local, &fraction, nullptr, zone);
  else
    failed = timestamp2tm(DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, CStringGetTextDatum(time_zone),
                                                                TimestampTzGetDatum(at))),
                          nullptr, &local, &fraction, nullptr, nullptr);
  if (failed != 0) ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  return {local.tm_hour * 60 + local.tm_min, j2day(date2j(local.tm_year, local.tm_mon, local.tm_mday))};
}

Person read_person(const pg_uuid_t* person_id) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(person_by_id, p, Mode::read);
  if (SPI_processed == 0) raise_not_found("person", person_id);
  const Person person = person_at(0, 1);
  focus_on(&person.id);
  return person;
}

PersonMeal read_meal(const pg_uuid_t* meal_id, const pg_uuid_t* person_id) {
  Parameters p;
  p.add(UUIDPGetDatum(meal_id));
  if (person_id != nullptr) p.add(UUIDPGetDatum(person_id));
  run(person_id != nullptr ? meal_by_person_and_id : meal_by_id, p, Mode::read);
  if (SPI_processed == 0) raise_not_found("meal", meal_id);
  if (SPI_processed > 1)
    ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION), errmsg("more than one person has a meal of this id"),
                    errhint("Name the person: person_id => ....")));
  PersonMeal found;
  found.person = person_at(0, 9);
  focus_on(&found.person.id);
  found.meal = meal_at(0, found.person.time_zone);
  return found;
}

Readings read_readings(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until, Size max_bytes,
                       MemoryContext context) {
  ReadingReceiver receiver = {};
  receiver.base.receiveSlot = receive_reading;
  receiver.base.rStartup = start_receiver;
  receiver.base.rShutdown = end_receiver;
  receiver.base.rDestroy = end_receiver;
  receiver.base.mydest = DestNone;
  receiver.capacity = 1024;
  receiver.most = static_cast<int64>(max_bytes / sizeof(Reading) / 2);
  receiver.rows = static_cast<Reading*>(MemoryContextAlloc(context, 1024 * sizeof(Reading)));
  stream(readings_between, window(person_id, from, until), &receiver.base);
  return {receiver.rows, receiver.n};
}

Meals read_meals(const Person& person, TimestampTz from, TimestampTz until, MemoryContext context) {
  run(meals_between, window(&person.id, from, until), Mode::read);
  Meals meals{nullptr, static_cast<int64>(SPI_processed)};
  meals.rows = static_cast<Meal*>(MemoryContextAllocHuge(context, sizeof(Meal) * (SPI_processed + 1)));
  for (uint64 row = 0; row < SPI_processed; ++row) meals.rows[row] = meal_at(row, person.time_zone);
  SPI_freetuptable(SPI_tuptable);  // a population's training reads thousands of persons' in one call
  return meals;
}

float read_mean_carbs(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until) {
  run(mean_carbs_between, window(person_id, from, until), Mode::read);
  bool is_null;
  const Datum mean = column(0, 1, &is_null);
  return is_null ? kUnknown : static_cast<float>(DatumGetFloat8(mean));
}

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
  run(row.is_population ? artifact_of_population : artifact_of_person, p, Mode::read);
  if (SPI_processed == 0) return nullptr;
  const Datum bytes = value(0, 1);
  MemoryContext inside = MemoryContextSwitchTo(context);
  bytea* artifact = DatumGetByteaPCopy(bytes);
  MemoryContextSwitchTo(inside);
  return artifact;
}

}  // namespace glucose::pg
