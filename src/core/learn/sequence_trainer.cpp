// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_trainer.hpp"

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
  if (!condition) throw Error(ErrorCode::bad_argument, std::string("invalid network training: ") + what);
}

void check(const SequenceTrainerOptions& o) {
  require(o.epochs >= 1 && o.epochs <= 100000, "epochs must be 1 to 100000");
  require(o.batch_size >= 2 && o.batch_size <= 1024, "batch size must be 2 to 1024");
  require(o.epoch_rows >= 2, "an epoch must have two samples");
  require(o.learning_rate > 0.0F && o.learning_rate <= 1.0F, "learning rate must be above 0 and at most 1");
  require(o.dropout >= 0.0F && o.dropout < 1.0F, "dropout must be at least 0 and below 1");
  require(o.l2 >= 0.0F && o.l2 <= 1.0F, "l2 must be 0 to 1");
  require(o.clip_norm >= 0.0F && std::isfinite(o.clip_norm), "clip norm must be at least 0");
  require(o.patience >= 0, "patience must be at least 0");
  require(o.plateau >= 0, "plateau must be at least 0");
}

// Also where a constructor's first initialiser checks the arguments before anything is allocated.
const SequenceTrainerOptions& checked(const SequenceShape& shape, const SequenceTrainerOptions& options) {
  check(options);
  (void)sequence_layout(shape);
  return options;
}

std::size_t samples_of(const SequenceShape& shape, const SequenceRows& rows, std::size_t places) {
  const auto T = static_cast<std::size_t>(shape.steps);
  require(rows.first.size() <= kMaxSamples, "more than 10 million samples");
  require(rows.targets.size() == rows.first.size() * static_cast<std::size_t>(shape.outputs),
          "the sizes of the data do not fit together");
  for (const std::uint32_t first : rows.first) require(first + T <= places, "a sequence is beyond the last day");
  return rows.first.size();
}

std::size_t places_of(const SequenceShape& shape, const SequenceData& data) {
  const auto F = static_cast<std::size_t>(shape.features);
  require(data.days.size() % F == 0, "the sizes of the data do not fit together");
  const std::size_t days = data.days.size() / F;
  for (const std::uint32_t day : data.order) require(day < days, "a sequence is beyond the last day");
  return data.order.empty() ? days : data.order.size();
}

std::size_t count_known(const std::vector<float>& targets) {
  return static_cast<std::size_t>(
      std::count_if(targets.begin(), targets.end(), [](float target) { return !std::isnan(target); }));
}

// Samples that a forward pass answers in a few milliseconds.
std::size_t validation_chunk(const SequenceShape& shape, SimdLevel level) {
  const double budget = level == SimdLevel::baseline ? 5e7 : 1.6e8;
  const double cost = 2.0 * shape.steps * static_cast<double>(sequence_layout(shape).parameters);
  return static_cast<std::size_t>(std::clamp(budget / cost, 1.0, 32.0));
}

// A batch may have one sample more: the rest of an epoch.
std::size_t largest_batch(const SequenceTrainerOptions& options, std::size_t samples) {
  return std::min(samples, static_cast<std::size_t>(options.batch_size) + 1);
}

}  // namespace

SequenceTrainer::SequenceTrainer(const SequenceShape& shape, SequenceData data, const SequenceTrainerOptions& options,
                                 const SequenceNet* start)
    : options_(checked(shape, options)),
      data_(std::move(data)),
      n_training_(samples_of(shape, data_.training, places_of(shape, data_))),
      n_validation_(samples_of(shape, data_.validation, places_of(shape, data_))),
      n_epoch_(std::min(n_training_, options.epoch_rows)),
      net_(shape, options.level),
      adam_(net_.parameters().size(), {.learning_rate = options.learning_rate, .clip_norm = options.clip_norm},
            options.level),
      rng_(options.seed),
      pass_(net_, options.loss),
      order_(n_training_),
      gradient_(net_.parameters().size()) {
  require(n_training_ >= 2, "fewer than two training samples");
  require(count_known(data_.training.targets) > 0, "no training sample has a known target");
  known_validation_ = count_known(data_.validation.targets);
  if (known_validation_ == 0) n_validation_ = 0;
  net_.initialise(rng_);
  if (start != nullptr) {
    require(start->shape() == shape, "the network to start with is of another shape");
    std::copy(start->parameters().begin(), start->parameters().end(), net_.parameters().begin());
    std::copy(start->statistics().begin(), start->statistics().end(), net_.statistics().begin());
  }
  std::iota(order_.begin(), order_.end(), 0U);
  work_ = run();
}

