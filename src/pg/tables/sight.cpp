// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/sight.hpp"

#include <algorithm>

#include "pg/tables/identity.hpp"
#include "pg/tables/relations.hpp"

namespace glucose::pg {

namespace {

constexpr uint32 kMaxRunning = 64;  // with more transactions in flight nothing is kept

struct Sight {
  uint64 number = 0;
  char identity[256];
  Oid role;
  LocalTransactionId transaction;
  SubTransactionId subtransaction;  // holds within it
  CommandId command;
  TransactionId xmin, xmax;
  uint32 n_running;
  TransactionId running[kMaxRunning];
};
Sight last;
uint64 numbers = 0;

uint32 running_of(Snapshot s) {
  return s->xcnt + static_cast<uint32>(s->subxcnt);
}

// Whose rollback could undo what is seen: nobody's, as long as the transaction has written nothing.
SubTransactionId subtransaction_that_counts() {
  return TransactionIdIsValid(GetTopTransactionIdIfAny()) ? GetCurrentSubTransactionId() : TopSubTransactionId;
}

bool can_be_kept(const char* identity, Snapshot s) {
  return s->snapshot_type == SNAPSHOT_MVCC && !s->suboverflowed && !s->takenDuringRecovery &&
         running_of(s) <= kMaxRunning && strlen(identity) < sizeof last.identity;
}

bool still_holds(const Sight& sight, const char* identity, Snapshot s) {
  return sight.number != 0 && sight.transaction == PGG_LOCAL_XID && sight.role == GetUserId() &&
         SubTransactionIsActive(sight.subtransaction) && sight.command == s->curcid && sight.xmin == s->xmin &&
         sight.xmax == s->xmax && sight.n_running == running_of(s) &&
         std::equal(s->xip, s->xip + s->xcnt, sight.running) &&
         std::equal(s->subxip, s->subxip + s->subxcnt, sight.running + s->xcnt) &&
         strcmp(sight.identity, identity) == 0;
}

void take(Sight& sight, const char* identity, Snapshot s) {
  strlcpy(sight.identity, identity, sizeof sight.identity);
  sight.role = GetUserId();
  sight.transaction = PGG_LOCAL_XID;
  sight.subtransaction = subtransaction_that_counts();
  sight.command = s->curcid;
  sight.xmin = s->xmin;
  sight.xmax = s->xmax;
  sight.n_running = running_of(s);
  std::copy(s->xip, s->xip + s->xcnt, sight.running);
  std::copy(s->subxip, s->subxip + s->subxcnt, sight.running + s->xcnt);
  sight.number = ++numbers;
}

}  // namespace

uint64 sight() {
  const char* identity = ActiveSnapshotSet() ? current_identity() : nullptr;
  if (identity == nullptr) return 0;
  Snapshot snapshot = GetActiveSnapshot();
  if (!can_be_kept(identity, snapshot)) return 0;
  if (!still_holds(last, identity, snapshot)) take(last, identity, snapshot);
  return last.number;
}

uint64 sight_of_rows() {
  return rows_go_by_identity_alone() ? sight() : 0;
}

}  // namespace glucose::pg
