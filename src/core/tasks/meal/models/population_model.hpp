// SPDX-License-Identifier: PostgreSQL
// Shapes: P = kRichFeatures columns, L = kLineColumns, K horizons, C = kCurveSteps.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "core/learn/trees.hpp"
#include "core/math/scaler.hpp"
#include "core/tasks/meal/models/memory.hpp"

namespace glucose {

/// A forecast and what the person's own earlier meals have to do with it. [K] mg/dL
struct PointForecast {
  std::array<float, kMaxHorizons> impersonal;  // without them
  std::array<float, kMaxHorizons> recalled;    // the residual they lead to expect
  std::array<float, kMaxHorizons> believed;    // how much of that is believed, 0 … 1
  std::array<float, kMaxHorizons> variance;    // what they leave open of it, in units of the noise of one outcome
  std::array<float, kMaxHorizons> mg_dl;       // the whole forecast, not yet limited to what a sensor can show
};

using StandardRow = std::array<float, kRichFeatures>;

/// What the linear part sees: the standardised columns, then how little of the person's days is known (meal2::kDoubt),
/// then each column times that. On a person's first day the same columns mean something else: what they are held
/// against are the last hours only, and a level is the best there is to say of what is usual.
inline constexpr std::size_t kLineColumns = 2 * kRichFeatures + 1;
using LineRow = std::array<float, kLineColumns>;

/// The column of 'meal/2' that one of the line stands for.
constexpr std::size_t column_of_line(std::size_t l) {
  return l < kRichFeatures ? l : l == kRichFeatures ? meal2::kDoubt : l - kRichFeatures - 1;
}

/// How alike two meals of a person are, in units of the noise of one outcome: what all its meals share, the same time
/// of day, the same time of day at the same level, the same nutrients (most likely the same dish), and a linear part on
/// the standardised columns, which is ridge regression with penalty 1/linear.
struct PersonalKernel {
  float person = 0.02F, clock = 0.08F, clock_and_level = 0.10F, nutrients = 0.20F, linear = 1.0F / 400;

  /// Whether a person's own meals count for nothing.
  bool is_empty() const { return person + clock + clock_and_level + nutrients + linear == 0; }
};

/// What is known of meals in general: weights only, so that it may serve persons who gave no data. The same weights
/// learnt from one person's rows alone are that person's 'trees' (an empty kernel says so). Forecasts the change
/// from the level at the meal, linearly in the standardised columns of 'meal/2' (LineRow); trees correct what that
/// leaves.
struct PopulationModel {
  Scaler scaler;                          // [P]
  std::vector<float> intercept;           // [K] mg/dL
  std::vector<float> coefficients;        // [K × L] mg/dL per SD
  float share_of_trees = 0;               // 0 … 1 of their correction
  std::vector<Trees> trees;               // [K] on the columns as they are, or none
  std::vector<float> residual_sd;         // [K] mg/dL, of persons it has not learnt from
  std::vector<float> curve_intercept;     // [C] mg/dL, of the change every 15 minutes, or none
  std::vector<float> curve_coefficients;  // [C × L] mg/dL per SD, or none
  PersonalKernel kernel;                  // how a person's own meals are weighed on top of it

  /// Standardised columns, at most 6 SDs from the mean: one wild value must not carry a forecast away.
  StandardRow standardise(const RichVector& rich) const;
  LineRow line_row(const RichVector& rich) const;
  /// The linear part's forecast, mg/dL. out: [K]
  void predict_linear(const RichVector& rich, int horizons, float* out) const;
  /// Forecast without the person's own part, mg/dL. out: [K]
  void predict(const RichVector& rich, int horizons, float* out) const;
  bool knows_curve() const { return !curve_intercept.empty(); }
  /// Linear forecasts every 15 minutes, mg/dL; only when knows_curve().
  CurveOutcomes predict_curve(const RichVector& rich) const;
  /// The same of average columns, from the moment's level.
  CurveOutcomes usual_curve(const RichVector& rich) const;
};

/// For a person where no population is known: what open data say (open_prior.hpp), and a kernel that learns three
/// times as fast. in: horizons [K] in minutes
PopulationModel prior_model(std::span<const int> horizons_min);

}  // namespace glucose
