// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/scores.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {
constexpr double kLargestScore = 4;
}

double interpolate(const std::vector<double>& xs, const std::vector<double>& ys, double x) {
  const auto above = std::lower_bound(xs.begin(), xs.end(), x);
  if (above == xs.begin()) return ys.front();
  if (above == xs.end()) return ys.back();
  const auto i = static_cast<std::size_t>(above - xs.begin());
  const double span = xs[i] - xs[i - 1];
  return span > 0 ? ys[i - 1] + (x - xs[i - 1]) / span * (ys[i] - ys[i - 1]) : ys[i];
}

PersonFactor::PersonFactor(bool lone) : prior_(lone ? 8 : 20), fade_(std::exp2(-1.0 / (lone ? 40 : 20))) {}

void PersonFactor::add(double score) {
  sum_ = fade_ * sum_ + std::min(std::abs(score), kLargestScore);
  weight_ = fade_ * weight_ + 1;
}

void ScorePool::merge() {
  const auto added = pool_.begin() + static_cast<std::ptrdiff_t>(in_order_);
  if (!std::is_sorted(added, pool_.end())) std::sort(added, pool_.end());
  std::inplace_merge(pool_.begin(), added, pool_.end());
  in_order_ = pool_.size();
}

void ScorePool::to_distribution(double beyond, std::vector<double>& scores, std::vector<double>& levels) {
  merge();
  scores.reserve(pool_.size());
  levels.reserve(pool_.size());
  double total = 2 * beyond, before = beyond;
  for (const Weighted& w : pool_) total += w.weight;
  for (const Weighted& w : pool_) {
    scores.push_back(w.score);
    levels.push_back((before + w.weight / 2) / total);
    before += w.weight;
  }
}

GridBetween grid_between(const Intervals& intervals, std::size_t k, float forecast_mg_dl) {
  const float* knots = &intervals.knots[k * kGrids];
  const float* grids = &intervals.grids[k * kGrids * kQuantiles];
  const float x = std::clamp(std::log(std::max(forecast_mg_dl, 40.0F)), knots[0], knots[kGrids - 1]);
  std::size_t lower = 0;
  while (lower + 2 < kGrids && x > knots[lower + 1]) ++lower;
  const float span = knots[lower + 1] - knots[lower];
  return {grids + lower * kQuantiles, grids + (lower + 1) * kQuantiles, span > 0 ? (x - knots[lower]) / span : 0.0F};
}

}  // namespace glucose
