// SPDX-License-Identifier: PostgreSQL
// Who asks, and which persons that identity may see, record for and manage. Policies call these for every statement, so
// an answer is kept for as long as it cannot have changed: same transaction, same subtransaction, same snapshot, same
// identity and role.
#include "pg/tables/identity.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/claims.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/relations.hpp"
#include "pg/tables/roles.hpp"
#include "pg/tables/sight.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
}

namespace glucose::pg {

char* current_identity() {
  if (settings::identity == settings::kIdentityRole) return identity_of_role(GetUserId());
  const char* claims = GetConfigOption("request.jwt.claims", true, false);
  return claims != nullptr ? subject_of_claims(claims) : nullptr;
}

void raise_no_identity() {
  forget_failure();  // nothing that concerns one person only
  const bool by_role = settings::identity == settings::kIdentityRole;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION), errmsg("no identity"),
           by_role ? errhint("This role has the name of another one that was known here before, or a name that is "
                             "no text in this database. The owner of the tables decides who it is: SELECT "
                             "glucose.bind_identity(identity, role).")
                   : errhint("The gateway must set request.jwt.claims with a \"sub\" for this transaction.")));
  pg_unreachable();
}

void raise_not_found(const char* what, const pg_uuid_t* id) {
  if (current_identity() == nullptr) raise_no_identity();
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
                  errmsg("%s %s not found", what, DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id))))));
  pg_unreachable();
}

namespace {

// By what the caller may do for a person; each holds the ones before it but for kOwned, which nobody can be given.
enum Kind { kVisible, kRecorded, kManaged, kOwned, kKinds };

// In order: every index scan sorts the array of its condition, and what is in order already costs it one pass.
#define OWN "SELECT person_id FROM glucose.person WHERE owner OPERATOR(pg_catalog.=) $1 "
#define SHARED "UNION ALL SELECT person_id FROM glucose.person_access WHERE identity OPERATOR(pg_catalog.=) $1 "
#define IN_ORDER "ORDER BY person_id USING OPERATOR(pg_catalog.<)"
#define AT_LEVELS(levels) "AND level OPERATOR(pg_catalog.=) ANY ('" levels "') "
Query queries[kKinds] = {{OWN SHARED IN_ORDER, 1, {TEXTOID}},
                         {OWN SHARED AT_LEVELS("{record,manage}") IN_ORDER, 1, {TEXTOID}},
                         {OWN SHARED AT_LEVELS("{manage}") IN_ORDER, 1, {TEXTOID}},
                         {OWN IN_ORDER, 1, {TEXTOID}}};
Query is_steward{"SELECT pg_catalog.has_table_privilege('glucose.retraining_policy', 'UPDATE')", 0, {}};

/// An answer and what it holds for.
struct Kept {
  uint64 seen = 0;  // sight()
  ArrayType* persons = nullptr;
};
Kept kept[kKinds];
Kept focused;                                           // the one person a call works for, while it does
SubTransactionId focused_in = InvalidSubTransactionId;  // an error that ends it leaves the focus where it was

// A caller gets its own copy: what is kept may be replaced while its query still runs.
ArrayType* copied(const ArrayType* persons, MemoryContext context) {
  void* copy = MemoryContextAlloc(context, VARSIZE(persons));
  memcpy(copy, persons, VARSIZE(persons));
  return static_cast<ArrayType*>(copy);
}

void keep(Kept& k, const ArrayType* persons) {
  k.seen = 0;
  if (k.persons != nullptr) pfree(k.persons);
  k.persons = nullptr;
  k.persons = copied(persons, TopMemoryContext);
  k.seen = sight();
}

ArrayType* ask(Kind kind, const char* identity) {
  MemoryContext caller = CurrentMemoryContext;
  begin_for_policy(Volatility::stable);
  Parameters parameters;
  parameters.add(CStringGetTextDatum(identity));
  run(queries[kind], parameters, Mode::read);
  const uint64 n = SPI_processed;
  SPITupleTable* rows = SPI_tuptable;
  MemoryContext inside = MemoryContextSwitchTo(caller);
  auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * (n + 1)));
  for (uint64 i = 0; i < n; ++i) {
    auto* id = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    *id = *DatumGetUUIDP(value(rows, i, 1));
    ids[i] = UUIDPGetDatum(id);
  }
  ArrayType* persons = construct_array(ids, static_cast<int>(n), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
  MemoryContextSwitchTo(inside);
  end(Volatility::stable);
  return persons;
}

// The tables read here have policies that call back into this: inside, nothing more is visible, and what the outer
// call asks for is visible by the policies' other arm (its own rows).
bool asking = false;

