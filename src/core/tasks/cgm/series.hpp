// SPDX-License-Identifier: PostgreSQL
// Irregular readings → windows of values 5 minutes apart. The grid is anchored at a reading, in training as in serving:
// a forecast starts from what was measured, and no value is interpolated towards a reading that came later.
#pragma once
#include <limits>
#include <span>
#include <vector>

#include "core/tasks/cgm/schema.hpp"

namespace glucose {

/// One person's readings in time order, equal times averaged.
class CgmSeries {
 public:
  /// in: readings sorted by measured_at · only those measured and recorded by `known_at` are taken
  explicit CgmSeries(std::span<const Reading> readings, Micros known_at = std::numeric_limits<Micros>::max());

  std::size_t size() const { return points_.size(); }
  Micros at(std::size_t i) const { return points_[i].at; }
  float mg_dl(std::size_t i) const { return points_[i].mg_dl; }

  /// The window that ends with reading i, linear between readings. Beyond the last gap the oldest value before it
  /// stands in. out: how many of the W values are known (at least 1: the reading itself).
  std::size_t window(std::size_t i, CgmWindow& out) const;
  /// What followed reading i; NaN from the next gap, or the last reading, on.
  void targets(std::size_t i, CgmTargets& out) const;
  /// The value at any moment; NaN within a gap and beyond the ends.
  float value_at(Micros at) const;

 private:
  struct Point {
    Micros at;
    float mg_dl;
  };
  float between(std::size_t earlier, Micros at) const;
  std::vector<Point> points_;
};

/// A stretch that readings [first, last) of a series really cover: a hundredth of them that lie a month or more before
/// or behind all others, as of a clock that was wrong, do not count.
struct CgmStretch {
  Micros from = 0, until = 0;
};
CgmStretch cgm_stretch(const CgmSeries& series, std::size_t first, std::size_t last);

}  // namespace glucose
