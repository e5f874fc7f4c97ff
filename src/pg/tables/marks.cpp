// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/marks.hpp"

#include <algorithm>

#include "core/base/units.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/sight.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/transam.h"
#include "commands/trigger.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
}

namespace glucose::pg {

namespace {

constexpr TimestampTz kUnsettled = 60 * kMinute;   // the newest rows stay outside: they come in some disorder
constexpr TimestampTz kMoveOn = 3 * 60 * kMinute;  // beyond that, so that there are few rows to read each time
constexpr int kMostMarks = 4;                      // rows of a person before they are made one

Query marks_of_person{
    "SELECT token, rows_until FROM glucose.serving_mark WHERE person_id OPERATOR(pg_catalog.=) $1", 1, {UUIDOID}};
// A person that is being deleted, with all its rows, needs no mark.
Query add_mark{
    "INSERT INTO glucose.serving_mark (person_id, token, rows_until) "
    "SELECT p.person_id, $2, $3 FROM glucose.person p WHERE p.person_id OPERATOR(pg_catalog.=) $1",
    3,
    {UUIDOID, INT8OID, TIMESTAMPTZOID}};
// Whoever else is at it is let go first.
Query take_marks{
    "WITH taken AS (SELECT ctid FROM glucose.serving_mark WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "FOR UPDATE SKIP LOCKED) "
    "DELETE FROM glucose.serving_mark m USING taken t WHERE m.ctid OPERATOR(pg_catalog.=) t.ctid "
    "RETURNING m.token, m.rows_until",
    1,
    {UUIDOID}};

uint64 random_token() {
  uint64 token;
  if (!pg_strong_random(&token, sizeof token)) elog(ERROR, "could not make a random number");
  return token;
}

// Tokens are summed without carry: rows made one keep the sum. In columns `first` and the one after it; a person
// without marks may be a row of nulls.
Mark mark_of_result(int first) {
  Mark mark;
  for (uint64 row = 0; row < SPI_processed; ++row) {
    bool is_null;
    const Datum token = column(row, first, &is_null);
    if (is_null) continue;
    mark.token ^= static_cast<uint64>(DatumGetInt64(token));
    const Datum until = column(row, first + 1, &is_null);
    if (is_null) continue;
    mark.until = mark.found ? std::max(mark.until, DatumGetTimestampTz(until)) : DatumGetTimestampTz(until);
    mark.found = true;
  }
  return mark;
}

// --- which persons this transaction has written rows of --------------------------------------------------------------

/// What a transaction knows of a person it writes rows of. The mark was read after the transaction had its number: who
/// moves it on later does not count on rows up to there before this transaction has ended.
struct Written {
  pg_uuid_t person_id;  // the key
  TimestampTz until;    // of the mark when it was first read; DT_NOBEGIN: there was none
  TimestampTz newest;   // reading inserted
  int marks;
  uint64 stamped;  // the number of the reading after which the mark's token was changed last; 0: it was not
};

HTAB* written = nullptr;  // in TopTransactionContext
bool any_new = false;     // readings since the mark was last thought of
uint64 times_read = 1;    // by this session: what it reads between two changes of its own needs two tokens
bool registered = false;

constexpr int kMostListeners = 4;
RolledBack listeners[kMostListeners];
int n_listeners = 0;

void rolled_back() {
  for (int i = 0; i < n_listeners; ++i) listeners[i]();
}

void at_end_of_transaction(XactEvent event, void*) {
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE) return;
  written = nullptr;
  any_new = false;
  // What is prepared ends elsewhere, and this session is not told how.
  if (event != XACT_EVENT_COMMIT && TransactionIdIsValid(GetTopTransactionIdIfAny())) rolled_back();
}

void at_end_of_subtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  if (event != SUBXACT_EVENT_ABORT_SUB) return;
  if (!TransactionIdIsValid(GetCurrentTransactionIdIfAny())) return;
  if (written != nullptr) hash_destroy(written);  // stamps may have been rolled back
  written = nullptr;
  rolled_back();
}

