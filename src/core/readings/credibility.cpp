// SPDX-License-Identifier: PostgreSQL
#include "core/readings/credibility.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace glucose {

namespace {

constexpr Micros kNamedFor = 60 * kMinute;
// Jumps.
constexpr float kFastest = 5, kLeastJump = 15;  // mg/dL a minute; mg/dL, below which it may be noise
constexpr float kFarJump = 2.5F;                // times what is possible
constexpr Micros kConfirmedAfter = 4 * kMinute;
constexpr std::size_t kRhythmOf = 6;  // intervals
constexpr float kInRhythm = 0.9F, kUncertain = 0.5F, kOffRhythm = 0.1F;
// Of the jump, in spreads, of which a 90 % interval reaches about three; what may be real may go on, too.
constexpr float kDoubtShare = 0.25F, kDoubtOfNear = 0.5F;
// Contradictions.
constexpr int kDropped = 3, kReversals = 4, kMomentsApart = 3;
constexpr float kReversal = 10;
constexpr Micros kReversalsWithin = 90 * kMinute;
constexpr Micros kShortestReversal = 2 * kMinute, kLongestReversal = 20 * kMinute;  // within a minute it is noise
// Averages: a sensor's five minutes, with its jitter.
constexpr Micros kDense = 4 * kMinute;
// A stuck sensor.
constexpr int kFlatReadings = 4;
constexpr Micros kFlatSpan = 60 * kMinute, kFlatWithin = 180 * kMinute;
// The edges of a sensor's range.
constexpr float kBeyondEdge = 15;  // mg/dL, what it may hide
constexpr float kLowEdge = 40, kHighEdge = 400, kHighCode = 401;
// Compression lows.
constexpr float kFall = 25, kFallTo = 70, kFallEnds = 75, kSteady = 6;
constexpr Micros kFallWithin = 16 * kMinute;
constexpr int kSteadyReadings = 4;

using Points = std::span<const Point>;

float minutes_of(Micros span) {
  return static_cast<float>(span) / static_cast<float>(kMinute);
}

/// A change, counted in what a body can do in the time between.
float in_possible(const Point& a, const Point& b) {
  return std::abs(b.mg_dl - a.mg_dl) / std::max(kFastest * minutes_of(b.at - a.at), kLeastJump);
}
bool is_possible(const Point& a, const Point& b) {
  return in_possible(a, b) <= 1;
}

bool is_at_limit(Points points, std::size_t i) {
  const float value = std::round(points[i].mg_dl);
  if (points[i].mg_dl <= kLowEdge || value == kHighEdge || value == kHighCode) return true;
  return i > 0 && value > kHighCode && points[i - 1].mg_dl == points[i].mg_dl;
}

bool is_reversal(Points points, std::size_t i) {
  const auto is_apart = [&](std::size_t j) {
    const Micros between = points[j].at - points[j - 1].at;
    return between >= kShortestReversal && between <= kLongestReversal;
  };
  if (i < 2 || !is_apart(i) || !is_apart(i - 1)) return false;
  const float last = points[i].mg_dl - points[i - 1].mg_dl, before = points[i - 1].mg_dl - points[i - 2].mg_dl;
  return (last > 0) != (before > 0) && std::min(std::abs(last), std::abs(before)) >= kReversal;
}

/// Whether the value at i has not changed for an hour or more.
bool is_flat(Points points, std::size_t i) {
  std::size_t first = i;
  while (first > 0 && points[first - 1].mg_dl == points[i].mg_dl && points[i].at - points[first - 1].at <= kFlatWithin)
    --first;
  return i - first + 1 >= kFlatReadings && points[i].at - points[first].at >= kFlatSpan;
}

/// The highest point from which `i` has fallen.
std::optional<std::size_t> fallen_from(Points points, std::size_t i) {
  if (points[i].mg_dl >= kFallTo) return {};
  std::optional<std::size_t> top;
  for (std::size_t j = i; j-- > 0 && points[i].at - points[j].at <= kFallWithin;)
    if (points[j].mg_dl - points[i].mg_dl >= kFall && (!top || points[j].mg_dl > points[*top].mg_dl)) top = j;
  return top;
}

bool is_steady_until(Points points, std::size_t last) {
  double sum = 0, squares = 0;
  int n = 0;
  for (std::size_t i = last + 1; i-- > 0 && points[last].at - points[i].at <= 60 * kMinute; ++n) {
    const double d = static_cast<double>(points[i].mg_dl - points[last].mg_dl);
    sum += d;
    squares += d * d;
  }
  return n >= kSteadyReadings && squares / n - sum / n * sum / n <= static_cast<double>(kSteady * kSteady);
}

/// Whether point i came when the sensor's next reading was due.
bool is_in_rhythm(Points points, std::size_t i) {
  std::vector<Micros> intervals;
  for (std::size_t j = i; j-- > 1 && intervals.size() < kRhythmOf;)
    intervals.push_back(points[j].at - points[j - 1].at);
  if (intervals.empty()) return true;
  std::sort(intervals.begin(), intervals.end());
  const Micros usual = intervals[intervals.size() / 2];
  return std::abs(points[i].at - points[i - 1].at - usual) <= std::max<Micros>(kMinute * 3 / 5, usual * 3 / 20);
}

/// Goes through the points once: what is believed, what waits for a second reading.
class Walk {
 public:
  explicit Walk(Points points) : points_(points) {
    for (next_ = 0; next_ < points.size(); ++next_) look(points[next_]);
    if (!waiting_.empty()) start_between();
  }
  std::vector<Point> believed;
  float doubt = 0;
  std::vector<Micros> jumps;               // when each began
  int dropped_lately = 0;                  // readings of the last hour that nothing agreed with
  std::optional<Micros> level_came_with_;  // the last jump that was believed, and moved what was before

