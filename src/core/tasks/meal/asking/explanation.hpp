// SPDX-License-Identifier: PostgreSQL
// Why a forecast is what it is. Shapes: K horizons.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "core/asking/scored.hpp"
#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

/// Explains the forecast of one horizon in small steps: `while (!e.done()) { poll(); e.step(); }`.
/// Linear parts: coefficient × standardised column. Trees: TreeSHAP. Networks: integrated gradients from mean inputs
/// (Sundararajan, Taly and Yan 2017), 20 midpoints, central differences; what the sum misses of the difference is
/// shared out in proportion to the parts' size. An ensemble's are its members', weighted. The forecast starts from the
/// level, whose part holds the level's difference from its mean. Beside the columns there are 'earlier_meals' (what the
/// person's own meals add; its value: what they led to expect), 'low_glucose' (what keeps glucose from falling as far
/// as the columns say), 'typical_outcome' (the median minus the mean that the model forecasts) and 'limit' (to 20 … 600
/// mg/dL, where it applies).
/// Average moment: all columns at their mean in training; where glucose stays what it is, the person's 30-day mean.
class MealExplainer final : public Explainer {
 public:
  /// in: the model, which must outlive this · known: the person's earlier meals · k: place of the horizon · mean: the
  /// mean is explained, else the median
  MealExplainer(const Model& model, const Moment& moment, const Recollection& known, std::size_t k, bool mean);
  ~MealExplainer() override;

  bool done() const override;
  void step() override;
  Explanation take() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
