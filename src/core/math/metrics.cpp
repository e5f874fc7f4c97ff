// SPDX-License-Identifier: PostgreSQL
#include "core/math/metrics.hpp"

#include <cmath>
#include <limits>

namespace glucose {

Metrics measure(std::span<const float> forecast, std::span<const float> outcome) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Metrics m{static_cast<int>(outcome.size()), kNan, kNan, kNan, kNan, kNan};
  if (m.n == 0) return m;
  double absolute = 0, squared = 0, relative = 0, signed_sum = 0, mean = 0;
  for (std::size_t i = 0; i < outcome.size(); ++i) {
    const double y = static_cast<double>(outcome[i]), e = static_cast<double>(forecast[i]) - y;
    absolute += std::abs(e);
    squared += e * e;
    relative += y == 0 ? kNan : std::abs(e) / y;
    signed_sum += e;
    mean += y;
  }
  const double n = m.n;
  mean /= n;
  double variation = 0;
  for (const float y : outcome) variation += (static_cast<double>(y) - mean) * (static_cast<double>(y) - mean);
  m.mae = absolute / n;
  m.rmse = std::sqrt(squared / n);
  m.mape = 100 * relative / n;
  m.bias = signed_sum / n;
  if (variation > 0) m.r2 = 1 - squared / variation;
  return m;
}

}  // namespace glucose
