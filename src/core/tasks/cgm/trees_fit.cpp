// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/trees_fit.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, T = kCgmTreeCount, V = kCgmTreeColumns;
constexpr std::size_t kHour = 12;  // horizons whose errors weigh a row, as in CgmFit
constexpr std::size_t kRowsPerStep = 512;
constexpr double kSmallestMedian = 0.01;  // (mg/dL)²: a flat sensor

BoostedTreesOptions boosting_options() {
  BoostedTreesOptions o;
  o.rounds = 64;
  o.depth = 5;
  o.eta = 0.1;
  o.min_child_weight = 150;
  o.subsample = 0.5;
  o.colsample = 0.4;
  o.lambda = 50;
  return o;
}

double median_of(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}

}  // namespace

CgmTreesFit::CgmTreesFit(const CgmRows& rows, const CgmHead& head, CgmLoss loss, const CgmTreesFitOptions& options,
                         const BoostingApi* boosting)
    : rows_(rows), head_(head), loss_(loss), options_(options), boosting_(boosting) {
  trees_.linear = cgm_linear_of(head);
}

void CgmTreesFit::step() {
  row_ < rows_.size() ? gather() : boost();
}

void CgmTreesFit::gather() {
  const std::size_t last = std::min(row_ + kRowsPerStep, rows_.size());
  for (; row_ < last; ++row_)
    if (row_ % options_.every == 0 && rows_.in(row_, options_.learnt) && rows_.fold(row_) != options_.without_fold)
      add(row_);
  if (row_ < rows_.size()) return;
  for (std::vector<float>& errors : weight_)
    if (!errors.empty()) weigh(errors);
}

void CgmTreesFit::add(std::size_t row) {
  const float* change = &rows_.change[row * K];
  if (std::isnan(change[K - 1])) return;  // then the ones before it are known
  const float* x = &rows_.x[row * P];
  const CgmTreeRow seen = trees_.sees(x);
  const CgmTargets said = cgm_changes(head_, x);
  x_.insert(x_.end(), seen.begin(), seen.end());
  for (std::size_t t = 0; t < T; ++t) {
    const std::size_t k = kCgmTreeHorizons[t], first = k / kHour * kHour;
    left_[t].push_back(change[k] - said[k]);
    if (loss_ != CgmLoss::window) continue;
    float squares = 0;
    for (std::size_t h = first; h < first + kHour; ++h) squares += (change[h] - said[h]) * (change[h] - said[h]);
    weight_[t].push_back(squares / kHour);
  }
}

/// Mean squared errors of windows → weights of mean 1.
void CgmTreesFit::weigh(std::vector<float>& errors) {
  const double floor = std::max(median_of(errors), kSmallestMedian);
  double total = 0;
  for (float& e : errors) {
    e = static_cast<float>(1 / (floor + static_cast<double>(e)));
    total += static_cast<double>(e);
  }
  const auto scale = static_cast<float>(static_cast<double>(errors.size()) / total);
  for (float& w : errors) w *= scale;
}

void CgmTreesFit::boost() {
  const std::size_t t = horizon_;
  if (!options_.wanted[t] || left_[t].empty()) {
    ++horizon_;
  } else if (!fit_) {
    fit_.emplace(boosting_, x_, static_cast<int>(V), left_[t], weight_[t], options_of(t));
  } else if (!fit_->done()) {
    fit_->step();
  } else {
    trees_.trees[t] = fit_->take();
    trees_.share[t] = 1;
    fit_.reset();
    ++horizon_;
  }
}

BoostedTreesOptions CgmTreesFit::options_of(std::size_t t) const {
  BoostedTreesOptions o = boosting_options();
  o.seed += t;
  return o;
}

std::size_t CgmTreesFit::bytes_per_row() {
  const BoostedTreesOptions o = boosting_options();
  constexpr std::size_t kMany = 1 << 16;
  const std::size_t of_trees = boosted_trees_bytes_needed(2 * kMany, static_cast<int>(V), o) -
                               boosted_trees_bytes_needed(kMany, static_cast<int>(V), o);
  return of_trees / kMany + sizeof(float) * (2 * V + 3 * T);  // vectors double when they grow
}

std::size_t CgmTreesFit::bytes_needed(std::size_t rows) {
  return boosted_trees_bytes_needed(0, static_cast<int>(V), boosting_options()) + rows * bytes_per_row();
}

}  // namespace glucose
