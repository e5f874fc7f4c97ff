// SPDX-License-Identifier: PostgreSQL
// predict_event and event_forecast, explain_event, check_event_rule: yes-or-no questions.
#include "core/tasks/event/rule.hpp"
#include "core/tasks/event/task.hpp"
#include "pg/boundary/about.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/document.hpp"
#include "pg/work/event_document.hpp"
#include "pg/work/explained.hpp"
#include "pg/work/prediction_log.hpp"

using namespace glucose::pg;
using glucose::Answer;
using glucose::GlucoseUnit;

namespace {

constexpr TimestampTz kFastClock = 15 * glucose::kMinute;  // a device's clock may be ahead by

/// A question about an event of a person at a moment, read but for the person.
struct Request {
  const pg_uuid_t* person_id;
  TimestampTz at;
  Asking asking;
};

// person_id, event, at, options.
Request read_request(FunctionCallInfo fcinfo, bool in_rows) {
  Request r{uuid_argument(fcinfo, 0, "person_id"), time_argument(fcinfo, 2, "at"),
            read_asking(glucose::kEventTask, jsonb_argument(fcinfo, 3, "options"), in_rows)};
  ask_about_subject(r.asking, text_argument(fcinfo, 1, "event"));
  require_disclaimer(r.asking.lang);
  return r;
}

// Between begin() and end().
Served read(Request& r) {
  ask_about_moment(r.asking, r.person_id, r.at);
  if (r.at > GetCurrentTransactionStartTimestamp() + kFastClock) {
    failing_plainly();
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("at is in the future"),
                    errhint("Ask as of now: what is forecast is what comes within the event's horizon.")));
  }
  return read_served(r.asking, CurrentMemoryContext);
}

void put_row(ReturnSetInfo* result, Request& r) {
  const Served served = read(r);
  const EventStanding o = event_standing(served, *compute(served));
  Datum values[12] = {CStringGetTextDatum(r.asking.subject.name.data()),
                      TimestampTzGetDatum(r.asking.question.at),
                      Int32GetDatum(o.horizon_min),
                      Float4GetDatum(o.shown.value),
                      Float4GetDatum(o.shown.lower),
                      Float4GetDatum(o.shown.upper),
                      Float4GetDatum(o.usual),
                      Float4GetDatum(o.threshold),
                      BoolGetDatum(o.is_expected),
                      CStringGetTextDatum(glucose::kConfidenceNames[static_cast<size_t>(o.confidence)]),
                      CStringGetTextDatum(architecture_of(served)),
                      CStringGetTextDatum(served.row.version)};
  bool nulls[12] = {};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

COUNTED_FUNCTION(predict_event, prediction) {
  MemoryContext caller = CurrentMemoryContext;
  instr_time started;
  INSTR_TIME_SET_CURRENT(started);
  Request r = read_request(fcinfo, false);
  r.asking.is_logged = true;
  About about;
  begin_about(about, kOfPerson, r.person_id);
  begin(Volatility::is_volatile);
  const Served served = read(r);
  const Answer* answer = served.is_answered() ? nullptr : compute(served);
  const EventStanding o = answer != nullptr ? event_standing(served, *answer) : said_of<EventStanding>(served.repeated);
  Jsonb* predictions = answer != nullptr ? to_jsonb(predictions_text(served, *answer, GlucoseUnit::mg_dl)) : nullptr;
  const pg_uuid_t* logged = log_prediction(served, answer, predictions, bytes_of_said(o), started);
  Jsonb* document = copied(event_document(served, o, logged), caller);
  end(Volatility::is_volatile);
  end_about(about);
  PG_RETURN_JSONB_P(document);
}

COUNTED_FUNCTION(event_forecast, prediction) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Request r = read_request(fcinfo, true);
  InitMaterializedSRF(fcinfo, 0);
  About about;
  begin_about(about, kOfPerson, r.person_id);
  begin(Volatility::stable);
  serve_or_skip(r.asking, [&] { put_row(result, r); });
  end(Volatility::stable);
  end_about(about);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(explain_event, expensive) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Request r = read_request(fcinfo, false);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  const Served served = read(r);
  const EventStanding o = event_standing(served, *compute(served));
  put_explanation(result, *explained(served, o.horizon_min, CurrentMemoryContext), r.asking);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(check_event_rule) {
  const char* definition = text_to_cstring(PG_GETARG_TEXT_PP(0));
  guarded([&] { (void)glucose::read_event_rule(definition); });
  PG_RETURN_VOID();
}
