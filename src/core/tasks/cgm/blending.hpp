// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, P columns, K horizons. By head: median first, then mean.
#pragma once
#include <optional>
#include <vector>

#include "core/tasks/cgm/boosting.hpp"

namespace glucose {

/// A population of few persons: enough to leave some out, not enough for 82 columns.
constexpr bool are_few_persons(int persons) {
  return persons >= kCgmFolds && persons < 4 * kCgmFolds;
}

/// Penalties of all columns [P], in rows. in: that of a column · by how much more the longer past, the variation and
/// the clock cost: in those persons differ, of whom there may be few
std::vector<double> cgm_penalties(double penalty, double dearer);

/// For few persons: heads that see the last two hours one by one and nothing else, and how much of them is mixed into
/// those of all columns. By head and horizon the share (quarters) is that with the smallest error (absolute of the
/// median, squared of the mean) for persons left out, where it is smaller by more than a standard error over the folds;
/// horizons around are judged together, and shares fade from one to the next. Both are linear in the same columns, so
/// that what comes out is one head. In small steps.
class CgmBlending {
 public:
  /// in: heads of all rows and without each fold, which are mixed in place; both must outlive this
  CgmBlending(const CgmRows& rows, CgmHeads& heads);
  bool done() const { return head_ == 2; }
  void step();
  using Shares = std::array<std::array<float, kCgmHorizons>, 2>;
  const Shares& shares() const { return shares_; }

 private:
  static constexpr std::array<float, 5> kShares{0, 0.25F, 0.5F, 0.75F, 1};
  using Errors = std::array<std::array<double, kCgmHorizons>, kShares.size()>;

  void weigh();
  void mix();

  const CgmRows& rows_;
  CgmHeads& heads_;
  std::size_t head_ = 0, row_ = 0;
  std::optional<CgmFit> fit_;
  CgmHead short_head_;
  std::vector<CgmHead> short_without_;
  std::vector<Errors> errors_;  // [kCgmFolds]
  Shares shares_{};
};

}  // namespace glucose
