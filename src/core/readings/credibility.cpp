// SPDX-License-Identifier: PostgreSQL
#include "core/readings/credibility.hpp"

#include <algorithm>
#include <cmath>

#include "core/readings/sensor_rules.hpp"

namespace glucose {

using namespace sensor_rules;

namespace {

constexpr Micros kNamedFor = 60 * kMinute;
constexpr float kBeyondEdge = 15;  // mg/dL, what it may hide at the edge of a sensor's range

// Whether dropped readings and moments apart of the last hour, or reversals of 90 minutes, are too many.
bool contradicts(Points points, const std::vector<Micros>& dropped) {
  int reversals = 0, apart = 0, lately = 0;
  const Micros end = points.back().at;
  for (const Micros at : dropped) lately += end - at <= kDroppedWithin ? 1 : 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (end - points[i].at <= kReversalsWithin && is_reversal(points, i)) ++reversals;
    if (end - points[i].at <= kApartWithin && points[i].apart > kLeastJump) ++apart;
  }
  return lately >= kDropped || reversals >= kReversals || apart >= kMomentsApart;
}

/// What the readings of a contradiction are apart, on average.
float apart_lately(Points points) {
  float sum = 0;
  int n = 0;
  for (std::size_t i = points.size(); i-- > 0 && points.back().at - points[i].at <= kReversalsWithin;) {
    sum += points[i].apart;
    n += points[i].apart > 0 ? 1 : 0;
    if (i == 0 || points[i].at - points[i - 1].at > kLongestReversal) continue;
    sum += std::abs(points[i].mg_dl - points[i - 1].mg_dl);
    ++n;
  }
  return n > 0 ? sum / static_cast<float>(n) : 0;
}

void halve_compression(Credibility& c) {
  const Micros end = c.points.back().at;
  if (c.points.back().mg_dl >= kFallEnds) return;
  for (std::size_t i = c.points.size(); i-- > 0 && end - c.points[i].at <= kNamedFor;) {
    if (c.points[i].mg_dl >= kFallEnds) return;
    const auto top = pressed_from(c.points, i);
    if (!top) continue;
    c.issues |= kCompressionLow;
    const float usual = c.points[*top].mg_dl, away = usual - c.points.back().mg_dl;
    // The fall is no slope: what was before stays above what is believed as far as it was above the steady hour.
    c.points.erase(c.points.begin() + static_cast<std::ptrdiff_t>(*top) + 1, c.points.end());
    for (Point& p : c.points) p.mg_dl = std::clamp(p.mg_dl - away / 2, kGlucoseLow, kGlucoseHigh);
    c.points.push_back({end, usual - away / 2});
    c.doubt_mg_dl = std::hypot(c.doubt_mg_dl, away * kDoubtShare);
    return;
  }
}

void look_for_limits(Credibility& c, Points points) {
  for (std::size_t i = points.size(); i-- > 0 && points.back().at - points[i].at <= kNamedFor;)
    if (is_at_limit(points, i)) c.issues |= kAtLimit;
  if (c.points.back().mg_dl != points.back().mg_dl || !is_at_limit(points, points.size() - 1)) return;
  c.limit = points.back().mg_dl > kLowEdge ? 1 : -1;
  c.known_since = c.points.back().at;
  c.doubt_mg_dl = std::hypot(c.doubt_mg_dl, kBeyondEdge);
}

}  // namespace

std::vector<Point> points_of(std::span<const Reading> readings, Micros since, Micros known_at) {
  std::vector<Point> points;
  auto r = std::partition_point(readings.begin(), readings.end(),
                                [since](const Reading& reading) { return reading.measured_at <= since; });
  int same = 0;  // readings averaged in the last point
  float least = 0, most = 0;
  for (; r != readings.end() && r->measured_at <= known_at; ++r) {
    if (r->recorded_at > known_at) continue;
    if (!points.empty() && points.back().at == r->measured_at) {
      points.back().mg_dl += (r->mg_dl - points.back().mg_dl) / static_cast<float>(++same);
      points.back().apart = (most = std::max(most, r->mg_dl)) - (least = std::min(least, r->mg_dl));
    } else {
      points.push_back({r->measured_at, r->mg_dl});
      least = most = r->mg_dl;
      same = 1;
    }
  }
  return points;
}

bool is_suspicious(Points points, std::size_t i) {
  if (is_at_limit(points, i) || points[i].apart > kLeastJump) return true;
  if (i == 0 || points[i].at - points[i - 1].at > kSeriesGap) return false;
  if (points[i].mg_dl == points[i - 1].mg_dl && is_flat(points, i)) return true;
  return points[i].at - points[i - 1].at < kDense || !is_possible(points[i - 1], points[i]) || is_reversal(points, i) ||
         fallen_from(points, i);
}

Credibility judge(Points points) {
  Walk walk(points, Walk::Before::moved);
  Credibility c;
  c.known_since = points.front().at;
  const Micros end = points.back().at;
  if (!walk.jumps.empty() && end - walk.jumps.back().at <= kNamedFor) c.issues |= kJump;
  if (walk.level_came_with_ && end - *walk.level_came_with_ <= kNamedFor) c.known_since = *walk.level_came_with_;
  if (contradicts(points, walk.dropped)) {
    c.issues |= kContradictory;
    c.points = averaged(points, 2);
    c.doubt_mg_dl = apart_lately(points) * kDoubtShare;
  } else {
    c.points = averaged(walk.believed, 1);
    c.doubt_mg_dl = walk.doubt;
    if (c.doubt_mg_dl > 0) c.known_since = c.points.back().at;
  }
  if (is_flat(points, points.size() - 1)) {
    c.issues |= kFlat;
    c.known_since = c.points.back().at;
  }
  halve_compression(c);
  look_for_limits(c, points);
  return c;
}

BelievedReadings::BelievedReadings(std::span<const Reading> readings, Micros at) : readings_(readings) {
  const std::vector<Point> all = points_of(readings, at - kJudged, at);
  bool suspicious = false;
  for (std::size_t i = 0; i < all.size() && !suspicious; ++i) suspicious = is_suspicious(all, i);
  if (!suspicious) return;
  const Credibility c = judge(all);
  doubt_mg_dl_ = c.doubt_mg_dl;
  issues_ = c.issues;
  const auto same = [](const Point& a, const Point& b) { return a.at == b.at && a.mg_dl == b.mg_dl; };
  if (std::equal(c.points.begin(), c.points.end(), all.begin(), all.end(), same)) return;
  for (const Point& p : c.points) own_.push_back({p.at, p.at, p.mg_dl});
  readings_ = own_;
}

}  // namespace glucose
