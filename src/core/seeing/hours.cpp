// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/hours.hpp"

#include "core/seeing/episodes.hpp"

namespace glucose {

namespace {

HourSummary taken_from(const Summary& s, Micros covered) {
  HourSummary h;
  h.readings = s.readings;
  h.days = s.days;
  h.covered = covered;
  h.mean = s.mean, h.sd = s.sd;
  h.very_low_pct = s.very_low_pct, h.low_pct = s.low_pct;
  h.in_range_pct = s.in_range_pct, h.tight_range_pct = s.tight_range_pct;
  h.high_pct = s.high_pct, h.very_high_pct = s.very_high_pct;
  h.lbgi = s.lbgi, h.hbgi = s.hbgi;
  return h;
}

// An episode may go on in the next hour, so they are found in the whole stretch.
template <class Count>
void count_beginnings(const Stretch& stretch, std::span<const int> hours, const std::vector<Episode>& episodes,
                      Count&& count) {
  for (const Episode& e : episodes) count(static_cast<std::size_t>(hours[stretch.first_from(e.begin)]));
}

}  // namespace

std::array<HourSummary, kHours> hours_of(const Stretch& stretch, std::span<const int> hours, const Targets& targets,
                                         std::span<const Micros> midnights) {
  std::array<Stretch, kHours> parts;
  for (std::size_t i = 0; i < stretch.points.size(); ++i) {
    Stretch& part = parts[static_cast<std::size_t>(hours[i])];
    part.points.push_back(stretch.points[i]);
    part.covered += stretch.points[i].covers;
  }
  std::array<HourSummary, kHours> all;
  for (std::size_t h = 0; h < all.size(); ++h) {
    parts[h].usual_step = stretch.usual_step;
    parts[h].begin = stretch.begin, parts[h].end = stretch.end;
    all[h] = taken_from(summary_of(parts[h], targets, midnights), parts[h].covered);
  }
  count_beginnings(stretch, hours, episodes_of(stretch, Beyond::below, targets.low),
                   [&](std::size_t h) { ++all[h].low_episodes; });
  count_beginnings(stretch, hours, episodes_of(stretch, Beyond::above, targets.high),
                   [&](std::size_t h) { ++all[h].high_episodes; });
  return all;
}

}  // namespace glucose
