// SPDX-License-Identifier: PostgreSQL
// Shapes: N samples, K horizons.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/learn/boosting_api.hpp"
#include "core/learn/lstm_trainer.hpp"
#include "core/tasks/meal/models/model.hpp"
#include "core/tasks/meal/training/weighing.hpp"

namespace glucose {

/// How a network was trained: on the train rows, watched by the validation rows, or again on both for what serves.
struct NetworkCourse {
  bool serves;
  LstmCourse course;
};

/// What a training leaves: the model to store and everything that is said about it.
struct TrainingOutcome {
  Model model;
  SplitSizes sizes;
  std::vector<Candidate> candidates;            // in the order they were trained
  std::array<std::vector<Metrics>, 3> metrics;  // by Split, [K]; train and test of the stored model, validation of it
                                                // before it was fitted again on those rows too
  std::vector<Metrics> persistence_test;        // [K]
  std::vector<NetworkCourse> courses;           // in order
  std::string_view network;                     // own, population or fine-tuned; empty when none was trained
  bool rejected = false;                        // must never be deployed
  bool production_ready = false;
  std::vector<std::string> quality_issues;
};

/// Trains one algorithm, or an ensemble of several ('auto'), in small steps:
/// `while (!training.done()) { poll(); training.step(); }`.
/// Candidates learn from the train rows and are weighed on the validation rows, with a doubt that fits their number.
/// What serves is then fitted again on train + validation (the LSTM with as many epochs as were best before); weights
/// are never learnt from the test rows, which measure exactly the model that is stored. Its memory follows the rows as
/// it would have when serving: each is asked about before it is remembered.
class Training {
 public:
  /// in: samples [N] in time order · memory_cap in bytes: Error out_of_memory when it would not do
  /// population: what a personal model stands on and a network begins with (when of the same shape), of the same
  /// horizons; null: there is none · boosting: what trains
  /// trees; null: nothing does ('auto' goes on without, 'trees' is Error not_available)
  Training(std::vector<Sample> samples, Algorithm algorithm, const TrainOptions& options, std::size_t memory_cap,
           const Model* population = nullptr, const BoostingApi* boosting = nullptr);
  ~Training();
  Training(Training&&) noexcept;

  bool done() const;
  void step();
  double progress() const;              // 0 … 1
  int epoch() const;                    // of the fit under way; 0 when it has none
  double best_validation_rmse() const;  // of the candidates so far, mg/dL; infinity before the first
  TrainingOutcome take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
