// SPDX-License-Identifier: PostgreSQL
#include "core/learn/trees.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/byte_io.hpp"

namespace glucose {

Trees::Trees(int features, std::span<const TreeNode> nodes) : features_(features) {
  if (features < 1 || features > kMaxFeatures) damaged("its trees have too many features");
  if (nodes.size() > kMaxNodes) damaged("its trees are too large");
  nodes_.reserve(nodes.size());
  while (nodes_.size() < nodes.size()) {
    roots_.push_back(static_cast<std::int32_t>(nodes_.size()));
    expected_ += add(nodes, 0);
  }
}

/// Adds the subtree that begins at the next node, which is `depth` splits below its root. Returns its mean by cover.
double Trees::add(std::span<const TreeNode> nodes, int depth) {
  const std::size_t place = nodes_.size();
  if (place == nodes.size()) damaged("a tree ends early");
  if (depth > kMaxDepth) damaged("a tree is too deep");
  const TreeNode& node = nodes[place];
  if (!std::isfinite(node.value)) damaged("a weight is not finite");
  depth_ = std::max(depth_, depth);
  if (node.feature == TreeNode::kLeaf) {
    if (!(node.cover >= kSmallestCover && node.cover <= kLargestCover)) damaged("a leaf's cover is out of range");
    nodes_.push_back({node.value, node.cover, 0, 0, false});
    return static_cast<double>(node.value);
  }
  if (node.feature < 0 || node.feature >= features_) damaged("a tree asks for a feature that is not there");
  nodes_.push_back({node.value, 0, 0, static_cast<std::int16_t>(node.feature), node.missing_left != 0});
  const double left = add(nodes, depth + 1);
  const std::size_t right_place = nodes_.size();
  const double right = add(nodes, depth + 1);
  const auto left_cover = static_cast<double>(nodes_[place + 1].cover);
  const auto right_cover = static_cast<double>(nodes_[right_place].cover);
  nodes_[place].right = static_cast<std::int32_t>(right_place);
  nodes_[place].cover = static_cast<float>(left_cover + right_cover);
  return (left_cover * left + right_cover * right) / (left_cover + right_cover);
}

void Trees::require(std::size_t columns) const {
  if (columns < static_cast<std::size_t>(features_)) throw Error(ErrorCode::internal, "too few features for the trees");
}

float Trees::predict(std::span<const float> x) const {
  require(x.size());
  double sum = 0;
  for (const std::int32_t root : roots_) {
    const Node* node = &nodes_[static_cast<std::size_t>(root)];
    while (!node->is_leaf())
      node = node->goes_left(x[static_cast<std::size_t>(node->feature)]) ? node + 1 : nodes_.data() + node->right;
    sum += static_cast<double>(node->value);
  }
  return static_cast<float>(sum);
}

namespace {

/// A feature on the way from the root: the part of rows that go this way when it is unknown and when it is known, and
/// the weight of the feature sets of this size.
struct Step {
  int feature;
  double unknown, known, weight;
};

/// One tree, one row. A path holds at most one step per level and the root's; each level works on a copy of its own.
struct Attribution {
  static constexpr std::size_t kLongest = Trees::kMaxDepth + 2;
  using Path = std::array<Step, kLongest>;

  const Trees::Node* nodes;
  const float* x;
  double* phi;

  static void extend(Path& path, int length, Step step) {
    step.weight = length == 0 ? 1 : 0;
    path[static_cast<std::size_t>(length)] = step;
    for (int i = length - 1; i >= 0; --i) {
      Step& at = path[static_cast<std::size_t>(i)];
      path[static_cast<std::size_t>(i) + 1].weight += step.known * at.weight * (i + 1) / (length + 1);
      at.weight *= step.unknown * (length - i) / (length + 1);
    }
  }

  /// Weights of the path without its step `which`, handed to `take(place, weight)` from the last place to the first.
  template <class Take>
  static void without(const Path& path, int last, int which, Take take) {
    const Step& removed = path[static_cast<std::size_t>(which)];
    double next = path[static_cast<std::size_t>(last)].weight;
    for (int i = last - 1; i >= 0; --i) {
      const double weight = path[static_cast<std::size_t>(i)].weight;
      double alone;
      if (removed.known != 0) {
        alone = next * (last + 1) / ((i + 1) * removed.known);
        next = weight - alone * removed.unknown * (last - i) / (last + 1);
      } else {
        alone = weight * (last + 1) / (removed.unknown * (last - i));
      }
      take(static_cast<std::size_t>(i), alone);
    }
  }

