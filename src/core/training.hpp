// SPDX-License-Identifier: PostgreSQL
// Shapes: N samples, K horizons.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/metrics.hpp"
#include "core/model.hpp"

namespace glucose {

/// How one candidate did on the validation rows.
struct Candidate {
  Algorithm algorithm;
  std::vector<Metrics> validation;  // [K]
  double rmse;                      // mean over horizons; infinity when a forecast was not finite
  bool within_chance = false;       // not worse than persistence by more than chance explains
};

/// What a training leaves: the model to store and everything that is said about it.
struct TrainingOutcome {
  Model model;
  SplitSizes sizes;
  std::vector<Candidate> candidates;            // in the order they were trained
  std::array<std::vector<Metrics>, 3> metrics;  // by Split, [K]; train and test of the stored model, validation of it
                                                // before it was fitted again on those rows too
  std::vector<Metrics> persistence_test;        // [K]
  bool rejected = false;                        // must never be deployed
  bool production_ready = false;
  std::vector<std::string> quality_issues;
};

/// Trains one algorithm, or several and keeps the best on validation ('auto'), in small steps:
/// `while (!training.done()) { poll(); training.step(); }`.
/// Candidates learn from the train rows and are compared on the validation rows, with a doubt that fits their number:
/// 'auto' stays with ridge unless another is clearly better. The winner's intervals come from those residuals. It is
/// then fitted again on train + validation (the LSTM with as many epochs as were best before); the test rows are never
/// learnt from and measure exactly the model that is stored.
class Training {
 public:
  /// in: samples [N] in time order · memory_cap in bytes: Error out_of_memory when it would not do
  Training(std::vector<Sample> samples, Algorithm algorithm, const TrainOptions& options, std::size_t memory_cap);
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

/// Errors of `model` over rows, per horizon [K].
std::vector<Metrics> measure_rows(const Predictor& predictor, Samples rows, int horizons);

}  // namespace glucose
