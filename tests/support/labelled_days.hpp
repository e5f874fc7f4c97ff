// SPDX-License-Identifier: PostgreSQL
// Days of simulated persons with what really happened in them, and how much of it happened() finds. The labels come of
// the simulation and of what is planted, by code of its own that shares nothing with what is judged.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/seeing/happened.hpp"
#include "core/simulation/planting.hpp"
#include "core/simulation/simulate.hpp"

namespace glucose {

struct Span {
  Micros begin, end;
};
using Spans = std::vector<Span>;

/// How many of the labels were found, and how many of what was found were right.
struct Score {
  int labels = 0, found_labels = 0, found = 0, right = 0;
  double recall() const { return labels > 0 ? static_cast<double>(found_labels) / labels : 0; }
  double precision() const { return found > 0 ? static_cast<double>(right) / found : 0; }
  void operator+=(const Score& s) {
    labels += s.labels, found_labels += s.found_labels, found += s.found, right += s.right;
  }
};
using Scores = std::map<std::string, Score>;

inline constexpr Micros kDigested = 120 * kMinute;

struct LabelledDays {
  std::vector<Reading> readings;
  std::vector<Meal> meals;
  std::vector<sim::SensorSlot> slots;
  std::vector<sim::PlantedLabel> planted;
  std::vector<sim::SensorLabel> sensor;
  Spans unlogged;        // what nobody logged, or was taken out of the log
  Spans large_unlogged;  // those of 30 g, after which the sensor without noise rose by 50 mg/dL within two hours
  bool with_faults;
};

struct Rise {
  double by;
  bool came_through;  // two thirds of the time
};
/// Of the sensor without noise.
inline Rise rise_after(const std::vector<sim::SensorSlot>& slots, Micros at, Micros end) {
  double start = std::nan(""), most = 0;
  int came = 0, all = 0;
  for (const auto& slot : slots) {
    if (slot.at >= end) break;
    const auto level = static_cast<double>(slot.noiseless);
    if (slot.at <= at) start = level;
    if (slot.at < at) continue;
    most = std::max(most, level);
    ++all, came += slot.delivered ? 1 : 0;
  }
  return {most - start, 3 * came >= 2 * all};
}

inline LabelledDays labelled_days(std::uint64_t seed, int days, Profile profile, bool with_faults) {
  Simulator simulator(seed, days, profile);
  simulator.keep_truth();
  while (!simulator.done()) simulator.step();
  LabelledDays d;
  d.with_faults = with_faults;
  for (const SimulatedMeal& m : simulator.meals())
    d.meals.push_back({{}, m.eaten_at, {static_cast<int>(m.eaten_at / kMinute % 1440), 0}, m.type, m.nutrition});
  d.readings = simulator.readings();
  d.slots = simulator.sensor_record().slots;
  d.sensor = simulator.sensor_record().labels;
  const auto not_logged = [&d](Micros at, float carbs_g) {
    d.unlogged.push_back({at, at + kDigested});
    if (carbs_g >= 30 && rise_after(d.slots, at, at + kDigested).by >= 50)
      d.large_unlogged.push_back(d.unlogged.back());
  };
  for (const SimulatedEating& e : simulator.eaten())
    if (!e.logged) not_logged(e.at, e.carbs_g);
  // Every fifth meal of 30 g and more is taken out of the log, too.
  std::vector<Meal> kept;
  int n = 0;
  for (const Meal& m : d.meals)
    if (m.nutrition.carbs_g >= 30 && ++n % 5 == 0)
      not_logged(m.eaten_at, m.nutrition.carbs_g);
    else
      kept.push_back(m);
  d.meals = kept;
  if (!with_faults) return d;
  sim::Planted planted = sim::plant(seed, d.readings, simulator.sensor_record());
  d.readings = planted.readings;
  d.slots = planted.slots;
  d.planted = planted.labels;
  return d;
}

inline bool touch(const Span& a, const Span& b, Micros slack) {
  return a.begin <= b.end + slack && b.begin <= a.end + slack;
}
inline bool touches_any(const Span& a, const Spans& all, Micros slack) {
  for (const Span& b : all)
    if (touch(a, b, slack)) return true;
  return false;
}

/// needed: what has to be found. allowed: what may be.
inline Score score_of(const Spans& needed, const Spans& allowed, const Spans& found, Micros slack) {
  Score s;
  for (const Span& n : needed) ++s.labels, s.found_labels += touches_any(n, found, slack) ? 1 : 0;
  for (const Span& f : found) ++s.found, s.right += touches_any(f, allowed, slack) ? 1 : 0;
  return s;
}

/// Where the sensor without faults was beyond a limit for a quarter of an hour: three of its five minutes in a row, and
/// not over before three are back. `needed_only`: at least half of it came through, and no planted fault of the sensor
/// hides it.
inline Spans beyond(const LabelledDays& d, double limit, bool below, bool needed_only) {
  Spans found;
  int run = 0, back = 0, came = 0, all = 0;
  Micros begin = 0, end = 0;
  bool inside = false;
  const auto close = [&] {
    if (inside) {
      bool hidden = 2 * came < all;
      for (const auto& p : d.planted)
        if (p.kind == sim::PlantedLabel::Kind::stuck && touch({begin, end}, {p.begin, p.end}, 0)) hidden = true;
      if (!needed_only || !hidden) found.push_back({begin, end});
    }
    inside = false, run = back = came = all = 0;
  };
  for (const auto& slot : d.slots) {
    const double shown = std::round(static_cast<double>(slot.faultless));
    const bool is = below ? shown < limit : shown > limit;
    if (is) {
      if (run++ == 0 && !inside) begin = slot.at, came = all = 0;
      back = 0, end = slot.at;
      ++all, came += slot.delivered ? 1 : 0;
      inside = inside || run >= 3;
    } else if (inside) {
      run = 0;
      if (++back >= 3) close();
    } else {
      run = 0;
    }
  }
  close();
  return found;
}

/// Meals after which the sensor without noise rose by so much within three hours, or before the next; where most of it
/// came through.
inline Spans rises_after(const LabelledDays& d, double by) {
  Spans found;
  for (std::size_t m = 0; m < d.meals.size(); ++m) {
    const Micros at = d.meals[m].eaten_at;
    if (m > 0 && at - d.meals[m - 1].eaten_at <= 30 * kMinute) continue;  // eaten with the one before
    std::size_t next = m + 1;
    while (next < d.meals.size() && d.meals[next].eaten_at - d.meals[next - 1].eaten_at <= 30 * kMinute) ++next;
    const Micros end = std::min(at + 180 * kMinute, next < d.meals.size() ? d.meals[next].eaten_at : at + kDay);
    const Rise rise = rise_after(d.slots, at, end);
    if (rise.by >= by && rise.came_through) found.push_back({at, at});
  }
  return found;
}

inline Spans planted_of(const LabelledDays& d, sim::PlantedLabel::Kind kind) {
  Spans spans;
  for (const auto& label : d.planted)
    if (label.kind == kind) spans.push_back({label.begin, label.end});
  return spans;
}
inline Spans sensor_of(const LabelledDays& d, sim::SensorLabel::Kind kind, float deeper_than = 0) {
  Spans spans;
  for (const auto& label : d.sensor)
    if (label.kind == kind && label.depth_mg_dl >= deeper_than) spans.push_back({label.begin, label.end});
  return spans;
}

/// By kind; what is found with a certainty of a half or more counts.
inline Scores scores_of(const LabelledDays& d) {
  std::map<Happened, Spans> found;
  for (const Happening& h : happened(d.readings, d.meals, DayClock{}, HappenedRules{}))
    if (h.certainty >= 0.5)
      found[h.kind].push_back(h.kind == Happened::spike ? Span{h.begin, h.begin} : Span{h.begin, h.end});
  Scores scores;
  constexpr Micros kSlack = 10 * kMinute;
  const auto level = [&](const char* name, Happened kind, double limit, bool below) {
    scores[name] += score_of(beyond(d, limit, below, true), beyond(d, limit, below, false), found[kind], kSlack);
  };
  level("low", Happened::low, 70, true);
  level("very low", Happened::very_low, 54, true);
  level("high", Happened::high, 180, false);
  level("very high", Happened::very_high, 250, false);
  if (!d.with_faults) {
    scores["spike"] += score_of(rises_after(d, 50), rises_after(d, 50), found[Happened::spike], 0);
    scores["spike, 60 needed and 40 allowed"] +=
        score_of(rises_after(d, 60), rises_after(d, 40), found[Happened::spike], 0);
    scores["unlogged meal"] += score_of(d.large_unlogged, d.unlogged, found[Happened::unlogged_meal], 0);
    scores["two sensors"] += score_of({}, {}, found[Happened::two_sensors], 0);
    scores["jump"] += score_of({}, {}, found[Happened::jump], 0);
    scores["stuck"] += score_of({}, {}, found[Happened::stuck], 0);
  }
  Spans gaps = sensor_of(d, sim::SensorLabel::Kind::gap);
  const Spans warm_ups = sensor_of(d, sim::SensorLabel::Kind::warm_up);
  gaps.insert(gaps.end(), warm_ups.begin(), warm_ups.end());
  scores["gap"] += score_of(gaps, gaps, found[Happened::gap], kSlack);
  scores["warm-up"] += score_of(warm_ups, warm_ups, found[Happened::warm_up], kSlack);
  const Spans pressed = sensor_of(d, sim::SensorLabel::Kind::compression);
  scores["compression low"] += score_of(pressed, pressed, found[Happened::compression_low], kSlack);
  if (!d.with_faults) return scores;
  const Spans stuck = planted_of(d, sim::PlantedLabel::Kind::stuck),
              jumps = planted_of(d, sim::PlantedLabel::Kind::jump),
              two = planted_of(d, sim::PlantedLabel::Kind::two_sensors);
  scores["stuck"] += score_of(stuck, stuck, found[Happened::stuck], kSlack);
  scores["jump"] += score_of(jumps, jumps, found[Happened::jump], kSlack);
  scores["two sensors"] += score_of(two, two, found[Happened::two_sensors], kSlack);
  return scores;
}

}  // namespace glucose
