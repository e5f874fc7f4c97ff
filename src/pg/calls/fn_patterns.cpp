// SPDX-License-Identifier: PostgreSQL
// What is really different for a person, in rows and words.
#include <cmath>

#include "core/days/meal_lines.hpp"
#include "core/seeing/pattern_words.hpp"
#include "pg/boundary/answer_rows.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/period.hpp"

using namespace glucose::pg;
using glucose::DaysSeen;
using glucose::GlucoseUnit;
using glucose::kAfterMetrics;
using glucose::kDayParts;
using glucose::Meal;
using glucose::Micros;
using glucose::Pattern;
using glucose::Stretch;
using glucose::WholeMeals;

namespace {

constexpr int kMostDays = 366, kLongestWords = 512;

/// What rows say of a pattern, copied out of C++.
struct Said {
  char what[32], than[32], words[kLongestWords];
};

// Six hours each, by the clock where the person is; none ends before it begins, also where a traveller turned it.
std::span<const Micros> parts_of(const Person& person, DateADT first, int n_days) {
  const auto n = static_cast<size_t>(n_days * kDayParts + 1);
  auto* parts = static_cast<Micros*>(palloc(n * sizeof(Micros)));
  for (size_t i = 0; i < n; ++i) {
    parts[i] = moment_of(first * USECS_PER_DAY + static_cast<int64>(i) * (USECS_PER_DAY / kDayParts), person.clock);
    if (i > 0) parts[i] = std::max(parts[i], parts[i - 1]);
  }
  return {parts, n};
}

std::span<const Meal> meals_of(const Person& person, TimestampTz begin, TimestampTz end) {
  const Meals stored = read_meals(person, begin, end, CurrentMemoryContext);
  const std::span<const Meal> lines{stored.rows, static_cast<size_t>(stored.n)};
  return owned<WholeMeals>(CurrentMemoryContext, [&] { return WholeMeals(lines); })->all();
}

// Of each day what was known of the metric so many days before; of several sources the one that counts.
void read_metrics_before(const Person& person, DateADT first, int n_days, DaysSeen& seen) {
  Datum names[kAfterMetrics.size()];
  const auto n = static_cast<size_t>(n_days);
  auto* values = static_cast<float*>(palloc(sizeof(float) * kAfterMetrics.size() * n));  // [metrics][n]
  std::fill_n(values, kAfterMetrics.size() * n, glucose::kUnknown);
  int most_later = 0;
  for (size_t m = 0; m < kAfterMetrics.size(); ++m) {
    names[m] = CStringGetTextDatum(kAfterMetrics[m].metric.data());
    seen.before[m] = {values + m * n, n};
    most_later = std::max(most_later, kAfterMetrics[m].days_later);
  }
  const Datum all =
      PointerGetDatum(construct_array(names, static_cast<int>(kAfterMetrics.size()), TEXTOID, -1, false, TYPALIGN_INT));
  const StoredValues stored =
      read_stored_values(person, all, first - most_later, first + n_days - 1, CurrentMemoryContext);
  for (int64 i = 0; i < stored.n; ++i) {
    const StoredValue& v = stored.rows[i];
    for (size_t m = 0; m < kAfterMetrics.size(); ++m) {
      const int64 day = static_cast<int64>(v.day) + kAfterMetrics[m].days_later - first;
      if (strcmp(v.metric, kAfterMetrics[m].metric.data()) != 0 || day < 0 || day >= n_days) continue;
      float& known = values[m * n + static_cast<size_t>(day)];
      if (std::isnan(known)) known = v.value;
    }
  }
}

// The days up to that of the newest reading; none without readings.
std::vector<Pattern>* patterns_of_days(const Person& person, int n_days) {
  const Period period = period_of(person, nullptr, nullptr, n_days + 1);
  if (period.begin == DT_NOBEGIN) return nullptr;
  const Samples samples = read_samples(person, period);
  if (samples.n == 0) return nullptr;
  const DateADT first = day_of(samples.rows[samples.n - 1].at, person) - n_days + 1;
  (void)require_days(first, first + n_days - 1);
  DaysSeen seen;
  seen.first_day = first;
  seen.parts = parts_of(person, first, n_days);
  seen.meals = meals_of(person, seen.parts.front(), seen.parts.back());
  seen.stretch = owned<Stretch>(CurrentMemoryContext, [&] { return glucose::stretch_of(samples.all()); });
  read_metrics_before(person, first, n_days, seen);
  return owned<std::vector<Pattern>>(CurrentMemoryContext, [&] { return glucose::patterns_of(seen); });
}

Said said_of(const Pattern& pattern, GlucoseUnit unit, bool german) {
  Said said;
  guarded([&] {
    const auto copy = [](const std::string& text, char* out, size_t size) {
      const size_t n = text.copy(out, size - 1);
      out[n] = '\0';
    };
    copy(glucose::what_of(pattern), said.what, sizeof said.what);
    copy(glucose::than_of(pattern), said.than, sizeof said.than);
    copy(glucose::in_words(pattern, unit, german), said.words, sizeof said.words);
  });
  return said;
}

void put_pattern(const AnswerRows& answer, const Pattern& p, GlucoseUnit unit, bool german) {
  const Said said = said_of(p, unit, german);
  const auto level = [unit](double mg_dl) { return Float8GetDatum(glucose::in_unit(unit, mg_dl)); };
  Datum values[12] = {CStringGetTextDatum(glucose::kPatternKindNames[static_cast<size_t>(p.kind)]),
                      CStringGetTextDatum(said.what),
                      CStringGetTextDatum(said.than),
                      level(p.shift.difference),
                      level(p.shift.lower),
                      level(p.shift.upper),
                      Int32GetDatum(p.shift.n),
                      Int32GetDatum(glucose::n_alike(p)),
                      Float8GetDatum(p.shift.p_value),
                      Float8GetDatum(p.rate),
                      BoolGetDatum(p.is_found),
                      CStringGetTextDatum(said.words)};
  bool nulls[12] = {};
  answer.put(values, nulls);
}

}  // namespace

SQL_FUNCTION(glucose_patterns) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const int n_days = count_argument(fcinfo, 1, "days", 1, kMostDays);
  const char* lang = text_argument(fcinfo, 2, "lang");
  require_disclaimer(lang);
  const GlucoseUnit unit = require_unit(text_argument(fcinfo, 3, "unit"));
  require_argument(fcinfo, 4, "everything");
  const bool everything = PG_GETARG_BOOL(4);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  if (const std::vector<Pattern>* patterns = patterns_of_days(person, n_days))
    for (const Pattern& p : *patterns)
      if (p.is_found || everything) put_pattern(answer, p, unit, strcmp(lang, "de") == 0);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
