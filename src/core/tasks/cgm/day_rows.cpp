// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/day_rows.hpp"

#include <cmath>

namespace glucose {

namespace {

constexpr std::size_t kOriginsPerStep = 8;  // each looks at up to 30 days of readings

}  // namespace

DayRowsBuilder::DayRowsBuilder(DayRows& rows, const CgmSeries& series, const DayClock& clock, std::size_t first,
                               const DaySplits& splits, std::size_t most)
    : rows_(rows), series_(series), clock_(clock), splits_(splits), next_(first) {
  if (first >= series.size()) return;
  const CgmStretch stretch = cgm_stretch(series, first, series.size());
  const Micros span = stretch.until - stretch.from;
  apart_ = std::max(apart_, span / static_cast<Micros>(std::clamp<std::size_t>(most, 1, kMostDayRows)));
}

std::uint8_t DayRowsBuilder::part_of(Micros at) const {
  const Micros length = std::max<Micros>(splits_.test_at - splits_.first_at, 1);
  const Micros part = (at - splits_.first_at) / (length / kCgmFolds + 1);
  return static_cast<std::uint8_t>(std::clamp<Micros>(part, 0, kCgmFolds - 1));
}

void DayRowsBuilder::add(std::size_t origin) {
  const Micros at = series_.at(origin);
  DayOutcomes outcome;
  bool known = false;
  for (std::size_t k = 0; k < kDayNodes; ++k) {
    const Micros wanted = at + kDayNodesMin[k] * kMinute;
    outcome[k] = splits_.reaches_over(at, wanted) ? kUnknown : series_.value_at(wanted);
    known = known || !std::isnan(outcome[k]);
  }
  if (!known) return;
  const DayPast past(series_, origin, clock_);
  std::array<DayAhead, kDayNodes> ahead;
  for (std::size_t k = 0; k < kDayNodes; ++k) ahead[k] = past.ahead(kDayNodesMin[k]);
  if (!has_added_) ++rows_.persons;
  has_added_ = true;
  rows_.state.push_back(past.state());
  rows_.ahead.push_back(ahead);
  rows_.outcome.push_back(outcome);
  rows_.split.push_back(static_cast<std::uint8_t>(splits_.of(at)));
  rows_.turn.push_back(static_cast<std::uint8_t>(rows_.persons % kCgmFolds));
  rows_.part.push_back(part_of(at));
}

void DayRowsBuilder::step() {
  for (std::size_t added = 0; next_ < series_.size() && added < kOriginsPerStep; ++next_) {
    if (series_.at(next_) - last_origin_ < apart_) continue;
    last_origin_ = series_.at(next_);
    add(next_);
    ++added;
  }
}

}  // namespace glucose
