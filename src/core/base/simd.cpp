// SPDX-License-Identifier: PostgreSQL
#include "core/base/simd.hpp"

namespace glucose {

const char* to_string(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx512:
      return "avx512";
    case SimdLevel::avx2:
      return "avx2";
    case SimdLevel::baseline:
      break;
  }
  return "baseline";
}

bool has_simd_level(SimdLevel level) {
  if (level == SimdLevel::baseline) return true;
#ifdef PGG_X86_KERNELS
  // The compiler's table counts a level only when the operating system saves its registers too.
  const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  if (level == SimdLevel::avx2) return avx2;
  return avx2 && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
#else
  return false;
#endif
}

SimdLevel best_simd_level() {
  if (has_simd_level(SimdLevel::avx512)) return SimdLevel::avx512;
  return has_simd_level(SimdLevel::avx2) ? SimdLevel::avx2 : SimdLevel::baseline;
}

}  // namespace glucose
