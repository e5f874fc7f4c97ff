// SPDX-License-Identifier: PostgreSQL
// Values and features of a person's days, and what can be said of many of them.
#include <cmath>

#include "core/days/glucose_day.hpp"
#include "core/tasks/daily/asking/associations.hpp"
#include "pg/boundary/answer_rows.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/query.hpp"

using namespace glucose::pg;
using glucose::Association;
using glucose::DaySeries;
using glucose::GlucoseDay;
using glucose::kDailyFeatures;
using glucose::kDailyTable;

namespace {

constexpr int kMostLag = 30, kMostSeriesDays = 3660;

Readings readings_of(const Person& person, const glucose::Calendar& calendar) {
  return read_readings(&person.id, calendar.midnights.front() - 1, calendar.midnights.back(),
                       settings::max_train_bytes(), CurrentMemoryContext);
}

/// The days from the first of a calendar on.
GlucoseDay* glucose_days(const Person& person, const glucose::Calendar& calendar) {
  const auto n = static_cast<size_t>(calendar.n());
  const Readings readings = readings_of(person, calendar);
  auto* made = static_cast<GlucoseDay*>(palloc(sizeof(GlucoseDay) * (n + 1)));
  guarded([&] {
    for (size_t i = 0; i < n; ++i)
      made[i] = glucose::glucose_day({readings.rows, static_cast<size_t>(readings.n)}, calendar.midnights[i],
                                     calendar.midnights[i + 1], glucose::kAlways);
  });
  return made;
}

// Raises 22023 for a name that glucose.metric has not.
Datum metrics_argument(FunctionCallInfo fcinfo, int i, const Metrics& known) {
  Datum* names;
  bool* nulls;
  int n;
  if (PG_ARGISNULL(i)) {
    names = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(known.n + 1)));
    for (int k = 0; k < known.n; ++k) names[k] = CStringGetTextDatum(known.rows[k].name);
    return PointerGetDatum(construct_array(names, known.n, TEXTOID, -1, false, TYPALIGN_INT));
  }
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &n);
  for (int k = 0; k < n; ++k) {
    const char* name = nulls[k] ? "" : TextDatumGetCString(names[k]);
    if (known.find(name) == nullptr)
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("metric \"%s\" is not known", clipped(name)),
                      errhint("Metrics are rows of glucose.metric; glucose.define_metric() adds one.")));
  }
  return PG_GETARG_DATUM(i);
}

bool asks_for(Datum names, const char* metric) {
  Datum* all;
  bool* nulls;
  int n;
  deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &all, &nulls, &n);
  for (int k = 0; k < n; ++k)
    if (strcmp(TextDatumGetCString(all[k]), metric) == 0) return true;
  return false;
}

void put_value(const AnswerRows& answer, DateADT day, const char* metric, float value, const char* unit,
               const char* source, bool has_recorded_at, TimestampTz recorded_at) {
  Datum values[6] = {DateADTGetDatum(day),      CStringGetTextDatum(metric), Float4GetDatum(value),
                     CStringGetTextDatum(unit), CStringGetTextDatum(source), TimestampTzGetDatum(recorded_at)};
  bool nulls[6] = {false, false, false, false, false, !has_recorded_at};
  answer.put(values, nulls);
}

// What readings say comes in the place of what was stored.
void put_values(const AnswerRows& answer, const Person& person, Datum names, const Metrics& known, DateADT first,
                DateADT last) {
  GlucoseDay* made[glucose::kGlucoseMetrics] = {};
  GlucoseDay* all = nullptr;
  for (size_t m = 0; m < glucose::kGlucoseMetrics; ++m) {
    const char* name = glucose::kGlucoseMetricNames[m].data();
    if (!asks_for(names, name)) continue;
    if (all == nullptr) all = glucose_days(person, calendar_of(person, first, last, CurrentMemoryContext));
    made[m] = all;
    for (DateADT day = first; day <= last; ++day)
      if (all[day - first].is_known())
        put_value(answer, day, name, glucose::value_of(all[day - first], static_cast<int>(m)), known.find(name)->unit,
                  "readings", false, 0);
  }
  const StoredValues stored = read_stored_values(person, names, first, last, CurrentMemoryContext);
  for (int64 i = 0; i < stored.n; ++i) {
    const StoredValue& v = stored.rows[i];
    const bool is_second = i > 0 && stored.rows[i - 1].day == v.day && strcmp(stored.rows[i - 1].metric, v.metric) == 0;
    const int m = glucose::glucose_metric_of(v.metric);
    if (is_second || (m >= 0 && made[m] != nullptr && made[m][v.day - first].is_known())) continue;
    put_value(answer, v.day, v.metric, v.value, v.unit, v.source, v.has_recorded_at, v.recorded_at);
  }
}

