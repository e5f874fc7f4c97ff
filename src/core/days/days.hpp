// SPDX-License-Identifier: PostgreSQL
// What is stored of a person's days, and what of it was known at a moment. Days are numbered as PostgreSQL's dates are,
// from 2000-01-01; shapes: D days.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/days/inputs.hpp"

namespace glucose {

/// One stored value. Several rows of a day and metric are several sources, the one that counts first in front.
struct DailyRow {
  std::int32_t day;
  std::int16_t input;  // Input, or kTarget
  float value;
  Micros known_at;  // when the database learnt it
};
/// The metric to forecast has a column of its own, since it may be an application's own.
inline constexpr int kTarget = kInputs, kColumns = kInputs + 1;

/// When the person's days begin on its own wall clock: D days and the end of the last.
struct Calendar {
  std::int32_t first_day = 0;
  std::span<const Micros> midnights;  // [D + 1]
  bool south = false;                 // of the equator

  int n() const { return static_cast<int>(midnights.size()) - 1; }
  bool has(std::int32_t day) const { return day >= first_day && day < first_day + n(); }
  Micros begin(std::int32_t day) const { return midnights[static_cast<std::size_t>(day - first_day)]; }
  Micros end(std::int32_t day) const { return begin(day + 1); }
};

inline constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();
inline constexpr Micros kAlways = std::numeric_limits<Micros>::max();  // as of: everything that is known now
constexpr std::array<std::int32_t, kInputs> none_ever() {
  std::array<std::int32_t, kInputs> days{};
  days.fill(kNever);
  return days;
}

/// Another value of a day than the one that is stored: what would be if. Of what meals say of a day, too.
struct DayChange {
  std::int32_t day;
  Input input;
  float value;
  bool relative;  // added to what is known; where nothing is, it stays unknown
};

/// Everything a day's features are made of. What is earlier than the calendar counts only as `ever`.
struct DailyMaterial {
  Calendar calendar;
  std::span<const DailyRow> rows;                        // of one day and input by preference
  std::span<const Meal> meals;                           // lines, by time
  std::span<const Reading> readings;                     // by time
  std::array<std::int32_t, kInputs> ever = none_ever();  // the first day that has a value of the input
  std::span<const DayChange> changes;
};

/// 0 = Sunday.
constexpr int weekday_of(std::int32_t day) {
  return static_cast<int>(((day + 6) % 7 + 7) % 7);  // 2000-01-01 was a Saturday
}

/// Values as they were known at a moment: of each day and column the first source that was.
class DayTable {
 public:
  /// material must outlive it
  DayTable(const DailyMaterial& material, Micros as_of);
  const DailyMaterial& material() const { return material_; }
  Micros as_of() const { return as_of_; }

  /// NaN: not known, also for days outside the calendar.
  float at(std::int32_t day, int column) const {
    const auto& calendar = material_.calendar;
    return calendar.has(day) ? values_[place(day, column)] : kUnknown;
  }
  float at(std::int32_t day, Input input) const { return at(day, static_cast<int>(input)); }
  /// Whether it is another value than the one that is stored.
  bool is_changed(std::int32_t day, Input input) const;
  /// Whether there was a value of the input on that day or before, as far as it is known.
  bool ever(std::int32_t day, Input input) const;

 private:
  void change(const DayChange& change);
  std::size_t place(std::int32_t day, int column) const {
    return static_cast<std::size_t>(day - material_.calendar.first_day) * kColumns + static_cast<std::size_t>(column);
  }
  const DailyMaterial& material_;
  Micros as_of_;
  std::vector<float> values_;                // [D × kColumns]
  std::array<std::int32_t, kInputs> first_;  // within the calendar, as known
};

}  // namespace glucose
