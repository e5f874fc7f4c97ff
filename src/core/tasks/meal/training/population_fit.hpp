// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, L = kLineColumns, K horizons.
#pragma once
#include <memory>
#include <vector>

#include "core/learn/boosted_trees.hpp"
#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/models/population_model.hpp"
#include "core/training/options.hpp"

namespace glucose {

/// Whose rows a fit learns from. Of many persons each row is learnt from twice, once as on a first day.
enum class LearntFrom { one_person, many };

/// Fits the linear part of a population's model by ridge regression (Hoerl and Kennard 1970) of the change from the
/// level, at the horizons and every 15 minutes of the curve (rows where that is known), and, with `boosting`, trees on
/// what the horizons' leaves; in small steps. A row counts as much less as its person's glucose spreads more: what is
/// left of it is larger, too.
class PopulationFit {
 public:
  /// in: rows [N], N >= 1, which must outlive the fit · boosting: null for no trees
  PopulationFit(std::vector<const Sample*> rows, LearntFrom from, const TrainOptions& options,
                const BoostingApi* boosting);
  ~PopulationFit();
  PopulationFit(PopulationFit&&) noexcept;
  PopulationFit& operator=(PopulationFit&&) noexcept;

  bool done() const;
  void step();
  double progress() const;
  PopulationModel take();  // share_of_trees is 1 when there are any

  static std::size_t bytes_needed(std::size_t n, const TrainOptions& options, bool with_trees);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
