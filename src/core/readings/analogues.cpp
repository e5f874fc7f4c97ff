// SPDX-License-Identifier: PostgreSQL
#include "core/readings/analogues.hpp"

#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

Micros known_since(const Reading& r) {
  return std::max(r.measured_at, r.recorded_at);
}

/// Whether only one value was ever known at a moment: the reading after it came when those around it were there, and
/// none of the later ones before it. In: the readings within reach, and the first that is not before the moment.
bool in_order(std::span<const Reading> near, std::size_t after, Micros at) {
  const Micros since = known_since(near[after]);
  if (near[after].measured_at != at) {
    const Reading& before = near[after - 1];
    if (known_since(before) > since || (after > 1 && near[after - 2].measured_at == before.measured_at)) return false;
  }
  for (std::size_t i = after + 1; i < near.size(); ++i)
    if (known_since(near[i]) < since || near[i].measured_at == near[after].measured_at) return false;
  return true;
}

// To the bit as outcome_at, which is only asked where readings came in disorder.
float between(const Reading& before, const Reading& after, Micros at) {
  const double weight =
      static_cast<double>(at - before.measured_at) / static_cast<double>(after.measured_at - before.measured_at);
  return static_cast<float>(static_cast<double>(before.mg_dl) +
                            weight * static_cast<double>(after.mg_dl - before.mg_dl));
}

}  // namespace

/// in: readings within reach of a moment · out: what was known of it first, what came later is in revisions_
Analogues::Point Analogues::first_known(std::span<const Reading> near, Micros at) {
  std::size_t after = 0;
  while (after < near.size() && near[after].measured_at < at) ++after;
  if (after == near.size()) return {kUnknown, 0, 0};
  const bool exact = near[after].measured_at == at;
  if (after == 0 && !exact) return {kUnknown, 0, 0};
  if (in_order(near, after, at))
    return {exact ? near[after].mg_dl : between(near[after - 1], near[after], at), 0, known_since(near[after])};
  std::vector<Micros> moments;
  for (const Reading& r : near) moments.push_back(known_since(r));
  std::sort(moments.begin(), moments.end());
  Point first{kUnknown, 0, 0};
  Point* last = &first;
  for (const Micros moment : moments) {
    const float value = outcome_at(near, at, moment);
    if (std::isnan(value) || value == last->mg_dl) continue;
    if (std::isnan(first.mg_dl)) {
      first = {value, 0, moment};
      continue;
    }
    const auto place = static_cast<int>(revisions_.size()) + 1;
    last->revision = place;
    revisions_.push_back({value, 0, moment});
    last = &revisions_.back();
  }
  return first;
}

// What is said of moments from `at` on. Revisions lie in the order of their points.
void Analogues::forget_from(Micros at) {
  while (!stretches_.empty() && stretches_.back().start >= at) stretches_.pop_back();
  std::size_t left = 0;
  if (!stretches_.empty()) {
    Stretch& last = stretches_.back();
    last.n = std::min(last.n, static_cast<std::size_t>((at - last.start + kStep - 1) / kStep));
    left = last.first + last.n;
  }
  for (std::size_t i = left; i < points_.size(); ++i) {
    if (points_[i].revision == 0) continue;
    revisions_.resize(static_cast<std::size_t>(points_[i].revision) - 1, Point{kUnknown, 0, 0});
    break;
  }
  points_.resize(left, Point{kUnknown, 0, 0});
}

void Analogues::extend(std::span<const Reading> readings, Micros complete) {
  // Nothing is known between readings farther apart than their reach: a stretch ends there, so that what is kept grows
  // with the readings and not with the time they span.
  constexpr Micros kLongGap = 2 * kReachOfReading + kStep;
  std::size_t begin = 0;
  if (!stretches_.empty()) {
    const Micros from = complete - kReachOfReading;
    forget_from(from);
    const auto within_reach = [&](const Reading& r) { return r.measured_at < from - kReachOfReading; };
    begin = static_cast<std::size_t>(std::partition_point(readings.begin(), readings.end(), within_reach) -
                                     readings.begin());
  }
  std::size_t first = begin, last = begin;  // of the readings within reach
  for (std::size_t end; begin < readings.size(); begin = end) {
    end = begin + 1;
    while (end < readings.size() && readings[end].measured_at - readings[end - 1].measured_at <= kLongGap) ++end;
    const Micros from = readings[begin].measured_at;
    Micros t = from - ((from % kStep) + kStep) % kStep;  // a quarter-hour, at the first reading or before it
    if (!stretches_.empty()) t = std::max(t, stretches_.back().end());
    if (stretches_.empty() || stretches_.back().end() != t) stretches_.push_back({t, points_.size(), 0});
    for (Stretch& stretch = stretches_.back(); t <= readings[end - 1].measured_at; t += kStep, ++stretch.n) {
      while (readings[first].measured_at < t - kReachOfReading) ++first;
      while (last < readings.size() && readings[last].measured_at <= t + kReachOfReading) ++last;
      points_.push_back(first < last ? first_known(readings.subspan(first, last - first), t) : Point{kUnknown, 0, 0});
    }
  }
}

}  // namespace glucose
