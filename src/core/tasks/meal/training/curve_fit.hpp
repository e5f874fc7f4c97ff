// SPDX-License-Identifier: PostgreSQL
// Shapes: L = kLineColumns, C = kCurveSteps.
#pragma once
#include <vector>

#include "core/learn/ridge.hpp"
#include "core/tasks/meal/models/population_model.hpp"

namespace glucose {

/// How hard the coefficient of each column of the line is pulled to 0 in a population's linear parts. out: [L]
std::vector<double> line_penalties(double penalty);

/// Fits the linear curve of a population's model: the change from the level every 15 minutes, each from the rows where
/// it is known.
class CurveFit {
 public:
  CurveFit();
  /// in: a row of the line, and the outcomes of its meal
  void add(const LineRow& line, const Sample& row, double weight);
  /// Ridge regression (Hoerl and Kennard 1970) into curve_intercept and curve_coefficients; no change where no row
  /// knows one. Throws Error internal when the equations cannot be solved.
  void solve(double penalty, PopulationModel& model);

 private:
  PartialRidgeSums sums_;
};

}  // namespace glucose
