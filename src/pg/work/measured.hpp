// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/task.hpp"
#include "core/watching/watch.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Puts the errors of exactly the model that will be stored, by evaluate_model()'s rules on what it was trained from,
/// in the place of those that the training has noted, for the horizons it has noted. What it had noted of validation,
/// of models that had not learnt from these rows, stays as held_out_…. What the model forecasts on the way goes into
/// `seen`, too. No server call but polling for interrupts.
void measure_outcome(const Task& task, const Material& material, Outcome& outcome, WatchedForecasts& seen,
                     MemoryContext context);

}  // namespace glucose::pg
