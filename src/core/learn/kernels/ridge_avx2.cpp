// SPDX-License-Identifier: PostgreSQL
#define PGG_LEVEL kernel_avx2
#include "core/learn/kernels/ridge_kernel.inc"
