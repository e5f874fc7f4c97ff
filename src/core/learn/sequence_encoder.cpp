// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_encoder.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

int padded_features(const SequenceShape& shape) {
  return (shape.features + kLstmPad - 1) / kLstmPad * kLstmPad;
}

// n columns from `first` on of a matrix in panels ↔ plain columns, `stride` apart.
void unpack(const float* panels, int units, int rows, std::size_t columns, std::size_t first, std::size_t n, float* to,
            std::size_t stride) {
  for (int u = 0; u < units; u += rows)
    for (std::size_t c = 0; c < n; ++c)
      std::copy_n(panels + (size(u / rows) * columns + first + c) * size(rows), std::min(rows, units - u),
                  to + c * stride + size(u));
}

void into_panels(const float* from, std::size_t stride, int units, int padded, int rows, std::size_t columns,
                 std::size_t first, std::size_t n, float* panels) {
  for (int u = 0; u < padded; u += rows) {
    const int some = std::clamp(units - u, 0, rows);
    for (std::size_t c = 0; c < n; ++c) {
      float* to = panels + (size(u / rows) * columns + first + c) * size(rows);
      std::copy_n(from + c * stride + size(u), some, to);
      std::fill_n(to + some, rows - some, 0.0F);
    }
  }
}

void tangents_of(const LstmKernel& kernel, std::span<float> values) {
  float x[256], sigmoids[256];
  for (std::size_t done = 0; done < values.size(); done += std::size(x)) {
    const std::size_t n = std::min(std::size(x), values.size() - done);
    std::copy_n(&values[done], n, x);
    kernel.activate(x, static_cast<int>(n), sigmoids, &values[done]);
  }
}

}  // namespace

std::size_t SequenceEncoder::columns() const {
  return size(layout_->shape.steps) * size(B_);
}

void SequenceEncoder::carve(int B, bool training, bool dropout, Carver& carver) {
  const SequenceShape& shape = layout_->shape;
  // Floating-point operations of a part; backwards it has three times as many.
  const double budget = level_ == SimdLevel::baseline ? 2e7 : 6e7;
  B_ = B;
  parts_ = 0;
  input_ = carver.take(size(padded_features(shape)) * columns());
  float* d_cell = training ? carver.take(size(layout_->run[0][0].padded) * size(B)) : nullptr;
  for (int l = 0; l < shape.layers; ++l) {
    const double cost = 8.0 * shape.hidden * (layout_->run[l][0].inputs + shape.hidden) * B;
    range_[l] = std::clamp(static_cast<int>(std::min(budget / cost, 1e6)), 1, shape.steps);
    parts_ += layout_->directions * ((shape.steps + range_[l] - 1) / range_[l]);
    for (int d = 0; d < layout_->directions; ++d) {
      LstmRun& run = run_[l][d];
      run = {};
      run.steps = shape.steps;
      run.batch = B;
      run.training = training;
      run.backwards = d == 1;
      run.last_only = l == shape.layers - 1 && !shape.attention;
      run.layer = layout_->run[l][d];
      run.d_cell = d_cell;
      carve_run(l, d, dropout, carver);
    }
  }
  if (!shape.attention) return;
  const std::size_t D = size(layout_->width);
  states_ = carver.take(D * columns());
  tangents_ = carver.take(kAttentionUnits * columns());
  weights_ = carver.take(columns());
  if (training) d_states_ = carver.take(D * columns());
  if (training) d_weights_ = carver.take(columns());
}

