// SPDX-License-Identifier: PostgreSQL
// Whether what a version of a person, or of the population, was trained on is what comes now; whatever the task.
#pragma once
#include "core/watching/drift.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/sketches.hpp"

namespace glucose::pg {

/// Whose drift is asked for. since, until: the caller's, -infinity and infinity where not given.
struct DriftRequest {
  const pg_uuid_t* person_id;  // nullptr: the population
  const char* model_type;
  const Task* task;
  TimestampTz since, until;
};

using Drifts = std::vector<Drift>;

/// READ and COMPUTE, between begin() and end(): of each quantity that the serving version was trained on, whether it
/// has drifted; owned by `context`. Raises 28000, P0002, MG001 without a version, 55000 when it has no sketches, 42501
/// for who may not ask for all.
const Drifts* find_drifts(const DriftRequest& request, MemoryContext context);

}  // namespace glucose::pg
