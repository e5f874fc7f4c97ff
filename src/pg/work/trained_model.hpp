// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/meal/training/training.hpp"
#include "pg/tables/write.hpp"
#include "pg/work/population_run.hpp"
#include "pg/work/training_run.hpp"

namespace glucose::pg {

/// A training's outcome (owned by a memory context) in server terms, palloc'ed in the current context.
TrainedModel to_server_terms(const TrainRequest& request, const TrainingBasis& basis, const TrainingOutcome& outcome,
                             const std::vector<Sample>& samples, MemoryContext context);
/// The same for a population's, learnt from samples with a digest.
TrainedModel population_in_server_terms(const TrainRequest& request, const TrainingOutcome& outcome,
                                        const PopulationData& data, int persons, const char* data_digest,
                                        MemoryContext context);

/// Texts and bytes of C++ (owned by a memory context) as palloc'ed datums.
ArrayType* text_array(const std::vector<std::string>& texts);
bytea* bytes_of(const std::vector<std::uint8_t>* bytes);

/// A model as stored bytes, palloc'ed.
bytea* artifact_of(const Model& model, MemoryContext context);

}  // namespace glucose::pg