void SequenceEncoder::carve_run(int l, int d, bool dropout, Carver& carver) {
  LstmRun& run = run_[l][d];
  const bool training = run.training, top = l == layout_->shape.layers - 1;
  const std::size_t H = size(run.layer.padded), kept = training ? columns() : size(B_);
  run.panels.bias = carver.take(4 * H);
  run.panels.recurrent = carver.take(4 * H * H);
  if (training) run.panels.recurrent_back = carver.take(4 * H * H);
  LstmBuffers::Layer& own = run.buffers;
  own.gates = carver.take(4 * H * kept);
  own.cell = carver.take(H * kept);
  own.tanh_cell = training ? carver.take(H * kept) : own.cell;  // not written when predicting
  own.hidden = carver.take(H * columns());
  if (dropout && !top) own.mask = carver.take(H * columns());
  if (dropout && !top) own.next = carver.take(H * columns());
  if (training) own.d_hidden = carver.take(H * columns());
  run.sources = l == 0 ? 1 : layout_->directions;
  for (int i = 0; i < run.sources; ++i) {
    LstmSource& source = run.source[i];
    source.units = l == 0 ? layout_->shape.features : run.layer.hidden;
    source.padded = l == 0 ? padded_features(layout_->shape) : run.layer.padded;
    source.weights = run.layer.input_weights + size(i) * 4 * size(run.layer.hidden) * size(source.units);
    source.panels = carver.take(4 * H * size(source.padded));
    source.x = input_;
    if (l == 0) continue;
    const LstmBuffers::Layer& below = run_[l - 1][i].buffers;
    source.x = below.next != nullptr ? below.next : below.hidden;
    if (!training) continue;
    source.panels_back = carver.take(4 * H * size(source.padded));
    source.d_x = below.d_hidden;
    source.fresh = d == layout_->directions - 1;  // backwards the last direction is the first
  }
}

void SequenceEncoder::pack(const float* parameters) {
  for (int l = 0; l < layout_->shape.layers; ++l)
    for (int d = 0; d < layout_->directions; ++d) kernel_->run_pack(run_[l][d], parameters);
}

void SequenceEncoder::draw(Coin& coin) {
  for (auto& layer : run_)
    for (LstmRun& run : layer)
      if (run.buffers.mask != nullptr)
        draw_mask(coin, size(run.layer.hidden), size(run.layer.padded), size(kernel_->panel_rows(run.layer.padded)),
                  columns(), run.buffers.mask);
}

void SequenceEncoder::read(const float* const* sequences) {
  const SequenceShape& shape = layout_->shape;
  const int rows = kernel_->panel_rows(padded_features(shape));
  for (std::size_t b = 0; b < size(B_); ++b)
    for (std::size_t t = 0; t < size(shape.steps); ++t)
      into_panels(sequences[b] + t * size(shape.features), 0, shape.features, padded_features(shape), rows, columns(),
                  t * size(B_) + b, 1, input_);
}

SequenceEncoder::Part SequenceEncoder::part(int number) const {
  const int T = layout_->shape.steps;
  for (int l = 0;; ++l) {
    const int ranges = (T + range_[l] - 1) / range_[l], here = ranges * layout_->directions;
    if (number < here) {
      const int from = number % ranges * range_[l];
      return {l, number / ranges, from, std::min(from + range_[l], T)};
    }
    number -= here;
  }
}

void SequenceEncoder::forward(int number) {
  const Part p = part(number);
  kernel_->run_forward(run_[p.layer][p.direction], p.from, p.to);
}

void SequenceEncoder::backward(int number, float* gradient) {
  const Part p = part(number);
  kernel_->run_backward(run_[p.layer][p.direction], p.from, p.to, gradient);
}

void SequenceEncoder::encode(const float* parameters, float* encoded) {
  const int top = layout_->shape.layers - 1, T = layout_->shape.steps;
  for (int d = 0; d < layout_->directions; ++d) {
    const LstmRun& run = run_[top][d];
    const int rows = kernel_->panel_rows(run.layer.padded), H = run.layer.hidden;
    const std::size_t first = size(run.backwards ? 0 : T - 1) * size(B_);
    if (layout_->shape.attention)
      unpack(run.buffers.hidden, H, rows, columns(), 0, columns(), states_ + size(d) * size(H), size(layout_->width));
    else
      unpack(run.buffers.hidden, H, rows, columns(), first, size(B_), encoded + size(d) * size(H),
             size(layout_->width));
  }
  if (layout_->shape.attention) attend(parameters, encoded);
}

