// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/scorer.hpp"

#include <algorithm>

namespace glucose {

static_assert(kCgmHorizons <= kMostScored);

bool CgmScorer::next(ScoredRow& row) {
  const std::size_t i = next_++;
  if (rows_.at[i] < from_) return false;
  CgmSpreadColumns spread;
  std::copy_n(&rows_.spread[i * kCgmSpreadColumns], kCgmSpreadColumns, spread.begin());
  const CgmNodes nodes =
      cgm_nodes(model_, &rows_.x[i * kCgmColumns], spread, rows_.level[i], rows_.trust[i], own_past(i));
  row.at = rows_.at[i];
  row.unit = rows_.at[i] / (kDay / 4);
  row.n = static_cast<int>(kCgmHorizons);
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    const CgmForecastPoint point = cgm_point_at_horizon(model_, nodes, k, kIntervalLevel);
    row.minutes[k] = cgm_minutes(k);
    row.value[k] = point.mg_dl;
    row.lower[k] = point.lower;
    row.upper[k] = point.upper;
    row.outcome[k] = rows_.level[i] + rows_.change[i * kCgmHorizons + k];
  }
  return true;
}

/// What the person's own past said then; of rows without it, nothing.
CgmOwnPast CgmScorer::own_past(std::size_t row) {
  const auto& all = rows_.origins;
  if (all.empty()) return {};
  const std::size_t before = person_;
  while (person_ + 1 < all.size() && all[person_ + 1].first_row <= row) ++person_;
  const CgmOrigins& of = all[person_];
  if (!past_ || person_ != before) past_.emplace(model_, *of.series, DayClock{of.clock_from, of.offsets_min});
  return past_->at(of.readings[row - of.first_row], rows_.at[row]);
}

}  // namespace glucose
