// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/episodes.hpp"

#include "core/readings/range_limits.hpp"

namespace glucose {

std::vector<Episode> episodes_of(const Stretch& stretch, Beyond beyond, double limit_mg_dl) {
  // A sensor's clock is never exact: three readings may cover 14 minutes and 58 seconds.
  const Micros enough = kEpisode - stretch.usual_step / 2;
  const double from = first_above(limit_mg_dl);
  const auto is_beyond = [&](double g) { return beyond == Beyond::below ? g < limit_mg_dl : g >= from; };
  std::vector<Episode> found;
  bool inside = false;            // in an episode that is not over
  Micros run = 0, run_began = 0;  // of readings beyond the limit when outside, of others when inside
  double extreme = 0;             // of the run when outside, of the episode when inside
  for (const StretchPoint& p : stretch.points) {
    const bool out_of_range = is_beyond(p.mg_dl);
    if (out_of_range) {
      const bool first = !inside && run == 0;
      extreme = first ? p.mg_dl : beyond == Beyond::below ? std::min(extreme, p.mg_dl) : std::max(extreme, p.mg_dl);
    }
    if (out_of_range != inside) {
      if (run == 0) run_began = p.at;
      run += p.covers;
      if (run >= enough) {
        if (inside)
          found.back().end = run_began;
        else
          found.push_back({run_began, p.at, extreme});
        inside = !inside, run = 0;
      }
    } else {
      run = 0;
    }
    if (inside && out_of_range) found.back().extreme = extreme, found.back().end = p.at + p.covers;
    if (p.ends) inside = false, run = 0;
  }
  return found;
}

}  // namespace glucose