void SequenceEncoder::attend(const float* parameters, float* encoded) {
  const std::size_t D = size(layout_->width), T = size(layout_->shape.steps), B = size(B_);
  const int n = static_cast<int>(columns());
  kernel_->dense(kAttentionUnits, layout_->width, n, parameters + layout_->attention_weights, states_,
                 parameters + layout_->attention_bias, tangents_);
  tangents_of(*kernel_, {tangents_, kAttentionUnits * columns()});
  kernel_->dense(1, kAttentionUnits, n, parameters + layout_->attention_vector, tangents_, nullptr, weights_);
  std::fill_n(encoded, D * B, 0.0F);
  for (std::size_t b = 0; b < B; ++b) {
    float most = weights_[b];
    for (std::size_t t = 1; t < T; ++t) most = std::max(most, weights_[t * B + b]);
    double sum = 0;
    for (std::size_t t = 0; t < T; ++t) {
      float& weight = weights_[t * B + b];
      weight = std::exp(weight - most);
      sum += static_cast<double>(weight);
    }
    for (std::size_t t = 0; t < T; ++t) {
      const auto weight = static_cast<float>(static_cast<double>(weights_[t * B + b]) / sum);
      weights_[t * B + b] = weight;
      const float* state = states_ + (t * B + b) * D;
      for (std::size_t i = 0; i < D; ++i) encoded[b * D + i] += weight * state[i];
    }
  }
}

void SequenceEncoder::copy_weights(float* weights) const {
  const std::size_t T = size(layout_->shape.steps), B = size(B_);
  for (std::size_t b = 0; b < B; ++b)
    for (std::size_t t = 0; t < T; ++t) weights[b * T + t] = weights_[t * B + b];
}

void SequenceEncoder::encode_backward(const float* parameters, const float* d_encoded, float* gradient) {
  const SequenceShape& shape = layout_->shape;
  if (shape.attention) attend_backward(parameters, d_encoded, gradient);
  const std::size_t D = size(layout_->width);
  for (int d = 0; d < layout_->directions; ++d) {
    const LstmRun& run = run_[shape.layers - 1][d];
    const int rows = kernel_->panel_rows(run.layer.padded), H = run.layer.hidden;
    const std::size_t first = size(run.backwards ? 0 : shape.steps - 1) * size(B_), from = size(d) * size(H);
    if (shape.attention)
      into_panels(d_states_ + from, D, H, run.layer.padded, rows, columns(), 0, columns(), run.buffers.d_hidden);
    else
      into_panels(d_encoded + from, D, H, run.layer.padded, rows, columns(), first, size(B_), run.buffers.d_hidden);
  }
}

// Of the softmax: d_e = α ∘ (d_α - Σ α d_α).
void SequenceEncoder::attend_backward(const float* parameters, const float* d_encoded, float* gradient) {
  const std::size_t D = size(layout_->width), T = size(layout_->shape.steps), B = size(B_), A = kAttentionUnits;
  const float* v = parameters + layout_->attention_vector;
  for (std::size_t b = 0; b < B; ++b) {
    const float* d = d_encoded + b * D;
    double mean = 0;
    for (std::size_t c = b; c < T * B; c += B) {
      double product = 0;
      for (std::size_t i = 0; i < D; ++i) {
        product += static_cast<double>(states_[c * D + i]) * static_cast<double>(d[i]);
        d_states_[c * D + i] = weights_[c] * d[i];
      }
      d_weights_[c] = static_cast<float>(product);
      mean += static_cast<double>(weights_[c]) * product;
    }
    for (std::size_t c = b; c < T * B; c += B) d_weights_[c] = weights_[c] * (d_weights_[c] - static_cast<float>(mean));
  }
  float *d_v = gradient + layout_->attention_vector, *d_bias = gradient + layout_->attention_bias;
  for (std::size_t c = 0; c < T * B; ++c)
    for (std::size_t a = 0; a < A; ++a) {
      float& u = tangents_[c * A + a];
      d_v[a] += u * d_weights_[c];
      u = d_weights_[c] * v[a] * (1.0F - u * u);  // from here on the gradient of what went into the tangent
      d_bias[a] += u;
    }
  const int n = static_cast<int>(columns());
  kernel_->dense_weights(kAttentionUnits, layout_->width, n, tangents_, states_, gradient + layout_->attention_weights);
  kernel_->dense_inputs(kAttentionUnits, layout_->width, n, parameters + layout_->attention_weights, tangents_, false,
                        d_states_);
}

}  // namespace glucose
