// SPDX-License-Identifier: PostgreSQL
#include <cmath>

#include "core/days/inputs.hpp"
#include "core/days/metric_unit.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/moment.hpp"
#include "pg/work/arriving_daily.hpp"

namespace glucose::pg {

namespace {

constexpr DateADT kEarliestDay = -7305;  // 1980-01-01, as for readings
constexpr int kHolidaysAhead = 366;

/// Rows in the making: one object may be many of them.
struct Taken {
  const Person* person;
  const ImportOptions* options;
  Metrics metrics;
  DateADT today;
  Tally* tally;
  ArrivingValue* rows;
  int n, capacity;
};

/// One object as it is read, with the first thing that is wrong.
struct GivenObject {
  Taken* taken;
  ArrivingValue row;
  const char *metric = nullptr, *unit = nullptr;
  Jsonb* values = nullptr;
  double value = 0;
  bool has_day = false, has_value = false, is_wrong = false;
  Refusal why;

  void wrong(Refusal reason) {
    if (!is_wrong) why = reason;
    is_wrong = true;
  }
};

char* text_of(const JsonbValue& value) {
  return pnstrdup(value.val.string.val, static_cast<Size>(value.val.string.len));
}

// A date and nothing behind it: which day a moment belongs to is the device's to say.
void take_day(const JsonbValue& value, GivenObject* object) {
  GivenTime given;
  if (value.type != jbvString || value.val.string.len != 10 || read_moment(text_of(value), &given) != 0)
    return object->wrong(Refusal::malformed);
  object->row.day = static_cast<DateADT>(given.at / USECS_PER_DAY);
  if (given.at < 0 && given.at % USECS_PER_DAY != 0) --object->row.day;
  object->has_day = true;
}

void take_source(const JsonbValue& value, GivenObject* object) {
  if (value.type != jbvString) return object->wrong(Refusal::malformed);
  object->row.source = text_of(value);
  if (!is_source(object->row.source)) object->wrong(Refusal::malformed);
}

void take_recorded_at(const JsonbValue& value, GivenObject* object) {
  object->row.names_recorded_at = true;
  object->row.is_recorded_at_end = value.type == jbvNull;
  if (value.type == jbvNull) return;
  GivenTime given;
  if (value.type != jbvString || read_moment(text_of(value), &given) != 0) return object->wrong(Refusal::malformed);
  object->row.recorded_at = given.is_local ? moment_of(given.at, object->taken->person->clock) : given.at;
  if (object->row.recorded_at > GetCurrentTransactionStartTimestamp()) object->wrong(Refusal::time_out_of_range);
}

void take_text(const char** into, const JsonbValue& value, GivenObject* object) {
  if (value.type != jbvString) return object->wrong(Refusal::malformed);
  *into = text_of(value);
}

void take_person(const JsonbValue& value, GivenObject* object) {
  const char* id = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&object->taken->person->id)));
  if (value.type != jbvString || pg_strcasecmp(text_of(value), id) != 0) object->wrong(Refusal::other_person);
}

void take_key(const char* key, const JsonbValue& value, void* state) {
  auto* object = static_cast<GivenObject*>(state);
  if (strcmp(key, "recorded_at") == 0) return take_recorded_at(value, object);
  const bool is_null = value.type == jbvNull;
  const auto is = [&](const char* name) { return strcmp(key, name) == 0; };
  if (is("entered_by") || is_null) {
    if (is("day") || is("metric") || is("value") || is("unit") || is("source") || is("values") || is("person_id") ||
        is("entered_by"))
      return;
  } else if (is("day")) {
    return take_day(value, object);
  } else if (is("metric")) {
    return take_text(&object->metric, value, object);
  } else if (is("unit")) {
    return take_text(&object->unit, value, object);
  } else if (is("source")) {
    return take_source(value, object);
  } else if (is("person_id")) {
    return take_person(value, object);
  } else if (is("value")) {
    if (value.type != jbvNumeric) return object->wrong(Refusal::malformed);
    object->value = number_value(key, value);
    object->has_value = true;
    return;
  } else if (is("values")) {
    if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
      return object->wrong(Refusal::malformed);
    object->values = JsonbValueToJsonb(const_cast<JsonbValue*>(&value));
    return;
  }
  ereport(
      ERROR,
      (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized key \"%s\" of a day's value", clipped(key)),
       errhint("Known are day, metric, value, unit, source and recorded_at, and values for many metrics at once.")));
}

