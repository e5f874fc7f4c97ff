// SPDX-License-Identifier: PostgreSQL
// predict_glucose, predict_meal, predict_cgm and the same as rows: read the question, compute, write the answer.
#include "core/tasks/cgm/task.hpp"
#include "core/tasks/meal/task.hpp"
#include "pg/boundary/about.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/attempt.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/kept.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/document.hpp"
#include "pg/work/given_meal.hpp"
#include "pg/work/prediction_log.hpp"
#include "pg/work/serving.hpp"

using namespace glucose::pg;
using glucose::Answer;
using glucose::GlucoseUnit;
using glucose::SensorState;

namespace {

Asking read_request(FunctionCallInfo fcinfo, const glucose::Task& task, int options) {
  Asking asking = read_asking(task, jsonb_argument(fcinfo, options, "options"));
  asking.is_logged = true;
  require_disclaimer(asking.lang);
  return asking;
}

// In a statement over many, errors name the one.
constexpr const char kAfterMeal[] = "forecast after meal";

Jsonb* serve(const Asking& asking, instr_time started, MemoryContext caller) {
  Served served = read_served(asking, CurrentMemoryContext);
  const GlucoseUnit unit = asking.unit_of_document();
  const Answer* answer = served.is_answered() ? nullptr : compute(served);
  const SensorState sensor = served.is_answered() ? said_of<SensorState>(served.repeated) : answer->sensor;
  Jsonb* predictions = served.repeated.found ? served.repeated.predictions
                                             : to_jsonb(predictions_text(served, *answer, GlucoseUnit::mg_dl));
  served.last_used = last_use(served);
  const pg_uuid_t* logged = log_prediction(served, answer, predictions, bytes_of_said(sensor), started);
  settle(&asking.person.id, sensor.last_reading_at);
  if (unit != GlucoseUnit::mg_dl && answer != nullptr) predictions = to_jsonb(predictions_text(served, *answer, unit));
  MemoryContext inside = MemoryContextSwitchTo(caller);
  Jsonb* document = answer_document(served, sensor, predictions, logged);
  MemoryContextSwitchTo(inside);
  return document;
}

constexpr int kForecastColumns = 8;
// Of many meals: the meal, the columns of a forecast, SQLSTATE and message.
constexpr int kMealColumns = kForecastColumns + 3;

void put_rows(ReturnSetInfo* result, const Asking& asking, bool of_many) {
  const Served served = read_served(asking, CurrentMemoryContext);
  const Answer& answer = *compute(served);
  const Datum version = CStringGetTextDatum(served.row.version);
  for (size_t i = 0; i < static_cast<size_t>(answer.n); ++i) {
    const glucose::Expected& e = answer.expected[i];
    const Shown row = shown(asking.question, e);
    Datum values[kMealColumns] = {
        UUIDPGetDatum(asking.meal_id),
        Int32GetDatum(e.minutes_ahead),
        TimestampTzGetDatum(asking.question.at + e.minutes_ahead * glucose::kMinute),
        asking.glucose(row.value),
        asking.glucose(row.lower),
        asking.glucose(row.upper),
        CStringGetTextDatum(glucose::kConfidenceNames[static_cast<size_t>(answer.confidence_at(i))]),
        Float4GetDatum(e.score),
        version};
    bool nulls[kMealColumns] = {};
    nulls[kMealColumns - 2] = nulls[kMealColumns - 1] = true;
    const int first = of_many ? 0 : 1;
    tuplestore_putvalues(result->setResult, result->setDesc, values + first, nulls + first);
  }
}

void serve_rows(FunctionCallInfo fcinfo, const Asking& asking) {
  put_rows(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), asking, false);
}

// A cancelled statement ends between two meals; who asks for too many is told before the first.
constexpr int64 kMostMeals = 2000;

void require_few_meals(int64 n) {
  if (n <= kMostMeals) return;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("at most " INT64_FORMAT " meals can be forecast in one call", kMostMeals),
                  errdetail("There are " INT64_FORMAT " in this period.", n), errhint("Ask for them in parts.")));
}

