// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_head.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

constexpr double kEpsilon = 1e-5;  // beside the variance

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

HeadLayerMemory carve_layer(int units, int B, bool training, Carver& carver) {
  const std::size_t n = size(units) * size(B);
  HeadLayerMemory memory{};
  memory.normal = carver.take(n);
  memory.given = carver.take(n);
  if (!training) return memory;
  memory.gradient = carver.take(n);
  memory.mask = carver.take(n);
  memory.inverse_sd = carver.take(size(units));
  return memory;
}

// One dense layer's place in the parameters and its shape.
struct Layer {
  int inputs, units;
  std::size_t weights, gain, shift;
};

Layer wide_of(const SequenceNet& net, int k) {
  const SequenceLayout::Head head = net.layout().head(k);
  return {net.layout().width, kHeadWide, head.wide, head.wide_gain, head.wide_shift};
}
Layer narrow_of(const SequenceNet& net, int k) {
  const SequenceLayout::Head head = net.layout().head(k);
  return {kHeadWide, kHeadNarrow, head.narrow, head.narrow_gain, head.narrow_shift};
}

void predict_layer(const SequenceNet& net, const Layer& layer, const float* statistics, const float* x, int B,
                   const HeadLayerMemory& memory) {
  const float* parameters = net.parameters().data();
  const std::size_t n = size(layer.units);
  net.kernel().dense(layer.units, layer.inputs, B, parameters + layer.weights, x, nullptr, memory.normal);
  for (std::size_t u = 0; u < n; ++u) {
    const auto inverse_sd = static_cast<float>(1 / std::sqrt(static_cast<double>(statistics[n + u]) + kEpsilon));
    for (std::size_t i = u; i < n * size(B); i += n) {
      const float normal = (memory.normal[i] - statistics[u]) * inverse_sd;
      const float before = normal * parameters[layer.gain + u] + parameters[layer.shift + u];
      memory.given[i] = before < 0.0F ? 0.0F : before;  // NaN stays
    }
  }
}

// Mean and variance (of the batch, not unbiased) → statistics; the products become normalised.
void normalise(std::size_t n, std::size_t values, const HeadLayerMemory& memory, float* statistics) {
  const auto B = static_cast<double>(values) / static_cast<double>(n);
  for (std::size_t u = 0; u < n; ++u) {
    double mean = 0, variance = 0;
    for (std::size_t i = u; i < values; i += n) mean += static_cast<double>(memory.normal[i]) / B;
    for (std::size_t i = u; i < values; i += n) {
      const double d = static_cast<double>(memory.normal[i]) - mean;
      variance += d * d / B;
    }
    const double inverse_sd = 1 / std::sqrt(variance + kEpsilon);
    for (std::size_t i = u; i < values; i += n)
      memory.normal[i] = static_cast<float>((static_cast<double>(memory.normal[i]) - mean) * inverse_sd);
    statistics[u] = static_cast<float>(mean);
    statistics[n + u] = static_cast<float>(variance);
    memory.inverse_sd[u] = static_cast<float>(inverse_sd);
  }
}

void train_layer(const SequenceNet& net, const Layer& layer, const float* x, int B, Coin* coin,
                 const HeadLayerMemory& memory, float* statistics) {
  const float *parameters = net.parameters().data(), *gain = parameters + layer.gain, *shift = parameters + layer.shift;
  const std::size_t n = size(layer.units), values = n * size(B);
  net.kernel().dense(layer.units, layer.inputs, B, parameters + layer.weights, x, nullptr, memory.normal);
  normalise(n, values, memory, statistics);
  if (coin != nullptr)
    draw_mask(*coin, n, n, n, size(B), memory.mask);
  else
    std::fill_n(memory.mask, values, 1.0F);
  for (std::size_t first = 0; first < values; first += n)
    for (std::size_t u = 0; u < n; ++u) {
      const std::size_t i = first + u;
      const float before = gain[u] * memory.normal[i] + shift[u];
      // From here on the mask is the derivative of what is given, too.
      if (!(before > 0.0F)) memory.mask[i] = 0.0F;
      memory.given[i] = std::isnan(before) ? before : before * memory.mask[i];
    }
}

