// SPDX-License-Identifier: PostgreSQL
// prediction_points, time_or_null: what was stored as a document, read without ever raising for what it holds; and what
// came of a question, where no reading says so.
#include <algorithm>
#include <cmath>

#include "core/tasks/task.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/attempt.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/subject.hpp"

using namespace glucose::pg;

namespace {

constexpr int kMostMinutes = 7 * 24 * 60;
constexpr double kMostValue = 1e6;

const JsonbValue* member(JsonbContainer* object, const char* key) {
  return getKeyJsonValueFromContainer(object, key, static_cast<int>(strlen(key)), nullptr);
}

// NaN for what is no number of a sane size.
double number_of(JsonbContainer* object, const char* key) {
  const JsonbValue* value = member(object, key);
  if (value == nullptr || value->type != jbvNumeric) return NAN;
  const double number =
      DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
  return std::fabs(number) <= kMostValue ? number : NAN;
}

// Under the name that its kind of forecast gives it.
double value_of(JsonbContainer* point) {
  for (const glucose::Task* task : glucose::tasks())
    if (const double value = number_of(point, task->value_key.data()); !std::isnan(value)) return value;
  return NAN;
}

// The server's own reading of a moment, but for the error: false for what is none, not finite or outside the years that
// the tables take. Words such as "now" are none.
bool read_time(const char* text, TimestampTz* at) {
  char buffer[MAXDATELEN + 1];
  char* fields[MAXDATEFIELDS];
  int kinds[MAXDATEFIELDS], n_fields, kind, zone;
  pg_tm local;
  fsec_t fraction;
  if (strlen(text) > MAXDATELEN || text[0] < '0' || text[0] > '9') return false;
  if (ParseDateTime(text, buffer, sizeof buffer, fields, kinds, MAXDATEFIELDS, &n_fields) != 0) return false;
#if PG_VERSION_NUM >= 160000
  DateTimeErrorExtra extra;
  if (DecodeDateTime(fields, kinds, n_fields, &kind, &local, &fraction, &zone, &extra) != 0) return false;
#else
  if (DecodeDateTime(fields, kinds, n_fields, &kind, &local, &fraction, &zone) != 0) return false;
#endif
  if (kind != DTK_DATE || local.tm_year < 1900 || local.tm_year >= 2200) return false;
  return tm2timestamp(&local, fraction, &zone, at) == 0;
}

bool read_time_of(JsonbContainer* object, TimestampTz* at) {
  const JsonbValue* value = member(object, "at");
  if (value == nullptr || value->type != jbvString) return false;
  return read_time(pnstrdup(value->val.string.val, static_cast<Size>(value->val.string.len)), at);
}

void put_point(ReturnSetInfo* result, JsonbContainer* point) {
  const double minutes = number_of(point, "minutes_ahead");
  const double numbers[] = {value_of(point), number_of(point, "lower"), number_of(point, "upper")};
  TimestampTz at;
  if (!read_time_of(point, &at) || std::isnan(numbers[0])) return;
  const bool has_minutes = minutes >= 0 && minutes <= kMostMinutes && minutes == std::floor(minutes);
  Datum values[5] = {Int32GetDatum(has_minutes ? static_cast<int>(minutes) : 0), TimestampTzGetDatum(at)};
  bool nulls[5] = {!has_minutes};
  for (int i = 0; i < 3; ++i) {
    values[2 + i] = Float4GetDatum(static_cast<float4>(numbers[i]));
    nulls[2 + i] = std::isnan(numbers[i]);
  }
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

SQL_FUNCTION(prediction_points) {
  JsonbContainer* all = &PG_GETARG_JSONB_P(0)->root;
  InitMaterializedSRF(fcinfo, 0);
  if (!JsonContainerIsArray(all) || JsonContainerIsScalar(all)) return static_cast<Datum>(0);
  const uint32 n = JsonContainerSize(all);
  for (uint32 i = 0; i < n; ++i) {
    const JsonbValue* point = getIthJsonbValueFromContainer(all, i);
    if (point != nullptr && point->type == jbvBinary && JsonContainerIsObject(point->val.binary.data))
      put_point(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), point->val.binary.data);
  }
  return static_cast<Datum>(0);
}

SQL_FUNCTION(time_or_null) {
  TimestampTz at;
  if (!read_time(text_to_cstring(PG_GETARG_TEXT_PP(0)), &at)) PG_RETURN_NULL();
  PG_RETURN_TIMESTAMPTZ(at);
}

SQL_FUNCTION(outcome_of) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  const TimestampTz asked_at = time_argument(fcinfo, 2, "asked_at");
  const glucose::Task* task = glucose::find_task(model_type);
  float outcome = glucose::kUnknown;
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  // What is no metric or no event any more has no outcome, and stops nobody's query.
  (void)attempt_plainly([&] {
    if (task == nullptr || task->outcome == nullptr || TIMESTAMP_NOT_FINITE(asked_at)) return;
    const glucose::Subject subject = read_subject(*task, model_type, CurrentMemoryContext);
    glucose::Reach reach;
    guarded([&] { reach = task->outcome_reach(subject); });
    // What has not passed yet is not known, though parts of it may be.
    const TimestampTz until = std::min(moved(asked_at, reach.after + 1), GetCurrentTimestamp());
    const glucose::Material material = read_material(person, subject, reach, asked_at, until, CurrentMemoryContext);
    guarded([&] { outcome = task->outcome(material); });
  });
  end(Volatility::stable);
  if (std::isnan(outcome)) PG_RETURN_NULL();
  PG_RETURN_FLOAT4(outcome);
}
