// SPDX-License-Identifier: PostgreSQL
#define PGG_LEVEL kernel_avx2
#define Eigen Eigen_avx2
#include "core/learn/kernels/lstm_kernel.inc"
