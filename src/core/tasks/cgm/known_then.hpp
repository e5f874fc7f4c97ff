// SPDX-License-Identifier: PostgreSQL
// What of a person's readings was known at a moment, for forecasts as for rows: what was recorded later had not come.
#pragma once
#include <optional>

#include "core/tasks/cgm/series.hpp"

namespace glucose {

struct CgmKnownThen {
  const CgmSeries* series;
  std::size_t n;      // of the series were known
  bool is_of_series;  // the one of all readings
};

/// in: readings up to a moment as far back as is looked, sorted; the series of all readings; when it is asked · then:
/// becomes what was known, where that is not just the first of the series, and must outlive what is returned
CgmKnownThen cgm_known_then(std::span<const Reading> measured, const CgmSeries& series, Micros known_at,
                            std::optional<CgmSeries>& then);

/// Whether a reading was recorded after it was measured.
bool came_late(std::span<const Reading> readings);

}  // namespace glucose
