// SPDX-License-Identifier: PostgreSQL
// explain_prediction, explain_forecast, what_if, glucose_curve: a forecast taken apart, of a changed meal, in between.
#include <cmath>

#include "core/asking/finite.hpp"
#include "core/tasks/cgm/task.hpp"
#include "core/tasks/meal/task.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/explained.hpp"
#include "pg/work/given_meal.hpp"
#include "pg/work/serving.hpp"

using namespace glucose::pg;
using glucose::Answer;
using glucose::CurvePoint;

namespace {

/// A question about a stored meal, read but for the meal.
struct Request {
  ReturnSetInfo* result;
  const pg_uuid_t* meal_id;
  const pg_uuid_t* person_id;  // nullptr: not named
  Asking asking;
};

Request read_request(FunctionCallInfo fcinfo, int options, int person) {
  Request r{reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), uuid_argument(fcinfo, 0, "meal_id"),
            optional_uuid_argument(fcinfo, person),
            read_asking(glucose::kMealTask, jsonb_argument(fcinfo, options, "options"))};
  InitMaterializedSRF(fcinfo, 0);
  return r;
}

int minutes_argument(FunctionCallInfo fcinfo, int i) {
  require_argument(fcinfo, i, "minutes_ahead");
  return PG_GETARG_INT32(i);
}

void explain(ReturnSetInfo* result, const Asking& asking, int minutes) {
  const Served served = read_served(asking, CurrentMemoryContext);
  put_explanation(
      result, *explained(served, minutes, CurrentMemoryContext),
      [](float value, const Asking& a) { return a.glucose(value); }, asking);
}

}  // namespace

COUNTED_FUNCTION(explain_prediction, expensive) {
  Request r = read_request(fcinfo, 2, 3);
  const int minutes = minutes_argument(fcinfo, 1);
  begin(Volatility::stable);
  ask_about_meal(r.asking, read_meal(r.meal_id, r.person_id));
  explain(r.result, r.asking, minutes);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(explain_forecast, expensive) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz at = time_argument(fcinfo, 1, "at");
  const int minutes = minutes_argument(fcinfo, 2);
  Asking asking = read_asking(glucose::kCgmTask, jsonb_argument(fcinfo, 3, "options"));
  // That one horizon is what is asked: what has to be read depends on how far ahead it is.
  asking.question.n_minutes = 1;
  asking.question.minutes[0] = minutes;
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  ask_about_moment(asking, person_id, at);
  explain(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), asking, minutes);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(what_if, prediction) {
  Request r = read_request(fcinfo, 2, 3);
  Jsonb* changes = jsonb_argument(fcinfo, 1, "changes");
  begin(Volatility::stable);
  ask_about_meal(r.asking, read_meal(r.meal_id, r.person_id));
  const Served served = read_served(r.asking, CurrentMemoryContext);
  const Answer* answer = compute(served);
  r.asking.question.meal = changed_meal(r.asking.question.meal, changes);
  const Answer* changed = compute(served);
  for (size_t k = 0; k < static_cast<size_t>(answer->n); ++k) {
    const Shown before = shown(r.asking.question, answer->expected[k]);
    const Shown after = shown(r.asking.question, changed->expected[k]);
    Datum values[6] = {Int32GetDatum(changed->expected[k].minutes_ahead),
                       r.asking.glucose(before.value),
                       r.asking.glucose(after.value),
                       r.asking.glucose(after.value - before.value),
                       r.asking.glucose(after.lower),
                       r.asking.glucose(after.upper)};
    bool nulls[6] = {};
    tuplestore_putvalues(r.result->setResult, r.result->setDesc, values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(glucose_curve, prediction) {
  Request r = read_request(fcinfo, 2, 3);
  require_argument(fcinfo, 1, "step_minutes");
  const int step = PG_GETARG_INT32(1);
  if (step < 1 || step > 60)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"step_minutes\" is out of range"),
                    errhint("It must be a number from 1 to 60.")));
  begin(Volatility::stable);
  ask_about_meal(r.asking, read_meal(r.meal_id, r.person_id));
  const Served served = read_served(r.asking, CurrentMemoryContext);
  const auto* curve = owned<std::vector<CurvePoint>>(CurrentMemoryContext, [&] {
    auto points = glucose::meal_curve(*served.model, served.known, r.asking.question, step);
    for (const CurvePoint& p : points) glucose::require_finite({p.mg_dl, p.lower, p.upper, p.incremental_area});
    return points;
  });
  for (const CurvePoint& p : *curve) {
    Datum values[7] = {Int32GetDatum(p.minutes_ahead),
                       TimestampTzGetDatum(r.asking.question.at + p.minutes_ahead * glucose::kMinute),
                       r.asking.glucose(p.mg_dl),
                       r.asking.glucose(p.lower),
                       r.asking.glucose(p.upper),
                       BoolGetDatum(p.is_peak),
                       r.asking.glucose(p.incremental_area)};
    bool nulls[7] = {};
    tuplestore_putvalues(r.result->setResult, r.result->setDesc, values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
