// SPDX-License-Identifier: PostgreSQL
// Letters as in sequence_net.hpp; N samples.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/steps.hpp"
#include "core/learn/adam.hpp"
#include "core/learn/lstm_trainer.hpp"
#include "core/learn/sequence_pass.hpp"

namespace glucose {

/// Sample i reads the T days from the place first[i] on. targets N×K; NaN: not known.
struct SequenceRows {
  std::vector<std::uint32_t> first;
  std::vector<float> targets;
};

/// Samples share days as their sequences overlap. Several persons' days follow each other; where a person's history
/// begins inside a sequence, days of which nothing is known stand before it.
struct SequenceData {
  std::vector<float> days;  // days × F, row-major
  SequenceRows training, validation;
  std::vector<std::uint32_t> order = {};  // which day is at a place; none: place p is day p
};

struct SequenceTrainerOptions {
  int epochs = 50;
  int batch_size = 32;            // at least 2
  std::size_t epoch_rows = 4096;  // an epoch has all samples, or so many of them when there are more; at least 2
  float learning_rate = 1e-3F;
  float dropout = 0.2F;  // [0, 1): between layers, and in the heads
  float l2 = 0;          // adds l2 · Σw² over the weights (not biases, gains and shifts) to the loss
  float clip_norm = 1;   // 0: never clip the gradient
  int patience = 10;     // epochs without a better validation loss before it stops; 0: never stop early
  int plateau = 5;       // epochs without a better loss before the learning rate is halved, and so on; 0: never
  SequenceLoss loss = SequenceLoss::squared;
  std::uint64_t seed = 1;
  SimdLevel level = best_simd_level();
};

/// How a training went; losses are means over the known targets, standardised.
struct SequenceCourse : LstmCourse {
  int halvings = 0;
};

/// Trains a SequenceNet by mini-batches with Adam, in small steps that the caller drives.
/// `while (!trainer.done()) { poll(); trainer.step(); }`. The same data, options and seed give the same bytes at the
/// same SIMD level. A rest of one sample goes with the batch before it.
class SequenceTrainer {
 public:
  /// The days are standardised and have no NaN. Validation rows may be none: then it trains all epochs and keeps the
  /// last weights. Throws Error bad_argument for options or shapes outside their range, sizes that do not fit together,
  /// a sequence beyond the last day, fewer than 2 training samples or none with a known target. start: whose weights
  /// and statistics are the ones to begin with, of this shape; null: random ones.
  SequenceTrainer(const SequenceShape& shape, SequenceData data, const SequenceTrainerOptions& options,
                  const SequenceNet* start = nullptr);
  SequenceTrainer(const SequenceTrainer&) = delete;  // the steps under way point here
  SequenceTrainer& operator=(const SequenceTrainer&) = delete;

  /// Upper estimate of the bytes a trainer of data without an order holds; allocates nothing. Throws Error bad_argument
  /// as the constructor.
  static std::size_t bytes_needed(const SequenceShape& shape, std::size_t days, std::size_t training_samples,
                                  std::size_t validation_samples, const SequenceTrainerOptions& options);

  bool done() const { return work_.done(); }
  /// A part of a batch, or of the validation pass: a few milliseconds.
  void step() { work_.step(); }

  double progress() const;              // 0 … 1, of the planned epochs
  int epoch() const { return epoch_; }  // completed epochs
  int best_epoch() const { return course_.best_epoch; }
  double best_validation_loss() const { return best_loss_; }  // infinity: none yet
  float learning_rate() const { return adam_.learning_rate(); }
  const SequenceCourse& course() const { return course_; }
  bool diverged() const { return diverged_; }  // stopped, for a loss was not finite

  /// The weights with the best validation loss; without validation rows, or before their first pass, the current ones.
  /// The trainer is spent afterwards.
  SequenceNet take();

 private:
  Steps run();
  void deal();
  void make_room(std::size_t sequences);
  void read(const SequenceRows& rows, std::size_t row);
  std::size_t gather(std::size_t start);
  bool update();
  void decay();
  double validate(std::size_t start, std::size_t n);
  bool end_epoch(double training_loss, double validation_loss);
  void keep_best(double loss);

  SequenceTrainerOptions options_;
  SequenceData data_;
  std::size_t n_training_, n_validation_, n_epoch_, known_validation_ = 0;
  SequenceNet net_;
  Adam adam_;
  Random rng_;
  SequencePass pass_;
  std::vector<std::uint32_t> order_;
  std::vector<float> gradient_, best_, best_statistics_, targets_, outputs_;
  std::vector<const float*> sequences_;
  std::vector<float> read_;  // their days, where these are not beside each other
  FloatBuffer scratch_;
  std::size_t first_ = 0, position_ = 0;  // of an epoch, in order_; samples of it done
  int epoch_ = 0, stale_ = 0;             // epochs since the loss was better, or the rate was halved
  double best_loss_ = std::numeric_limits<double>::infinity(), best_watched_ = best_loss_;
  bool diverged_ = false;
  SequenceCourse course_;
  Steps work_;
};

}  // namespace glucose
