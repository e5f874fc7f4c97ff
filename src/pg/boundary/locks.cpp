// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/locks.hpp"

extern "C" {
#include "common/hashfn.h"
#include "storage/lock.h"
}

namespace glucose::pg {

namespace {

// The fourth field of an advisory lock's key is 1 or 2 for what SQL can name.
constexpr uint16 kOwnSpace = 0x676c;

LOCKTAG tag_of(LockKind kind, const pg_uuid_t* id) {
  LOCKTAG tag;
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, kind, hash_bytes(id->data, UUID_LEN), kOwnSpace);
  return tag;
}

bool try_lock(LockKind kind, const pg_uuid_t* id, bool of_session) {
  const LOCKTAG tag = tag_of(kind, id);
  return LockAcquire(&tag, ExclusiveLock, of_session, true) != LOCKACQUIRE_NOT_AVAIL;
}

}  // namespace

bool try_session_lock(LockKind kind, const pg_uuid_t* id) {
  return try_lock(kind, id, true);
}

void release_session_lock(LockKind kind, const pg_uuid_t* id) {
  const LOCKTAG tag = tag_of(kind, id);
  LockRelease(&tag, ExclusiveLock, true);
}

bool try_transaction_lock(LockKind kind, const pg_uuid_t* id) {
  return try_lock(kind, id, false);
}

}  // namespace glucose::pg
