// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/interval.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace glucose {

namespace {

constexpr std::size_t S = kCgmSpreadColumns;
constexpr double kSmallestResidual = 0.5;  // mg/dL: a sensor reports whole ones
constexpr float kNarrowest = 0.1F, kWidest = 200.0F;
constexpr double kRidge = 1e-3;  // in rows: a column that never varied

}  // namespace

std::array<float, kCgmLevelCount> cgm_quantiles(std::vector<float>& residuals) {
  if (!std::is_sorted(residuals.begin(), residuals.end())) std::sort(residuals.begin(), residuals.end());
  const auto n = static_cast<double>(residuals.size());
  std::array<float, kCgmLevelCount> quantiles;
  for (std::size_t q = 0; q < kCgmLevelCount; ++q) {
    const double exact = kCgmLevels[q] * (n + 1);
    // 0.95 · 20 is a little below 19 in floating point.
    const double rank = kCgmLevels[q] < 0.5 ? std::floor(exact + 1e-9) : std::ceil(exact - 1e-9);
    quantiles[q] = residuals[static_cast<std::size_t>(std::clamp(rank, 1.0, n)) - 1];
  }
  return quantiles;
}

double cgm_quantile(std::span<const float> quantiles, double p) {
  const auto above = std::upper_bound(kCgmLevels.begin(), kCgmLevels.end(), p);
  if (above == kCgmLevels.begin()) return static_cast<double>(quantiles.front());
  if (above == kCgmLevels.end()) return static_cast<double>(quantiles.back());
  const auto i = static_cast<std::size_t>(above - kCgmLevels.begin());
  const double weight = (p - kCgmLevels[i - 1]) / (kCgmLevels[i] - kCgmLevels[i - 1]);
  return std::lerp(static_cast<double>(quantiles[i - 1]), static_cast<double>(quantiles[i]), weight);
}

double cgm_probability_below(std::span<const float> quantiles, double z) {
  const auto above = std::upper_bound(quantiles.begin(), quantiles.end(), z,
                                      [](double value, float q) { return value < static_cast<double>(q); });
  if (above == quantiles.begin()) return kCgmLevels.front();
  if (above == quantiles.end()) return kCgmLevels.back();
  const auto i = static_cast<std::size_t>(above - quantiles.begin());
  const double low = static_cast<double>(quantiles[i - 1]), high = static_cast<double>(quantiles[i]);
  return std::lerp(kCgmLevels[i - 1], kCgmLevels[i], (z - low) / (high - low));
}

float cgm_mean_absolute(std::span<const float> quantiles) {
  const auto size = [&](std::size_t q) { return static_cast<double>(std::abs(quantiles[q])); };
  double mean = kCgmLevels.front() * (size(0) + size(kCgmLevelCount - 1));  // beyond the outermost ones: as they
  for (std::size_t q = 1; q < kCgmLevelCount; ++q)
    mean += (kCgmLevels[q] - kCgmLevels[q - 1]) * (size(q - 1) + size(q)) / 2;
  return static_cast<float>(mean);
}

float cgm_share_of_absolute(std::vector<float> values, double share) {
  for (float& v : values) v = std::abs(v);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

float cgm_spread(const float* coefficients, const CgmSpreadColumns& columns) {
  float log_spread = 0;
  for (std::size_t s = 0; s < S; ++s) log_spread += coefficients[s] * columns[s];
  return std::clamp(std::exp(log_spread), kNarrowest, kWidest);
}

CgmSpreadFit::CgmSpreadFit() : sums_(S, kCgmHorizons, Intercept::none) {}

void CgmSpreadFit::add(const float* columns, const float* residuals) {
  std::array<double, kCgmHorizons> y;
  for (std::size_t k = 0; k < kCgmHorizons; ++k)
    y[k] = std::isnan(residuals[k])
               ? std::numeric_limits<double>::quiet_NaN()
               : std::log(std::max(std::abs(static_cast<double>(residuals[k])), kSmallestResidual));
  sums_.add(columns, y.data());
  ++rows_;
}

std::vector<float> CgmSpreadFit::solve() {
  std::array<double, S> penalties;
  penalties.fill(kRidge);
  std::vector<float> coefficients;
  std::vector<double> fit(S, 0.0);
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    RidgeSums<double> known = sums_.target(k);
    if (known.rows() > 0) fit = known.solve(penalties).slopes;
    for (const double c : fit) coefficients.push_back(static_cast<float>(c));
  }
  return coefficients;
}

}  // namespace glucose
