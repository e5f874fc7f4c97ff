// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace glucose {

/// A person's glucose every quarter-hour as it was known at any moment, to look for moments like the present one.
class Analogues {
 public:
  /// in: readings sorted by time
  explicit Analogues(std::span<const Reading> readings);

  /// Calls body(then, start, value_at) for each quarter-hour of the 30 days before `at` whose glucose was known at
  /// `at`; value_at(t) is glucose at t, NaN where not known at `at`.
  template <class Body>
  void visit(Micros at, Body&& body) const {
    const auto value_at = [&](Micros t) { return known(t, at); };
    const Micros first = std::max(start_, at - 30 * kDay);
    for (auto i = static_cast<std::size_t>((first - start_ + kStep - 1) / kStep); i < points_.size(); ++i) {
      const Micros then = start_ + static_cast<Micros>(i) * kStep;
      if (then > at) break;
      if (const float start = known(then, at); !std::isnan(start)) body(then, start, value_at);
    }
  }

 private:
  static constexpr Micros kStep = 15 * kMinute;
  struct Point {
    float mg_dl;       // as outcome_at says: linear between readings within reach on both sides, NaN: not known
    int revision = 0;  // place in revisions_, counted from 1, of what it became when nearer readings came late
    Micros known_at;   // when the later of the two was there
  };
  float known(Micros t, Micros at) const {
    const Micros steps = (t - start_) / kStep;
    if (t < start_ || steps >= static_cast<Micros>(points_.size())) return kUnknown;
    const Point* p = &points_[static_cast<std::size_t>(steps)];
    if (p->known_at > at) return kUnknown;
    while (p->revision != 0 && revisions_[static_cast<std::size_t>(p->revision) - 1].known_at <= at)
      p = &revisions_[static_cast<std::size_t>(p->revision) - 1];
    return p->mg_dl;
  }
  Point first_known(std::span<const Reading> near, Micros at);

  Micros start_ = 0;
  std::vector<Point> points_, revisions_;
};

}  // namespace glucose
