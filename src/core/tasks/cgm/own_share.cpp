// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/own_share.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/cgm/fading.hpp"

namespace glucose {

namespace {

constexpr std::size_t K = kCgmHorizons;
constexpr std::size_t kRowsPerStep = 16;                       // each may look back at a day
constexpr std::size_t kMostRows = 30 * 24 * 60 / kCgmStepMin;  // a month says enough
constexpr Micros kUnit = kDay / 4;
constexpr double kStandardErrors = 1;
// The factor of a person's spread: so many hours of rows weigh as much as "as the population's".
constexpr double kSpreadPriorHours = 72;
constexpr double kIntervalShare = 0.9;

}  // namespace

CgmOwnTrial::CgmOwnTrial(const CgmRows& rows, const CgmModel& population,
                         const std::array<std::vector<CgmHead>, 2>& without_fold)
    : rows_(rows),
      own_(kCgmFolds, population),
      population_(population),
      by_population_(population, rows),
      every_((rows.size() + kMostRows - 1) / kMostRows) {
  for (std::size_t f = 0; f < own_.size(); ++f) {
    own_[f].median = without_fold[0][f];
    own_[f].mean = without_fold[1][f];
    by_own_.emplace_back(own_[f], rows);
  }
}

void CgmOwnTrial::step() {
  for (std::size_t i = 0; i < kRowsPerStep && !done(); ++i, row_ += every_)
    if (rows_.in(row_, kCgmLearnt)) ask(row_);
}

void CgmOwnTrial::ask(std::size_t row) {
  const CgmNodes population = by_population_.at(row), own = by_own_[rows_.fold(row)].at(row);
  const Micros unit = rows_.at[row] / kUnit;
  CgmSpreadColumns spread;
  std::copy_n(&rows_.spread[row * kCgmSpreadColumns], kCgmSpreadColumns, spread.begin());
  for (std::size_t k = 0; k < K; ++k) {
    const float outcome = rows_.level[row] + rows_.change[row * K + k];
    if (std::isnan(outcome)) continue;
    const auto miss = [outcome](float said) { return std::abs(static_cast<double>(said - outcome)); };
    gains_[0][k][unit] += miss(population.median[k]) - miss(own.median[k]);
    gains_[1][k][unit] += std::pow(miss(population.mean[k]), 2) - std::pow(miss(own.mean[k]), 2);
    missed_[k].push_back((outcome - population.median[k]) / cgm_spread_at(population_, k, spread, {}));
  }
}

CgmOwnShares CgmOwnTrial::shares() const {
  CgmOwnShares shares{};
  for (std::size_t head = 0; head < shares.size(); ++head) {
    std::array<double, K> is_better{};
    for (std::size_t k = 0; k < K; ++k) {
      PairedSums sums;
      for (const auto& [unit, gain] : gains_[head][k]) sums.add(gain);
      is_better[k] = sums.beyond(kStandardErrors) ? 1 : 0;
    }
    const std::array<double, K> around = means_around(is_better);
    for (std::size_t k = 0; k < K; ++k)
      if (is_better[k] > 0) shares[head][k] = static_cast<float>(around[k]);
  }
  return shares;
}

float CgmOwnTrial::wider(std::size_t k) const {
  if (missed_[k].empty()) return 0;
  const auto quantiles = population_.quantiles_of(k);
  const double expected =
      (cgm_quantile(quantiles, (1 + kIntervalShare) / 2) - cgm_quantile(quantiles, (1 - kIntervalShare) / 2)) / 2;
  const double found = static_cast<double>(cgm_share_of_absolute(missed_[k], kIntervalShare));
  if (!(expected > 0 && found > 0)) return 0;
  const double hours = static_cast<double>(missed_[k].size() * every_) * kCgmStepMin / 60;
  return static_cast<float>(hours / (hours + kSpreadPriorHours) * std::log(found / expected));
}

}  // namespace glucose
