// SPDX-License-Identifier: PostgreSQL
// Letters as in sequence_net.hpp.
#pragma once
#include <memory>

#include "core/base/byte_io.hpp"
#include "core/learn/sequence_trainer.hpp"
#include "core/math/scaler.hpp"

namespace glucose {

/// The network with its scalers. An unknown value of a day is the mean of the days it learnt from, and nothing else
/// says that it was unknown: whoever wants the network to know adds a column for it.
struct SequenceModel {
  SequenceLoss loss;
  Scaler inputs;   // [F]
  Scaler targets;  // [K]; mean 0 and SD 1 for yes or no
  SequenceNet net;

  /// days: B×T×F as measured, NaN = unknown → out B×K, in the targets' units or as probabilities. weights: B×T, how
  /// much each day counted (attention; each sample's sum is 1), or null.
  void predict(const float* days, int B, float* out, float* weights = nullptr) const;
};

void wipe(SequenceModel& model);

void write(ByteWriter& out, const SequenceModel& model);
/// Throws Error model_mismatch when the bytes are not such a model.
SequenceModel read_sequence_model(ByteReader& in);

/// Fits the scalers on the days and targets of the training rows and nothing else, then trains in small steps.
class SequenceFit {
 public:
  /// data: as measured, NaN = unknown. start: whose scalers and weights are the ones to begin with; null: none. Throws
  /// Error bad_argument as SequenceTrainer, or when targets of yes or no are other than 0 and 1.
  SequenceFit(const SequenceShape& shape, SequenceData data, const SequenceTrainerOptions& options,
              const SequenceModel* start = nullptr);

  bool done() const { return trainer_->done(); }
  void step() { trainer_->step(); }
  double progress() const { return trainer_->progress(); }
  const SequenceTrainer& trainer() const { return *trainer_; }
  SequenceModel take();

 private:
  SequenceLoss loss_;
  Scaler inputs_, targets_;
  std::unique_ptr<SequenceTrainer> trainer_;
};

}  // namespace glucose
