// SPDX-License-Identifier: PostgreSQL
// Mean and SD of any stretch of readings without reading it: what a month's level costs does not grow with the sensor.
#pragma once
#include <limits>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/readings/credibility.hpp"

namespace glucose {

/// Count, sum and sum of squares of readings. Exact: a value within the table's range is a whole number of 2^-19 mg/dL,
/// so that sums of whole numbers are the same in any order and may be taken apart again.
struct LevelSum {
  using Wide = unsigned __int128;
  std::int64_t n = 0, sum = 0;  // of units
  Wide squares = 0;             // of units squared

  void add(float mg_dl);
  double mean() const;                 // n > 0
  double sd(std::int64_t free) const;  // squares are divided by n - free, which must be positive
  friend LevelSum operator+(const LevelSum& a, const LevelSum& b) {
    return {a.n + b.n, a.sum + b.sum, a.squares + b.squares};
  }
  friend LevelSum operator-(const LevelSum& a, const LevelSum& b) {
    return {a.n - b.n, a.sum - b.sum, a.squares - b.squares};
  }
};

/// Sums over the readings before each sixteenth one.
class LevelSums {
 public:
  /// Of readings sorted by time, the first `unchanged` of which are those of the call before.
  void extend(std::span<const Reading> readings, std::size_t unchanged);

  /// Of readings [first, last) of those last given, as far as they were recorded by `at`.
  LevelSum between(std::span<const Reading> readings, std::size_t first, std::size_t last, Micros at) const;

 private:
  static constexpr std::size_t kBlock = 16;
  struct Before {
    LevelSum sum;                                          // of all readings before the block
    Micros recorded = std::numeric_limits<Micros>::min();  // the last of them to be recorded
  };
  LevelSum before(std::span<const Reading> readings, std::size_t place) const;

  std::vector<Before> blocks_;  // [n / kBlock + 1]
};

/// The level as it was known at a moment.
class Levels {
 public:
  /// sums: of these readings; both must outlive it
  Levels(std::span<const Reading> readings, const LevelSums& sums, Micros at);
  /// Of the readings of [from, at] known at `at`.
  LevelSum since(Micros from) const;
  /// The same of the last hours as they are believed.
  LevelSum believed_since(Micros from) const;
  std::span<const Reading> readings() const { return readings_; }
  const BelievedReadings& believed() const { return believed_; }

 private:
  std::span<const Reading> readings_;
  const LevelSums& sums_;
  BelievedReadings believed_;
  Micros at_;
  std::size_t end_;  // the first reading after `at`
};

}  // namespace glucose
