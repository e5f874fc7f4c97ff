// SPDX-License-Identifier: PostgreSQL
// Stored models on the rows of a person whose outcomes are known: what evaluation, comparison and importance share.
#pragma once
#include "core/asking/scored.hpp"
#include "core/tasks/task.hpp"
#include "pg/tables/models.hpp"

namespace glucose::pg {

/// A person's rows for a model, start_at <= t < end_at, and those before that it is to remember; owned by `context`.
/// Polls for interrupts.
const Rows* read_rows_for(const Task& task, const char* model_type, const AnyModel& model, const Person& person,
                          TimestampTz start_at, TimestampTz end_at, MemoryContext context);

/// Mean absolute errors of a model by unit over some of its horizons, start_at <= t < end_at; owned by `context`. Polls
/// for interrupts.
const std::vector<UnitErrors::Unit>* errors_of(const Task& task, const char* model_type, const AnyModel& model,
                                               const Person& person, const std::vector<int>& horizons_min,
                                               TimestampTz start_at, TimestampTz end_at, MemoryContext context);

/// When the splits of a version's training begin, as it noted them; infinity where it did not.
struct Boundaries {
  TimestampTz training_start, validation_start, test_start, test_end;  // after test_end it has seen nothing
};
Boundaries read_boundaries(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type);

}  // namespace glucose::pg
