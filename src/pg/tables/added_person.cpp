// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/added_person.hpp"

#include "pg/boundary/compat.hpp"
#include "pg/tables/identity.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
}

namespace glucose::pg {

namespace {

LocalTransactionId added_in = InvalidLocalTransactionId;  // the transaction that has added a person

bool is_owned_by(HeapTuple row, TupleDesc columns, AttrNumber owner, const char* identity) {
  bool is_null;
  const Datum name = heap_getattr(row, owner, columns, &is_null);
  return !is_null && strcmp(TextDatumGetCString(name), identity) == 0;
}

}  // namespace

void note_new_person() {
  added_in = PGG_LOCAL_XID;
}

bool is_added_here(const pg_uuid_t* person_id) {
  const char* identity = current_identity();
  if (added_in != PGG_LOCAL_XID || identity == nullptr) return false;
  const Oid oid = get_relname_relid("person", get_namespace_oid("glucose", false));
  const AttrNumber owner = get_attnum(oid, "owner");
  Relation table = table_open(oid, AccessShareLock);
  const Oid key = RelationGetPrimaryKeyIndex(table);
  bool found = false;
  if (OidIsValid(key) && owner != InvalidAttrNumber) {
    ScanKeyData by_id;
    ScanKeyInit(&by_id, get_attnum(oid, "person_id"), BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(person_id));
    SysScanDesc scan = systable_beginscan(table, key, true, SnapshotSelf, 1, &by_id);
    for (HeapTuple row = systable_getnext(scan); HeapTupleIsValid(row); row = systable_getnext(scan))
      found = found || (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row->t_data)) &&
                        is_owned_by(row, RelationGetDescr(table), owner, identity));
    systable_endscan(scan);
  }
  table_close(table, AccessShareLock);
  return found;
}

}  // namespace glucose::pg
