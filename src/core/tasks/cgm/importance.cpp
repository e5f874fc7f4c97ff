// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/importance.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/cgm/place.hpp"

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, R = kCgmReported.size();
constexpr std::size_t kRepeats = 5, kRowsPerStep = 256;
static_assert(static_cast<std::size_t>(CgmGroup::constant) == kCgmGroups - 1, "shuffling it changes nothing");

}  // namespace

CgmImportance::CgmImportance(const CgmModel& model, const CgmRows& rows, Micros from, std::uint64_t seed)
    : model_(model), all_(rows), random_(seed) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows.at[i] >= from) rows_.push_back(i);
  const std::size_t every = (rows_.size() + kMostRows - 1) / kMostRows;
  if (every > 1) {
    for (std::size_t i = 0; i * every < rows_.size(); ++i) rows_[i] = rows_[i * every];
    rows_.resize((rows_.size() + every - 1) / every);
  }
  order_ = rows_;
}

CgmImportance::Errors CgmImportance::errors(std::size_t row, const float* x, float level) const {
  CgmTargets median = cgm_changes(model_.median, x);
  add_correction(model_.median_trees.correction(x), median);
  Errors errors;
  for (std::size_t r = 0; r < R; ++r) {
    const std::size_t k = kCgmReported[r];
    const float outcome = all_.level[row] + all_.change[row * kCgmHorizons + k];
    const float change = CgmPlace(cgm_minutes(k) + all_.since_reading(row)).of(median);
    errors[r] = std::abs(std::clamp(level + change, kGlucoseLow, kGlucoseHigh) - outcome);
  }
  return errors;
}

void CgmImportance::step() {
  if (done()) return;
  own_.size() < rows_.size() ? measure_own() : measure_shuffled();
}

void CgmImportance::measure_own() {
  const std::size_t last = std::min(own_.size() + kRowsPerStep, rows_.size());
  while (own_.size() < last) {
    const std::size_t row = rows_[own_.size()];
    own_.push_back(errors(row, &all_.x[row * P], all_.level[row]));
    for (std::size_t r = 0; r < R; ++r) known_[r] += std::isnan(own_.back()[r]) ? 0 : 1;
  }
}

void CgmImportance::measure_shuffled() {
  if (next_ == 0) random_.shuffle(order_);
  const auto group = static_cast<CgmGroup>(group_);
  const std::size_t last = std::min(next_ + kRowsPerStep, rows_.size());
  for (; next_ < last; ++next_) {
    const std::size_t row = rows_[next_], other = order_[next_];
    CgmColumns told;
    for (std::size_t p = 0; p < P; ++p) told[p] = all_.x[(cgm_group_of(p) == group ? other : row) * P + p];
    const Errors said = errors(row, told.data(), all_.level[group == CgmGroup::last_reading ? other : row]);
    for (std::size_t r = 0; r < R; ++r)
      if (!std::isnan(said[r])) worse_[group_][r] += static_cast<double>(said[r] - own_[next_][r]);
  }
  if (next_ < rows_.size()) return;
  next_ = 0;
  if (++repeat_ < kRepeats) return;
  repeat_ = 0;
  ++group_;
}

std::vector<Importance> CgmImportance::take() const {
  std::vector<Importance> all;
  for (std::size_t r = 0; r < R; ++r) {
    if (known_[r] == 0) continue;
    const std::size_t first = all.size();
    for (std::size_t g = 0; g < kGroupsAsked; ++g)
      all.push_back({name_of(static_cast<CgmGroup>(g)), cgm_minutes(kCgmReported[r]),
                     static_cast<float>(worse_[g][r] / (static_cast<double>(kRepeats) * known_[r])), known_[r]});
    sort_by_increase(std::span(all).subspan(first));
  }
  return all;
}

}  // namespace glucose
