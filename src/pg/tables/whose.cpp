// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/whose.hpp"

#include "pg/tables/identity.hpp"

extern "C" {
#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
}

namespace glucose::pg {

namespace {

/// (meal_id, person_id), as setup() makes it.
bool is_key_of_meals(Relation index, Oid table) {
  const Form_pg_index form = index->rd_index;
  return index->rd_rel->relam == BTREE_AM_OID && form->indnkeyatts >= 2 &&
         form->indkey.values[0] == get_attnum(table, "meal_id") &&
         form->indkey.values[1] == get_attnum(table, "person_id") && index->rd_opcintype[0] == UUIDOID &&
         index->rd_opcintype[1] == UUIDOID;
}

// Entries may be of rows long gone: who reads the meal finds out. Where there is none, nobody is asked about as if
// there were.
int visible_persons_with(Relation table, Relation index, const pg_uuid_t* meal_id, pg_uuid_t* person_id) {
  ScanKeyData by_id;
  ScanKeyInit(&by_id, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(meal_id));
  IndexScanDesc scan = index_beginscan(table, index, GetActiveSnapshot(), 1, 0);
  scan->xs_want_itup = true;
  index_rescan(scan, &by_id, 1, nullptr, 0);
  int n = 0;
  bool any = false;
  for (; index_getnext_tid(scan, ForwardScanDirection) != nullptr; any = true) {
    bool is_null;
    const Datum id = index_getattr(scan->xs_itup, 2, scan->xs_itupdesc, &is_null);
    if (is_null) continue;
    const pg_uuid_t person = *DatumGetUUIDP(id);
    if (!sees(&person) || (n > 0 && memcmp(&person, person_id, sizeof person) == 0)) continue;
    *person_id = person;
    ++n;
  }
  if (!any) (void)sees(person_id);
  index_endscan(scan);
  return n;
}

}  // namespace

bool whose_meal(const pg_uuid_t* meal_id, pg_uuid_t* person_id) {
  if (!sees_by_our_policies_alone()) return false;
  const Oid oid = get_relname_relid("meal", get_namespace_oid("glucose", false));
  if (get_rel_relkind(oid) != RELKIND_RELATION) return false;
  Relation table = table_open(oid, AccessShareLock);
  const Oid key = RelationGetPrimaryKeyIndex(table);
  bool known = false;
  if (OidIsValid(key) && !table->rd_rel->relhassubclass) {
    Relation index = index_open(key, AccessShareLock);
    *person_id = {};
    known = is_key_of_meals(index, oid) && visible_persons_with(table, index, meal_id, person_id) <= 1;
    index_close(index, AccessShareLock);
  }
  table_close(table, AccessShareLock);
  return known;
}

}  // namespace glucose::pg
