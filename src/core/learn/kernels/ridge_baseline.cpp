// SPDX-License-Identifier: PostgreSQL
#define PGG_LEVEL kernel_baseline
#include "core/learn/kernels/ridge_kernel.inc"
