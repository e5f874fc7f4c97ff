// SPDX-License-Identifier: PostgreSQL
// Whether what is seen now is still like what a model was trained on.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/watching/sketch.hpp"

namespace glucose {

enum class DriftKind : std::uint8_t { feature, prediction, error };
inline constexpr std::array<const char*, 3> kDriftKindNames{"feature", "prediction", "error"};

/// Of one quantity. NaN: it cannot be said.
struct Drift {
  DriftKind kind = DriftKind::feature;
  std::string name;
  double statistic;  // Kolmogorov-Smirnov: the largest distance of the two distributions at a cut, 0 … 1
  int reference_n = 0, current_n = 0;
  double effect;  // population stability index, less what chance adds to it
  double p;       // of such a distance, when nothing has changed
  bool drifted = false;
};

/// With fewer values nothing is said.
inline constexpr int kFewestSeen = 10;
/// What may be wrong of what is called drifted: less than the usual 0.05, for it is asked every night.
inline constexpr double kFalseDiscoveries = 0.01;

/// Missing values count as lower than all others. p is exact for as many independent values as there are by the
/// reference's likeness and memory: the rows of a person's week are alike, and a test that took them as independent
/// would find drift in every person. Of a sketch by parts of the day, its parts are weighed as the current ones are;
/// current values of a part with less than kFewestOfAPart are left out.
Drift drift_of(const Sketch& reference, const Observed& current);
inline constexpr int kFewestOfAPart = 5;

/// Sets `drifted`: an effect of at least `least`, and a false-discovery rate over all of them of at most
/// kFalseDiscoveries.
void judge_drifts(std::span<Drift> drifts, double least);

/// In less time than this nothing is called drifted: one sensor that is a little off is not a change, and lasts ten
/// days.
inline constexpr Micros kShortestSpan = 14 * kDay;
/// Leaves counts and distances, and says no more of them.
void withhold(std::span<Drift> drifts);

}  // namespace glucose
