// SPDX-License-Identifier: PostgreSQL
// Fits of single parts of a model, on given rows, in small steps.
#pragma once
#include <functional>

#include "core/base/steps.hpp"
#include "core/learn/boosting_api.hpp"
#include "core/learn/sequence_trainer.hpp"
#include "core/tasks/daily/models/daily_model.hpp"

namespace glucose {

using RowList = std::vector<std::uint32_t>;

/// What a part is to be: how a fit is repeated on more rows.
struct PartPlan {
  Algorithm algorithm = Algorithm::ridge;  // ridge, lad, linear_mean, trees, lstm, attention, multitask
  bool own_columns = false;                // of a line: only what the metric itself has been
  double penalty = -1;                     // of a line, per row; below 0: chosen on what it learns from
};

struct PartMaterial {
  const DailyRows* rows;
  const RowList* learn;
  const RowList* validation;  // where a network stops
  const TrainOptions* options;
  const BoostingApi* boosting;
};

/// How a network was trained.
struct DayNetworkCourse {
  bool any = false;
  int epochs = 0;
  bool early_stopped = false;
  double train_loss = 0, val_loss = 0, best_val_loss = 0;
};

/// The penalty of a line is the usual one unless blocked cross-validation on `learn` shows another to be better beyond
/// chance. Both `plan` (its penalty) and `part` are filled in. Throws Error not_available, bad_argument, out_of_memory.
Steps fit_part(PartMaterial material, PartPlan& plan, DailyPart& part, DayNetworkCourse& course,
               std::function<void(double)> progress);

}  // namespace glucose
