// SPDX-License-Identifier: PostgreSQL
#include "core/days/glucose_day.hpp"

#include <cmath>
#include <vector>

#include "core/readings/range_limits.hpp"

namespace glucose {

namespace {

constexpr float kRangeLow = 70, kRangeHigh = 180;

float percent(int part, int of) {
  return static_cast<float>(100.0 * part / of);
}

// The lower of the two in the middle; there is at least one.
Micros median(std::vector<Micros>& steps) {
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>((steps.size() - 1) / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

}  // namespace

GlucoseDay glucose_day(std::span<const Reading> readings, Micros begin, Micros end, Micros as_of) {
  const auto first =
      std::partition_point(readings.begin(), readings.end(), [&](const Reading& r) { return r.measured_at < begin; });
  GlucoseDay day;
  std::vector<float> values;
  std::vector<Micros> steps;
  Micros before = 0;
  for (auto r = first; r != readings.end() && r->measured_at < end; ++r) {
    if (r->recorded_at > as_of || r->measured_at > as_of) continue;
    if (!values.empty()) steps.push_back(r->measured_at - before);
    before = r->measured_at;
    day.known_at = std::max(day.known_at, r->recorded_at);
    values.push_back(r->mg_dl);
  }
  day.n = static_cast<int>(values.size());
  if (steps.empty()) return day;
  const Micros step = std::min(median(steps), kLongestStep);
  day.covered = std::min(1.0, static_cast<double>(day.n * step) / static_cast<double>(end - begin));
  if (!day.is_known()) return day;
  double sum = 0, squares = 0;
  int in_range = 0, below = 0;
  const auto beyond = static_cast<float>(first_above(static_cast<double>(kRangeHigh)));
  for (const float v : values) {
    sum += static_cast<double>(v);
    in_range += v >= kRangeLow && v < beyond;
    below += v < kRangeLow;
  }
  const double mean = sum / day.n;
  for (const float v : values) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
  day.mean = static_cast<float>(mean);
  day.sd = static_cast<float>(std::sqrt(squares / (day.n - 1)));
  day.in_range = percent(in_range, day.n);
  day.below_70 = percent(below, day.n);
  return day;
}

int glucose_metric_of(std::string_view metric) {
  for (std::size_t i = 0; i < kGlucoseMetricNames.size(); ++i)
    if (kGlucoseMetricNames[i] == metric) return static_cast<int>(i);
  return -1;
}

float value_of(const GlucoseDay& day, int glucose_metric) {
  const std::array<float, kGlucoseMetrics> values{day.mean, day.sd, day.in_range, day.below_70};
  return values[static_cast<std::size_t>(glucose_metric)];
}

}  // namespace glucose
