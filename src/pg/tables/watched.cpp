// SPDX-License-Identifier: PostgreSQL
// Whether meals and readings are in tables that the triggers of setup() watch.
#include <initializer_list>

#include "pg/boundary/look.hpp"
#include "pg/tables/marks.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rowsecurity.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
}

namespace glucose::pg {

namespace {

/// What is looked at of a relation, in a number that is another one when it was without triggers in between.
struct Watched {
  bool fits = false;
  uint64 state = 0;
};

bool decides_on_reading(const RowSecurityPolicy* policy) {
  return policy->polcmd == '*' || policy->polcmd == ACL_SELECT_CHR;
}

bool same_policy(const RowSecurityPolicy* a, const RowSecurityPolicy* b) {
  return a->permissive == b->permissive && equal(a->qual, b->qual) &&
         datumIsEqual(PointerGetDatum(a->roles), PointerGetDatum(b->roles), false, -1);
}

bool each_has_its_like(const RowSecurityDesc* these, const RowSecurityDesc* those) {
  ListCell *a, *b;
  foreach (a, these->policies) {
    const auto* policy = static_cast<RowSecurityPolicy*>(lfirst(a));
    bool has = !decides_on_reading(policy);
    foreach (b, those->policies)
      has = has || (decides_on_reading(static_cast<RowSecurityPolicy*>(lfirst(b))) &&
                    same_policy(policy, static_cast<RowSecurityPolicy*>(lfirst(b))));
    if (!has) return false;
  }
  return true;
}

/// Whether who sees a person's marks sees its rows, and all of them.
bool seen_alike(Relation relation, Relation marks) {
  if (!relation->rd_rel->relrowsecurity) return true;
  const RowSecurityDesc *rows = relation->rd_rsdesc, *of_marks = marks->rd_rsdesc;
  return marks->rd_rel->relrowsecurity && relation->rd_rel->relforcerowsecurity && rows != nullptr &&
         of_marks != nullptr && each_has_its_like(rows, of_marks) && each_has_its_like(of_marks, rows);
}

uint64 mixed(uint64 state, uint64 with) {
  return (state ^ with) * 0x9E3779B97F4A7C15ULL + (state >> 29);
}

// The triggers by their rows in the catalog: one that was switched off and on again has another.
int watching_triggers(Oid relation, uint64* state) {
  const Oid schema = get_namespace_oid("glucose", false);
  Relation triggers = table_open(TriggerRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
  SysScanDesc scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, nullptr, 1, &key);
  int n = 0;
  for (HeapTuple row; HeapTupleIsValid(row = systable_getnext(scan));) {
    const auto* trigger = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(row));
    const char* function = get_func_name(trigger->tgfoid);
    if (function == nullptr || get_func_namespace(trigger->tgfoid) != schema ||
        strcmp(function, "mark_changed_rows") != 0)
      continue;
    if (trigger->tgenabled != TRIGGER_FIRES_ALWAYS) continue;
    ++n;
    *state = mixed(mixed(*state, trigger->oid), HeapTupleHeaderGetRawXmin(row->t_data));
  }
  systable_endscan(scan);
  table_close(triggers, AccessShareLock);
  return n;
}

Watched look_at(Oid table, Oid marks_table) {
  Watched w;
  if (!OidIsValid(table) || get_rel_relkind(table) != RELKIND_RELATION) return w;
  Relation marks = table_open(marks_table, AccessShareLock);
  Relation relation = table_open(table, AccessShareLock);
  const Form_pg_class form = relation->rd_rel;
  w.fits = !form->relhassubclass && !form->relispartition && !form->relhasrules;
  w.state = mixed(mixed(0, table), PGG_RELATION_FILE(relation));
  w.fits = w.fits && seen_alike(relation, marks);
  table_close(relation, AccessShareLock);
  table_close(marks, AccessShareLock);
  // Rows, each of them; rows inserted, a statement; all rows at once.
  w.fits = w.fits && watching_triggers(table, &w.state) == 3;
  return w;
}

void look_again(Datum, Oid relation);
Look look([] { CacheRegisterRelcacheCallback(look_again, 0); });
Oid meal_table = InvalidOid, reading_table = InvalidOid, mark_table = InvalidOid;
Watched last;

void look_again(Datum, Oid relation) {
  if (relation == InvalidOid || relation == meal_table || relation == reading_table || relation == mark_table)
    look.forget();
}

bool may_read(Oid table) {
  return pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

}  // namespace

bool rows_can_be_kept(bool* changed) {
  *changed = false;
  if (!look.holds() || !OidIsValid(meal_table)) {
    const Oid schema = get_namespace_oid("glucose", false);
    meal_table = get_relname_relid("meal", schema);
    reading_table = get_relname_relid("glucose_reading", schema);
    mark_table = get_relname_relid("serving_mark", schema);
  }
  // Whoever empties a table or switches its triggers off waits for these, as for a statement; and what was done before
  // is known behind them.
  for (const Oid table : {meal_table, reading_table, mark_table}) {
    if (!OidIsValid(table)) return false;
    LockRelationOid(table, AccessShareLock);
  }
  if (!look.holds())
    look.at([changed] {
      const Watched meals = look_at(meal_table, mark_table), readings = look_at(reading_table, mark_table);
      const Watched now{meals.fits && readings.fits, mixed(meals.state, readings.state)};
      *changed = now.state != last.state || !now.fits;
      last = now;
    });
  return last.fits && may_read(meal_table) && may_read(reading_table);
}

}  // namespace glucose::pg
