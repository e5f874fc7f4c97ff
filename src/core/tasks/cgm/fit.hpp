// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, P columns, K horizons.
#pragma once
#include <memory>
#include <vector>

#include "core/tasks/cgm/rows.hpp"
#include "core/tasks/cgm/trees.hpp"

namespace glucose {

/// A linear forecast of the change from the last reading, mg/dL: coefficients [P × K].
using CgmHead = std::vector<float>;

/// The changes at all horizons, mg/dL. in: x [P]
inline CgmTargets cgm_changes(const CgmHead& head, const float* x) {
  CgmTargets change{};
  for (std::size_t p = 0; p < kCgmColumns; ++p)
    for (std::size_t k = 0; k < kCgmHorizons; ++k) change[k] += head[p * kCgmHorizons + k] * x[p];
  return change;
}

/// squared: least squares, for the mean. window: a robust loss of whole windows, for what mostly happens: the sum of
/// log(c · median + E) over rows, E the mean squared error over the horizons of an hour, c falling from 3 to 0.3.
enum class CgmLoss : std::uint8_t { squared, window };

struct CgmFitOptions {
  CgmLoss loss = CgmLoss::window;
  double penalty = 0;               // ridge, in rows; not on the intercept
  std::vector<double> penalties{};  // [P] or empty: of each column, instead of that
  CgmHead start{};                  // [P × K] or empty: a fit to go on from
  bool folds = false;               // also fit without each fold
  const CgmHead* prior = nullptr;   // a person's fit: only kCgmOwn is corrected, on the prior's residual
  const std::vector<CgmAtTrees>* corrections = nullptr;  // [N] what trees add to the prior
};

/// Fits a head in small steps (a pass over some hundred rows or one solution each). The two hours of horizons are
/// fitted apart: rows with outcomes at each of an hour's 12 horizons, weighted alike for all 12, so that one set of
/// normal equations does. Weights 1/(c · median + E) by iteratively reweighted least squares (8 times; 3 times from a
/// start). An hour without rows stays at the prior, or the start, or zero.
class CgmFit {
 public:
  /// rows must outlive the fit
  CgmFit(const CgmRows& rows, SplitMask learnt, CgmFitOptions options);
  ~CgmFit();
  CgmFit(CgmFit&&) noexcept;
  CgmFit& operator=(CgmFit&&) noexcept;

  bool done() const;
  void step();
  CgmHead take();
  /// With options.folds: the heads fitted without each fold, with the weights of the whole fit; [kCgmFolds].
  std::vector<CgmHead> take_fold_heads();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
