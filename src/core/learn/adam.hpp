// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/simd.hpp"

namespace glucose {

struct LstmKernel;

struct AdamOptions {
  float learning_rate = 1e-3F;
  float beta1 = 0.9F, beta2 = 0.999F, epsilon = 1e-8F;
  float clip_norm = 1.0F;  // the gradient is scaled down to this Euclidean norm; 0: never
};

/// Adam over one array of parameters, with bias correction (Kingma and Ba 2015, algorithm 1) and, before it, clipping
/// of the gradient's norm (Pascanu et al. 2013).
class Adam {
 public:
  /// Throws Error bad_argument when the CPU lacks the level.
  explicit Adam(std::size_t parameters, AdamOptions options = {}, SimdLevel level = best_simd_level());

  /// One update of `parameters`; both spans of the size given at construction, else Error bad_argument. Returns the
  /// gradient's norm before clipping; when it is not finite, nothing is changed.
  double step(std::span<float> parameters, std::span<const float> gradient);

  std::uint64_t steps() const { return steps_; }

  float learning_rate() const { return options_.learning_rate; }
  void set_learning_rate(float rate) { options_.learning_rate = rate; }

 private:
  const LstmKernel* kernel_;
  AdamOptions options_;
  std::vector<float> m_, v_;
  std::uint64_t steps_ = 0;
};

}  // namespace glucose
