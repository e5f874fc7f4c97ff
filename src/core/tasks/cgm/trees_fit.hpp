// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, T horizons of the trees, V columns that trees see.
#pragma once
#include <optional>

#include "core/learn/boosted_trees.hpp"
#include "core/tasks/cgm/fit.hpp"
#include "core/tasks/cgm/trees.hpp"

namespace glucose {

/// Which rows trees learn from: of a mask, without a fold, and evenly thinned.
struct CgmTreesFitOptions {
  SplitMask learnt = 0;
  std::size_t without_fold = kCgmFolds;  // kCgmFolds: all folds
  std::size_t every = 1;                 // of so many rows one
  std::array<bool, kCgmTreeCount> wanted{};
};

/// Grows trees on what a head leaves, in small steps: a pass over some hundred rows or one tree each. Rows are those
/// with outcomes at all horizons. For the loss of windows they weigh 1/(median + E), E the mean squared error of the
/// hour.
class CgmTreesFit {
 public:
  /// in: rows and head, which must outlive the fit; the module's functions
  CgmTreesFit(const CgmRows& rows, const CgmHead& head, CgmLoss loss, const CgmTreesFitOptions& options,
              const BoostingApi* boosting);

  bool done() const { return horizon_ == kCgmTreeCount; }
  void step();
  /// With a share of 1 at the horizons wanted, else 0.
  CgmTrees take() { return std::move(trees_); }

  /// Bytes per row that such a fit needs beside the rows themselves, and beside all rows.
  static std::size_t bytes_per_row();
  static std::size_t bytes_needed(std::size_t rows);

 private:
  void gather();
  void add(std::size_t row);
  void weigh(std::vector<float>& errors);
  void boost();
  BoostedTreesOptions options_of(std::size_t t) const;

  const CgmRows& rows_;
  const CgmHead& head_;
  CgmLoss loss_;
  CgmTreesFitOptions options_;
  const BoostingApi* boosting_;
  CgmTrees trees_;
  std::size_t row_ = 0, horizon_ = 0;
  std::vector<float> x_;                                         // [N × V]
  std::array<std::vector<float>, kCgmTreeCount> left_, weight_;  // [N] mg/dL; mean 1, or none
  std::optional<BoostedTreesFit> fit_;
};

}  // namespace glucose
