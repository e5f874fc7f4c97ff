// SPDX-License-Identifier: PostgreSQL
// What a person's readings say: statistics of a period and of days, and the profile of a usual day.
#include <cmath>

#include "core/seeing/hours.hpp"
#include "core/seeing/profile.hpp"
#include "pg/boundary/answer_rows.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/period.hpp"
#include "pg/work/statistics.hpp"

using namespace glucose::pg;
using glucose::ClockSample;
using glucose::HourSummary;
using glucose::Micros;
using glucose::ProfilePart;
using glucose::Stretch;
using glucose::Summary;

namespace {

constexpr int kMostProfileDays = 366;

// When the days of the readings begin; none where there is no reading.
std::span<const Micros> midnights_of(const Person& person, const Samples& samples) {
  if (samples.n == 0) return {};
  const DateADT first = day_of(samples.rows[0].at, person), last = day_of(samples.rows[samples.n - 1].at, person);
  require_days(first, last);
  return calendar_of(person, first, last, CurrentMemoryContext).midnights;
}

Summary summary_of_period(const Person& person, const Period& period, const glucose::Targets& targets) {
  const Samples samples = read_samples(person, period);
  const std::span<const Micros> midnights = midnights_of(person, samples);
  Summary summary;
  guarded([&] {
    summary = glucose::summary_of(glucose::stretch_of(samples.all(), period.begin, period.end), targets, midnights);
  });
  return summary;
}

void put_hour(const AnswerRows& answer, int hour, const HourSummary& h, glucose::GlucoseUnit unit) {
  const double numbers[] = {static_cast<double>(h.covered) / static_cast<double>(60 * glucose::kMinute),
                            glucose::in_unit(unit, h.mean),
                            glucose::in_unit(unit, h.sd),
                            h.very_low_pct,
                            h.low_pct,
                            h.in_range_pct,
                            h.tight_range_pct,
                            h.high_pct,
                            h.very_high_pct,
                            h.lbgi,
                            h.hbgi};
  Datum values[17] = {Int32GetDatum(hour), CStringGetTextDatum(glucose::kGlucoseUnitNames[static_cast<size_t>(unit)]),
                      Int32GetDatum(h.readings), Int32GetDatum(h.days)};
  bool nulls[17] = {};
  int i = 4;
  for (const double number : numbers) {
    nulls[i] = std::isnan(number);
    values[i++] = Float8GetDatum(number);
  }
  values[i++] = Int32GetDatum(h.low_episodes);
  values[i] = Int32GetDatum(h.high_episodes);
  answer.put(values, nulls);
}

}  // namespace

SQL_FUNCTION(glucose_statistics) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  TimestampTz start_at, end_at;
  const TimestampTz *start = optional_time(fcinfo, 1, &start_at), *until = optional_time(fcinfo, 2, &end_at);
  const StatisticsOptions options =
      read_statistics_options(jsonb_argument(fcinfo, 3, "options"), OptionsOf::statistics);
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const Summary summary = summary_of_period(person, period_of(person, start, until, kUsualDays), options.targets);
  end(Volatility::stable);
  Datum values[kSummaryColumns];
  bool nulls[kSummaryColumns];
  put_summary(summary, options, values, nulls);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

SQL_FUNCTION(glucose_statistics_daily) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const DateADT first = date_argument(fcinfo, 1, "start_at"), last = date_argument(fcinfo, 2, "end_at");
  const StatisticsOptions options =
      read_statistics_options(jsonb_argument(fcinfo, 3, "options"), OptionsOf::statistics);
  const bool any = require_days(first, last);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  if (any) {
    const glucose::Calendar calendar = calendar_of(person, first, last, CurrentMemoryContext);
    const std::span<const Micros> midnights = calendar.midnights;
    const Samples samples = read_samples(person, {midnights.front(), midnights.back()});
    size_t k = 0;
    for (DateADT day = first; day <= last; ++day) {
      const auto i = static_cast<size_t>(day - first);
      const size_t from = k;
      while (k < samples.n && samples.rows[k].at < midnights[i + 1]) ++k;
      if (k == from) continue;
      Summary summary;
      guarded([&] {
        summary = glucose::summary_of(
            glucose::stretch_of(samples.all().subspan(from, k - from), midnights[i], midnights[i + 1]), options.targets,
            midnights.subspan(i, 2));
      });
      Datum values[kSummaryColumns + 1] = {DateADTGetDatum(day)};
      bool nulls[kSummaryColumns + 1] = {};
      put_summary(summary, options, values + 1, nulls + 1);
      answer.put(values, nulls);
    }
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(glucose_statistics_hourly) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  TimestampTz start_at, end_at;
  const TimestampTz *start = optional_time(fcinfo, 1, &start_at), *until = optional_time(fcinfo, 2, &end_at);
  const StatisticsOptions options =
      read_statistics_options(jsonb_argument(fcinfo, 3, "options"), OptionsOf::statistics);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const Period period = period_of(person, start, until, kUsualDays);
  const Samples samples = read_samples(person, period);
  const std::span<const Micros> midnights = midnights_of(person, samples);
  const Stretch* stretch = owned<Stretch>(CurrentMemoryContext,
                                          [&] { return glucose::stretch_of(samples.all(), period.begin, period.end); });
  const size_t n = stretch->points.size();
  auto* hours = static_cast<int*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * (n + 1)));
  for (size_t i = 0; i < n; ++i) hours[i] = local_clock(stretch->points[i].at, person.clock).minute_of_day / 60;
  std::array<HourSummary, glucose::kHours> all;
  guarded([&] { all = glucose::hours_of(*stretch, {hours, n}, options.targets, midnights); });
  for (int hour = 0; hour < glucose::kHours; ++hour)
    put_hour(answer, hour, all[static_cast<size_t>(hour)], options.unit);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(agp) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  require_argument(fcinfo, 1, "days");
  const int n_days = PG_GETARG_INT32(1);
  if (n_days < 1 || n_days > kMostProfileDays)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"days\" must be from %d to %d", 1, kMostProfileDays)));
  TimestampTz end_at;
  const TimestampTz* until = optional_time(fcinfo, 2, &end_at);
  if (until != nullptr) require_finite_time(*until, "end_at");
  const StatisticsOptions options = read_statistics_options(jsonb_argument(fcinfo, 3, "options"), OptionsOf::profile);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const Samples samples = read_samples(person, period_of(person, nullptr, until, n_days));
  auto* by_clock =
      static_cast<ClockSample*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ClockSample) * (samples.n + 1)));
  for (size_t i = 0; i < samples.n; ++i)
    by_clock[i] = {local_clock(samples.rows[i].at, person.clock).minute_of_day, samples.rows[i].mg_dl};
  auto* parts = owned<std::vector<ProfilePart>>(CurrentMemoryContext, [&] {
    return glucose::profile_of({by_clock, samples.n}, options.part_min);
  });
  for (const ProfilePart& part : *parts) {
    Datum values[7] = {Int32GetDatum(part.minute_of_day)};
    bool nulls[7] = {};
    for (size_t k = 0; k < glucose::kProfileShares.size(); ++k) {
      nulls[1 + k] = std::isnan(part.mg_dl[k]);
      values[1 + k] = Float8GetDatum(glucose::in_unit(options.unit, part.mg_dl[k]));
    }
    values[6] = Int32GetDatum(part.n);
    answer.put(values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
