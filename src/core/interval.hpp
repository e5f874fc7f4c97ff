// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <span>
#include <vector>

namespace glucose {

inline constexpr double kIntervalLevel = 0.9;

/// What is added to a forecast to get its interval: offset below and above at each horizon [K], mg/dL.
struct Intervals {
  int n = 0;  // residuals behind them
  std::vector<float> below, above;
};

/// Offsets (below <= 0 <= above) that hold 90 % of new residuals (outcome - forecast), honest about how few there are:
/// n >= 39: order statistics of both tails, each with its finite-sample rank (split conformal, Vovk 2005);
/// 9 <= n < 39: one order statistic of the absolute residuals (tails are too thin to be told apart);
/// n < 9: Student's t times the root mean square, times sqrt(1 + 1/n).
struct Offsets {
  float below, above;
};
Offsets interval_offsets(std::span<const float> residuals);

}  // namespace glucose
