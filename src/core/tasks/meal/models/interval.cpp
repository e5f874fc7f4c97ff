// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/interval.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "core/readings/low_glucose.hpp"
#include "core/tasks/meal/models/scores.hpp"

namespace glucose {

namespace {

constexpr float kFarthestColumn = 4;  // SDs
constexpr int kShapePoints = 40;
constexpr double kShapeWeight = 10, kGridWeight = 80, kLoneShapeWeight = 30;  // meals
constexpr double kStep = 0.02;
constexpr std::array<double, OwnScores::kLevels> kAdaptedLevels{0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3};
constexpr double kSmallestTail = 0.003, kLargestTail = 0.997;

/// The shape known beforehand: Student's t with 5 degrees of freedom, mean absolute value 1.
const std::array<double, kShapePoints>& shape() {
  static const std::array<double, kShapePoints> points = [] {
    std::array<double, kShapePoints> t;
    const boost::math::students_t distribution(5);
    double sum = 0;
    for (std::size_t i = 0; i < t.size(); ++i) {
      t[i] = boost::math::quantile(distribution, (static_cast<double>(i) + 0.5) / kShapePoints);
      sum += std::abs(t[i]);
    }
    for (double& x : t) x *= kShapePoints / sum;
    return t;
  }();
  return points;
}

}  // namespace

ScaleColumns scale_columns(const RichVector& rich, float forecast_mg_dl) {
  const auto size = [](float value) { return std::isnan(value) ? kUnknown : std::log(value + 1); };
  return {size(rich[meal2::kSd1h]), size(rich[meal2::kSd2h]), std::log(std::max(forecast_mg_dl, 40.0F)),
          std::abs(forecast_mg_dl - 120) / 50, std::log(std::abs(forecast_mg_dl - rich[meal2::kLevel]) + 5)};
}

float Scale::at(const ScaleColumns& columns, float variance, float doubt) const {
  double log = static_cast<double>(log_scale) + static_cast<double>(first_day * (std::isnan(doubt) ? 1 : doubt));
  for (std::size_t s = 0; s < kScaleColumns; ++s) {
    if (std::isnan(columns[s])) continue;  // an unknown column is the mean
    const float z = std::clamp((columns[s] - mean[s]) * inverse_sd[s], -kFarthestColumn, kFarthestColumn);
    log += static_cast<double>(slopes[s] * z);
  }
  return static_cast<float>(std::exp(std::clamp(log, 0.0, 6.0)) * std::sqrt(1 + static_cast<double>(variance)));
}

Intervals prior_intervals(std::span<const int> horizons_min) {
  constexpr float kLogPerDoubling = 0.187F;  // residuals grow with the horizon
  const Scale hour{3.251F,
                   {2.0356F, 2.4644F, 5.003F, 0.8748F, 3.2938F},
                   {1 / 0.7F, 1 / 0.715F, 1 / 0.2965F, 1 / 0.7801F, 1 / 0.731F},
                   {0.0759F, -0.0151F, 0.0286F, 0.0506F, 0.0641F}};
  Intervals intervals;
  for (const int horizon : horizons_min) {
    intervals.scale.push_back(hour);
    intervals.scale.back().log_scale += kLogPerDoubling * std::log2(static_cast<float>(horizon) / 60);
  }
  return intervals;
}

OwnScores::OwnScores(std::span<const RememberedMeal> meals, std::size_t k, bool lone) {
  PersonFactor factor(lone);
  scores_.reserve(meals.size());
  for (std::size_t l = 0; l < kLevels; ++l) tails_[l] = 1 - kAdaptedLevels[l];
  for (const RememberedMeal& meal : meals) {
    if (std::isnan(meal.score[k])) continue;
    scores_.add(static_cast<double>(meal.score[k]) / factor.value(), 1);
    factor.add(static_cast<double>(meal.score[k]));
    if (std::isnan(meal.rank[k])) continue;
    const double distance = std::abs(2 * static_cast<double>(meal.rank[k]) - 1);
    for (std::size_t l = 0; l < kLevels; ++l) {
      const double missed = distance > 1 - tails_[l] ? 1 : 0;
      tails_[l] = std::clamp(tails_[l] + kStep * (1 - kAdaptedLevels[l] - missed), kSmallestTail, kLargestTail);
    }
  }
  factor_ = factor.value();
  scores_.merge();
}

std::span<const RememberedMeal> known_meals(std::span<const RememberedMeal> meals, int horizon_min, Micros at) {
  const auto end = std::partition_point(
      meals.begin(), meals.end(), [&](const RememberedMeal& m) { return outcome_known(m.eaten_at, horizon_min, at); });
  return {meals.begin(), end};
}

Outlook::Outlook(const Intervals& intervals, const OwnScores& own, std::size_t k, float point, float scale)
    : point_(static_cast<double>(point)), spread_(static_cast<double>(scale) * own.factor()) {
  const bool lone = intervals.grids.empty();
  ScorePool pool(own.scores(), kShapePoints + kQuantiles);
  for (const double t : shape()) pool.add(t, (lone ? kLoneShapeWeight : kShapeWeight) / kShapePoints);
  pool.merge();
  if (!lone) {
    const GridBetween grid = grid_between(intervals, k, point);
    for (std::size_t q = 0; q < kQuantiles; ++q)
      pool.add(grid.at(q), std::min(kGridWeight, static_cast<double>(intervals.n)) / static_cast<double>(kQuantiles));
  }
  pool.to_distribution(0, scores_, levels_);
  nominal_ = adapted_to_ = {0};
  double before = 0;
  for (std::size_t l = 0; l < OwnScores::kLevels; ++l) {
    before = std::max(before, own.tails()[l] / 2);
    nominal_.push_back((1 - kAdaptedLevels[l]) / 2);
    adapted_to_.push_back(std::min(before, 0.5));
  }
  nominal_.push_back(0.5);
  adapted_to_.push_back(0.5);
}

double Outlook::adapted(double p) const {
  return p <= 0.5 ? interpolate(nominal_, adapted_to_, p) : 1 - interpolate(nominal_, adapted_to_, 1 - p);
}

float Outlook::quantile(double p) const {
  return static_cast<float>(outcome_of(spread_ * interpolate(levels_, scores_, adapted(p)), point_));
}

double Outlook::probability_below(double mg_dl) const {
  const double p = interpolate(scores_, levels_, deviation(mg_dl, point_) / spread_);
  return p <= 0.5 ? interpolate(adapted_to_, nominal_, p) : 1 - interpolate(adapted_to_, nominal_, 1 - p);
}

float Outlook::rank(float mg_dl) const {
  return static_cast<float>(interpolate(scores_, levels_, deviation(static_cast<double>(mg_dl), point_) / spread_));
}

}  // namespace glucose
