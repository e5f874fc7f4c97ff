// SPDX-License-Identifier: PostgreSQL
// How far a forecast may be off. Shapes: K horizons, S columns of the scale, G grids, Q quantiles.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "core/asking/answer.hpp"
#include "core/base/steps.hpp"
#include "core/tasks/meal/models/memory.hpp"
#include "core/tasks/meal/models/score_pool.hpp"

namespace glucose {

inline constexpr std::size_t kScaleColumns = 5;  // S
inline constexpr std::size_t kGrids = 3;         // G: for low, middling and high forecasts
inline constexpr std::size_t kQuantiles = 99;    // Q: at 1 %, 2 % … 99 %

using ScaleColumns = std::array<float, kScaleColumns>;

/// What says how unsure a moment is: the spread of the last hour and of two, the forecast, how far it is from 120 and
/// from the level at the meal.
ScaleColumns scale_columns(const RichVector& rich, float forecast_mg_dl);

/// How large residuals are at one horizon.
struct Scale {
  float log_scale = 0;  // log mg/dL
  ScaleColumns mean{}, inverse_sd{}, slopes{};
  float first_day = 0;  // logarithm of how much larger they are where nothing is known of the person's days

  /// mg/dL. variance: of what the person's own meals leave open, in units of the noise of one outcome · doubt: how
  /// little is known of the person's days (meal2::kDoubt), 1 … 0
  float at(const ScaleColumns& columns, float variance, float doubt) const;
};

/// Conformal on scaled residuals: a residual is scale × the person's factor × a score, and scores of persons left out
/// say what to expect of the next.
struct Intervals {
  int n = 0;                 // residuals behind the grids; 0: there are none, only what is known beforehand
  std::vector<Scale> scale;  // [K]
  std::vector<float> knots;  // [K × G] log mg/dL: the forecasts the grids are for, or none; ascending
  std::vector<float> grids;  // [K × G × Q] quantiles of scores, or none; ascending
};

/// For a person where no population is known; scales measured on open data of three kinds of diabetes and none.
Intervals prior_intervals(std::span<const int> horizons_min);

/// One residual to learn from. `person`: any number, the same for one person's; rows of a person are in time order.
struct ScaledRow {
  int person;
  int remembered;  // meals of the person before it
  Micros eaten_at;
  std::array<ScaleColumns, kMaxHorizons> columns;  // [K]
  std::array<float, kMaxHorizons> forecast;        // [K] mg/dL, of who had not learnt from it
  std::array<float, kMaxHorizons> variance;        // [K] see Scale
  std::array<float, kMaxHorizons> residual;        // [K] mg/dL, NaN: unknown
  float doubt;                                     // see Scale
};

/// Fits scales by maximum likelihood of Laplace residuals, and the grids, in steps of which each goes over the rows
/// once. first_days: the same persons' rows as on a first day, without any memory; none: it is taken for a day like
/// others All that is given, and `out`, must outlive the steps, which need so many bytes for each row.
inline constexpr std::size_t kIntervalFitBytes = sizeof(double) * (2 * kScaleColumns + 8);
Steps fit_intervals(std::span<const ScaledRow> rows, std::span<const ScaledRow> first_days,
                    std::span<const int> horizons_min, Intervals& out);

/// What a person's earlier meals say of how far a forecast of one horizon may be off: their scores; by how much these
/// are larger than usual, the newest most (exponential weights, half-life 20 meals); and levels adapted by how often
/// outcomes fell outside: adaptive conformal inference (Gibbs and Candes 2021) with step 0.02, at seven levels.
class OwnScores {
 public:
  static constexpr std::size_t kLevels = 7;

  /// meals: those whose outcome is known, in time order · lone: no population is known
  OwnScores(std::span<const RememberedMeal> meals, std::size_t k, bool lone);

  double factor() const { return factor_; }
  const ScorePool& scores() const { return scores_; }
  const std::array<double, kLevels>& tails() const { return tails_; }

 private:
  double factor_;
  ScorePool scores_;                   // in order
  std::array<double, kLevels> tails_;  // the share outside that each level is adapted to
};

/// Those of a person's meals, in time order, whose outcome is known at a moment.
std::span<const RememberedMeal> known_meals(std::span<const RememberedMeal> meals, int horizon_min, Micros at);

/// The forecast of one horizon as a distribution: scores of the population's grid for such a forecast, of a shape known
/// beforehand, and of the person's own meals, weighted.
class Outlook {
 public:
  Outlook(const Intervals& intervals, const OwnScores& own, std::size_t k, float point, float scale);

  float quantile(double p) const;  // mg/dL, ascending in p
  double probability_below(double mg_dl) const;
  /// Where an outcome falls in the distribution before levels are adapted, 0 … 1: what a meal remembers.
  float rank(float mg_dl) const;

 private:
  double adapted(double p) const;
  double point_, spread_;
  std::vector<double> scores_, levels_;       // ascending
  std::vector<double> nominal_, adapted_to_;  // tail probabilities, ascending
};

}  // namespace glucose