std::size_t SequenceTrainer::bytes_needed(const SequenceShape& shape, std::size_t days, std::size_t training_samples,
                                          std::size_t validation_samples, const SequenceTrainerOptions& options) {
  checked(shape, options);
  require(days <= kMaxSamples && training_samples <= kMaxSamples && validation_samples <= kMaxSamples,
          "more than 10 million samples");
  // Within those caps every product stays below 2^42.
  const std::size_t batch = largest_batch(options, std::max<std::size_t>(training_samples, 2));
  const auto row = static_cast<std::size_t>(shape.outputs) + 1;
  const SequenceLayout layout = sequence_layout(shape);
  const std::size_t floats = days * static_cast<std::size_t>(shape.features) +
                             (training_samples + validation_samples) * row + training_samples + 5 * layout.parameters +
                             3 * layout.statistics +  // best weights, gradient, two moments
                             SequencePass::floats(shape, static_cast<int>(batch)) +
                             SequenceNet::predict_floats(shape, 32) + (batch + 32) * (row + 2);
  return floats * sizeof(float) + sizeof(SequenceTrainer) + 4096;
}

void SequenceTrainer::deal() {
  first_ += n_epoch_;
  if (epoch_ == 0 || first_ + n_epoch_ > n_training_) {
    rng_.shuffle(order_);
    first_ = 0;
  }
  position_ = 0;
}

void SequenceTrainer::make_room(std::size_t sequences) {
  const SequenceShape& shape = net_.shape();
  sequences_.clear();
  if (!data_.order.empty()) read_.resize(sequences * static_cast<std::size_t>(shape.steps * shape.features));
}

// One sequence more for the network; `read_` has room for it.
void SequenceTrainer::read(const SequenceRows& rows, std::size_t row) {
  const auto F = static_cast<std::size_t>(net_.shape().features), T = static_cast<std::size_t>(net_.shape().steps);
  const float* days = data_.days.data();
  if (data_.order.empty()) {
    sequences_.push_back(days + rows.first[row] * F);
    return;
  }
  float* to = read_.data() + sequences_.size() * T * F;
  sequences_.push_back(to);
  for (std::size_t t = 0; t < T; ++t, to += F) std::copy_n(days + data_.order[rows.first[row] + t] * F, F, to);
}

// The batch that begins at a place of the epoch → sequences_, targets_; its size.
std::size_t SequenceTrainer::gather(std::size_t start) {
  const auto K = static_cast<std::size_t>(net_.shape().outputs);
  std::size_t end = std::min(start + static_cast<std::size_t>(options_.batch_size), n_epoch_);
  if (n_epoch_ - end == 1) end = n_epoch_;
  make_room(end - start);
  targets_.clear();
  for (std::size_t i = start; i < end; ++i) {
    const std::size_t row = order_[first_ + i];
    read(data_.training, row);
    const float* targets = data_.training.targets.data() + row * K;
    targets_.insert(targets_.end(), targets, targets + K);
  }
  return end - start;
}

void SequenceTrainer::decay() {
  const SequenceLayout& layout = net_.layout();
  const auto weights = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) gradient_[i] += 2.0F * options_.l2 * net_.parameters()[i];
  };
  for (int l = 0; l < layout.shape.layers; ++l)
    for (int d = 0; d < layout.directions; ++d) weights(layout.run[l][d].input_weights, layout.run[l][d].bias);
  weights(layout.attention_weights, layout.attention_bias);
  weights(layout.attention_vector, layout.heads);
  for (int k = 0; k < layout.shape.outputs; ++k) {
    const SequenceLayout::Head head = layout.head(k);
    weights(head.wide, head.wide_gain);
    weights(head.narrow, head.narrow_gain);
    weights(head.out, head.bias);
  }
}

