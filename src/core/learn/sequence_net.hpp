// SPDX-License-Identifier: PostgreSQL
// Letters: B batch, T steps (days), F features a step, H hidden units of one direction, D width of what the encoder
// gives (H, or 2H of both directions), A attention units, K outputs.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/simd.hpp"
#include "core/learn/lstm.hpp"

namespace glucose {

/// The shape of a network: T steps of F features → 1 to 3 LSTM layers → one vector → a head for each of K outputs.
struct SequenceShape {
  int steps = 30;              // T, 1 … 1024
  int features = 51;           // F, 1 … 1024
  int outputs = 1;             // K, 1 … 64
  int layers = 2;              // 1 … 3
  int hidden = 128;            // H, 1 … 256
  bool bidirectional = false;  // each layer reads the steps in both directions
  bool attention = false;      // the vector is a weighted mean over the steps; else the state after the last one
  friend bool operator==(const SequenceShape&, const SequenceShape&) = default;
};

inline constexpr int kHeadWide = 64, kHeadNarrow = 32, kAttentionUnits = 64;

/// Where each block of parameters stands in the one array (offsets in floats), in this order. Matrices are
/// column-major. No bias before a normalisation: it would change nothing.
struct SequenceLayout {
  struct Head {
    std::size_t wide, wide_gain, wide_shift;        // 64 × D, 64, 64
    std::size_t narrow, narrow_gain, narrow_shift;  // 32 × 64, 32, 32
    std::size_t out, bias;                          // 32, 1
  };
  SequenceShape shape;
  int directions, width;                                            // 1 or 2; D
  LstmLayout::Layer run[kLstmMaxLayers][2];                         // input weights: the lower directions in turn
  std::size_t attention_weights, attention_bias, attention_vector;  // A × D, A, A
  std::size_t heads, head_size, parameters;
  std::size_t statistics;  // of a head mean and variance [64], mean and variance [32]

  Head head(int k) const;
};

inline constexpr std::size_t kHeadStatistics = 2 * (kHeadWide + kHeadNarrow);
/// Whether the i-th of the statistics is a variance.
constexpr bool is_variance(std::size_t i) {
  const std::size_t place = i % kHeadStatistics;
  return place < 2 * kHeadWide ? place >= kHeadWide : place >= 2 * kHeadWide + kHeadNarrow;
}

/// Throws Error bad_argument for a size outside its range or more than kLstmMaxParameters parameters. Allocates
/// nothing: safe to ask about untrusted sizes.
SequenceLayout sequence_layout(const SequenceShape& shape);

/// Sequences of days → K numbers, with the parameters in one array. The encoder is layers of LSTM on the kernels of
/// Lstm. Its state after the last step (of the backward direction: after the first day), or with attention
/// Σ α_t h_t, α = softmax_t vᵀ tanh(W h_t + b) (Bahdanau et al. 2015), goes into each head: 64 → 32 → 1, both with
/// batch normalisation (Ioffe and Szegedy 2015), ReLU and dropout. Inputs are standardised and have no NaN.
class SequenceNet {
 public:
  /// All parameters zero. Throws Error bad_argument as sequence_layout, or when the CPU lacks the level.
  explicit SequenceNet(const SequenceShape& shape, SimdLevel level = best_simd_level());

  /// Glorot's uniform weights (of LSTM layers per gate), gains 1, biases zero but the forget gate's 1.
  void initialise(Random& rng);

  const SequenceShape& shape() const { return layout_.shape; }
  const SequenceLayout& layout() const { return layout_; }
  SimdLevel level() const { return level_; }
  const LstmKernel& kernel() const { return *kernel_; }
  std::span<const float> parameters() const& { return parameters_; }
  std::span<float> parameters() & { return parameters_; }
  std::span<const float> parameters() const&& = delete;  // it would outlive the net
  /// Running mean and variance of what is normalised.
  std::span<const float> statistics() const& { return statistics_; }
  std::span<float> statistics() & { return statistics_; }
  std::span<const float> statistics() const&& = delete;
  /// Moves the running statistics by a tenth towards those of a batch of B >= 2 samples, its variance unbiased.
  void observe(std::span<const float> batch, int B);

  /// sequences: of each of B samples its T×F, row-major → out B×K: standardised values, or log odds. weights: B×T, how
  /// much each step counted (attention), or null. `scratch` grows once and is kept by the caller.
  void predict(const float* const* sequences, int B, float* out, float* weights, FloatBuffer& scratch) const;
  /// Floats of scratch memory that predict takes for B samples.
  static std::size_t predict_floats(const SequenceShape& shape, int B);

 private:
  SequenceLayout layout_;
  SimdLevel level_;
  const LstmKernel* kernel_;
  FloatBuffer parameters_;
  std::vector<float> statistics_;
};

}  // namespace glucose
