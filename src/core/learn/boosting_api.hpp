// SPDX-License-Identifier: PostgreSQL
// The plain C interface between core, which fits boosted trees, and the module that calls XGBoost (src/boosting). The
// server's loader brings the two together; core sees a table of functions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/learn/trees.hpp"

namespace glucose {

/// Changes with every change in this file: a module left over from another build is not called.
inline constexpr std::uint32_t kBoostingVersion = 2;

enum class BoostingObjective : std::int32_t { squared, pseudo_huber, logistic };
enum class BoostingMethod : std::int32_t { histogram, exact };
enum class BoostingStatus : std::int32_t { ok, failed, out_of_memory };

/// Rows to learn from; copied by begin.
struct BoostingRows {
  const float* x;        // [rows × columns] row-major, NaN = missing
  const float* y;        // [rows]
  const float* weights;  // [rows], or null: all 1
  const float* margins;  // [rows] what the trees are added to, or null: 0
  std::size_t rows, columns;
};

/// See BoostedTreesOptions for what they mean.
struct BoostingOptions {
  BoostingObjective objective;
  BoostingMethod method;
  std::int32_t depth, seed;
  double eta, min_child_weight, subsample, colsample, lambda, huber_slope;
};

struct BoostingError {
  char message[200];
};

/// No function throws; those that return not ok have filled `error`. A session belongs to one thread.
struct BoostingApi {
  std::uint32_t version;
  BoostingStatus (*begin)(const BoostingRows* rows, const BoostingOptions* options, void** session,
                          BoostingError* error);
  BoostingStatus (*step)(void* session, BoostingError* error);  // one round: one more tree
  /// out: the trees so far in pre-order, valid until the session's next call
  BoostingStatus (*take)(void* session, const TreeNode** nodes, std::size_t* n, BoostingError* error);
  void (*free)(void* session);
};
static_assert(std::is_trivially_copyable_v<BoostingApi> && std::is_trivially_copyable_v<TreeNode> &&
              std::is_trivially_copyable_v<BoostingRows> && std::is_trivially_copyable_v<BoostingOptions>);

}  // namespace glucose
