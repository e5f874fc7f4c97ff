// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/rows.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/stepped.hpp"
#include "core/readings/time_grid.hpp"
#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/known_then.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

namespace {

constexpr std::size_t kOriginsPerStep = 256;
constexpr Micros kBetweenOrigins = 4 * kMinute;  // a sensor's five minutes, with its jitter
constexpr Micros kReach = kCgmLongestMin * kMinute;

// How much of a window is left when it is cut: more often little, where width changes most.
constexpr std::array<std::uint8_t, 12> kCuts{1, 3, 5, 10, 18, 30, 1, 2, 4, 7, 13, 24};

std::span<const Reading> until(std::span<const Reading> readings, Micros end_at) {
  const auto last = std::partition_point(readings.begin(), readings.end(),
                                         [end_at](const Reading& r) { return r.measured_at < end_at; });
  return readings.first(static_cast<std::size_t>(last - readings.begin()));
}

}  // namespace

std::size_t CgmRows::count(Split of) const {
  return static_cast<std::size_t>(std::count(split.begin(), split.end(), static_cast<std::uint8_t>(of)));
}

void CgmRows::reserve(std::size_t n) {
  x.reserve(n * kCgmColumns);
  spread.reserve(n * kCgmSpreadColumns);
  change.reserve(n * kCgmHorizons);
}

bool CgmRows::has_room(std::size_t more, std::size_t more_few) const {
  const auto fits = [](std::size_t n, const auto& of) {
    return glucose::has_room(of.x, n * kCgmColumns) && glucose::has_room(of.spread, n * kCgmSpreadColumns) &&
           glucose::has_room(of.change, n * kCgmHorizons);
  };
  return fits(more, *this) && fits(more_few, few);
}

Steps CgmRows::make_room(std::size_t more, std::size_t more_few) {
  std::vector<Steps> columns;
  const auto add = [&](std::size_t n, auto& of) {
    columns.push_back(make_room_in_steps(of.x, n * kCgmColumns));
    columns.push_back(make_room_in_steps(of.spread, n * kCgmSpreadColumns));
    columns.push_back(make_room_in_steps(of.change, n * kCgmHorizons));
  };
  add(more, *this);
  add(more_few, few);
  for (Steps& column : columns)
    for (; !column.done(); column.step()) co_yield Pause{};
}

CgmRowsBuilder::CgmRowsBuilder(CgmRows& rows, std::span<const Reading> readings, const DayClock& clock, Micros start_at,
                               Micros end_at, std::size_t most, CgmRowsFor what)
    : rows_(rows),
      series_(std::make_shared<CgmSeries>(what == CgmRowsFor::measuring ? readings : until(readings, end_at))),
      clock_(clock),
      last_origin_(std::numeric_limits<Micros>::min() / 2),
      to_measure_(what == CgmRowsFor::measuring),
      keeps_origins_(what != CgmRowsFor::population) {
  std::size_t first = 0;
  while (first < series_->size() && series_->at(first) < start_at) ++first;
  next_ = first;
  end_ = first;
  while (end_ < series_->size() && series_->at(end_) < end_at) ++end_;
  const std::size_t n = end_ - first;
  if (n == 0) return;
  if (came_late(readings)) late_ = readings;
  first_at_ = cgm_stretch(*series_, first, end_).from;
  first_validation_ = series_->at(first + n * 70 / 100);
  first_test_ = series_->at(first + n * 85 / 100);
  every_ = std::max<std::size_t>(1, (n + most - 1) / std::max<std::size_t>(most, 1));
  if (rows.size() == 0) rows.reserve(n / every_ + 1);
  if (keeps_origins_)
    rows.origins.push_back(
        {series_, clock.first_at, {clock.offsets_min.begin(), clock.offsets_min.end()}, rows.size(), {}, {}});
  if (to_measure_) rows.origins.back().late.assign(late_.begin(), late_.end());
  if (!to_measure_)
    day_.emplace(rows.day, *series_, clock_, first, DaySplits{first_at_, first_validation_, first_test_},
                 most / kRowsOfADayRow);
}

// False for an origin whose outcomes reach into the next split.
bool CgmRowsBuilder::split_of(Micros at, Split& split) const {
  split = at < first_validation_ ? Split::train : at < first_test_ ? Split::validation : Split::test;
  const Micros end = split == Split::train ? first_validation_ : first_test_;
  return split == Split::test || at + kReach < end || to_measure_;
}

CgmBoundaries CgmRowsBuilder::boundaries() const {
  return {first_validation_, first_test_, end_ > 0 ? series_->at(end_ - 1) : 0};
}

std::uint8_t CgmRowsBuilder::part_of(Micros at) const {
  const Micros length = std::max<Micros>(first_test_ - first_at_, 1);
  return static_cast<std::uint8_t>(std::clamp<Micros>((at - first_at_) / (length / kCgmFolds + 1), 0, kCgmFolds - 1));
}

// When the first reading of a moment was recorded.
Micros CgmRowsBuilder::recorded_at(Micros measured_at) const {
  Micros first = std::numeric_limits<Micros>::max();
  for (const Reading& r : readings_within(late_, measured_at - 1, measured_at)) first = std::min(first, r.recorded_at);
  return std::max(first, measured_at);
}

