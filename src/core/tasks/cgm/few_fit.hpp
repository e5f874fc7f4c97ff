// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <vector>

#include "core/tasks/cgm/model.hpp"
#include "core/tasks/cgm/rows.hpp"

namespace glucose {

/// Learns how wide forecasts are of which little is known (CgmModel::few_spread), in small steps, from windows after
/// gaps and windows cut as by one: the spread of the residuals by kCgmFewKnown and horizon, then a factor by which the
/// model's own quantiles hold 90 % of them.
class CgmFewFit {
 public:
  /// in: a model whose heads, trees, spread and quantiles are there, its median heads without each fold [kCgmFolds];
  /// all must outlive this
  CgmFewFit(const CgmRows& rows, const CgmModel& model, const std::vector<CgmHead>& without_fold);
  bool done() const { return place_ == 0; }
  void step();
  std::vector<float> take() { return std::move(spread_); }

 private:
  void add_row(std::size_t row);
  void solve();
  bool are_enough() const;
  void end_place();
  struct Held {
    double rows = 0, log_factor = 0;  // by which the spread is too narrow
  };
  void scale(std::size_t k);
  Held held(std::size_t k, const float* coefficients, bool real) const;

  const CgmRows& rows_;
  const CgmModel& model_;
  const std::vector<CgmHead>& without_fold_;
  std::size_t place_ = kCgmFewKnown.size();  // of kCgmFewKnown: those before it are still to be done
  std::size_t row_ = 0, horizon_ = 0;
  CgmSpreadFit fit_;
  std::vector<std::size_t> of_place_;  // rows
  std::vector<float> residuals_;       // [of_place × K]
  std::vector<float> spread_;          // [kCgmFewKnown × K × S]
};

}  // namespace glucose
