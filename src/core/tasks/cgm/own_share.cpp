// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/own_share.hpp"

#include <algorithm>

namespace glucose {

namespace {

constexpr std::size_t K = kCgmHorizons;
// A person's own is served where it is better on validation over the horizons around, and fades in from there.
constexpr std::size_t kAround = 3;

double share_of_gains(const std::array<double, K>& gain, std::size_t k) {
  double better = 0, n = 0;
  for (std::size_t i = k - std::min(k, kAround); i <= std::min(k + kAround, K - 1); ++i) {
    better += gain[i] > 0 ? 1 : 0;
    n += 1;
  }
  return better / n;
}

}  // namespace

CgmOwnShares cgm_own_shares(const CgmMeasured& of_population, const CgmMeasured& own) {
  std::array<std::array<double, K>, 2> gain;
  for (std::size_t k = 0; k < K; ++k) {
    gain[0][k] = of_population.median.at(k).mae - own.median.at(k).mae;
    gain[1][k] = of_population.mean.at(k).rmse - own.mean.at(k).rmse;
  }
  CgmOwnShares share{};
  for (std::size_t which = 0; which < 2; ++which)
    for (std::size_t k = 0; k < K; ++k)
      if (gain[which][k] > 0) share[which][k] = static_cast<float>(share_of_gains(gain[which], k));
  return share;
}

void fade_to_population(CgmHead& own, const CgmHead& of_population, const std::array<float, K>& share) {
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = of_population[i] + share[i % K] * (own[i] - of_population[i]);
}

}  // namespace glucose
