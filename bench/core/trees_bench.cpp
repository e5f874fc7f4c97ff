// SPDX-License-Identifier: PostgreSQL
// Boosted trees of 47 features, complete at their depth: a forecast, and the contributions of its features.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/base/random.hpp"
#include "core/learn/trees.hpp"

namespace {

constexpr int kColumns = 47;

void grow(std::vector<glucose::TreeNode>& nodes, glucose::Random& rng, int depth) {
  if (depth == 0) {
    nodes.push_back({glucose::TreeNode::kLeaf, 0, static_cast<float>(rng.normal()), 1});
    return;
  }
  nodes.push_back({static_cast<std::int32_t>(rng.below(kColumns)), 0, static_cast<float>(rng.normal()), 0});
  grow(nodes, rng, depth - 1);
  grow(nodes, rng, depth - 1);
}

glucose::Trees trees_of(const benchmark::State& state) {
  glucose::Random rng(1);
  std::vector<glucose::TreeNode> nodes;
  for (auto n = state.range(0); n > 0; --n) grow(nodes, rng, static_cast<int>(state.range(1)));
  return {kColumns, nodes};
}

/// Many rows in turn, so that the branches are not learnt by heart.
std::vector<std::vector<float>> rows() {
  glucose::Random rng(2);
  std::vector<std::vector<float>> made(256);
  for (auto& row : made)
    for (int i = 0; i < kColumns; ++i) row.push_back(static_cast<float>(rng.normal()));
  return made;
}

void trees_forecast(benchmark::State& state) {
  const glucose::Trees trees = trees_of(state);
  const auto asked = rows();
  std::size_t next = 0;
  while (state.KeepRunning()) benchmark::DoNotOptimize(trees.predict(asked[next++ % asked.size()]));
}

void trees_contributions(benchmark::State& state) {
  const glucose::Trees trees = trees_of(state);
  const auto asked = rows();
  std::vector<double> phi(kColumns);
  double expected = 0;
  std::size_t next = 0;
  while (state.KeepRunning()) {
    trees.contributions(asked[next++ % asked.size()], phi, expected);
    benchmark::DoNotOptimize(phi.data());
  }
}

BENCHMARK(trees_forecast)
    ->ArgNames({"trees", "depth"})
    ->Args({100, 3})
    ->Args({100, 4})
    ->Args({300, 6})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(trees_contributions)
    ->ArgNames({"trees", "depth"})
    ->Args({100, 3})
    ->Args({100, 4})
    ->Args({300, 6})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
