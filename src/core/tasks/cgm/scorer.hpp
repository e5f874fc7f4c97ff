// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/asking/scored.hpp"
#include "core/tasks/cgm/served.hpp"

namespace glucose {

/// Windows one after another, each answered at its last reading as it would have been served then. Windows of a few
/// hours say much the same: six hours are their unit.
class CgmScorer final : public Scorer {
 public:
  /// model and rows must outlive this · rows before `from` are passed over
  CgmScorer(const CgmModel& model, const CgmRows& rows, Micros from)
      : model_(model), rows_(rows), from_(from), served_(model, rows) {}
  bool done() const override { return next_ == rows_.size(); }
  bool next(ScoredRow& row) override;

 private:
  const CgmModel& model_;
  const CgmRows& rows_;
  Micros from_;
  std::size_t next_ = 0;
  CgmServed served_;
};

}  // namespace glucose
