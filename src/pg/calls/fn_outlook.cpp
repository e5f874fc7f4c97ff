// SPDX-License-Identifier: PostgreSQL
// What the coming days bring: the first 24 hours by the forecast from readings, days by the person's own last ones.
#include "core/seeing/outlook_words.hpp"
#include "core/tasks/cgm/task.hpp"
#include "pg/boundary/about.hpp"
#include "pg/boundary/answer_rows.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/attempt.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/serving.hpp"

using namespace glucose::pg;
using glucose::ExpectedDay;
using glucose::GlucoseUnit;
using glucose::kMinute;
using glucose::Measure;
using glucose::PastValue;
using glucose::Stretch;

namespace {

constexpr int kBandStep = 30, kBandMoments = 24 * 60 / kBandStep;  // minutes
constexpr int kColumns = 10;
constexpr char kOfDays[] = "recent days", kOfModel[] = "model";

/// One question, and where its answer goes.
struct Request {
  int n_days;
  TimestampTz at;
  const char* lang;
  GlucoseUnit unit;
  AnswerRows answer;

  double in(double mg_dl) const { return glucose::in_unit(unit, mg_dl); }
};

/// Days that have been, by measure; no owner of memory.
struct Past {
  std::span<const PastValue> of[3];
};

// What was known at the moment.
const Stretch* stretch_before(const Person& person, TimestampTz at) {
  const TimestampTz begin = at - (glucose::kOutlookPast + 1) * USECS_PER_DAY;
  const Readings readings = read_readings(&person.id, begin, at, settings::max_train_bytes(), CurrentMemoryContext);
  return owned<Stretch>(CurrentMemoryContext, [&] {
    std::vector<glucose::SensorValue> samples;
    for (int64 i = 0; i < readings.n; ++i)
      if (readings.rows[i].recorded_at <= at) samples.push_back({readings.rows[i].measured_at, readings.rows[i].mg_dl});
    samples.resize(glucose::settle(samples, 0));
    return glucose::stretch_of(samples, begin, at + 1);
  });
}

[[noreturn]] void raise_too_few_days(int n) {
  failing_plainly();
  ereport(ERROR,
          (errcode(kTooLittleHistory),
           errmsg("too little history for an outlook: %d of the last %d days have enough readings, %d are needed", n,
                  glucose::kOutlookPast, glucose::kFewestOutlookDays),
           errhint("A day, of 24 hours up to the moment, has enough when readings cover 70 %% of it.")));
  pg_unreachable();
}

Past require_past(const Stretch& stretch, TimestampTz at) {
  const auto* past = owned<std::array<std::vector<PastValue>, 3>>(CurrentMemoryContext,
                                                                  [&] { return glucose::past_days(stretch, at); });
  const auto n = static_cast<int>((*past)[0].size());
  if (n < glucose::kFewestOutlookDays) raise_too_few_days(n);
  return {{(*past)[0], (*past)[1], (*past)[2]}};
}

void put_day(const Request& r, const Past& past, Measure measure, int day) {
  const auto m = static_cast<size_t>(measure);
  ExpectedDay o;
  guarded([&] { o = glucose::day_outlook_of(measure, past.of[m], day); });
  const char* words =
      in_server_memory([&] { return glucose::in_words(o, measure, day, r.unit, strcmp(r.lang, "de") == 0); });
  const auto shown = [&](double value) { return Float8GetDatum(measure == Measure::mean ? r.in(value) : value); };
  Datum values[kColumns] = {CStringGetTextDatum(glucose::kMeasureNames[m]),
                            Int32GetDatum(day),
                            TimestampTzGetDatum(r.at + (day - 1) * USECS_PER_DAY),
                            TimestampTzGetDatum(r.at + day * USECS_PER_DAY),
                            shown(o.expected),
                            shown(o.lower),
                            shown(o.upper),
                            Int32GetDatum(o.n),
                            CStringGetTextDatum(kOfDays),
                            CStringGetTextDatum(words)};
  bool nulls[kColumns] = {};
  r.answer.put(values, nulls);
}

// n: how many days it is made of, 0 for a model's.
void put_moment(const Request& r, int minutes_ahead, double expected, double lower, double upper, int n) {
  const Datum at = TimestampTzGetDatum(r.at + minutes_ahead * kMinute);
  Datum values[kColumns] = {CStringGetTextDatum(glucose::kMeasureNames[static_cast<size_t>(Measure::level)]),
                            Int32GetDatum(1),
                            at,
                            at,
                            Float8GetDatum(r.in(expected)),
                            Float8GetDatum(r.in(lower)),
                            Float8GetDatum(r.in(upper)),
                            Int32GetDatum(n),
                            CStringGetTextDatum(n > 0 ? kOfDays : kOfModel),
                            0};
  bool nulls[kColumns] = {};
  nulls[7] = n == 0;
  nulls[9] = true;
  r.answer.put(values, nulls);
}

// As cgm_forecast(), of whoever serves.
void put_band_of_model(const Request& r, const pg_uuid_t* person_id) {
  Jsonb* none = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
  Asking asking = read_asking(glucose::kCgmTask, none, true);
  double minutes[kBandMoments];
  for (int i = 0; i < kBandMoments; ++i) minutes[i] = (i + 1) * kBandStep;
  guarded([&] { glucose::kCgmTask.set_minutes(asking.question, {minutes, kBandMoments}, true); });
  ask_about_moment(asking, person_id, r.at);
  const Served served = read_served(asking, CurrentMemoryContext);
  const glucose::Answer& answer = *compute(served);
  for (size_t i = 0; i < static_cast<size_t>(answer.n); ++i) {
    const glucose::Expected& e = answer.expected[i];
    const Shown row = shown(asking.question, e);
    put_moment(r, e.minutes_ahead, static_cast<double>(row.value), static_cast<double>(row.lower),
               static_cast<double>(row.upper), 0);
  }
}

// Moments that too few days have a reading of are left out.
void put_band_of_days(const Request& r, const Stretch& stretch) {
  for (int i = 1; i <= kBandMoments; ++i) {
    ExpectedDay o;
    guarded([&] {
      const std::vector<PastValue> past = glucose::past_levels(stretch, r.at, i * kBandStep * kMinute);
      if (past.size() >= glucose::kFewestOutlookDays) o = glucose::day_outlook_of(Measure::level, past, 1);
    });
    if (o.n > 0) put_moment(r, i * kBandStep, o.expected, o.lower, o.upper, o.n);
  }
}

// Where no model is, or none that can say something of this moment, the days say it.
bool is_silence(const ErrorData& failure) {
  return failure.sqlerrcode == kNoModel || failure.sqlerrcode == kTooLittleHistory ||
         failure.sqlerrcode == kModelMismatch;
}

void put_band(const Request& r, const pg_uuid_t* person_id, const Stretch& stretch) {
  ErrorData* failure = attempt_plainly([&] { put_band_of_model(r, person_id); });
  if (failure == nullptr) return;
  if (!is_silence(*failure)) ReThrowError(failure);
  put_band_of_days(r, stretch);
}

}  // namespace

