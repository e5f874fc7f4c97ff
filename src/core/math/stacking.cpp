// SPDX-License-Identifier: PostgreSQL
#include "core/math/stacking.hpp"

#include <algorithm>
#include <cmath>

#include "core/math/gate.hpp"

namespace glucose {

namespace {
constexpr int kSweeps = 500;
constexpr double kSettled = 1e-7;
}  // namespace

std::vector<float> stacking_weights(const std::vector<std::vector<float>>& forecasts, std::span<const float> outcomes,
                                    std::span<const float> prior, double prior_rows) {
  const std::size_t M = forecasts.size(), N = outcomes.size();
  // With weights that sum to 1 the residual is the weighted sum of the members' residuals, so their products say all.
  std::vector<double> products(M * M, 0.0);
  double spread = 0;
  for (std::size_t a = 0; a < M; ++a)
    for (std::size_t b = 0; b < M; ++b)
      for (std::size_t i = 0; i < N; ++i)
        products[a * M + b] +=
            static_cast<double>(forecasts[a][i] - outcomes[i]) * static_cast<double>(forecasts[b][i] - outcomes[i]);
  for (std::size_t a = 0; a < M; ++a)
    spread += products[a * M + a] / static_cast<double>(std::max(N * M, std::size_t{1}));
  const double pull = prior_rows * spread;
  std::vector<double> w(prior.begin(), prior.end());
  const auto slope = [&](std::size_t a) {
    double s = pull * (w[a] - static_cast<double>(prior[a]));
    for (std::size_t b = 0; b < M; ++b) s += products[a * M + b] * w[b];
    return s;
  };
  // Weight moves between pairs, as much as helps and is there; the problem is convex, so this ends at its minimum.
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double moved = 0;
    for (std::size_t a = 0; a < M; ++a)
      for (std::size_t b = 0; b < a; ++b) {
        const double curvature = products[a * M + a] - 2 * products[a * M + b] + products[b * M + b] + 2 * pull;
        if (!(curvature > 0)) continue;
        const double shift = std::clamp((slope(b) - slope(a)) / curvature, -w[a], w[b]);
        w[a] += shift;
        w[b] -= shift;
        moved = std::max(moved, std::abs(shift));
      }
    if (moved < kSettled) break;
  }
  return {w.begin(), w.end()};
}

Share best_share(std::span<const double> residuals, std::span<const double> corrections) {
  double agreed = 0, corrected = 0;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    agreed += residuals[i] * corrections[i];
    corrected += corrections[i] * corrections[i];
  }
  if (!(corrected > 0)) return {};
  const double best = std::clamp(agreed / corrected, 0.0, 1.0);
  PairedSums gains;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    gains.add(residuals[i] * residuals[i] - std::pow(residuals[i] - best * corrections[i], 2));
  }
  return {best, gains.beyond_chance(Spread::about_zero)};
}

}  // namespace glucose
