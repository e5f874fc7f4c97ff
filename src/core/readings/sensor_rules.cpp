// SPDX-License-Identifier: PostgreSQL
#include "core/readings/sensor_rules.hpp"

namespace glucose::sensor_rules {

namespace {

constexpr float kReversal = 10;
constexpr Micros kConfirmedAfter = 4 * kMinute;
constexpr std::size_t kRhythmOf = 6;  // intervals
constexpr float kInRhythm = 0.9F, kUncertain = 0.5F, kOffRhythm = 0.1F;
// Of the jump, in spreads, of which a 90 % interval reaches about three; what may be real may go on, too.
constexpr float kDoubtOfNear = 0.5F;
constexpr float kFallTo = 70, kSteady = 6;
constexpr Micros kFallWithin = 16 * kMinute;
constexpr int kSteadyReadings = 4;

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

}  // namespace

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

bool is_flat(Points points, std::size_t i) {
  std::size_t first = i;
  while (first > 0 && points[first - 1].mg_dl == points[i].mg_dl && points[i].at - points[first - 1].at <= kFlatWithin)
    --first;
  return i - first + 1 >= kFlatReadings && points[i].at - points[first].at >= kFlatSpan;
}

std::optional<std::size_t> fallen_from(Points points, std::size_t i) {
  if (points[i].mg_dl >= kFallTo) return {};
  std::optional<std::size_t> top;
  for (std::size_t j = i; j-- > 0 && points[i].at - points[j].at <= kFallWithin;)
    if (points[j].mg_dl - points[i].mg_dl >= kLeastFall && (!top || points[j].mg_dl > points[*top].mg_dl)) top = j;
  return top;
}

std::optional<std::size_t> pressed_from(Points points, std::size_t i) {
  const auto top = fallen_from(points, i);
  return top && is_steady_until(points, *top) ? top : std::nullopt;
}

std::vector<Point> averaged(Points points, std::size_t least) {
  std::vector<Point> means;
  for (std::size_t i = points.size(); i > 0;) {
    const Point& newest = points[--i];
    auto mg_dl = static_cast<double>(newest.mg_dl);
    Micros before = 0;
    std::size_t n = 1;
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

Walk::Walk(Points points, Before before) : points_(points), before_(before) {
  for (next_ = 0; next_ < points.size(); ++next_) look(points[next_]);
  if (!waiting_.empty()) start_between();
}

void Walk::look(const Point& p) {
  if (believed.empty() || p.at - believed.back().at > kSeriesGap) {
    waiting_.clear();
    series_ = believed.size();
    believed.push_back(p);
  } else if (is_possible(believed.back(), p)) {
    drop(p.at);
    believed.push_back(p);
  } else if (!waiting_.empty() && is_possible(waiting_.back(), p)) {
    waiting_.push_back(p);
    if (p.at - waiting_.front().at >= kConfirmedAfter) believe();
  } else {
    drop(p.at);
    const float strength = in_possible(believed.back(), p);
    far_ = strength > kFarJump;
    in_rhythm_ = is_in_rhythm(points_, next_);
    jumps.push_back({p.at, p.at, believed.back().mg_dl, p.mg_dl, strength, far_, false});
    waiting_.push_back(p);
  }
}

void Walk::drop(Micros settled_at) {
  if (!waiting_.empty()) jumps.back().settled_at = settled_at;
  for (const Point& p : waiting_) dropped.push_back(p.at);
  waiting_.clear();
}

void Walk::move_series(float by) {
  if (before_ == Before::as_it_was) return;
  for (std::size_t i = series_; i < believed.size(); ++i)
    believed[i].mg_dl = std::clamp(believed[i].mg_dl + by, kGlucoseLow, kGlucoseHigh);
}

void Walk::believe() {
  jumps.back().settled_at = waiting_.back().at;
  jumps.back().believed = true;
  if (far_) {
    move_series(waiting_.front().mg_dl - believed.back().mg_dl);
    level_came_with_ = waiting_.front().at;
  }
  believed.insert(believed.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
}

void Walk::start_between() {
  const float away = waiting_.back().mg_dl - believed.back().mg_dl;
  move_series(away * (far_ && !in_rhythm_ ? kOffRhythm : far_ || !in_rhythm_ ? kUncertain : kInRhythm));
  doubt = std::abs(away) * (far_ ? kDoubtShare : kDoubtOfNear);
}

}  // namespace glucose::sensor_rules
