// SPDX-License-Identifier: PostgreSQL
// Letters: N samples, T steps, S static inputs, K outputs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/random.hpp"
#include "core/learn/adam.hpp"
#include "core/learn/lstm.hpp"

namespace glucose {

/// Standardised samples, row-major: sequence N×T, statics N×S, targets N×K. No NaN.
struct LstmData {
  std::vector<float> sequence, statics, targets;
};

struct LstmTrainerOptions {
  int epochs = 100;
  int batch_size = 32;
  std::size_t epoch_rows = 4096;  // an epoch has all samples, or so many of them when there are more; at least 1
  float learning_rate = 1e-3F;
  float dropout = 0;    // [0, 1)
  float l2 = 0;         // adds l2 · Σw² over the weights (not the biases) to the loss
  float clip_norm = 1;  // 0: never clip the gradient
  int patience = 15;    // epochs without a better validation loss before it stops; 0: never stop early
  std::uint64_t seed = 1;
  SimdLevel level = best_simd_level();
};

/// How a training went, by completed epoch. Losses are mean squared errors of the standardised targets.
struct LstmCourse {
  std::vector<double> training, validation;  // validation: none without validation data
  int best_epoch = 0;                        // counted from 1; 0: none
  bool stopped_early = false;

  int epochs() const { return static_cast<int>(training.size()); }
};

/// Trains an LSTM by mini-batches of the mean squared error with Adam, in small steps that the caller drives. Many
/// samples are dealt out to several epochs, all in turn but for a rest smaller than one: what an epoch costs, and how
/// much is learnt before the validation data is asked, does not grow with them.
/// `while (!trainer.done()) { poll(); trainer.step(); }`. The same data, options and seed give the same bytes at the
/// same SIMD level.
class LstmTrainer {
 public:
  /// Validation data may be empty: then it trains all epochs and keeps the last weights. Throws Error bad_argument for
  /// options or shapes outside their range, sizes that do not fit together, or no training sample.
  /// start: the parameters to begin with; empty: random ones.
  LstmTrainer(const LstmShape& shape, LstmData training, LstmData validation, const LstmTrainerOptions& options,
              std::span<const float> start = {});

  /// Upper estimate of the bytes a trainer holds; allocates nothing. Throws Error bad_argument as the constructor.
  static std::size_t bytes_needed(const LstmShape& shape, std::size_t training_samples, std::size_t validation_samples,
                                  const LstmTrainerOptions& options);

  bool done() const { return phase_ == Phase::done; }

  /// One mini-batch, or one chunk of the validation pass. With a network so wide that a mini-batch would take more than
  /// some milliseconds it does a part of one, at least one sample: the weights change when the batch is complete.
  void step();

  double progress() const;                                               // 0 … 1, of the planned epochs
  int epoch() const { return epoch_; }                                   // completed epochs
  int best_epoch() const { return best_epoch_; }                         // counted from 1; 0: none yet
  double training_loss() const { return training_loss_; }                // mean over the last completed epoch
  double best_validation_loss() const { return best_validation_loss_; }  // infinity: none yet
  const LstmCourse& course() const { return course_; }
  bool diverged() const { return diverged_; }  // stopped, for a loss was not finite

  /// The weights with the best validation loss; without validation data, or before its first pass, the current ones.
  /// The trainer is spent afterwards.
  Lstm take();

 private:
  enum class Phase : std::uint8_t { train, validate, done };

  void train_chunk();
  void finish_batch();
  void validate_chunk();
  void end_epoch();
  void stop_diverged();
  void start_epoch();

  LstmTrainerOptions options_;
  LstmData training_, validation_;
  std::size_t n_training_, n_validation_, n_epoch_;
  Lstm net_;
  Adam adam_;
  Random rng_;
  int train_chunk_, validate_chunk_;  // samples a step
  std::vector<std::uint32_t> order_;
  std::vector<float> gradient_, best_, outputs_;
  LstmData batch_;
  FloatBuffer scratch_;
  Phase phase_ = Phase::train;
  std::size_t position_ = 0;  // samples of this phase already done
  std::size_t first_ = 0;     // of an epoch, in order_
  double squares_ = 0.0, batch_squares_ = 0.0;
  int epoch_ = 0, best_epoch_ = 0;
  double training_loss_ = std::numeric_limits<double>::infinity();
  double best_validation_loss_ = std::numeric_limits<double>::infinity();
  bool diverged_ = false;
  LstmCourse course_;
};

}  // namespace glucose
