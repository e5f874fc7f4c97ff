// SPDX-License-Identifier: PostgreSQL
#include "core/learn/lstm.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/learn/carver.hpp"

namespace glucose {

namespace {

constexpr int kPredictChunk = 32;                 // samples a pass: more gains no speed
constexpr int kFewSamples = 4;                    // fewer are answered one by one: packing the weights would cost more
constexpr std::size_t kPredictFloats = 1U << 20;  // 4 MB of scratch memory for any B, unless …
constexpr std::size_t kStateFloats = 1U << 17;    // … the weights leave no 512 kB of it for the samples
constexpr std::size_t kStackFloats = 8192;        // 32 KB: one sample of the default shape needs about 5,200

void require(bool condition, const char* what) {
  if (!condition) throw Error(ErrorCode::bad_argument, std::string("invalid LSTM shape: ") + what);
}

// The ranges keep every product below 2^31, so the arithmetic after it cannot overflow 64 bits.
void check(const LstmShape& shape) {
  require(shape.steps >= 1 && shape.steps <= 1024, "steps must be 1 to 1024");
  require(shape.n_static >= 0 && shape.n_static <= 1024, "static inputs must be 0 to 1024");
  require(shape.outputs >= 1 && shape.outputs <= 64, "outputs must be 1 to 64");
  require(shape.layers >= 1 && shape.layers <= kLstmMaxLayers, "layers must be 1 to 3");
  for (int l = 0; l < kLstmMaxLayers; ++l) {
    if (l < shape.layers)
      require(shape.hidden[l] >= 1 && shape.hidden[l] <= 256, "hidden units must be 1 to 256");
    else
      require(shape.hidden[l] == 0, "more hidden sizes than layers");
  }
}

LstmLayout make_layout(const LstmShape& shape) {
  check(shape);
  LstmLayout layout{};
  layout.steps = shape.steps;
  layout.n_static = shape.n_static;
  layout.outputs = shape.outputs;
  layout.layers = shape.layers;
  std::size_t offset = 0;
  const auto take = [&offset](int rows, int columns) {
    const std::size_t start = offset;
    offset += static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    return start;
  };
  int inputs = 1 + shape.n_static;
  for (int l = 0; l < shape.layers; ++l) {
    const int H = shape.hidden[l];
    LstmLayout::Layer& layer = layout.layer[l];
    layer.inputs = inputs;
    layer.hidden = H;
    layer.padded = (H + kLstmPad - 1) / kLstmPad * kLstmPad;
    layer.input_weights = take(4 * H, inputs);
    layer.recurrent_weights = take(4 * H, H);
    layer.bias = take(4 * H, 1);
    inputs = H;
  }
  layout.dense_weights = take(shape.outputs, inputs);
  layout.dense_bias = take(shape.outputs, 1);
  layout.parameters = offset;
  require(offset <= kLstmMaxParameters, "more than 4 million parameters");
  return layout;
}

enum class Purpose { predict, train, train_with_dropout };

std::size_t widest_layer(const LstmLayout& net, int LstmLayout::Layer::*size) {
  int widest = 0;
  for (int l = 0; l < net.layers; ++l) widest = std::max(widest, net.layer[l].*size);
  return static_cast<std::size_t>(widest);
}

void carve_panels(const LstmLayout& net, bool train, Carver& carver, LstmPanels& panels) {
  panels = {};
  std::size_t inputs = static_cast<std::size_t>(net.n_static);
  for (int l = 0; l < net.layers; ++l) {
    const auto H = static_cast<std::size_t>(net.layer[l].padded);
    LstmPanels::Layer& own = panels.layer[l];
    own.bias = carver.take(4 * H);
    if (l == 0) own.glucose = carver.take(4 * H);
    own.input = carver.take(4 * H * inputs);
    own.recurrent = carver.take(4 * H * H);
    if (train && l > 0) own.input_back = carver.take(4 * H * inputs);
    if (train) own.recurrent_back = carver.take(4 * H * H);
    inputs = H;
  }
  panels.dense = carver.take(static_cast<std::size_t>(net.outputs) * inputs);
}

void carve_states(const LstmLayout& net, int batch, Purpose purpose, Carver& carver, LstmBuffers& buffers) {
  buffers = {};
  const auto B = static_cast<std::size_t>(batch), T = static_cast<std::size_t>(net.steps);
  const std::size_t widest = widest_layer(net, &LstmLayout::Layer::padded);
  const bool train = purpose != Purpose::predict, dropout = purpose == Purpose::train_with_dropout;
  // Predicting, the layers share the gates and cells of one step, and the hidden states alternate.
  float* gates = train ? nullptr : carver.take(4 * widest * B);
  float* cell = train ? nullptr : carver.take(widest * B);
  float* hidden[2] = {};
  if (!train)
    for (float*& h : hidden) h = carver.take(widest * T * B);
  for (int l = 0; l < net.layers; ++l) {
    const auto H = static_cast<std::size_t>(net.layer[l].padded);
    const bool top = l == net.layers - 1;
    LstmBuffers::Layer& own = buffers.layer[l];
    own.gates = train ? carver.take(4 * H * T * B) : gates;
    own.cell = train ? carver.take(H * T * B) : cell;
    own.tanh_cell = train ? carver.take(H * T * B) : cell;  // not written when predicting
    own.hidden = train ? carver.take(H * T * B) : hidden[l % 2];
    if (dropout) own.mask = carver.take(top ? H * B : H * T * B);
    if (dropout && !top) own.next = carver.take(H * T * B);
    if (train) own.d_hidden = carver.take(H * T * B);
  }
  buffers.static_part = carver.take(4 * static_cast<std::size_t>(net.layer[0].padded) * B);
  if (train) buffers.d_cell = carver.take(widest * B);
  if (train) buffers.out = carver.take(static_cast<std::size_t>(net.outputs) * B);
  if (dropout) buffers.last = carver.take(static_cast<std::size_t>(net.layer[net.layers - 1].padded) * B);
}

/// The memory of a batch: what its samples share, and their own.
struct Batch {
  LstmPanels panels;
  LstmBuffers buffers;
};

// Fills `batch` from `base` and returns the floats needed.
std::size_t carve(const LstmLayout& net, int B, Purpose purpose, float* base, Batch& batch) {
  Carver carver(base);
  carve_panels(net, purpose != Purpose::predict, carver, batch.panels);
  carve_states(net, B, purpose, carver, batch.buffers);
  return carver.used();
}

std::size_t carve_single(const LstmLayout& net, float* base, LstmSingle& single) {
  Carver carver(base);
  const std::size_t H = widest_layer(net, &LstmLayout::Layer::hidden), T = static_cast<std::size_t>(net.steps);
  single.gates = carver.take(4 * H * T);
  single.cell = carver.take(H);
  for (float*& h : single.hidden) h = carver.take(H * T);
  single.known = carver.take(4 * static_cast<std::size_t>(net.layer[0].hidden));
  return carver.used();
}

// Samples of B that are predicted at once; 1: each by itself.
int predict_chunk(const LstmLayout& net, int B) {
  Batch ignored;
  const std::size_t none = carve(net, 0, Purpose::predict, nullptr, ignored),
                    one = carve(net, 1, Purpose::predict, nullptr, ignored) - none;
  const std::size_t left = std::max(kPredictFloats, none + kStateFloats) - none;
  const int chunk = std::min({B, kPredictChunk, static_cast<int>(std::min<std::size_t>(left / one, 1024))});
  return chunk < kFewSamples ? 1 : chunk;
}

std::size_t predict_memory(const LstmLayout& net, int chunk) {
  Batch batch;
  LstmSingle single;
  return chunk > 1 ? carve(net, chunk, Purpose::predict, nullptr, batch) : carve_single(net, nullptr, single);
}

void draw_masks(const LstmLayout& net, int batch, LstmDropout dropout, const LstmKernel& kernel,
                const LstmBuffers& buffers) {
  Coin coin(dropout);
  for (int l = 0; l < net.layers; ++l)
    draw_mask(coin, static_cast<std::size_t>(net.layer[l].hidden), static_cast<std::size_t>(net.layer[l].padded),
              static_cast<std::size_t>(kernel.panel_rows(net.layer[l].padded)),
              static_cast<std::size_t>(l == net.layers - 1 ? 1 : net.steps) * static_cast<std::size_t>(batch),
              buffers.layer[l].mask);
}

}  // namespace

void kernel_assertion_failed(const char* condition) {
  throw Error(ErrorCode::internal, std::string("LSTM kernel assertion failed: ") + condition);
}

const LstmKernel& lstm_kernel(SimdLevel level) {
  if (!has_simd_level(level))
    throw Error(ErrorCode::bad_argument, std::string("this CPU has no ") + to_string(level) + " instructions");
#ifdef PGG_X86_KERNELS
  if (level == SimdLevel::avx512) return kernel_avx512::kLstm;
  if (level == SimdLevel::avx2) return kernel_avx2::kLstm;
#endif
  return kernel_baseline::kLstm;
}

std::size_t parameter_count(const LstmShape& shape) {
  return make_layout(shape).parameters;
}

Lstm::Lstm(const LstmShape& shape, SimdLevel level)
    : shape_(shape),
      layout_(make_layout(shape)),
      level_(level),
      kernel_(&lstm_kernel(level)),
      parameters_(layout_.parameters) {}

void Lstm::initialise(Random& rng) {
  std::fill(parameters_.begin(), parameters_.end(), 0.0F);
  const auto fill = [&](std::size_t start, int inputs, int units, int gates) {
    const double limit = std::sqrt(6.0 / (inputs + units));
    const std::size_t n = static_cast<std::size_t>(inputs) * static_cast<std::size_t>(units * gates);
    for (std::size_t i = 0; i < n; ++i) parameters_[start + i] = static_cast<float>(rng.uniform(-limit, limit));
  };
  for (int l = 0; l < layout_.layers; ++l) {
    const LstmLayout::Layer& layer = layout_.layer[l];
    fill(layer.input_weights, layer.inputs, layer.hidden, 4);
    fill(layer.recurrent_weights, layer.hidden, layer.hidden, 4);
    std::fill_n(parameters_.begin() + static_cast<std::ptrdiff_t>(layer.bias) + layer.hidden, layer.hidden, 1.0F);
  }
  fill(layout_.dense_weights, layout_.layer[layout_.layers - 1].hidden, layout_.outputs, 1);
}

void Lstm::predict(const float* sequence, const float* statics, int B, float* out) const {
  const std::size_t needed = predict_memory(layout_, predict_chunk(layout_, B));
  alignas(64) float on_stack[kStackFloats];  // NOLINT(cppcoreguidelines-pro-type-member-init): scratch
  FloatBuffer on_heap(needed <= kStackFloats ? 0 : needed);
  predict_in(sequence, statics, B, out, on_heap.empty() ? on_stack : on_heap.data());
}

void Lstm::predict(const float* sequence, const float* statics, int B, float* out, FloatBuffer& scratch) const {
  const std::size_t needed = predict_memory(layout_, predict_chunk(layout_, B));
  if (scratch.size() < needed) scratch.resize(needed);
  predict_in(sequence, statics, B, out, scratch.data());
}

void Lstm::predict_in(const float* sequence, const float* statics, int B, float* out, float* scratch) const {
  const int chunk = predict_chunk(layout_, B);
  Batch batch;
  LstmSingle single;
  if (chunk == 1) {
    carve_single(layout_, scratch, single);
  } else {
    carve(layout_, chunk, Purpose::predict, scratch, batch);
    kernel_->pack(layout_, parameters_.data(), false, batch.panels);
  }
  for (int done = 0; done < B; done += chunk) {
    const auto row = static_cast<std::size_t>(done);
    const float *x = sequence + row * static_cast<std::size_t>(layout_.steps),
                *s = statics + row * static_cast<std::size_t>(layout_.n_static);
    float* to = out + row * static_cast<std::size_t>(layout_.outputs);
    if (chunk == 1)
      kernel_->predict_one(layout_, parameters_.data(), x, s, single, to);
    else
      kernel_->predict(layout_, parameters_.data(), batch.panels, x, s, std::min(chunk, B - done), batch.buffers, to);
  }
}

double Lstm::add_gradient(const float* sequence, const float* statics, const float* targets, int B, float scale,
                          LstmDropout dropout, std::span<float> gradient, FloatBuffer& scratch) const {
  if (gradient.size() != layout_.parameters)
    throw Error(ErrorCode::bad_argument, "the gradient's size does not fit the LSTM");
  if (B <= 0) return 0.0;
  const bool drop = dropout.rng != nullptr && dropout.rate > 0.0F;
  if (drop && !(dropout.rate < 1.0F)) throw Error(ErrorCode::bad_argument, "dropout must be at least 0 and below 1");
  const Purpose purpose = drop ? Purpose::train_with_dropout : Purpose::train;
  Batch batch;
  const std::size_t needed = carve(layout_, B, purpose, nullptr, batch);
  if (scratch.size() < needed) scratch.resize(needed);
  carve(layout_, B, purpose, scratch.data(), batch);
  if (drop) draw_masks(layout_, B, dropout, *kernel_, batch.buffers);
  kernel_->pack(layout_, parameters_.data(), true, batch.panels);
  return kernel_->train(layout_, parameters_.data(), batch.panels, sequence, statics, targets, B, scale, batch.buffers,
                        gradient.data());
}

float Lstm::loss_and_gradient(const float* sequence, const float* statics, const float* targets, int B,
                              LstmDropout dropout, std::span<float> gradient) const {
  std::fill(gradient.begin(), gradient.end(), 0.0F);
  if (B <= 0) return 0.0F;
  FloatBuffer scratch;
  const double n = static_cast<double>(B) * layout_.outputs;
  const double squares =
      add_gradient(sequence, statics, targets, B, static_cast<float>(1.0 / n), dropout, gradient, scratch);
  return static_cast<float>(squares / n);
}

std::size_t Lstm::predict_floats(const LstmShape& shape, int B) {
  const LstmLayout layout = make_layout(shape);
  return predict_memory(layout, predict_chunk(layout, B));
}

std::size_t Lstm::training_floats(const LstmShape& shape, int B) {
  Batch batch;
  return carve(make_layout(shape), B, Purpose::train_with_dropout, nullptr, batch);
}

}  // namespace glucose
