// SPDX-License-Identifier: PostgreSQL
// Rapid rises and falls, and gaps: where glucose moves fast, and where nobody knows.
#include <cmath>

#include "core/seeing/look_back.hpp"

namespace glucose::look_back {

namespace {

// Between two runs of steep quarters of an hour, one that is not so steep.
constexpr Micros kPause = 10 * kMinute;

// A warm-up, and how sensors on the market take: half an hour, one hour, two hours.
constexpr Micros kShortestWarmUp = 25 * kMinute, kLongestWarmUp = 150 * kMinute;
constexpr std::array kUsualWarmUps{30 * kMinute, 60 * kMinute, 120 * kMinute};
constexpr double kAnotherRhythm = 0.6, kAnotherRhythmInUsualTime = 0.9;
constexpr std::size_t kRhythmOf = 6;             // readings on each side
constexpr Micros kSameRhythm = 12 * kSecond;     // jitter of a sensor's clock
constexpr Micros kShortestRhythm = 4 * kMinute;  // the rhythm of faster ones says nothing

/// Where in its step a sensor reads, as the clock has it; -1 when that is not settled.
Micros phase_of(std::span<const StretchPoint> points, Micros step) {
  if (points.size() < kRhythmOf) return -1;
  const auto apart = [step](Micros a, Micros b) {
    const Micros d = ((a - b) % step + step) % step;
    return std::min(d, step - d);
  };
  const Micros phase = ((points.front().at % step) + step) % step;
  for (const StretchPoint& p : points)
    if (apart(p.at, phase) > kSameRhythm) return -1;
  return phase;
}

bool is_other_rhythm(const Past& past, std::size_t before) {
  const auto& points = past.stretch.points;
  if (past.stretch.usual_step < kShortestRhythm || before + 1 < kRhythmOf || before + 1 + kRhythmOf > points.size())
    return false;
  // A sensor's step is a whole number of minutes; what is measured is off by the clock's jitter.
  const Micros step = (past.stretch.usual_step + kMinute / 2) / kMinute * kMinute;
  const std::span<const StretchPoint> all(points);
  const Micros a = phase_of(all.subspan(before + 1 - kRhythmOf, kRhythmOf), step);
  const Micros b = phase_of(all.subspan(before + 1, kRhythmOf), step);
  if (a < 0 || b < 0) return false;
  const Micros d = std::abs(a - b);
  return std::min(d, step - d) > 2 * kSameRhythm;
}

bool is_usual_warm_up(Micros took, Micros step) {
  for (const Micros usual : kUsualWarmUps)
    if (std::abs(took - usual) <= 2 * step) return true;
  return false;
}

}  // namespace

void add_rapid(const Past& past, std::vector<Happening>& out) {
  const auto& points = past.stretch.points;
  for (const int direction : {1, -1}) {
    const std::size_t before = out.size();
    std::size_t first = 0;  // point of the run
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double slope = direction * past.slopes[i];
      if (!(slope >= past.rules.rapid_per_min)) continue;
      const std::size_t from = past.slope_from[i];
      const Micros since = out.size() > before ? points[from].at - out.back().end : kPause + 1;
      const bool goes_on = since <= 0 || (since <= kPause && !past.is_cut[from]);
      if (!goes_on) {
        first = from;
        out.push_back({direction > 0 ? Happened::rapid_rise : Happened::rapid_fall, points[from].at, points[i].at});
        out.back().from = points[from].mg_dl;
        out.back().rate = past.slopes[i];
        out.back().extreme = points[from].mg_dl;
      }
      Happening& h = out.back();
      h.end = points[i].at;
      if (slope > direction * h.rate) h.rate = past.slopes[i];
      for (std::size_t j = std::max(first, from); j <= i; ++j)
        if (direction * (points[j].mg_dl - h.extreme) > 0) h.extreme = points[j].mg_dl, h.extreme_at = points[j].at;
      h.certainty = certainty_of(direction * h.rate / past.rules.rapid_per_min);
    }
  }
}

void add_gaps(const Past& past, std::vector<Happening>& out) {
  const auto& points = past.stretch.points;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    if (!points[i].ends) continue;
    Happening h{Happened::gap, points[i].at, points[i + 1].at};
    h.from = points[i].mg_dl;
    out.push_back(h);
    const Micros took = h.end - h.begin;
    if (took < kShortestWarmUp || took > kLongestWarmUp || !is_other_rhythm(past, i)) continue;
    h.kind = Happened::warm_up;
    h.certainty = is_usual_warm_up(took, past.stretch.usual_step) ? kAnotherRhythmInUsualTime : kAnotherRhythm;
    out.push_back(h);
  }
}

}  // namespace glucose::look_back
