// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, K horizons.
#pragma once
#include <memory>
#include <vector>

#include "core/learn/boosting_api.hpp"
#include "core/tasks/meal/features/dataset.hpp"
#include "core/training/search.hpp"
#include "core/training/tuner.hpp"

namespace glucose {

/// One step of a rolling-origin validation (Tashman 2000): who has learnt from the first `learnt` rows is asked about
/// `n` rows from `first` on.
struct Origin {
  std::size_t learnt, first, n;
};
inline constexpr int kOrigins = 4;

/// Origins at 40, 55, 70 and 85 % of the rows before the test split, each asked about the rows up to the next. Only
/// rows whose outcomes were known when the first row asked about began are learnt from. in: rows [N] in time order,
/// longest horizon in minutes · Error too_little_history when an origin has too few
std::vector<Origin> rolling_origins(Samples rows, int longest_horizon_min);

/// Scores the combinations of a grid by rolling-origin validation, in small steps:
/// `while (!tuning.done()) { poll(); tuning.step(); }`, or until there is no more time.
/// Combinations are visited in a random order drawn from the option seed, and each is asked at all origins before the
/// next begins: so those evaluated so far are a random sample of the grid (random search, Bergstra and Bengio 2012),
/// each measured on the same rows. A network is trained as train_model does: with early stopping on the newest rows it
/// may learn from, then again on all of them for as many epochs as were best.
class Tuning final : public Tuner {
 public:
  /// in: samples [N] in time order · boosting: what trains trees · Error not_available for trees without it,
  /// too_little_history as rolling_origins, out_of_memory above memory_cap bytes
  Tuning(std::vector<Sample> samples, Algorithm algorithm, SearchGrid grid, std::size_t memory_cap,
         const BoostingApi* boosting = nullptr);
  ~Tuning() override;

  bool done() const override;
  void step() override;
  /// Those evaluated at all origins.
  std::vector<TriedCombination> ranked() const override;
  /// Root mean square error of each origin's rows alone, mean over horizons, of the last combination that was
  /// evaluated.
  const std::array<double, kOrigins>& last_origins_rmse() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
