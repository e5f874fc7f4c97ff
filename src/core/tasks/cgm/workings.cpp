// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/workings.hpp"

#include <algorithm>

#include "core/readings/time_grid.hpp"
#include "core/tasks/cgm/known_then.hpp"

namespace glucose {

namespace {

constexpr std::size_t kModelsKept = 4;

}  // namespace

void CgmWorkings::take(const Known& known) {
  const bool is_same = unchanged_until == known.until && known.readings.data() == readings_.data() &&
                       known.readings.size() == readings_.size();
  if (is_same) return;
  for (Said& said : said_) said.past.changed_after(unchanged_until);
  series_.extend(known.readings, unchanged_until);
  readings_ = known.readings;
  unchanged_until = known.until;
}

CgmKnown CgmWorkings::known(const CgmModel& model, std::uint64_t serial, const CgmQuestion& question) {
  const Micros at = question.at;
  const std::span<const Reading> measured = readings_within(readings_, at - cgm_reach(model, question), at);
  const CgmKnownThen then = cgm_known_then(measured, series_, at, then_);
  return {measured, *then.series, then.n,
          past(model, *then.series, then.is_of_series ? serial : 0, question.utc_offset_min)};
}

CgmPast& CgmWorkings::past(const CgmModel& model, const CgmSeries& series, std::uint64_t serial, int utc_offset_min) {
  if (serial == 0) return once_.emplace(model, series, serial, utc_offset_min).past;
  const auto is_it = [&](const Said& s) { return s.serial == serial && s.utc_offset_min == utc_offset_min; };
  const auto found = std::find_if(said_.begin(), said_.end(), is_it);
  if (found != said_.end()) {
    said_.splice(said_.begin(), said_, found);
  } else {
    if (said_.size() == kModelsKept) said_.pop_back();
    said_.emplace_front(model, series, serial, utc_offset_min);
  }
  return said_.front().past;
}

std::size_t CgmWorkings::bytes() const {
  std::size_t sum = sizeof(*this) + series_.bytes() + (then_ ? then_->bytes() : 0);
  for (const Said& said : said_) sum += sizeof(said) + said.past.bytes();
  return sum + (once_ ? once_->past.bytes() : 0);
}

CgmForecast cgm_forecast(const CgmModel& model, std::span<const Reading> readings, const CgmQuestion& question,
                         const DayClock& clock) {
  CgmWorkings workings;
  Known known;
  known.readings = readings;
  known.until = question.at;
  workings.take(known);
  return cgm_forecast(model, workings.known(model, 0, question), question, clock);
}

}  // namespace glucose
