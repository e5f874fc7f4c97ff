// SPDX-License-Identifier: PostgreSQL
#include "core/interval.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "core/units.hpp"

namespace glucose {

namespace {
// Ranks are counted in whole numbers: (1 - 0.9) / 2 in floating point is a little below 0.05, one rank too few.
static_assert(kIntervalLevel == 0.9);
constexpr int kEnoughForOneTail = 9;    // ceil((n + 1) · 0.9) <= n
constexpr int kEnoughForTwoTails = 39;  // floor((n + 1) · 0.05) >= 2: no tail rests on its very last residual
}  // namespace

Offsets interval_offsets(std::span<const float> residuals) {
  const auto n = static_cast<int>(residuals.size());
  if (n == 0) return {kGlucoseLow - kGlucoseHigh, kGlucoseHigh - kGlucoseLow};
  if (n < kEnoughForOneTail) {
    double squares = 0;
    for (const float r : residuals) squares += static_cast<double>(r) * static_cast<double>(r);
    const double t = boost::math::quantile(boost::math::students_t(n), 0.5 + kIntervalLevel / 2);
    const auto half = static_cast<float>(t * std::sqrt(squares / n) * std::sqrt(1 + 1.0 / n));
    return {-half, half};
  }
  std::vector<float> sorted(residuals.begin(), residuals.end());
  if (n < kEnoughForTwoTails) {
    for (float& r : sorted) r = std::abs(r);
    std::sort(sorted.begin(), sorted.end());
    const std::size_t rank = (9 * (sorted.size() + 1) + 9) / 10;
    return {-sorted[rank - 1], sorted[rank - 1]};
  }
  std::sort(sorted.begin(), sorted.end());
  const std::size_t tail = (sorted.size() + 1) / 20;
  return {std::min(sorted[tail - 1], 0.0F), std::max(sorted[sorted.size() - tail], 0.0F)};
}

}  // namespace glucose