 private:
  Micros end() const { return points_.back().at; }

  void look(const Point& p) {
    if (believed.empty() || p.at - believed.back().at > kSeriesGap) {
      waiting_.clear();
      series_ = believed.size();
      believed.push_back(p);
    } else if (is_possible(believed.back(), p)) {
      drop();
      believed.push_back(p);
    } else if (!waiting_.empty() && is_possible(waiting_.back(), p)) {
      waiting_.push_back(p);
      if (p.at - waiting_.front().at >= kConfirmedAfter) believe();
    } else {
      drop();
      jumps.push_back(p.at);
      waiting_.push_back(p);
      far_ = in_possible(believed.back(), p) > kFarJump;
      in_rhythm_ = is_in_rhythm(points_, next_);
    }
  }

  void drop() {
    for (const Point& p : waiting_) dropped_lately += end() - p.at <= kNamedFor ? 1 : 0;
    waiting_.clear();
  }

  void move_series(float by) {
    for (std::size_t i = series_; i < believed.size(); ++i)
      believed[i].mg_dl = std::clamp(believed[i].mg_dl + by, kGlucoseLow, kGlucoseHigh);
  }

  void believe() {
    if (far_) {
      move_series(waiting_.front().mg_dl - believed.back().mg_dl);
      level_came_with_ = waiting_.front().at;
    }
    believed.insert(believed.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
  }

  void start_between() {
    const float away = waiting_.back().mg_dl - believed.back().mg_dl;
    move_series(away * (far_ && !in_rhythm_ ? kOffRhythm : far_ || !in_rhythm_ ? kUncertain : kInRhythm));
    doubt = std::abs(away) * (far_ ? kDoubtShare : kDoubtOfNear);
  }

  Points points_;
  std::size_t next_ = 0, series_ = 0;  // of points_; where the series of the last believed one begins
  std::vector<Point> waiting_;
  bool far_ = false, in_rhythm_ = true;  // of the one that waits
};

bool contradicts(Points points, int dropped_lately) {
  int reversals = 0, apart = 0;
  const Micros end = points.back().at;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (end - points[i].at <= kReversalsWithin && is_reversal(points, i)) ++reversals;
    if (end - points[i].at <= kNamedFor && points[i].apart > kLeastJump) ++apart;
  }
  return dropped_lately >= kDropped || reversals >= kReversals || apart >= kMomentsApart;
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

/// Averages of readings less than 4 minutes apart, of `least` at least, back from the last one.
std::vector<Point> averaged(Points points, std::size_t least) {
  std::vector<Point> means;
  for (std::size_t i = points.size(); i > 0;) {
    const Point& newest = points[i - 1];
    double mg_dl = 0;
    Micros before = 0;
    std::size_t n = 0;
    for (; i > 0 && newest.at - points[i - 1].at <= kSeriesGap; --i, ++n) {
      if (n >= least && newest.at - points[i - 1].at >= kDense) break;
      mg_dl += static_cast<double>(points[i - 1].mg_dl);
      before += newest.at - points[i - 1].at;
    }
    const auto count = static_cast<double>(n);
    if (n == 1)
      means.push_back(newest);
    else
      means.push_back({newest.at - before / static_cast<Micros>(n), static_cast<float>(mg_dl / count)});
  }
  std::reverse(means.begin(), means.end());
  return means;
}

void halve_compression(Credibility& c) {
  const Micros end = c.points.back().at;
  if (c.points.back().mg_dl >= kFallEnds) return;
  for (std::size_t i = c.points.size(); i-- > 0 && end - c.points[i].at <= kNamedFor;) {
    if (c.points[i].mg_dl >= kFallEnds) return;
    const auto top = fallen_from(c.points, i);
    if (!top || !is_steady_until(c.points, *top)) continue;
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
  Walk walk(points);
  Credibility c;
  c.known_since = points.front().at;
  const Micros end = points.back().at;
  if (!walk.jumps.empty() && end - walk.jumps.back() <= kNamedFor) c.issues |= kJump;
  if (walk.level_came_with_ && end - *walk.level_came_with_ <= kNamedFor) c.known_since = *walk.level_came_with_;
  if (contradicts(points, walk.dropped_lately)) {
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
