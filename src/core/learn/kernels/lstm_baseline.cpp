// SPDX-License-Identifier: PostgreSQL
#define PGG_LEVEL kernel_baseline
#define Eigen Eigen_baseline
#include "core/learn/kernels/lstm_kernel.inc"
