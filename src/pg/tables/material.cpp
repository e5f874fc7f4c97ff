// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/material.hpp"

#include "pg/boundary/settings.hpp"

namespace glucose::pg {

namespace {

// Beyond, the offsets of the newest days are what counts: one wrong clock must not make a table of all days there are.
constexpr TimestampTz kMostClockDays = 366 * 100;

}  // namespace

DayClock clock_of(const Person& person, std::span<const Reading> readings, MemoryContext context) {
  if (readings.empty()) return {};
  const TimestampTz last = readings.back().measured_at;
  TimestampTz first = readings.front().measured_at;
  if (last - first > kMostClockDays * kDay) first = last - kMostClockDays * kDay;
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

Material read_material(const Person& person, const Reach& reach, TimestampTz start_at, TimestampTz end_at,
                       MemoryContext context) {
  const TimestampTz since = moved(start_at, -reach.before);
  const Meals meals = reach.meals ? read_meals(person, since, end_at, context) : Meals{nullptr, 0};
  const Readings readings =
      read_readings(&person.id, since, moved(end_at, reach.after), settings::max_train_bytes(), context);
  const std::span<const Reading> known(readings.rows, static_cast<size_t>(readings.n));
  return {known, {meals.rows, static_cast<size_t>(meals.n)}, clock_of(person, known, context), start_at, end_at};
}

Known read_known(const Person& person, const Reach& reach, TimestampTz at, MemoryContext context) {
  const TimestampTz since = moved(at, -reach.before);
  const Readings readings = read_readings(&person.id, since, at, settings::max_train_bytes(), context);
  const Meals meals = reach.meals ? read_meals(person, since, moved(at, 1), context) : Meals{nullptr, 0};
  const std::span<const Reading> known(readings.rows, static_cast<size_t>(readings.n));
  return {known, {meals.rows, static_cast<size_t>(meals.n)}, clock_of(person, known, context), at};
}

}  // namespace glucose::pg
