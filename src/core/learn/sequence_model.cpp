// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/wipe.hpp"

namespace glucose {

namespace {

void scale(const Scaler& scaler, std::vector<float>& rows) {
  const std::size_t columns = scaler.mean.size();
  for (std::size_t i = 0; i < rows.size(); i += columns)
    scaler.transform(std::span<const float>(rows).subspan(i, columns), &rows[i]);
}

// As scale, but what is not known stays so.
void scale_targets(const Scaler& scaler, std::vector<float>& targets) {
  const std::size_t K = scaler.mean.size();
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i] = (targets[i] - scaler.mean[i % K]) * scaler.inverse_sd[i % K];
}

// Each day that a row reads, once.
std::vector<float> days_read(const SequenceShape& shape, const SequenceData& data, const SequenceRows& rows) {
  const auto F = static_cast<std::size_t>(shape.features), T = static_cast<std::size_t>(shape.steps);
  std::vector<bool> read(data.days.size() / F);
  for (const std::size_t first : rows.first)
    for (std::size_t place = first; place < first + T; ++place) {
      const std::size_t day = data.order.empty() ? place : place < data.order.size() ? data.order[place] : read.size();
      if (day < read.size()) read[day] = true;
    }
  std::vector<float> days;
  for (std::size_t day = 0; day < read.size(); ++day)
    if (read[day]) {
      const float* values = data.days.data() + day * F;
      days.insert(days.end(), values, values + F);
    }
  return days;
}

void require_yes_or_no(const std::vector<float>& targets) {
  for (const float target : targets)
    if (!std::isnan(target) && target != 0.0F && target != 1.0F)
      throw Error(ErrorCode::bad_argument, "a target of yes or no must be 1 or 0");
}

float unit(const Scaler& scaler, std::size_t k) {
  return scaler.inverse_sd[k] > 0 ? 1 / scaler.inverse_sd[k] : 0.0F;
}

float probability(float log_odds) {
  return static_cast<float>(1 / (1 + std::exp(-static_cast<double>(log_odds))));
}

SequenceShape read_shape(ByteReader& in) {
  SequenceShape shape;
  shape.steps = in.number(1, 1024);
  shape.features = in.number(1, 1024);
  shape.outputs = in.number(1, 64);
  shape.layers = in.number(1, kLstmMaxLayers);
  shape.hidden = in.number(1, 256);
  shape.bidirectional = in.number(0, 1) == 1;
  shape.attention = in.number(0, 1) == 1;
  return shape;
}

SequenceLayout read_layout(ByteReader& in) {
  try {
    return sequence_layout(read_shape(in));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::bad_argument) throw;
  }
  damaged("a network is too large");
}

}  // namespace

void SequenceModel::predict(const float* days, int B, float* out, float* weights) const {
  const auto F = static_cast<std::size_t>(net.shape().features), T = static_cast<std::size_t>(net.shape().steps),
             K = static_cast<std::size_t>(net.shape().outputs), n = static_cast<std::size_t>(std::max(B, 0));
  std::vector<float> standardised(days, days + n * T * F);
  scale(inputs, standardised);
  std::vector<const float*> sequences(n);
  for (std::size_t b = 0; b < n; ++b) sequences[b] = standardised.data() + b * T * F;
  FloatBuffer scratch;
  net.predict(sequences.data(), B, out, weights, scratch);
  for (std::size_t i = 0; i < n * K; ++i)
    out[i] = loss == SequenceLoss::logistic ? probability(out[i]) : targets.mean[i % K] + unit(targets, i % K) * out[i];
}

void wipe(SequenceModel& model) {
  wipe_values(model.net.parameters());
  wipe_values(model.net.statistics());
  for (Scaler* scaler : {&model.inputs, &model.targets}) {
    wipe_values(std::span(scaler->mean));
    wipe_values(std::span(scaler->inverse_sd));
  }
}

void write(ByteWriter& out, const SequenceModel& model) {
  const SequenceShape& shape = model.net.shape();
  out.number(static_cast<int>(model.loss));
  for (const int size : {shape.steps, shape.features, shape.outputs, shape.layers, shape.hidden,
                         static_cast<int>(shape.bidirectional), static_cast<int>(shape.attention)})
    out.number(size);
  write(out, model.inputs);
  write(out, model.targets);
  out.reals(model.net.parameters());
  out.reals(model.net.statistics());
}

SequenceModel read_sequence_model(ByteReader& in) {
  const auto loss = static_cast<SequenceLoss>(in.number(0, static_cast<int>(SequenceLoss::logistic)));
  const SequenceLayout layout = read_layout(in);
  Scaler inputs = read_scaler(in, static_cast<std::size_t>(layout.shape.features));
  Scaler targets = read_scaler(in, static_cast<std::size_t>(layout.shape.outputs));
  const auto parameters = in.reals(layout.parameters), statistics = in.reals(layout.statistics);
  for (std::size_t i = 0; i < statistics.size(); ++i)
    if (is_variance(i) && statistics[i] < 0) damaged("a spread is negative");
  SequenceNet net(layout.shape);
  std::copy(parameters.begin(), parameters.end(), net.parameters().begin());
  std::copy(statistics.begin(), statistics.end(), net.statistics().begin());
  return {loss, std::move(inputs), std::move(targets), std::move(net)};
}

SequenceFit::SequenceFit(const SequenceShape& shape, SequenceData data, const SequenceTrainerOptions& options,
                         const SequenceModel* start)
    : loss_(options.loss) {
  const auto F = static_cast<std::size_t>(sequence_layout(shape).shape.features),
             K = static_cast<std::size_t>(shape.outputs);
  if (data.days.size() % F != 0 || data.training.targets.size() % K != 0 || data.validation.targets.size() % K != 0)
    throw Error(ErrorCode::bad_argument, "invalid network training: the sizes of the data do not fit together");
  if (start != nullptr && (start->net.shape() != shape || start->loss != loss_))
    throw Error(ErrorCode::bad_argument, "invalid network training: the network to start with is of another shape");
  inputs_ = start != nullptr ? start->inputs : Scaler::fit(days_read(shape, data, data.training), F);
  if (loss_ == SequenceLoss::logistic) {
    require_yes_or_no(data.training.targets);
    require_yes_or_no(data.validation.targets);
    targets_ = {std::vector<float>(K, 0.0F), std::vector<float>(K, 1.0F)};
  } else {
    targets_ = start != nullptr ? start->targets : Scaler::fit(data.training.targets, K);
  }
  scale(inputs_, data.days);
  scale_targets(targets_, data.training.targets);
  scale_targets(targets_, data.validation.targets);
  trainer_ =
      std::make_unique<SequenceTrainer>(shape, std::move(data), options, start != nullptr ? &start->net : nullptr);
}

SequenceModel SequenceFit::take() {
  return {loss_, std::move(inputs_), std::move(targets_), trainer_->take()};
}

}  // namespace glucose
