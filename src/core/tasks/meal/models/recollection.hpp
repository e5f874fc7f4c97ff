// SPDX-License-Identifier: PostgreSQL
// Shapes: n remembered meals, K horizons.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/tasks/meal/models/interval.hpp"
#include "core/tasks/meal/models/memory.hpp"
#include "core/tasks/meal/models/nutrients.hpp"
#include "core/tasks/meal/models/population_model.hpp"

namespace glucose {

/// A person's memory, ready to be asked: Gaussian process regression (Rasmussen and Williams 2006, ch. 2) with
/// PersonalKernel on what the population's forecasts had missed. Meals are added in time order; the Cholesky factor of
/// their covariance grows by a row each, and what was known at a moment is a prefix of it.
class Recollection {
 public:
  /// population: whose residuals are remembered; null: only meals are kept, nothing is recalled. It must outlive this.
  Recollection(const PopulationModel* population, std::span<const int> horizons_min, const Memory& memory = {});

  /// Fills recalled, believed and variance of out from the meals whose outcome is known at `moment.eaten_at`.
  /// believed: the share of what was recalled that would have been best for earlier meals, at most all, pulled to all
  /// of it as if it had been right about 30 meals by a quarter of a residual's SD.
  void recall(const Moment& moment, PointForecast& out) const;
  void add(const RememberedMeal& meal);
  /// Whether the next meal added makes it forget older ones.
  bool full() const;
  /// Takes the newest n meals back; only those added since it forgot last.
  void take_back(std::size_t n);
  std::size_t bytes() const;

  /// How alike two meals are by the kernel, divided by what it says of either with itself: 0 … 1. Needs a population.
  float similarity(const RichVector& a, const RichVector& b) const;

  const Memory& memory() const { return memory_; }
  /// To judge the last one; what is recalled rests on residuals only.
  std::span<RememberedMeal> meals() {
    own_scores_.clear();
    return memory_.meals;
  }
  /// What the meals whose outcome is known at a moment say of how far a forecast may be off. Valid until the next call.
  const OwnScores& own_scores(std::size_t k, Micros at, bool lone) const;
  int remembered() const { return static_cast<int>(memory_.meals.size()); }

 private:
  /// A meal as the kernel sees it.
  struct Point {
    StandardRow z;
    float hour, level, self;  // self: the kernel with itself
    LogNutrients log_nutrients;
    bool knows_nutrients;
  };
  /// Of one horizon, the meals with a known residual.
  struct Factor {
    std::vector<std::size_t> meals;  // places in memory_
    std::vector<double> lower;       // row by row, [n (n + 1) / 2]
    std::vector<double> whitened;    // [n]
  };
  Point point(const RichVector& rich) const;
  double likeness(const Point& a, const Point& b) const;
  void grow(std::size_t meal);
  void forget();

  const PopulationModel* population_;
  std::vector<int> horizons_min_;
  Memory memory_;
  std::vector<Point> points_;    // [n]
  std::vector<Factor> factors_;  // [K]

  /// Of the last question; the next one is mostly about the same meals.
  struct KeptScores {
    std::size_t n;  // meals
    bool lone;
    OwnScores scores;
  };
  mutable std::vector<std::optional<KeptScores>> own_scores_;  // [K] or none
};

}  // namespace glucose