// What is kept as long as nothing else is asked, or of the current memory context: to look at, not to hold on to.
const ArrayType* persons_of_caller(Kind kind) {
  char* identity = current_identity();
  if (identity == nullptr || asking) return construct_empty_array(UUIDOID);
  const uint64 now = sight();
  const bool is_focused = now != 0 && focused.seen == now && focused_in == GetCurrentSubTransactionId();
  if (kind == kVisible && is_focused) return focused.persons;
  Kept& k = kept[kind];
  if (now != 0 && k.seen == now) return k.persons;
  ArrayType* persons;
  asking = true;
  PG_TRY();
  { persons = ask(kind, identity); }
  PG_FINALLY();
  { asking = false; }
  PG_END_TRY();
  if (now != 0) keep(k, persons);
  return persons;
}

int size_of(const ArrayType* persons) {
  return ArrayGetNItems(ARR_NDIM(persons), ARR_DIMS(persons));
}

bool contains(const ArrayType* persons, const pg_uuid_t* person_id) {
  const auto* ids = reinterpret_cast<const pg_uuid_t*>(ARR_DATA_PTR(persons));
  return bsearch(person_id, ids, static_cast<size_t>(size_of(persons)), sizeof(pg_uuid_t),
                 [](const void* a, const void* b) { return memcmp(a, b, UUID_LEN); }) != nullptr;
}

LocalTransactionId added_in = InvalidLocalTransactionId;  // the transaction that has added a person

bool is_owned_by(HeapTuple row, TupleDesc columns, AttrNumber owner, const char* identity) {
  bool is_null;
  const Datum name = heap_getattr(row, owner, columns, &is_null);
  return !is_null && strcmp(TextDatumGetCString(name), identity) == 0;
}

// A person and its first meal in one statement: the person's row is there, but not in the statement's snapshot. It
// counts when this very transaction has written it and it is the caller's.
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

bool caller_is_steward() {
  run(is_steward, Parameters(), Mode::read);
  return DatumGetBool(value(0, 1));
}

bool manages(const pg_uuid_t* person_id) {
  return contains(persons_of_caller(kManaged), person_id) || caller_is_steward();
}

}  // namespace

bool sees(const pg_uuid_t* person_id) {
  return contains(persons_of_caller(kVisible), person_id);
}

bool may_see(const pg_uuid_t* person_id) {
  return sees(person_id) || has_policy_of_its_own('r');
}

bool sees_by_our_policies_alone() {
  return !has_policy_of_its_own('r');
}

const ArrayType* few_visible_persons(int most) {
  const ArrayType* persons = persons_of_caller(kVisible);
  if (size_of(persons) > most || has_policy_of_its_own('r')) return nullptr;
  return copied(persons, CurrentMemoryContext);
}

void focus_on(const pg_uuid_t* person_id) {
  // Only who is among the visible ones for certain: a row of person may be shown by a policy of somebody else's making.
  const Kept& visible = kept[kVisible];
  const uint64 now = sight();
  if (now == 0 || visible.seen != now || !contains(visible.persons, person_id)) return;
  Datum id = UUIDPGetDatum(person_id);
  focused_in = GetCurrentSubTransactionId();
  keep(focused, construct_array(&id, 1, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

void end_focus() {
  focused.seen = 0;
}

void note_new_person() {
  added_in = PGG_LOCAL_XID;
}

void require_manager(const pg_uuid_t* person_id) {
  if (manages(person_id)) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("permission denied for the models of person %s",
                         DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(person_id)))),
                  errhint("Its owner can share it at level \"manage\": see glucose.person_access.")));
}

void require_steward(const char* what) {
  if (caller_is_steward()) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for %s", what),
                  errhint("The steward does this: SELECT glucose.setup(steward => ...).")));
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(current_identity) {
  const char* identity = current_identity();
  if (identity == nullptr) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text(identity));
}

SQL_FUNCTION(visible_persons) {
  PG_RETURN_ARRAYTYPE_P(copied(persons_of_caller(kVisible), CurrentMemoryContext));
}

SQL_FUNCTION(owned_persons) {
  PG_RETURN_ARRAYTYPE_P(copied(persons_of_caller(kOwned), CurrentMemoryContext));
}

SQL_FUNCTION(may_record) {
  const pg_uuid_t* person_id = PG_GETARG_UUID_P(0);
  PG_RETURN_BOOL(contains(persons_of_caller(kRecorded), person_id) || is_added_here(person_id));
}

SQL_FUNCTION(may_manage) {
  const pg_uuid_t* person_id = PG_GETARG_UUID_P(0);
  PG_RETURN_BOOL(contains(persons_of_caller(kManaged), person_id) || is_added_here(person_id));
}

SQL_FUNCTION(may_train) {
  begin(Volatility::stable);
  const bool may = manages(PG_GETARG_UUID_P(0));
  end(Volatility::stable);
  PG_RETURN_BOOL(may);
}

// Most callers only record for persons they may also manage, and pay nothing for a note on each row.
SQL_FUNCTION(entered_by) {
  const char* identity = current_identity();
  const int recorded = size_of(persons_of_caller(kRecorded));
  if (identity == nullptr || recorded == size_of(persons_of_caller(kManaged))) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text(identity));
}
