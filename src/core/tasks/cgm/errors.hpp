// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>

#include "core/math/metrics.hpp"
#include "core/tasks/cgm/schema.hpp"

namespace glucose {

/// Errors over rows at each horizon [K], summed up one row after the other.
class CgmErrors {
 public:
  void add(std::size_t k, float forecast, float outcome);
  Metrics at(std::size_t k) const;

 private:
  struct Sums {
    int n = 0;
    double absolute = 0, squared = 0, relative = 0, signed_sum = 0, y = 0, yy = 0;
  };
  std::array<Sums, kCgmHorizons> sums_{};
};

}  // namespace glucose
