// SPDX-License-Identifier: PostgreSQL
// Rises after meals, and rises like a meal's without one.
#include <cmath>

#include "core/readings/range_limits.hpp"
#include "core/readings/time_grid.hpp"
#include "core/seeing/episodes.hpp"
#include "core/seeing/look_back.hpp"
#include "core/seeing/turning_points.hpp"

namespace glucose::look_back {

namespace {

constexpr Micros kTogether = 30 * kMinute, kAfterMeal = 180 * kMinute;
// An unlogged meal.
constexpr Micros kLoggedBefore = 60 * kMinute, kLongestRise = 180 * kMinute, kSteepOver = 30 * kMinute;
constexpr double kSteepPerMin = 1;    // mg/dL a minute over that time
constexpr double kOnsetShare = 0.15;  // of the rise: below it the rise has not begun

/// Meals eaten together, and the time that is theirs.
struct Sitting {
  std::size_t meal;
  int n_meals;
  Micros begin, end;
};

std::vector<Sitting> sittings_of(std::span<const Meal> meals) {
  std::vector<Sitting> sittings;
  Micros last = 0;
  for (std::size_t m = 0; m < meals.size(); ++m) {
    const Micros at = meals[m].eaten_at;
    if (!sittings.empty() && at - last <= kTogether) {
      ++sittings.back().n_meals;
    } else {
      if (!sittings.empty()) sittings.back().end = std::min(sittings.back().end, at);
      sittings.push_back({m, 1, at, at + kAfterMeal});
    }
    last = at;
  }
  return sittings;
}

/// How long points from `first` on, up to `end`, are above a level; and how long readings cover.
struct Above {
  Micros time = 0, covered = 0;
};
Above time_above(const Past& past, std::size_t first, Micros end, double level) {
  Above above;
  for (std::size_t i = first, last = past.stretch.first_from(end); i < last; ++i) {
    const StretchPoint& p = past.stretch.points[i];
    const Micros covers = std::min(p.covers, end - p.at);
    if (past.is_doubted[i]) continue;
    above.covered += covers;
    if (p.mg_dl > level) above.time += covers;
  }
  return above;
}

double steepest(const Past& past, std::size_t first, std::size_t last) {
  double most = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = first; i <= last; ++i)
    if (past.slopes[i] > most || std::isnan(most)) most = past.slopes[i];
  return most;
}

void add_spike(const Past& past, const Sitting& sitting, std::vector<Happening>& out) {
  const auto& points = past.stretch.points;
  const float level = glucose_at(past.readings, sitting.begin, std::numeric_limits<Micros>::max());
  const std::size_t first = past.stretch.first_from(sitting.begin), last = past.stretch.first_from(sitting.end);
  if (std::isnan(level) || first == points.size()) return;
  std::size_t peak = points.size();
  for (std::size_t i = first; i < last; ++i)
    if (!past.is_doubted[i] && (peak == points.size() || points[i].mg_dl > points[peak].mg_dl)) peak = i;
  if (peak == points.size()) return;
  const double from = static_cast<double>(level), height = points[peak].mg_dl - from;
  if (height < past.rules.spike) return;
  // One high reading is none: as with highs, a quarter of an hour is.
  const Micros over = time_above(past, first, sitting.end, from + past.rules.spike).time;
  if (over < kEpisode - past.stretch.usual_step / 2) return;
  const double middle = from + height / 2;
  std::size_t back = peak;
  while (back < last && points[back].mg_dl > middle) ++back;
  Happening h{Happened::spike, sitting.begin,
              back < points.size() ? std::min(points[back].at, sitting.end) : sitting.end};
  h.end = std::max(h.end, points[peak].at);
  h.extreme = points[peak].mg_dl;
  h.extreme_at = points[peak].at;
  h.from = from;
  h.rate = steepest(past, first, peak);
  const double high = std::nextafter(first_above(past.rules.targets.high), 0);
  h.above_high = time_above(past, first, sitting.end, high).time;
  const Above raised = time_above(past, first, sitting.end, middle);
  h.raised = raised.time;
  h.meal = static_cast<int>(sitting.meal);
  h.n_meals = sitting.n_meals;
  const double share = static_cast<double>(raised.covered) / static_cast<double>(sitting.end - sitting.begin);
  h.certainty = certainty_of(height / past.rules.spike) * std::min(1.0, share);
  out.push_back(h);
}

bool is_logged(const Past& past, Micros from, Micros until) {
  const auto meal =
      std::partition_point(past.meals.begin(), past.meals.end(), [from](const Meal& m) { return m.eaten_at < from; });
  return meal != past.meals.end() && meal->eaten_at <= until;
}

bool is_steep(const Past& past, std::size_t first, std::size_t last) {
  const auto& points = past.stretch.points;
  const double needed = kSteepPerMin * static_cast<double>(kSteepOver) / static_cast<double>(kMinute);
  for (std::size_t i = first, j = first; i <= last; ++i) {
    while (points[i].at - points[j].at > kSteepOver + kMinute) ++j;
    if (points[i].mg_dl - points[j].mg_dl >= needed) return true;
  }
  return false;
}

}  // namespace

void add_spikes(const Past& past, std::vector<Happening>& out) {
  for (const Sitting& sitting : sittings_of(past.meals)) add_spike(past, sitting, out);
}

void add_unlogged(const Past& past, std::vector<Happening>& out) {
  const auto& points = past.stretch.points;
  for (const Excursion& e : excursions_of(past.stretch, past.rules.spike / 2)) {
    if (e.direction < 0 || e.height < past.rules.spike) continue;
    const double from = points[e.from].mg_dl;
    // Long flat before it rises: the rise begins where it leaves that for good.
    std::size_t onset = e.to;
    while (onset > e.from && points[onset].mg_dl > from + kOnsetShare * e.height) --onset;
    bool is_fault = false;
    for (std::size_t i = onset; i <= e.to; ++i)
      is_fault = is_fault || past.is_doubted[i] || (i > onset && past.is_cut[i]);
    const Micros begin = points[onset].at, end = points[e.to].at;
    if (is_fault || end - begin > kLongestRise || !is_steep(past, onset, e.to)) continue;
    if (is_logged(past, begin - kLoggedBefore, end)) continue;
    Happening h{Happened::unlogged_meal, begin, end};
    h.extreme = points[e.to].mg_dl;
    h.extreme_at = end;
    h.from = from;
    h.rate = steepest(past, onset, e.to);
    // What is low is raised again by itself, and towards morning glucose rises while people sleep.
    const bool by_itself = from < past.rules.targets.low || past.clock.minute_of_day(begin) < kNightEndsMin;
    const double strength = e.height / past.rules.spike;
    h.certainty = certainty_of(by_itself ? strength / 2 : strength);
    out.push_back(h);
  }
}

}  // namespace glucose::look_back
