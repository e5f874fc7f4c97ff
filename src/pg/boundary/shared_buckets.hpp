// SPDX-License-Identifier: PostgreSQL
// Buckets of tokens in shared memory, for a server that preloads the library: all sessions take from the same ones, a
// rollback gives nothing back, and reading calls count. A bounded number of identities, each with a bucket per kind of
// call; empty again (that is, all buckets full) after a restart or a crash of the server.
#pragma once
#include "core/base/token_bucket.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// What a call counts as; each kind has a limit of its own.
enum class Cost : int { prediction, expensive };
inline constexpr int kCosts = 2;

/// Called from _PG_init: asks the server for the memory, if it is preloading.
void request_shared_buckets();
bool have_shared_buckets();

/// Takes a token of an identity in this database: how long to wait for one (µs), 0 when it was taken. When there is no
/// room for another identity, those whose buckets are full make room, for they say nothing; when there is none such,
/// the fullest does.
TimestampTz take_shared_token(const char* identity, Cost cost, int per_minute, TimestampTz now);

inline constexpr int kShownIdentity = 64;

/// The buckets of an identity.
struct SharedBuckets {
  char identity[kShownIdentity];  // as much of it as fits
  TokenBucket buckets[kCosts];
};

/// Those of this database, palloc'ed: of one identity, or (nullptr) of all.
SharedBuckets* read_shared_buckets(const char* identity, int* n);

}  // namespace glucose::pg
