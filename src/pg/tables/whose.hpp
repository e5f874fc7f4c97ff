// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Whose meal an id is, by the index of the key alone: no row is touched, and whether it is nobody's or somebody's whom
/// the caller does not see is the same work. out: the one person the caller sees that has it, else one that has none,
/// for whom the statement that reads the meal finds nothing under row-level security. False where the index cannot
/// say: a view in the table's place, another key, persons shown by a policy of somebody else's making, two persons.
bool whose_meal(const pg_uuid_t* meal_id, pg_uuid_t* person_id);

}  // namespace glucose::pg
