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

Analogues::Analogues(std::span<const Reading> readings) {
  // Nothing is known between readings farther apart than their reach: a stretch ends there, so that what is kept grows
  // with the readings and not with the time they span.
  constexpr Micros kLongGap = 2 * kReachOfReading + kStep;
  std::size_t first = 0, last = 0;  // of the readings within reach
  for (std::size_t begin = 0, end; begin < readings.size(); begin = end) {
    end = begin + 1;
    while (end < readings.size() && readings[end].measured_at - readings[end - 1].measured_at <= kLongGap) ++end;
    const Micros from = readings[begin].measured_at;
    const Micros start = from - ((from % kStep) + kStep) % kStep;  // a quarter-hour, at the first reading or before it
    Stretch stretch{start, points_.size(), 0};
    for (Micros t = start; t <= readings[end - 1].measured_at; t += kStep, ++stretch.n) {
      while (readings[first].measured_at < t - kReachOfReading) ++first;
      while (last < readings.size() && readings[last].measured_at <= t + kReachOfReading) ++last;
      points_.push_back(first < last ? first_known(readings.subspan(first, last - first), t) : Point{kUnknown, 0, 0});
    }
    stretches_.push_back(stretch);
  }
}

}  // namespace glucose
