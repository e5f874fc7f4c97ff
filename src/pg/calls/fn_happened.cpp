// SPDX-License-Identifier: PostgreSQL
// What happened in a person's readings, and after which meals it was not to be expected.
#include <cmath>

#include "core/seeing/happened.hpp"
#include "core/seeing/unusual.hpp"
#include "pg/boundary/answer_rows.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/period.hpp"
#include "pg/work/statistics.hpp"

using namespace glucose::pg;
using glucose::Happened;
using glucose::HappenedRules;
using glucose::Happening;
using glucose::kMinute;
using glucose::Meal;
using glucose::Micros;
using glucose::Reading;
using glucose::ServedForecast;

namespace {

// What began in a period is found with what was before and after; a month at a time, so that it can be cancelled.
constexpr Micros kAround = 12 * 60 * kMinute, kAtOnce = 31 * glucose::kDay;
constexpr int kUnusualDays = 90;

struct Past {
  Person person;
  Reading* readings;
  size_t n;
  std::span<const Meal> meals;
  glucose::DayClock clock;

  std::span<const Reading> between(Micros begin, Micros end) const {
    const auto before = [](const Reading& r, Micros at) { return r.measured_at < at; };
    const Reading* first = std::lower_bound(readings, readings + n, begin, before);
    return {first, std::lower_bound(first, static_cast<const Reading*>(readings + n), end, before)};
  }
};

Past read_past(const Person& person, const Period& period) {
  Past past{};
  past.person = person;
  const Samples samples = read_samples(person, {moved(period.begin, -kAround), moved(period.end, kAround)});
  past.n = samples.n;
  past.readings =
      static_cast<Reading*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Reading) * (samples.n + 1)));
  for (size_t i = 0; i < samples.n; ++i)
    past.readings[i] = {samples.rows[i].at, samples.rows[i].at, samples.rows[i].mg_dl};
  pfree(samples.rows);
  const Meals meals =
      read_meals(person, moved(period.begin, -kAround), moved(period.end, kAround), CurrentMemoryContext);
  past.meals = {meals.rows, static_cast<size_t>(meals.n)};
  past.clock = clock_of(person, {past.readings, past.n}, CurrentMemoryContext);
  return past;
}

void put_minutes(StringInfo out, const char* key, Micros span) {
  json_number(out, key, rounded(static_cast<double>(span) / static_cast<double>(kMinute), 1));
}

/// What is said of one event beside its columns.
class Detail {
 public:
  Detail(const Happening& h, std::span<const Meal> meals, const HappenedRules& rules, const StatisticsOptions& options)
      : h_(h), meals_(meals), rules_(rules), options_(options) {}

  Jsonb* make() {
    initStringInfo(&out_);
    appendStringInfoChar(&out_, '{');
    json_text(&out_, "unit", glucose::kGlucoseUnitNames[static_cast<size_t>(options_.unit)]);
    put_minutes(&out_, "minutes", h_.end - h_.begin);
    if (!std::isnan(h_.from)) level("from", h_.from);
    if (h_.extreme_at != 0) json_time(&out_, "extreme_at", h_.extreme_at);
    add_own();
    const bool german = strcmp(options_.lang, "de") == 0;
    json_words(&out_, "words", [&] { return glucose::in_words(h_, rules_, options_.unit, german); });
    appendStringInfoChar(&out_, '}');
    return to_jsonb(out_.data);
  }

 private:
  void level(const char* key, double mg_dl) { json_number(&out_, key, rounded(in_unit(options_.unit, mg_dl), 2)); }

  void add_own() {
    switch (h_.kind) {
      case Happened::low:
      case Happened::very_low:
      case Happened::nocturnal_low:
        json_number(&out_, "level", h_.kind == Happened::very_low ? 2 : 1);
        json_bool(&out_, "prolonged", h_.is_prolonged);
        break;
      case Happened::high:
      case Happened::very_high:
        json_number(&out_, "level", h_.kind == Happened::very_high ? 2 : 1);
        break;
      case Happened::spike:
        add_meal();
        [[fallthrough]];
      case Happened::unlogged_meal:
        level("height", h_.extreme - h_.from);
        put_minutes(&out_, "minutes_to_peak", h_.extreme_at - h_.begin);
        break;
      case Happened::jump:
        json_bool(&out_, "believed", h_.is_believed);
        break;
      default:
        break;
    }
  }

