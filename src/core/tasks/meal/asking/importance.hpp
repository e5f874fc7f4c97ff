// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, K horizons.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

/// By how much a model errs more at one horizon when it is told another meal's value of a feature.
struct Importance {
  std::string_view feature;  // of a table with static storage
  int minutes_ahead;
  float increase;  // of the mean absolute error of the median, mg/dL; below 0 by chance
  int n;           // rows
};
static_assert(std::is_trivially_copyable_v<Importance>);

/// Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): each feature's values are shuffled among the
/// rows, five times, and the rows asked again, each with what was remembered then. Rows with an unknown outcome are
/// only remembered. In small steps:
/// `while (!f.done()) { poll(); f.step(); }`. The same rows and seed give the same numbers.
class FeatureImportance {
 public:
  /// in: the model, which must outlive this · earlier: samples before, which are only remembered · rows [N] in time
  /// order
  FeatureImportance(const Model& model, Samples earlier, Samples rows, std::uint64_t seed);
  ~FeatureImportance();
  FeatureImportance(FeatureImportance&&) noexcept;

  bool done() const;
  void step();
  /// By horizon, then the most important first.
  std::vector<Importance> take() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
