// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, D nodes.
#pragma once
#include <vector>

#include "core/tasks/cgm/day_features.hpp"
#include "core/training/rows.hpp"

namespace glucose {

using DayOutcomes = std::array<float, kDayNodes>;  // mg/dL; NaN where not known, or where it lies in a later split

/// Residuals a fit has not learnt from: it is repeated without each fold, which are persons when there are many, else
/// stretches of time.
inline constexpr int kCgmFolds = 5;

/// Moments with what followed them up to a day later, of one person or many, as a fit sees them.
struct DayRows {
  std::vector<DayState> state;                         // [N]
  std::vector<std::array<DayAhead, kDayNodes>> ahead;  // [N]
  std::vector<DayOutcomes> outcome;                    // [N]
  std::vector<std::uint8_t> split, turn, part;         // [N] Split, person modulo kCgmFolds, stretch of time
  int persons = 0;

  std::size_t size() const { return state.size(); }
};

/// A row every half an hour says as much as one every five minutes; of one person, so many say enough.
inline constexpr Micros kBetweenDayRows = 29 * kMinute;
inline constexpr std::size_t kMostDayRows = 2000;
inline constexpr std::size_t kDayRowBytes =
    sizeof(DayState) + sizeof(std::array<DayAhead, kDayNodes>) + sizeof(DayOutcomes) + 3;

/// Where a person's splits end.
struct DaySplits {
  Micros first_at, validation_at, test_at;
  Split of(Micros at) const {
    return at < validation_at ? Split::train : at < test_at ? Split::validation : Split::test;
  }
  bool reaches_over(Micros at, Micros outcome_at) const { return of(at) != of(outcome_at); }
};

/// Adds the rows of one person, some a step. in: its series and clock (they, and what the clock points to, must outlive
/// the builder); origins from series index `first` on · at most about `most` rows, evenly spaced
class DayRowsBuilder {
 public:
  DayRowsBuilder(DayRows& rows, const CgmSeries& series, const DayClock& clock, std::size_t first,
                 const DaySplits& splits, std::size_t most);
  bool done() const { return next_ >= series_.size(); }
  void step();

 private:
  void add(std::size_t origin);
  std::uint8_t part_of(Micros at) const;

  DayRows& rows_;
  const CgmSeries& series_;
  const DayClock& clock_;
  DaySplits splits_;
  std::size_t next_;
  Micros apart_ = kBetweenDayRows, last_origin_ = std::numeric_limits<Micros>::min() / 2;
  bool has_added_ = false;
};

}  // namespace glucose
