// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/sight.hpp"

#include "pg/tables/identity.hpp"

namespace glucose::pg {

namespace {

uint32 running_of(Snapshot s) {
  return s->xcnt + static_cast<uint32>(s->subxcnt);
}

// Whose rollback could undo what is seen: nobody's, as long as the transaction has written nothing.
SubTransactionId subtransaction_that_counts() {
  return TransactionIdIsValid(GetTopTransactionIdIfAny()) ? GetCurrentSubTransactionId() : TopSubTransactionId;
}

}  // namespace

bool can_be_kept(const char* identity) {
  if (identity == nullptr || strlen(identity) >= sizeof Sight::identity || !ActiveSnapshotSet()) return false;
  Snapshot s = GetActiveSnapshot();
  return s->snapshot_type == SNAPSHOT_MVCC && !s->suboverflowed && !s->takenDuringRecovery &&
         running_of(s) <= Sight::kMaxRunning;
}

void take(Sight& sight, const char* identity) {
  Snapshot s = GetActiveSnapshot();
  strlcpy(sight.identity, identity, sizeof sight.identity);
  sight.role = GetUserId();
  sight.transaction = PGG_LOCAL_XID;
  sight.subtransaction = subtransaction_that_counts();
  sight.command = s->curcid;
  sight.xmin = s->xmin;
  sight.xmax = s->xmax;
  sight.n_running = running_of(s);
  if (s->xcnt > 0) memcpy(sight.running, s->xip, s->xcnt * sizeof(TransactionId));
  if (s->subxcnt > 0) memcpy(sight.running + s->xcnt, s->subxip, static_cast<size_t>(s->subxcnt) * sizeof(TransactionId));
  sight.valid = true;
}

bool still_holds(const Sight& sight, const char* identity) {
  if (!sight.valid || sight.transaction != PGG_LOCAL_XID || !can_be_kept(identity)) return false;
  Snapshot s = GetActiveSnapshot();
  return sight.role == GetUserId() && SubTransactionIsActive(sight.subtransaction) &&
         sight.command == s->curcid && sight.xmin == s->xmin && sight.xmax == s->xmax &&
         sight.n_running == running_of(s) && memcmp(sight.running, s->xip, s->xcnt * sizeof(TransactionId)) == 0 &&
         memcmp(sight.running + s->xcnt, s->subxip, static_cast<size_t>(s->subxcnt) * sizeof(TransactionId)) == 0 &&
         strcmp(sight.identity, identity) == 0;
}

bool still_holds(const Sight& sight) {
  return sight.valid && sight.transaction == PGG_LOCAL_XID && still_holds(sight, current_identity());
}

void take(Sight& sight) {
  const char* identity = current_identity();
  sight.valid = false;
  if (can_be_kept(identity)) take(sight, identity);
}

}  // namespace glucose::pg
