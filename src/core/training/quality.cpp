// SPDX-License-Identifier: PostgreSQL
#include "core/training/quality.hpp"

#include <cmath>
#include <cstdio>

namespace glucose {

namespace {

/// As people write it: 0.5, 15.
std::string plain(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

/// Fills rejected and the issues about persistence.
void compare_with_persistence(const QualityFacts& facts, QualityVerdict& verdict) {
  const auto& [model, persistence] = facts.validation;
  auto& issues = verdict.issues;
  if (!std::isfinite(model) || !std::isfinite(facts.test.model)) {
    issues.emplace_back("forecasts are not finite");
    verdict.rejected = true;
    return;
  }
  if (!facts.within_chance) {
    verdict.rejected = !facts.validation.better() && !facts.test.better();
    if (verdict.rejected) {
      issues.emplace_back(kLosesOnBoth);
      return;
    }
  } else if (model > persistence) {
    issues.emplace_back(*facts.within_chance ? "worse than persistence on validation, though within chance"
                                             : "worse than persistence on validation");
    verdict.rejected = !*facts.within_chance;
  } else if (!facts.validation.better()) {
    issues.emplace_back("no better than persistence on validation");
  }
  if (!facts.test.better()) issues.emplace_back(kLosesOnTest);
}

}  // namespace

QualityVerdict judge_quality(const QualityFacts& facts, const QualityLimits& limits) {
  QualityVerdict verdict;
  auto& issues = verdict.issues;
  compare_with_persistence(facts, verdict);
  if (limits.r2 && facts.r2 < 0)
    issues.emplace_back("R2 on test is below 0");
  else if (limits.r2 && !(facts.r2 > *limits.r2))
    issues.emplace_back("R2 on test is not above " + plain(*limits.r2));
  if (!(facts.mape_percent < limits.mape_percent))
    issues.emplace_back("MAPE on test is not below " + plain(limits.mape_percent) + " %");
  if (limits.coverage &&
      !(facts.coverage && *facts.coverage >= limits.coverage->least && *facts.coverage <= limits.coverage->most))
    issues.emplace_back("the 90 % interval holds fewer than " + plain(100 * limits.coverage->least) +
                        " % or more than " + plain(100 * limits.coverage->most) + " % of the test outcomes");
  if (facts.tests < limits.tests)
    issues.emplace_back("measured on only " + std::to_string(facts.tests) + " test " + facts.residual_name +
                        ", fewer than " + std::to_string(limits.tests));
  verdict.production_ready = issues.empty();
  if (facts.residuals < limits.residuals)
    issues.emplace_back("interval rests on only " + std::to_string(facts.residuals) + " " + facts.residual_name);
  return verdict;
}

}  // namespace glucose
