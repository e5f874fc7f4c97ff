// SPDX-License-Identifier: PostgreSQL
// Shapes: T horizons of the trees, P columns, K horizons, V columns that trees see.
#pragma once
#include <vector>

#include "core/learn/trees.hpp"
#include "core/tasks/cgm/features.hpp"

namespace glucose {

/// Trees correct a head at 30, 60 and 120 minutes; in between they are interpolated.
inline constexpr std::array<std::size_t, 3> kCgmTreeHorizons{5, 11, 23};
inline constexpr std::size_t kCgmTreeCount = kCgmTreeHorizons.size();                // T
inline constexpr std::size_t kCgmTreeColumns = kCgmTreeSees.size() + kCgmTreeCount;  // V

using CgmAtTrees = std::array<float, kCgmTreeCount>;  // mg/dL at the trees' horizons
using CgmTreeRow = std::array<float, kCgmTreeColumns>;

/// What boosted trees add to a head: a correction of what its linear forecast leaves.
struct CgmTrees {
  std::vector<float> linear;                 // [P × T], or none: the forecast they were grown on, which they see, too
  std::array<Trees, kCgmTreeCount> trees;    // [T] without a tree where they do not serve
  std::array<float, kCgmTreeCount> share{};  // [T] 0 … 1 of their correction that serves

  bool empty() const { return linear.empty(); }
  /// V columns: kCgmTreeSees of x [P], then the linear forecasts.
  CgmTreeRow sees(const float* x) const;
  /// What serves at the trees' horizons. in: x [P]
  CgmAtTrees correction(const float* x) const;
};

/// The columns of a head at the trees' horizons: [P × K] → [P × T].
std::vector<float> cgm_linear_of(const std::vector<float>& head);

/// A correction at all horizons: linear between those of the trees, from nothing at the last reading.
CgmTargets cgm_at_all(const CgmAtTrees& correction);
inline void add_correction(const CgmAtTrees& correction, CgmTargets& to) {
  const CgmTargets all = cgm_at_all(correction);
  for (std::size_t k = 0; k < kCgmHorizons; ++k) to[k] += all[k];
}

/// CgmTrees ↔ bytes, within an artifact. read throws Error model_mismatch for what is damaged.
void write(ByteWriter& out, const CgmTrees& trees);
CgmTrees read_cgm_trees(ByteReader& in);

}  // namespace glucose
