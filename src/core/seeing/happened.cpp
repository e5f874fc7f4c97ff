// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/happened.hpp"

#include <cmath>

#include "core/seeing/episodes.hpp"
#include "core/seeing/look_back.hpp"

namespace glucose {

using namespace look_back;

namespace {

constexpr Micros kProlonged = 120 * kMinute;
// A compression low.
constexpr Micros kSoonRecovered = 60 * kMinute;
constexpr int kDayBeginsMin = 8 * 60, kDayEndsMin = 22 * 60;
constexpr Micros kSlopeOver = 15 * kMinute, kLeastSlopeOver = 9 * kMinute;

bool is_by_day(const DayClock& clock, Micros at) {
  const int minute = clock.minute_of_day(at);
  return minute >= kDayBeginsMin && minute < kDayEndsMin;
}

double certainty_of_fault(const Fault& fault, const DayClock& clock) {
  auto strength = static_cast<double>(fault.strength);
  if (fault.kind == FaultKind::compression_low) {
    if (fault.to_recover == 0 || fault.to_recover > kSoonRecovered) strength /= 2;
    if (is_by_day(clock, fault.begin)) strength /= 2;
  }
  return certainty_of(strength);
}

// Least squares over the last quarter of an hour, of readings that go on from each other and are no fault.
void add_slopes(Past& past) {
  const auto& points = past.stretch.points;
  past.slopes.resize(points.size(), std::numeric_limits<double>::quiet_NaN());
  past.slope_from.resize(points.size());
  // A sensor of every 15 minutes is late at times: a slope is then that between two readings.
  const Micros over = std::max(kSlopeOver, past.stretch.usual_step) + kMinute;
  std::size_t first = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (past.is_doubted[i])
      first = i + 1;
    else if (past.is_cut[i])
      first = i;
    while (first < i && points[i].at - points[first].at > over) ++first;
    if (first >= i || points[i].at - points[first].at < kLeastSlopeOver) continue;
    double n = 0, t = 0, g = 0, tt = 0, tg = 0;
    for (std::size_t j = first; j <= i; ++j) {
      const double minutes = static_cast<double>(points[j].at - points[i].at) / static_cast<double>(kMinute);
      n += 1, t += minutes, g += points[j].mg_dl, tt += minutes * minutes, tg += minutes * points[j].mg_dl;
    }
    past.slopes[i] = (n * tg - t * g) / (n * tt - t * t);
    past.slope_from[i] = first;
  }
}

// The share of a time that is in faults, each counted as far as it is one.
double doubt_about(const Past& past, Micros begin, Micros end) {
  double doubt = 0;
  for (std::size_t f = 0; f < past.faults.size() && past.faults[f].begin < end; ++f) {
    const Fault& fault = past.faults[f];
    const Micros both = std::min(end, fault.end) - std::max(begin, fault.begin);
    if (both <= 0 || (fault.kind == FaultKind::jump && fault.believed)) continue;
    doubt += past.certainty[f] * static_cast<double>(both) / static_cast<double>(end - begin);
  }
  return std::min(doubt, 1.0);
}

bool is_at_night(const DayClock& clock, const Episode& e) {
  const int minute = clock.minute_of_day(e.begin);
  return minute < kNightEndsMin || (e.end - e.begin) / kMinute > 1440 - minute;
}

void add_levels(const Past& past, Happened kind, Beyond beyond, double limit, std::vector<Happening>& out) {
  for (const Episode& e : episodes_of(past.stretch, beyond, limit)) {
    Happening h{kind, e.begin, e.end};
    h.extreme = e.extreme;
    const std::size_t first = past.stretch.first_from(e.begin);
    for (const StretchPoint& p : past.stretch.between(e.begin, e.end))
      if (p.mg_dl == e.extreme) {
        h.extreme_at = p.at;
        break;
      }
    if (first > 0 && !past.is_cut[first]) h.from = past.stretch.points[first - 1].mg_dl;
    h.rate = past.slopes[first];
    h.certainty = 1 - doubt_about(past, e.begin, e.end);
    h.is_prolonged = beyond == Beyond::below && e.end - e.begin >= kProlonged;
    out.push_back(h);
    if (kind != Happened::low || !is_at_night(past.clock, e)) continue;
    h.kind = Happened::nocturnal_low;
    out.push_back(h);
  }
}

void add_faults(const Past& past, std::vector<Happening>& out) {
  for (std::size_t f = 0; f < past.faults.size(); ++f) {
    const Fault& fault = past.faults[f];
    constexpr std::array kinds{Happened::stuck, Happened::jump, Happened::two_sensors, Happened::compression_low};
    Happening h{kinds[static_cast<std::size_t>(fault.kind)], fault.begin, fault.end};
    h.extreme = static_cast<double>(fault.to);
    h.from = static_cast<double>(fault.from);
    h.certainty = past.certainty[f];
    h.is_believed = fault.believed;
    out.push_back(h);
  }
}

}  // namespace

namespace look_back {

double certainty_of(double strength) {
  return 1 - std::exp2(-strength);
}

Past::Past(std::span<const Reading> all, std::span<const Meal> eaten, const DayClock& persons,
           const HappenedRules& asked)
    : readings(all), meals(eaten), clock(persons), rules(asked) {
  constexpr Micros kEver = std::numeric_limits<Micros>::max();
  std::vector<SensorValue> samples;
  samples.reserve(all.size());
  for (const Reading& r : all) samples.push_back({r.measured_at, r.mg_dl});
  samples.resize(settle(samples, 0));
  stretch = stretch_of(samples);
  faults = faults_of(points_of(all, std::numeric_limits<Micros>::min(), kEver));
  const auto& points = stretch.points;
  is_doubted.resize(points.size());
  is_cut.resize(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) is_cut[i] = i == 0 || points[i - 1].ends;
  for (const Fault& fault : faults) {
    certainty.push_back(certainty_of_fault(fault, clock));
    std::size_t i = stretch.first_from(fault.begin);
    if (fault.kind == FaultKind::jump && fault.believed) {
      if (i < points.size()) is_cut[i] = 1;
      continue;
    }
    for (const std::size_t end = stretch.first_from(fault.end); i < end; ++i) is_doubted[i] = 1;
    if (i < points.size()) is_cut[i] = 1;
  }
  add_slopes(*this);
}

}  // namespace look_back

std::vector<Happening> happened(std::span<const Reading> readings, std::span<const Meal> meals, const DayClock& clock,
                                const HappenedRules& rules) {
  const Past past(readings, meals, clock, rules);
  std::vector<Happening> found;
  add_levels(past, Happened::low, Beyond::below, rules.targets.low, found);
  add_levels(past, Happened::very_low, Beyond::below, rules.targets.very_low, found);
  add_levels(past, Happened::high, Beyond::above, rules.targets.high, found);
  add_levels(past, Happened::very_high, Beyond::above, rules.targets.very_high, found);
  add_rapid(past, found);
  add_spikes(past, found);
  add_unlogged(past, found);
  add_gaps(past, found);
  add_faults(past, found);
  std::sort(found.begin(), found.end(), [](const Happening& a, const Happening& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.kind != b.kind ? a.kind < b.kind : a.end < b.end;
  });
  return found;
}

}  // namespace glucose