Datum real_or_null(double value, bool* is_null) {
  *is_null = std::isnan(value);
  return Float4GetDatum(static_cast<float>(value));
}

// As everything is known now.
DaySeries* series_of(const Person& person, const char* metric, DateADT first, DateADT last) {
  (void)require_metric(metric);
  const glucose::DailyMaterial material = read_daily(person, metric, first, last, CurrentMemoryContext);
  return owned<DaySeries>(CurrentMemoryContext,
                          [&] { return DaySeries(glucose::DayTable(material, glucose::kAlways), first, last); });
}

glucose::pg::Query newest_day{
    "SELECT (SELECT d.day FROM glucose.daily_metric d WHERE d.person_id OPERATOR(pg_catalog.=) $1 "
    "AND d.metric OPERATOR(pg_catalog.=) $2 ORDER BY d.day USING OPERATOR(pg_catalog.>) LIMIT 1), "
    "(SELECT r.measured_at FROM glucose.glucose_reading r WHERE $3 AND r.person_id OPERATOR(pg_catalog.=) $1 "
    "ORDER BY r.measured_at USING OPERATOR(pg_catalog.>) LIMIT 1)",
    3,
    {UUIDOID, TEXTOID, BOOLOID}};

// Of a metric that readings make, the day of the newest reading. False when there is none.
bool find_newest_day(const Person& person, const char* metric, DateADT* day) {
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  p.add(CStringGetTextDatum(metric));
  p.add(BoolGetDatum(glucose::glucose_metric_of(metric) >= 0));
  run(newest_day, p, Mode::read);
  bool no_day, no_reading;
  const Datum stored = column(0, 1, &no_day), measured = column(0, 2, &no_reading);
  if (!no_day) *day = DatumGetDateADT(stored);
  if (!no_reading) {
    const DateADT measured_on = day_of(DatumGetTimestampTz(measured), person);
    *day = no_day ? measured_on : std::max(*day, measured_on);
  }
  return !(no_day && no_reading);
}

/// The days up to the newest that has the metric; nullptr when the person has none.
DaySeries* newest_series(const Person& person, const char* metric, int n_days) {
  (void)require_metric(metric);
  DateADT last = 0;
  if (!find_newest_day(person, metric, &last)) return nullptr;
  return series_of(person, metric, last - n_days + 1, last);
}

bool wants_german(const char* lang) {
  require_disclaimer(lang);
  return strcmp(lang, "de") == 0;
}

// first, n, n_effective, pearson, spearman, p_value, false_discovery_rate, words.
void put_association(const AnswerRows& answer, Datum first, const Association& a, const char* metric, bool german) {
  Datum values[8] = {first, Int32GetDatum(a.found.n)};
  bool nulls[8] = {};
  const double numbers[] = {a.found.n_effective, a.found.pearson, a.found.spearman, a.found.p_value, a.rate};
  for (int i = 0; i < 5; ++i) {
    nulls[2 + i] = std::isnan(numbers[i]);
    values[2 + i] = Float8GetDatum(numbers[i]);
  }
  values[7] = CStringGetTextDatum(in_server_memory([&] { return glucose::in_words(a, metric, german); }));
  answer.put(values, nulls);
}

}  // namespace

