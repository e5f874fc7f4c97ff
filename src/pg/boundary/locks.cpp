// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/locks.hpp"

extern "C" {
#include "common/hashfn.h"
#include "utils/fmgrprotos.h"
}

namespace glucose::pg {

namespace {
int32 hashed(const pg_uuid_t* id) {
  return static_cast<int32>(hash_bytes(id->data, UUID_LEN));
}
}  // namespace

bool try_session_lock(LockKind kind, int32 number) {
  return DatumGetBool(DirectFunctionCall2(pg_try_advisory_lock_int4, Int32GetDatum(kind), Int32GetDatum(number)));
}

void release_session_lock(LockKind kind, int32 number) {
  DirectFunctionCall2(pg_advisory_unlock_int4, Int32GetDatum(kind), Int32GetDatum(number));
}

bool try_session_lock(LockKind kind, const pg_uuid_t* id) {
  return try_session_lock(kind, hashed(id));
}
void release_session_lock(LockKind kind, const pg_uuid_t* id) {
  release_session_lock(kind, hashed(id));
}

bool try_transaction_lock(LockKind kind, const pg_uuid_t* id) {
  return DatumGetBool(
      DirectFunctionCall2(pg_try_advisory_xact_lock_int4, Int32GetDatum(kind), Int32GetDatum(hashed(id))));
}

}  // namespace glucose::pg
