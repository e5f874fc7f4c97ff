// SPDX-License-Identifier: PostgreSQL
#include "pg/work/repetition.hpp"

#include "pg/boundary/settings.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/log_row.hpp"
#include "pg/work/document.hpp"
#include "pg/work/event_document.hpp"
#include "pg/work/metric_document.hpp"
#include "pg/work/repetition_key.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/xlog.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
}

namespace glucose::pg {

namespace {

Oid in_schema(const char* relation) {
  return get_relname_relid(relation, get_namespace_oid("glucose", false));
}

bool may_read_log() {
  const Oid table = in_schema("prediction");
  return OidIsValid(table) && pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

// How long an answer is given again.
int ttl_s(const Asking& asking) {
  return asking.task->subjects == Subjects::metrics ? settings::cache_ttl_daily_s : settings::cache_ttl_s;
}

/// Rows of the log by an index, under the statement's snapshot: a look-up, no statement.
class LogScan {
 public:
  // Neither copied nor destroyed: the server may leave by a longjmp, and its resource owner closes what is open.
  bool open(const char* index_name) {
    const Oid index = in_schema(index_name);
    if (!OidIsValid(index)) return false;
    log_ = table_open(in_schema("prediction"), AccessShareLock);
    index_ = index_open(index, AccessShareLock);
    return true;
  }
  void where(const char* name, StrategyNumber strategy, RegProcedure function, Datum value) {
    ScanKeyInit(&keys_[n_++], number_of(name), strategy, function, value);
  }
  bool next(ScanDirection direction) {
    if (scan_ == nullptr) scan_ = systable_beginscan_ordered(log_, index_, GetActiveSnapshot(), n_, keys_);
    row_ = systable_getnext_ordered(scan_, direction);
    return HeapTupleIsValid(row_);
  }
  Datum column(const char* name, bool* is_null) const {
    return heap_getattr(row_, number_of(name), RelationGetDescr(log_), is_null);
  }
  void close() {
    if (scan_ != nullptr) systable_endscan_ordered(scan_);
    index_close(index_, AccessShareLock);
    table_close(log_, AccessShareLock);
  }

 private:
  // setup() has added columns in the order of its steps.
  AttrNumber number_of(const char* name) const { return get_attnum(RelationGetRelid(log_), name); }
  Relation log_ = nullptr, index_ = nullptr;
  ScanKeyData keys_[3];
  int n_ = 0;
  SysScanDesc scan_ = nullptr;
  HeapTuple row_ = nullptr;
};

bool can_be_read(const bytea* said, Subjects subjects) {
  switch (subjects) {
    case Subjects::metrics:
      return is_said<MetricStanding>(said);
    case Subjects::events:
      return is_said<EventStanding>(said);
    default:
      return is_said<SensorState>(said);
  }
}

// A pointer has no key, so what is found is whole; a row that cannot be read is as good as none.
void find_whole(Repetition& repeated, const Asking& asking, TimestampTz since, MemoryContext context) {
  LogScan scan;
  if (!scan.open("prediction_question")) return;
  scan.where("person_id", BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&asking.person.id));
  scan.where("question", BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&repeated.key));
  scan.where("issued_at", BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(since));
  while (!repeated.found && scan.next(ForwardScanDirection)) {
    bool no_id, no_predictions, no_said;
    const Datum id = scan.column("prediction_id", &no_id), said = scan.column("said", &no_said),
                predictions = scan.column("predictions", &no_predictions);
    if (no_id || no_predictions || no_said) continue;
    const bytea* bytes = DatumGetByteaPP(said);
    if (can_be_read(bytes, asking.task->subjects)) {
      MemoryContext inside = MemoryContextSwitchTo(context);
      repeated.found = true;
      repeated.whole = *DatumGetUUIDP(id);
      repeated.predictions = DatumGetJsonbPCopy(predictions);
      repeated.said = DatumGetByteaPCopy(PointerGetDatum(bytes));
      MemoryContextSwitchTo(inside);
    }
  }
  scan.close();
}

}  // namespace

void look_for_repetition(Served& served, const Reach& reach, MemoryContext context) {
  const Asking& asking = *served.asking;
  const TimestampTz ttl = ttl_s(asking) * USECS_PER_SEC;
  if (!asking.is_logged) return;
  served.may_read_log = may_read_log();
  if (ttl == 0 || XactReadOnly || RecoveryInProgress() || !served.may_read_log) return;
  served.repeated.has_key = make_key(served, reach, context, &served.repeated.key);
  if (served.repeated.has_key) find_whole(served.repeated, asking, GetCurrentTimestamp() - ttl, context);
}

TimestampTz last_use(const Served& served) {
  if (served.is_baseline || !served.may_read_log) return DT_NOBEGIN;
  TimestampTz newest = DT_NOBEGIN;
  LogScan scan;
  if (!scan.open("prediction_sha256")) return newest;
  scan.where("person_id", BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&served.asking->person.id));
  scan.where("sha256", BTEqualStrategyNumber, F_BYTEAEQ, bytes_datum(served.row.sha256, sizeof served.row.sha256));
  if (scan.next(BackwardScanDirection)) {
    bool is_null;
    const Datum issued_at = scan.column("issued_at", &is_null);
    if (!is_null) newest = DatumGetTimestampTz(issued_at);
  }
  scan.close();
  return newest;
}

}  // namespace glucose::pg