// Why a value cannot be stored, if it cannot; else the row has it, in the metric's unit.
bool settle_value(const GivenObject& object, const char* metric, double value, ArrivingValue* row, Refusal* why) {
  const auto refuse = [&](Refusal reason) {
    *why = reason;
    return false;
  };
  const Taken& taken = *object.taken;
  row->metric = taken.metrics.find(metric);
  if (row->metric == nullptr) return refuse(Refusal::unknown_metric);
  if (object.unit != nullptr && !convert_unit(object.unit, row->metric->unit, value))
    return refuse(Refusal::unknown_unit);
  row->value = static_cast<float>(value);
  if (!std::isfinite(row->value)) return refuse(Refusal::not_finite);
  if (row->value < row->metric->low || row->value > row->metric->high) return refuse(Refusal::out_of_range);
  const bool is_holiday = input_of(metric) == static_cast<int>(Input::free_day);
  if (row->day < kEarliestDay || row->day > taken.today + (is_holiday ? kHolidaysAhead : 1))
    return refuse(Refusal::time_out_of_range);
  return true;
}

void add_value(const GivenObject& object, const char* metric, double value) {
  Taken& taken = *object.taken;
  ArrivingValue row = object.row;
  Refusal why;
  if (!settle_value(object, metric, value, &row, &why)) {
    taken.tally->refuse(why, row.place);
    return;
  }
  if (taken.n == taken.capacity) {
    taken.capacity *= 2;
    taken.rows = static_cast<ArrivingValue*>(
        repalloc_huge(taken.rows, static_cast<Size>(taken.capacity) * sizeof(ArrivingValue)));
  }
  taken.rows[taken.n++] = row;
}

// A value of null is none: not known.
void take_one_of_many(const char* metric, const JsonbValue& value, void* state) {
  const auto* object = static_cast<GivenObject*>(state);
  if (value.type == jbvNull) return;
  if (value.type != jbvNumeric)
    object->taken->tally->refuse(Refusal::malformed, object->row.place);
  else
    add_value(*object, metric, number_value(metric, value));
}

void take_object(const JsonbValue& value, GivenObject& object) {
  if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
    object.wrong(Refusal::malformed);
  else
    for_each_key(JsonbValueToJsonb(const_cast<JsonbValue*>(&value)), "a day's value", take_key, &object);
  const bool is_one = object.metric != nullptr && object.has_value;
  if (!object.has_day || (!is_one && object.values == nullptr)) object.wrong(Refusal::missing);
  if (object.values != nullptr && (object.metric != nullptr || object.has_value || object.unit != nullptr))
    object.wrong(Refusal::malformed);
  if (object.is_wrong)
    object.taken->tally->refuse(object.why, object.row.place);
  else if (is_one)
    add_value(object, object.metric, object.value);
  else
    for_each_key(object.values, "values", take_one_of_many, &object);
}

// As the key sorts: by metric, day and source.
int compare(const ArrivingValue& a, const ArrivingValue& b) {
  if (const int order = strcmp(a.metric->name, b.metric->name); order != 0) return order;
  if (a.day != b.day) return a.day < b.day ? -1 : 1;
  return strcmp(a.source, b.source);
}

int by_key(const ArrivingValue& a, const ArrivingValue& b) {
  const int order = compare(a, b);
  return order != 0 ? order : a.place - b.place;
}

// The last of each key.
GivenValues in_order(Taken& taken) {
  sort_rows<by_key>(taken.rows, taken.n);
  int n = 0;
  for (int i = 0; i < taken.n; ++i) {
    CHECK_FOR_INTERRUPTS();
    if (i + 1 == taken.n || compare(taken.rows[i + 1], taken.rows[i]) != 0) taken.rows[n++] = taken.rows[i];
  }
  taken.tally->duplicates += taken.n - n;
  return {taken.rows, n};
}

}  // namespace

GivenValues read_given_values(const Person& person, Jsonb* values, const ImportOptions& options, Tally& tally) {
  if (!JB_ROOT_IS_ARRAY(values) || JB_ROOT_IS_SCALAR(values))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"day_values\" must be a JSON array of objects"),
                    errhint("For example '[{\"day\": \"2026-01-31\", \"metric\": \"STEPS\", \"value\": 8000}]'.")));
  require_few_rows(JB_ROOT_COUNT(values));
  Taken taken{&person,
              &options,
              read_metrics(),
              day_of(GetCurrentTransactionStartTimestamp(), person),
              &tally,
              static_cast<ArrivingValue*>(palloc(sizeof(ArrivingValue) * 64)),
              0,
              64};
  JsonbIterator* it = JsonbIteratorInit(&values->root);
  JsonbValue value;
  int32 place = 0;
  JsonbIteratorNext(&it, &value, true);
  while (JsonbIteratorNext(&it, &value, true) == WJB_ELEM) {
    CHECK_FOR_INTERRUPTS();
    GivenObject object{};
    object.taken = &taken;
    object.row.place = ++place;
    object.row.source = options.source != nullptr ? options.source : "unknown";
    object.row.names_recorded_at = options.names_recorded_at;
    object.row.is_recorded_at_end = options.is_recorded_when_measured;
    object.row.recorded_at = options.recorded_at;
    take_object(value, object);
  }
  return in_order(taken);
}

}  // namespace glucose::pg
