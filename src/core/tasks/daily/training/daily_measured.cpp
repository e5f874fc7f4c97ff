// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/training/daily_measured.hpp"

#include <cmath>

#include "core/base/types.hpp"

namespace glucose {

double DailyMeasured::coverage() const {
  double inside = 0;
  for (std::size_t i = 0; i < outcome.size(); ++i) inside += outcome[i] >= lower[i] && outcome[i] <= upper[i] ? 1 : 0;
  return outcome.empty() ? kUnknown : inside / static_cast<double>(outcome.size());
}

double DailyMeasured::within() const {
  double errors = 0, spread = 0;
  for (std::size_t i = 0; i < outcome.size();) {
    std::size_t end = i;
    double sum = 0;
    while (end < outcome.size() && person[end] == person[i]) sum += static_cast<double>(outcome[end++]);
    const double mean = sum / static_cast<double>(end - i);
    for (; i < end; ++i) {
      errors += std::pow(static_cast<double>(forecast[i] - outcome[i]), 2);
      spread += std::pow(static_cast<double>(outcome[i]) - mean, 2);
    }
  }
  return spread > 0 ? 1 - errors / spread : kUnknown;
}

}  // namespace glucose
