// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/tables/daily.hpp"
#include "pg/work/import.hpp"

namespace glucose::pg {

/// A value on its way into glucose.daily_metric, in the metric's unit.
struct ArrivingValue {
  DateADT day;
  const Metric* metric;
  const char* source;
  float value;
  bool names_recorded_at, is_recorded_at_end;  // at the end of the day: NULL
  TimestampTz recorded_at;
  int32 place;  // in the array, from 1
};

struct GivenValues {
  ArrivingValue* rows;  // in the order of the key, each key once
  int n;
};

/// Reads objects of one value, {day, metric, value, unit, source, recorded_at}, or of many, {day, source, values:
/// {metric: value, …}}. What cannot be taken is refused. Raises 22023 when it is no array, and for a key that is not
/// known.
GivenValues read_given_values(const Person& person, Jsonb* values, const ImportOptions& options, Tally& tally);

/// Writes them, as the caller.
void import_daily(const Person& person, Jsonb* values, const ImportOptions& options, Tally& tally);

}  // namespace glucose::pg
