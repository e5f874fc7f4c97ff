// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/worker_slots.hpp"

#include "pg/boundary/settings.hpp"

extern "C" {
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
}

namespace glucose::pg {

namespace {

constexpr int kMostSlots = 64;  // as the setting
constexpr int kMostWaiting = 64;
constexpr int kMostSecondsToStart = 60;  // a process that has not come by then will not come

struct Slot {
  bool taken;
  pid_t pid;  // 0 while its process starts
  TimestampTz since;
  uint32 ticket;  // who comes for a slot that was given away meanwhile has an old one
};

struct Slots {
  slock_t mutex;
  Slot slots[kMostSlots];
  int n_waiting;
  Oid waiting[kMostWaiting];  // databases, in order
};

/// What a worker is told; fits bgw_extra.
struct Errand {
  Oid database;
  int slot;
  uint32 ticket;
};
static_assert(sizeof(Errand) <= BGW_EXTRALEN);

// Made by the first who asks, in what the server keeps to spare: no preloading is needed.
Slots* shared() {
  static Slots* slots = nullptr;
  if (slots != nullptr) return slots;
  bool found;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  auto* made = static_cast<Slots*>(ShmemInitStruct("pg_glucose workers", sizeof(Slots), &found));
  if (!found) {
    memset(made, 0, sizeof *made);
    SpinLockInit(&made->mutex);
  }
  LWLockRelease(AddinShmemInitLock);
  return slots = made;
}

// The functions below hold the mutex for a few instructions and call nothing that could raise.

bool is_free(const Slot& slot, TimestampTz now) {
  return !slot.taken || (slot.pid == 0 && now - slot.since > kMostSecondsToStart * USECS_PER_SEC);
}

int find_free(const Slots* s, TimestampTz now) {
  int taken = 0, free = -1;
  for (int i = 0; i < kMostSlots; ++i) {
    if (!is_free(s->slots[i], now))
      ++taken;
    else if (free < 0)
      free = i;
  }
  return taken < settings::max_training_workers ? free : -1;
}

void add_waiting(Slots* s, Oid database) {
  for (int i = 0; i < s->n_waiting; ++i)
    if (s->waiting[i] == database) return;
  if (s->n_waiting < kMostWaiting) s->waiting[s->n_waiting++] = database;
}

void remove_waiting(Slots* s, Oid database) {
  int kept = 0;
  for (int i = 0; i < s->n_waiting; ++i)
    if (s->waiting[i] != database) s->waiting[kept++] = s->waiting[i];
  s->n_waiting = kept;
}

void release(const Errand& errand) {
  Slots* s = shared();
  SpinLockAcquire(&s->mutex);
  Slot& slot = s->slots[errand.slot];
  if (slot.ticket == errand.ticket) slot.taken = false;
  SpinLockRelease(&s->mutex);
}

bool register_worker(const Errand& errand) {
  BackgroundWorker worker = {};
  snprintf(worker.bgw_name, sizeof worker.bgw_name, "pg_glucose training");
  snprintf(worker.bgw_type, sizeof worker.bgw_type, "pg_glucose training");
  snprintf(worker.bgw_library_name, sizeof worker.bgw_library_name, "pg_glucose");
  snprintf(worker.bgw_function_name, sizeof worker.bgw_function_name, "glucose_training_worker");
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  memcpy(worker.bgw_extra, &errand, sizeof errand);
  return RegisterDynamicBackgroundWorker(&worker, nullptr);
}

// Its slot goes to whoever waits.
void leave_slot(int, Datum) {
  Errand errand;
  memcpy(&errand, MyBgworkerEntry->bgw_extra, sizeof errand);
  release(errand);
  Slots* s = shared();
  SpinLockAcquire(&s->mutex);
  const Oid next = s->n_waiting > 0 ? s->waiting[0] : InvalidOid;
  if (OidIsValid(next)) remove_waiting(s, next);
  SpinLockRelease(&s->mutex);
  if (OidIsValid(next)) start_worker(next);
}

}  // namespace

void find_worker_slots() {
  (void)shared();
}

void start_worker(Oid database) {
  Slots* s = shared();
  const TimestampTz now = GetCurrentTimestamp();
  Errand errand = {database, -1, 0};
  SpinLockAcquire(&s->mutex);
  errand.slot = find_free(s, now);
  if (errand.slot >= 0) {
    Slot& slot = s->slots[errand.slot];
    errand.ticket = slot.ticket + 1;
    slot = {true, 0, now, errand.ticket};
  } else {
    add_waiting(s, database);
  }
  SpinLockRelease(&s->mutex);
  if (errand.slot < 0 || register_worker(errand)) return;
  release(errand);
  // The job is committed already: when no worker can start now, a later one will take it.
  ereport(LOG, (errmsg("no background worker for pg_glucose training could be started"),
                errhint("Raise max_worker_processes, then run SELECT glucose.start_training_workers().")));
}

Oid take_worker_slot() {
  Errand errand;
  memcpy(&errand, MyBgworkerEntry->bgw_extra, sizeof errand);
  Slots* s = shared();
  SpinLockAcquire(&s->mutex);
  Slot& slot = s->slots[errand.slot];
  const bool mine = slot.taken && slot.ticket == errand.ticket;
  if (mine) slot.pid = MyProcPid;
  SpinLockRelease(&s->mutex);
  if (!mine) return InvalidOid;
  before_shmem_exit(leave_slot, 0);
  return errand.database;
}

void wait_for_worker(Oid database) {
  Slots* s = shared();
  SpinLockAcquire(&s->mutex);
  add_waiting(s, database);
  SpinLockRelease(&s->mutex);
}

void end_waiting(Oid database) {
  Slots* s = shared();
  SpinLockAcquire(&s->mutex);
  remove_waiting(s, database);
  SpinLockRelease(&s->mutex);
}

bool other_databases_wait() {
  Slots* s = shared();
  SpinLockAcquire(&s->mutex);
  bool wait = false;
  for (int i = 0; i < s->n_waiting; ++i) wait = wait || s->waiting[i] != MyDatabaseId;
  SpinLockRelease(&s->mutex);
  return wait;
}

bool all_slots_taken() {
  Slots* s = shared();
  const TimestampTz now = GetCurrentTimestamp();
  SpinLockAcquire(&s->mutex);
  const int free = find_free(s, now);
  SpinLockRelease(&s->mutex);
  return free < 0;
}

}  // namespace glucose::pg
