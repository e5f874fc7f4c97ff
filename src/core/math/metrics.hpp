// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <span>

namespace glucose {

/// Errors of n forecasts. r2 is 1 − SSE/SST about the mean of the outcomes (NaN when they do not vary);
/// mape in percent, NaN when an outcome is 0; bias = mean(forecast − outcome). All NaN when n = 0.
struct Metrics {
  int n = 0;
  double mae, rmse, r2, mape, bias;
};

/// in: forecast [n], outcome [n], mg/dL
Metrics measure(std::span<const float> forecast, std::span<const float> outcome);

}  // namespace glucose