SQL_FUNCTION(daily_values) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const DateADT first = date_argument(fcinfo, 1, "start_at"), last = date_argument(fcinfo, 2, "end_at");
  const bool any = require_days(first, last);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const Metrics known = read_metrics();
  const Datum names = metrics_argument(fcinfo, 3, known);
  if (any) put_values(answer, person, names, known, first, last);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(daily_glucose) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const DateADT first = date_argument(fcinfo, 1, "start_at"), last = date_argument(fcinfo, 2, "end_at");
  const bool any = require_days(first, last);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const GlucoseDay* made = any ? glucose_days(person, calendar_of(person, first, last, CurrentMemoryContext)) : nullptr;
  for (DateADT day = first; any && day <= last; ++day) {
    const GlucoseDay& d = made[day - first];
    if (d.n == 0) continue;
    Datum values[7] = {DateADTGetDatum(day)};
    bool nulls[7] = {};
    for (int m = 0; m < glucose::kGlucoseMetrics; ++m)
      values[1 + m] = real_or_null(static_cast<double>(glucose::value_of(d, m)), &nulls[1 + m]);
    values[5] = Int32GetDatum(d.n);
    values[6] = Float4GetDatum(static_cast<float>(d.covered));
    answer.put(values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(daily_features) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const DateADT day = date_argument(fcinfo, 1, "day");
  const char* metric = text_argument(fcinfo, 2, "metric");
  require_days(day, day);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  (void)require_metric(metric);
  const glucose::DailyMaterial material = read_daily(person, metric, day, day, CurrentMemoryContext);
  const TimestampTz as_of = PG_ARGISNULL(3) ? material.calendar.end(day) : PG_GETARG_TIMESTAMPTZ(3);
  glucose::DailyVector x;
  guarded([&] { x = glucose::daily_features(glucose::DayTable(material, as_of), day); });
  end(Volatility::stable);
  return real_array(x.data(), kDailyFeatures);
}

SQL_FUNCTION(daily_feature_summary) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const DateADT first = date_argument(fcinfo, 1, "start_at"), last = date_argument(fcinfo, 2, "end_at");
  const char* metric = text_argument(fcinfo, 3, "metric");
  const bool any = require_days(first, last);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const DaySeries* series = any ? series_of(person, metric, first, last) : nullptr;
  for (int f = 0; f < kDailyFeatures && any; ++f) {
    const glucose::FeatureSummary s = glucose::summary_of(series->feature(f));
    const auto& info = kDailyTable[static_cast<size_t>(f)];
    Datum values[6] = {CStringGetTextDatum(info.name.data()), CStringGetTextDatum(info.unit.data()),
                       Float4GetDatum(static_cast<float>(s.known) / static_cast<float>(series->n()))};
    bool nulls[6] = {};
    values[3] = real_or_null(static_cast<double>(s.mean), &nulls[3]);
    values[4] = real_or_null(static_cast<double>(s.sd), &nulls[4]);
    values[5] = real_or_null(static_cast<double>(s.last), &nulls[5]);
    answer.put(values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(data_quality_score) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* metric = PG_ARGISNULL(1) ? nullptr : text_argument(fcinfo, 1, "metric");
  const int n_days = count_argument(fcinfo, 3, "days", 1, 365);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const DateADT last = PG_ARGISNULL(2) ? day_of(GetCurrentTransactionStartTimestamp(), person) : PG_GETARG_DATEADT(2);
  require_days(last, last);
  const DaySeries* series =
      series_of(person, metric != nullptr ? metric : "RESTING_HEART_RATE", last - n_days + 1, last);
  glucose::DataQuality quality;
  guarded([&] { quality = glucose::quality_of(*series, metric != nullptr); });
  end(Volatility::stable);
  PG_RETURN_FLOAT4(static_cast<float>(quality.score()));
}

SQL_FUNCTION(correlations) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* metric = text_argument(fcinfo, 1, "metric");
  const int n_days = count_argument(fcinfo, 2, "days", 3, kMostSeriesDays);
  const int lag = count_argument(fcinfo, 3, "lag", 0, kMostLag);
  const bool german = wants_german(text_argument(fcinfo, 4, "lang"));
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  if (const DaySeries* series = newest_series(person, metric, n_days)) {
    auto* found =
        owned<std::vector<Association>>(CurrentMemoryContext, [&] { return glucose::associations(*series, lag); });
    for (const Association& a : *found)
      put_association(answer, CStringGetTextDatum(kDailyTable[static_cast<size_t>(a.feature)].name.data()), a, metric,
                      german);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(lag_analysis) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* metric = text_argument(fcinfo, 1, "metric");
  const char* name = text_argument(fcinfo, 2, "feature");
  const int max_lag = count_argument(fcinfo, 3, "max_lag", 0, kMostLag);
  const int n_days = count_argument(fcinfo, 4, "days", 3, kMostSeriesDays);
  const bool german = wants_german(text_argument(fcinfo, 5, "lang"));
  const int feature = glucose::daily_feature_of(name);
  if (feature < 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized feature \"%s\"", clipped(name)),
                    errhint("They are listed by glucose.feature_schema('daily51/1').")));
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  if (const DaySeries* series = newest_series(person, metric, n_days)) {
    auto* found =
        owned<std::vector<Association>>(CurrentMemoryContext, [&] { return glucose::lags(*series, feature, max_lag); });
    for (const Association& a : *found) put_association(answer, Int32GetDatum(a.lag), a, metric, german);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
