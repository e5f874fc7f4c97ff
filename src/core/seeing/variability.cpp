// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/variability.hpp"

#include <cmath>

#include "core/days/glucose_day.hpp"
#include "core/seeing/weighed.hpp"

namespace glucose {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Finds turning points in readings without a gap, one at a time.
class Excursions {
 public:
  explicit Excursions(double sd) : sd_(sd) {}

  void start(double mg_dl) {
    low_ = high_ = mg_dl;
    direction_ = 0;
  }

  void see(double mg_dl) {
    if (direction_ >= 0) high_ = std::max(high_, mg_dl);
    if (direction_ <= 0) low_ = std::min(low_, mg_dl);
    if (direction_ >= 0 && high_ - mg_dl > sd_) {
      if (direction_ > 0) note(high_ - low_, 1);
      direction_ = -1, low_ = mg_dl;
    } else if (direction_ <= 0 && mg_dl - low_ > sd_) {
      if (direction_ < 0) note(high_ - low_, -1);
      direction_ = 1, high_ = mg_dl;
    }
  }

  double mean() const { return n_ > 0 ? sum_ / n_ : kNone; }

 private:
  void note(double height, int direction) {
    if (first_ == 0) first_ = direction;
    if (direction == first_) sum_ += height, ++n_;
  }

  double sd_, low_ = 0, high_ = 0, sum_ = 0;
  int direction_ = 0, first_ = 0, n_ = 0;
};

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
  Excursions excursions(sd);
  bool begins = true;
  for (const StretchPoint& p : stretch.points) {
    begins ? excursions.start(p.mg_dl) : excursions.see(p.mg_dl);
    begins = p.ends;
  }
  return excursions.mean();
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
