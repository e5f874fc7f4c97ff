// SPDX-License-Identifier: PostgreSQL
// predict_metric and metric_forecast, what_if_metric, explain_metric, metric_attention: a metric one day ahead.
#include <cmath>

#include "core/asking/finite.hpp"
#include "core/tasks/daily/asking/metric_forecast.hpp"
#include "core/tasks/daily/task.hpp"
#include "pg/boundary/about.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/document.hpp"
#include "pg/work/explained.hpp"
#include "pg/work/metric_document.hpp"
#include "pg/work/prediction_log.hpp"

using namespace glucose::pg;
using glucose::Answer;
using glucose::GlucoseUnit;

namespace {

/// A question about a metric of a person on a day, read but for the person.
struct Request {
  const pg_uuid_t* person_id;
  DateADT day;
  bool names_day;
  Asking asking;
};

// person_id, metric, then from argument `at` on target_date and options.
Request read_request(FunctionCallInfo fcinfo, int at, bool in_rows) {
  Request r{uuid_argument(fcinfo, 0, "person_id"), PG_ARGISNULL(at) ? 0 : PG_GETARG_DATEADT(at), !PG_ARGISNULL(at),
            read_asking(glucose::kDailyTask, jsonb_argument(fcinfo, at + 1, "options"), in_rows)};
  ask_about_subject(r.asking, text_argument(fcinfo, 1, "metric"));
  require_disclaimer(r.asking.lang);
  return r;
}

// Between begin() and end().
Served read(Request& r) {
  r.day = ask_about_day(r.asking, r.person_id, r.names_day ? &r.day : nullptr);
  return read_served(r.asking, CurrentMemoryContext);
}

void put_row(ReturnSetInfo* result, Request& r) {
  const Served served = read(r);
  const Answer* answer = compute(served);
  const MetricStanding o = standing_of(served, *answer, r.day);
  Datum values[9] = {CStringGetTextDatum(r.asking.subject.name.data()),
                     DateADTGetDatum(r.day),
                     Float4GetDatum(o.shown.value),
                     Float4GetDatum(o.shown.lower),
                     Float4GetDatum(o.shown.upper),
                     CStringGetTextDatum(r.asking.subject.unit.data()),
                     Float4GetDatum(o.score),
                     CStringGetTextDatum(architecture_of(served)),
                     CStringGetTextDatum(served.row.version)};
  bool nulls[9] = {};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/// Changes of the evening before, as read from JSON.
struct Changes {
  std::int32_t day;
  int n = 0;
  glucose::DayChange all[glucose::kInputs];
};

// A number is the value; a text with a sign, such as "+30", is added to what is known.
void take_change(const char* key, const JsonbValue& value, void* state) {
  auto& changes = *static_cast<Changes*>(state);
  const int input = glucose::input_of(key);
  if (input < 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized change \"%s\"", clipped(key)),
                    errhint("Changes are of metrics that the features of a day are made of, see feature_schema().")));
  const bool relative = value.type == jbvString;
  double number = 0;
  if (relative) {
    const char* text = text_value(key, value);
    char* end;
    number = strtod(text, &end);
    if ((text[0] != '+' && text[0] != '-') || end == text || *end != '\0' || !std::isfinite(number))
      raise_bad_option(key, "a number, or a text such as \"+30\" or \"-60\"");
  } else {
    number = number_value(key, value);
    if (!std::isfinite(number)) raise_bad_option(key, "a finite number");
  }
  changes.all[changes.n++] = {changes.day, static_cast<glucose::Input>(input), static_cast<float>(number), relative};
}

}  // namespace

COUNTED_FUNCTION(predict_metric, prediction) {
  MemoryContext caller = CurrentMemoryContext;
  instr_time started;
  INSTR_TIME_SET_CURRENT(started);
  Request r = read_request(fcinfo, 2, false);
  r.asking.is_logged = true;
  About about;
  begin_about(about, kOfPerson, r.person_id);
  begin(Volatility::is_volatile);
  const Served served = read(r);
  const Answer* answer = served.is_answered() ? nullptr : compute(served);
  const MetricStanding o =
      answer != nullptr ? standing_of(served, *answer, r.day) : said_of<MetricStanding>(served.repeated);
  Jsonb* predictions = answer != nullptr ? to_jsonb(predictions_text(served, *answer, GlucoseUnit::mg_dl)) : nullptr;
  (void)log_prediction(served, answer, predictions, bytes_of_said(o), started);
  Jsonb* document = copied(metric_document(served, o, r.day), caller);
  end(Volatility::is_volatile);
  end_about(about);
  PG_RETURN_JSONB_P(document);
}

COUNTED_FUNCTION(metric_forecast, prediction) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Request r = read_request(fcinfo, 2, true);
  InitMaterializedSRF(fcinfo, 0);
  About about;
  begin_about(about, kOfPerson, r.person_id);
  begin(Volatility::stable);
  serve_or_skip(r.asking, [&] { put_row(result, r); });
  end(Volatility::stable);
  end_about(about);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(what_if_metric, prediction) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Jsonb* wanted = jsonb_argument(fcinfo, 2, "changes");
  Request r = read_request(fcinfo, 3, false);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  Served served = read(r);
  const Shown before = shown(r.asking.question, compute(served)->expected[0]);
  Changes changes{r.day - 1, 0, {}};
  for_each_key(wanted, "changes", take_change, &changes);
  glucose::DailyMaterial changed = *served.known.daily;
  changed.changes = {changes.all, static_cast<size_t>(changes.n)};
  served.known.daily = &changed;
  const Shown after = shown(r.asking.question, compute(served)->expected[0]);
  Datum values[6] = {
      Float4GetDatum(before.value), Float4GetDatum(after.value), Float4GetDatum(after.value - before.value),
      Float4GetDatum(after.lower),  Float4GetDatum(after.upper), CStringGetTextDatum(r.asking.subject.unit.data())};
  bool nulls[6] = {};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(explain_metric, expensive) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Request r = read_request(fcinfo, 2, false);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  const Served served = read(r);
  put_explanation(result, *explained(served, glucose::kDayAheadMin, CurrentMemoryContext), r.asking);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(metric_attention, prediction) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Request r = read_request(fcinfo, 2, false);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  const Served served = read(r);
  const auto* weights = owned<std::vector<glucose::DayWeight>>(CurrentMemoryContext, [&] {
    return glucose::attention_of(glucose::daily_model(*served.model), served.known, r.asking.question);
  });
  for (const glucose::DayWeight& d : *weights) {
    Datum values[2] = {DateADTGetDatum(d.day), Float4GetDatum(d.weight)};
    bool nulls[2] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
