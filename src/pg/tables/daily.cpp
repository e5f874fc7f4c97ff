// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/daily.hpp"

#include <algorithm>
#include <limits>

#include "core/days/daily_features.hpp"
#include "core/days/glucose_day.hpp"
#include "core/days/hemisphere.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/sight.hpp"
#include "pg/tables/source_order.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/memutils.h"
}

namespace glucose::pg {

namespace {

constexpr int kMostDays = 3660;
constexpr float kInfinite = std::numeric_limits<float>::infinity();
constexpr int kGapDays = 14;  // how far back the metric to forecast is looked for

Query all_metrics{"SELECT name, unit, low, high FROM glucose.metric ORDER BY name USING OPERATOR(pg_catalog.<)", 0, {}};
Query metric_of_name{
    "SELECT m.name, m.unit, m.low, m.high FROM glucose.metric m WHERE m.name OPERATOR(pg_catalog.=) $1", 1, {TEXTOID}};
Query days_of_person{
    "SELECT (SELECT pg_catalog.min(d.day) FROM glucose.daily_metric d WHERE d.person_id OPERATOR(pg_catalog.=) $1), "
    "(SELECT pg_catalog.max(d.day) FROM glucose.daily_metric d WHERE d.person_id OPERATOR(pg_catalog.=) $1), "
    "(SELECT pg_catalog.min(r.measured_at) FROM glucose.glucose_reading r WHERE r.person_id OPERATOR(pg_catalog.=) "
    "$1), "
    "(SELECT pg_catalog.max(r.measured_at) FROM glucose.glucose_reading r WHERE r.person_id OPERATOR(pg_catalog.=) $1)",
    1,
    {UUIDOID}};
// Metric by metric a stretch of the key, whose order is that of the rows: by metric, day and name of the source.
Query values_between{
    "SELECT d.day, d.metric, d.unit, d.source, d.value, d.recorded_at FROM glucose.daily_metric d "
    "WHERE d.person_id OPERATOR(pg_catalog.=) $1 AND d.metric OPERATOR(pg_catalog.=) ANY ($2) "
    "AND d.day OPERATOR(pg_catalog.>=) $3 AND d.day OPERATOR(pg_catalog.<=) $4 "
    "ORDER BY d.metric USING OPERATOR(pg_catalog.<), d.day USING OPERATOR(pg_catalog.<), "
    "d.source USING OPERATOR(pg_catalog.<)",
    4,
    {UUIDOID, TEXTARRAYOID, DATEOID, DATEOID}};
Query first_days{
    "SELECT v.metric, (SELECT d.day FROM glucose.daily_metric d WHERE d.person_id OPERATOR(pg_catalog.=) $1 "
    "AND d.metric OPERATOR(pg_catalog.=) v.metric ORDER BY d.day USING OPERATOR(pg_catalog.<) LIMIT 1) "
    "FROM pg_catalog.unnest($2) AS v (metric)",
    2,
    {UUIDOID, TEXTARRAYOID}};

}  // namespace

Datum names_of_inputs(const char* target) {
  Datum names[kColumns];
  int n = 0;
  for (const std::string_view name : kInputNames) names[n++] = CStringGetTextDatum(name.data());
  if (target != nullptr && input_of(target) < 0) names[n++] = CStringGetTextDatum(target);
  return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

// What "ever" is asked of.
void read_first_days(const Person& person, DailyMaterial& material) {
  constexpr Input kAsked[] = {Input::alcohol, Input::caffeine, Input::training_load, Input::active_moderate};
  Datum names[lengthof(kAsked)];
  for (size_t i = 0; i < lengthof(kAsked); ++i)
    names[i] = CStringGetTextDatum(kInputNames[static_cast<size_t>(kAsked[i])].data());
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  p.add(PointerGetDatum(construct_array(names, lengthof(kAsked), TEXTOID, -1, false, TYPALIGN_INT)));
  run(first_days, p, Mode::read);
  material.ever.fill(kNever);
  for (uint64 i = 0; i < SPI_processed; ++i) {
    bool is_null;
    const Datum day = column(i, 2, &is_null);
    const int input = input_of(TextDatumGetCString(value(i, 1)));
    if (!is_null && input >= 0) material.ever[static_cast<size_t>(input)] = DatumGetDateADT(day);
  }
}

namespace {

// A holiday is known before it comes; everything else when the day has ended, unless it says when.
TimestampTz known_at(const StoredValue& value, int input, const Calendar& calendar) {
  if (value.has_recorded_at) return value.recorded_at;
  return input == static_cast<int>(Input::free_day) ? DT_NOBEGIN : calendar.end(value.day);
}

/// Rows for core in the making.
struct Rows {
  DailyRow* rows;
  size_t n = 0;
  void add(DateADT day, int input, float value, TimestampTz at) {
    rows[n++] = {day, static_cast<int16>(input), value, at};
  }
};

void add_stored(const StoredValues& values, const char* target, const Calendar& calendar, Rows& rows) {
  for (int64 i = 0; i < values.n; ++i) {
    const StoredValue& value = values.rows[i];
    const int input = input_of(value.metric);
    const TimestampTz at = known_at(value, input, calendar);
    if (input >= 0) rows.add(value.day, input, value.value, at);
    if (target != nullptr && strcmp(value.metric, target) == 0) rows.add(value.day, kTarget, value.value, at);
  }
}

// Of a metric that readings make; it counts as known when the last of them was.
void add_made_of_readings(int metric, const Readings& readings, const Calendar& calendar, Rows& rows) {
  guarded([&] {
    const std::span<const Reading> all(readings.rows, static_cast<size_t>(readings.n));
    for (int i = 0; i < calendar.n(); ++i) {
      const DateADT day = calendar.first_day + i;
      const GlucoseDay of_day = glucose_day(all, calendar.begin(day), calendar.end(day), kAlways);
      if (!of_day.is_known()) continue;
      rows.add(day, kTarget, value_of(of_day, metric), std::max(calendar.end(day), of_day.known_at));
    }
  });
}

}  // namespace

const Metric* Metrics::find(const char* name) const {
  const Metric* found = std::lower_bound(
      rows, rows + n, name, [](const Metric& m, const char* wanted) { return strcmp(m.name, wanted) < 0; });
  return found != rows + n && strcmp(found->name, name) == 0 ? found : nullptr;
}

namespace {

Metric metric_at(uint64 i) {
  bool no_low, no_high;
  const Datum low = column(i, 3, &no_low), high = column(i, 4, &no_high);
  return {TextDatumGetCString(value(i, 1)), TextDatumGetCString(value(i, 2)), no_low ? -kInfinite : DatumGetFloat4(low),
          no_high ? kInfinite : DatumGetFloat4(high)};
}

}  // namespace

Metrics read_metrics() {
  run(all_metrics, Parameters(), Mode::read);
  Metrics metrics{static_cast<Metric*>(palloc(sizeof(Metric) * (SPI_processed + 1))), static_cast<int>(SPI_processed)};
  for (uint64 i = 0; i < SPI_processed; ++i) metrics.rows[i] = metric_at(i);
  return metrics;
}

Metric require_metric(const char* name) {
  Parameters p;
  p.add(CStringGetTextDatum(name));
  run(metric_of_name, p, Mode::read);
  if (SPI_processed > 0) return metric_at(0);
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("metric \"%s\" is not known", clipped(name)),
                  errhint("Metrics are rows of glucose.metric; glucose.define_metric() adds one.")));
  pg_unreachable();
}

