// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/tuning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/tasks/cgm/trainer.hpp"

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, S = kCgmSpreadColumns;
constexpr std::size_t kFirstPercent = 40, kBlockPercent = 15;
constexpr std::size_t kTrainPart = 70, kTrainOf = 85;        // of what is learnt from; the rest validates
constexpr std::uint64_t kOrderStream = 0x74756e65'63676d00;  // apart from the seeds of the fits
constexpr Micros kReach = kCgmLongestMin * kMinute;
// An outcome between two readings is known when the later one is there.
constexpr Micros kKnownAfter = kReach + kCgmGap;

[[noreturn]] void too_few(std::size_t rows) {
  throw Error(ErrorCode::too_little_history,
              "too little history to tune: " + std::to_string(rows) + " windows of readings before the test rows",
              "Each of four origins needs windows to learn from, to validate on and to be asked about.");
}

template <class T>
void copy_row(std::vector<T>& to, const std::vector<T>& from, std::size_t row, std::size_t width = 1) {
  const auto first = from.begin() + static_cast<std::ptrdiff_t>(row * width);
  to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(width));
}

void add_row(CgmRows& to, const CgmRows& from, std::size_t row, Split split) {
  copy_row(to.x, from.x, row, P);
  copy_row(to.spread, from.spread, row, S);
  copy_row(to.level, from.level, row);
  copy_row(to.change, from.change, row, K);
  copy_row(to.turn, from.turn, row);
  copy_row(to.part, from.part, row);
  copy_row(to.at, from.at, row);
  copy_row(to.trust, from.trust, row);
  to.split.push_back(static_cast<std::uint8_t>(split));
  if (!from.origins.empty()) copy_row(to.origins[0].readings, from.origins[0].readings, row);
}

std::size_t validation_start(const CgmOrigin& origin) {
  return origin.learnt * kTrainPart / kTrainOf;
}

}  // namespace

std::array<CgmOrigin, kCgmOrigins> cgm_origins(const CgmRows& rows) {
  const std::size_t n = rows.count(Split::train) + rows.count(Split::validation);
  std::array<CgmOrigin, kCgmOrigins> origins;
  for (std::size_t o = 0; o < kCgmOrigins; ++o) {
    const std::size_t percent = kFirstPercent + o * kBlockPercent;
    const std::size_t first = n * percent / 100, end = n * (percent + kBlockPercent) / 100;
    if (end <= first) too_few(n);
    std::size_t learnt = first;
    while (learnt > 0 && rows.at[learnt - 1] + kKnownAfter > rows.at[first]) --learnt;
    origins[o] = {learnt, first, end - first};
    const std::size_t validation = validation_start(origins[o]);
    if (validation == 0 || rows.at[0] + kReach >= rows.at[validation]) too_few(n);
  }
  return origins;
}

CgmRows cgm_rows_at(const CgmRows& all, const CgmOrigin& origin) {
  const std::size_t validation = validation_start(origin);
  CgmRows rows;
  rows.persons = all.persons;
  rows.origins = all.origins;
  for (CgmOrigins& person : rows.origins) person.readings.clear();
  for (std::size_t i = 0; i < origin.learnt; ++i)
    if (i >= validation)
      add_row(rows, all, i, Split::validation);
    else if (all.at[i] + kReach < all.at[validation])
      add_row(rows, all, i, Split::train);
  for (std::size_t i = origin.first; i < origin.first + origin.n; ++i) add_row(rows, all, i, Split::test);
  return rows;
}

CgmTuning::CgmTuning(CgmRows rows, std::optional<CgmModel> prior, SearchGrid grid)
    : rows_(std::move(rows)),
      prior_(std::move(prior)),
      grid_(std::move(grid)),
      origins_(cgm_origins(rows_)),
      order_(grid_.size()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  Random(grid_.options(0).seed ^ kOrderStream).shuffle(order_);
}

void CgmTuning::step() {
  if (done()) return;
  if (!training_)
    begin();
  else
    training_->done() ? end() : training_->step();
}

void CgmTuning::begin() {
  training_.emplace(cgm_rows_at(rows_, origins_[origin_]), prior_, CgmBoostingOptions{},
                    grid_.options(order_[place_]).l2);
}

void CgmTuning::end() {
  sums_.add(training_->take().measured[static_cast<std::size_t>(Split::test)]);
  training_.reset();
  if (++origin_ < kCgmOrigins) return;
  tried_.push_back(sums_.result(order_[place_++]));
  sums_ = {};
  origin_ = 0;
}

void CgmTuning::Sums::add(const CgmMeasured& asked) {
  rows += asked.rows;
  for (std::size_t r = 0; r < n.size(); ++r) {
    const Metrics m = asked.median.at(kCgmReported[r]);
    if (m.n == 0) continue;
    n[r] += m.n;
    absolute[r] += m.n * m.mae;
    squared[r] += m.n * m.rmse * m.rmse;
  }
}

TriedCombination CgmTuning::Sums::result(std::size_t combination) const {
  TriedCombination tried{combination, 0, 0, rows};
  double horizons = 0;
  for (std::size_t r = 0; r < n.size(); ++r) {
    if (n[r] == 0) continue;
    tried.mae += absolute[r] / n[r];
    tried.rmse += std::sqrt(squared[r] / n[r]);
    ++horizons;
  }
  tried.mae /= horizons;
  tried.rmse /= horizons;
  if (!std::isfinite(tried.rmse)) tried.mae = tried.rmse = std::numeric_limits<double>::infinity();
  return tried;
}

std::vector<TriedCombination> CgmTuning::ranked() const {
  return ranked_by_rmse(tried_);
}

std::unique_ptr<Tuner> tune_cgm(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid) {
  std::optional<CgmModel> prior;
  if (basis.population != nullptr) prior = static_cast<const HeldModel<CgmModel>&>(*basis.population).get();
  return std::make_unique<CgmTuning>(std::move(static_cast<CgmTaskRows&>(*rows).rows), std::move(prior), grid);
}

}  // namespace glucose
