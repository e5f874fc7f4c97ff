// SPDX-License-Identifier: PostgreSQL
// explain_prediction, what_if, glucose_curve: a forecast of a stored meal, taken apart, of a changed meal, in between.
#include <cmath>

#include "core/tasks/meal/asking/curve.hpp"
#include "core/tasks/meal/asking/explanation.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/given_meal.hpp"
#include "pg/work/serving.hpp"

using namespace glucose::pg;
using glucose::CurvePoint;
using glucose::Explainer;
using glucose::Explanation;
using glucose::HorizonForecast;

namespace {

struct Request {
  ReturnSetInfo* result;
  const pg_uuid_t* meal_id;
  const pg_uuid_t* person_id;  // nullptr: not named
  ServingOptions options;
};

Request read_request(FunctionCallInfo fcinfo, int options, int person) {
  Request r{reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), uuid_argument(fcinfo, 0, "meal_id"),
            optional_uuid_argument(fcinfo, person), read_serving_options(jsonb_argument(fcinfo, options, "options"))};
  InitMaterializedSRF(fcinfo, 0);
  return r;
}

Inputs read_inputs(const Request& r) {
  return read_inputs(read_meal(r.meal_id, r.person_id), r.options, CurrentMemoryContext);
}

size_t place_of_horizon(const glucose::Model& model, int minutes) {
  const size_t K = model.horizons_min.size();
  StringInfoData known;
  initStringInfo(&known);
  for (size_t k = 0; k < K; ++k) {
    if (model.horizons_min[k] == minutes) return k;
    appendStringInfo(&known, "%s%d", k == 0 ? "" : k + 1 < K ? ", " : " and ", model.horizons_min[k]);
  }
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the model does not forecast %d minutes ahead", minutes),
           errhint("It forecasts %s minutes ahead.", known.data)));
  pg_unreachable();
}

const Explanation* explain(const Inputs& inputs, const Answer& answer, size_t k) {
  auto* explainer = owned<Explainer>(CurrentMemoryContext, [&] {
    const glucose::Follower follower = followed(*inputs.model, inputs);
    return Explainer(*inputs.model, answer.moment, follower.known(), k, inputs.mean);
  });
  run_to_end(explainer);
  return owned<Explanation>(CurrentMemoryContext, [&] { return explainer->take(); });
}

void put_part(ReturnSetInfo* result, const char* feature, float value, float contribution) {
  Datum values[3] = {CStringGetTextDatum(feature), Float4GetDatum(value), Float4GetDatum(contribution)};
  bool nulls[3] = {false, std::isnan(value), false};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

SQL_FUNCTION(explain_prediction) {
  const Request r = read_request(fcinfo, 2, 3);
  require_argument(fcinfo, 1, "minutes_ahead");
  const int minutes = PG_GETARG_INT32(1);
  begin(Volatility::stable);
  const Inputs inputs = read_inputs(r);
  const size_t k = place_of_horizon(*inputs.model, minutes);
  const Explanation* e = explain(inputs, compute(inputs), k);
  put_part(r.result, "baseline", e->baseline, 0);
  for (const auto& part : e->parts) put_part(r.result, part.feature.data(), part.value, part.contribution);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(what_if) {
  const Request r = read_request(fcinfo, 2, 3);
  Jsonb* changes = jsonb_argument(fcinfo, 1, "changes");
  begin(Volatility::stable);
  Inputs inputs = read_inputs(r);
  const Answer answer = compute(inputs);
  inputs.what.meal = changed_meal(inputs.what.meal, changes);
  const Answer changed = compute(inputs);
  for (size_t k = 0; k < static_cast<size_t>(answer.forecast.n); ++k) {
    const HorizonForecast& h = changed.forecast.horizons[k];
    const Shown before = shown(inputs, answer.forecast.horizons[k]), after = shown(inputs, h);
    Datum values[6] = {Int32GetDatum(h.minutes_ahead), Float4GetDatum(before.mg_dl),
                       Float4GetDatum(after.mg_dl),    Float4GetDatum(after.mg_dl - before.mg_dl),
                       Float4GetDatum(after.lower),    Float4GetDatum(after.upper)};
    bool nulls[6] = {};
    tuplestore_putvalues(r.result->setResult, r.result->setDesc, values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(glucose_curve) {
  const Request r = read_request(fcinfo, 2, 3);
  require_argument(fcinfo, 1, "step_minutes");
  const int step = PG_GETARG_INT32(1);
  if (step < 1 || step > 60)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"step_minutes\" is out of range"),
                    errhint("It must be a number from 1 to 60.")));
  begin(Volatility::stable);
  const Inputs inputs = read_inputs(r);
  const Answer answer = compute(inputs);
  const auto* curve = owned<std::vector<CurvePoint>>(CurrentMemoryContext, [&] {
    return glucose::glucose_curve(*inputs.model, answer.moment,
                                  {answer.forecast.horizons.data(), static_cast<size_t>(answer.forecast.n)},
                                  inputs.mean, step);
  });
  for (const CurvePoint& p : *curve) {
    Datum values[7] = {Int32GetDatum(p.minutes_ahead),
                       TimestampTzGetDatum(inputs.what.meal.eaten_at + p.minutes_ahead * glucose::kMinute),
                       Float4GetDatum(p.mg_dl),
                       Float4GetDatum(p.lower),
                       Float4GetDatum(p.upper),
                       BoolGetDatum(p.is_peak),
                       Float4GetDatum(p.incremental_area)};
    bool nulls[7] = {};
    tuplestore_putvalues(r.result->setResult, r.result->setDesc, values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
