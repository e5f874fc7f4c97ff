// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/served.hpp"

#include <algorithm>

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
  return past_->at(of.readings[row - of.first_row], rows_.at[row]);
}

}  // namespace glucose
