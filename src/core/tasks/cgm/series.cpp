// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/series.hpp"

#include <algorithm>

namespace glucose {

namespace {

// The value at `at` between two points.
float between(const Point& a, const Point& b, Micros at) {
  const double weight = static_cast<double>(at - a.at) / static_cast<double>(b.at - a.at);
  return static_cast<float>(static_cast<double>(a.mg_dl) + weight * static_cast<double>(b.mg_dl - a.mg_dl));
}

/// The window that ends with the last point. out: how many of its values are known
std::size_t fill_window(std::span<const Point> points, CgmWindow& out) {
  std::size_t i = points.size() - 1;
  const Micros origin = points[i].at;
  out[kCgmWindow - 1] = points[i].mg_dl;
  std::size_t known = 1;
  for (; known < kCgmWindow; ++known) {
    const Micros wanted = origin - static_cast<Micros>(known) * kCgmStep;
    while (i > 0 && points[i].at > wanted && points[i].at - points[i - 1].at <= kCgmGap) --i;
    if (points[i].at > wanted) break;
    out[kCgmWindow - 1 - known] = points[i].at == wanted ? points[i].mg_dl : between(points[i], points[i + 1], wanted);
  }
  for (std::size_t lag = known; lag < kCgmWindow; ++lag) out[kCgmWindow - 1 - lag] = points[i].mg_dl;
  return known;
}

}  // namespace

CgmSeries::CgmSeries(std::span<const Reading> readings, Micros known_at)
    : points_(points_of(readings, std::numeric_limits<Micros>::min(), known_at)) {
  look_for_suspicious();
}

void CgmSeries::extend(std::span<const Reading> readings, Micros unchanged) {
  const std::vector<Point> newer = points_of(readings, unchanged, std::numeric_limits<Micros>::max());
  points_.resize(count_until(unchanged));
  suspicious_.resize(std::min(suspicious_.size(), points_.size() + 1));
  points_.insert(points_.end(), newer.begin(), newer.end());
  look_for_suspicious();
}

/// At the points that were not looked at yet.
void CgmSeries::look_for_suspicious() {
  suspicious_.reserve(points_.size() + 1);
  if (suspicious_.empty()) suspicious_.push_back(0);
  for (std::size_t i = suspicious_.size() - 1; i < points_.size(); ++i)
    suspicious_.push_back(suspicious_.back() + (is_suspicious(points_, i) ? 1 : 0));
}

CgmLook CgmSeries::look(std::size_t i) const {
  CgmLook look;
  const std::span<const Point> all(points_);
  const auto first =
      static_cast<std::size_t>(std::partition_point(points_.begin(), points_.begin() + static_cast<std::ptrdiff_t>(i),
                                                    [&](const Point& p) { return p.at <= points_[i].at - kJudged; }) -
                               points_.begin());
  if (suspicious_[i + 1] == suspicious_[first]) {
    look.at = points_[i].at;
    look.filled = fill_window(all.first(i + 1), look.window);
    look.trust.known = static_cast<std::uint8_t>(look.filled);
    return look;
  }
  const Credibility believed = judge(all.subspan(first, i + 1 - first));
  look.at = believed.points.back().at;
  look.filled = fill_window(believed.points, look.window);
  const Micros since = std::max<Micros>(look.at - believed.known_since, 0);
  look.trust = {static_cast<std::uint8_t>(std::min(look.filled, static_cast<std::size_t>(since / kCgmStep) + 1)),
                static_cast<std::int8_t>(believed.limit), believed.doubt_mg_dl};
  return look;
}

void CgmSeries::targets(Micros origin, CgmTargets& out) const {
  out.fill(kUnknown);
  auto i = static_cast<std::size_t>(
      std::partition_point(points_.begin(), points_.end(), [origin](const Point& p) { return p.at <= origin; }) -
      points_.begin());
  if (i == 0) return;
  --i;
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    const Micros wanted = origin + static_cast<Micros>(k + 1) * kCgmStep;
    while (i + 1 < points_.size() && points_[i].at < wanted && points_[i + 1].at - points_[i].at <= kCgmGap) ++i;
    if (points_[i].at < wanted) return;
    out[k] = points_[i].at == wanted ? points_[i].mg_dl : between(points_[i - 1], points_[i], wanted);
  }
}

float CgmSeries::value_at(Micros at) const {
  const auto after = std::partition_point(points_.begin(), points_.end(), [at](const Point& p) { return p.at < at; });
  if (after == points_.end()) return kUnknown;
  if (after->at == at) return after->mg_dl;
  if (after == points_.begin() || after->at - after[-1].at > kCgmGap) return kUnknown;
  return between(after[-1], *after, at);
}

std::size_t CgmSeries::count_until(Micros at) const {
  const auto after = std::partition_point(points_.begin(), points_.end(), [at](const Point& p) { return p.at <= at; });
  return static_cast<std::size_t>(after - points_.begin());
}

float CgmSeries::mean_of(std::size_t i, Micros back) const {
  const std::size_t first = count_until(points_[i].at - back);
  float sum = 0;
  for (std::size_t j = first; j <= i; ++j) sum += points_[j].mg_dl;
  return sum / static_cast<float>(i + 1 - first);
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
