// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/known_then.hpp"

#include <algorithm>

namespace glucose {

namespace {

bool were_known(std::span<const Reading> readings, Micros at) {
  return std::all_of(readings.begin(), readings.end(), [at](const Reading& r) { return r.recorded_at <= at; });
}

}  // namespace

CgmKnownThen cgm_known_then(std::span<const Reading> measured, const CgmSeries& series, Micros known_at,
                            std::optional<CgmSeries>& then) {
  // A reading takes its time to the table: the newest ones may not have been known yet, as if they had not come.
  std::size_t n = measured.size();
  while (n > 0 && measured[n - 1].recorded_at > known_at) --n;
  const bool is_split = n > 0 && n < measured.size() && measured[n].measured_at == measured[n - 1].measured_at;
  if (!is_split && were_known(measured.first(n), known_at))
    return {&series, n > 0 ? series.count_until(measured[n - 1].measured_at) : 0, true};
  then.emplace(measured, known_at);
  return {&*then, then->size(), false};
}

bool came_late(std::span<const Reading> readings) {
  return std::any_of(readings.begin(), readings.end(), [](const Reading& r) { return r.recorded_at > r.measured_at; });
}

}  // namespace glucose
