// SPDX-License-Identifier: PostgreSQL
#define PGG_LEVEL kernel_avx512
#define Eigen Eigen_avx512
#include "core/learn/kernels/lstm_kernel.inc"
