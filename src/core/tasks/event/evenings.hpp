// SPDX-License-Identifier: PostgreSQL
// The days of a person as a rule about evenings sees them. Shapes: D days of the calendar.
#pragma once
#include <optional>
#include <vector>

#include "core/days/daily_features.hpp"
#include "core/tasks/event/columns.hpp"

namespace glucose {

/// How far an evening looks back: the baseline of the window's features, what they look at, and the person's own rate.
inline constexpr int kOwnRateDays = 60;
inline constexpr int kEveningReach = kMostBaselineDays + kMostEventHorizonDays + kOwnRateDays + kDailyReach;

/// What was known of the days at one moment after another. What was recorded late was not known before; where nothing
/// was, one table and one set of features serve all moments.
class Evenings {
 public:
  /// rule and material must outlive it
  Evenings(const EventRule& rule, const DailyMaterial& material);
  Evenings(const Evenings&) = delete;
  Evenings& operator=(const Evenings&) = delete;

  /// Goes to a moment, any.
  void know(Micros as_of);

  /// NaN: not known, or not on the calendar.
  float value(int metric, std::int32_t day) const;

  /// Of the days after an evening; not known where they are too few, or before the baseline is known.
  EventTruth outcome(std::int32_t day) const { return outcome_of(day); }
  /// Of as many days up to this one, or of this one alone.
  EventTruth lately(std::int32_t day) const;
  EventTruth today(std::int32_t day) const;

  EventLook look(std::int32_t day);

  /// The evening a moment is about: of the last day that has ended, or ends within six hours; none before the first.
  std::optional<std::int32_t> evening_at(Micros at) const;
  const DailyMaterial& material() const { return material_; }

 private:
  struct Level {
    int n = 0;
    double mean = 0, sd = 0;
  };
  /// Days that a comparison is about, and the last of the baseline's.
  struct Stretch {
    std::int32_t first, last, baseline;
    int least;
  };
  Level level(int metric, std::int32_t last) const;
  EventTruth truth(const Stretch& stretch) const;
  EventTruth compare(const EventComparison& c, const Stretch& stretch) const;
  EventTruth outcome_of(std::int32_t day) const;
  bool is_known_whole(std::int32_t day) const;  // of a day of the calendar
  const DayTable& table_for(std::int32_t day) const;
  std::size_t place(std::int32_t day) const { return static_cast<std::size_t>(day - material_.calendar.first_day); }
  DailyVector features(std::int32_t day);
  void add_metric(int metric, std::int32_t day, EventLook& look, std::size_t at) const;
  void add_features(std::int32_t day, EventLook& look, std::size_t at);
  void add_own(std::int32_t day, EventLook& look, std::size_t at) const;

  const EventRule& rule_;
  const DailyMaterial& material_;
  EventColumns columns_;
  std::vector<int> metrics_;
  DayTable all_;
  mutable std::optional<DayTable> then_;  // where not all was known
  Micros as_of_ = kAlways;
  std::vector<Micros> latest_;                              // [D] when the last of all up to that day was recorded
  mutable std::vector<std::optional<GlucoseDay>> glucose_;  // [D]
  std::vector<std::optional<DailyVector>> features_;        // [D] with all known
  mutable std::vector<std::int8_t> outcomes_;               // [D] with all known; see kNotAsked
};

}  // namespace glucose
