// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/residuals.hpp"

#include "core/base/stepped.hpp"
#include "core/tasks/cgm/interval.hpp"

namespace glucose {

Steps CgmResiduals::say(CgmModel& model) {
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    for (Steps sorting = sort_in_steps(of_[k]); !sorting.done(); sorting.step()) co_yield Pause{};
    keep_quantiles(k, model);
    co_yield Pause{};
  }
  of_ = {};
}

void CgmResiduals::keep_quantiles(std::size_t k, CgmModel& model) {
  if (k == 0) model.n_residuals = static_cast<int>(of_[k].size());
  if (of_[k].empty()) of_[k] = k > 0 ? of_[k - 1] : std::vector<float>{0};
  const auto quantiles = cgm_quantiles(of_[k]);
  model.quantiles.insert(model.quantiles.end(), quantiles.begin(), quantiles.end());
}

}  // namespace glucose
