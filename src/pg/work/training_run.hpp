// SPDX-License-Identifier: PostgreSQL
// A training under way: the pieces that train_model and the background workers share.
#pragma once
#include "core/tasks/meal/training/training.hpp"
#include "pg/tables/history.hpp"
#include "pg/work/train_request.hpp"

namespace glucose::pg {

/// Reads what a request needs, with the bounds it names. Call between begin() and end().
History read_history_for(const TrainRequest& request, MemoryContext context);

/// The samples of a history for a request; raises MG002 with the counts when they are too few. Needs no transaction.
const std::vector<Sample>* require_samples(const History& history, const TrainRequest& request, MemoryContext context);

/// What a training stands on, beside the person's rows: the active population model when it has the horizons asked
/// for, and what trains trees. Call between begin() and end().
struct TrainingBasis {
  const Model* population = nullptr;  // a copy, owned by the context
  char population_version[kLongestVersion] = "";
  const BoostingApi* boosting = nullptr;
};
TrainingBasis read_training_basis(const TrainRequest& request, MemoryContext context);

/// A training that has not begun, owned by `context`. Raises 53200 above glucose.max_train_memory.
Training* start_training(const std::vector<Sample>& samples, const TrainRequest& request, const TrainingBasis& basis,
                         MemoryContext context);

/// One small step; whether it is done. Needs no transaction.
bool step_training(Training* training);

}  // namespace glucose::pg
