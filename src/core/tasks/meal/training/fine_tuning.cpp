// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/fine_tuning.hpp"

#include <algorithm>
#include <cmath>

#include "core/math/gate.hpp"

namespace glucose {

namespace {

constexpr double kSlower = 0.3;  // of the learning rate
constexpr int kMostEpochs = 30, kPatience = 4;
constexpr std::size_t kNewestPercent = 18;  // of the rows to learn from, to stop early on
constexpr double kLevelPrior = 10;          // as if so many meals had shown no shift

/// The network with its forecasts moved by the mean of what they miss, shrunken.
LstmModel moved(LstmModel model, Samples rows) {
  for (std::size_t k = 0; k < model.targets.mean.size(); ++k) {
    double sum = 0;
    std::array<float, kMaxHorizons> out;
    for (const Sample& row : rows) {
      model.predict(row.features, static_cast<int>(model.targets.mean.size()), out.data());
      sum += static_cast<double>(row.targets[k] - out[k]);
    }
    model.targets.mean[k] += static_cast<float>(sum / (static_cast<double>(rows.size()) + kLevelPrior));
  }
  return model;
}

TrainOptions slower(TrainOptions options) {
  options.learning_rate *= kSlower;
  options.epochs = std::min(options.epochs, kMostEpochs);
  options.patience = std::min(options.patience, kPatience);
  return options;
}

}  // namespace

FineTuning::FineTuning(Samples training, Samples validation, const TrainOptions& options, const LstmModel& start)
    : validation_(validation), horizons_(static_cast<std::size_t>(options.n_horizons)), chosen_(start) {
  const std::size_t newest =
      validation.empty()
          ? 0
          : std::min(training.size() - 1, std::max<std::size_t>(1, training.size() * kNewestPercent / 100));
  const Samples learnt = training.first(training.size() - newest);
  const LstmModel begin = moved(start, learnt);
  fit_ = std::make_unique<LstmFit>(refs_of(learnt), refs_of(training.last(newest)), slower(options), &begin);
}

/// Of the validation rows, mean over horizons: [N].
std::vector<double> FineTuning::squared_errors(const LstmModel& model) const {
  std::vector<double> errors;
  for (const Sample& row : validation_) {
    std::array<float, kMaxHorizons> said;
    model.predict(row.features, static_cast<int>(horizons_), said.data());
    double sum = 0;
    for (std::size_t k = 0; k < horizons_; ++k) sum += std::pow(static_cast<double>(said[k] - row.targets[k]), 2);
    errors.push_back(sum / static_cast<double>(horizons_));
  }
  return errors;
}

void FineTuning::step() {
  if (phase_ == Phase::fitting) {
    if (!fit_->done()) return fit_->step();
    phase_ = Phase::judging;
  } else if (phase_ == Phase::judging) {
    best_epoch_ = fit_->best_epoch();
    LstmModel tuned = fit_->take();
    keeps_start_ = !validation_.empty() && !better_beyond_chance(squared_errors(tuned), squared_errors(chosen_));
    if (!keeps_start_) chosen_ = std::move(tuned);
    phase_ = Phase::done;
  }
}

}  // namespace glucose
