// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstddef>
#include <vector>

namespace glucose {

/// How one combination of a grid did on all rows asked about.
struct TriedCombination {
  std::size_t combination;
  double mae, rmse;  // mean over horizons, in the task's unit; infinity when a forecast was not finite
  int n;             // rows
};

/// Tries combinations of options in small steps, until all are tried or there is no more time.
class Tuner {
 public:
  virtual ~Tuner() = default;
  virtual bool done() const = 0;
  virtual void step() = 0;
  /// Those tried so far, smallest rmse first; equal ones in the grid's order.
  virtual std::vector<TriedCombination> ranked() const = 0;
};

}  // namespace glucose
