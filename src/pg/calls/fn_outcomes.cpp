// SPDX-License-Identifier: PostgreSQL
// record_outcome: what came of a logged answer, from who knows it beside the tables.
#include <cmath>
#include <cstdlib>

#include "core/days/metric_unit.hpp"
#include "core/tasks/task.hpp"
#include "pg/boundary/about.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/recorded.hpp"
#include "pg/tables/subject.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

constexpr int kMostOutcomes = 400;  // more than any answer has

/// What is being recorded.
struct Outcomes {
  const LoggedAnswer* answer;
  const glucose::Task* task;
  glucose::Subject subject;  // with its unit and range
  const char* unit;          // nullptr: that of what was forecast
  TimestampTz now;
  Datum minutes[kMostOutcomes], values[kMostOutcomes];
  int n = 0;
};

void require_recorder(const pg_uuid_t* person_id) {
  if (may_record(person_id)) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("permission denied to record for person %s",
                         DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(person_id)))),
                  errhint("Its owner can share it at level \"record\": see glucose.person_access.")));
}

[[noreturn]] void raise_bad_outcome(const char* wanted) {
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"outcome\" must be %s", wanted)));
  pg_unreachable();
}

// In the unit of what was forecast.
double measured_value(const Outcomes& o, const char* key, const JsonbValue& value) {
  if (value.type != jbvNumeric) raise_bad_outcome("a number");
  double number = number_value(key, value);
  bool converts = true;
  if (o.unit != nullptr) guarded([&] { converts = glucose::convert_unit(o.unit, o.subject.unit, number); });
  if (!converts)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized unit \"%s\"", clipped(o.unit)),
                    errhint("What was forecast is in %s.", o.subject.unit.data())));
  if (!(number >= static_cast<double>(o.subject.low) && number <= static_cast<double>(o.subject.high)) ||
      !std::isfinite(number))
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("the outcome is out of range"),
                    errhint("Check the unit: without one it is %s.", o.subject.unit.data())));
  return number;
}

double value_of(const Outcomes& o, const char* key, const JsonbValue& value) {
  if (o.task->subjects != glucose::Subjects::events) return measured_value(o, key, value);
  if (value.type != jbvBool) raise_bad_outcome("true or false: whether it happened");
  if (o.unit != nullptr)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("what happened or not has no unit")));
  return value.val.boolean ? 1 : 0;
}

void add(Outcomes& o, const LoggedAnswer::Point& point, double value) {
  if (point.at > o.now)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("what is %d minutes ahead is still to come", point.minutes_ahead)));
  if (o.n == kMostOutcomes) elog(ERROR, "more outcomes than an answer has");
  o.minutes[o.n] = Int32GetDatum(point.minutes_ahead);
  o.values[o.n++] = Float4GetDatum(static_cast<float4>(value));
}

// Keys of an object differ, and may be spellings of one number all the same.
void require_new(const Outcomes& o, int minutes_ahead) {
  for (int i = 0; i < o.n; ++i)
    if (DatumGetInt32(o.minutes[i]) == minutes_ahead)
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("\"outcome\" says twice what came %d minutes ahead", minutes_ahead),
                      errhint("Name each number of minutes once.")));
}

void take_horizon(const char* key, const JsonbValue& value, void* state) {
  auto& o = *static_cast<Outcomes*>(state);
  char* end;
  const long minutes = strtol(key, &end, 10);
  for (int i = 0; i < o.answer->n && *end == '\0' && end != key; ++i)
    if (o.answer->points[i].minutes_ahead == minutes) {
      require_new(o, o.answer->points[i].minutes_ahead);
      return add(o, o.answer->points[i], value_of(o, key, value));
    }
  StringInfoData known;
  initStringInfo(&known);
  for (int i = 0; i < o.answer->n; ++i)
    appendStringInfo(&known, "%s%d", i > 0 ? ", " : "", o.answer->points[i].minutes_ahead);
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the answer says nothing of \"%s\" minutes", clipped(key)),
           errhint("It speaks of %s minutes ahead.", known.data)));
}

void take_outcome(Outcomes& o, Jsonb* outcome) {
  JsonbValue alone;
  if (!JB_ROOT_IS_SCALAR(outcome)) {
    if (!JB_ROOT_IS_OBJECT(outcome)) raise_bad_outcome("a value, or an object of values by minutes");
    return for_each_key(outcome, "outcome", take_horizon, &o);
  }
  if (o.answer->n != 1) raise_bad_outcome("an object of values by minutes: the answer speaks of several");
  if (!JsonbExtractScalar(&outcome->root, &alone)) raise_bad_outcome("a value");
  add(o, o.answer->points[0], value_of(o, "outcome", alone));
}

void settle_task(Outcomes& o) {
  o.task = &require_task(o.answer->model_type);
  if (o.task->subjects == glucose::Subjects::none)
    o.subject = {o.task->name, o.task->unit, glucose::kGlucoseLow, glucose::kGlucoseHigh, {}};
  else
    o.subject = read_subject(*o.task, o.answer->model_type, CurrentMemoryContext);
}

}  // namespace

SQL_FUNCTION(record_outcome) {
  PreventCommandIfReadOnly("record_outcome()");
  const pg_uuid_t* prediction_id = uuid_argument(fcinfo, 0, "prediction_id");
  Jsonb* outcome = jsonb_argument(fcinfo, 1, "outcome");
  begin(Volatility::is_volatile);
  auto* o = static_cast<Outcomes*>(palloc0(sizeof(Outcomes)));
  const LoggedAnswer answer = read_logged_answer(prediction_id, optional_uuid_argument(fcinfo, 3));
  require_recorder(&answer.person_id);
  o->answer = &answer;
  o->unit = PG_ARGISNULL(2) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(2));
  o->now = GetCurrentTimestamp();
  if (answer.n == 0 || answer.n > kMostOutcomes)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the log does not have the values of this answer any more"),
                    errhint("They are kept for glucose.values_retention: record outcomes before.")));
  settle_task(*o);
  take_outcome(*o, outcome);
  write_outcomes(&answer.person_id, &answer.prediction_id,
                 construct_array(o->minutes, o->n, INT4OID, 4, true, TYPALIGN_INT),
                 construct_array(o->values, o->n, FLOAT4OID, 4, true, TYPALIGN_INT), current_identity());
  const int n = o->n;
  end(Volatility::is_volatile);
  PG_RETURN_INT32(n);
}
