// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/material.hpp"

#include <algorithm>

#include "pg/boundary/settings.hpp"
#include "pg/tables/daily.hpp"

namespace glucose::pg {

namespace {

// Beyond, the offsets of the newest days are what counts: one wrong clock must not make a table of all days there are.
constexpr TimestampTz kMostClockDays = 366 * 100;

}  // namespace

DayClock clock_of(const Person& person, std::span<const Reading> readings, MemoryContext context) {
  if (readings.empty()) return {};
  const TimestampTz last = readings.back().measured_at;
  const TimestampTz first = utc_day(std::max(readings.front().measured_at, last - kMostClockDays * kDay));
  const auto n = static_cast<size_t>((last - first) / kDay) + 1;
  auto* offsets = static_cast<int*>(MemoryContextAlloc(context, n * sizeof(int)));
  for (size_t day = 0; day < n; ++day)
    offsets[day] = utc_offset_min(first + static_cast<TimestampTz>(day) * kDay, person.clock);
  return {first, {offsets, n}};
}

TimestampTz moved(TimestampTz at, TimestampTz by) {
  if (TIMESTAMP_NOT_FINITE(at)) return at;
  TimestampTz sum;
  return !__builtin_add_overflow(at, by, &sum) && IS_VALID_TIMESTAMP(sum) ? sum : at;
}

namespace {

// The metric that days are read with; nullptr for what an event's rule names by itself.
const char* metric_of(const Subject& subject) {
  return subject.name.empty() || !subject.definition.empty() ? nullptr : subject.name.data();
}

const DailyMaterial* copied(const DailyMaterial& days, MemoryContext context) {
  auto* copy = static_cast<DailyMaterial*>(MemoryContextAlloc(context, sizeof(DailyMaterial)));
  *copy = days;
  return copy;
}

// Of the days from the one of `since` on that end by `until`; nullptr when nothing is stored of any.
const DailyMaterial* read_days(const Person& person, const Subject& subject, TimestampTz since, TimestampTz until,
                               MemoryContext context) {
  const DayRange range = read_day_range(person);
  if (!range.any) return nullptr;
  const DateADT first = TIMESTAMP_IS_NOBEGIN(since) ? range.first : std::max(range.first, day_of(since, person));
  const DateADT last = TIMESTAMP_IS_NOEND(until) ? range.last : std::min(range.last, day_of(until - 1, person));
  if (last < first) return nullptr;
  return copied(read_daily(person, metric_of(subject), first, last, context), context);
}

}  // namespace

Material read_material(const Person& person, const Subject& subject, const Reach& reach, TimestampTz start_at,
                       TimestampTz end_at, MemoryContext context) {
  const TimestampTz since = moved(start_at, -reach.before);
  if (reach.days) {
    const DailyMaterial* days = read_days(person, subject, since, end_at, context);
    if (days == nullptr) return {{}, {}, {}, start_at, end_at, nullptr, subject};
    return {days->readings, days->meals, clock_of(person, days->readings, context), start_at, end_at, days, subject};
  }
  const Meals meals = reach.meals ? read_meals(person, since, end_at, context) : Meals{nullptr, 0};
  const Readings readings =
      read_readings(&person.id, since, moved(end_at, reach.after), settings::max_train_bytes(), context);
  const std::span<const Reading> known(readings.rows, static_cast<size_t>(readings.n));
  return {
      known,  {meals.rows, static_cast<size_t>(meals.n)}, clock_of(person, known, context), start_at, end_at, nullptr,
      subject};
}

Known read_known(const Person& person, const Subject& subject, const Reach& reach, TimestampTz at,
                 MemoryContext context) {
  const TimestampTz since = moved(at, -reach.before);
  if (reach.days) {
    // Of a day that is still to come nothing is known, whenever it is asked about.
    Known known;
    known.until = std::min(at, GetCurrentTransactionStartTimestamp());
    const DateADT first = day_of(since, person), last = day_of(at - 1, person);
    known.daily = copied(read_kept_daily(person, metric_of(subject), first, last, context), context);
    known.readings = known.daily->readings;
    known.meals = known.daily->meals;
    known.clock = clock_of(person, known.readings, context);
    return known;
  }
  const Readings readings = read_readings(&person.id, since, at, settings::max_train_bytes(), context);
  const Meals meals = reach.meals ? read_meals(person, since, moved(at, 1), context) : Meals{nullptr, 0};
  const std::span<const Reading> known(readings.rows, static_cast<size_t>(readings.n));
  return {known, {meals.rows, static_cast<size_t>(meals.n)}, clock_of(person, known, context), at};
}

}  // namespace glucose::pg
