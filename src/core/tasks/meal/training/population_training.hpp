// SPDX-License-Identifier: PostgreSQL
// Shapes: P persons, N rows, K horizons.
#pragma once
#include <memory>
#include <vector>

#include "core/learn/boosting_api.hpp"
#include "core/tasks/meal/training/training.hpp"

namespace glucose {

inline constexpr int kLeastPersons = 2;

/// Learns from several persons' meals what is true of all, in small steps:
/// `while (!training.done()) { poll(); training.step(); }`.
/// Each person's rows are split 70/15/15 in time. Everything is judged on persons left out: five folds of persons, each
/// answered by a model of the others as it would be when serving, with a memory of its own earlier meals. From these
/// answers come the errors, the intervals, whether trees correct what the linear part leaves, and how much a
/// network counts beside them ('auto': only where they help beyond chance). 'lstm' is that network alone,
/// without a memory (population_network.hpp). What is stored is then fitted on everybody's train and validation rows;
/// test rows are never learnt from.
class PopulationTraining {
 public:
  /// in: samples of each person [P][N] in time order · algorithm: ridge, trees, lstm or auto · boosting: what trains
  /// trees, null: nothing does ('auto' goes on without, 'trees' is Error not_available) · Error too_little_history
  /// below two persons, out_of_memory above memory_cap bytes, bad_argument for another algorithm
  PopulationTraining(std::vector<std::vector<Sample>> persons, Algorithm algorithm, const TrainOptions& options,
                     std::size_t memory_cap, const BoostingApi* boosting);
  ~PopulationTraining();
  PopulationTraining(PopulationTraining&&) noexcept;

  bool done() const;
  void step();
  double progress() const;  // 0 … 1
  /// Errors are those of persons left out.
  TrainingOutcome take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
