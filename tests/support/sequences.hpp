// SPDX-License-Identifier: PostgreSQL
// Random sequences and networks of them.
#pragma once
#include <vector>

#include "plain_sequence_net.hpp"

namespace glucose {

inline constexpr SequenceShape kDays{};  // the shape that daily metrics have
inline const std::vector<SequenceShape>& small_shapes() {
  static const std::vector<SequenceShape> shapes{
      {.steps = 4, .features = 3, .outputs = 1, .layers = 1, .hidden = 5},
      {.steps = 5, .features = 17, .outputs = 1, .layers = 2, .hidden = 6, .bidirectional = true},
      {.steps = 4, .features = 3, .outputs = 1, .layers = 2, .hidden = 5, .attention = true},
      {.steps = 3, .features = 2, .outputs = 3, .layers = 3, .hidden = 4, .bidirectional = true, .attention = true},
      {.steps = 1, .features = 4, .outputs = 2, .layers = 1, .hidden = 18, .bidirectional = true},
      {.steps = 3, .features = 5, .outputs = 2, .layers = 2, .hidden = 33},
  };
  return shapes;
}

inline std::vector<float> normals(std::size_t n, std::uint64_t seed) {
  Random rng(seed);
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>(rng.normal());
  return values;
}

inline std::size_t floats_of(const SequenceShape& shape, int B) {
  return static_cast<std::size_t>(B) * static_cast<std::size_t>(shape.steps) * static_cast<std::size_t>(shape.features);
}

inline std::vector<const float*> pointers_to(const SequenceShape& shape, const std::vector<float>& sequences) {
  std::vector<const float*> pointers;
  for (std::size_t i = 0; i < sequences.size(); i += floats_of(shape, 1)) pointers.push_back(sequences.data() + i);
  return pointers;
}

/// Every block holds something, biases, gains and running statistics too.
inline SequenceNet random_sequence_net(const SequenceShape& shape, std::uint64_t seed,
                                       SimdLevel level = best_simd_level()) {
  SequenceNet net(shape, level);
  Random rng(seed);
  net.initialise(rng);
  for (float& parameter : net.parameters()) parameter += static_cast<float>(0.1 * rng.normal());
  for (std::size_t i = 0; i < net.statistics().size(); ++i)
    net.statistics()[i] = static_cast<float>(is_variance(i) ? rng.uniform(0.1, 0.9) : 0.2 * rng.normal());
  return net;
}

inline PlainSequenceNet plain(const SequenceNet& net) {
  return {net.shape(),
          {net.parameters().begin(), net.parameters().end()},
          {net.statistics().begin(), net.statistics().end()}};
}

}  // namespace glucose
