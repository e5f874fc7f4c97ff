// SPDX-License-Identifier: PostgreSQL
// Trees without XGBoost: forecasts, contributions against brute-force Shapley values, bytes. Letters: P features.
#include "core/learn/trees.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/base/byte_io.hpp"
#include "core/base/random.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

using Nodes = std::vector<TreeNode>;
constexpr std::int32_t kLeaf = TreeNode::kLeaf;

void grow(Nodes& nodes, Random& rng, int features, int depth) {
  if (depth == 0 || rng.below(6) == 0) {
    nodes.push_back({kLeaf, 0, static_cast<float>(rng.uniform(-20, 20)), static_cast<float>(rng.uniform(1, 50))});
    return;
  }
  const auto feature = static_cast<std::int32_t>(rng.below(static_cast<std::uint32_t>(features)));
  const auto missing_left = static_cast<std::int32_t>(rng.below(2));
  nodes.push_back({feature, missing_left, static_cast<float>(rng.uniform(-1, 1)), 0});
  grow(nodes, rng, features, depth - 1);
  grow(nodes, rng, features, depth - 1);
}

Trees random_trees(std::uint64_t seed, int features, int n, int depth) {
  Random rng(seed);
  Nodes nodes;
  for (int i = 0; i < n; ++i) grow(nodes, rng, features, depth);
  return {features, nodes};
}

std::vector<float> random_row(Random& rng, int features) {
  std::vector<float> x;
  x.reserve(static_cast<std::size_t>(features));
  for (int i = 0; i < features; ++i) x.push_back(rng.below(5) == 0 ? kUnknown : static_cast<float>(rng.uniform(-2, 2)));
  return x;
}

/// The mean of the leaves at or below a node that a row may reach when only the features in the set are known, by
/// cover. `place` ends after the subtree.
double expectation(const Nodes& nodes, std::size_t& place, std::span<const float> x, unsigned known, double& cover) {
  const TreeNode& node = nodes[place++];
  cover = static_cast<double>(node.cover);
  if (node.feature == kLeaf) return static_cast<double>(node.value);
  double left_cover = 0, right_cover = 0;
  const double left = expectation(nodes, place, x, known, left_cover);
  const double right = expectation(nodes, place, x, known, right_cover);
  cover = left_cover + right_cover;
  if ((known >> node.feature & 1U) == 0) return (left * left_cover + right * right_cover) / cover;
  const float asked = x[static_cast<std::size_t>(node.feature)];
  return (std::isnan(asked) ? node.missing_left != 0 : asked < node.value) ? left : right;
}

double expectation(const Trees& trees, std::span<const float> x, unsigned known) {
  const Nodes nodes = trees.preorder();
  double sum = 0, cover = 0;
  for (std::size_t place = 0; place < nodes.size();) sum += expectation(nodes, place, x, known, cover);
  return sum;
}

double factorial(int n) {
  return std::tgamma(n + 1.0);
}

/// Shapley's own formula, over all sets of features.
std::vector<double> shapley(const Trees& trees, std::span<const float> x) {
  const int P = trees.features();
  std::vector<double> phi(static_cast<std::size_t>(P), 0.0);
  for (unsigned set = 0; set < 1U << P; ++set)
    for (int i = 0; i < P; ++i) {
      if ((set >> i & 1U) != 0) continue;
      const int size = std::popcount(set);
      const double weight = factorial(size) * factorial(P - size - 1) / factorial(P);
      phi[static_cast<std::size_t>(i)] += weight * (expectation(trees, x, set | 1U << i) - expectation(trees, x, set));
    }
  return phi;
}

TEST(Trees, AsksAsXgboostDoes) {
  // Below 1.5 goes left: 10; else 20. Unknown goes where the split says.
  for (const std::int32_t missing_left : {0, 1}) {
    const Trees trees(2, Nodes{{1, missing_left, 1.5F, 0}, {kLeaf, 0, 10, 3}, {kLeaf, 0, 20, 1}});
    EXPECT_EQ(trees.predict(std::vector<float>{9, 1}), 10);
    EXPECT_EQ(trees.predict(std::vector<float>{9, std::nextafter(1.5F, 0.0F)}), 10);
    EXPECT_EQ(trees.predict(std::vector<float>{9, 1.5F}), 20);
    EXPECT_EQ(trees.predict(std::vector<float>{9, kUnknown}), missing_left != 0 ? 10 : 20);
    EXPECT_EQ(trees.depth(), 1);
    EXPECT_EQ(trees.nodes(), 3);
    EXPECT_EQ(trees.trees(), 1);
  }
}

