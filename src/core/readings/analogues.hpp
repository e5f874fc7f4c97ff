// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace glucose {

/// A person's glucose every quarter-hour as it was known at any moment, to look for moments like the present one.
class Analogues {
 public:
  /// in: readings sorted by time
  explicit Analogues(std::span<const Reading> readings) { extend(readings, std::numeric_limits<Micros>::min()); }
  /// The same with more readings: all up to `complete` are those of the call before.
  void extend(std::span<const Reading> readings, Micros complete);

  /// Calls body(then, start, value_at) for each quarter-hour of the 30 days before `at` whose glucose was known at
  /// `at`; value_at(t) is glucose at t, NaN where not known at `at`.
  template <class Body>
  void visit(Micros at, Body&& body) const {
    std::size_t near = 0;  // where value_at found its stretch last
    const auto value_at = [&](Micros t) { return known(t, at, near); };
    const Micros since = at - 30 * kDay;
    auto stretch =
        std::partition_point(stretches_.begin(), stretches_.end(), [&](const Stretch& s) { return s.end() <= since; });
    for (; stretch != stretches_.end() && stretch->start <= at; ++stretch) {
      const Micros skipped = std::max<Micros>(0, (since - stretch->start + kStep - 1) / kStep);
      for (auto i = static_cast<std::size_t>(skipped); i < stretch->n; ++i) {
        const Micros then = stretch->start + static_cast<Micros>(i) * kStep;
        if (then > at) return;
        if (const float start = known(points_[stretch->first + i], at); !std::isnan(start)) body(then, start, value_at);
      }
    }
  }

  /// As visit, but only of moments within `minutes` of the time of day of `at`; `apart` is by how many.
  template <class Body>
  void visit_near(Micros at, int minutes, Body&& body) const {
    std::size_t near = 0;  // where value_at found its stretch last
    const auto value_at = [&](Micros t) { return known(t, at, near); };
    const Micros since = at - 30 * kDay, widest = (minutes + 1) * kMinute - 1;
    auto stretch =
        std::partition_point(stretches_.begin(), stretches_.end(), [&](const Stretch& s) { return s.end() <= since; });
    for (; stretch != stretches_.end() && stretch->start <= at; ++stretch) {
      auto i = static_cast<std::size_t>(std::max<Micros>(0, (since - stretch->start + kStep - 1) / kStep));
      while (i < stretch->n) {
        const Micros then = stretch->start + static_cast<Micros>(i) * kStep;
        if (then > at) return;
        const Micros ago = (at - then) % kDay, apart = std::min(ago, kDay - ago);
        if (apart > widest) {  // on to where the next day's moments begin
          i += static_cast<std::size_t>((ago - widest + kStep - 1) / kStep);
          continue;
        }
        if (const float start = known(points_[stretch->first + i], at); !std::isnan(start))
          body(then, start, static_cast<int>(apart / kMinute), value_at);
        ++i;
      }
    }
  }

  /// Quarter-hours kept: a few for each reading, however far apart readings are.
  std::size_t size() const { return points_.size(); }

 private:
  static constexpr Micros kStep = 15 * kMinute;
  struct Point {
    float mg_dl;       // as outcome_at says: linear between readings within reach on both sides, NaN: not known
    int revision = 0;  // place in revisions_, counted from 1, of what it became when nearer readings came late
    Micros known_at;   // when the later of the two was there
  };
  /// Quarter-hours without a long gap; between stretches nothing is known, and nothing is kept.
  struct Stretch {
    Micros start;
    std::size_t first, n;  // in points_

    Micros end() const { return start + static_cast<Micros>(n) * kStep; }
  };

  float known(const Point& first, Micros at) const {
    const Point* p = &first;
    if (p->known_at > at) return kUnknown;
    while (p->revision != 0 && revisions_[static_cast<std::size_t>(p->revision) - 1].known_at <= at)
      p = &revisions_[static_cast<std::size_t>(p->revision) - 1];
    return p->mg_dl;
  }
  float known(Micros t, Micros at, std::size_t& near) const {
    while (near + 1 < stretches_.size() && stretches_[near + 1].start <= t) ++near;
    while (near > 0 && stretches_[near].start > t) --near;
    const Stretch& s = stretches_[near];
    const Micros steps = (t - s.start) / kStep;
    if (t < s.start || steps >= static_cast<Micros>(s.n)) return kUnknown;
    return known(points_[s.first + static_cast<std::size_t>(steps)], at);
  }
  Point first_known(std::span<const Reading> near, Micros at);
  void forget_from(Micros at);

  std::vector<Stretch> stretches_;  // in time order
  std::vector<Point> points_, revisions_;
};

}  // namespace glucose
