// SPDX-License-Identifier: PostgreSQL
// Letters as in sequence_net.hpp. Column t·B + b of a matrix over all steps is step t of sample b.
#pragma once
#include "core/learn/carver.hpp"
#include "core/learn/dropout.hpp"
#include "core/learn/sequence_net.hpp"

namespace glucose {

/// The layers of LSTM over a batch of sequences, forwards and backwards, on the caller's memory and in parts of a few
/// milliseconds: carve, pack, read; forward(0 … parts - 1), encode; then encode_backward, backward(parts - 1 … 0).
class SequenceEncoder {
 public:
  /// Both outlive it.
  SequenceEncoder(const SequenceLayout& layout, const LstmKernel& kernel, SimdLevel level = SimdLevel::baseline)
      : layout_(&layout), kernel_(&kernel), level_(level) {}

  /// Takes its blocks for B samples from the carver. Dropout: of what a layer gives to the one above.
  void carve(int B, bool training, bool dropout, Carver& carver);
  void pack(const float* parameters);
  void draw(Coin& coin);
  /// Of each sample its T×F, row-major.
  void read(const float* const* sequences);

  int parts() const { return parts_; }
  void forward(int part);
  /// → encoded [D × B]
  void encode(const float* parameters, float* encoded);
  /// → B×T, row-major: what each step counted; with attention only
  void copy_weights(float* weights) const;

  /// d_encoded [D × B]; adds to the gradient of all parameters.
  void encode_backward(const float* parameters, const float* d_encoded, float* gradient);
  void backward(int part, float* gradient);

 private:
  struct Part {
    int layer, direction, from, to;
  };
  Part part(int number) const;
  void carve_run(int l, int d, bool dropout, Carver& carver);
  void attend(const float* parameters, float* encoded);
  void attend_backward(const float* parameters, const float* d_encoded, float* gradient);
  std::size_t columns() const;

  const SequenceLayout* layout_;
  const LstmKernel* kernel_;
  SimdLevel level_;
  LstmRun run_[kLstmMaxLayers][2] = {};
  int B_ = 0, range_[kLstmMaxLayers] = {}, parts_ = 0;                // steps of a layer that a part does
  float *input_ = nullptr, *states_ = nullptr, *d_states_ = nullptr;  // F × TB in panels; D × TB plain
  float* tangents_ = nullptr;                                         // A × TB
  float *weights_ = nullptr, *d_weights_ = nullptr;                   // TB
};

}  // namespace glucose
