// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <optional>

#include "core/asking/scored.hpp"
#include "core/tasks/cgm/model.hpp"
#include "core/tasks/cgm/rows.hpp"

namespace glucose {

/// Windows one after another, each answered at its last reading as it would have been served then. Windows of a few
/// hours say much the same: six hours are their unit.
class CgmScorer final : public Scorer {
 public:
  /// model and rows must outlive this · rows before `from` are passed over
  CgmScorer(const CgmModel& model, const CgmRows& rows, Micros from) : model_(model), rows_(rows), from_(from) {}
  bool done() const override { return next_ == rows_.size(); }
  bool next(ScoredRow& row) override;

 private:
  CgmOwnPast own_past(std::size_t row);

  const CgmModel& model_;
  const CgmRows& rows_;
  Micros from_;
  std::size_t next_ = 0, person_ = 0;
  std::optional<CgmPast> past_;
};

}  // namespace glucose
