// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_net.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/learn/carver.hpp"
#include "core/learn/sequence_encoder.hpp"
#include "core/learn/sequence_head.hpp"

namespace glucose {

namespace {

constexpr int kPredictChunk = 32;  // samples a pass

void require(bool condition, const char* what) {
  if (!condition) throw Error(ErrorCode::bad_argument, std::string("invalid network shape: ") + what);
}

// The ranges keep every product below 2^31, so the arithmetic after it cannot overflow 64 bits.
void check(const SequenceShape& shape) {
  require(shape.steps >= 1 && shape.steps <= 1024, "steps must be 1 to 1024");
  require(shape.features >= 1 && shape.features <= 1024, "features must be 1 to 1024");
  require(shape.outputs >= 1 && shape.outputs <= 64, "outputs must be 1 to 64");
  require(shape.layers >= 1 && shape.layers <= kLstmMaxLayers, "layers must be 1 to 3");
  require(shape.hidden >= 1 && shape.hidden <= 256, "hidden units must be 1 to 256");
}

int padded(int units) {
  return (units + kLstmPad - 1) / kLstmPad * kLstmPad;
}

// Where a pass over B samples has its memory; the floats needed.
std::size_t carve(SequenceEncoder& encoder, const SequenceLayout& layout, int B, float* base, float*& encoded,
                  HeadMemory& memory) {
  Carver carver(base);
  encoder.carve(B, false, false, carver);
  encoded = carver.take(static_cast<std::size_t>(layout.width) * static_cast<std::size_t>(B));
  memory = carve_head(B, false, carver);
  return carver.used();
}

}  // namespace

SequenceLayout sequence_layout(const SequenceShape& shape) {
  check(shape);
  SequenceLayout layout{};
  layout.shape = shape;
  layout.directions = shape.bidirectional ? 2 : 1;
  layout.width = layout.directions * shape.hidden;
  std::size_t offset = 0;
  const auto take = [&offset](int rows, int columns) {
    const std::size_t start = offset;
    offset += static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    return start;
  };
  for (int l = 0; l < shape.layers; ++l)
    for (int d = 0; d < layout.directions; ++d) {
      LstmLayout::Layer& run = layout.run[l][d];
      run.inputs = l == 0 ? shape.features : layout.width;
      run.hidden = shape.hidden;
      run.padded = padded(shape.hidden);
      run.input_weights = take(4 * shape.hidden, run.inputs);
      run.recurrent_weights = take(4 * shape.hidden, shape.hidden);
      run.bias = take(4 * shape.hidden, 1);
    }
  const int A = shape.attention ? kAttentionUnits : 0;
  layout.attention_weights = take(A, layout.width);
  layout.attention_bias = take(A, 1);
  layout.attention_vector = take(A, 1);
  layout.heads = offset;
  const SequenceLayout::Head first = layout.head(0);
  layout.head_size = first.bias + 1 - layout.heads;
  layout.parameters = layout.heads + static_cast<std::size_t>(shape.outputs) * layout.head_size;
  layout.statistics = static_cast<std::size_t>(shape.outputs) * kHeadStatistics;
  require(layout.parameters <= kLstmMaxParameters, "more than 4 million parameters");
  return layout;
}

SequenceLayout::Head SequenceLayout::head(int k) const {
  std::size_t at = heads + static_cast<std::size_t>(k) * head_size;
  const auto take = [&at](int floats) {
    const std::size_t start = at;
    at += static_cast<std::size_t>(floats);
    return start;
  };
  Head head{};
  head.wide = take(kHeadWide * width);
  head.wide_gain = take(kHeadWide);
  head.wide_shift = take(kHeadWide);
  head.narrow = take(kHeadNarrow * kHeadWide);
  head.narrow_gain = take(kHeadNarrow);
  head.narrow_shift = take(kHeadNarrow);
  head.out = take(kHeadNarrow);
  head.bias = take(1);
  return head;
}

SequenceNet::SequenceNet(const SequenceShape& shape, SimdLevel level)
    : layout_(sequence_layout(shape)),
      level_(level),
      kernel_(&lstm_kernel(level)),
      parameters_(layout_.parameters),
      statistics_(layout_.statistics) {}

void SequenceNet::initialise(Random& rng) {
  std::fill(parameters_.begin(), parameters_.end(), 0.0F);
  const auto at = [&](std::size_t start) { return parameters_.begin() + static_cast<std::ptrdiff_t>(start); };
  const auto fill = [&](std::size_t start, int inputs, int units, int gates) {
    const double limit = std::sqrt(6.0 / (inputs + units));
    const std::size_t n = static_cast<std::size_t>(inputs) * static_cast<std::size_t>(units * gates);
    for (std::size_t i = 0; i < n; ++i) parameters_[start + i] = static_cast<float>(rng.uniform(-limit, limit));
  };
  for (int l = 0; l < shape().layers; ++l)
    for (int d = 0; d < layout_.directions; ++d) {
      const LstmLayout::Layer& run = layout_.run[l][d];
      fill(run.input_weights, run.inputs, run.hidden, 4);
      fill(run.recurrent_weights, run.hidden, run.hidden, 4);
      std::fill_n(at(run.bias) + run.hidden, run.hidden, 1.0F);
    }
  if (shape().attention) {
    fill(layout_.attention_weights, layout_.width, kAttentionUnits, 1);
    fill(layout_.attention_vector, kAttentionUnits, 1, 1);
  }
  for (int k = 0; k < shape().outputs; ++k) {
    const SequenceLayout::Head head = layout_.head(k);
    fill(head.wide, layout_.width, kHeadWide, 1);
    fill(head.narrow, kHeadWide, kHeadNarrow, 1);
    fill(head.out, kHeadNarrow, 1, 1);
    std::fill_n(at(head.wide_gain), kHeadWide, 1.0F);
    std::fill_n(at(head.narrow_gain), kHeadNarrow, 1.0F);
    float* statistics = statistics_.data() + static_cast<std::size_t>(k) * kHeadStatistics;
    std::fill_n(statistics, kHeadStatistics, 0.0F);
    std::fill_n(statistics + kHeadWide, kHeadWide, 1.0F);
    std::fill_n(statistics + 2 * kHeadWide + kHeadNarrow, kHeadNarrow, 1.0F);
  }
}

void SequenceNet::observe(std::span<const float> batch, int B) {
  constexpr float kShare = 0.1F;
  const float unbiased = static_cast<float>(B) / static_cast<float>(B - 1);
  for (std::size_t i = 0; i < statistics_.size(); ++i) {
    statistics_[i] += kShare * ((is_variance(i) ? unbiased * batch[i] : batch[i]) - statistics_[i]);
  }
}

void SequenceNet::predict(const float* const* sequences, int B, float* out, float* weights,
                          FloatBuffer& scratch) const {
  if (B <= 0) return;
  const int chunk = std::min(B, kPredictChunk), T = shape().steps, K = shape().outputs;
  SequenceEncoder encoder(layout_, *kernel_);
  float* encoded = nullptr;
  HeadMemory memory;
  const std::size_t needed = carve(encoder, layout_, chunk, nullptr, encoded, memory);
  if (scratch.size() < needed) scratch.resize(needed);
  carve(encoder, layout_, chunk, scratch.data(), encoded, memory);
  encoder.pack(parameters_.data());
  for (int done = 0; done < B; done += chunk) {
    const int n = std::min(chunk, B - done);
    if (n < chunk) {
      carve(encoder, layout_, n, scratch.data(), encoded, memory);
      encoder.pack(parameters_.data());
    }
    encoder.read(sequences + done);
    for (int part = 0; part < encoder.parts(); ++part) encoder.forward(part);
    encoder.encode(parameters_.data(), encoded);
    if (weights != nullptr && shape().attention) encoder.copy_weights(weights + static_cast<std::ptrdiff_t>(done) * T);
    for (int k = 0; k < K; ++k) head_predict(*this, k, encoded, n, memory, out + static_cast<std::ptrdiff_t>(done) * K);
  }
}

std::size_t SequenceNet::predict_floats(const SequenceShape& shape, int B) {
  const SequenceLayout layout = sequence_layout(shape);
  SequenceEncoder encoder(layout, lstm_kernel(SimdLevel::baseline));
  float* encoded = nullptr;
  HeadMemory memory;
  return carve(encoder, layout, std::clamp(B, 1, kPredictChunk), nullptr, encoded, memory);
}

}  // namespace glucose
