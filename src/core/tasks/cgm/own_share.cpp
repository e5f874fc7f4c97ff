// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/own_share.hpp"

#include "core/tasks/cgm/fading.hpp"

namespace glucose {

CgmOwnShares cgm_own_shares(const CgmMeasured& of_population, const CgmMeasured& own) {
  constexpr std::size_t K = kCgmHorizons;
  std::array<std::array<double, K>, 2> is_better{};
  for (std::size_t k = 0; k < K; ++k) {
    is_better[0][k] = of_population.median.at(k).mae - own.median.at(k).mae > 0 ? 1 : 0;
    is_better[1][k] = of_population.mean.at(k).rmse - own.mean.at(k).rmse > 0 ? 1 : 0;
  }
  CgmOwnShares share{};
  for (std::size_t which = 0; which < 2; ++which) {
    const std::array<double, K> around = means_around(is_better[which]);
    for (std::size_t k = 0; k < K; ++k)
      if (is_better[which][k] > 0) share[which][k] = static_cast<float>(around[k]);
  }
  return share;
}

}  // namespace glucose
