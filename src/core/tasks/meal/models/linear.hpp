// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, P design columns, K horizons.
#pragma once
#include <memory>
#include <vector>

#include "core/math/scaler.hpp"
#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/features/design_matrix.hpp"

namespace glucose {

/// Linear in the standardised design columns; forecasts the change from the last glucose, per horizon.
struct LinearModel {
  Scaler scaler;                    // [P]
  std::vector<float> intercept;     // [K] mg/dL
  std::vector<float> coefficients;  // [K × P] mg/dL per SD

  void predict(const FeatureVector& x, int horizons, float* out) const { predict_row(design_row(x), horizons, out); }
  void predict_row(const DesignRow& row, int horizons, float* out) const;
};

enum class Loss : std::uint8_t { squared, absolute };

/// Fits a LinearModel in small steps. The penalty on the coefficients (ridge, on the standardised columns, each with
/// its own factor) is the usual one (100 for squared errors, 30 for absolute ones) unless, per horizon, blocked
/// cross-validation on the training rows shows another to be better beyond chance (contiguous folds, so that
/// neighbouring meals do not vouch for each other); then the model is fitted on all of them.
/// squared: ridge regression (Hoerl and Kennard 1970), normal equations by Cholesky.
/// absolute: least absolute deviations with the same penalty, by iteratively reweighted least squares (Schlossmacher
/// 1973), weights 1/max(|residual|, 1 mg/dL), until no coefficient moves by 0.01 mg/dL or 25 times.
/// A step is one small solution or a pass over about a thousand rows: below 2 ms.
class LinearFit {
 public:
  /// in: rows [N], N >= 1 · l2 < 0: choose the penalty, else use it
  LinearFit(Samples rows, int horizons, Loss loss, double l2 = -1);
  ~LinearFit();
  LinearFit(LinearFit&&) noexcept;
  LinearFit& operator=(LinearFit&&) noexcept;

  bool done() const;
  void step();
  double progress() const;
  LinearModel take();
  /// The penalties chosen, [K]; valid when done.
  const std::vector<double>& penalties() const;

 private:
  struct State;
  std::vector<double> penalties_;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
