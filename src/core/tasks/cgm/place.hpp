// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cmath>
#include <cstddef>

#include "core/tasks/cgm/schema.hpp"

namespace glucose {

/// A moment between two horizons of a model (or beyond the last), as what the model says of it is made of both.
struct CgmPlace {
  std::size_t before, after;
  float weight;     // of `after`
  float widen = 1;  // the interval: beyond the last horizon, with the square root of time

  /// in: minutes after the last reading
  explicit CgmPlace(double minutes) {
    const double step = std::max(minutes / kCgmStepMin - 1, 0.0);  // 0: the first horizon
    constexpr std::size_t kLast = kCgmHorizons - 1;
    before = std::min(static_cast<std::size_t>(step), kLast);
    after = std::min(before + 1, kLast);
    weight = after == before ? 0.0F : static_cast<float>(step - static_cast<double>(before));
    if (minutes > kCgmLongestMin) widen = static_cast<float>(std::sqrt(minutes / kCgmLongestMin));
  }
  float between(float a, float b) const { return a + weight * (b - a); }
  float of(const std::array<float, kCgmHorizons>& values) const { return between(values[before], values[after]); }
};

}  // namespace glucose