COUNTED_FUNCTION(glucose_outlook, prediction) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const int n_days = count_argument(fcinfo, 1, "days", 1, glucose::kMostOutlookDays);
  const TimestampTz at = PG_ARGISNULL(2) ? GetCurrentTransactionStartTimestamp() : PG_GETARG_TIMESTAMPTZ(2);
  require_finite_time(at, "at");
  const char* lang = text_argument(fcinfo, 3, "lang");
  require_disclaimer(lang);
  const GlucoseUnit unit = require_unit(text_argument(fcinfo, 4, "unit"));
  const Request r{n_days, at, lang, unit, AnswerRows(fcinfo)};
  if (!IS_VALID_TIMESTAMP(at + n_days * USECS_PER_DAY) ||
      !IS_VALID_TIMESTAMP(at - (glucose::kOutlookPast + 1) * USECS_PER_DAY))
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  About about;
  begin_about(about, kOfPerson, person_id);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const Stretch* stretch = stretch_before(person, at);
  const Past past = require_past(*stretch, at);
  for (int day = 1; day <= n_days; ++day)
    for (const Measure measure : {Measure::mean, Measure::in_range_pct, Measure::below_70_pct})
      put_day(r, past, measure, day);
  put_band(r, person_id, *stretch);
  end(Volatility::stable);
  end_about(about);
  return static_cast<Datum>(0);
}
