// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/rows/columns.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

constexpr int kLagCount = 7, kMostGap = 14;
constexpr double kWeekdayPrior = 4;  // weeks
constexpr float kFade = 3;           // days
constexpr std::array<int, 3> kMeanDays{3, 7, 14};
constexpr std::array<float, 3> kSmoothing{0.1F, 0.3F, 0.6F};

bool known(float value) {
  return !std::isnan(value);
}

float or_zero(float value) {
  return known(value) ? value : 0.0F;
}

/// The metric's days, the last first: values[0] is the day before the one to forecast.
struct Past {
  std::vector<float> values;

  float mean(int days) const {
    double sum = 0;
    int n = 0;
    for (std::size_t i = 0; i < std::min(values.size(), static_cast<std::size_t>(days)); ++i)
      if (known(values[i])) sum += static_cast<double>(values[i]), ++n;
    return n > 0 ? static_cast<float>(sum / n) : kUnknown;
  }
  int count(int days) const {
    int n = 0;
    for (std::size_t i = 0; i < std::min(values.size(), static_cast<std::size_t>(days)); ++i) n += known(values[i]);
    return n;
  }
  float spread(int days) const {
    const float centre = mean(days);
    const int n = count(days);
    if (n < 3) return kUnknown;
    double squares = 0;
    for (std::size_t i = 0; i < std::min(values.size(), static_cast<std::size_t>(days)); ++i)
      if (known(values[i])) squares += std::pow(static_cast<double>(values[i] - centre), 2);
    return static_cast<float>(std::sqrt(squares / (n - 1)));
  }
  /// Over known days, from the first one on.
  float smoothed(float alpha) const {
    float s = kUnknown;
    for (auto v = values.rbegin(); v != values.rend(); ++v)
      if (known(*v)) s = known(s) ? s + alpha * (*v - s) : *v;
    return s;
  }
  int gap() const {
    const auto at = std::find_if(values.begin(), values.end(), known);
    return static_cast<int>(at - values.begin());
  }
  /// Mean deviation of the same weekday, as if some more had been at the level.
  float weekday(float level) const {
    double sum = 0, n = kWeekdayPrior;
    for (std::size_t i = 6; i < values.size(); i += 7)
      if (known(values[i])) sum += static_cast<double>(values[i] - level), n += 1;
    return static_cast<float>(sum / n);
  }
};

void say_naive(const Past& past, NaiveValues& naive) {
  const int gap = past.gap();
  naive.last = past.values[static_cast<std::size_t>(gap)];
  naive.moving_average = past.count(kLagCount) > 0 ? past.mean(kLagCount) : naive.last;
  naive.mean = past.mean(static_cast<int>(past.values.size()));
  for (std::size_t a = 0; a < kAlphas.size(); ++a) naive.smoothed[a] = past.smoothed(kAlphas[a]);
}

void own_columns(const Past& past, std::int32_t day, float* x) {
  const float month = past.mean(kLevelDays);
  const float level = known(month) ? month : past.mean(static_cast<int>(past.values.size()));
  const int gap = past.gap();
  const float last = past.values[static_cast<std::size_t>(gap)] - level;
  x[kLast] = last;
  for (std::size_t i = 0; i < kLagCount; ++i) x[kLags + i] = i < past.values.size() ? past.values[i] - level : kUnknown;
  for (std::size_t i = 0; i < kMeanDays.size(); ++i) x[kMeans + i] = past.mean(kMeanDays[i]) - level;
  for (std::size_t i = 0; i < kSmoothing.size(); ++i) x[kSmoothed + i] = past.smoothed(kSmoothing[i]) - level;
  x[kSpreads] = past.spread(7);
  x[kSpreads + 1] = past.spread(kLevelDays);
  x[kGap] = static_cast<float>(std::min(gap, kMostGap));
  x[kLastFaded] = last * std::exp(-static_cast<float>(gap) / kFade);
  x[kOwnWeekday] = past.weekday(level);
  for (int d = 0; d < 7; ++d) x[kWeekdays + static_cast<std::size_t>(d)] = weekday_of(day) == d ? 1.0F : 0.0F;
  x[kLevel] = level;
  x[kKnownShare] = static_cast<float>(past.count(kLevelDays)) / kLevelDays;
}

