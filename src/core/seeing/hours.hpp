// SPDX-License-Identifier: PostgreSQL
// Statistics by the hour of the person's clock.
#pragma once
#include <array>

#include "core/seeing/summary.hpp"

namespace glucose {

inline constexpr int kHours = 24;

/// What readings of one hour of the day say, over all days. NaN: there are none.
struct HourSummary {
  int readings = 0, days = 0;
  Micros covered = 0;
  double mean, sd, very_low_pct, low_pct, in_range_pct, tight_range_pct, high_pct, very_high_pct, lbgi, hbgi;
  int low_episodes = 0, high_episodes = 0;  // that began in it
};

/// in: a stretch, of each of its points the hour it was in, limits, and when days begin, as for summary_of() · out: of
/// each hour; a reading covers what it covers in the stretch and counts where it was measured.
std::array<HourSummary, kHours> hours_of(const Stretch& stretch, std::span<const int> hours, const Targets& targets,
                                         std::span<const Micros> midnights = {});

}  // namespace glucose