  void add_meal() {
    const Meal& meal = meals_[static_cast<size_t>(h_.meal)];
    pg_uuid_t id;
    memcpy(id.data, meal.id.data(), UUID_LEN);
    json_text(&out_, "meal_id", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&id))));
    json_text(&out_, "meal_type", glucose::kMealTypeNames[static_cast<size_t>(meal.type)]);
    json_number(&out_, "meals", h_.n_meals);
    put_minutes(&out_, "minutes_above", h_.above_high);
    put_minutes(&out_, "minutes_raised", h_.raised);
  }

  const Happening& h_;
  std::span<const Meal> meals_;
  const HappenedRules& rules_;
  const StatisticsOptions& options_;
  StringInfoData out_;
};

void put_happening(const AnswerRows& answer, const Happening& h, Jsonb* detail, glucose::GlucoseUnit unit) {
  Datum values[7] = {CStringGetTextDatum(glucose::kHappenedNames[static_cast<size_t>(h.kind)].data()),
                     TimestampTzGetDatum(h.begin),
                     TimestampTzGetDatum(h.end),
                     Float8GetDatum(in_unit(unit, h.extreme)),
                     Float8GetDatum(in_unit(unit, h.rate)),
                     Float8GetDatum(rounded(h.certainty, 3)),
                     JsonbPGetDatum(detail)};
  bool nulls[7] = {false, false, false, std::isnan(h.extreme), std::isnan(h.rate), false, false};
  answer.put(values, nulls);
}

// What began in a part of the period.
void put_part(const AnswerRows& answer, const Past& past, Micros begin, Micros end, const HappenedRules& rules,
              const StatisticsOptions& options) {
  const MemoryContext part = AllocSetContextCreate(CurrentMemoryContext, "glucose events", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext before = MemoryContextSwitchTo(part);
  const std::span<const Reading> readings = past.between(moved(begin, -kAround), moved(end, kAround));
  const auto eaten = [](const Meal& m, Micros at) { return m.eaten_at < at; };
  const Meal* first =
      std::lower_bound(past.meals.data(), past.meals.data() + past.meals.size(), moved(begin, -kAround), eaten);
  const Meal* last = std::lower_bound(first, past.meals.data() + past.meals.size(), moved(end, kAround), eaten);
  const std::span<const Meal> meals{first, last};
  const auto* found =
      owned<std::vector<Happening>>(part, [&] { return glucose::happened(readings, meals, past.clock, rules); });
  for (const Happening& h : *found)
    if (h.begin >= begin && h.begin < end)
      put_happening(answer, h, Detail(h, meals, rules, options).make(), options.unit);
  MemoryContextSwitchTo(before);
  MemoryContextDelete(part);
}

glucose::pg::Query served_meals{
    "SELECT o.meal_id, o.asked_at, o.minutes_ahead, o.value::pg_catalog.float8, o.lower::pg_catalog.float8, "
    "o.upper::pg_catalog.float8, o.level::pg_catalog.float8, o.outcome::pg_catalog.float8, o.version, "
    "(SELECT m.meal_type FROM glucose.meal m WHERE m.person_id OPERATOR(pg_catalog.=) $1 "
    "AND m.meal_id OPERATOR(pg_catalog.=) o.meal_id) FROM (SELECT DISTINCT ON (p.meal_id, p.minutes_ahead) p.* "
    "FROM glucose.prediction_outcome p WHERE p.person_id OPERATOR(pg_catalog.=) $1 "
    "AND p.model_type OPERATOR(pg_catalog.=) 'glucose' AND p.meal_id IS NOT NULL "
    "AND p.asked_at OPERATOR(pg_catalog.>=) $2 AND p.asked_at OPERATOR(pg_catalog.<) $3 "
    "AND p.issued_at OPERATOR(pg_catalog.<) p.at AND p.outcome IS NOT NULL AND NOT p.in_training "
    "AND p.level OPERATOR(pg_catalog.>) 0 AND p.level OPERATOR(pg_catalog.<) 1 "
    "ORDER BY p.meal_id, p.minutes_ahead, p.issued_at) o "
    "ORDER BY o.asked_at USING OPERATOR(pg_catalog.<), o.meal_id USING OPERATOR(pg_catalog.<), "
    "o.minutes_ahead USING OPERATOR(pg_catalog.<)",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};

/// What was served for meals and has come, in order.
struct Served {
  ServedForecast* rows;
  size_t n;
  const SPITupleTable* from;
};

Served read_served(const Person& person, const Period& period) {
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  p.add(TimestampTzGetDatum(period.begin));
  p.add(TimestampTzGetDatum(period.end));
  run(served_meals, p, Mode::read);
  Served served{static_cast<ServedForecast*>(
                    MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ServedForecast) * (SPI_processed + 1))),
                SPI_processed, SPI_tuptable};
  int meal = 0;
  for (size_t i = 0; i < served.n; ++i) {
    if (i > 0 && !DatumGetBool(DirectFunctionCall2(uuid_eq, value(i - 1, 1), value(i, 1)))) ++meal;
    const auto number = [i](int column) { return DatumGetFloat8(value(i, column)); };
    served.rows[i] = {meal, DatumGetInt32(value(i, 3)), number(4), number(5), number(6), number(7), number(8)};
  }
  return served;
}

