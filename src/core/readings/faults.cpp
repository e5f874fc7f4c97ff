// SPDX-License-Identifier: PostgreSQL
#include "core/readings/faults.hpp"

#include "core/readings/sensor_rules.hpp"

namespace glucose {

using namespace sensor_rules;

namespace {

constexpr float kRecovered = 0.75F;  // of a fall
constexpr Micros kReturnsWithin = 180 * kMinute;
// A sensor's noise grows with the level: up to 15 % is what meters are allowed (ISO 15197:2013).
constexpr float kNoise = 0.15F, kNoisyFrom = 150;

void find_stuck(Points points, std::vector<Fault>& out) {
  for (std::size_t i = 0; i < points.size();) {
    std::size_t last = i;
    while (last + 1 < points.size() && points[last + 1].mg_dl == points[i].mg_dl &&
           points[last + 1].at - points[last].at <= kFlatWithin)
      ++last;
    const auto n = static_cast<float>(last - i + 1);
    // Of the last three hours of the run, that is: of readings more than an hour apart these hold too few.
    if (last > i && is_flat(points, last) && !is_at_limit(points, last))
      out.push_back({FaultKind::stuck, points[i].at, points[last].at, i > 0 ? points[i - 1].mg_dl : kUnknown,
                     points[i].mg_dl, n / kFlatReadings, false, 0});
    i = last + 1;
  }
}

/// Moments of one kind, in order, of which so many within a time contradict each other.
struct Contrary {
  std::vector<Micros> moments{};
  Micros within;
  int enough;
  std::size_t begin = 0, end = 0;  // those within the time up to the moment that was asked last

  float strength(Micros at) {
    while (end < moments.size() && moments[end] <= at) ++end;
    while (begin < end && at - moments[begin] > within) ++begin;
    return static_cast<float>(end - begin) / static_cast<float>(enough);
  }
};

void find_contradictions(Points points, const std::vector<Micros>& dropped, std::vector<Fault>& out) {
  Contrary kinds[] = {
      {dropped, kDroppedWithin, kDropped}, {{}, kReversalsWithin, kReversals}, {{}, kApartWithin, kMomentsApart}};
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (is_reversal(points, i)) kinds[1].moments.push_back(points[i].at);
    if (points[i].apart > kLeastJump) kinds[2].moments.push_back(points[i].at);
  }
  const std::size_t before = out.size();
  for (const Point& p : points)
    for (Contrary& kind : kinds) {
      float strength = kind.strength(p.at);
      if (strength < 1) continue;
      strength *= std::min(1.0F, kNoisyFrom / p.mg_dl);
      const Micros first = kind.moments[kind.begin], last = kind.moments[kind.end - 1];
      if (out.size() == before || first - out.back().end > kReversalsWithin)
        out.push_back({FaultKind::two_sensors, first, last, kUnknown, kUnknown, strength, false, 0});
      out.back().begin = std::min(out.back().begin, first);
      out.back().end = std::max(out.back().end, last);
      out.back().strength = std::max(out.back().strength, strength);
    }
}

bool holds(const Fault& fault, Micros at) {
  return fault.begin <= at && at <= fault.end;
}

/// Whether one of the faults, by begin and apart, holds a moment; for moments that ascend.
class Within {
 public:
  explicit Within(std::span<const Fault> faults) : faults_(faults) {}
  bool operator()(Micros at) {
    while (next_ < faults_.size() && faults_[next_].end < at) ++next_;
    return next_ < faults_.size() && holds(faults_[next_], at);
  }

 private:
  std::span<const Fault> faults_;
  std::size_t next_ = 0;
};

// How the fall that has reached point i went on: up to the first point that is back, or a gap.
Fault followed(Points points, std::size_t top, std::size_t i) {
  std::size_t last = i, lowest = i;
  while (last + 1 < points.size() && points[last].mg_dl < kFallEnds &&
         points[last + 1].at - points[last].at <= kSeriesGap)
    if (points[++last].mg_dl < points[lowest].mg_dl) lowest = last;
  const float from = points[top].mg_dl, to = points[lowest].mg_dl;
  Fault fault{
      FaultKind::compression_low, points[top].at, points[last].at, from, to, (from - to) / kLeastFall, false, 0};
  for (std::size_t j = lowest; j < points.size() && points[j].at - points[lowest].at <= kFlatWithin; ++j)
    if (points[j].mg_dl >= to + kRecovered * (from - to)) {
      fault.to_recover = points[j].at - points[lowest].at;
      break;
    }
  return fault;
}

void find_pressed(Points points, std::span<const Jump> jumps, std::vector<Fault>& out) {
  auto jump = jumps.begin();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto top = pressed_from(points, i);
    if (!top) continue;
    while (jump != jumps.end() && (!jump->far || jump->at <= points[*top].at)) ++jump;
    if (jump != jumps.end() && jump->at <= points[i].at) continue;  // another level is no fall
    out.push_back(followed(points, *top, i));
    while (i + 1 < points.size() && points[i + 1].at <= out.back().end) ++i;
  }
}

// A jump that is made up for by another one soon was a fault as long as it lasted.
bool is_return(const Jump& jump, const Jump& back) {
  const float there = jump.to - jump.from, again = back.to - back.from;
  return back.at - jump.at <= kReturnsWithin && (there > 0) != (again > 0) && std::abs(again) >= std::abs(there) / 2;
}

// When a value that did not change is left again is no second fault.
bool is_release(const Jump& jump, std::span<const Fault> stuck) {
  const auto next = std::partition_point(stuck.begin(), stuck.end(), [&](const Fault& f) { return f.begin < jump.at; });
  if (next == stuck.begin()) return false;
  return jump.at > (next - 1)->end && jump.at - (next - 1)->end <= kSeriesGap && jump.from == (next - 1)->to;
}

void add_jumps(std::span<const Jump> jumps, std::span<const Fault> contradictions, std::span<const Fault> pressed,
               std::span<const Fault> stuck, std::vector<Fault>& out) {
  Within contradicted(contradictions), is_pressed(pressed);
  for (std::size_t j = 0; j < jumps.size(); ++j) {
    const Jump& jump = jumps[j];
    const bool explained = contradicted(jump.at), fell = is_pressed(jump.at);
    if (explained || (fell && !jump.far) || is_release(jump, stuck)) continue;
    const float noise = kNoise * std::max(jump.from, jump.to);
    const float strength = std::min(jump.strength, std::abs(jump.to - jump.from) / noise);
    Fault fault{FaultKind::jump, jump.at, jump.settled_at, jump.from, jump.to, strength, jump.believed, 0};
    if (jump.believed && j + 1 < jumps.size() && is_return(jump, jumps[j + 1])) {
      fault.end = jumps[++j].at;
      fault.believed = false;
    }
    out.push_back(fault);
  }
}

}  // namespace

std::vector<Fault> faults_of(std::span<const Point> points) {
  std::vector<Fault> found, stuck, pressed, contradictions;
  if (points.empty()) return found;
  const Walk walk(points, Walk::Before::as_it_was);
  find_contradictions(points, walk.dropped, contradictions);
  find_pressed(averaged(walk.believed, 1), walk.jumps, pressed);
  find_stuck(points, stuck);
  add_jumps(walk.jumps, contradictions, pressed, stuck, found);
  found.insert(found.end(), stuck.begin(), stuck.end());
  found.insert(found.end(), contradictions.begin(), contradictions.end());
  found.insert(found.end(), pressed.begin(), pressed.end());
  std::stable_sort(found.begin(), found.end(), [](const Fault& a, const Fault& b) { return a.begin < b.begin; });
  return found;
}

}  // namespace glucose