DayRange read_day_range(const Person& person) {
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  run(days_of_person, p, Mode::read);
  DayRange range;
  const auto include = [&range](DateADT day) {
    range.first = range.any ? std::min(range.first, day) : day;
    range.last = range.any ? std::max(range.last, day) : day;
    range.any = true;
  };
  for (int col = 1; col <= 4; ++col) {
    bool is_null;
    const Datum end = column(0, col, &is_null);
    if (!is_null) include(col <= 2 ? DatumGetDateADT(end) : day_of(DatumGetTimestampTz(end), person));
  }
  // One value of a clock that was wrong by a century is not a century: the newest count.
  range.first = std::max(range.first, range.last - kMostDays + 1);
  return range;
}

bool require_days(DateADT first, DateADT last) {
  if (DATE_NOT_FINITE(first) || DATE_NOT_FINITE(last))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("days must be finite")));
  if (static_cast<int64>(last) - first >= kMostDays)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("at most %d days can be asked for", kMostDays),
                    errhint("Ask for them in parts.")));
  // What has no neighbours on the calendar has none to be computed from.
  constexpr DateADT kFirst = -36524, kLast = 73049;  // 1900-01-01 and 2200-01-01
  if (first <= last && (first < kFirst || last >= kLast))
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("date out of range"),
                    errhint("Days are from 1900-01-01 to 2199-12-31.")));
  return first <= last;
}

Calendar calendar_of(const Person& person, DateADT first, DateADT last, MemoryContext context) {
  const auto n = static_cast<size_t>(last - first + 2);
  auto* midnights = static_cast<Micros*>(MemoryContextAlloc(context, n * sizeof(Micros)));
  for (size_t i = 0; i < n; ++i) {
    midnights[i] = moment_of((first + static_cast<int64>(i)) * USECS_PER_DAY, person.clock);
    // Whoever travels over the date line may have a day of no length, and none that ends before it begins.
    if (i > 0) midnights[i] = std::max(midnights[i], midnights[i - 1]);
  }
  Calendar calendar{first, {midnights, n}};
  calendar.south = is_south(person.clock->at(midnights[n - 1]).name);
  return calendar;
}

DateADT day_of(TimestampTz at, const Person& person) {
  const Timestamp local = local_time(at, person.clock);
  return static_cast<DateADT>(local / USECS_PER_DAY - (local % USECS_PER_DAY < 0 ? 1 : 0));
}

