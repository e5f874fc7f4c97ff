// SPDX-License-Identifier: PostgreSQL
// Whom a background worker works for, and its transactions.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// The role of this process's jobs; InvalidOid before it has had one.
Oid employer();

/// From here on the process works for this role, as it would be after a login, and for whom `identity` names (empty:
/// nobody is known). It never works for another role. Outside of transactions.
void work_for(Oid role, const char* identity);

/// Everything a transaction does, its end included, it does as the role (InvalidOid: as the owner of the tables); what
/// it calls cannot change that. With begin() and end().
void begin_transaction_as(Oid role);
void end_transaction();

/// What went wrong in a job, to be noted in the transaction of the owner of the tables that is begun here: what was
/// under way is undone, and the role may be what is gone. Called where the error was caught; a copy in `context`.
const ErrorData* begin_noting_failure(MemoryContext context);

}  // namespace glucose::pg
