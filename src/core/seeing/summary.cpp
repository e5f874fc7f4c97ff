// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/summary.hpp"

#include "core/readings/range_limits.hpp"
#include "core/seeing/episodes.hpp"
#include "core/seeing/risk.hpp"
#include "core/seeing/variability.hpp"
#include "core/seeing/weighed.hpp"

namespace glucose {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Percent of the time covered in which `holds` is true of the level.
template <class Holds>
double share(const Stretch& stretch, Holds&& holds) {
  Micros sum = 0;
  for (const StretchPoint& p : stretch.points)
    if (holds(p.mg_dl)) sum += p.covers;
  return 100.0 * static_cast<double>(sum) / static_cast<double>(stretch.covered);
}

double below(const Stretch& stretch, double limit) {
  return share(stretch, [=](double g) { return g < limit; });
}

double above(const Stretch& stretch, double limit) {
  return share(stretch, [first = first_above(limit)](double g) { return g >= first; });
}

double within(const Stretch& stretch, double low, double high) {
  return share(stretch, [low, beyond = first_above(high)](double g) { return g >= low && g < beyond; });
}

int count(const Stretch& stretch, Beyond beyond, double limit) {
  return static_cast<int>(episodes_of(stretch, beyond, limit).size());
}

void add_levels(const Stretch& stretch, Summary& s) {
  Weighed levels;
  for (const StretchPoint& p : stretch.points) levels.add(p.mg_dl, static_cast<double>(p.covers));
  s.mean = levels.mean();
  s.sd = levels.sd();
  s.cv_pct = 100 * s.sd / s.mean;
  s.gmi_pct = 3.31 + 0.02392 * s.mean;
  s.j_index = 0.001 * (s.mean + s.sd) * (s.mean + s.sd);
}

void add_ranges(const Stretch& stretch, const Targets& targets, Summary& s) {
  s.very_low_pct = below(stretch, targets.very_low);
  s.low_pct = below(stretch, targets.low);
  s.in_range_pct = within(stretch, targets.low, targets.high);
  s.tight_range_pct = within(stretch, targets.low, targets.tight_high);
  s.high_pct = above(stretch, targets.high);
  s.very_high_pct = above(stretch, targets.very_high);
  s.very_low_episodes = count(stretch, Beyond::below, targets.very_low);
  s.low_episodes = count(stretch, Beyond::below, targets.low);
  s.high_episodes = count(stretch, Beyond::above, targets.high);
  s.very_high_episodes = count(stretch, Beyond::above, targets.very_high);
}

void add_risks(const Stretch& stretch, std::span<const Micros> midnights, Summary& s) {
  const Risk risk = mean_risk(stretch);
  s.lbgi = risk.low;
  s.hbgi = risk.high;
  const Targets fitted;
  s.gri = glycemia_risk_index(below(stretch, fitted.very_low), below(stretch, fitted.low), above(stretch, fitted.high),
                              above(stretch, fitted.very_high));
  s.adrr = average_daily_risk_range(stretch, midnights);
}

int days_of(const Stretch& stretch, std::span<const Micros> midnights) {
  int days = 0;
  Micros before = 0;
  for (const StretchPoint& p : stretch.points) {
    const Micros day = day_number(p.at, midnights);
    days += days == 0 || day != before;
    before = day;
  }
  return days;
}

}  // namespace

Summary summary_of(const Stretch& stretch, const Targets& targets, std::span<const Micros> midnights) {
  Summary s;
  s.mean = s.sd = s.cv_pct = s.gmi_pct = s.j_index = kNone;
  s.very_low_pct = s.low_pct = s.in_range_pct = s.tight_range_pct = s.high_pct = s.very_high_pct = kNone;
  s.lbgi = s.hbgi = s.gri = s.adrr = s.mage = s.modd = s.conga = kNone;
  s.readings = static_cast<int>(stretch.points.size());
  if (s.readings == 0) return s;
  s.days = days_of(stretch, midnights);
  s.first_at = stretch.points.front().at;
  s.last_at = stretch.points.back().at;
  const auto covered = static_cast<double>(stretch.covered);
  const double share = covered / static_cast<double>(stretch.end - stretch.begin);
  s.covered_pct = 100 * share;
  s.is_enough = share >= kEnoughShare && covered >= kEnoughShare * kEnoughDays * static_cast<double>(kDay);
  add_levels(stretch, s);
  add_ranges(stretch, targets, s);
  add_risks(stretch, midnights, s);
  s.mage = mean_excursion(stretch, s.sd);
  s.modd = mean_of_daily_differences(stretch);
  s.conga = overlapping_net_action(stretch, targets.conga_hours);
  return s;
}

}  // namespace glucose
