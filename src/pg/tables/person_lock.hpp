// SPDX-License-Identifier: PostgreSQL
// The one row that everything about a person queues at, locked as the owner of the tables until the transaction ends,
// and before any other row of the person: an erased person's rows go in that order, too, so that nobody waits in a
// circle. Called between begin() and end().
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Two of these queue: trainings and deployments of one person. NO KEY: a foreign key's check locks FOR KEY SHARE, and
/// whoever records a meal or logs a forecast neither waits for a training nor deadlocks with it. P0002 when the person
/// has been erased; the first returns false then.
bool find_and_lock_person(const pg_uuid_t* person_id);
void lock_person(const pg_uuid_t* person_id);

/// Keeps the person from being erased, as a foreign key's check does, and nothing else from going on.
bool find_and_hold_person(const pg_uuid_t* person_id);
void hold_person(const pg_uuid_t* person_id);

}  // namespace glucose::pg
