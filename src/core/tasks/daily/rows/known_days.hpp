// SPDX-License-Identifier: PostgreSQL
// Shapes: D days of the calendar.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "core/days/daily_features.hpp"

namespace glucose {

/// So many days up to a day are what a feature's own level is the mean of.
inline constexpr int kLevelDays = 30;

/// A person's days as they were known at one moment after another. What was recorded late was not known before; where
/// nothing was, one table serves all moments, and each day's features are computed once.
class KnownDays {
 public:
  /// is_sum: the metric to forecast grows during the day, so that a day that is not over says nothing of it · material
  /// must outlive it
  KnownDays(const DailyMaterial& material, bool is_sum);

  /// Goes to a moment at which a day of the calendar is to be forecast; moments ascend. A day that has begun by then
  /// and is not over has no sums.
  void know(Micros as_of, std::int32_t day);
  std::int32_t day() const { return day_; }  // to be forecast

  /// Of days before day(); NaN: not known.
  float target(std::int32_t day) const;
  const DailyVector& features(std::int32_t day);
  /// Mean of what is known of kLevelDays up to this one.
  const DailyVector& levels(std::int32_t day);
  const DailyMaterial& material() const { return material_; }

 private:
  void forget(std::int32_t first, std::int32_t last);
  bool is_over(std::int32_t day) const { return as_of_ >= material_.calendar.end(day); }
  std::size_t place(std::int32_t day) const { return static_cast<std::size_t>(day - material_.calendar.first_day); }

  const DailyMaterial& material_;
  bool is_sum_;
  std::vector<std::pair<Micros, std::int32_t>> late_;  // when something of a day was recorded after it, by time
  std::size_t next_late_ = 0;
  Micros as_of_ = 0;
  std::int32_t day_ = 0;
  std::optional<DayTable> table_;
  std::vector<DailyVector> features_, levels_;           // [D]
  std::vector<std::uint8_t> has_features_, has_levels_;  // [D]
};

}  // namespace glucose
