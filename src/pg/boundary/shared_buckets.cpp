// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/shared_buckets.hpp"

#include <algorithm>

extern "C" {
#include "common/hashfn.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/hsearch.h"
}

namespace glucose::pg {

namespace {

constexpr const char* kName = "pg_glucose rate limits";
constexpr int kMostIdentities = 8192;  // 1.2 MB

/// The identity is known by a keyed hash of 128 bits: it may be of any length, and nobody can choose two of the same.
struct Key {
  uint64 hash[2];
  Oid database;
  uint32 unused;
};
static_assert(sizeof(Key) == 24);

struct Entry {
  Key key;
  SharedBuckets held;
};
static_assert(std::is_trivially_copyable_v<Entry>);

struct State {
  LWLock* lock;
  uint64 seeds[2];
};

State* state = nullptr;
HTAB* entries = nullptr;
shmem_request_hook_type next_request = nullptr;
shmem_startup_hook_type next_startup = nullptr;

void request() {
  if (next_request != nullptr) next_request();
  RequestAddinShmemSpace(add_size(MAXALIGN(sizeof(State)), hash_estimate_size(kMostIdentities, sizeof(Entry))));
  RequestNamedLWLockTranche(kName, 1);
}

void startup() {
  if (next_startup != nullptr) next_startup();
  HASHCTL shape = {};
  shape.keysize = sizeof(Key);
  shape.entrysize = sizeof(Entry);
  bool found;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  state = static_cast<State*>(ShmemInitStruct(kName, sizeof(State), &found));
  if (!found) {
    state->lock = &GetNamedLWLockTranche(kName)->lock;
    if (!pg_strong_random(state->seeds, sizeof state->seeds)) elog(ERROR, "could not generate random seeds");
  }
  entries = ShmemInitHash("pg_glucose buckets", kMostIdentities, kMostIdentities, &shape, HASH_ELEM | HASH_BLOBS);
  LWLockRelease(AddinShmemInitLock);
}

Key key_of(const char* identity) {
  Key key = {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(identity);
  const auto size = static_cast<int>(strlen(identity));
  for (int i = 0; i < 2; ++i) key.hash[i] = hash_bytes_extended(bytes, size, state->seeds[i]);
  key.database = MyDatabaseId;
  return key;
}

TimestampTz full_at(const Entry& entry) {
  TimestampTz last = entry.held.buckets[0].full_at;
  for (const TokenBucket& bucket : entry.held.buckets) last = std::max<TimestampTz>(last, bucket.full_at);
  return last;
}

// The functions below hold the lock and call nothing that could raise.

void make_room(TimestampTz now) {
  HASH_SEQ_STATUS all;
  hash_seq_init(&all, entries);
  bool any = false;
  Key fullest = {};
  TimestampTz earliest = DT_NOEND;
  while (auto* entry = static_cast<Entry*>(hash_seq_search(&all))) {
    const TimestampTz at = full_at(*entry);
    if (at < earliest) {
      earliest = at;
      fullest = entry->key;
    }
    if (at > now) continue;
    (void)hash_search(entries, &entry->key, HASH_REMOVE, nullptr);
    any = true;
  }
  if (!any) (void)hash_search(entries, &fullest, HASH_REMOVE, nullptr);
}

Entry* find_or_make(const Key& key, const char* identity, TimestampTz now) {
  auto* entry = static_cast<Entry*>(hash_search(entries, &key, HASH_FIND, nullptr));
  if (entry != nullptr) return entry;
  if (hash_get_num_entries(entries) >= kMostIdentities) make_room(now);
  entry = static_cast<Entry*>(hash_search(entries, &key, HASH_ENTER_NULL, nullptr));
  if (entry == nullptr) return nullptr;
  entry->held = {};
  const auto size = static_cast<int>(strlen(identity));
  memcpy(entry->held.identity, identity, static_cast<size_t>(pg_mbcliplen(identity, size, kShownIdentity - 1)));
  return entry;
}

}  // namespace

void request_shared_buckets() {
  if (!process_shared_preload_libraries_in_progress) return;
  next_request = shmem_request_hook;
  shmem_request_hook = request;
  next_startup = shmem_startup_hook;
  shmem_startup_hook = startup;
}

bool have_shared_buckets() {
  return state != nullptr;
}

TimestampTz take_shared_token(const char* identity, Cost cost, int per_minute, TimestampTz now) {
  const Key key = key_of(identity);
  LWLockAcquire(state->lock, LW_EXCLUSIVE);
  Entry* entry = find_or_make(key, identity, now);
  const TimestampTz wait =
      entry != nullptr ? entry->held.buckets[static_cast<int>(cost)].take(per_minute, now) : TimestampTz{0};
  LWLockRelease(state->lock);
  return wait;
}

SharedBuckets* read_shared_buckets(const char* identity, int* n) {
  const Key key = identity != nullptr ? key_of(identity) : Key{};
  auto* found =
      static_cast<SharedBuckets*>(palloc(sizeof(SharedBuckets) * (identity != nullptr ? 1 : kMostIdentities)));
  *n = 0;
  LWLockAcquire(state->lock, LW_SHARED);
  HASH_SEQ_STATUS all;
  if (identity != nullptr) {
    const auto* entry = static_cast<const Entry*>(hash_search(entries, &key, HASH_FIND, nullptr));
    if (entry != nullptr) found[(*n)++] = entry->held;
  } else {
    hash_seq_init(&all, entries);
    while (const auto* entry = static_cast<const Entry*>(hash_seq_search(&all)))
      if (entry->key.database == MyDatabaseId && *n < kMostIdentities) found[(*n)++] = entry->held;
  }
  LWLockRelease(state->lock);
  return found;
}

}  // namespace glucose::pg
