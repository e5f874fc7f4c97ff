// SPDX-License-Identifier: PostgreSQL
// Shapes: D days of the calendar.
#pragma once
#include "core/tasks/daily/rows/daily_rows.hpp"

namespace glucose {

/// Writes what a network sees of each row into rows. A day is kept once for each state in which a row has seen it, and
/// rows one day apart share their places as long as nothing was recorded late.
class SequenceMaker {
 public:
  /// rows must outlive it
  explicit SequenceMaker(DailyRows& rows) : rows_(rows) {}

  /// The rows of a person's calendar come next.
  void begin(const Calendar& calendar);
  /// A row of days.day(), by what is known there; in `besides`, minus the levels of those metrics.
  void add(KnownDays& days);
  /// How many states of days the person has so far.
  std::size_t states() const { return rows_.days.size() / kSequenceColumns - first_state_; }
  /// The person does not count.
  void drop();

 private:
  std::uint32_t state_of(KnownDays& days, std::int32_t day);

  DailyRows& rows_;
  Calendar calendar_;
  std::size_t first_state_ = 0, first_place_ = 0, first_row_ = 0;
  std::int32_t last_day_ = 0;          // of the row before
  std::vector<std::uint32_t> latest_;  // [D + 1] state of each day, the last of all days before the calendar
  std::vector<std::uint32_t> seen_;    // by the row
};

}  // namespace glucose
