// SPDX-License-Identifier: PostgreSQL
#include "core/readings/level_sums.hpp"

#include <cmath>

namespace glucose {

namespace {
constexpr double kUnitsPerMgDl = 1 << 19;
constexpr double kFarthest = 1e6;  // mg/dL; what is no glucose at all must not overflow
}  // namespace

void LevelSum::add(float mg_dl) {
  const double units = std::clamp(static_cast<double>(mg_dl), -kFarthest, kFarthest) * kUnitsPerMgDl;
  const std::int64_t whole = std::isnan(units) ? 0 : static_cast<std::int64_t>(units);
  const auto size = static_cast<Wide>(whole < 0 ? -whole : whole);
  ++n;
  sum += whole;
  squares += size * size;
}

double LevelSum::mean() const {
  return static_cast<double>(sum) / kUnitsPerMgDl / static_cast<double>(n);
}

double LevelSum::sd(std::int64_t free) const {
  // n Σx² − (Σx)², never negative.
  const auto size = static_cast<Wide>(sum < 0 ? -sum : sum), count = static_cast<Wide>(n);
  const auto spread = static_cast<double>(count * squares - size * size);
  return std::sqrt(spread / (static_cast<double>(n) * static_cast<double>(n - free))) / kUnitsPerMgDl;
}

void LevelSums::extend(std::span<const Reading> readings, std::size_t unchanged) {
  blocks_.resize(std::min(blocks_.size(), unchanged / kBlock + 1));
  if (blocks_.empty()) blocks_.emplace_back();
  for (std::size_t begin = (blocks_.size() - 1) * kBlock; begin + kBlock <= readings.size(); begin += kBlock) {
    Before next = blocks_.back();
    for (std::size_t i = begin; i < begin + kBlock; ++i) {
      next.sum.add(readings[i].mg_dl);
      next.recorded = std::max(next.recorded, readings[i].recorded_at);
    }
    blocks_.push_back(next);
  }
}

LevelSum LevelSums::before(std::span<const Reading> readings, std::size_t place) const {
  LevelSum sum = blocks_[place / kBlock].sum;
  for (std::size_t i = place / kBlock * kBlock; i < place; ++i) sum.add(readings[i].mg_dl);
  return sum;
}

LevelSum LevelSums::between(std::span<const Reading> readings, std::size_t first, std::size_t last, Micros at) const {
  LevelSum sum;
  // Back to where all was recorded: one step, but for readings that came late.
  while (last > first && !(last % kBlock == 0 && blocks_[last / kBlock].recorded <= at)) {
    const Reading& r = readings[--last];
    if (r.recorded_at <= at) sum.add(r.mg_dl);
  }
  return last > first ? sum + (before(readings, last) - before(readings, first)) : sum;
}

Levels::Levels(std::span<const Reading> readings, const LevelSums& sums, Micros at)
    : readings_(readings), sums_(sums), believed_(readings, at), at_(at), end_(0) {
  const auto end =
      std::partition_point(readings.begin(), readings.end(), [&](const Reading& r) { return r.measured_at <= at; });
  end_ = static_cast<std::size_t>(end - readings.begin());
}

LevelSum Levels::since(Micros from) const {
  const auto end = readings_.begin() + static_cast<std::ptrdiff_t>(end_);
  const auto first =
      std::partition_point(readings_.begin(), end, [&](const Reading& r) { return r.measured_at < from; });
  return sums_.between(readings_, static_cast<std::size_t>(first - readings_.begin()), end_, at_);
}

LevelSum Levels::believed_since(Micros from) const {
  const std::span<const Reading> believed = believed_.readings();
  if (believed.data() == readings_.data()) return since(from);
  LevelSum sum;
  for (const Reading& r : believed)
    if (r.measured_at >= from && r.measured_at <= at_ && r.recorded_at <= at_) sum.add(r.mg_dl);
  return sum;
}

}  // namespace glucose
