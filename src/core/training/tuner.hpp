// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace glucose {

/// How one combination of a grid did on all rows asked about.
struct TriedCombination {
  std::size_t combination;
  double mae, rmse;  // mean over horizons, in the task's unit; infinity when a forecast was not finite
  int n;             // rows
};

/// Smallest rmse first; equal ones in the grid's order.
inline std::vector<TriedCombination> ranked_by_rmse(std::vector<TriedCombination> tried) {
  std::sort(tried.begin(), tried.end(), [](const TriedCombination& a, const TriedCombination& b) {
    return a.rmse != b.rmse ? a.rmse < b.rmse : a.combination < b.combination;
  });
  return tried;
}

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
