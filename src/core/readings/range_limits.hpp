// SPDX-License-Identifier: PostgreSQL
// On which side of a limit a reading is, whatever unit it was measured in.
#pragma once
#include <cmath>

namespace glucose {

/// From where on a reading is above a limit: the next whole mg/dL. Of readings in whole mg/dL it is every one that is
/// more; what was measured as 7.8, 10.0 or 13.9 mmol/L (140.54, 180.18, 250.45 mg/dL) belongs to the range up to 140,
/// 180 or 250 mg/dL, as in the consensus that gives both (docs/why/statistics.md). Below a limit is less than it: 3.0
/// and 3.9 mmol/L are 54.05 and 70.27 mg/dL.
inline double first_above(double limit_mg_dl) {
  return std::floor(limit_mg_dl) + 1;
}

/// Far less than the steps of a sensor, and more than what float32 and the arithmetic of units make of a reading.
inline constexpr double kSameMgDl = 0.001;

}  // namespace glucose
