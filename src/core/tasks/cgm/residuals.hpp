// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons.
#pragma once
#include <array>
#include <vector>

#include "core/base/steps.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

/// What the median head of a model leaves, in parts of the spread: from it, how wide the model's intervals are.
class CgmResiduals {
 public:
  void add(std::size_t k, float scaled) { of_[k].push_back(scaled); }
  /// Writes the model's quantiles; with a prior those are the prior's, and the spread, which is the prior's, is made as
  /// wide as the person's residuals are: a factor shrunken by how many hours there are. A horizon a step, or less of
  /// it; then they are forgotten.
  Steps say(CgmModel& model, const CgmModel* prior);

 private:
  void keep_quantiles(std::size_t k, CgmModel& model);
  void adapt_spread(std::size_t k, CgmModel& model, const CgmModel& prior) const;

  std::array<std::vector<float>, kCgmHorizons> of_;
};

}  // namespace glucose
