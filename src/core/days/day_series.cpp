// SPDX-License-Identifier: PostgreSQL
#include "core/days/day_series.hpp"

#include <cmath>

namespace glucose {

namespace {

constexpr int kMostDaysAgo = 14;

// What is known of any day by its date alone says nothing of the person.
bool is_of_the_calendar(int feature) {
  return feature >= kWeekdaySin && feature <= kGapDays;
}

}  // namespace

DaySeries::DaySeries(const DayTable& table, std::int32_t first, std::int32_t last) {
  const auto n = static_cast<std::size_t>(std::max(0, last - first + 1));
  target_.resize(n);
  columns_.resize(n * kDailyFeatures);
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t day = first + static_cast<std::int32_t>(i);
    target_[i] = table.at(day, kTarget);
    const DailyVector x = daily_features(table, day);
    for (std::size_t f = 0; f < x.size(); ++f) columns_[f * n + i] = x[f];
  }
}

FeatureSummary summary_of(std::span<const float> days) {
  FeatureSummary summary;
  double sum = 0, squares = 0;
  for (const float v : days) {
    if (std::isnan(v)) continue;
    ++summary.known;
    summary.last = v;
    sum += static_cast<double>(v);
  }
  if (summary.known == 0) return summary;
  const double mean = sum / summary.known;
  for (const float v : days)
    if (!std::isnan(v)) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
  summary.mean = static_cast<float>(mean);
  if (summary.known > 1) summary.sd = static_cast<float>(std::sqrt(squares / (summary.known - 1)));
  return summary;
}

DataQuality quality_of(const DaySeries& series, bool about_target) {
  DataQuality quality;
  const std::size_t n = series.n();
  if (n == 0) return quality;
  std::vector<bool> any(n, false);
  int features = 0, known = 0;
  for (int f = 0; f < kDailyFeatures; ++f) {
    if (is_of_the_calendar(f)) continue;
    const auto column = series.feature(f);
    int here = 0;
    for (std::size_t i = 0; i < n; ++i)
      if (!std::isnan(column[i])) {
        any[i] = true;
        ++here;
      }
    features += here > 0;
    known += here;
  }
  if (about_target)
    for (std::size_t i = 0; i < n; ++i) any[i] = !std::isnan(series.target()[i]);
  const auto days = std::count(any.begin(), any.end(), true);
  if (days == 0) return quality;
  const auto ago = std::find(any.rbegin(), any.rend(), true) - any.rbegin();
  quality.known = features == 0 ? 0 : static_cast<double>(known) / (features * static_cast<double>(n));
  quality.recent = std::max(0.0, 1 - static_cast<double>(ago) / kMostDaysAgo);
  quality.days = static_cast<double>(days) / static_cast<double>(n);
  return quality;
}

}  // namespace glucose
