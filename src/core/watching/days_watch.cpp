// SPDX-License-Identifier: PostgreSQL
#include "core/watching/days_watch.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>

namespace glucose {

namespace {

constexpr Micros kHour = 60 * kMinute, kApart = 15 * kMinute;

Micros day_of(Micros at) {
  return at >= 0 ? at / kDay : -((kDay - 1 - at) / kDay);
}

bool is_whole(std::span<const Reading> readings) {
  std::bitset<24> hours;
  for (const Reading& r : readings)
    hours.set(static_cast<std::size_t>((r.measured_at - day_of(r.measured_at) * kDay) / kHour));
  return hours.count() >= static_cast<std::size_t>(kHoursOfADay);
}

/// Of a day's readings.
struct Levels {
  float mean, low, sd;
};

Levels levels_of(std::span<const Reading> readings, std::vector<float>& scratch) {
  scratch.clear();
  double sum = 0, squares = 0;
  for (const Reading& r : readings) {
    scratch.push_back(r.mg_dl);
    sum += static_cast<double>(r.mg_dl);
  }
  const auto n = static_cast<double>(scratch.size());
  const double mean = sum / n;
  for (const float v : scratch) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
  const auto tenth = scratch.begin() + static_cast<std::ptrdiff_t>(scratch.size() / 10);
  std::nth_element(scratch.begin(), tenth, scratch.end());
  return {static_cast<float>(mean), *tenth, static_cast<float>(std::sqrt(squares / std::max(n - 1, 1.0)))};
}

float meals_of(std::span<const Meal> meals, Micros day) {
  const auto first =
      std::partition_point(meals.begin(), meals.end(), [day](const Meal& m) { return day_of(m.eaten_at) < day; });
  int n = 0;
  Micros last = 0;
  for (auto m = first; m != meals.end() && day_of(m->eaten_at) == day; ++m) {
    if (n > 0 && m->eaten_at - last < kApart) continue;
    last = m->eaten_at;
    ++n;
  }
  return static_cast<float>(n);
}

}  // namespace

std::vector<std::string> watched_of_days() {
  return {"day_mean", "day_low", "day_sd", "day_meals"};
}

void show_days(const Material& material, std::size_t person, RowWatcher& watcher) {
  const std::span<const Reading> all = material.readings;
  std::vector<float> scratch;
  auto next =
      std::partition_point(all.begin(), all.end(), [&](const Reading& r) { return r.measured_at < material.start_at; });
  while (next != all.end() && next->measured_at < material.end_at) {
    const Micros day = day_of(next->measured_at);
    auto end = next;
    while (end != all.end() && end->measured_at < material.end_at && day_of(end->measured_at) == day) ++end;
    const std::span<const Reading> readings(next, end);
    next = end;
    if (!is_whole(readings)) continue;
    const Levels levels = levels_of(readings, scratch);
    const float meals = material.meals.empty() ? kUnknown : meals_of(material.meals, day);
    const std::array<float, 4> values{levels.mean, levels.low, levels.sd, meals};
    watcher.see(person, day * kDay, true, values);
  }
}

}  // namespace glucose
