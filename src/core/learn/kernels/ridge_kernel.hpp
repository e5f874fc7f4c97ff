// SPDX-License-Identifier: PostgreSQL
// What crosses between sums of rows and their kernels, compiled once per CPU level: see lstm_kernel.hpp. Every element
// is computed by the same operations in the same order at every level, without FMA: the bits are the same everywhere.
#pragma once
#include <cstddef>

#include "core/base/simd.hpp"

namespace glucose {

inline constexpr std::size_t kRidgeBlock = 4;  // rows that are added at once
inline constexpr std::size_t kRidgeLine = 64;  // bytes: rows are whole cache lines

/// One CPU level's functions.
struct RidgeKernel {
  /// sums [depth × width] += weighted products of kRidgeBlock rows [width]: from each column's own on, at least.
  void (*add_doubles)(const double* rows, const double* weights, std::size_t depth, std::size_t width, double* sums);
  void (*add_floats)(const float* rows, const float* weights, std::size_t depth, std::size_t width, float* sums);
  /// Solves A B = Y in place by Cholesky's factors. system [D × width]: a row of A from the diagonal on, then R of Y,
  /// which becomes B; anything finite elsewhere. False when A is not positive definite, or nearly not.
  bool (*solve)(double* system, std::size_t D, std::size_t R, std::size_t width);
  /// out[i] = y[i] - intercept - x[i] · slopes for rows x [n × D]
  void (*residuals)(const float* x, const double* y, std::size_t n, std::size_t D, double intercept,
                    const double* slopes, double* out);
};

namespace kernel_baseline {
extern const RidgeKernel kRidge;
}
namespace kernel_avx2 {
extern const RidgeKernel kRidge;
}
namespace kernel_avx512 {
extern const RidgeKernel kRidge;
}

/// Those of the best level.
const RidgeKernel& ridge_kernel();

}  // namespace glucose
