// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, P columns.
#pragma once
#include "core/asking/scored.hpp"
#include "core/base/random.hpp"
#include "core/tasks/cgm/groups.hpp"
#include "core/tasks/cgm/model.hpp"
#include "core/tasks/cgm/rows.hpp"
#include "core/tasks/cgm/training.hpp"

namespace glucose {

/// Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019) of a model of readings: the columns of each
/// CgmGroup but the constant are shuffled among the rows, five times; for last_reading, what the forecast starts from,
/// too. By how much the median's mean absolute error grows at the reported horizons. The same rows and seed give the
/// same numbers.
class CgmImportance final : public ImportanceWork {
 public:
  static constexpr std::size_t kMostRows = 3000;  // evenly thinned beyond

  /// in: model and rows, which must outlive it · rows before `from` are passed over
  CgmImportance(const CgmModel& model, const CgmRows& rows, Micros from, std::uint64_t seed);

  bool done() const override { return rows_.empty() || group_ == kGroupsAsked; }
  void step() override;
  std::vector<Importance> take() const override;

 private:
  static constexpr std::size_t kGroupsAsked = kCgmGroups - 1;
  using Errors = std::array<float, kCgmReported.size()>;  // NaN where the outcome is not known

  Errors errors(std::size_t row, const float* x, float level) const;
  void measure_own();
  void measure_shuffled();

  const CgmModel& model_;
  const CgmRows& all_;
  std::vector<std::size_t> rows_;                                              // [N] of all
  std::vector<std::size_t> order_;                                             // [N] whose columns a row is told
  std::vector<Errors> own_;                                                    // [N] as the rows are
  std::array<std::array<double, kCgmReported.size()>, kGroupsAsked> worse_{};  // sums over rows and repeats
  std::array<int, kCgmReported.size()> known_{};                               // rows with an outcome
  std::size_t group_ = 0, repeat_ = 0, next_ = 0;
  Random random_;
};

}  // namespace glucose
