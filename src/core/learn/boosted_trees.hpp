// SPDX-License-Identifier: PostgreSQL
// Letters: N rows, P features.
#pragma once
#include <cstdint>
#include <span>

#include "core/learn/boosting_api.hpp"

namespace glucose {

/// How to boost. Weights of rows are best given with mean 1: min_child_weight and lambda are in their unit.
struct BoostedTreesOptions {
  int rounds = 100;             // 1 … 2000 trees
  int depth = 3;                // 1 … 12 splits from the root to a leaf
  double eta = 0.1;             // (0, 1]: what each tree counts
  double min_child_weight = 5;  // > 0: smallest sum of hessians (with squared errors: of weights) in a leaf
  double subsample = 0.8;       // (0, 1]: part of the rows a tree learns from
  double colsample = 0.8;       // (0, 1]: part of the features a tree may ask for
  double lambda = 1;            // >= 0: squared penalty on leaf values
  BoostingObjective objective = BoostingObjective::squared;
  double huber_slope = 1;  // > 0, of pseudo_huber: errors beyond it, in the target's unit, count linearly
  BoostingMethod method = BoostingMethod::histogram;
  std::uint64_t seed = 1;
};

/// Boosts regression trees on one target in small steps, one tree a step: `while (!fit.done()) { poll(); fit.step();
/// }`. The target is usually the residual of a model that has been fitted before; of the logistic objective it is 0 or
/// 1, and the sum of the trees is added to the log odds that `margins` say. One thread; the same rows, options and seed
/// give the same trees.
class BoostedTreesFit {
 public:
  /// in: the module's functions (null: it is not there), rows x [N × P] with NaN = missing, y [N], weights [N] or
  /// empty, margins [N] or empty: 0; all are copied · throws Error not_available without the module, bad_argument for
  /// options out of range, more nodes than Trees may hold, or sizes that do not fit together; internal for what XGBoost
  /// refuses (an infinite number)
  BoostedTreesFit(const BoostingApi* api, std::span<const float> x, int features, std::span<const float> y,
                  std::span<const float> weights, const BoostedTreesOptions& options,
                  std::span<const float> margins = {});
  ~BoostedTreesFit();
  BoostedTreesFit(BoostedTreesFit&&) noexcept;
  BoostedTreesFit& operator=(BoostedTreesFit&&) noexcept;

  bool done() const { return round_ == rounds_; }
  void step();
  double progress() const { return static_cast<double>(round_) / rounds_; }
  int rounds() const { return round_; }  // so far
  /// The trees so far: all of them when done.
  Trees take();

 private:
  const BoostingApi* api_;
  void* session_ = nullptr;
  int features_, rounds_, round_ = 0;
};

/// Upper estimate of the bytes a fit holds, beside what the caller does.
std::size_t boosted_trees_bytes_needed(std::size_t rows, int features, const BoostedTreesOptions& options);

/// Error not_available (0A000) for an algorithm whose module is not there.
[[noreturn]] void trees_not_available();

}  // namespace glucose
