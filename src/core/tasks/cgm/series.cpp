// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/series.hpp"

#include <algorithm>

namespace glucose {

CgmSeries::CgmSeries(std::span<const Reading> readings, Micros known_at) {
  points_.reserve(readings.size());
  int same = 0;  // readings averaged in the last point
  for (const Reading& r : readings) {
    if (r.measured_at > known_at || r.recorded_at > known_at) continue;
    if (!points_.empty() && points_.back().at == r.measured_at) {
      points_.back().mg_dl += (r.mg_dl - points_.back().mg_dl) / static_cast<float>(++same);
    } else {
      points_.push_back({r.measured_at, r.mg_dl});
      same = 1;
    }
  }
}

// The value at `at` between reading `earlier` and the next one.
float CgmSeries::between(std::size_t earlier, Micros at) const {
  const Point &a = points_[earlier], &b = points_[earlier + 1];
  const double weight = static_cast<double>(at - a.at) / static_cast<double>(b.at - a.at);
  return static_cast<float>(static_cast<double>(a.mg_dl) + weight * static_cast<double>(b.mg_dl - a.mg_dl));
}

std::size_t CgmSeries::window(std::size_t i, CgmWindow& out) const {
  const Micros origin = points_[i].at;
  out[kCgmWindow - 1] = points_[i].mg_dl;
  std::size_t known = 1;
  for (; known < kCgmWindow; ++known) {
    const Micros wanted = origin - static_cast<Micros>(known) * kCgmStep;
    while (i > 0 && points_[i].at > wanted && points_[i].at - points_[i - 1].at <= kCgmGap) --i;
    if (points_[i].at > wanted) break;
    out[kCgmWindow - 1 - known] = points_[i].at == wanted ? points_[i].mg_dl : between(i, wanted);
  }
  for (std::size_t lag = known; lag < kCgmWindow; ++lag) out[kCgmWindow - 1 - lag] = points_[i].mg_dl;
  return known;
}

void CgmSeries::targets(std::size_t i, CgmTargets& out) const {
  const Micros origin = points_[i].at;
  out.fill(kUnknown);
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    const Micros wanted = origin + static_cast<Micros>(k + 1) * kCgmStep;
    while (i + 1 < points_.size() && points_[i].at < wanted && points_[i + 1].at - points_[i].at <= kCgmGap) ++i;
    if (points_[i].at < wanted) return;
    out[k] = points_[i].at == wanted ? points_[i].mg_dl : between(i - 1, wanted);
  }
}

float CgmSeries::value_at(Micros at) const {
  const auto after = std::partition_point(points_.begin(), points_.end(), [at](const Point& p) { return p.at < at; });
  if (after == points_.end()) return kUnknown;
  if (after->at == at) return after->mg_dl;
  if (after == points_.begin() || after->at - after[-1].at > kCgmGap) return kUnknown;
  return between(static_cast<std::size_t>(after - points_.begin()) - 1, at);
}

CgmStretch cgm_stretch(const CgmSeries& series, std::size_t first, std::size_t last) {
  constexpr Micros kStray = 30 * kDay;
  if (first >= last) return {};
  const std::size_t few = std::min((last - first) / 100 + 1, last - first - 1);
  CgmStretch stretch{series.at(first), series.at(last - 1)};
  const Micros most_from = series.at(first + few), most_until = series.at(last - 1 - few);
  if (most_from - stretch.from > kStray) stretch.from = most_from;
  if (stretch.until - most_until > kStray) stretch.until = std::max(most_until, stretch.from);
  return stretch;
}

}  // namespace glucose
