// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/residuals.hpp"

#include <cmath>

#include "core/base/stepped.hpp"
#include "core/tasks/cgm/interval.hpp"

namespace glucose {

namespace {

constexpr std::size_t K = kCgmHorizons, S = kCgmSpreadColumns;
// The factor of a person's spread: so many hours of rows weigh as much as "as the population's".
constexpr double kSpreadPriorHours = 72;
constexpr double kIntervalShare = 0.9;

}  // namespace

Steps CgmResiduals::say(CgmModel& model, const CgmModel* prior) {
  for (std::size_t k = 0; k < K; ++k) {
    if (prior != nullptr) {
      adapt_spread(k, model, *prior);
    } else {
      for (Steps sorting = sort_in_steps(of_[k]); !sorting.done(); sorting.step()) co_yield Pause{};
      keep_quantiles(k, model);
    }
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

/// From the half width that holds 90 %.
void CgmResiduals::adapt_spread(std::size_t k, CgmModel& model, const CgmModel& prior) const {
  model.quantiles = prior.quantiles;
  model.n_residuals = prior.n_residuals;
  if (of_[k].empty()) return;
  const auto quantiles = prior.quantiles_of(k);
  const double expected =
      (cgm_quantile(quantiles, (1 + kIntervalShare) / 2) - cgm_quantile(quantiles, (1 - kIntervalShare) / 2)) / 2;
  const double found = static_cast<double>(cgm_share_of_absolute(of_[k], kIntervalShare));
  const double hours = static_cast<double>(of_[k].size()) * kCgmStepMin / 60;
  if (!(expected > 0 && found > 0)) return;
  const auto wider = static_cast<float>(hours / (hours + kSpreadPriorHours) * std::log(found / expected));
  model.spread[k * S] += wider;
  for (std::size_t few_known = 0; few_known < kCgmFewKnown.size(); ++few_known)
    model.few_spread[(few_known * K + k) * S] += wider;
}

}  // namespace glucose