void watch_transactions() {
  if (registered) return;
  RegisterXactCallback(at_end_of_transaction, nullptr);
  RegisterSubXactCallback(at_end_of_subtransaction, nullptr);
  registered = true;
}

/// The newest marks there are, past row-level security and whatever snapshot the caller has: a look-up, no statement.
void look_up(const pg_uuid_t* person_id, Written* w) {
  (void)GetTopTransactionId();
  const Oid schema = get_namespace_oid("glucose", false);
  const Oid index = get_relname_relid("serving_mark_pkey", schema);
  w->until = DT_NOBEGIN;
  w->marks = 0;
  Relation marks = table_open(get_relname_relid("serving_mark", schema), AccessShareLock);
  Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
  ScanKeyData key;
  ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(person_id));
  SysScanDesc scan = systable_beginscan(marks, index, OidIsValid(index), snapshot, 1, &key);
  for (HeapTuple row; HeapTupleIsValid(row = systable_getnext(scan)); ++w->marks) {
    bool is_null;
    const Datum until = heap_getattr(row, 4, RelationGetDescr(marks), &is_null);
    if (!is_null) w->until = std::max(w->until, DatumGetTimestampTz(until));
  }
  systable_endscan(scan);
  UnregisterSnapshot(snapshot);
  table_close(marks, AccessShareLock);
}

Written* written_of(const pg_uuid_t* person_id) {
  watch_transactions();
  if (written == nullptr) {
    HASHCTL control = {};
    control.keysize = sizeof(pg_uuid_t);
    control.entrysize = sizeof(Written);
    control.hcxt = TopTransactionContext;
    written = hash_create("pg_glucose persons written", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  }
  bool found;
  auto* w = static_cast<Written*>(hash_search(written, person_id, HASH_ENTER, &found));
  if (found) return w;
  w->until = DT_NOEND;  // should the look-up fail
  w->newest = DT_NOBEGIN;
  w->stamped = 0;
  look_up(person_id, w);
  return w;
}

void write_mark(const pg_uuid_t* person_id, uint64 token, const TimestampTz* until) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(Int64GetDatum(static_cast<int64>(token)));
  p.add_or_null(until != nullptr, until != nullptr ? TimestampTzGetDatum(*until) : 0);
  run(add_mark, p, Mode::as_owner);
}

void row_changed(const pg_uuid_t* person_id, TimestampTz at, bool is_new_reading) {
  Written* w = written_of(person_id);
  if (is_new_reading && at > w->newest) {
    w->newest = at;
    any_new = true;
  }
  if (at > w->until || w->stamped == times_read) return;
  SPI_connect();
  write_mark(person_id, random_token(), nullptr);
  SPI_finish();
  w->stamped = times_read;
}

// Where settled rows end when this is the newest reading. A clock that is ahead must not settle what is still to come.
TimestampTz settled_with(TimestampTz newest) {
  return std::min(newest, GetCurrentTimestamp()) - kUnsettled;
}

void move_mark(const pg_uuid_t* person_id, TimestampTz until, int marks) {
  uint64 token = random_token();
  if (marks > 0) token = 0;  // another row of the same rows
  if (marks >= kMostMarks && !IsolationUsesXactSnapshot()) {
    Parameters p;
    p.add(UUIDPGetDatum(person_id));
    run(take_marks, p, Mode::as_owner);
    const Mark taken = mark_of_result(1);
    token = taken.token;
    if (taken.found) until = std::max(until, taken.until);
  }
  write_mark(person_id, token, &until);
}

}  // namespace

namespace {

/// Of the person whose meal was read last.
struct {
  uint64 seen = 0;  // sight_of_rows()
  pg_uuid_t person_id;
  Mark mark;
} noted;

}  // namespace

void note_marks(const pg_uuid_t* person_id, int first_column) {
  noted.mark = mark_of_result(first_column);
  noted.person_id = *person_id;
  noted.seen = sight_of_rows();
}

Mark read_mark(const pg_uuid_t* person_id) {
  if (noted.seen != 0 && memcmp(noted.person_id.data, person_id->data, UUID_LEN) == 0 && noted.seen == sight_of_rows())
    return noted.mark;
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(marks_of_person, p, Mode::read);
  return mark_of_result(1);
}

