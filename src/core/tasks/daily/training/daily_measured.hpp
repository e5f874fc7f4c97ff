// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstdint>
#include <vector>

#include "core/math/metrics.hpp"

namespace glucose {

/// Forecasts of rows beside what came of them, in the metric's unit.
struct DailyMeasured {
  std::vector<float> forecast, lower, upper, outcome, last;
  std::vector<float> score;  // |error| in units of the spread
  std::vector<std::int32_t> person;
  Metrics errors() const { return measure(forecast, outcome); }
  Metrics persistence() const { return measure(last, outcome); }
  double coverage() const;
  /// R² about each person's own mean.
  double within() const;
};

}  // namespace glucose
