// SPDX-License-Identifier: PostgreSQL
#include "core/base/simd.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "core/base/random.hpp"
#include "core/learn/lstm.hpp"

namespace glucose {
namespace {

#ifdef __x86_64__

bool tells_registers_in_use() {
  std::uint32_t eax = 0xD, ebx = 0, ecx = 1, edx = 0;
  if (!has_simd_level(SimdLevel::avx2)) return false;
  asm("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  return (eax & 4U) != 0;  // xgetbv with ecx = 1
}
void clear_upper_halves() {
  asm volatile("vzeroupper");
}
/// Whether the upper half of a register of 256 bits holds anything: everything without AVX is then several times
/// slower.
bool upper_halves_in_use() {
  std::uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
  return (low & 4U) != 0;
}

TEST(Simd, KernelsLeaveTheUpperHalvesOfRegistersEmpty) {
  if (!tells_registers_in_use()) GTEST_SKIP() << "this CPU does not tell";
  const LstmShape shape{.steps = 12, .n_static = 21, .outputs = 2, .layers = 1, .hidden = {8}};
  for (const SimdLevel level : {SimdLevel::baseline, SimdLevel::avx2, SimdLevel::avx512}) {
    if (!has_simd_level(level)) continue;
    Lstm net(shape, level);
    Random rng(1);
    net.initialise(rng);
    for (const int batch : {1, 2, 33}) {
      const auto n = static_cast<std::size_t>(batch);
      const std::vector<float> sequence(n * 12, 0.5F), statics(n * 21, 0.5F);
      std::vector<float> out(n * 2);
      clear_upper_halves();
      net.predict(sequence.data(), statics.data(), batch, out.data());
      EXPECT_FALSE(upper_halves_in_use()) << to_string(level) << ", batch of " << batch;
    }
  }
}

#endif

}  // namespace
}  // namespace glucose
