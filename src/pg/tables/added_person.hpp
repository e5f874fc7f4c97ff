// SPDX-License-Identifier: PostgreSQL
// A person and its first meal in one statement: the person's row is there, but not in the statement's snapshot.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// A person is being added by this transaction: is_added_here() looks for it.
void note_new_person();

/// Whether this very transaction has added the person, and it is the caller's.
bool is_added_here(const pg_uuid_t* person_id);

}  // namespace glucose::pg
