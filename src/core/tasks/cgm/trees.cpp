// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/trees.hpp"

#include "core/base/byte_io.hpp"

namespace glucose {

namespace {
constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, T = kCgmTreeCount;
}

CgmTreeRow CgmTrees::sees(const float* x) const {
  CgmTreeRow row{};
  float* forecast = &row[kCgmTreeSees.size()];
  for (std::size_t p = 0; p < P; ++p)
    for (std::size_t t = 0; t < T; ++t) forecast[t] += linear[p * T + t] * x[p];
  for (std::size_t i = 0; i < kCgmTreeSees.size(); ++i) row[i] = x[kCgmTreeSees[i]];
  return row;
}

CgmAtTrees CgmTrees::correction(const float* x) const {
  CgmAtTrees correction{};
  if (empty()) return correction;
  const CgmTreeRow row = sees(x);
  for (std::size_t t = 0; t < T; ++t)
    if (share[t] > 0) correction[t] = share[t] * trees[t].predict(row);
  return correction;
}

std::vector<float> cgm_linear_of(const std::vector<float>& head) {
  std::vector<float> linear;
  for (std::size_t p = 0; p < P; ++p)
    for (const std::size_t k : kCgmTreeHorizons) linear.push_back(head[p * K + k]);
  return linear;
}

CgmTargets cgm_at_all(const CgmAtTrees& correction) {
  CgmTargets all;
  float from = 0;
  std::size_t steps_before = 0, k = 0;  // from the last reading to `from`
  for (std::size_t t = 0; t < T; ++t) {
    const std::size_t steps = kCgmTreeHorizons[t] + 1;
    for (; k < steps; ++k)
      all[k] = from + (correction[t] - from) * static_cast<float>(k + 1 - steps_before) /
                          static_cast<float>(steps - steps_before);
    from = correction[t];
    steps_before = steps;
  }
  static_assert(kCgmTreeHorizons.back() + 1 == K);
  return all;
}

void write(ByteWriter& out, const CgmTrees& trees) {
  out.reals(trees.linear);
  if (trees.empty()) return;
  out.reals(trees.share);
  for (const Trees& of_horizon : trees.trees) write(out, of_horizon);
}

CgmTrees read_cgm_trees(ByteReader& in) {
  CgmTrees trees;
  trees.linear = in.reals_or_none(P * T);
  if (trees.empty()) return trees;
  const std::vector<float> share = in.reals(T);
  for (std::size_t t = 0; t < T; ++t) {
    if (share[t] < 0 || share[t] > 1) damaged("a share is out of range");
    trees.share[t] = share[t];
    trees.trees[t] = read_trees(in, static_cast<int>(kCgmTreeColumns));
  }
  return trees;
}

}  // namespace glucose
