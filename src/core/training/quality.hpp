// SPDX-License-Identifier: PostgreSQL
// Whether a model that was trained may serve, whatever its task.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glucose {

/// What was measured. Errors are means over horizons, in the task's unit.
struct QualityFacts {
  struct Errors {
    double model, persistence;
    bool better() const { return model < persistence; }
  };
  Errors validation, test;
  std::optional<bool> within_chance;  // what it loses to persistence on validation; none: the pairs were not compared
  double r2, mape_percent;            // on test
  std::optional<double> coverage;     // share of test outcomes within the 90 % interval
  int residuals;                      // that the interval rests on …
  const char* residual_name;          // … and what they are called, in plural
  int tests = 0;                      // rows that all of this was measured on
};

/// What a task asks of a model that is ready for production.
struct QualityLimits {
  struct Range {
    double least, most;
  };
  std::optional<double> r2;       // above
  double mape_percent;            // below
  std::optional<Range> coverage;  // within, shares
  int residuals;                  // with fewer an issue says so; it does not block
  int tests = 0;                  // with fewer test rows nothing is known well enough
};

/// The issues that say so of a model that lost to persistence on test: it is not served where something better is.
inline constexpr std::string_view kLosesOnTest = "no better than persistence on test";
inline constexpr std::string_view kLosesOnBoth = "no better than persistence on validation and test";

struct QualityVerdict {
  bool rejected = false;  // must never be deployed
  bool production_ready = false;
  std::vector<std::string> issues;
};

/// rejected: not finite, or worse than persistence on validation by more than chance; where chance is not known, no
/// better on validation nor on test. production_ready: better than persistence, within all limits.
QualityVerdict judge_quality(const QualityFacts& facts, const QualityLimits& limits);

}  // namespace glucose
