// SPDX-License-Identifier: PostgreSQL
// WRITE: candidates of an experiment's recipe, one a person. Called between begin() and end().
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Queues the training of a running experiment's candidate for a person of its split who is served by an own model,
/// unless there is a candidate or one is on its way; whether it did. By a steward. Raises P0002, 55000, 42501.
bool queue_candidate(const char* experiment, const pg_uuid_t* person_id);

}  // namespace glucose::pg