  /// in: the steps above [length], and the one that led to `place`
  void visit(std::size_t place, const Path& above, int length, Step step) const {
    Path path;
    std::copy_n(above.begin(), length, path.begin());
    extend(path, length, step);
    const Trees::Node& node = nodes[place];
    if (node.is_leaf()) return credit(path, length, static_cast<double>(node.value));
    int last = length;
    double unknown = 1, known = 1;
    // A feature asked before: its two steps become one.
    for (int i = 1; i <= length; ++i) {
      const Step before = path[static_cast<std::size_t>(i)];
      if (before.feature != node.feature) continue;
      unknown = before.unknown, known = before.known;
      without(path, length, i, [&](std::size_t at, double weight) { path[at].weight = weight; });
      for (int j = i; j < length; ++j) {
        Step& at = path[static_cast<std::size_t>(j)];
        const Step& after = path[static_cast<std::size_t>(j) + 1];
        at.feature = after.feature, at.unknown = after.unknown, at.known = after.known;
      }
      --last;
      break;
    }
    const bool left = node.goes_left(x[node.feature]);
    const auto right_place = static_cast<std::size_t>(node.right);
    const auto left_cover = static_cast<double>(nodes[place + 1].cover);
    const auto right_cover = static_cast<double>(nodes[right_place].cover);
    const double both = left_cover + right_cover;
    visit(place + 1, path, last + 1, {node.feature, unknown * left_cover / both, left ? known : 0, 0});
    visit(right_place, path, last + 1, {node.feature, unknown * right_cover / both, left ? 0 : known, 0});
  }

  void credit(const Path& path, int last, double value) const {
    for (int i = 1; i <= last; ++i) {
      double weight = 0;
      without(path, last, i, [&](std::size_t, double alone) { weight += alone; });
      const Step& step = path[static_cast<std::size_t>(i)];
      phi[step.feature] += weight * (step.known - step.unknown) * value;
    }
  }
};

}  // namespace

void Trees::contributions(std::span<const float> x, std::span<double> phi, double& expected) const {
  require(std::min(x.size(), phi.size()));
  std::fill(phi.begin(), phi.end(), 0.0);
  const Attribution attribution{nodes_.data(), x.data(), phi.data()};
  for (const std::int32_t root : roots_) attribution.visit(static_cast<std::size_t>(root), {}, 0, {-1, 1, 1, 0});
  expected = expected_;
}

std::vector<TreeNode> Trees::preorder() const {
  std::vector<TreeNode> nodes;
  nodes.reserve(nodes_.size());
  for (const Node& node : nodes_)
    nodes.push_back(
        {node.is_leaf() ? TreeNode::kLeaf : node.feature, node.missing_left ? 1 : 0, node.value, node.cover});
  return nodes;
}

void write(ByteWriter& out, const Trees& trees) {
  out.number(trees.nodes());
  for (const TreeNode& node : trees.preorder()) {
    const bool leaf = node.feature == TreeNode::kLeaf;
    out.number(leaf ? 0 : 2 * (node.feature + 1) + node.missing_left);
    out.real(node.value);
    if (leaf) out.real(node.cover);
  }
}

Trees read_trees(ByteReader& in, int features) {
  const int n = in.number(0, static_cast<int>(Trees::kMaxNodes));
  std::vector<TreeNode> nodes;  // grows with the bytes that are there
  for (int i = 0; i < n; ++i) {
    const int tag = in.number(0, 2 * features + 1);
    if (tag == 1) damaged("a tree asks for a feature that is not there");
    TreeNode node{tag == 0 ? TreeNode::kLeaf : tag / 2 - 1, tag % 2, in.real(), 0};
    if (tag == 0) node.cover = in.real();
    nodes.push_back(node);
  }
  return {features, nodes};
}

}  // namespace glucose
