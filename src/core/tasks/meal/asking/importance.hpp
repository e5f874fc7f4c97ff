// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, K horizons.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "core/asking/scored.hpp"
#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

/// Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): each feature's values are shuffled among the
/// rows, five times, and the rows asked again, each with what was remembered then. Rows with an unknown outcome are
/// only remembered. In small steps:
/// `while (!f.done()) { poll(); f.step(); }`. The same rows and seed give the same numbers.
class FeatureImportance final : public ImportanceWork {
 public:
  /// in: the model, which must outlive this · earlier: samples before, which are only remembered · rows [N] in time
  /// order
  FeatureImportance(const Model& model, Samples earlier, Samples rows, std::uint64_t seed);
  ~FeatureImportance() override;

  bool done() const override;
  void step() override;
  /// By horizon, then the most important first.
  std::vector<Importance> take() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
