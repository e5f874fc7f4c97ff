// SPDX-License-Identifier: PostgreSQL
// setup() and the functions ask the same: setup() every time, the functions once and again after a relation has
// changed.
#include "pg/tables/relations.hpp"

#include <algorithm>
#include <iterator>

#include "pg/boundary/look.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"
}

namespace glucose::pg {

namespace {

// Tables of persons that a function reads; the two of the contract may be views.
constexpr const char* kTables[] = {"person",           "person_access",       "meal",           "glucose_reading",
                                   "model_version",    "model_metric",        "deployment",     "prediction",
                                   "training_job",     "retraining_override", "retraining_log", "daily_metric",
                                   "source_preference"};
// What setup() makes there.
constexpr const char* kPolicies[] = {"claim", "correct",  "decide",      "enter",         "manage",
                                     "note",  "own_add",  "own_change",  "own_read",      "own_remove",
                                     "read",  "register", "remove",      "say",           "say_again",
                                     "see",   "share",    "shared_read", "shared_with_me"};
constexpr const char* kContract[] = {"meal", "glucose_reading"};

constexpr int kMostSeen = 64;  // relations looked at; with more of them any change of a relation makes us look again

/// What was found, and of which relations.
struct Found {
  bool rows_need_a_person, rows_go_by_identity_alone;
  int n_seen = 0;
  Oid seen[kMostSeen];
};
Found found;
void forget(Datum, Oid relation);
Look look([] { CacheRegisterRelcacheCallback(forget, 0); });

bool is_seen(Oid relation) {
  for (int i = 0; i < found.n_seen; ++i)
    if (found.seen[i] == relation) return true;
  return false;
}

void forget(Datum, Oid relation) {
  if (!look.holds() || relation == InvalidOid || found.n_seen == kMostSeen || is_seen(relation)) look.forget();
}

enum class Asker { function, setup };

const char* qualified(Relation relation) {
  return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                    RelationGetRelationName(relation));
}

// A function cannot mend it, so it names who can; setup() says how.
[[noreturn]] void refuse(Asker asker, const char* message, const char* way_out) {
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("%s", message),
                  errhint("%s", asker == Asker::setup
                                    ? way_out
                                    : "Run SELECT glucose.setup() as the owner of the tables: it puts this right, or "
                                      "says what is to be done.")));
  pg_unreachable();
}

void look_at(Relation relation, Asker asker);

/// Where a walk over a view's query stands.
struct Beneath {
  Oid view;
  Asker asker;
};

bool look_beneath(Node* node, void* state);
// As the server's walkers of trees declare what they call.
const auto kLookBeneath = reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(look_beneath));

bool look_beneath(Node* node, void* state) {
  if (node == nullptr) return false;
  if (IsA(node, RangeTblEntry)) {
    const auto* entry = reinterpret_cast<RangeTblEntry*>(node);
    const auto* beneath = static_cast<Beneath*>(state);
    // A view's own query names the view itself, twice.
    if (entry->rtekind == RTE_RELATION && entry->relid != beneath->view && !is_seen(entry->relid)) {
      Relation relation = table_open(entry->relid, AccessShareLock);
      look_at(relation, beneath->asker);
      table_close(relation, AccessShareLock);
    }
    return false;
  }
  if (IsA(node, Query))
    return query_tree_walker(reinterpret_cast<::Query*>(node), kLookBeneath, state, QTW_EXAMINE_RTES_BEFORE);
  return expression_tree_walker(node, kLookBeneath, state);
}

void look_at_view(Relation view, Asker asker) {
  const char* name = qualified(view);
  if (!RelationHasSecurityInvoker(view))
    refuse(asker, psprintf("view %s would show its owner's rows to everyone", name),
           psprintf("Run ALTER VIEW %s SET (security_invoker = true).", name));
  Beneath beneath{RelationGetRelid(view), asker};
  query_tree_walker(get_view_query(view), kLookBeneath, &beneath, QTW_EXAMINE_RTES_BEFORE);
}

// Any relation the rows come from. What an application's own tables beneath a view let through is their own affair.
void look_at(Relation relation, Asker asker) {
  check_stack_depth();
  if (found.n_seen < kMostSeen) found.seen[found.n_seen++] = RelationGetRelid(relation);
  switch (relation->rd_rel->relkind) {
    case RELKIND_MATVIEW:
      refuse(asker,
             psprintf("materialized view %s keeps a copy of rows that row-level security cannot guard",
                      qualified(relation)),
             "Make it a view WITH (security_invoker = true) over tables with row-level security, or a table.");
    case RELKIND_FOREIGN_TABLE:
      refuse(asker, psprintf("foreign table %s cannot have row-level security", qualified(relation)),
             "Copy its rows into a table with row-level security.");
    case RELKIND_VIEW:
      look_at_view(relation, asker);
      break;
    default:
      break;
  }
}

bool is_of_setup(const RowSecurityPolicy* policy) {
  return std::any_of(std::begin(kPolicies), std::end(kPolicies),
                     [&](const char* name) { return strcmp(policy->policy_name, name) == 0; });
}

// Whether a policy of an application's own may show other rows to the same identity a moment later.
bool has_moody_policy(Relation table) {
  ListCell* cell;
  if (table->rd_rsdesc != nullptr)
    foreach (cell, table->rd_rsdesc->policies) {
      const auto* policy = static_cast<RowSecurityPolicy*>(lfirst(cell));
      const bool shows = policy->polcmd == '*' || policy->polcmd == 'r';
      if (shows && !is_of_setup(policy) &&
          (policy->hassublinks || contain_mutable_functions(reinterpret_cast<Node*>(policy->qual))))
        return true;
    }
  return false;
}

