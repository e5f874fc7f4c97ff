// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons, P columns, S columns of the spread.
#include "core/tasks/cgm/few_fit.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, S = kCgmSpreadColumns;
constexpr std::size_t kRowsPerStep = 256;
constexpr std::size_t kLeastRows = 60;  // else as where more is known
constexpr double kIntervalShare = 0.9;
constexpr double kRealPrior = 200;  // rows after real gaps that weigh as much as all cut ones

CgmSpreadColumns columns_of(const CgmFewRows& few, std::size_t row) {
  CgmSpreadColumns columns;
  std::copy_n(&few.spread[row * S], S, columns.begin());
  return columns;
}

}  // namespace

CgmFewFit::CgmFewFit(const CgmRows& rows, const CgmModel& model, const std::vector<CgmHead>& without_fold)
    : rows_(rows), model_(model), without_fold_(without_fold), spread_(kCgmFewKnown.size() * K * S) {}

void CgmFewFit::step() {
  if (done()) return;
  if (row_ == rows_.few.size()) {
    // One horizon a step: it looks at all rows of the place.
    if (horizon_ == 0) solve();
    if (are_enough()) scale(horizon_);
    if (++horizon_ == K || !are_enough()) end_place();
    return;
  }
  const std::size_t last = std::min(row_ + kRowsPerStep, rows_.few.size());
  for (; row_ < last; ++row_)
    if (rows_.few.split[row_] != static_cast<std::uint8_t>(Split::test) &&
        cgm_few_of(rows_.few.known[row_]) == place_ - 1)
      add_row(row_);
}

void CgmFewFit::add_row(std::size_t row) {
  const float* x = &rows_.few.x[row * P];
  CgmTargets left = cgm_changes(without_fold_[rows_.fold_of_few(row)], x);
  if (model_.has_trees()) add_correction(model_.median_trees.correction(x), left);
  for (std::size_t k = 0; k < K; ++k) left[k] = rows_.few.change[row * K + k] - left[k];
  fit_.add(&rows_.few.spread[row * S], left.data());
  of_place_.push_back(row);
  residuals_.insert(residuals_.end(), left.begin(), left.end());
}

bool CgmFewFit::are_enough() const {
  return of_place_.size() >= kLeastRows;
}

void CgmFewFit::solve() {
  const std::size_t place = place_ - 1;
  const bool first = place_ == kCgmFewKnown.size();
  std::copy_n(first ? model_.spread.data() : &spread_[place_ * K * S], K * S, &spread_[place * K * S]);
  if (!are_enough()) return;
  const std::vector<float> fitted = fit_.solve();
  std::copy(fitted.begin(), fitted.end(), &spread_[place * K * S]);
}

void CgmFewFit::end_place() {
  --place_;
  fit_ = {};
  of_place_.clear();
  residuals_.clear();
  row_ = 0;
  horizon_ = 0;
}

/// So that the model's quantiles hold as much of these residuals as they say: of those after real gaps when there are
/// many, since who has gaps, and what a sensor says after one, is not what a cut makes of any moment.
void CgmFewFit::scale(std::size_t k) {
  float* const coefficients = &spread_[((place_ - 1) * K + k) * S];
  const Held all = held(k, coefficients, false), real = held(k, coefficients, true);
  if (all.rows < kLeastRows) return;
  const double weight = real.rows / (real.rows + kRealPrior);
  coefficients[0] += static_cast<float>(std::lerp(all.log_factor, real.log_factor, weight));
}

CgmFewFit::Held CgmFewFit::held(std::size_t k, const float* coefficients, bool real) const {
  const auto quantiles = model_.quantiles_of(k);
  const double low = cgm_quantile(quantiles, (1 - kIntervalShare) / 2);
  const double high = cgm_quantile(quantiles, (1 + kIntervalShare) / 2);
  std::vector<double> scaled;
  for (std::size_t i = 0; i < of_place_.size() && low < 0 && high > 0; ++i) {
    const float residual = residuals_[i * K + k];
    if (std::isnan(residual) || (real && rows_.few.is_cut[of_place_[i]] != 0)) continue;
    const auto z = static_cast<double>(residual / cgm_spread(coefficients, columns_of(rows_.few, of_place_[i])));
    scaled.push_back(z < 0 ? z / low : z / high);
  }
  if (scaled.empty()) return {};
  const auto at = scaled.begin() + static_cast<std::ptrdiff_t>(kIntervalShare * static_cast<double>(scaled.size() - 1));
  std::nth_element(scaled.begin(), at, scaled.end());
  return {static_cast<double>(scaled.size()), *at > 0 ? std::log(*at) : 0};
}

}  // namespace glucose
