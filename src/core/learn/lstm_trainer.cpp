// SPDX-License-Identifier: PostgreSQL
#include "core/learn/lstm_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace glucose {

namespace {

constexpr std::size_t kMaxSamples = 10'000'000;

void require(bool condition, const char* what) {
  if (!condition) throw Error(ErrorCode::bad_argument, std::string("invalid LSTM training: ") + what);
}

void check(const LstmTrainerOptions& o) {
  require(o.epochs >= 1 && o.epochs <= 100000, "epochs must be 1 to 100000");
  require(o.batch_size >= 1 && o.batch_size <= 1024, "batch size must be 1 to 1024");
  require(o.epoch_rows >= 1, "an epoch must have a sample");
  require(o.learning_rate > 0.0F && o.learning_rate <= 1.0F, "learning rate must be above 0 and at most 1");
  require(o.dropout >= 0.0F && o.dropout < 1.0F, "dropout must be at least 0 and below 1");
  require(o.l2 >= 0.0F && o.l2 <= 1.0F, "l2 must be 0 to 1");
  require(o.clip_norm >= 0.0F && std::isfinite(o.clip_norm), "clip norm must be at least 0");
  require(o.patience >= 0, "patience must be at least 0");
}

std::size_t samples_of(const LstmShape& shape, const LstmData& data) {
  const std::size_t n = data.sequence.size() / static_cast<std::size_t>(shape.steps);
  require(n <= kMaxSamples, "more than 10 million samples");
  require(data.sequence.size() == n * static_cast<std::size_t>(shape.steps) &&
              data.statics.size() == n * static_cast<std::size_t>(shape.n_static) &&
              data.targets.size() == n * static_cast<std::size_t>(shape.outputs),
          "the sizes of the data do not fit together");
  return n;
}

// Samples a step so that it stays within a few milliseconds of one core. Forward and backward cost 6 floating-point
// operations a parameter and time step; forward alone a third.
int chunk_size(const LstmShape& shape, SimdLevel level, int most, bool forward_only) {
  const double budget = level == SimdLevel::baseline ? 5e7 : 1.6e8;
  const double cost = (forward_only ? 2.0 : 6.0) * shape.steps * static_cast<double>(parameter_count(shape));
  return std::clamp(static_cast<int>(std::min(budget / cost, 1e6)), 1, most);
}

// Also where a constructor's first initialiser checks the arguments before anything is allocated.
const LstmTrainerOptions& checked(const LstmShape& shape, const LstmTrainerOptions& options) {
  check(options);
  (void)parameter_count(shape);
  return options;
}

}  // namespace

LstmTrainer::LstmTrainer(const LstmShape& shape, LstmData training, LstmData validation,
                         const LstmTrainerOptions& options, std::span<const float> start)
    : options_(checked(shape, options)),
      training_(std::move(training)),
      validation_(std::move(validation)),
      n_training_(samples_of(shape, training_)),
      n_validation_(samples_of(shape, validation_)),
      n_epoch_(std::min(n_training_, options.epoch_rows)),
      net_(shape, options.level),
      adam_(net_.parameters().size(), {.learning_rate = options.learning_rate, .clip_norm = options.clip_norm},
            options.level),
      rng_(options.seed),
      train_chunk_(chunk_size(shape, options.level, options.batch_size, false)),
      validate_chunk_(chunk_size(shape, options.level, 256, true)),
      order_(n_training_),
      gradient_(net_.parameters().size()) {
  require(n_training_ > 0, "no training sample");
  net_.initialise(rng_);
  require(start.empty() || start.size() == net_.parameters().size(),
          "the parameters to start with are of another shape");
  std::copy(start.begin(), start.end(), net_.parameters().begin());
  std::iota(order_.begin(), order_.end(), 0U);
  const auto chunk = static_cast<std::size_t>(train_chunk_);
  batch_.sequence.resize(chunk * static_cast<std::size_t>(shape.steps));
  batch_.statics.resize(chunk * static_cast<std::size_t>(shape.n_static));
  batch_.targets.resize(chunk * static_cast<std::size_t>(shape.outputs));
  if (n_validation_ > 0) {
    best_.assign(gradient_.size(), 0.0F);
    outputs_.resize(static_cast<std::size_t>(validate_chunk_) * static_cast<std::size_t>(shape.outputs));
  }
  start_epoch();
}

std::size_t LstmTrainer::bytes_needed(const LstmShape& shape, std::size_t training_samples,
                                      std::size_t validation_samples, const LstmTrainerOptions& options) {
  checked(shape, options);
  require(training_samples <= kMaxSamples && validation_samples <= kMaxSamples, "more than 10 million samples");
  // Within those caps every product stays below 2^36.
  const auto row = static_cast<std::size_t>(shape.steps) + static_cast<std::size_t>(shape.n_static) +
                   static_cast<std::size_t>(shape.outputs);
  const int chunk = chunk_size(shape, options.level, options.batch_size, false);
  const int validate = chunk_size(shape, options.level, 256, true);
  const std::size_t floats = (training_samples + validation_samples) * row + training_samples +
                             5 * parameter_count(shape) +  // weights, best weights, gradient, Adam's two moments
                             Lstm::training_floats(shape, chunk) + static_cast<std::size_t>(chunk) * row +
                             Lstm::predict_floats(shape, validate) +
                             static_cast<std::size_t>(validate) * static_cast<std::size_t>(shape.outputs);
  return floats * sizeof(float) + sizeof(LstmTrainer) + 4096;
}

