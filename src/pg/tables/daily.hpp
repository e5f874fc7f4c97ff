// SPDX-License-Identifier: PostgreSQL
// READ: values of a person's days, as core wants them.
#pragma once
#include "core/days/days.hpp"
#include "pg/tables/read.hpp"

extern "C" {
#include "utils/date.h"
}

namespace glucose::pg {

/// A row of glucose.metric.
struct Metric {
  const char *name, *unit;
  float low, high;  // ends of the range, infinite where there is none
};

struct Metrics {
  Metric* rows;  // in order of the names
  int n;
  /// nullptr when there is none of that name.
  const Metric* find(const char* name) const;
};
/// All of them, palloc'ed.
Metrics read_metrics();
/// One of them; raises 22023 when there is none of that name.
Metric require_metric(const char* name);

/// When the person's days begin, from the first to the last; in `context`.
Calendar calendar_of(const Person& person, DateADT first, DateADT last, MemoryContext context);
/// The day that a moment is in, where the person is then.
DateADT day_of(TimestampTz at, const Person& person);

/// Metrics that the features of days are made of, and the one to forecast, which may be nullptr: a text[].
Datum names_of_inputs(const char* target);
/// Sets `ever`.
void read_first_days(const Person& person, DailyMaterial& material);

/// One stored value; of several sources of a day the one that counts first comes first.
struct StoredValue {
  DateADT day;
  const char *metric, *unit, *source;
  float value;
  bool has_recorded_at;
  TimestampTz recorded_at;
};
struct StoredValues {
  StoredValue* rows;  // by metric, then day
  int64 n;
};
/// Of these metrics (a text[]), first to last, both included; in `context`.
StoredValues read_stored_values(const Person& person, Datum metrics, DateADT first, DateADT last,
                                MemoryContext context);

/// What the features of the days from the first to the last are made of, and the metric to forecast, a known one or
/// nullptr; in `context`. Raises 53200 above glucose.max_train_memory.
DailyMaterial read_daily(const Person& person, const char* target, DateADT first, DateADT last, MemoryContext context);

/// The same, valid until it is called again or what is kept is forgotten: of several metrics of a person in one
/// statement all but the metric is read once.
DailyMaterial read_kept_daily(const Person& person, const char* target, DateADT first, DateADT last,
                              MemoryContext context);

void forget_kept_days();

/// Days that something is stored of.
struct DayRange {
  bool any = false;
  DateADT first = 0, last = 0;
};
/// Of the person's metrics and readings, no more of it than can be read at once.
DayRange read_day_range(const Person& person);

/// Raises 22023 unless both are dates and no more than 3660 days apart; false when there is no day between them.
bool require_days(DateADT first, DateADT last);

}  // namespace glucose::pg
