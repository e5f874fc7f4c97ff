// SPDX-License-Identifier: PostgreSQL
// Why a forecast is what it is. Shapes: K horizons.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

/// What one feature adds to a forecast.
struct FeaturePart {
  std::string_view feature;  // of a table with static storage
  float value;               // as the model sees it, NaN: unknown or none
  float contribution;        // mg/dL
};
static_assert(std::is_trivially_copyable_v<FeaturePart>);

/// baseline + the contributions = the forecast that is served, up to rounding of single precision.
struct Explanation {
  float baseline;                  // mg/dL, what the model says of an average moment
  std::vector<FeaturePart> parts;  // the largest first
};

/// Explains the forecast of one horizon in small steps: `while (!e.done()) { poll(); e.step(); }`.
/// Linear parts: coefficient × standardised column. Trees: TreeSHAP. Networks: integrated gradients from mean inputs
/// (Sundararajan, Taly and Yan 2017), 20 midpoints, central differences; what the sum misses of the difference is
/// shared out in proportion to the parts' size. An ensemble's are its members', weighted. The forecast starts from the
/// level, whose part holds the level's difference from its mean. Beside the columns there are 'earlier_meals' (what the
/// person's own meals add; its value: what they led to expect), 'low_glucose' (what keeps glucose from falling as far
/// as the columns say), 'typical_outcome' (the median minus the mean that the model forecasts) and 'limit' (to 20 … 600
/// mg/dL, where it applies).
/// Average moment: all columns at their mean in training; where glucose stays what it is, the person's 30-day mean.
class Explainer {
 public:
  /// in: the model, which must outlive this · known: the person's earlier meals · k: place of the horizon · mean: the
  /// mean is explained, else the median
  Explainer(const Model& model, const Moment& moment, const Recollection& known, std::size_t k, bool mean);
  ~Explainer();
  Explainer(Explainer&&) noexcept;

  bool done() const;
  void step();
  Explanation take() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
