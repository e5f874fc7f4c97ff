// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/lstm_model.hpp"

#include <algorithm>

namespace glucose {

namespace {

LstmShape shape_of(const TrainOptions& options) {
  LstmShape shape;
  shape.steps = kHistorySteps;
  shape.n_static = kStaticInputs;
  shape.outputs = options.n_horizons;
  shape.layers = options.layers;
  for (int i = 0; i < kLstmMaxLayers; ++i)
    shape.hidden[i] = i < options.layers ? options.hidden[static_cast<std::size_t>(i)] : 0;
  return shape;
}

LstmTrainerOptions trainer_options(const TrainOptions& options) {
  LstmTrainerOptions o;
  o.epochs = options.epochs;
  o.batch_size = options.batch_size;
  o.learning_rate = static_cast<float>(options.learning_rate);
  o.dropout = static_cast<float>(options.dropout);
  o.l2 = options.l2 < 0 ? 0.0F : static_cast<float>(std::min(options.l2, 1.0));  // more leaves no weights anyway
  o.patience = options.patience;
  o.seed = options.seed;
  return o;
}

/// Rows as the network sees them, before scaling.
struct RawRows {
  std::vector<float> sequence, statics, targets;
};

RawRows raw_rows(SampleRefs rows, int horizons) {
  RawRows raw;
  for (const Sample* row : rows) {
    const auto history = filled_history(row->features);
    const auto inputs = static_inputs(row->features);
    raw.sequence.insert(raw.sequence.end(), history.begin(), history.end());
    raw.statics.insert(raw.statics.end(), inputs.begin(), inputs.end());
    for (std::size_t k = 0; k < static_cast<std::size_t>(horizons); ++k)
      raw.targets.push_back(row->targets[k] - history.back());
  }
  return raw;
}

void scale(const Scaler& scaler, std::vector<float>& rows) {
  const std::size_t columns = scaler.mean.size();
  for (std::size_t i = 0; i < rows.size(); i += columns)
    scaler.transform(std::span<const float>(rows).subspan(i, columns), &rows[i]);
}

constexpr double kPullPrior = 5;  // as if this many meals more had shown no return to the mean

// The slope of the change on the standardised last glucose, shrunken.
std::vector<float> pull_of(const RawRows& raw, const Scaler& glucose, std::size_t K) {
  const std::size_t n = raw.targets.size() / K;
  std::vector<double> z(n);
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) {
    float scaled_last;
    glucose.transform({&raw.sequence[(i + 1) * kHistorySteps - 1], 1}, &scaled_last);
    z[i] = static_cast<double>(scaled_last);
    mean += z[i] / static_cast<double>(n);
  }
  std::vector<float> pull;
  for (std::size_t k = 0; k < K; ++k) {
    double products = 0, squares = kPullPrior;
    for (std::size_t i = 0; i < n; ++i) {
      products += (z[i] - mean) * static_cast<double>(raw.targets[i * K + k]);
      squares += (z[i] - mean) * (z[i] - mean);
    }
    pull.push_back(static_cast<float>(products / squares));
  }
  return pull;
}

void subtract_line(RawRows& raw, const Scaler& glucose, const std::vector<float>& pull) {
  const std::size_t K = pull.size();
  for (std::size_t i = 0; i < raw.targets.size(); ++i) {
    float z;
    glucose.transform({&raw.sequence[(i / K + 1) * kHistorySteps - 1], 1}, &z);
    raw.targets[i] -= pull[i % K] * z;
  }
}

LstmData scaled(RawRows&& raw, const Scaler& glucose, const Scaler& statics, const Scaler& targets) {
  scale(glucose, raw.sequence);
  scale(statics, raw.statics);
  scale(targets, raw.targets);
  return {std::move(raw.sequence), std::move(raw.statics), std::move(raw.targets)};
}

}  // namespace

LstmFit::LstmFit(SampleRefs training, SampleRefs validation, const TrainOptions& options, const LstmModel* start) {
  RawRows raw = raw_rows(training, options.n_horizons);
  glucose_ = start != nullptr ? start->glucose : Scaler::fit(raw.sequence, 1);
  statics_ = start != nullptr ? start->statics : Scaler::fit(raw.statics, kStaticInputs);
  pull_ = start != nullptr ? start->pull : pull_of(raw, glucose_, static_cast<std::size_t>(options.n_horizons));
  subtract_line(raw, glucose_, pull_);
  targets_ = start != nullptr ? start->targets : Scaler::fit(raw.targets, static_cast<std::size_t>(options.n_horizons));
  RawRows held = raw_rows(validation, options.n_horizons);
  subtract_line(held, glucose_, pull_);
  trainer_ =
      std::make_unique<LstmTrainer>(shape_of(options), scaled(std::move(raw), glucose_, statics_, targets_),
                                    scaled(std::move(held), glucose_, statics_, targets_), trainer_options(options),
                                    start != nullptr ? start->net.parameters() : std::span<const float>());
}

std::size_t LstmFit::bytes_needed(std::size_t n_training, std::size_t n_validation, const TrainOptions& options) {
  // Beside what trains: the finished network, a second one fitted on more rows, the artifact, and what the server makes
  // of that on its way into a row (measured with three layers of 128 and of 256: 5.6 and 7 times the parameters).
  constexpr std::size_t kCopies = 7;
  const LstmShape shape = shape_of(options);
  return LstmTrainer::bytes_needed(shape, n_training, n_validation, trainer_options(options)) +
         kCopies * parameter_count(shape) * sizeof(float);
}

LstmModel LstmFit::take() {
  return {std::move(glucose_), std::move(statics_), std::move(targets_), std::move(pull_), trainer_->take()};
}

bool LstmModel::has_shape_of(const TrainOptions& options) const {
  return net.shape() == shape_of(options);
}

NetworkRow network_row(const FeatureVector& x) {
  NetworkRow row;
  const auto history = filled_history(x);
  const auto inputs = static_inputs(x);
  std::copy(inputs.begin(), inputs.end(), std::copy(history.begin(), history.end(), row.begin()));
  return row;
}

NetworkRow LstmModel::standardise(const NetworkRow& row) const {
  NetworkRow z;
  for (std::size_t t = 0; t < kHistorySteps; ++t) glucose.transform({&row[t], 1}, &z[t]);
  statics.transform({&row[kHistorySteps], kStaticInputs}, &z[kHistorySteps]);
  return z;
}

void LstmModel::predict_row(const NetworkRow& row, int horizons, float* out) const {
  const NetworkRow z = standardise(row);
  std::array<float, kMaxHorizons> change;
  net.predict(z.data(), &z[kHistorySteps], 1, change.data());
  constexpr std::size_t kLast = kHistorySteps - 1;
  // A target that did not vary in training has no unit: its mean is the forecast.
  for (std::size_t k = 0; k < static_cast<std::size_t>(horizons); ++k)
    out[k] = row[kLast] + pull[k] * z[kLast] + targets.mean[k] + unit(k) * change[k];
}

}  // namespace glucose