// As served; nothing where a forecast would be refused.
std::optional<CgmLook> CgmRowsBuilder::look_then(Micros measured_at, Micros known_at) {
  const CgmKnownThen known =
      cgm_known_then(readings_within(late_, measured_at - kCgmReach, measured_at), *series_, known_at, then_);
  if (known.n == 0 || measured_at - known.series->at(known.n - 1) > kCgmOldestReading) return {};
  return known.series->look(known.n - 1);
}

void CgmRowsBuilder::add(std::size_t origin) {
  Split split;
  const Micros measured_at = series_->at(origin);
  if (!split_of(measured_at, split)) return;
  const bool as_served = !late_.empty() && (to_measure_ || split == Split::test);
  const std::optional<CgmLook> seen = late_.empty()
                                          ? series_->look(origin)
                                          : look_then(measured_at, as_served ? measured_at : recorded_at(measured_at));
  if (!seen) return;
  const CgmLook& look = *seen;
  const bool few = look.filled < kCgmLeastKnown;
  if (to_measure_ ? few : look.trust.doubt_mg_dl > 0 || (few && as_served)) return;
  const Micros asked_at = as_served ? measured_at : look.at;
  CgmTargets targets;
  series_->targets(asked_at, targets);
  if (std::isnan(targets.front())) return;
  if ((few ? seen_few_ : seen_)++ % every_ != 0) return;
  if (few) return add_few(look, targets, split);
  add_row(look, asked_at, targets, split);
  if (keeps_origins_) rows_.origins.back().readings.push_back(static_cast<std::uint32_t>(origin));
  if (to_measure_ || as_served || added_ % kRowsOfACut != 0) return;
  CgmLook cut = look;
  cut.trust.known = kCuts[cut_++ % kCuts.size()];
  std::fill_n(cut.window.begin(), kCgmWindow - cut.trust.known, look.window[kCgmWindow - cut.trust.known]);
  add_few(cut, targets, split);
}

void CgmRowsBuilder::add_row(const CgmLook& look, Micros asked_at, const CgmTargets& targets, Split split) {
  const CgmColumns x = cgm_columns(look.window, clock_.minute_of_day(look.at));
  const CgmSpreadColumns spread = cgm_spread_columns(look.window, look.trust.known);
  rows_.x.insert(rows_.x.end(), x.begin(), x.end());
  rows_.spread.insert(rows_.spread.end(), spread.begin(), spread.end());
  rows_.level.push_back(look.window.back());
  for (const float target : targets) rows_.change.push_back(target - look.window.back());
  rows_.split.push_back(static_cast<std::uint8_t>(split));
  if (added_++ == 0) ++rows_.persons;
  rows_.turn.push_back(static_cast<std::uint8_t>(rows_.persons % kCgmFolds));
  rows_.part.push_back(part_of(look.at));
  rows_.at.push_back(asked_at);
  if (asked_at > look.at) {
    rows_.since.resize(rows_.size());
    rows_.since.back() = static_cast<double>(asked_at - look.at) / kMinute;
  }
  rows_.trust.push_back(look.trust);
}

void CgmRowsBuilder::add_few(const CgmLook& look, const CgmTargets& targets, Split split) {
  CgmFewRows& few = rows_.few;
  const CgmColumns x = cgm_columns(look.window, clock_.minute_of_day(look.at));
  const CgmSpreadColumns spread = cgm_spread_columns(look.window, look.trust.known);
  few.x.insert(few.x.end(), x.begin(), x.end());
  few.spread.insert(few.spread.end(), spread.begin(), spread.end());
  for (const float target : targets) few.change.push_back(target - look.window.back());
  few.known.push_back(look.trust.known);
  few.is_cut.push_back(look.trust.known < look.filled ? 1 : 0);
  few.split.push_back(static_cast<std::uint8_t>(split));
  const int person = rows_.persons + (added_ == 0 ? 1 : 0);
  few.turn.push_back(static_cast<std::uint8_t>(person % kCgmFolds));
  few.part.push_back(part_of(look.at));
}

/// For what the next step may add; false while it is being made.
bool CgmRowsBuilder::has_room() {
  if (!making_room_.done()) return false;
  const std::size_t origins = std::min(kOriginsPerStep, end_ - next_);
  const auto most_of = [&](std::size_t seen) {
    return (seen + origins + every_ - 1) / every_ - (seen + every_ - 1) / every_;
  };
  const std::size_t more = most_of(seen_), more_few = most_of(seen_few_) + more;  // each may be cut
  if (rows_.has_room(more, more_few)) return true;
  making_room_ = rows_.make_room(more, more_few);
  return false;
}

void CgmRowsBuilder::step() {
  if (next_ >= end_) return day_->step();
  if (!has_room()) return making_room_.step();
  const std::size_t last = std::min(next_ + kOriginsPerStep, end_);
  for (; next_ < last; ++next_) {
    if (series_->at(next_) - last_origin_ < kBetweenOrigins) continue;
    last_origin_ = series_->at(next_);
    add(next_);
  }
}

}  // namespace glucose
