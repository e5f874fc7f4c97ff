// SPDX-License-Identifier: PostgreSQL
// predict_glucose, predict_meal, glucose_forecast: read the request, compute, write the answer.
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/prediction_log.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/document.hpp"
#include "pg/work/given_meal.hpp"
#include "pg/work/serving.hpp"

using namespace glucose::pg;

namespace {

struct Request {
  PersonMeal what;
  const pg_uuid_t* meal_id;  // nullptr: a meal that is not stored
  ServingOptions options;
  instr_time started;
};

Jsonb* serve(Request& request, MemoryContext caller) {
  const Inputs inputs = read_inputs(request.what, request.options, CurrentMemoryContext);
  const Answer answer = compute(inputs);
  const char* predictions = predictions_text(inputs, answer);
  const pg_uuid_t* logged =
      log_prediction(inputs, answer, request.meal_id, request.options, predictions, request.started);
  MemoryContext inside = MemoryContextSwitchTo(caller);
  Jsonb* document = answer_document(inputs, answer, request.options, predictions, logged);
  MemoryContextSwitchTo(inside);
  return document;
}

void put_forecast(ReturnSetInfo* result, const Inputs& inputs, const Answer& answer) {
  for (int k = 0; k < answer.forecast.n; ++k) {
    const auto& h = answer.forecast.horizons[static_cast<size_t>(k)];
    const Shown row = shown(inputs, h);
    Datum values[8] = {Int32GetDatum(h.minutes_ahead),
                       TimestampTzGetDatum(inputs.what.meal.eaten_at + h.minutes_ahead * glucose::kMinute),
                       Float4GetDatum(row.mg_dl),
                       Float4GetDatum(row.lower),
                       Float4GetDatum(row.upper),
                       CStringGetTextDatum(glucose::kConfidenceNames[static_cast<size_t>(answer.forecast.confidence)]),
                       Float4GetDatum(h.near),
                       CStringGetTextDatum(inputs.row.version)};
    bool nulls[8] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
}

}  // namespace

SQL_FUNCTION(predict_glucose) {
  MemoryContext caller = CurrentMemoryContext;
  Request request;
  INSTR_TIME_SET_CURRENT(request.started);
  request.meal_id = uuid_argument(fcinfo, 0, "meal_id");
  request.options = read_serving_options(jsonb_argument(fcinfo, 1, "options"));
  require_disclaimer(request.options.lang);
  begin(Volatility::is_volatile);
  request.what = read_meal(request.meal_id, optional_uuid_argument(fcinfo, 2));
  Jsonb* document = serve(request, caller);
  end(Volatility::is_volatile);
  PG_RETURN_JSONB_P(document);
}

SQL_FUNCTION(predict_meal) {
  MemoryContext caller = CurrentMemoryContext;
  Request request;
  INSTR_TIME_SET_CURRENT(request.started);
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  Jsonb* meal = jsonb_argument(fcinfo, 1, "meal");
  request.meal_id = nullptr;
  request.options = read_serving_options(jsonb_argument(fcinfo, 2, "options"));
  require_disclaimer(request.options.lang);
  begin(Volatility::is_volatile);
  request.what.person = read_person(person_id);
  request.what.meal = read_given_meal(meal, request.what.person.time_zone);
  Jsonb* document = serve(request, caller);
  end(Volatility::is_volatile);
  PG_RETURN_JSONB_P(document);
}

SQL_FUNCTION(glucose_forecast) {
  const pg_uuid_t* meal_id = uuid_argument(fcinfo, 0, "meal_id");
  const ServingOptions options = read_serving_options(jsonb_argument(fcinfo, 1, "options"));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  const Inputs inputs =
      read_inputs(read_meal(meal_id, optional_uuid_argument(fcinfo, 2)), options, CurrentMemoryContext);
  const Answer answer = compute(inputs);
  put_forecast(result, inputs, answer);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
