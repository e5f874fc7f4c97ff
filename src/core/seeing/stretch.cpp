// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/stretch.hpp"

#include "core/days/glucose_day.hpp"

namespace glucose {

namespace {

bool before(const SensorValue& a, const SensorValue& b) {
  return a.at != b.at ? a.at < b.at : a.mg_dl < b.mg_dl;
}

bool same(const SensorValue& a, const SensorValue& b) {
  return a.at == b.at && a.mg_dl == b.mg_dl;
}

// The lower of the two in the middle; a single reading stands for the longest.
Micros usual_step_of(const std::vector<StretchPoint>& points) {
  if (points.size() < 2) return kLongestStep;
  std::vector<Micros> steps;
  steps.reserve(points.size());
  for (std::size_t i = 1; i < points.size(); ++i) steps.push_back(points[i].at - points[i - 1].at);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>((steps.size() - 1) / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return std::min(*middle, kLongestStep);
}

std::vector<StretchPoint> moments_of(std::span<const SensorValue> samples, Micros begin, Micros end) {
  std::vector<StretchPoint> points;
  points.reserve(samples.size());
  int n_here = 0;
  double sum_here = 0;
  for (const SensorValue& s : samples) {
    if (s.at < begin || s.at >= end) continue;
    if (points.empty() || points.back().at != s.at) {
      points.push_back({s.at, 0, 0, false});
      n_here = 0, sum_here = 0;
    }
    ++n_here, sum_here += static_cast<double>(s.mg_dl);
    points.back().mg_dl = sum_here / n_here;
  }
  return points;
}

}  // namespace

std::size_t Stretch::first_from(Micros at) const {
  const auto found =
      std::partition_point(points.begin(), points.end(), [at](const StretchPoint& p) { return p.at < at; });
  return static_cast<std::size_t>(found - points.begin());
}

std::span<const StretchPoint> Stretch::between(Micros from, Micros until) const {
  const std::size_t first = first_from(from);
  return std::span(points).subspan(first, std::max(first, first_from(until)) - first);
}

std::size_t settle(std::span<SensorValue> samples, std::size_t sorted) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(std::min(sorted, samples.size()));
  if (!std::is_sorted(middle, samples.end(), before)) std::sort(middle, samples.end(), before);
  if (middle != samples.begin() && middle != samples.end() && before(*middle, *(middle - 1)))
    std::inplace_merge(samples.begin(), middle, samples.end(), before);
  return static_cast<std::size_t>(std::unique(samples.begin(), samples.end(), same) - samples.begin());
}

Stretch stretch_of(std::span<const SensorValue> samples, Micros begin, Micros end) {
  Stretch s;
  s.points = moments_of(samples, begin, end);
  s.usual_step = usual_step_of(s.points);
  s.longest_step = std::max(kLongestStep, s.usual_step + s.usual_step / 2);
  for (std::size_t i = 0; i < s.points.size(); ++i) {
    StretchPoint& p = s.points[i];
    const bool last = i + 1 == s.points.size();
    const Micros until_next = last ? 0 : s.points[i + 1].at - p.at;
    p.ends = last || until_next > s.longest_step;
    p.covers = p.ends ? s.usual_step : until_next;
    if (end != kToLast) p.covers = std::min(p.covers, end - p.at);
    s.covered += p.covers;
  }
  const bool any = !s.points.empty();
  s.begin = begin != kFromFirst ? begin : any ? s.points.front().at : 0;
  s.end = end != kToLast ? end : any ? s.points.back().at + s.points.back().covers : s.begin;
  return s;
}

}  // namespace glucose
