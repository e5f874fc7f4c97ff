// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/served.hpp"

#include <algorithm>
#include <cmath>

#include "core/readings/time_grid.hpp"
#include "core/tasks/cgm/known_then.hpp"

namespace glucose {

CgmNodes CgmServed::at(std::size_t row) {
  CgmSpreadColumns spread;
  std::copy_n(&rows_.spread[row * kCgmSpreadColumns], kCgmSpreadColumns, spread.begin());
  return cgm_nodes(model_, &rows_.x[row * kCgmColumns], spread, rows_.level[row], rows_.trust[row], own_past(row));
}

CgmOwnPast CgmServed::own_past(std::size_t row) {
  const auto& all = rows_.origins;
  if (all.empty()) return {};
  const std::size_t before = person_;
  while (person_ + 1 < all.size() && all[person_ + 1].first_row <= row) ++person_;
  const CgmOrigins& of = all[person_];
  if (!past_ || person_ != before) past_.emplace(model_, *of.series, DayClock{of.clock_from, of.offsets_min});
  if (of.late.empty()) return past_->at(of.readings[row - of.first_row], rows_.at[row]);
  const Micros at = rows_.at[row], ends_at = at - std::llround(rows_.since_reading(row) * kMinute);
  const CgmKnownThen known = cgm_known_then(readings_within(of.late, at - kCgmReach, at), *of.series, at, then_);
  if (known.is_of_series) return past_->at(known.n - 1, ends_at);
  return CgmPast(model_, *known.series, DayClock{of.clock_from, of.offsets_min}).at(known.n - 1, ends_at);
}

}  // namespace glucose