// A table of ours, or one in its place.
void look_at_table(Relation table, Asker asker) {
  look_at(table, asker);
  const char kind = table->rd_rel->relkind;
  if ((kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) &&
      !(table->rd_rel->relrowsecurity && table->rd_rel->relforcerowsecurity))
    refuse(asker, psprintf("row-level security of table %s is not enabled and forced", qualified(table)),
           psprintf("Run ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, as its owner.",
                    qualified(table)));
}

bool is_validated(Oid constraint) {
  HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
  if (!HeapTupleIsValid(tuple)) return false;
  const bool validated = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple))->convalidated;
  ReleaseSysCache(tuple);
  return validated;
}

// A validated foreign key person_id → glucose.person; children by inheritance are not bound by their parent's.
bool has_persons_key(Relation table, Oid person) {
  const char kind = table->rd_rel->relkind;
  if (kind != RELKIND_PARTITIONED_TABLE && (kind != RELKIND_RELATION || table->rd_rel->relhassubclass)) return false;
  const AttrNumber person_id = get_attnum(RelationGetRelid(table), "person_id");
  ListCell* cell;
  foreach (cell, RelationGetFKeyList(table)) {
    const auto* key = static_cast<ForeignKeyCacheInfo*>(lfirst(cell));
    if (key->confrelid == person && key->nkeys == 1 && key->conkey[0] == person_id && is_validated(key->conoid))
      return true;
  }
  return false;
}

void look_at_all(Asker asker) {
  const Oid schema = get_namespace_oid("glucose", false);
  const Oid person = get_relname_relid("person", schema);
  bool bound = true, alone = true;
  found.n_seen = 0;
  for (const char* name : kTables) {
    const Oid oid = get_relname_relid(name, schema);
    if (!OidIsValid(oid))
      refuse(asker, psprintf("relation glucose.%s is not there", name),
             "Create it again: columns and types are in the reference, chapter Tables.");
    Relation table = table_open(oid, AccessShareLock);
    look_at_table(table, asker);
    alone = alone && table->rd_rel->relkind != RELKIND_VIEW && !has_moody_policy(table);
    for (const char* of_contract : kContract)
      if (strcmp(name, of_contract) == 0) bound = bound && has_persons_key(table, person);
    table_close(table, AccessShareLock);
  }
  found.rows_need_a_person = bound;
  found.rows_go_by_identity_alone = alone;
}

}  // namespace

void require_guarded_relations() {
  if (look.holds()) return;
  look.at([] { look_at_all(Asker::function); });
}

bool rows_need_a_person() {
  require_guarded_relations();
  return found.rows_need_a_person;
}

bool rows_go_by_identity_alone() {
  require_guarded_relations();
  return found.rows_go_by_identity_alone;
}

namespace {

// Also one for everybody that an application has added for reading; for adding persons that is no distinction.
bool is_of_its_own(const RowSecurityPolicy* policy, char command) {
  if (!policy->permissive || (policy->polcmd != '*' && policy->polcmd != command)) return false;
  const auto* roles = reinterpret_cast<const Oid*>(ARR_DATA_PTR(policy->roles));
  for (int i = 0; i < ARR_DIMS(policy->roles)[0]; ++i)
    if (roles[i] != ACL_ID_PUBLIC && has_privs_of_role(GetUserId(), roles[i])) return true;
  return command == 'r' && roles[0] == ACL_ID_PUBLIC && strcmp(policy->policy_name, "own_read") != 0 &&
         strcmp(policy->policy_name, "shared_read") != 0;
}

}  // namespace

bool has_policy_of_its_own(char command) {
  Relation person = table_open(get_relname_relid("person", get_namespace_oid("glucose", false)), AccessShareLock);
  bool has = check_enable_rls(RelationGetRelid(person), InvalidOid, true) != RLS_ENABLED;
  ListCell* cell;
  if (person->rd_rsdesc != nullptr)
    foreach (cell, person->rd_rsdesc->policies)
      has = has || is_of_its_own(static_cast<RowSecurityPolicy*>(lfirst(cell)), command);
  table_close(person, AccessShareLock);
  return has;
}

bool is_table(const char* relation) {
  const char kind = get_rel_relkind(get_relname_relid(relation, get_namespace_oid("glucose", false)));
  return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;
}

bool is_entered_by_our_policies(const char* relation) {
  Relation table = table_open(get_relname_relid(relation, get_namespace_oid("glucose", false)), AccessShareLock);
  bool ours = check_enable_rls(RelationGetRelid(table), InvalidOid, true) == RLS_ENABLED;
  ListCell* cell;
  if (table->rd_rsdesc != nullptr)
    foreach (cell, table->rd_rsdesc->policies) {
      const auto* policy = static_cast<RowSecurityPolicy*>(lfirst(cell));
      const bool lets_in = policy->permissive && (policy->polcmd == '*' || policy->polcmd == 'a');
      ours = ours && !(lets_in && strcmp(policy->policy_name, "enter") != 0);
    }
  table_close(table, AccessShareLock);
  return ours;
}

}  // namespace glucose::pg

using namespace glucose::pg;

// For setup(): looks in any case, and says how to mend what it refuses.
SQL_FUNCTION(check_relations) {
  look.at([] { look_at_all(Asker::setup); });
  PG_RETURN_BOOL(found.rows_need_a_person);
}