// By column from kOwnColumns on.
constexpr std::array<std::string_view, kDailyGroups - kDailyFeatures> kOwnGroups{
    "last_value", "lag_1",        "lag_2",         "lag_3", "lag_4",       "lag_5", "lag_6",
    "lag_7",      "recent_means", "recent_spread", "gap",   "own_weekday", "level", "recent_errors"};

}  // namespace

bool is_log_metric(std::string_view metric) {
  const int input = input_of(metric);
  return input == static_cast<int>(Input::rmssd) || input == static_cast<int>(Input::sdnn);
}

bool is_sum_metric(std::string_view metric) {
  constexpr std::array kSums{Input::active_energy,
                             Input::active_light,
                             Input::active_moderate,
                             Input::active_vigorous,
                             Input::alcohol,
                             Input::caffeine,
                             Input::carbs,
                             Input::distance,
                             Input::occasions,
                             Input::energy,
                             Input::fat,
                             Input::fiber,
                             Input::floors,
                             Input::protein,
                             Input::saturated_fat,
                             Input::sedentary,
                             Input::sodium,
                             Input::steps,
                             Input::strain,
                             Input::sugar,
                             Input::total_energy,
                             Input::training_load,
                             Input::water,
                             Input::wear,
                             Input::workouts,
                             Input::workout_minutes};
  const int input = input_of(metric);
  return std::any_of(kSums.begin(), kSums.end(), [&](Input sum) { return static_cast<int>(sum) == input; });
}

DailyLook look_at(KnownDays& days, int lookback, bool is_log) {
  DailyLook look;
  look.x.fill(kUnknown);
  const std::int32_t day = days.day();
  Past raw;
  for (int i = 1; i <= lookback; ++i) raw.values.push_back(days.target(day - i));
  look.known = raw.count(lookback);
  if (look.known == 0) return look;
  say_naive(raw, look.naive);
  Past past = raw;
  for (float& value : past.values) value = to_model(value, is_log);
  if (past.count(lookback) == 0) {
    look.known = 0;
    return look;
  }
  own_columns(past, day, look.x.data());
  const DailyVector& x = days.features(day - 1);
  const DailyVector& levels = days.levels(day - 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    look.x[kDeviations + i] = x[i] - levels[i];
    look.x[kLevels + i] = levels[i];
  }
  // A day of the calendar is what it is.
  for (std::size_t i = kWeekdaySin; i <= kGapDays; ++i) look.x[kDeviations + i] = x[i];
  return look;
}

int group_of_column(std::size_t column) {
  if (column < kLevels) return static_cast<int>(column);
  if (column < kOwnColumns) return static_cast<int>(column - kLevels);
  if (column < kMeans) return kDailyFeatures + static_cast<int>(column - kOwnColumns);
  if (column < kSpreads) return kDailyFeatures + 8;
  if (column < kGap) return kDailyFeatures + 9;
  if (column == kGap) return kDailyFeatures + 10;
  if (column == kLastFaded) return kDailyFeatures;
  if (column < kLevel) return kDailyFeatures + 11;
  return kDailyFeatures + 12;
}

std::string_view name_of_group(int group) {
  return group < kDailyFeatures ? kDailyTable[static_cast<std::size_t>(group)].name
                                : kOwnGroups[static_cast<std::size_t>(group - kDailyFeatures)];
}

void sequence_day(KnownDays& days, std::int32_t day, bool is_log, float* out) {
  const DailyVector& x = days.features(day);
  const DailyVector& levels = days.levels(day);
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = i >= kWeekdaySin && i <= kGapDays ? x[i] : x[i] - levels[i];
  const auto own = [&](std::int32_t d) { return to_model(days.target(d), is_log); };
  float sum = 0, n = 0;
  for (std::int32_t d = day - kLevelDays + 1; d <= day; ++d)
    if (const float v = own(d); known(v)) sum += v, n += 1;
  out[kDailyFeatures] = own(day) - or_zero(sum / n);
}

}  // namespace glucose
