// SPDX-License-Identifier: PostgreSQL
// Shapes: N samples, T = 12 steps, S static inputs, K horizons.
#pragma once
#include <memory>
#include <vector>

#include "core/learn/lstm_trainer.hpp"
#include "core/math/scaler.hpp"
#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/features/design_matrix.hpp"
#include "core/training/options.hpp"

namespace glucose {

/// What the network sees of a moment, before scaling: 12 glucose values, then the static inputs.
inline constexpr int kNetworkInputs = kHistorySteps + kStaticInputs;
using NetworkRow = std::array<float, kNetworkInputs>;
NetworkRow network_row(const FeatureVector& x);

/// The network with its scalers: 12 glucose values and the static inputs → change from the last glucose. How much
/// glucose returns to the mean is a line found before (`pull`); the network learns what is left, which a few dozen
/// meals allow.
struct LstmModel {
  Scaler glucose;           // [1], one mean and SD for all steps
  Scaler statics;           // [S]
  Scaler targets;           // [K] change from the last glucose that the line leaves, mg/dL
  std::vector<float> pull;  // [K] mg/dL per SD of the last glucose
  Lstm net;

  void predict(const FeatureVector& x, int horizons, float* out) const { predict_row(network_row(x), horizons, out); }
  void predict_row(const NetworkRow& row, int horizons, float* out) const;
  /// The row as the network takes it, an unknown input being the mean.
  NetworkRow standardise(const NetworkRow& row) const;
  /// mg/dL per unit of the network's k-th output.
  float unit(std::size_t k) const { return targets.inverse_sd[k] > 0 ? 1 / targets.inverse_sd[k] : 0.0F; }
  /// Whether it is of the horizons and layers that are asked for.
  bool has_shape_of(const TrainOptions& options) const;
};

/// Fits the scalers and the line on the training rows, then trains the network in small steps; early stopping on
/// `validation`, or all epochs when there is none.
class LstmFit {
 public:
  /// start: whose scalers, line and weights are the ones to begin with, of the options' shape; null: none
  LstmFit(SampleRefs training, SampleRefs validation, const TrainOptions& options, const LstmModel* start = nullptr);
  LstmFit(Samples training, Samples validation, const TrainOptions& options)
      : LstmFit(refs_of(training), refs_of(validation), options) {}
  static std::size_t bytes_needed(std::size_t n_training, std::size_t n_validation, const TrainOptions& options);

  bool done() const { return trainer_->done(); }
  void step() { trainer_->step(); }
  double progress() const { return trainer_->progress(); }
  int epoch() const { return trainer_->epoch(); }
  int best_epoch() const { return trainer_->best_epoch(); }
  const LstmCourse& course() const { return trainer_->course(); }
  LstmModel take();

 private:
  Scaler glucose_, statics_, targets_;
  std::vector<float> pull_;
  std::unique_ptr<LstmTrainer> trainer_;
};

}  // namespace glucose