void put_failure_of(ReturnSetInfo* result, const pg_uuid_t* meal_id, const ErrorData& failure) {
  Datum values[kMealColumns] = {UUIDPGetDatum(meal_id)};
  bool nulls[kMealColumns] = {};
  for (int i = 1; i <= kForecastColumns; ++i) nulls[i] = true;
  values[kMealColumns - 2] = CStringGetTextDatum(unpack_sql_state(failure.sqlerrcode));
  values[kMealColumns - 1] = CStringGetTextDatum(failure.message);
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

COUNTED_FUNCTION(predict_glucose, prediction) {
  MemoryContext caller = CurrentMemoryContext;
  instr_time started;
  INSTR_TIME_SET_CURRENT(started);
  const pg_uuid_t* meal_id = uuid_argument(fcinfo, 0, "meal_id");
  Asking asking = read_request(fcinfo, glucose::kMealTask, 1);
  About about;
  begin_about(about, kAfterMeal, meal_id);
  begin(Volatility::is_volatile);
  ask_about_meal(asking, read_kept_meal(meal_id, optional_uuid_argument(fcinfo, 2)));
  asking.meal_id = meal_id;
  Jsonb* document = serve(asking, started, caller);
  end(Volatility::is_volatile);
  end_about(about);
  PG_RETURN_JSONB_P(document);
}

COUNTED_FUNCTION(predict_meal, prediction) {
  MemoryContext caller = CurrentMemoryContext;
  instr_time started;
  INSTR_TIME_SET_CURRENT(started);
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  Jsonb* meal = jsonb_argument(fcinfo, 1, "meal");
  Asking asking = read_request(fcinfo, glucose::kMealTask, 2);
  About about;
  begin_about(about, kOfPerson, person_id);
  begin(Volatility::is_volatile);
  PersonMeal what;
  what.person = read_person(person_id);
  what.meal = read_given_meal(meal, what.person);
  ask_about_meal(asking, what);
  Jsonb* document = serve(asking, started, caller);
  end(Volatility::is_volatile);
  end_about(about);
  PG_RETURN_JSONB_P(document);
}

COUNTED_FUNCTION(predict_cgm, prediction) {
  MemoryContext caller = CurrentMemoryContext;
  instr_time started;
  INSTR_TIME_SET_CURRENT(started);
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz at = time_argument(fcinfo, 1, "at");
  Asking asking = read_request(fcinfo, glucose::kCgmTask, 2);
  About about;
  begin_about(about, kOfPerson, person_id);
  begin(Volatility::is_volatile);
  ask_about_moment(asking, person_id, at);
  Jsonb* document = serve(asking, started, caller);
  end(Volatility::is_volatile);
  end_about(about);
  PG_RETURN_JSONB_P(document);
}

COUNTED_FUNCTION(glucose_forecast, prediction) {
  const pg_uuid_t* meal_id = uuid_argument(fcinfo, 0, "meal_id");
  Asking asking = read_asking(glucose::kMealTask, jsonb_argument(fcinfo, 1, "options"), true);
  InitMaterializedSRF(fcinfo, 0);
  About about;
  begin_about(about, kAfterMeal, meal_id);
  begin(Volatility::stable);
  serve_or_skip(asking, [&] {
    ask_about_meal(asking, read_kept_meal(meal_id, optional_uuid_argument(fcinfo, 2)));
    serve_rows(fcinfo, asking);
  });
  end(Volatility::stable);
  end_about(about);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(cgm_forecast, prediction) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz at = time_argument(fcinfo, 1, "at");
  Asking asking = read_asking(glucose::kCgmTask, jsonb_argument(fcinfo, 2, "options"), true);
  InitMaterializedSRF(fcinfo, 0);
  About about;
  begin_about(about, kOfPerson, person_id);
  begin(Volatility::stable);
  serve_or_skip(asking, [&] {
    ask_about_moment(asking, person_id, at);
    serve_rows(fcinfo, asking);
  });
  end(Volatility::stable);
  end_about(about);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(forecast_meals, expensive) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz start_at = time_argument(fcinfo, 1, "start_at"), end_at = time_argument(fcinfo, 2, "end_at");
  Asking asking = read_asking(glucose::kMealTask, jsonb_argument(fcinfo, 3, "options"), true);
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  begin(Volatility::stable);
  (void)read_person(person_id);
  const MealIds meals = read_meal_ids(person_id, start_at, end_at);
  require_few_meals(meals.n);
  MemoryContext of_meal = AllocSetContextCreate(CurrentMemoryContext, "pg_glucose meal", ALLOCSET_DEFAULT_SIZES);
  MemoryContext outside = MemoryContextSwitchTo(of_meal);
  for (int64 i = 0; i < meals.n; ++i) {
    CHECK_FOR_INTERRUPTS();
    MemoryContextReset(of_meal);
    asking.meal_id = &meals.ids[i];
    const ErrorData* failure = attempt_plainly([&] {
      ask_about_meal(asking, read_kept_meal(asking.meal_id, person_id));
      put_rows(result, asking, true);
    });
    if (failure != nullptr && !asking.skip_errors) put_failure_of(result, asking.meal_id, *failure);
  }
  MemoryContextSwitchTo(outside);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
