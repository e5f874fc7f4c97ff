// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/scorer.hpp"

namespace glucose {

static_assert(kCgmHorizons <= kMostScored);

bool CgmScorer::next(ScoredRow& row) {
  const std::size_t i = next_++;
  if (rows_.at[i] < from_) return false;
  const CgmNodes nodes = served_.at(i);
  row.at = rows_.at[i];
  row.unit = rows_.at[i] / (kDay / 4);
  row.n = static_cast<int>(kCgmHorizons);
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    const CgmForecastPoint point = cgm_point_at_horizon(model_, nodes, k, kIntervalLevel, rows_.since_reading(i));
    row.minutes[k] = cgm_minutes(k);
    row.value[k] = point.mg_dl;
    row.lower[k] = point.lower;
    row.upper[k] = point.upper;
    row.outcome[k] = rows_.level[i] + rows_.change[i * kCgmHorizons + k];
  }
  return true;
}

}  // namespace glucose
