// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, K horizons.
#pragma once
#include <vector>

#include "core/tasks/meal/models/model.hpp"

namespace glucose {

using Forecasts = std::vector<std::vector<float>>;  // [K][N] mg/dL

/// Asks a predictor about one person's rows in time order, each with what was known then, and remembers them: what the
/// person would have been told had the predictor been there all along. A few rows a step.
class Replay {
 public:
  /// in: rows [N] in time order, and a predictor; both must outlive it
  Replay(Samples rows, const Predictor& predictor, std::vector<int> horizons_min);

  bool done() const { return said_.size() == rows_.size(); }
  void step();
  /// Of the rows asked about so far: forecasts, and how many meals were remembered then.
  const std::vector<PointForecast>& said() const { return said_; }
  const std::vector<int>& remembered() const { return remembered_; }
  /// Whole forecasts of n rows from `first` on. out: [K][n]
  Forecasts answers(std::size_t first, std::size_t n) const;
  /// What is remembered after the last row: at least the newest 128 meals, if there are as many.
  const Memory& memory() const { return known_.memory(); }

 private:
  Samples rows_;
  const Predictor* predictor_;
  std::vector<int> horizons_min_;
  Recollection known_;
  std::vector<PointForecast> said_;
  std::vector<int> remembered_;
};

}  // namespace glucose
