// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, T horizons of the trees. By head: CgmHeadKind, median first.
#pragma once
#include <optional>

#include "core/math/gate.hpp"
#include "core/tasks/cgm/trees_fit.hpp"

namespace glucose {

/// What trees of a population's model are grown with.
struct CgmBoostingOptions {
  const BoostingApi* boosting = nullptr;  // null: none are grown
  std::size_t memory_cap = 0;             // bytes of the whole training
  std::size_t least_rows = 20'000;        // to learn from: with fewer they corrected next to nothing
};

/// Whether trees may help: there are rows enough, of at least two persons a fold, and memory to grow them on as many.
bool may_boost_cgm(const CgmRows& rows, const CgmBoostingOptions& options);

/// What trees did for a head at a horizon, on persons they and the head had not learnt from: mean absolute error of
/// the median, root mean square error of the mean; mg/dL. share: of the correction that serves, 0: not better beyond
/// chance.
struct CgmTreesGain {
  double linear, corrected;
  float share;
};
using CgmTreesGains = std::array<std::array<CgmTreesGain, kCgmTreeCount>, 2>;

/// Heads of all rows and those without each fold.
struct CgmHeads {
  std::array<CgmHead, 2> all;
  std::array<std::vector<CgmHead>, 2> without_fold;  // [kCgmFolds]
};

/// Trees on what the heads leave of train and validation, in small steps: grown without each fold of persons, weighed
/// there, and grown again on all rows where they help. A share of the correction serves at a horizon when the errors
/// are then smaller by more than two standard errors, persons being the units: windows of one person say much the same.
class CgmBoosting {
 public:
  /// in: rows, heads, which must outlive it; for which may_boost_cgm() · options.boosting is not null
  CgmBoosting(const CgmRows& rows, const CgmHeads& heads, const CgmBoostingOptions& options);

  bool done() const { return head_ == 2; }
  void step();
  /// Whether any serves. Valid when done(), as all below.
  bool serves() const { return !trees_[0].empty() || !trees_[1].empty(); }
  CgmTrees& trees(std::size_t head) { return trees_[head]; }
  /// What serves of trees that have not learnt from a row's fold; of rows learnt from. [N]
  std::vector<CgmAtTrees>& corrections(std::size_t head) { return corrections_[head]; }
  const CgmTreesGains& gains() const { return gains_; }

 private:
  enum class Phase { growing, answering, weighing, again };
  /// By share tried: sums of errors, and what persons gain.
  struct TriedShares {
    static constexpr std::array<float, 5> kShares{0, 0.25F, 0.5F, 0.75F, 1};
    std::array<double, kShares.size()> all{}, person{};
    std::array<PairedSums, kShares.size()> gains{};
    std::size_t rows = 0;
    void add(double left, double correction, bool squared);
    void end_person();
    CgmTreesGain gain(bool squared) const;
  };

  CgmLoss loss() const { return head_ == 0 ? CgmLoss::window : CgmLoss::squared; }
  template <class Visit>
  bool visit(Visit&& each);
  void grow();
  void answer();
  void weigh();
  void settle();
  void grow_again();

  const CgmRows& rows_;
  const CgmHeads& heads_;
  const BoostingApi* boosting_;
  std::size_t every_;
  Phase phase_ = Phase::growing;
  std::size_t head_ = 0, fold_ = 0, row_ = 0;
  std::optional<CgmTreesFit> fit_;
  CgmTrees of_others_;  // of a fold
  std::array<TriedShares, kCgmTreeCount> tried_{};
  std::array<CgmTrees, 2> trees_;
  std::array<std::vector<CgmAtTrees>, 2> corrections_;
  CgmTreesGains gains_{};
};

}  // namespace glucose
