// SPDX-License-Identifier: PostgreSQL
// Advisory locks. Those of a session outlive transactions and end with the session, however it ends; those of a
// transaction end with it. The two exclude each other between sessions, and not within one.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// What is locked; part of the lock's key.
enum LockKind : int32 { kWorkerSlotLock = 0x676c7501, kJobLock = 0x676c7502, kPersonLock = 0x676c7503 };

/// False when another session has it. A uuid is hashed into the key: two that collide wait for each other, no more.
bool try_session_lock(LockKind kind, const pg_uuid_t* id);
void release_session_lock(LockKind kind, const pg_uuid_t* id);
bool try_transaction_lock(LockKind kind, const pg_uuid_t* id);

/// The same by number.
bool try_session_lock(LockKind kind, int32 number);
void release_session_lock(LockKind kind, int32 number);

}  // namespace glucose::pg
