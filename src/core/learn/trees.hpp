// SPDX-License-Identifier: PostgreSQL
// Letters: P features.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace glucose {

class ByteReader;
class ByteWriter;

/// A node of a regression tree as it is built and stored. Trees are written in pre-order: a node, its left subtree,
/// its right subtree; so where the children are need not be said, and cannot be said wrongly.
struct TreeNode {
  std::int32_t feature;       // what a split asks for; kLeaf: this is a leaf
  std::int32_t missing_left;  // of a split: 1 when a row whose feature is NaN goes left
  float value;                // split: x[feature] < value goes left; leaf: what it adds to the forecast
  float cover;                // of a leaf: sum of hessians of the training rows in it; of a split it is not read

  static constexpr std::int32_t kLeaf = -1;
};

/// A boosted ensemble of regression trees for one target; the forecast is the sum of one leaf of each.
class Trees {
 public:
  static constexpr int kMaxDepth = 12;
  static constexpr int kMaxFeatures = 4096;
  static constexpr std::size_t kMaxNodes = std::size_t{1} << 17;
  static constexpr float kSmallestCover = 1e-6F, kLargestCover = 1e12F;

  /// No tree: forecasts 0.
  Trees() = default;
  /// in: P, whole trees in pre-order one after another · throws Error model_mismatch when they are not that: too deep,
  /// too many, incomplete, not finite, a feature or a cover out of range
  Trees(int features, std::span<const TreeNode> nodes);

  /// in: x [P], NaN = missing · compares floats exactly as XGBoost does
  float predict(std::span<const float> x) const;

  /// What each feature adds to the forecast, in its unit: path-dependent TreeSHAP, exact.
  /// in: x [P] · out: phi [P], overwritten; expected, the mean forecast over the training rows by cover;
  /// expected + Σ phi = predict(x). Source: Lundberg, Erion and Lee, "Consistent individualized feature attribution
  /// for tree ensembles", 2018, algorithm 2.
  void contributions(std::span<const float> x, std::span<double> phi, double& expected) const;

  int features() const { return features_; }
  int trees() const { return static_cast<int>(roots_.size()); }
  int nodes() const { return static_cast<int>(nodes_.size()); }
  int depth() const { return depth_; }  // of the deepest tree; 0: only leaves
  /// As given to the constructor, with the cover of a split being the sum of its leaves'.
  std::vector<TreeNode> preorder() const;

  /// A node as it is asked: the left child is the next node.
  struct Node {
    float value, cover;
    std::int32_t right;  // place of the right child; 0: this is a leaf
    std::int16_t feature;
    bool missing_left;

    bool is_leaf() const { return right == 0; }
    bool goes_left(float x) const { return x < value || (missing_left && std::isnan(x)); }
  };

 private:
  double add(std::span<const TreeNode> nodes, int depth);
  void require(std::size_t columns) const;

  int features_ = 0, depth_ = 0;
  double expected_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::int32_t> roots_;
};

/// Trees ↔ bytes, within an artifact: number of nodes, then per node 0, value and cover (a leaf) or
/// 2 (feature + 1) + missing_left and threshold (a split). read_trees throws Error model_mismatch for what is damaged.
void write(ByteWriter& out, const Trees& trees);
Trees read_trees(ByteReader& in, int features);

}  // namespace glucose
