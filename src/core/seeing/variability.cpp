// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/variability.hpp"

#include <cmath>

#include "core/days/glucose_day.hpp"
#include "core/seeing/turning_points.hpp"
#include "core/seeing/weighed.hpp"

namespace glucose {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Calls `each` with the difference of every point to the one `lag` before, and the time it covers.
template <class Each>
void differences(const Stretch& stretch, Micros lag, Each&& each) {
  constexpr Micros kNear = kLongestStep / 2;
  const auto& points = stretch.points;
  std::size_t k = 0;
  for (const StretchPoint& p : points) {
    const Micros then = p.at - lag;
    while (k + 1 < points.size() && std::abs(points[k + 1].at - then) < std::abs(points[k].at - then)) ++k;
    if (std::abs(points[k].at - then) <= kNear) each(p.mg_dl - points[k].mg_dl, static_cast<double>(p.covers));
  }
}

}  // namespace

double mean_excursion(const Stretch& stretch, double sd) {
  // Without any spread there is no excursion, whatever rounding leaves of it.
  if (!(sd > 0)) return kNone;
  double sum = 0;
  int n = 0, first = 0;
  for (const Excursion& e : excursions_of(stretch, sd)) {
    if (!e.is_over) continue;
    if (first == 0) first = e.direction;
    if (e.direction == first) sum += e.height, ++n;
  }
  return n > 0 ? sum / n : kNone;
}

double mean_of_daily_differences(const Stretch& stretch) {
  Weighed all;
  differences(stretch, kDay, [&](double difference, double weight) { all.add(std::abs(difference), weight); });
  return all.mean();
}

double overlapping_net_action(const Stretch& stretch, double hours) {
  Weighed all;
  differences(stretch, static_cast<Micros>(std::llround(hours * 60.0 * static_cast<double>(kMinute))),
              [&](double difference, double weight) { all.add(difference, weight); });
  return all.sd();
}

}  // namespace glucose
