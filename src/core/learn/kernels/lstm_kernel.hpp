// SPDX-License-Identifier: PostgreSQL
// What crosses between the LSTM and its kernels: plain data and function pointers only. The kernels are compiled once
// per CPU level, so nothing here may become a symbol of its own: no inline function, no template, no std:: member.
// Letters: B batch, T steps, S static inputs, H hidden units of a layer, K outputs. Matrices are column-major, which
// makes a B×T row-major array of the caller a T×B matrix here.
#pragma once
#include <cstddef>

#include "core/base/simd.hpp"

namespace glucose {

inline constexpr int kLstmMaxLayers = 3;
inline constexpr int kLstmPad = 16;  // hidden units are rounded up to it: the widest vectors

/// Where each block stands in the one array of parameters (offsets in floats).
struct LstmLayout {
  struct Layer {
    int inputs, hidden, padded;
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

/// The weights in panels (panels.inc), for one call or one batch. The transposed ones are null when predicting.
struct LstmPanels {
  struct Layer {
    float* bias;            // 4H
    float* glucose;         // 4H, of layer 1
    float* input;           // 4H × S of layer 1, else 4H × H of the layer below
    float* recurrent;       // 4H × H
    float* input_back;      // its transpose, of layers above the first
    float* recurrent_back;  // its transpose
  };
  Layer layer[kLstmMaxLayers];
  float* dense;  // K rows of H
};

/// Scratch memory of one call, carved from one block: matrices in panels, H rounded up to kLstmPad, column t·B + b is
/// step t of sample b. `mask`, `next` and `last` are null without dropout.
struct LstmBuffers {
  struct Layer {
    float* gates;  // 4H × TB: pre-activations, then i, f, g, o, then their gradient; when predicting one step: 4H × B
    float* cell;   // H × TB; when predicting one step
    float* tanh_cell;  // as cell
    float* hidden;     // H × TB
    float* mask;       // H × TB, of the last layer H × B: 0 or 1 / (1 - rate)
    float* next;       // H × TB: hidden ∘ mask, what the layer above reads
    float* d_hidden;   // H × TB; training only
  };
  Layer layer[kLstmMaxLayers];
  float* static_part;  // 4H × B of layer 1: bias and the static inputs' product, the same in every step
  float* d_cell;       // H × B of the widest layer
  float* last;         // H × B: the last layer's last hidden state ∘ mask
  float* out;          // K × B: outputs, then their gradient; training only
};

/// What a layer reads: one matrix in panels, and the part of the input weights that it meets.
struct LstmSource {
  int units, padded;
  std::size_t weights;  // offset: 4H × units
  const float* x;       // units × TB
  float* panels;        // the weights, packed
  float* panels_back;   // their transpose; null: nobody asks for d_x
  float* d_x;           // units × TB, its gradient; null: as above
  bool fresh;           // d_x holds nothing yet
};

/// One layer in one direction over all steps of a batch. The first layer of an Lstm has a value a step and static
/// inputs (`sequence`, `statics`, `known`); every other reads one source, or both directions of the layer below.
struct LstmRun {
  int steps, batch;
  bool training;   // all steps' gates and cells are kept
  bool backwards;  // reads from the last step to the first
  bool last_only;  // d_hidden holds the gradient of the direction's own last step and nothing else
  LstmLayout::Layer layer;
  LstmPanels::Layer panels;
  LstmBuffers::Layer buffers;
  float* d_cell;  // H × B
  int sources;
  LstmSource source[2];
  const float *sequence, *statics;  // B×T, B×S; null
  int n_static;
  float* known;  // 4H × B: bias and the static inputs' product; null: the bias
};

/// Scratch memory of one sample, which reads the weights as they lie; H of the widest layer.
struct LstmSingle {
  float* gates;      // 4H × T
  float* cell;       // H
  float* hidden[2];  // H × T, of a layer and the one below in turn
  float* known;      // 4H of layer 1
};

/// One step of Adam, corrections of the bias in `rate` and `epsilon`.
struct AdamUpdate {
  float rate, epsilon, clip, beta1, beta2;
};

/// One CPU level's functions.
struct LstmKernel {
  /// sequence T, statics S → out K.
  void (*predict_one)(const LstmLayout&, const float* parameters, const float* sequence, const float* statics,
                      const LstmSingle&, float* out);
  /// Rows of a panel of a layer of so many units: unit h of column c is at (h / rows · columns + c) · rows + h mod
  /// rows.
  int (*panel_rows)(int padded);
  /// Fills the panels; the transposed ones only when training.
  void (*pack)(const LstmLayout&, const float* parameters, bool training, const LstmPanels&);
  /// sequence B×T, statics B×S (row-major) → out B×K (row-major).
  void (*predict)(const LstmLayout&, const float* parameters, const LstmPanels&, const float* sequence,
                  const float* statics, int B, const LstmBuffers&, float* out);
  /// Adds scale × the gradient of the sum of squared errors to `gradient`; returns that sum (not scaled).
  double (*train)(const LstmLayout&, const float* parameters, const LstmPanels&, const float* sequence,
                  const float* statics, const float* targets, int B, float scale, const LstmBuffers&, float* gradient);
  /// Fills the panels of a run, the transposed ones when training.
  void (*run_pack)(const LstmRun&, const float* parameters);
  /// Steps from … to - 1 in the direction's own order; ranges follow each other. The states after dropout are there
  /// when the last step is done.
  void (*run_forward)(const LstmRun&, int from, int to);
  /// The same steps backwards, the last range first; adds the range's gradients of the weights to `gradient`.
  void (*run_backward)(const LstmRun&, int from, int to, float* gradient);
  /// Dense products, column-major: a m×k, x k×n, y m×n. y = a x + bias (null: none); d_a += d_y xᵀ; d_x = aᵀ d_y, or
  /// += when not fresh.
  void (*dense)(int m, int k, int n, const float* a, const float* x, const float* bias, float* y);
  void (*dense_weights)(int m, int k, int n, const float* d_y, const float* x, float* d_a);
  void (*dense_inputs)(int m, int k, int n, const float* a, const float* d_y, bool fresh, float* d_x);
  double (*sum_of_squares)(const float* values, std::size_t n);
  /// Moves n parameters by a gradient and its two moments.
  void (*adam)(const AdamUpdate&, std::size_t n, float* parameters, const float* gradient, float* m, float* v);
  /// The activations of n values; none of the arrays may overlap.
  void (*activate)(const float* x, int n, float* sigmoids, float* tangents);
};

/// Those of a level. Throws Error bad_argument when the CPU lacks it.
const LstmKernel& lstm_kernel(SimdLevel level);

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
