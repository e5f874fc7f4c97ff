// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_pass.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace glucose {

std::size_t SequencePass::carve(SequenceEncoder& encoder, const SequenceLayout& layout, int B, bool dropout,
                                float* base, Memory& memory) {
  Carver carver(base);
  encoder.carve(B, true, dropout, carver);
  const std::size_t encoded = static_cast<std::size_t>(layout.width) * static_cast<std::size_t>(B);
  memory.encoded = carver.take(encoded);
  memory.d_encoded = carver.take(encoded);
  memory.head = carve_head(B, true, carver);
  return carver.used();
}

std::size_t SequencePass::floats(const SequenceShape& shape, int B) {
  const SequenceLayout layout = sequence_layout(shape);
  SequenceEncoder encoder(layout, lstm_kernel(SimdLevel::baseline));
  Memory memory;
  return carve(encoder, layout, B, true, nullptr, memory);
}

void SequencePass::begin(const SequenceBatch& batch, LstmDropout dropout, std::span<float> gradient) {
  if (gradient.size() != net_->layout().parameters)
    throw Error(ErrorCode::bad_argument, "the gradient's size does not fit the network");
  if (batch.size < 2) throw Error(ErrorCode::bad_argument, "a batch must have at least 2 samples");
  if (!(dropout.rate >= 0.0F && dropout.rate < 1.0F))
    throw Error(ErrorCode::bad_argument, "dropout must be at least 0 and below 1");
  statistics_.assign(net_->layout().statistics, 0.0F);
  std::fill(gradient.begin(), gradient.end(), 0.0F);
  sum_ = 0;
  known_ = 0;
  const std::size_t n = static_cast<std::size_t>(batch.size) * static_cast<std::size_t>(net_->shape().outputs);
  for (std::size_t i = 0; i < n; ++i)
    if (!std::isnan(batch.targets[i])) ++known_;
}

void SequencePass::heads(const SequenceBatch& batch, Coin* coin, std::span<float> gradient) {
  const std::size_t D = static_cast<std::size_t>(net_->layout().width);
  std::fill_n(memory_.d_encoded, D * static_cast<std::size_t>(batch.size), 0.0F);
  const float scale = known_ == 0 ? 0.0F : static_cast<float>(1.0 / static_cast<double>(known_));
  for (int k = 0; k < net_->shape().outputs; ++k)
    sum_ += head_train(*net_, k,
                       {memory_.encoded, batch.targets, batch.size, loss_, scale, coin, gradient.data(),
                        memory_.d_encoded, statistics_.data() + static_cast<std::size_t>(k) * kHeadStatistics},
                       memory_.head);
}

Steps SequencePass::run(SequenceBatch batch, LstmDropout dropout, std::span<float> gradient) {
  begin(batch, dropout, gradient);
  const bool drop = dropout.rng != nullptr && dropout.rate > 0.0F;
  SequenceEncoder encoder(net_->layout(), net_->kernel(), net_->level());
  const std::size_t needed = carve(encoder, net_->layout(), batch.size, drop, nullptr, memory_);
  if (scratch_.size() < needed) scratch_.resize(needed);
  carve(encoder, net_->layout(), batch.size, drop, scratch_.data(), memory_);
  Coin coin(dropout);
  const float* parameters = net_->parameters().data();
  encoder.pack(parameters);
  if (drop) encoder.draw(coin);
  encoder.read(batch.sequences);
  for (int part = 0; part < encoder.parts(); ++part) {
    encoder.forward(part);
    co_yield Pause{};
  }
  encoder.encode(parameters, memory_.encoded);
  heads(batch, drop ? &coin : nullptr, gradient);
  encoder.encode_backward(parameters, memory_.d_encoded, gradient.data());
  co_yield Pause{};
  for (int part = encoder.parts() - 1; part >= 0; --part) {
    encoder.backward(part, gradient.data());
    if (part > 0) co_yield Pause{};
  }
}

}  // namespace glucose
