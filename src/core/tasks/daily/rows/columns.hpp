// SPDX-License-Identifier: PostgreSQL
// What a model sees of the days before the one to forecast. Letters: P columns.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/tasks/daily/rows/known_days.hpp"

namespace glucose {

/// What is said without any model, in the metric's unit.
enum class Naive : std::uint8_t { last, moving_average, smoothed, mean };
inline constexpr int kNaiveKinds = 4;

/// The columns: of each feature how far its last day is from its own level, and that level; then what the metric
/// itself has been, in deviations from its level.
enum DailyColumn : std::size_t {
  kDeviations = 0,
  kLevels = kDailyFeatures,
  kOwnColumns = 2 * kDailyFeatures,
  kLast = kOwnColumns,       // the last known value
  kLags,                     // 1 to 7 days before
  kMeans = kLags + 7,        // of 3, 7 and 14 days
  kSmoothed = kMeans + 3,    // by 0.1, 0.3 and 0.6
  kSpreads = kSmoothed + 3,  // SD of 7 and 30 days
  kGap = kSpreads + 2,       // days since the last known value
  kLastFaded,                // the last value, the less the older it is
  kOwnWeekday,               // what the person's weekday is like
  kWeekdays,                 // seven, 0 or 1
  kLevel = kWeekdays + 7,    // mean of 30 days, else of all that count
  kKnownShare,               // of 30 days
  kDailyColumns
};
inline constexpr std::size_t kOwnCount = kDailyColumns - kOwnColumns;

/// What a person's smoothing may be chosen from.
inline constexpr std::array<float, 6> kAlphas{0.05F, 0.1F, 0.2F, 0.3F, 0.5F, 0.7F};

/// The naive forecasts; smoothed: by each of kAlphas.
struct NaiveValues {
  float last = kUnknown, moving_average = kUnknown, mean = kUnknown;
  std::array<float, kAlphas.size()> smoothed{};
  float of(Naive kind, int alpha) const {
    switch (kind) {
      case Naive::last:
        return last;
      case Naive::moving_average:
        return moving_average;
      case Naive::smoothed:
        return smoothed[static_cast<std::size_t>(alpha)];
      default:
        return mean;
    }
  }
};

/// Of a day: P columns, NaN = not known, and what is said without a model. is_log: columns of the metric are of its
/// logarithm.
struct DailyLook {
  std::array<float, kDailyColumns> x;
  NaiveValues naive;
  int known = 0;  // values of the metric that count

  float level() const { return x[kLevel]; }
};

/// A metric whose spread grows with its size, so that models see its logarithm.
bool is_log_metric(std::string_view metric);
/// A metric that grows during the day.
bool is_sum_metric(std::string_view metric);

inline float to_model(float value, bool is_log) {
  return !is_log ? value : value > 0 ? std::log(value) : kUnknown;
}
inline float from_model(float value, bool is_log) {
  return is_log ? std::exp(std::min(value, 60.0F)) : value;
}

/// What is seen of the day that is to be forecast. lookback: days that count
DailyLook look_at(KnownDays& days, int lookback, bool is_log);

/// Which feature or value of the metric a column is about: what explanations and importance name. 0 … 50 are the
/// features.
inline constexpr int kDailyGroups = kDailyFeatures + 14;
inline constexpr int kLastValueGroup = kDailyFeatures, kMeansGroup = kDailyFeatures + 8,
                     kErrorsGroup = kDailyGroups - 1;
int group_of_column(std::size_t column);
std::string_view name_of_group(int group);

/// What networks see of a day: deviations of the features from their levels, but for those of the calendar, and of the
/// metric from its own.
inline constexpr int kSequenceColumns = kDailyFeatures + 1;
void sequence_day(KnownDays& days, std::int32_t day, bool is_log, float* out);

}  // namespace glucose
