// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/work/training.hpp"

namespace glucose::pg {

/// What a training left (owned by a memory context) in server terms, palloc'ed in the current context.
TrainedModel in_server_terms(const TrainingRun& run, const Outcome& outcome);

/// The same of a model that nobody has measured on the person; hyperparameters and metadata say where it is from.
TrainedModel imported_in_server_terms(const ModelFacts& facts, bytea* artifact);

/// How it went, of what it noted and measured.
TrainingCourse course_of(const Outcome& outcome);

/// Bytes of C++ as a datum, palloc'ed.
bytea* bytes_of(const std::vector<std::uint8_t>& bytes);

/// glucose.training_result of a version that was stored; person_id may be nullptr.
Datum result_row(FunctionCallInfo fcinfo, const TrainRequest& request, const StoredTraining& stored,
                 double training_ms);

}  // namespace glucose::pg