// memory.gradient holds that of what was given. d_x: inputs × B, added to when not fresh.
void layer_backward(const SequenceNet& net, const Layer& layer, const float* x, int B, const HeadLayerMemory& memory,
                    float* gradient, bool fresh, float* d_x) {
  const float* parameters = net.parameters().data();
  const std::size_t n = size(layer.units), values = n * size(B);
  for (std::size_t u = 0; u < n; ++u) {
    double sum = 0, products = 0;
    for (std::size_t i = u; i < values; i += n) {
      const float d = memory.gradient[i] * memory.mask[i];
      memory.gradient[i] = d;
      sum += static_cast<double>(d);
      products += static_cast<double>(d) * static_cast<double>(memory.normal[i]);
    }
    gradient[layer.shift + u] += static_cast<float>(sum);
    gradient[layer.gain + u] += static_cast<float>(products);
    const auto mean = static_cast<float>(sum / B), slope = static_cast<float>(products / B);
    const float unit = parameters[layer.gain + u] * memory.inverse_sd[u];
    for (std::size_t i = u; i < values; i += n)
      memory.gradient[i] = unit * (memory.gradient[i] - mean - memory.normal[i] * slope);
  }
  net.kernel().dense_weights(layer.units, layer.inputs, B, memory.gradient, x, gradient + layer.weights);
  net.kernel().dense_inputs(layer.units, layer.inputs, B, parameters + layer.weights, memory.gradient, fresh, d_x);
}

}  // namespace

HeadMemory carve_head(int B, bool training, Carver& carver) {
  HeadMemory memory{};
  memory.wide = carve_layer(kHeadWide, B, training, carver);
  memory.narrow = carve_layer(kHeadNarrow, B, training, carver);
  memory.out = carver.take(size(B));
  if (training) memory.d_out = carver.take(size(B));
  return memory;
}

LossAt loss_at(SequenceLoss kind, float out, float target) {
  const auto z = static_cast<double>(out), y = static_cast<double>(target);
  if (kind == SequenceLoss::squared) return {(z - y) * (z - y), 2 * (z - y)};
  const double small = std::exp(-std::abs(z)), probability = z >= 0 ? 1 / (1 + small) : small / (1 + small);
  return {std::max(z, 0.0) - z * y + std::log1p(small), probability - y};
}

void head_predict(const SequenceNet& net, int k, const float* encoded, int B, const HeadMemory& memory, float* out) {
  const float* statistics = net.statistics().data() + size(k) * kHeadStatistics;
  const SequenceLayout::Head head = net.layout().head(k);
  const float* parameters = net.parameters().data();
  predict_layer(net, wide_of(net, k), statistics, encoded, B, memory.wide);
  predict_layer(net, narrow_of(net, k), statistics + 2 * kHeadWide, memory.wide.given, B, memory.narrow);
  net.kernel().dense(1, kHeadNarrow, B, parameters + head.out, memory.narrow.given, parameters + head.bias, memory.out);
  for (std::size_t b = 0; b < size(B); ++b) out[b * size(net.shape().outputs) + size(k)] = memory.out[b];
}

double head_train(const SequenceNet& net, int k, const HeadBatch& batch, const HeadMemory& memory) {
  const Layer wide = wide_of(net, k), narrow = narrow_of(net, k);
  const SequenceLayout::Head head = net.layout().head(k);
  const float* parameters = net.parameters().data();
  const int B = batch.size;
  train_layer(net, wide, batch.encoded, B, batch.coin, memory.wide, batch.statistics);
  train_layer(net, narrow, memory.wide.given, B, batch.coin, memory.narrow, batch.statistics + 2 * kHeadWide);
  net.kernel().dense(1, kHeadNarrow, B, parameters + head.out, memory.narrow.given, parameters + head.bias, memory.out);
  double sum = 0;
  for (std::size_t b = 0; b < size(B); ++b) {
    const float target = batch.targets[b * size(net.shape().outputs) + size(k)];
    memory.d_out[b] = 0;
    if (std::isnan(target)) continue;
    const LossAt at = loss_at(batch.loss, memory.out[b], target);
    sum += at.loss;
    memory.d_out[b] = batch.scale * static_cast<float>(at.slope);
    batch.gradient[head.bias] += memory.d_out[b];
  }
  net.kernel().dense_weights(1, kHeadNarrow, B, memory.d_out, memory.narrow.given, batch.gradient + head.out);
  net.kernel().dense_inputs(1, kHeadNarrow, B, parameters + head.out, memory.d_out, true, memory.narrow.gradient);
  layer_backward(net, narrow, memory.wide.given, B, memory.narrow, batch.gradient, true, memory.wide.gradient);
  layer_backward(net, wide, batch.encoded, B, memory.wide, batch.gradient, false, batch.d_encoded);
  return sum;
}

}  // namespace glucose
