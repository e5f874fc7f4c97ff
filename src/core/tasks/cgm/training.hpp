// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, K horizons.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/tasks/cgm/boosting.hpp"
#include "core/tasks/cgm/day_fit.hpp"
#include "core/tasks/cgm/errors.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

/// How a model did on the rows of one split.
struct CgmMeasured {
  CgmErrors median, mean, persistence;
  std::array<int, kCgmHorizons> inside{};  // outcomes within the 90 % interval
  int rows = 0;
};

/// What a training leaves.
struct CgmOutcome {
  CgmModel model;
  std::array<std::size_t, 3> rows{};    // by Split
  std::array<CgmMeasured, 3> measured;  // by Split; train and test of the stored model, validation of it before it
                                        // was fitted again on those rows too
  DayMeasured day;                      // the stored model of a day, on test
  bool has_prior = false;
  std::array<float, kCgmHorizons> own_share{};  // with a prior: of the person's correction of the median head, served
  std::optional<CgmTreesGains> trees;           // without a prior, when trees were tried
  bool rejected = false;                        // must never be deployed
  bool production_ready = false;
  std::vector<std::string> quality_issues;
};

/// Trains a model on rows, in small steps. Heads are fitted on train and measured on validation, then fitted again on
/// both; test rows are never learnt from and measure exactly what is stored. Spread and quantiles come from the
/// residuals on train and validation of fits that have not learnt from the row's fold: the validation rows alone are of
/// few hours of the day when there are two days of each person. Trees may correct the heads (CgmBoosting); then
/// validation is measured on persons left out. How wide forecasts are right after a gap is fitted after the quantiles
/// (CgmFewFit).
/// With a prior (the population's model) the rows are one person's: the prior's heads get the person's correction, a
/// strongly penalised regression of what they and its trees, which stay, leave unexplained on a few columns. It is
/// served where it is better than the prior, and the spread is the prior's times a factor, both as CgmOwnTrial finds.
/// What lies more than an hour ahead is fitted after that (DayFit), on rows.day.
class CgmTraining {
 public:
  /// l2: the penalty of the heads, or of a person's correction of a prior's, in rows; below 0: the usual one · throws
  /// Error too_little_history when a split is empty
  CgmTraining(CgmRows rows, std::optional<CgmModel> prior, const CgmBoostingOptions& boosting = {}, double l2 = -1);
  ~CgmTraining();
  CgmTraining(CgmTraining&&) noexcept;

  bool done() const;
  void step();
  double progress() const;  // 0 … 1
  CgmOutcome take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Fills rejected, production_ready and quality_issues. rejected: not finite, or its mean absolute error is above that
/// of persistence on validation and on test. production_ready: not rejected, and on test better than persistence, MAPE
/// below 15 % and the 90 % interval holding 85 to 95 % of the outcomes, means over the reported horizons.
void judge_cgm(CgmOutcome& outcome);

/// Mean over the reported horizons (30, 60, 90 and 120 minutes) of one field.
inline constexpr std::array<std::size_t, 4> kCgmReported{5, 11, 17, 23};
double cgm_mean_of(const CgmErrors& errors, double Metrics::*field);
/// Share of outcomes within the 90 % interval, mean over the reported horizons.
double cgm_coverage(const CgmMeasured& measured);

}  // namespace glucose
