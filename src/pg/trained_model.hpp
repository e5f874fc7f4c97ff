// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/training.hpp"
#include "pg/write.hpp"

namespace glucose::pg {

/// A training's outcome (owned by a memory context) in server terms, palloc'ed in the current context.
TrainedModel to_server_terms(const TrainRequest& request, const TrainingOutcome& outcome,
                             const std::vector<Sample>& samples, MemoryContext context);

/// A model as stored bytes, palloc'ed.
bytea* artifact_of(const Model& model, MemoryContext context);

}  // namespace glucose::pg
