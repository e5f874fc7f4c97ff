// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/turning_points.hpp"

namespace glucose {

namespace {

/// Finds turning points one reading at a time.
class Turns {
 public:
  Turns(const Stretch& stretch, double least, std::vector<Excursion>& out)
      : points_(stretch.points), least_(least), out_(out) {}

  void start(std::size_t i) {
    low_ = high_ = i;
    direction_ = 0;
  }

  void see(std::size_t i) {
    if (direction_ >= 0 && level(i) > level(high_)) high_ = i;
    if (direction_ <= 0 && level(i) < level(low_)) low_ = i;
    if (direction_ >= 0 && level(high_) - level(i) > least_) {
      if (direction_ > 0) note(low_, high_, true);
      direction_ = -1, low_ = i;
    } else if (direction_ <= 0 && level(i) - level(low_) > least_) {
      if (direction_ < 0) note(high_, low_, true);
      direction_ = 1, high_ = i;
    }
  }

  void stop() {
    if (direction_ > 0) note(low_, high_, false);
    if (direction_ < 0) note(high_, low_, false);
  }

 private:
  double level(std::size_t i) const { return points_[i].mg_dl; }
  void note(std::size_t from, std::size_t to, bool is_over) {
    out_.push_back({from, to, level(high_) - level(low_), direction_, is_over});
  }

  const std::vector<StretchPoint>& points_;
  double least_;
  std::vector<Excursion>& out_;
  std::size_t low_ = 0, high_ = 0;
  int direction_ = 0;
};

}  // namespace

std::vector<Excursion> excursions_of(const Stretch& stretch, double least_mg_dl) {
  std::vector<Excursion> found;
  Turns turns(stretch, least_mg_dl, found);
  bool begins = true;
  for (std::size_t i = 0; i < stretch.points.size(); ++i) {
    begins ? turns.start(i) : turns.see(i);
    begins = stretch.points[i].ends;
    if (begins) turns.stop();
  }
  return found;
}

}  // namespace glucose
