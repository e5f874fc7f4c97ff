// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, K horizons.
#pragma once
#include <map>
#include <vector>

#include "core/math/gate.hpp"
#include "core/tasks/cgm/served.hpp"

namespace glucose {

/// By head: of a person's correction of the population's, how much is served at each horizon, 0 … 1.
using CgmOwnShares = std::array<std::array<float, kCgmHorizons>, 2>;

/// Asks the population's model and the person's corrections of it about the rows that a correction has not learnt from,
/// both as they would have been served then. A correction serves where its error (absolute of the median, squared of
/// the mean) is smaller by more than a standard error, stretches of six hours being the units; of those around such a
/// horizon only in part, so that a forecast has no steps. In small steps; of long histories every so many rows.
class CgmOwnTrial {
 public:
  /// in: rows of one person · by head, the population's corrected without each fold · all must outlive this
  CgmOwnTrial(const CgmRows& rows, const CgmModel& population, const std::array<std::vector<CgmHead>, 2>& without_fold);
  CgmOwnTrial(const CgmOwnTrial&) = delete;
  CgmOwnTrial& operator=(const CgmOwnTrial&) = delete;
  bool done() const { return row_ >= rows_.size(); }
  void step();
  CgmOwnShares shares() const;
  /// How far the person's outcomes are from what the population's model serves, over what it has learnt of that, at
  /// horizon k: the logarithm of a factor on the spread, from the half width that holds 90 %, pulled to none as by 72
  /// hours of rows. What the last day calms is not counted: with a wider spread it would be calmed less.
  float wider(std::size_t k) const;

 private:
  void ask(std::size_t row);

  const CgmRows& rows_;
  std::vector<CgmModel> own_;  // by fold
  const CgmModel& population_;
  CgmServed by_population_;
  std::vector<CgmServed> by_own_;
  std::size_t row_ = 0, every_;
  std::array<std::array<std::map<Micros, double>, kCgmHorizons>, 2> gains_;  // by head, horizon and unit
  std::array<std::vector<float>, kCgmHorizons> missed_;  // by the population as served, in spreads as learnt
};

}  // namespace glucose