void put_response(const AnswerRows& answer, const Served& served, const glucose::Response& r, size_t n_meals,
                  const StatisticsOptions& options) {
  const ServedForecast& f = served.rows[r.forecast];
  const char* words =
      in_server_memory([&] { return glucose::in_words(f, r.p_value, options.unit, strcmp(options.lang, "de") == 0); });
  const auto level = [&](double mg_dl) { return Float8GetDatum(rounded(in_unit(options.unit, mg_dl), 2)); };
  const auto of = [&](int i, bool* is_null) { return column(served.from, r.forecast, i, is_null); };
  bool nulls[14] = {};
  Datum values[14] = {of(1, &nulls[0]),
                      of(2, &nulls[1]),
                      of(10, &nulls[2]),
                      Int32GetDatum(f.minutes_ahead),
                      CStringGetTextDatum(glucose::kGlucoseUnitNames[static_cast<size_t>(options.unit)]),
                      level(f.median),
                      level(f.lower),
                      level(f.upper),
                      level(f.outcome),
                      Float8GetDatum(r.p_value),
                      Float8GetDatum(r.rate),
                      Int32GetDatum(static_cast<int32>(n_meals)),
                      of(9, &nulls[12]),
                      CStringGetTextDatum(words)};
  answer.put(values, nulls);
}

}  // namespace

SQL_FUNCTION(glucose_events) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  TimestampTz start_at, end_at;
  const TimestampTz *start = optional_time(fcinfo, 1, &start_at), *until = optional_time(fcinfo, 2, &end_at);
  const StatisticsOptions options = read_statistics_options(jsonb_argument(fcinfo, 3, "options"), OptionsOf::happened);
  const HappenedRules rules{options.targets, options.rapid_per_min, options.spike};
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const Period period = period_of(person, start, until, kUsualDays);
  const Past past = read_past(person, period);
  if (past.n > 0) {
    Micros from = std::max(period.begin, past.readings[0].measured_at);
    const Micros last = past.readings[past.n - 1].measured_at;
    const Micros end = std::min(period.end, last + 1);
    for (; from < end; from += kAtOnce) {
      CHECK_FOR_INTERRUPTS();
      put_part(answer, past, from, std::min(from + kAtOnce, end), rules, options);
    }
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(unusual_responses) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  TimestampTz start_at, end_at;
  const TimestampTz *start = optional_time(fcinfo, 1, &start_at), *until = optional_time(fcinfo, 2, &end_at);
  const StatisticsOptions options = read_statistics_options(jsonb_argument(fcinfo, 3, "options"), OptionsOf::unusual);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const Served served = read_served(person, period_of(person, start, until, kUnusualDays));
  const auto* responses = owned<std::vector<glucose::Response>>(CurrentMemoryContext, [&] {
    return glucose::responses_of({served.rows, served.n});
  });
  for (const glucose::Response& r : *responses)
    if (r.rate <= options.rate) put_response(answer, served, r, responses->size(), options);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
