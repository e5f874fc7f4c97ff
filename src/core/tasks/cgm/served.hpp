// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <optional>

#include "core/tasks/cgm/model.hpp"
#include "core/tasks/cgm/rows.hpp"

namespace glucose {

/// What a model would have said at rows, served as it is to their person then: with what the person's own past said.
/// Of rows without origins: the model as it is.
class CgmServed {
 public:
  /// model and rows must outlive this
  CgmServed(const CgmModel& model, const CgmRows& rows) : model_(model), rows_(rows) {}
  /// Rows must not go back.
  CgmNodes at(std::size_t row);

 private:
  CgmOwnPast own_past(std::size_t row);

  const CgmModel& model_;
  const CgmRows& rows_;
  std::size_t person_ = 0;
  std::optional<CgmPast> past_;
  std::optional<CgmSeries> then_;
};

}  // namespace glucose
