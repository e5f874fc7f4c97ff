// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/profile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace glucose {

namespace {

// There is at least one.
double percentile(const std::vector<float>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const auto low = static_cast<double>(sorted[below]), high = static_cast<double>(sorted[above]);
  return low + (place - static_cast<double>(below)) * (high - low);
}

}  // namespace

std::vector<ProfilePart> profile_of(std::span<const ClockSample> samples, int part_min) {
  const auto n_parts = static_cast<std::size_t>(1440 / part_min);
  std::vector<std::vector<float>> levels(n_parts);
  for (const ClockSample& s : samples) levels[static_cast<std::size_t>(s.minute_of_day / part_min)].push_back(s.mg_dl);
  std::vector<ProfilePart> parts(n_parts);
  for (std::size_t i = 0; i < n_parts; ++i) {
    std::sort(levels[i].begin(), levels[i].end());
    parts[i].minute_of_day = static_cast<int>(i) * part_min;
    parts[i].n = static_cast<int>(levels[i].size());
    parts[i].mg_dl.fill(std::numeric_limits<double>::quiet_NaN());
    for (std::size_t k = 0; k < kProfileShares.size() && !levels[i].empty(); ++k)
      parts[i].mg_dl[k] = percentile(levels[i], kProfileShares[k]);
  }
  return parts;
}

}  // namespace glucose
