// SPDX-License-Identifier: PostgreSQL
#include "core/readings/time_grid.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

struct Neighbour {
  Micros at = 0;
  float mg_dl = kUnknown;
  bool found() const { return !std::isnan(mg_dl); }
};

// The nearest moment from `from` on in direction `step` that is within reach and known at `as_of`; readings of that
// same moment are averaged.
Neighbour nearest(std::span<const Reading> readings, std::ptrdiff_t from, std::ptrdiff_t step, Micros at,
                  Micros as_of) {
  Neighbour found;
  double sum = 0;
  int n = 0;
  const auto size = static_cast<std::ptrdiff_t>(readings.size());
  for (std::ptrdiff_t i = from; i >= 0 && i < size; i += step) {
    const Reading& r = readings[static_cast<std::size_t>(i)];
    if (std::abs(r.measured_at - at) > kReachOfReading || (n > 0 && r.measured_at != found.at)) break;
    if (r.recorded_at > as_of || r.measured_at > as_of) continue;
    found.at = r.measured_at;
    sum += static_cast<double>(r.mg_dl);
    ++n;
  }
  if (n > 0) found.mg_dl = static_cast<float>(sum / n);
  return found;
}

float between(const Neighbour& before, const Neighbour& after, Micros at) {
  if (before.at == after.at) return before.mg_dl;
  const double weight = static_cast<double>(at - before.at) / static_cast<double>(after.at - before.at);
  return static_cast<float>(static_cast<double>(before.mg_dl) +
                            weight * static_cast<double>(after.mg_dl - before.mg_dl));
}

struct Neighbours {
  Neighbour before, after;
};

// The place of the first reading after a moment. A sensor measures at even steps, so it is looked for where it would be
// if this one did, and in growing steps from there.
std::ptrdiff_t first_after_moment(std::span<const Reading> readings, Micros at) {
  const auto size = static_cast<std::ptrdiff_t>(readings.size());
  if (size == 0 || at < readings.front().measured_at) return 0;
  if (at >= readings.back().measured_at) return size;
  const auto is_after = [&](std::ptrdiff_t i) { return readings[static_cast<std::size_t>(i)].measured_at > at; };
  const double share = static_cast<double>(at - readings.front().measured_at) /
                       static_cast<double>(readings.back().measured_at - readings.front().measured_at);
  std::ptrdiff_t before =
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(share * static_cast<double>(size)), 0, size - 1);
  std::ptrdiff_t after = before + 1;
  for (std::ptrdiff_t step = 1; is_after(before); step *= 2) {
    after = before;
    before = std::max<std::ptrdiff_t>(before - step, 0);
  }
  for (std::ptrdiff_t step = 1; !is_after(after); step *= 2) {
    before = after;
    after = std::min(after + step, size - 1);
  }
  while (after - before > 1) {
    const std::ptrdiff_t middle = before + (after - before) / 2;
    (is_after(middle) ? after : before) = middle;
  }
  return after;
}

Neighbours neighbours(std::span<const Reading> readings, Micros at, Micros as_of) {
  const std::ptrdiff_t first_after = first_after_moment(readings, at);
  Neighbours found;
  found.before = nearest(readings, first_after - 1, -1, at, as_of);
  found.after =
      found.before.found() && found.before.at == at ? found.before : nearest(readings, first_after, 1, at, as_of);
  return found;
}

}  // namespace

float glucose_at(std::span<const Reading> readings, Micros at, Micros as_of) {
  const auto [before, after] = neighbours(readings, at, as_of);
  if (before.found() && after.found()) return between(before, after, at);
  return before.found() ? before.mg_dl : after.mg_dl;
}

float outcome_at(std::span<const Reading> readings, Micros at, Micros as_of) {
  const auto [before, after] = neighbours(readings, at, as_of);
  return before.found() && after.found() ? between(before, after, at) : kUnknown;
}

std::span<const Reading> readings_within(std::span<const Reading> readings, Micros since, Micros until) {
  const auto up_to = [&](Micros at) {
    return std::partition_point(readings.begin(), readings.end(),
                                [at](const Reading& r) { return r.measured_at <= at; });
  };
  return {up_to(since), up_to(std::max(since, until))};
}

bool was_measured(std::span<const Reading> readings, Micros from, Micros until) {
  return !readings_within(readings, from, until).empty();
}

void glucose_window(std::span<const Reading> readings, Micros at, Micros step, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = glucose_at(readings, at - static_cast<Micros>(out.size() - 1 - i) * step, at);
}

}  // namespace glucose
