// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/history.hpp"

#include <algorithm>

#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"

namespace glucose::pg {

namespace {

TimestampTz shifted(TimestampTz at, TimestampTz by) {
  if (TIMESTAMP_NOT_FINITE(at)) return at;
  const TimestampTz moved = at + by;
  return IS_VALID_TIMESTAMP(moved) ? moved : at;
}

double days_within(const Readings& readings, TimestampTz start_at, TimestampTz end_at) {
  const Reading *first = readings.rows, *last = readings.rows + readings.n;
  while (first < last && first->measured_at < start_at) ++first;
  while (last > first && last[-1].measured_at >= end_at) --last;
  return first < last ? static_cast<double>(last[-1].measured_at - first->measured_at) / kDay : 0;
}

}  // namespace

History read_history(const pg_uuid_t* person_id, TimestampTz start_at, TimestampTz end_at, int longest_horizon_min,
                     MemoryContext context) {
  const Size most = static_cast<Size>(settings::max_train_memory_kb) * 1024;
  const TimestampTz since = shifted(start_at, -kFeatureDays * kDay);
  History h;
  h.start_at = start_at;
  h.end_at = end_at;
  h.person = read_person(person_id);
  h.meals = read_meals(h.person, since, end_at, context);
  const int ahead = std::max(longest_horizon_min, kCurveMin) + 15;
  h.readings = read_readings(person_id, since, shifted(end_at, ahead * kMinute), most, context);
  h.days = days_within(h.readings, start_at, end_at);
  return h;
}

TimestampTz remembering_from(TimestampTz start_at) {
  return shifted(start_at, -kFollowedDays * kDay);
}

std::vector<Sample>* build_samples(const History& history, const int* horizons_min, int n_horizons,
                                   MemoryContext context, Outcomes outcomes, TimestampTz as_of) {
  auto* builder = owned<DatasetBuilder>(context, [&] {
    return DatasetBuilder({history.meals.rows, static_cast<size_t>(history.meals.n)},
                          {history.readings.rows, static_cast<size_t>(history.readings.n)},
                          {horizons_min, static_cast<size_t>(n_horizons)}, history.start_at, history.end_at,
                          outcomes == Outcomes::any ? std::optional<Micros>(as_of) : std::nullopt);
  });
  while (!builder->done()) {
    CHECK_FOR_INTERRUPTS();
    guarded([&] {
      for (int i = 0; i < 16 && !builder->done(); ++i) builder->step();
    });
  }
  return owned<std::vector<Sample>>(context, [&] { return builder->take(); });
}

}  // namespace glucose::pg
