// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/blending.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/cgm/fading.hpp"

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons;
constexpr std::size_t kRowsPerStep = 256;
constexpr double kShortPenalty = 1;    // rows
constexpr double kNothingLeft = 1e12;  // rows: no coefficient bears that

constexpr std::size_t kLongFirst = kCgmLags + 1, kLongEnd = kLongFirst + 6;  // the longer past
constexpr std::size_t kSpreadFirst = P - 8;                                  // logarithms of the SD, then the clock

std::vector<double> short_penalties() {
  std::vector<double> penalties(P, kNothingLeft);
  std::fill_n(penalties.begin(), kLongFirst, kShortPenalty);
  return penalties;
}

}  // namespace

std::vector<double> cgm_penalties(double penalty, double dearer) {
  std::vector<double> penalties(P, penalty);
  for (std::size_t p = kLongFirst; p < P; ++p)
    if (p < kLongEnd || p >= kSpreadFirst) penalties[p] *= dearer;
  return penalties;
}

CgmBlending::CgmBlending(const CgmRows& rows, CgmHeads& heads)
    : rows_(rows), heads_(heads), errors_(kCgmFolds, Errors{}) {}

void CgmBlending::step() {
  if (short_without_.empty()) {
    if (!fit_) {
      CgmFitOptions options;
      options.loss = head_ == 0 ? CgmLoss::window : CgmLoss::squared;
      options.penalties = short_penalties();
      options.folds = true;
      fit_.emplace(rows_, kCgmLearnt, std::move(options));
    }
    if (!fit_->done()) return fit_->step();
    short_head_ = fit_->take();
    short_without_ = fit_->take_fold_heads();
    fit_.reset();
    return;
  }
  weigh();
}

void CgmBlending::weigh() {
  const std::size_t last = std::min(row_ + kRowsPerStep, rows_.size());
  for (; row_ < last; ++row_) {
    if (!rows_.in(row_, kCgmLearnt)) continue;
    const std::size_t fold = rows_.fold(row_);
    const float* x = &rows_.x[row_ * P];
    const CgmTargets full = cgm_changes(heads_.without_fold[head_][fold], x);
    const CgmTargets few = cgm_changes(short_without_[fold], x);
    for (std::size_t k = 0; k < K; ++k) {
      const float change = rows_.change[row_ * K + k];
      if (std::isnan(change)) continue;
      for (std::size_t s = 0; s < kShares.size(); ++s) {
        const auto error = static_cast<double>(full[k] + kShares[s] * (few[k] - full[k]) - change);
        errors_[fold][s][k] += head_ == 0 ? std::abs(error) : error * error;
      }
    }
  }
  if (row_ == rows_.size()) mix();
}

void CgmBlending::mix() {
  std::array<double, K> now{};
  for (const Errors& fold : errors_)
    for (std::size_t k = 0; k < K; ++k) now[k] += fold[0][k];
  std::array<double, K> best_gain{}, share{};
  for (std::size_t s = 1; s < kShares.size(); ++s) {
    // What each fold gains, in parts of the error of all; its sum must be beyond what it varies by.
    std::array<double, K> sum{}, squares{};
    for (const Errors& fold : errors_) {
      std::array<double, K> gain{};
      for (std::size_t k = 0; k < K; ++k)
        if (now[k] > 0) gain[k] = (fold[0][k] - fold[s][k]) / now[k];
      gain = means_around(gain);
      for (std::size_t k = 0; k < K; ++k) {
        sum[k] += gain[k];
        squares[k] += gain[k] * gain[k];
      }
    }
    constexpr double n = kCgmFolds;
    for (std::size_t k = 0; k < K; ++k) {
      const double error = std::sqrt(std::max(squares[k] - sum[k] * sum[k] / n, 0.0) * n / (n - 1));
      if (sum[k] <= error || sum[k] <= best_gain[k]) continue;
      best_gain[k] = sum[k];
      share[k] = static_cast<double>(kShares[s]);
    }
  }
  share = means_around(share);
  for (std::size_t k = 0; k < K; ++k) shares_[head_][k] = static_cast<float>(share[k]);
  heads_.all[head_] = mixed(heads_.all[head_], short_head_, shares_[head_]);
  for (std::size_t f = 0; f < short_without_.size(); ++f)
    heads_.without_fold[head_][f] = mixed(heads_.without_fold[head_][f], short_without_[f], shares_[head_]);
  errors_.assign(kCgmFolds, Errors{});
  short_without_.clear();
  row_ = 0;
  ++head_;
}

}  // namespace glucose
