// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons.
#pragma once
#include <array>
#include <vector>

#include "core/base/steps.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

/// What the median head of a model leaves, in parts of the spread: of it are the model's quantiles.
class CgmResiduals {
 public:
  void add(std::size_t k, float scaled) { of_[k].push_back(scaled); }
  /// Writes the model's quantiles, a horizon a step, or less of it; then they are forgotten.
  Steps say(CgmModel& model);

 private:
  void keep_quantiles(std::size_t k, CgmModel& model);

  std::array<std::vector<float>, kCgmHorizons> of_;
};

}  // namespace glucose
