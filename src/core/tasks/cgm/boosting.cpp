// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/boosting.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, T = kCgmTreeCount;
constexpr std::size_t kRowsPerStep = 512;
// More rows of the same persons gain next to nothing: windows 5 minutes apart are almost the same.
constexpr std::size_t kMostRows = 40'000;

std::size_t count_learnt(const CgmRows& rows) {
  return rows.count(Split::train) + rows.count(Split::validation);
}

/// How many rows trees may learn from within the memory that the rows (vectors that have doubled) leave.
std::size_t most_rows(const CgmRows& rows, std::size_t memory_cap) {
  const std::size_t taken = 2 * rows.size() * (kCgmRowBytes + sizeof(CgmAtTrees)) + CgmTreesFit::bytes_needed(0);
  return memory_cap <= taken ? 0 : std::min(kMostRows, (memory_cap - taken) / CgmTreesFit::bytes_per_row());
}

}  // namespace

bool may_boost_cgm(const CgmRows& rows, const CgmBoostingOptions& options) {
  const std::size_t least = std::max<std::size_t>(options.least_rows, 1);
  return rows.persons >= 2 * kCgmFolds && count_learnt(rows) >= least && most_rows(rows, options.memory_cap) >= least;
}

CgmBoosting::CgmBoosting(const CgmRows& rows, const CgmHeads& heads, const CgmBoostingOptions& options)
    : rows_(rows), heads_(heads), boosting_(options.boosting) {
  const std::size_t most = std::max<std::size_t>(most_rows(rows, options.memory_cap), 1);
  every_ = (count_learnt(rows) + most - 1) / most;
}

void CgmBoosting::step() {
  switch (phase_) {
    case Phase::growing:
      return grow();
    case Phase::answering:
      return answer();
    case Phase::weighing:
      return weigh();
    case Phase::again:
      return grow_again();
  }
}

/// The learnt rows of the next step; true when these were the last.
template <class Visit>
bool CgmBoosting::visit(Visit&& each) {
  const std::size_t last = std::min(row_ + kRowsPerStep, rows_.size());
  for (; row_ < last; ++row_)
    if (rows_.in(row_, kCgmLearnt)) each(row_);
  if (row_ < rows_.size()) return false;
  row_ = 0;
  return true;
}

void CgmBoosting::grow() {
  if (!fit_) {
    CgmTreesFitOptions options{kCgmLearnt, fold_, every_, {}};
    options.wanted.fill(true);
    fit_.emplace(rows_, heads_.without_fold[head_][fold_], loss(), options, boosting_);
    corrections_[head_].resize(rows_.size());
  } else if (!fit_->done()) {
    fit_->step();
  } else {
    of_others_ = fit_->take();
    fit_.reset();
    phase_ = Phase::answering;
  }
}

void CgmBoosting::answer() {
  const bool last = visit([&](std::size_t i) {
    if (rows_.fold(i) == fold_) corrections_[head_][i] = of_others_.correction(&rows_.x[i * P]);
  });
  if (!last) return;
  phase_ = ++fold_ < static_cast<std::size_t>(kCgmFolds) ? Phase::growing : Phase::weighing;
}

void CgmBoosting::weigh() {
  const bool last = visit([&](std::size_t i) {
    // Rows of a person are neighbours, and the turn changes from person to person.
    if (i > 0 && rows_.turn[i] != rows_.turn[i - 1])
      for (TriedShares& tried : tried_) tried.end_person();
    const CgmTargets said = cgm_changes(heads_.without_fold[head_][rows_.fold(i)], &rows_.x[i * P]);
    for (std::size_t t = 0; t < T; ++t) {
      const std::size_t k = kCgmTreeHorizons[t];
      const float change = rows_.change[i * K + k];
      if (!std::isnan(change))
        tried_[t].add(static_cast<double>(change - said[k]), static_cast<double>(corrections_[head_][i][t]),
                      loss() == CgmLoss::squared);
    }
  });
  if (last) settle();
}

void CgmBoosting::TriedShares::add(double left, double correction, bool squared) {
  ++rows;
  for (std::size_t s = 0; s < kShares.size(); ++s) {
    const double e = left - static_cast<double>(kShares[s]) * correction;
    person[s] += squared ? e * e : std::abs(e);
  }
}

void CgmBoosting::TriedShares::end_person() {
  for (std::size_t s = 0; s < kShares.size(); ++s) {
    gains[s].add(person[0] - person[s]);
    all[s] += person[s];
  }
  person.fill(0);
}

CgmTreesGain CgmBoosting::TriedShares::gain(bool squared) const {
  const auto s = static_cast<std::size_t>(std::min_element(all.begin(), all.end()) - all.begin());
  const std::size_t served = gains[s].beyond_chance(Spread::about_zero) ? s : 0;
  const auto error = [&](std::size_t share) {
    const double mean = all[share] / static_cast<double>(rows);
    return squared ? std::sqrt(mean) : mean;
  };
  return {error(0), error(served), kShares[served]};
}

/// The shares are known; what does not serve is forgotten.
void CgmBoosting::settle() {
  CgmAtTrees share{};
  for (std::size_t t = 0; t < T; ++t) {
    tried_[t].end_person();
    gains_[head_][t] = tried_[t].gain(loss() == CgmLoss::squared);
    share[t] = gains_[head_][t].share;
  }
  for (CgmAtTrees& correction : corrections_[head_])
    for (std::size_t t = 0; t < T; ++t) correction[t] *= share[t];
  tried_ = {};
  fold_ = 0;
  phase_ = Phase::again;
}

void CgmBoosting::grow_again() {
  const auto& gains = gains_[head_];
  const bool any = std::any_of(gains.begin(), gains.end(), [](const CgmTreesGain& g) { return g.share > 0; });
  if (any && !fit_) {
    CgmTreesFitOptions options{kCgmLearnt, kCgmFolds, every_, {}};
    for (std::size_t t = 0; t < T; ++t) options.wanted[t] = gains[t].share > 0;
    fit_.emplace(rows_, heads_.all[head_], loss(), options, boosting_);
  } else if (any && !fit_->done()) {
    fit_->step();
  } else {
    if (any) trees_[head_] = fit_->take();
    for (std::size_t t = 0; t < T; ++t) trees_[head_].share[t] = gains[t].share;
    fit_.reset();
    phase_ = Phase::growing;
    ++head_;
  }
}

}  // namespace glucose
