// SPDX-License-Identifier: PostgreSQL
// Letters: B batch, T steps, S static inputs, H hidden units of a layer, K outputs (horizons).
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/base/line_allocator.hpp"
#include "core/base/random.hpp"
#include "core/base/simd.hpp"
#include "core/learn/dropout.hpp"
#include "core/learn/kernels/lstm_kernel.hpp"

namespace glucose {

/// The shape of a network: in every step one glucose value and the S static inputs → 1 to 3 LSTM layers → dense.
struct LstmShape {
  int steps = 12;                         // T, 1 … 1024
  int n_static = 0;                       // S, 0 … 1024
  int outputs = 1;                        // K, 1 … 64
  int layers = 2;                         // 1 … 3
  int hidden[kLstmMaxLayers] = {64, 64};  // H of each layer, 1 … 256; 0 beyond `layers`
  friend bool operator==(const LstmShape&, const LstmShape&) = default;
};

inline constexpr std::size_t kLstmMaxParameters = 4'000'000;

/// Number of parameters of a shape. Throws Error bad_argument when a size is outside its range or the number is above
/// kLstmMaxParameters. Allocates nothing: safe to ask about untrusted sizes.
std::size_t parameter_count(const LstmShape& shape);

using FloatBuffer = LineVector<float>;

/// A long short-term memory network with its parameters in one array, in this order:
/// per layer input_weights (4H × inputs), recurrent_weights (4H × H), bias (4H); then dense weights (K × H), bias (K).
/// Every matrix is column-major; the 4H rows are the gates i, f, g, o; layer 1's inputs are the glucose value, then S.
/// Inputs and targets are standardised and have no NaN (a NaN comes out as NaN).
class Lstm {
 public:
  /// All parameters zero. Throws Error bad_argument as parameter_count, or when the CPU lacks the level.
  explicit Lstm(const LstmShape& shape, SimdLevel level = best_simd_level());

  /// Glorot's uniform weights per gate (Glorot and Bengio 2010), biases zero but the forget gate's 1.
  void initialise(Random& rng);

  const LstmShape& shape() const { return shape_; }
  SimdLevel level() const { return level_; }
  std::span<const float> parameters() const& { return parameters_; }
  std::span<float> parameters() & { return parameters_; }
  std::span<const float> parameters() const&& = delete;  // it would outlive the net
  const LstmLayout& layout() const { return layout_; }

  /// sequence B×T, statics B×S → out B×K, row-major, standardised units. One sample of the default shape allocates
  /// nothing; larger calls take one scratch block, bounded for any B.
  void predict(const float* sequence, const float* statics, int B, float* out) const;
  /// The same with scratch memory that grows once and is kept by the caller.
  void predict(const float* sequence, const float* statics, int B, float* out, FloatBuffer& scratch) const;

  /// Adds scale × gradient of the sum of squared errors over B×K to `gradient` (parameter_count floats) and returns
  /// that sum. `scratch` grows once and is kept by the caller. Throws Error bad_argument for a span of another size.
  double add_gradient(const float* sequence, const float* statics, const float* targets, int B, float scale,
                      LstmDropout dropout, std::span<float> gradient, FloatBuffer& scratch) const;

  /// Mean squared error over B×K; `gradient` is set to its gradient.
  float loss_and_gradient(const float* sequence, const float* statics, const float* targets, int B, LstmDropout dropout,
                          std::span<float> gradient) const;

  /// Floats of scratch memory that predict takes, and that add_gradient needs, for B samples.
  static std::size_t predict_floats(const LstmShape& shape, int B);
  static std::size_t training_floats(const LstmShape& shape, int B);

 private:
  void predict_in(const float* sequence, const float* statics, int B, float* out, float* scratch) const;

  LstmShape shape_;
  LstmLayout layout_;
  SimdLevel level_;
  const LstmKernel* kernel_;
  FloatBuffer parameters_;
};

}  // namespace glucose
