// SPDX-License-Identifier: PostgreSQL
#pragma once

namespace glucose {

/// What the hot kernels may assume of the CPU; a later one includes the earlier. The same level gives the same bits on
/// every machine; another level rounds differently (about 1e-6).
enum class SimdLevel { baseline, avx2, avx512 };

const char* to_string(SimdLevel level);

/// True when both this binary and this CPU have the level.
bool has_simd_level(SimdLevel level);

/// The fastest level of this binary on this CPU.
SimdLevel best_simd_level();

}  // namespace glucose