void LstmTrainer::step() {
  if (phase_ == Phase::train)
    train_chunk();
  else if (phase_ == Phase::validate)
    validate_chunk();
}

void LstmTrainer::start_epoch() {
  first_ += n_epoch_;
  if (course_.training.empty() || first_ + n_epoch_ > n_training_) {
    rng_.shuffle(order_);
    first_ = 0;
  }
  phase_ = Phase::train;
  position_ = 0;
  squares_ = 0.0;
}

void LstmTrainer::train_chunk() {
  const LstmShape& shape = net_.shape();
  const auto T = static_cast<std::size_t>(shape.steps), S = static_cast<std::size_t>(shape.n_static),
             K = static_cast<std::size_t>(shape.outputs), batch = static_cast<std::size_t>(options_.batch_size);
  const std::size_t start = position_ / batch * batch, end = std::min(start + batch, n_epoch_);
  if (position_ == start) {
    std::fill(gradient_.begin(), gradient_.end(), 0.0F);
    batch_squares_ = 0.0;
  }
  const std::size_t n = std::min(end - position_, static_cast<std::size_t>(train_chunk_));
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t from = order_[first_ + position_ + i];
    std::copy_n(training_.sequence.data() + from * T, T, batch_.sequence.data() + i * T);
    std::copy_n(training_.statics.data() + from * S, S, batch_.statics.data() + i * S);
    std::copy_n(training_.targets.data() + from * K, K, batch_.targets.data() + i * K);
  }
  const auto scale = static_cast<float>(1.0 / (static_cast<double>(end - start) * static_cast<double>(K)));
  batch_squares_ += net_.add_gradient(batch_.sequence.data(), batch_.statics.data(), batch_.targets.data(),
                                      static_cast<int>(n), scale, {options_.dropout, &rng_}, gradient_, scratch_);
  position_ += n;
  if (position_ == end) finish_batch();
}

void LstmTrainer::finish_batch() {
  squares_ += batch_squares_;
  if (options_.l2 > 0.0F) {
    const LstmLayout& net = net_.layout();
    const auto decay = [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) gradient_[i] += 2.0F * options_.l2 * net_.parameters()[i];
    };
    for (int l = 0; l < net.layers; ++l) decay(net.layer[l].input_weights, net.layer[l].bias);
    decay(net.dense_weights, net.dense_bias);
  }
  // A loss that is not finite makes a gradient that is not, and Adam then leaves the weights alone.
  if (!std::isfinite(adam_.step(net_.parameters(), gradient_))) return stop_diverged();
  if (position_ < n_epoch_) return;
  training_loss_ = squares_ / (static_cast<double>(n_epoch_) * net_.shape().outputs);
  if (n_validation_ == 0) return end_epoch();
  phase_ = Phase::validate;
  position_ = 0;
  squares_ = 0.0;
}

void LstmTrainer::validate_chunk() {
  const LstmShape& shape = net_.shape();
  const auto T = static_cast<std::size_t>(shape.steps), S = static_cast<std::size_t>(shape.n_static),
             K = static_cast<std::size_t>(shape.outputs);
  const std::size_t n = std::min(n_validation_ - position_, static_cast<std::size_t>(validate_chunk_));
  net_.predict(validation_.sequence.data() + position_ * T, validation_.statics.data() + position_ * S,
               static_cast<int>(n), outputs_.data(), scratch_);
  for (std::size_t i = 0; i < n * K; ++i) {
    const double error = static_cast<double>(outputs_[i]) - validation_.targets[position_ * K + i];
    squares_ += error * error;
  }
  position_ += n;
  if (position_ == n_validation_) end_epoch();
}

void LstmTrainer::end_epoch() {
  ++epoch_;
  course_.training.push_back(training_loss_);
  if (n_validation_ > 0) {
    const double loss = squares_ / (static_cast<double>(n_validation_) * net_.shape().outputs);
    if (!std::isfinite(loss)) return stop_diverged();
    course_.validation.push_back(loss);
    if (loss < best_validation_loss_) {
      best_validation_loss_ = loss;
      best_epoch_ = course_.best_epoch = epoch_;
      std::copy(net_.parameters().begin(), net_.parameters().end(), best_.begin());
    }
  }
  const bool stale = n_validation_ > 0 && options_.patience > 0 && epoch_ - best_epoch_ >= options_.patience;
  course_.stopped_early = stale && epoch_ < options_.epochs;
  if (epoch_ == options_.epochs || stale)
    phase_ = Phase::done;
  else
    start_epoch();
}

void LstmTrainer::stop_diverged() {
  diverged_ = true;
  phase_ = Phase::done;
}

double LstmTrainer::progress() const {
  if (done()) return 1.0;
  const auto of_epoch = static_cast<double>(n_epoch_ + n_validation_);
  const double position = static_cast<double>(position_ + (phase_ == Phase::validate ? n_epoch_ : 0));
  return (epoch_ + position / of_epoch) / options_.epochs;
}

Lstm LstmTrainer::take() {
  phase_ = Phase::done;
  if (best_epoch_ > 0) std::copy(best_.begin(), best_.end(), net_.parameters().begin());
  return std::move(net_);
}

}  // namespace glucose
