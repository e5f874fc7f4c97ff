// SPDX-License-Identifier: PostgreSQL
// Internal: what the parts of happened() share.
#pragma once
#include "core/seeing/happened.hpp"

namespace glucose::look_back {

/// From midnight on people sleep. Source: Danne et al., Diabetes Care 2017;40:1631 (12 a.m. to 6 a.m.).
inline constexpr int kNightEndsMin = 360;

/// Half where a rule is just met, more the further beyond.
double certainty_of(double strength);

struct Past {
  Past(std::span<const Reading> readings, std::span<const Meal> meals, const DayClock& clock,
       const HappenedRules& rules);

  std::span<const Reading> readings;
  std::span<const Meal> meals;
  const DayClock& clock;
  const HappenedRules& rules;
  Stretch stretch;
  std::vector<Fault> faults;            // by begin
  std::vector<double> certainty;        // [faults]
  std::vector<char> is_doubted;         // [points] part of a fault
  std::vector<char> is_cut;             // [points] nothing before goes on in it: behind a gap, or on another level
  std::vector<double> slopes;           // [points] of the quarter of an hour up to it, mg/dL a minute; NaN: not known
  std::vector<std::size_t> slope_from;  // [points] the point that the slope begins at, where it is known
};

void add_rapid(const Past& past, std::vector<Happening>& out);
void add_spikes(const Past& past, std::vector<Happening>& out);
void add_unlogged(const Past& past, std::vector<Happening>& out);
void add_gaps(const Past& past, std::vector<Happening>& out);

}  // namespace glucose::look_back
