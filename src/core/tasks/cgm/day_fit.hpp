// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, D nodes.
#pragma once
#include <memory>
#include <optional>

#include "core/tasks/cgm/day.hpp"
#include "core/tasks/cgm/day_rows.hpp"
#include "core/tasks/cgm/errors.hpp"

namespace glucose {

/// How a day's forecast did on some rows; index of the errors: node.
struct DayMeasured {
  CgmErrors median, mean, plain;        // plain: the person's own mean of that time of day
  std::array<int, kDayNodes> inside{};  // outcomes within the 90 % interval
  int rows = 0;
};

struct DayFitted {
  DayModel model;
  DayMeasured test;  // of what is stored, which has not learnt from these rows
};

/// Fits a day's forecast in small steps. Without a prior: ridge towards a rhythm that the last reading's distance
/// decays to, on train and validation rows; spread and quantiles from what fits that have not seen the row's fold leave
/// (folds are persons when there are five, else stretches of time). With a prior, of a population: the rows are one
/// person's, and only few weights are corrected, and the spread as a whole, both strongly shrunk.
class DayFit {
 public:
  /// in: rows, any number, none too
  DayFit(DayRows rows, std::optional<DayModel> prior);
  ~DayFit();
  DayFit(DayFit&&) noexcept;

  bool done() const;
  void step();
  DayFitted take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glucose
