// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, P columns, S columns of the spread, K horizons.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "core/base/steps.hpp"
#include "core/tasks/cgm/day_rows.hpp"
#include "core/tasks/cgm/series.hpp"
#include "core/training/rows.hpp"

namespace glucose {

/// Which splits a pass goes over: bit 1 << Split.
using SplitMask = unsigned;
constexpr SplitMask mask_of(Split split) {
  return 1U << static_cast<unsigned>(split);
}

/// What serving fits learn from.
inline constexpr SplitMask kCgmLearnt = mask_of(Split::train) | mask_of(Split::validation);

/// Windows of which little is known, with outcomes: after real gaps, and others cut as a gap would: what the width of
/// such forecasts is learnt from. The same persons and splits.
struct CgmFewRows {
  std::vector<float> x, spread, change;         // [N × P], [N × S], [N × K] as of CgmRows
  std::vector<std::uint8_t> known;              // [N] values of the window
  std::vector<std::uint8_t> is_cut;             // [N] 1: there was no gap
  std::vector<std::uint8_t> split, turn, part;  // [N]

  std::size_t size() const { return known.size(); }
};

/// Where the own past (CgmPast) of a person's rows is looked up.
struct CgmOrigins {
  std::shared_ptr<const CgmSeries> series;
  Micros clock_from = 0;                // of the person's clock, and
  std::vector<int> offsets_min;         // its days' offsets
  std::size_t first_row = 0;            // of the person
  std::vector<std::uint32_t> readings;  // the last one known at each of its rows
  std::vector<Reading> late;            // all of them, to measure by, where some were recorded later than measured
};

/// Windows with outcomes, of one person or many, as a fit sees them.
struct CgmRows {
  std::vector<float> x;             // [N × P] cgm_columns
  std::vector<float> spread;        // [N × S] cgm_spread_columns
  std::vector<float> level;         // [N] the last reading, mg/dL
  std::vector<float> change;        // [N × K] outcome minus the last reading, mg/dL; NaN where not known
  std::vector<std::uint8_t> split;  // [N] Split
  std::vector<std::uint8_t> turn;   // [N] person, counted modulo kCgmFolds
  std::vector<std::uint8_t> part;   // [N] kCgmFolds stretches of equal length of what a person's fits may learn from
  std::vector<Micros> at;           // [N] when it is asked: at the end of the window, or `since` later
  std::vector<CgmTrust> trust;      // [N] in it
  std::vector<double> since;        // [at most N] minutes from the last reading known to `at`; beyond: none
  int persons = 0;
  CgmFewRows few;
  DayRows day;                      // of the same persons and splits: what followed within a day
  std::vector<CgmOrigins> origins;  // of each person; of a population's training none

  std::size_t size() const { return level.size(); }
  double since_reading(std::size_t row) const { return row < since.size() ? since[row] : 0; }
  /// Room for so many more, so that what is large need not grow: at once, which copies what is there, or in steps.
  void reserve(std::size_t n);
  bool has_room(std::size_t more, std::size_t more_few) const;
  Steps make_room(std::size_t more, std::size_t more_few);
  bool in(std::size_t row, SplitMask mask) const { return ((1U << split[row]) & mask) != 0; }
  std::size_t count(Split of) const;
  /// Persons are left out where there is one for each fold, else stretches of time.
  std::size_t fold(std::size_t row) const { return persons >= kCgmFolds ? turn[row] : part[row]; }
  std::size_t fold_of_few(std::size_t row) const { return persons >= kCgmFolds ? few.turn[row] : few.part[row]; }
};
/// One row of a day for so many: half an hour of them.
inline constexpr std::size_t kRowsOfADayRow = 6;
/// One window for so many is cut.
inline constexpr std::size_t kRowsOfACut = 4;
inline constexpr std::size_t kCgmFewRowBytes = sizeof(float) * (kCgmColumns + kCgmSpreadColumns + kCgmHorizons) + 4;
inline constexpr std::size_t kCgmRowBytes = sizeof(float) * (kCgmColumns + kCgmSpreadColumns + 1 + kCgmHorizons) + 3 +
                                            sizeof(Micros) + sizeof(CgmTrust) + kCgmFewRowBytes / kRowsOfACut +
                                            kDayRowBytes / kRowsOfADayRow;

/// What rows are for: a training of many, of one person, or measuring a stored model.
enum class CgmRowsFor : std::uint8_t { population, person, measuring };

struct CgmBoundaries {
  Micros validation_start = 0, test_start = 0, test_end = 0;
};

/// Adds one person's windows to rows, some a step. An origin is a reading with kCgmLeastKnown values of its window and
/// an outcome in 5 minutes at least, 4 minutes or more after the one before; nothing is learnt from one in doubt.
/// What was recorded later than measured had not come until then: what is learnt from looks as when its last reading
/// was recorded; what is measured on (and the test split) is asked when each reading was measured, of what was known.
/// Splits are 70/15/15 of the person's readings in time; an origin whose outcomes would reach into the next split is
/// left out. in: the person's readings, sorted; its clock (what it points to must outlive the builder); origins with
/// start_at <= t < end_at, outcomes before end_at · at most `most` rows are added, evenly spaced, and one of a day for
/// every six of them
class CgmRowsBuilder {
 public:
  /// measuring: outcomes may reach into the next split, and there are no rows of a day; population: no origins are kept
  CgmRowsBuilder(CgmRows& rows, std::span<const Reading> readings, const DayClock& clock, Micros start_at,
                 Micros end_at, std::size_t most, CgmRowsFor what = CgmRowsFor::population);
  CgmRowsBuilder(const CgmRowsBuilder&) = delete;
  CgmRowsBuilder& operator=(const CgmRowsBuilder&) = delete;
  bool done() const { return next_ >= end_ && (!day_ || day_->done()); }
  void step();
  std::size_t added() const { return added_; }
  /// When the readings of each later split begin, and when the last one was.
  CgmBoundaries boundaries() const;

 private:
  bool split_of(Micros at, Split& split) const;
  std::uint8_t part_of(Micros at) const;
  bool has_room();
  void add(std::size_t origin);
  std::optional<CgmLook> look_then(Micros measured_at, Micros known_at);
  Micros recorded_at(Micros measured_at) const;
  void add_row(const CgmLook& look, Micros asked_at, const CgmTargets& targets, Split split);
  void add_few(const CgmLook& look, const CgmTargets& targets, Split split);

  CgmRows& rows_;
  std::shared_ptr<const CgmSeries> series_;
  std::span<const Reading> late_;  // all readings, where some were recorded later than measured
  std::optional<CgmSeries> then_;
  DayClock clock_;
  Micros first_at_ = 0, first_validation_ = 0, first_test_ = 0;
  std::size_t every_ = 1, next_ = 0, end_ = 0, seen_ = 0, seen_few_ = 0, added_ = 0, cut_ = 0;
  Micros last_origin_;
  bool to_measure_, keeps_origins_;
  std::optional<DayRowsBuilder> day_;
  Steps making_room_;
};

}  // namespace glucose
