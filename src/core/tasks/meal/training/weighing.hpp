// SPDX-License-Identifier: PostgreSQL
// Shapes: N validation rows, K horizons, C candidates.
#pragma once
#include <string>
#include <vector>

#include "core/math/metrics.hpp"
#include "core/tasks/meal/training/replay.hpp"

namespace glucose {

/// How one candidate did on the validation rows.
struct Candidate {
  Algorithm algorithm;
  std::vector<Metrics> validation;  // [K]
  double rmse;                      // mean over horizons; infinity when a forecast was not finite
  bool within_chance = false;       // not worse than persistence by more than chance explains
};

/// Errors of forecasts [K][N] of rows [N]. out: [K]
std::vector<Metrics> measure_all(const Forecasts& forecasts, Samples rows);

/// Candidates side by side on the validation rows, persistence first: who serves, and how much each counts.
class Weighing {
 public:
  /// in: the validation rows [N], which must outlive it
  Weighing(Samples rows, std::size_t horizons) : rows_(rows), horizons_(horizons) {}

  /// said: of the rows, by who had not learnt from them [K][N]
  void add(Algorithm algorithm, Forecasts said);
  std::size_t size() const { return candidates_.size(); }
  const Candidate& operator[](std::size_t candidate) const { return candidates_[candidate]; }
  const Forecasts& said(std::size_t candidate) const { return said_[candidate]; }

  /// The last alone serves.
  void choose_last();
  /// All that are not clearly worse than persistence serve, but for the mean, weighted by their errors (stacking.hpp);
  /// persistence itself is left when all are. Their blend is added as a candidate. on_population: the personal model
  /// stands on one, and then on all others but the network, which counts beforehand what it does in the population's
  /// forecasts; without one, what a person's own meals teach is shared out beforehand.
  void choose_blend(bool on_population, float share_of_network = 0);

  const std::vector<std::size_t>& chosen() const { return chosen_; }
  const std::vector<float>& weights() const { return weights_; }  // [chosen × K]
  /// The candidate that is stored: the blend comes last.
  std::size_t winner() const { return chosen_.size() > 1 ? candidates_.size() - 1 : chosen_.front(); }
  std::vector<Candidate> take() { return std::move(candidates_); }

 private:
  std::vector<double> squared_errors(std::size_t candidate) const;
  bool clearly_better(std::size_t candidate, std::size_t other) const;
  std::vector<std::vector<float>> stack(const std::vector<std::size_t>& members, std::span<const float> prior) const;
  void compare_with_persistence();
  Forecasts blended() const;

  Samples rows_;
  std::size_t horizons_;
  std::vector<Candidate> candidates_;  // [C]
  std::vector<Forecasts> said_;        // [C]
  std::vector<std::size_t> chosen_;
  std::vector<float> weights_;
};

}  // namespace glucose
