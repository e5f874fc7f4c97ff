// SPDX-License-Identifier: PostgreSQL
// Locks of a space of their own: pg_advisory_lock() and its kin cannot name them, so nobody holds them but this
// library. Those of a session outlive transactions and end with the session, however it ends; those of a transaction
// end with it. The two exclude each other between sessions, and not within one.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// What is locked; part of the lock's key.
enum LockKind : uint32 { kJobLock = 2, kPersonLock = 3, kSealLock = 4 };

/// False when another session has it. A uuid is hashed into the key: two that collide wait for each other, no more.
bool try_session_lock(LockKind kind, const pg_uuid_t* id);
void release_session_lock(LockKind kind, const pg_uuid_t* id);
bool try_transaction_lock(LockKind kind, const pg_uuid_t* id);

}  // namespace glucose::pg
