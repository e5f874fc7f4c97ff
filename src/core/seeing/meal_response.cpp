// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/meal_response.hpp"

#include <cmath>

#include "core/readings/range_limits.hpp"
#include "core/readings/time_grid.hpp"
#include "core/seeing/summary.hpp"

namespace glucose {

namespace {

constexpr int kSteps = kResponseMin / kResponseStepMin;

}  // namespace

bool MealResponse::is_known() const {
  return !std::isnan(area);
}

MealResponse response_to(std::span<const Reading> readings, Micros eaten_at) {
  MealResponse response;
  response.level = outcome_at(readings, eaten_at);
  if (std::isnan(response.level)) return response;
  const Targets targets;
  const double beyond = first_above(targets.high);
  int known = 0, in_range = 0;
  double above = 0;
  for (int i = 1; i <= kSteps; ++i) {
    const float g = outcome_at(readings, eaten_at + i * kResponseStepMin * kMinute);
    if (std::isnan(g)) continue;
    ++known;
    above += static_cast<double>(std::max(g - response.level, 0.0F));
    in_range += static_cast<double>(g) >= targets.low && static_cast<double>(g) < beyond ? 1 : 0;
    if (std::isnan(response.peak) || g > response.peak) response.peak = g, response.peak_min = i * kResponseStepMin;
  }
  if (known < kKnownShare * kSteps) return response;
  response.area = static_cast<float>(above / known * kResponseMin);
  response.in_range_pct = static_cast<float>(100.0 * in_range / known);
  return response;
}

}  // namespace glucose
