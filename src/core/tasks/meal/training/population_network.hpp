// SPDX-License-Identifier: PostgreSQL
// Shapes: P persons, N rows, K horizons.
#pragma once
#include <memory>
#include <vector>

#include "core/tasks/meal/models/model.hpp"

namespace glucose {

/// One of the persons a network learns from.
struct PersonRows {
  Samples rows;  // [N] in time order
  SplitSizes sizes;
};

/// Trains a network on several persons' meals in small steps. Three folds of persons are each answered by a network of
/// the others, which stops early on the others' validation rows; then, when it is asked for, one network is trained on
/// everybody's train and validation rows for the median of the epochs that were best.
class PopulationNetwork {
 public:
  /// in: at least two persons, whose rows must outlive it
  PopulationNetwork(std::vector<PersonRows> persons, const TrainOptions& options);
  ~PopulationNetwork();
  PopulationNetwork(PopulationNetwork&&) noexcept;
  PopulationNetwork& operator=(PopulationNetwork&&) noexcept;

  /// Whether everybody has been answered; step() then trains the network of all.
  bool has_answered() const;
  /// Forecasts of a person's rows by a network of others [N].
  const std::vector<PointForecast>& said(std::size_t person) const;

  bool done() const;
  void step();
  double progress() const;  // 0 … 1
  LstmModel take();

  static std::size_t bytes_needed(std::size_t n, const TrainOptions& options);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
