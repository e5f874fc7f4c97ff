// SPDX-License-Identifier: PostgreSQL
// Shapes: P = kRichFeatures columns, C = kCurveSteps.
#pragma once
#include <memory>

#include "core/tasks/meal/models/population_model.hpp"

namespace glucose {

/// How hard the coefficient of a column of 'meal/2' is pulled to 0 in a population's linear parts, times the penalty.
double column_penalty(std::size_t column);

/// Fits the linear curve of a population's model: the change from the level every 15 minutes, each from the rows where
/// it is known. Rows that know all of it share one matrix.
class CurveFit {
 public:
  CurveFit();
  ~CurveFit();
  /// in: a row and its standardised columns
  void add(const StandardRow& z, const Sample& row);
  /// Ridge regression (Hoerl and Kennard 1970) into curve_intercept and curve_coefficients; no change where no row
  /// knows one. Throws Error internal when the equations cannot be solved.
  void solve(double penalty, PopulationModel& model);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
