// SPDX-License-Identifier: PostgreSQL
// Irregular readings → windows of values 5 minutes apart. The grid is anchored at a reading, in training as in serving:
// a forecast starts from what was measured, and no value is interpolated towards a reading that came later.
#pragma once
#include <limits>
#include <span>
#include <vector>

#include "core/readings/credibility.hpp"
#include "core/tasks/cgm/schema.hpp"

namespace glucose {

/// How far a window is to be trusted.
struct CgmTrust {
  std::uint8_t known = kCgmWindow;  // of its values, counted from the last one, that tell how much glucose varies
  std::int8_t limit = 0;            // 1, -1: it ends at an edge of the sensor's range, beyond which nothing is said
  float doubt_mg_dl = 0;            // in quadrature to the spread, by judge()
};

/// What a forecast from a reading looks at.
struct CgmLook {
  CgmWindow window;    // that ends where the forecast starts
  std::size_t filled;  // of its values, counted from the last one, the rest repeats the oldest of them; at least 1
  Micros at;           // when it ends: the reading, or what is believed instead of it
  CgmTrust trust;
};

/// One person's readings in time order, equal times averaged.
class CgmSeries {
 public:
  CgmSeries() = default;
  /// in: readings sorted by measured_at · only those measured and recorded by `known_at` are taken
  explicit CgmSeries(std::span<const Reading> readings, Micros known_at = std::numeric_limits<Micros>::max());

  /// Takes readings in the place of those after `unchanged`. in: sorted by measured_at; earlier ones are passed over
  void extend(std::span<const Reading> readings, Micros unchanged);

  std::size_t size() const { return points_.size(); }
  Micros at(std::size_t i) const { return points_[i].at; }
  float mg_dl(std::size_t i) const { return points_[i].mg_dl; }

  /// What is looked at from reading i: the window of what judge() believes of the readings up to it, linear between
  /// them. Beyond the last gap the oldest value before it stands in.
  CgmLook look(std::size_t i) const;
  /// What followed a moment at reading i or between it and the next; NaN from the next gap, or the last reading, on.
  void targets(Micros origin, CgmTargets& out) const;
  /// The value at any moment; NaN within a gap and beyond the ends.
  float value_at(Micros at) const;
  /// How many readings there are up to a moment.
  std::size_t count_until(Micros at) const;
  /// Mean of reading i and those less than `back` before it.
  float mean_of(std::size_t i, Micros back) const;

  std::size_t bytes() const {
    return points_.capacity() * sizeof(Point) + suspicious_.capacity() * sizeof(std::uint32_t);
  }

 private:
  void look_for_suspicious();

  std::vector<Point> points_;
  std::vector<std::uint32_t> suspicious_;  // how many points before i are; of all points and their end
};

/// A stretch that readings [first, last) of a series really cover: a hundredth of them that lie a month or more before
/// or behind all others, as of a clock that was wrong, do not count.
struct CgmStretch {
  Micros from = 0, until = 0;
};
CgmStretch cgm_stretch(const CgmSeries& series, std::size_t first, std::size_t last);

}  // namespace glucose
