// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, K horizons.
#pragma once
#include <memory>

#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/models/lstm_model.hpp"

namespace glucose {

/// A person's network that begins with a population's: its level is moved to the person's, then its weights are trained
/// on with a lower learning rate, for a few epochs, until the newest rows it may learn from say stop. It serves only
/// when it answers the validation rows, which it has not seen, better than the population's network beyond chance; else
/// that one does, as it is.
class FineTuning {
 public:
  /// in: validation rows, or none: the gate has been passed before, and the epochs are those of options
  FineTuning(Samples training, Samples validation, const TrainOptions& options, const LstmModel& start);

  bool done() const { return phase_ == Phase::done; }
  void step();
  double progress() const { return done() ? 1 : fit_->progress(); }
  int epoch() const { return fit_ ? fit_->epoch() : 0; }
  int best_epoch() const { return best_epoch_; }
  const LstmCourse& course() const { return fit_->course(); }
  /// Whether the population's network stays what it is.
  bool keeps_start() const { return keeps_start_; }
  LstmModel take() { return std::move(chosen_); }

 private:
  enum class Phase { fitting, judging, done };
  std::vector<double> squared_errors(const LstmModel& model) const;

  Samples validation_;
  std::size_t horizons_;
  LstmModel chosen_;  // the population's until the gate is passed
  std::unique_ptr<LstmFit> fit_;
  Phase phase_ = Phase::fitting;
  int best_epoch_ = 0;
  bool keeps_start_ = false;
};

}  // namespace glucose