StoredValues read_stored_values(const Person& person, Datum metrics, DateADT first, DateADT last,
                                MemoryContext context) {
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  p.add(metrics);
  p.add(DateADTGetDatum(first));
  p.add(DateADTGetDatum(last));
  run(values_between, p, Mode::read);
  MemoryContext inside = MemoryContextSwitchTo(context);
  StoredValues values{static_cast<StoredValue*>(
                          MemoryContextAllocHuge(CurrentMemoryContext, sizeof(StoredValue) * (SPI_processed + 1))),
                      static_cast<int64>(SPI_processed)};
  for (uint64 i = 0; i < SPI_processed; ++i) {
    bool is_null;
    const Datum recorded_at = column(i, 6, &is_null);
    values.rows[i] = {DatumGetDateADT(value(i, 1)),
                      TextDatumGetCString(value(i, 2)),
                      TextDatumGetCString(value(i, 3)),
                      TextDatumGetCString(value(i, 4)),
                      DatumGetFloat4(value(i, 5)),
                      !is_null,
                      is_null ? 0 : DatumGetTimestampTz(recorded_at)};
  }
  MemoryContextSwitchTo(inside);
  SPI_freetuptable(SPI_tuptable);
  put_in_order(person, values);
  return values;
}

namespace {

/// All that is read of a person's days, whatever metric is to be forecast.
struct ReadDays {
  Calendar calendar;
  decltype(DailyMaterial::ever) ever;
  Readings readings;
  Meals meals;
  StoredValues values;
};

// target: its values, too, where it is not an input of the features, and the readings it may be made of; nullptr: of
// any
ReadDays read_all(const Person& person, const char* target, DateADT first, DateADT last, MemoryContext context) {
  // The day to predict is on the calendar, too: it may be a holiday.
  const DateADT since = first - kDailyReach;
  DailyMaterial material;
  material.calendar = calendar_of(person, since, last + 1, context);
  read_first_days(person, material);
  ReadDays read;
  read.calendar = material.calendar;
  read.ever = material.ever;
  const bool made_of_them = target == nullptr || glucose_metric_of(target) >= 0;
  const DateADT readings_since = made_of_them ? first - kGapDays : first;
  read.readings = read_readings(&person.id, read.calendar.begin(readings_since) - 1, read.calendar.end(last),
                                settings::max_train_bytes(), context);
  read.meals = read_meals(person, read.calendar.begin(first - 1), read.calendar.end(last), context);
  read.values = read_stored_values(person, names_of_inputs(target), since, last + 1, context);
  return read;
}

DailyMaterial material_of(const ReadDays& read, const char* target, MemoryContext context) {
  DailyMaterial material;
  material.calendar = read.calendar;
  material.ever = read.ever;
  const auto most = static_cast<Size>(2 * read.values.n + material.calendar.n() + 1);
  Rows rows{static_cast<DailyRow*>(MemoryContextAllocHuge(context, most * sizeof(DailyRow)))};
  if (const int made = target != nullptr ? glucose_metric_of(target) : -1; made >= 0)
    add_made_of_readings(made, read.readings, material.calendar, rows);
  add_stored(read.values, target, material.calendar, rows);
  material.rows = {rows.rows, rows.n};
  material.meals = {read.meals.rows, static_cast<size_t>(read.meals.n)};
  material.readings = {read.readings.rows, static_cast<size_t>(read.readings.n)};
  return material;
}

/// What was read last, for a statement that asks about several metrics of a person, one after the other.
struct KeptDays {
  uint64 seen = 0;  // sight_of_rows(); 0: nothing is kept
  pg_uuid_t person_id;
  DateADT first, last;
  MemoryContext context = nullptr;
  ReadDays read;

  bool are_of(const Person& person, DateADT from, DateADT until, uint64 now) const {
    return seen == now && first == from && last == until && memcmp(person_id.data, person.id.data, UUID_LEN) == 0;
  }
};
KeptDays kept_days;

// Kept when all of it is read: whatever is asked or goes wrong on the way.
void read_and_keep(const Person& person, DateADT first, DateADT last, uint64 now) {
  MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_glucose days", ALLOCSET_DEFAULT_SIZES);
  const ReadDays read = read_all(person, nullptr, first, last, context);
  forget_kept_days();
  MemoryContextSetParent(context, CacheMemoryContext);
  kept_days = {now, person.id, first, last, context, read};
}

}  // namespace

DailyMaterial read_daily(const Person& person, const char* target, DateADT first, DateADT last, MemoryContext context) {
  return material_of(read_all(person, target, first, last, context), target, context);
}

DailyMaterial read_kept_daily(const Person& person, const char* target, DateADT first, DateADT last,
                              MemoryContext context) {
  const uint64 now = sight_of_rows();
  if (now == 0 || is_within_statement() || (target != nullptr && input_of(target) < 0 && glucose_metric_of(target) < 0))
    return read_daily(person, target, first, last, context);
  if (!kept_days.are_of(person, first, last, now)) read_and_keep(person, first, last, now);
  return material_of(kept_days.read, target, context);
}

void forget_kept_days() {
  kept_days.seen = 0;
  if (kept_days.context != nullptr) MemoryContextDelete(kept_days.context);
  kept_days.context = nullptr;
}

}  // namespace glucose::pg
