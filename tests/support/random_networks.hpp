// SPDX-License-Identifier: PostgreSQL
// Random networks and samples at every CPU level.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/learn/lstm.hpp"

namespace glucose {

inline std::vector<SimdLevel> levels() {
  std::vector<SimdLevel> result;
  for (const SimdLevel level : {SimdLevel::baseline, SimdLevel::avx2, SimdLevel::avx512})
    if (has_simd_level(level)) result.push_back(level);
  return result;
}

struct Batch {
  int size;
  std::vector<float> sequence, statics, targets;
};

inline Batch random_batch(const LstmShape& shape, int size, std::uint64_t seed) {
  Random rng(seed);
  const auto normals = [&](int columns) {
    std::vector<float> values(static_cast<std::size_t>(size) * static_cast<std::size_t>(columns));
    for (float& value : values) value = static_cast<float>(rng.normal());
    return values;
  };
  return {size, normals(shape.steps), normals(shape.n_static), normals(shape.outputs)};
}

inline Lstm random_net(const LstmShape& shape, std::uint64_t seed, SimdLevel level = best_simd_level()) {
  Lstm net(shape, level);
  Random rng(seed);
  net.initialise(rng);
  return net;
}

inline std::vector<float> predict(const Lstm& net, const Batch& batch) {
  std::vector<float> out(batch.targets.size(), std::numeric_limits<float>::quiet_NaN());
  net.predict(batch.sequence.data(), batch.statics.data(), batch.size, out.data());
  return out;
}

inline float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)  // written so that NaN counts as a difference
    if (!(std::abs(a[i] - b[i]) <= largest)) largest = std::isnan(a[i] - b[i]) ? 1e9F : std::abs(a[i] - b[i]);
  return largest;
}

inline constexpr LstmShape kSeed{.steps = 12, .n_static = 21, .outputs = 2, .layers = 2, .hidden = {64, 64}};
inline constexpr LstmShape kSmall{.steps = 4, .n_static = 3, .outputs = 2, .layers = 2, .hidden = {5, 4}};
inline constexpr LstmShape kThree{.steps = 3, .n_static = 0, .outputs = 1, .layers = 3, .hidden = {19, 33, 7}};

}  // namespace glucose
