// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <limits>
#include <memory>
#include <vector>

#include "core/tasks/meal/training/training.hpp"

namespace glucose {

/// Learning between trainings, in small steps: what is the person's own of a model that serves, estimated anew on all
/// of its meals. The memory (and with it the gate and how wide intervals are) is filled again, the mean, ridge and
/// least absolute deviations are fitted again; what is the population's, networks, trees, the weights of an ensemble
/// and the intervals' shape stay. Weights are learnt from the first 85 % of the meals, as by a training, and the test
/// rows measure exactly what is left.
class Refreshing {
 public:
  /// in: samples [N] in time order, the model that serves (it must outlive this) and the moment of the last meal that
  /// its weights were learnt from · throws Error not_available when nothing of it is the person's own,
  /// too_little_history, out_of_memory
  Refreshing(std::vector<Sample> samples, const Model& active, Micros learnt_until, const TrainOptions& options,
             std::size_t memory_cap);
  ~Refreshing();
  Refreshing(Refreshing&&) noexcept;

  bool done() const;
  void step();
  double progress() const;  // 0 … 1
  int epoch() const { return 0; }
  double best_validation_rmse() const { return std::numeric_limits<double>::infinity(); }
  /// Without candidates, courses and errors on validation: nothing was chosen.
  TrainingOutcome take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
