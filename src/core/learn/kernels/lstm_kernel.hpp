// SPDX-License-Identifier: PostgreSQL
// What crosses between the LSTM and its kernels: plain data and function pointers only. The kernels are compiled once
// per CPU level, so nothing here may become a symbol of its own: no inline function, no template, no std:: member.
// Letters: B batch, T steps, S static inputs, H hidden units of a layer, K outputs. Matrices are column-major, which
// makes a B×T row-major array of the caller a T×B matrix here; column t·B + b is step t of sample b.
#pragma once
#include <cstddef>

namespace glucose {

inline constexpr int kLstmMaxLayers = 3;

/// Where each block stands in the one array of parameters (offsets in floats).
struct LstmLayout {
  struct Layer {
    int inputs, hidden;
    std::size_t input_weights;      // 4H × inputs; rows by gate i, f, g, o
    std::size_t recurrent_weights;  // 4H × H
    std::size_t bias;               // 4H
  };
  int steps, n_static, outputs, layers;
  Layer layer[kLstmMaxLayers];
  std::size_t dense_weights;  // K × H of the last layer
  std::size_t dense_bias;     // K
  std::size_t parameters;
};

/// Scratch memory of one call, carved from one block. `mask`, `next` and `last` are null without dropout.
struct LstmBuffers {
  struct Layer {
    float* gates;      // 4H × TB: pre-activations, then i, f, g, o, then their gradient
    float* cell;       // H × TB; when predicting H × B, the current step only
    float* tanh_cell;  // as cell
    float* hidden;     // H × TB
    float* mask;       // H × TB, of the last layer H × B: 0 or 1 / (1 - rate)
    float* next;       // H × TB: hidden ∘ mask, what the layer above reads
    float* d_hidden;   // H × TB; training only
  };
  Layer layer[kLstmMaxLayers];
  float* static_part;  // 4H × B of layer 1: bias and the static inputs' product, the same in every step
  float* glucose;      // TB: the sequence, step by step
  float* d_cell;       // H × B of the widest layer
  float* last;         // H × B: the last layer's last hidden state ∘ mask
  float* out;          // K × B: outputs, then their gradient; training only
};

/// One CPU level's functions.
struct LstmKernel {
  /// sequence B×T, statics B×S (row-major) → out B×K (row-major).
  void (*predict)(const LstmLayout&, const float* parameters, const float* sequence, const float* statics, int B,
                  const LstmBuffers&, float* out);
  /// Adds scale × the gradient of the sum of squared errors to `gradient`; returns that sum (not scaled).
  double (*train)(const LstmLayout&, const float* parameters, const float* sequence, const float* statics,
                  const float* targets, int B, float scale, const LstmBuffers&, float* gradient);
};

/// Throws Error internal. Here and not inline: a kernel must not instantiate the exception's code.
[[noreturn]] void kernel_assertion_failed(const char* condition);

namespace kernel_baseline {
extern const LstmKernel kLstm;
}
namespace kernel_avx2 {
extern const LstmKernel kLstm;
}
namespace kernel_avx512 {
extern const LstmKernel kLstm;
}

}  // namespace glucose
