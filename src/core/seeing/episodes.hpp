// SPDX-License-Identifier: PostgreSQL
// Episodes of low and of high glucose by the consensus rule.
#pragma once
#include "core/seeing/stretch.hpp"

namespace glucose {

/// An episode lasts at least so long, and it is over when glucose has been back for so long.
inline constexpr Micros kEpisode = 15 * kMinute;

/// An episode: from the first reading beyond the limit to the first of those that ended it, or the gap.
struct Episode {
  Micros begin, end;
  double extreme;  // the lowest or highest reading, mg/dL
};

enum class Beyond : std::uint8_t { below, above };

/// Episodes below or above a limit: at least 15 minutes beyond it in a row begin one, 15 minutes in a row that are not
/// end it, a gap does so, too. Minutes are those that readings cover, to the nearest usual step: three readings of a
/// sensor of every five minutes, one of a sensor of every 15.
/// Source: Danne et al., Diabetes Care 2017;40:1631; Battelino et al., Lancet Diabetes Endocrinol 2023;11:42.
std::vector<Episode> episodes_of(const Stretch& stretch, Beyond beyond, double limit_mg_dl);

}  // namespace glucose