TEST(Trees, ContributionsOfOneSplit) {
  const Trees trees(2, Nodes{{1, 0, 1.5F, 0}, {kLeaf, 0, 10, 3}, {kLeaf, 0, 20, 1}});
  std::vector<double> phi(2, 99);
  double expected = 0;
  trees.contributions(std::vector<float>{0, 4}, phi, expected);
  EXPECT_DOUBLE_EQ(expected, 12.5);
  EXPECT_DOUBLE_EQ(phi[0], 0);
  EXPECT_DOUBLE_EQ(phi[1], 7.5);
}

TEST(Trees, NoTreeForecastsZero) {
  const Trees none(3, {}), leaf(3, Nodes{{kLeaf, 0, 4, 1}});
  std::vector<double> phi(3, 9);
  double expected = 1;
  none.contributions(std::vector<float>{1, 2, 3}, phi, expected);
  EXPECT_EQ(none.predict(std::vector<float>{1, 2, 3}), 0);
  EXPECT_EQ(expected, 0);
  leaf.contributions(std::vector<float>{1, 2, 3}, phi, expected);
  EXPECT_EQ(expected, 4);
  EXPECT_EQ(phi, (std::vector<double>{0, 0, 0}));
}

TEST(Trees, ContributionsAreShapleyValues) {
  // Few features and deep trees: the same one is asked several times on a way.
  Random rng(5);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Trees trees = random_trees(seed, 2 + static_cast<int>(seed % 4), 3, 6);
    const std::vector<float> x = random_row(rng, trees.features());
    std::vector<double> phi(x.size());
    double expected = 0;
    trees.contributions(x, phi, expected);
    EXPECT_NEAR(expected, expectation(trees, x, 0), 1e-5);
    const std::vector<double> exact = shapley(trees, x);
    for (std::size_t i = 0; i < phi.size(); ++i) EXPECT_NEAR(phi[i], exact[i], 1e-5) << seed << " " << i;
  }
}

TEST(Trees, ContributionsAddUp) {
  Random rng(6);
  for (const int depth : {1, 4, Trees::kMaxDepth}) {
    const Trees trees = random_trees(7, 47, depth == Trees::kMaxDepth ? 4 : 100, depth);
    for (int row = 0; row < 20; ++row) {
      const std::vector<float> x = random_row(rng, 47);
      std::vector<double> phi(47);
      double sum = 0;
      trees.contributions(x, phi, sum);
      for (const double part : phi) sum += part;
      const auto forecast = static_cast<double>(trees.predict(x));
      EXPECT_NEAR(sum, forecast, 1e-6 * std::max(1.0, std::abs(forecast)));
    }
  }
}

TEST(Trees, TooFewFeaturesAreRefused) {
  const Trees trees = random_trees(1, 5, 2, 3);
  std::vector<double> phi(5);
  double expected;
  const std::vector<float> four(4), five(5);
  EXPECT_EQ(error_of([&] { (void)trees.predict(four); }).code(), ErrorCode::internal);
  EXPECT_EQ(error_of([&] { trees.contributions(five, {phi.data(), 4}, expected); }).code(), ErrorCode::internal);
}

void expect_damaged(int features, const Nodes& nodes, const char* why) {
  const Error error = error_of([&] { const Trees trees(features, nodes); });
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
  EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
}

TEST(Trees, RefusesWhatIsNoTree) {
  const TreeNode leaf{kLeaf, 0, 1, 1}, split{0, 0, 1, 0};
  const float inf = std::numeric_limits<float>::infinity();
  expect_damaged(2, {split}, "ends early");
  expect_damaged(2, {split, leaf}, "ends early");
  expect_damaged(2, {leaf, split, leaf}, "ends early");
  expect_damaged(2, {{2, 0, 1, 0}, leaf, leaf}, "not there");
  expect_damaged(2, {{-2, 0, 1, 0}, leaf, leaf}, "not there");
  expect_damaged(2, {{0, 0, kUnknown, 0}, leaf, leaf}, "not finite");
  expect_damaged(2, {{kLeaf, 0, inf, 1}}, "not finite");
  for (const float cover : {0.0F, -1.0F, 1e-7F, 1e13F, kUnknown, inf})
    expect_damaged(2, {{kLeaf, 0, 1, cover}}, "cover");
  Nodes deep(Trees::kMaxDepth + 1, split);
  deep.resize(2 * deep.size() + 1, leaf);
  expect_damaged(2, deep, "too deep");
  expect_damaged(2, Nodes(Trees::kMaxNodes + 1, leaf), "too large");
  expect_damaged(0, {leaf}, "too many features");
  expect_damaged(Trees::kMaxFeatures + 1, {leaf}, "too many features");
}