// False when the gradient is not finite: then nothing has changed.
bool SequenceTrainer::update() {
  if (pass_.known() == 0) return true;  // nothing to learn from
  if (options_.l2 > 0.0F) decay();
  if (!std::isfinite(adam_.step(net_.parameters(), gradient_))) return false;
  net_.observe(pass_.statistics(), static_cast<int>(sequences_.size()));
  return true;
}

// The sum of the losses of n validation samples.
double SequenceTrainer::validate(std::size_t start, std::size_t n) {
  const auto K = static_cast<std::size_t>(net_.shape().outputs);
  make_room(n);
  for (std::size_t i = 0; i < n; ++i) read(data_.validation, start + i);
  outputs_.resize(n * K);
  net_.predict(sequences_.data(), static_cast<int>(n), outputs_.data(), nullptr, scratch_);
  double sum = 0;
  for (std::size_t i = 0; i < n * K; ++i) {
    const float target = data_.validation.targets[start * K + i];
    if (!std::isnan(target)) sum += loss_at(options_.loss, outputs_[i], target).loss;
  }
  return sum;
}

Steps SequenceTrainer::run() {
  const std::size_t chunk = validation_chunk(net_.shape(), options_.level);
  while (epoch_ < options_.epochs) {
    deal();
    double losses = 0, known = 0, validation = 0;
    while (position_ < n_epoch_) {
      const std::size_t n = gather(position_);
      for (Steps batch = pass_.run({sequences_.data(), targets_.data(), static_cast<int>(n)}, {options_.dropout, &rng_},
                                   gradient_);
           !batch.done(); batch.step())
        co_yield Pause{};
      if (!update()) {
        diverged_ = true;
        co_return;
      }
      losses += pass_.loss();
      known += static_cast<double>(pass_.known());
      position_ += n;
      co_yield Pause{};
    }
    for (std::size_t start = 0; start < n_validation_; start += chunk) {
      validation += validate(start, std::min(chunk, n_validation_ - start));
      co_yield Pause{};
    }
    if (end_epoch(known > 0 ? losses / known : 0, validation)) co_return;
  }
}

void SequenceTrainer::keep_best(double loss) {
  best_loss_ = loss;
  course_.best_epoch = epoch_;
  best_.assign(net_.parameters().begin(), net_.parameters().end());
  best_statistics_.assign(net_.statistics().begin(), net_.statistics().end());
}

// True when there is nothing more to do.
bool SequenceTrainer::end_epoch(double training_loss, double validation_losses) {
  ++epoch_;
  course_.training.push_back(training_loss);
  const bool validated = n_validation_ > 0;
  const double watched = validated ? validation_losses / static_cast<double>(known_validation_) : training_loss;
  if (!std::isfinite(watched)) return diverged_ = true;
  if (validated) course_.validation.push_back(watched);
  const bool better = watched < best_watched_;
  if (better) best_watched_ = watched;
  if (better && validated) keep_best(watched);
  stale_ = better ? 0 : stale_ + 1;
  if (options_.plateau > 0 && stale_ >= options_.plateau) {
    adam_.set_learning_rate(adam_.learning_rate() / 2);
    ++course_.halvings;
    stale_ = 0;
  }
  const bool stop = validated && options_.patience > 0 && epoch_ - course_.best_epoch >= options_.patience;
  course_.stopped_early = stop && epoch_ < options_.epochs;
  return stop;
}

double SequenceTrainer::progress() const {
  if (done()) return 1.0;
  return (epoch_ + static_cast<double>(position_) / static_cast<double>(n_epoch_ + 1)) / options_.epochs;
}

SequenceNet SequenceTrainer::take() {
  work_ = Steps();
  if (course_.best_epoch > 0) {
    std::copy(best_.begin(), best_.end(), net_.parameters().begin());
    std::copy(best_statistics_.begin(), best_statistics_.end(), net_.statistics().begin());
  }
  return std::move(net_);
}

}  // namespace glucose