void on_rollback(RolledBack forget) {
  watch_transactions();
  for (int i = 0; i < n_listeners; ++i)
    if (listeners[i] == forget) return;
  if (n_listeners == kMostListeners) elog(ERROR, "too many listen to rollbacks");
  listeners[n_listeners++] = forget;
}

void rows_were_read() {
  ++times_read;
}

uint64 writers_until_now() {
  return U64FromFullTransactionId(ReadNextFullTransactionId());
}

bool writers_have_ended(uint64 bound, Snapshot snapshot) {
  const uint64 next = writers_until_now();
  uint64 oldest = (next & ~uint64{0xffffffff}) | snapshot->xmin;
  if (oldest > next) oldest -= uint64{1} << 32;
  return oldest >= bound;
}

bool is_due(const Mark& mark, TimestampTz newest_reading) {
  return !mark.found || settled_with(newest_reading) - mark.until >= kMoveOn;
}

void advance_mark(const pg_uuid_t* person_id, TimestampTz newest_reading) {
  if (RecoveryInProgress() || XactReadOnly || IsInParallelMode()) return;
  Written* w = written_of(person_id);
  const TimestampTz until = settled_with(newest_reading);
  if (w->until != DT_NOBEGIN && until - w->until < kMoveOn) return;
  move_mark(person_id, until, w->marks);
  ++w->marks;
  w->until = until;
}

}  // namespace glucose::pg

using namespace glucose::pg;

namespace {

/// Where a table of the contract, which may have its columns in any order and made anew, has these.
struct Columns {
  int person, moment;
  bool is_of_readings;
};

Columns columns_of(Relation relation) {
  TupleDesc columns = RelationGetDescr(relation);
  Columns found{SPI_fnumber(columns, "person_id"), SPI_fnumber(columns, "measured_at"), true};
  if (found.moment <= 0) found = {found.person, SPI_fnumber(columns, "eaten_at"), false};
  if (found.person <= 0 || found.moment <= 0) elog(ERROR, "no table of meals or readings");
  return found;
}

const pg_uuid_t* person_of(TupleTableSlot* row, const Columns& columns, TimestampTz* at) {
  bool no_person, no_moment;
  const Datum id = slot_getattr(row, columns.person, &no_person), when = slot_getattr(row, columns.moment, &no_moment);
  if (no_person || no_moment) return nullptr;
  *at = DatumGetTimestampTz(when);
  return DatumGetUUIDP(id);
}

void move_marks_on() {
  if (written == nullptr || !any_new) return;
  any_new = false;
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, written);
  bool connected = false;
  while (auto* w = static_cast<Written*>(hash_seq_search(&scan))) {
    if (w->newest == DT_NOBEGIN) continue;
    const TimestampTz until = settled_with(w->newest);
    w->newest = DT_NOBEGIN;
    if (w->until != DT_NOBEGIN && until - w->until < kMoveOn) continue;
    if (!connected) SPI_connect();
    connected = true;
    move_mark(&w->person_id, until, w->marks);
    ++w->marks;
    w->until = until;
  }
  if (connected) SPI_finish();
}

}  // namespace

SQL_FUNCTION(mark_changed_rows) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED), errmsg("this function is a trigger's")));
  auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
  if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)) {
    rolled_back();
  } else if (TRIGGER_FIRED_FOR_STATEMENT(data->tg_event)) {
    move_marks_on();
  } else {
    // The server calls it for a million rows of a statement in one go, and does not look itself.
    CHECK_FOR_INTERRUPTS();
    const Columns columns = columns_of(data->tg_relation);
    TimestampTz at;
    const pg_uuid_t* person = person_of(data->tg_trigslot, columns, &at);
    if (person != nullptr) row_changed(person, at, columns.is_of_readings && TRIGGER_FIRED_BY_INSERT(data->tg_event));
    if (TRIGGER_FIRED_BY_UPDATE(data->tg_event)) {
      person = person_of(data->tg_newslot, columns, &at);
      if (person != nullptr) row_changed(person, at, false);
    }
  }
  return PointerGetDatum(nullptr);
}
