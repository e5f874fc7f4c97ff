// SPDX-License-Identifier: PostgreSQL
#include <cmath>
#include <limits>

#include "core/tasks/cgm/training.hpp"

namespace glucose {

namespace {

constexpr double kReadyMapePercent = 15;
constexpr double kLeastCoverage = 0.85, kMostCoverage = 0.95;
constexpr int kFewResiduals = 288;  // a day of them

}  // namespace

void CgmErrors::add(std::size_t k, float forecast, float outcome) {
  Sums& s = sums_[k];
  const double y = static_cast<double>(outcome), e = static_cast<double>(forecast) - y;
  ++s.n;
  s.absolute += std::abs(e);
  s.squared += e * e;
  s.relative += std::abs(e) / y;
  s.signed_sum += e;
  s.y += y;
  s.yy += y * y;
}

Metrics CgmErrors::at(std::size_t k) const {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const Sums& s = sums_[k];
  Metrics m{s.n, kNan, kNan, kNan, kNan, kNan};
  if (s.n == 0) return m;
  const double n = s.n, variation = s.yy - s.y * s.y / n;
  m.mae = s.absolute / n;
  m.rmse = std::sqrt(s.squared / n);
  m.mape = 100 * s.relative / n;
  m.bias = s.signed_sum / n;
  if (variation > 1e-6 * s.yy / n) m.r2 = 1 - s.squared / variation;
  return m;
}

double cgm_mean_of(const CgmErrors& errors, double Metrics::*field) {
  double sum = 0, n = 0;
  for (const std::size_t k : kCgmReported)
    if (const Metrics m = errors.at(k); m.n > 0) sum += m.*field, n += 1;
  return sum / n;
}

double cgm_coverage(const CgmMeasured& measured) {
  double sum = 0, n = 0;
  for (const std::size_t k : kCgmReported)
    if (const int outcomes = measured.median.at(k).n; outcomes > 0)
      sum += static_cast<double>(measured.inside[k]) / outcomes, n += 1;
  return sum / n;
}

void judge_cgm(CgmOutcome& outcome) {
  auto& issues = outcome.quality_issues;
  const CgmMeasured& validation = outcome.measured[static_cast<std::size_t>(Split::validation)];
  const CgmMeasured& test = outcome.measured[static_cast<std::size_t>(Split::test)];
  const auto worse = [](const CgmMeasured& m) {
    return !(cgm_mean_of(m.median, &Metrics::mae) < cgm_mean_of(m.persistence, &Metrics::mae));
  };
  const double mae = cgm_mean_of(test.median, &Metrics::mae), coverage = cgm_coverage(test);
  if (!std::isfinite(mae)) {
    issues.emplace_back("forecasts are not finite");
    outcome.rejected = true;
  } else if (worse(validation) && worse(test)) {
    issues.emplace_back("no better than persistence on validation and test");
    outcome.rejected = true;
  } else if (worse(test)) {
    issues.emplace_back("no better than persistence on test");
  }
  if (!(cgm_mean_of(test.median, &Metrics::mape) < kReadyMapePercent))
    issues.emplace_back("MAPE on test is not below 15 %");
  if (!(coverage >= kLeastCoverage && coverage <= kMostCoverage))
    issues.emplace_back("the 90 % interval holds fewer than 85 % or more than 95 % of the test outcomes");
  outcome.production_ready = issues.empty();
  if (outcome.model.n_residuals < kFewResiduals)
    issues.emplace_back("interval rests on only " + std::to_string(outcome.model.n_residuals) + " windows");
}

}  // namespace glucose
