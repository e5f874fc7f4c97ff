// SPDX-License-Identifier: PostgreSQL
#include <cmath>
#include <limits>

#include "core/tasks/cgm/training.hpp"
#include "core/training/quality.hpp"

namespace glucose {

namespace {

constexpr QualityLimits kLimits{{}, 15, QualityLimits::Range{0.85, 0.95}, 288};  // residuals: a day of them

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
  const CgmMeasured& validation = outcome.measured[static_cast<std::size_t>(Split::validation)];
  const CgmMeasured& test = outcome.measured[static_cast<std::size_t>(Split::test)];
  const auto mae = [](const CgmMeasured& m) {
    return QualityFacts::Errors{cgm_mean_of(m.median, &Metrics::mae), cgm_mean_of(m.persistence, &Metrics::mae)};
  };
  QualityFacts facts{};
  facts.validation = mae(validation);
  facts.test = mae(test);
  facts.mape_percent = cgm_mean_of(test.median, &Metrics::mape);
  facts.coverage = cgm_coverage(test);
  facts.residuals = outcome.model.n_residuals;
  facts.residual_name = "windows";
  QualityVerdict verdict = judge_quality(facts, kLimits);
  outcome.rejected = verdict.rejected;
  outcome.production_ready = verdict.production_ready;
  outcome.quality_issues = std::move(verdict.issues);
}

}  // namespace glucose