TEST(Trees, UnevenCoversStayFinite) {
  // The rarest way down, at the limits: nothing divides by zero.
  Nodes nodes;
  for (int i = 0; i < Trees::kMaxDepth; ++i) nodes.push_back({i % 5, 0, 0, 0});
  nodes.push_back({kLeaf, 0, 3, Trees::kSmallestCover});
  for (int i = 0; i < Trees::kMaxDepth; ++i) nodes.push_back({kLeaf, 0, 1, Trees::kLargestCover});
  const Trees trees(5, nodes);
  std::vector<double> phi(5);
  for (const float side : {-1.0F, 1.0F}) {
    double sum = 0;
    trees.contributions(std::vector<float>(5, side), phi, sum);
    for (const double part : phi) sum += part;
    EXPECT_NEAR(sum, side < 0 ? 3 : 1, 1e-9);
  }
}

std::vector<std::uint8_t> bytes_of(const Trees& trees) {
  ByteWriter out;
  write(out, trees);
  auto bytes = out.finish();
  bytes.resize(bytes.size() - 4);  // without the checksum: it is the artifact's
  return bytes;
}

Trees read(std::span<const std::uint8_t> bytes, int features) {
  ByteReader in(bytes);
  Trees trees = read_trees(in, features);
  if (!in.empty()) damaged("it has more bytes");
  return trees;
}

TEST(Trees, BytesRoundTrip) {
  Random rng(8);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Trees trees = random_trees(seed, 47, 30, 5);
    const auto bytes = bytes_of(trees);
    const Trees again = read(bytes, 47);
    EXPECT_EQ(bytes_of(again), bytes);
    EXPECT_EQ(again.features(), 47);
    EXPECT_EQ(again.depth(), trees.depth());
    for (int row = 0; row < 50; ++row) {
      const std::vector<float> x = random_row(rng, 47);
      EXPECT_EQ(std::bit_cast<std::uint32_t>(again.predict(x)), std::bit_cast<std::uint32_t>(trees.predict(x)));
      std::vector<double> a(47), b(47);
      double expected_a = 0, expected_b = 0;
      trees.contributions(x, a, expected_a);
      again.contributions(x, b, expected_b);
      EXPECT_EQ(a, b);
      EXPECT_EQ(expected_a, expected_b);
    }
  }
  EXPECT_EQ(read(bytes_of(Trees(3, {})), 3).trees(), 0);
}

TEST(Trees, DamagedBytesAreRefusedOrHarmless) {
  const auto bytes = bytes_of(random_trees(3, 4, 3, 4));
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_EQ(error_of([&] { (void)read({bytes.data(), n}, 4); }).code(), ErrorCode::model_mismatch) << n;
  Random rng(9);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    auto bad = bytes;
    for (std::uint32_t flips = 1 + rng.below(3); flips > 0; --flips)
      bad[rng.below(static_cast<std::uint32_t>(bad.size()))] ^= static_cast<std::uint8_t>(1U << rng.below(8));
    try {
      const Trees trees = read(bad, 4);
      EXPECT_EQ(bytes_of(trees), bad);
      std::vector<double> phi(4);
      double expected = 0;
      trees.contributions(random_row(rng, 4), phi, expected);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(Trees, HugeCountsAllocateNothing) {
  const std::vector<std::uint8_t> huge{0xff, 0xff, 0xff, 0x7f}, most{0, 0, 2, 0};
  EXPECT_EQ(error_of([&] { (void)read(huge, 4); }).code(), ErrorCode::model_mismatch);
  EXPECT_EQ(error_of([&] { (void)read(most, 4); }).code(), ErrorCode::model_mismatch);
}

}  // namespace
}  // namespace glucose
