// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/rows/sequence_maker.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace glucose {

namespace {
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// An unknown value (NaN) is the same as itself.
bool has_same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}
}  // namespace

void SequenceMaker::begin(const Calendar& calendar) {
  calendar_ = calendar;
  first_state_ = rows_.days.size() / kSequenceColumns;
  first_place_ = rows_.order.size();
  first_row_ = rows_.first.size();
  latest_.assign(static_cast<std::size_t>(calendar.n()) + 1, kNone);
}

std::uint32_t SequenceMaker::state_of(KnownDays& days, std::int32_t day) {
  std::uint32_t& latest =
      calendar_.has(day) ? latest_[static_cast<std::size_t>(day - calendar_.first_day)] : latest_.back();
  std::array<float, kSequenceColumns> state;
  sequence_day(days, day, rows_.is_log, state.data());
  if (latest != kNone &&
      std::equal(state.begin(), state.end(), &rows_.days[std::size_t{latest} * kSequenceColumns], has_same_bits))
    return latest;
  latest = static_cast<std::uint32_t>(rows_.days.size() / kSequenceColumns);
  rows_.days.insert(rows_.days.end(), state.begin(), state.end());
  return latest;
}

void SequenceMaker::add(KnownDays& days) {
  auto& order = rows_.order;
  seen_.clear();
  for (int back = rows_.sequence; back > 0; --back) seen_.push_back(state_of(days, days.day() - back));
  // Places that the row before has in the same order are read by both.
  const auto gone = static_cast<std::size_t>(days.day() - last_day_);
  const std::size_t shared = rows_.first.size() > first_row_ && gone < seen_.size() ? seen_.size() - gone : 0;
  last_day_ = days.day();
  const bool is_shared = std::equal(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(shared),
                                    order.end() - static_cast<std::ptrdiff_t>(shared));
  const std::size_t kept = is_shared ? shared : 0;
  rows_.first.push_back(static_cast<std::uint32_t>(order.size() - kept));
  order.insert(order.end(), seen_.begin() + static_cast<std::ptrdiff_t>(kept), seen_.end());
  const DailyVector& level = days.levels(days.day() - 1);
  auto& besides = rows_.besides.emplace_back();
  for (std::size_t b = 0; b < besides.size(); ++b) besides[b] = -level[static_cast<std::size_t>(kBesides[b])];
}

void SequenceMaker::drop() {
  rows_.days.resize(first_state_ * kSequenceColumns);
  rows_.order.resize(first_place_);
  rows_.first.resize(first_row_);
  rows_.besides.resize(first_row_);
}

}  // namespace glucose
