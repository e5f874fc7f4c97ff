// SPDX-License-Identifier: PostgreSQL
#include "core/math/two_samples.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {

namespace {

// Of all orders of n and m values, the share of those whose distributions are never so far apart: a path over the grid
// of (i of n, j of m) that keeps off all points too far from the diagonal; each step weighs as likely as it is.
double exact_p(double distance, int n, int m) {
  const double points = static_cast<double>(n) * m;
  // Distances are multiples of 1 / (n m); just below the first that counts.
  const double within = (0.5 + std::floor(distance * points - 1e-7)) / points;
  const auto is_far = [&](int i, int j) {
    return std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m) > within;
  };
  std::vector<double> near(static_cast<std::size_t>(m) + 1);
  for (int j = 0; j <= m; ++j) near[static_cast<std::size_t>(j)] = is_far(0, j) ? 0 : 1;
  for (int i = 1; i <= n; ++i) {
    const double weight = static_cast<double>(i) / (i + m);
    near[0] = is_far(i, 0) ? 0 : weight * near[0];
    for (int j = 1; j <= m; ++j) {
      const auto at = static_cast<std::size_t>(j);
      near[at] = is_far(i, j) ? 0 : weight * near[at] + near[at - 1];
    }
  }
  return std::clamp(1 - near.back(), 0.0, 1.0);
}

double limiting_p(double distance, int n, int m) {
  const double root = std::sqrt(static_cast<double>(n) * m / (static_cast<double>(n) + m));
  const double x = (root + 0.12 + 0.11 / root) * distance;
  if (x < 0.3) return 1;  // 1 - 1e-5, and the sum converges slowly there
  double sum = 0, sign = 1;
  for (int k = 1; k <= 100; ++k, sign = -sign) {
    const double term = std::exp(-2 * k * k * x * x);
    sum += sign * term;
    if (term < 1e-12) break;
  }
  return std::clamp(2 * sum, 0.0, 1.0);
}

}  // namespace

double kolmogorov_smirnov_p(double distance, int n, int m) {
  if (n < 1 || m < 1 || !(distance >= 0 && distance <= 1))
    throw Error(ErrorCode::bad_argument, "two distributions need values, and a distance of 0 to 1");
  if (distance == 0) return 1;
  return static_cast<double>(n) * m <= kMostExactPaths ? exact_p(distance, n, m) : limiting_p(distance, n, m);
}

double population_stability_index(std::span<const double> p, std::span<const double> q) {
  if (p.size() != q.size()) throw Error(ErrorCode::bad_argument, "shares must be over the same bins");
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!(p[i] > 0 && q[i] > 0)) throw Error(ErrorCode::bad_argument, "every share must be above 0");
    sum += (p[i] - q[i]) * std::log(p[i] / q[i]);
  }
  return sum;
}

}  // namespace glucose
