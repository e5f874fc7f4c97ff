// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/rows/known_days.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

/// Of a day that is not over these would be too small.
bool is_of_a_whole_day(int feature) {
  return feature < kRestingHeartRate || feature == kGlucoseMean || feature == kEnergyBalance || feature == kLoadRatio ||
         feature == kLoadShortSleep;
}

}  // namespace

KnownDays::KnownDays(const DailyMaterial& material, bool is_sum) : material_(material), is_sum_(is_sum) {
  const Calendar& calendar = material.calendar;
  for (const DailyRow& row : material.rows) {
    if (!calendar.has(row.day)) continue;
    const bool is_of_the_calendar = row.input == static_cast<int>(Input::free_day);
    if (row.known_at > (is_of_the_calendar ? calendar.begin(row.day) : calendar.end(row.day)))
      late_.emplace_back(row.known_at, row.day);
  }
  std::int32_t day = calendar.first_day;
  for (const Reading& r : material.readings) {
    while (calendar.has(day) && r.measured_at >= calendar.end(day)) ++day;
    if (!calendar.has(day)) break;
    if (r.measured_at >= calendar.begin(day) && r.recorded_at > calendar.end(day))
      late_.emplace_back(r.recorded_at, day);
  }
  std::sort(late_.begin(), late_.end());
  const auto n = static_cast<std::size_t>(calendar.n());
  features_.resize(n);
  levels_.resize(n);
  has_features_.resize(n);
  has_levels_.resize(n);
}

void KnownDays::know(Micros as_of, std::int32_t day) {
  const bool is_before = as_of < material_.calendar.begin(day);
  day_ = day;
  as_of_ = as_of;
  if (late_.empty() && !is_before) {
    if (!table_) table_.emplace(material_, kAlways);
    return;
  }
  table_.emplace(material_, as_of);
  for (; next_late_ < late_.size() && late_[next_late_].first <= as_of; ++next_late_) {
    const std::int32_t changed = late_[next_late_].second;
    forget(changed - 1, changed + kDailyReach + kLevelDays);
  }
  if (is_before) forget(day - 2, day);
}

void KnownDays::forget(std::int32_t first, std::int32_t last) {
  const Calendar& calendar = material_.calendar;
  for (std::int32_t day = std::max(first, calendar.first_day); day <= last && calendar.has(day); ++day)
    has_features_[place(day)] = has_levels_[place(day)] = 0;
}

float KnownDays::target(std::int32_t day) const {
  if (day >= day_ || !material_.calendar.has(day) || (is_sum_ && !is_over(day))) return kUnknown;
  return table_->at(day, kTarget);
}

const DailyVector& KnownDays::features(std::int32_t day) {
  static constexpr DailyVector kNothing = [] {
    DailyVector x{};
    x.fill(kUnknown);
    return x;
  }();
  if (!material_.calendar.has(day)) return kNothing;
  DailyVector& x = features_[place(day)];
  if (has_features_[place(day)] != 0) return x;
  x = daily_features(*table_, day);
  if (!is_over(day))
    for (int i = 0; i < kDailyFeatures; ++i)
      if (is_of_a_whole_day(i)) x[static_cast<std::size_t>(i)] = kUnknown;
  // Their spread grows with their size, so that models see their logarithms.
  for (const std::size_t f : {std::size_t{kRmssd}, std::size_t{kSdnn}}) x[f] = x[f] > 0 ? std::log(x[f]) : kUnknown;
  has_features_[place(day)] = 1;
  return x;
}

const DailyVector& KnownDays::levels(std::int32_t day) {
  if (!material_.calendar.has(day)) return features(day);
  DailyVector& level = levels_[place(day)];
  if (has_levels_[place(day)] != 0) return level;
  std::array<float, kDailyFeatures> sum{}, n{};
  for (std::int32_t d = day - kLevelDays + 1; d <= day; ++d) {
    if (!material_.calendar.has(d)) continue;
    const DailyVector& x = features(d);
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!std::isnan(x[i])) sum[i] += x[i], n[i] += 1;
  }
  for (std::size_t i = 0; i < level.size(); ++i) level[i] = n[i] > 0 ? sum[i] / n[i] : kUnknown;
  has_levels_[place(day)] = 1;
  return level;
}

}  // namespace glucose
