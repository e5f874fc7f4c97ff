// SPDX-License-Identifier: PostgreSQL
// Names of roles can be used again and changed; their oids cannot. glucose.role_identity keeps which role is meant by
// an identity, and in which cluster: in another one (a dump restored, pg_upgrade) roles have other oids, and until
// setup() has bound them anew the name decides.
#include "pg/tables/roles.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/xlog.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

#include "pg/boundary/look.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

constexpr int kLongestIdentity = 256;

// Columns of glucose.role_identity, in order.
enum { kIdentityColumn = 1, kRoleColumn, kClusterColumn };

Query insert_binding{
    "INSERT INTO glucose.role_identity AS b (identity, role, system_identifier) VALUES ($1, $2, $3) "
    "ON CONFLICT (identity) DO UPDATE SET role = excluded.role, system_identifier = excluded.system_identifier "
    "WHERE b.system_identifier OPERATOR(pg_catalog.<>) excluded.system_identifier",
    3,
    {TEXTOID, OIDOID, INT8OID}};
Query forget_role{
    "DELETE FROM glucose.role_identity WHERE role OPERATOR(pg_catalog.=) $1 OR identity OPERATOR(pg_catalog.=) $2",
    2,
    {OIDOID, TEXTOID}};

Query rows_of_identity{
    "SELECT EXISTS (SELECT FROM glucose.person WHERE owner OPERATOR(pg_catalog.=) $1) "
    "OR EXISTS (SELECT FROM glucose.person_access WHERE identity OPERATOR(pg_catalog.=) $1)",
    1,
    {TEXTOID}};
Query move_binding{
    "UPDATE glucose.role_identity SET role = $2, system_identifier = $3 WHERE identity OPERATOR(pg_catalog.=) $1",
    3,
    {TEXTOID, OIDOID, INT8OID}};

int64 this_cluster() {
  return static_cast<int64>(GetSystemIdentifier());
}

Oid bindings() {
  const Oid schema = get_namespace_oid("glucose", true);
  return OidIsValid(schema) ? get_relname_relid("role_identity", schema) : InvalidOid;
}

/// What the bindings say of a role and of a name.
struct Binding {
  bool role_is_bound = false;     // the role is known, as `identity`
  Oid other = InvalidOid;         // that other role
  bool name_is_anothers = false;  // the name is the identity of another role, there or gone
  char identity[kLongestIdentity];
};

// As the server reads its own catalogs: no privilege of the caller is asked, and no policy.
Binding read_binding(Oid role, const char* name) {
  Binding found;
  const Oid oid = bindings();
  Relation table = OidIsValid(oid) ? try_table_open(oid, AccessShareLock) : nullptr;
  if (table == nullptr) return found;
  SysScanDesc scan = systable_beginscan(table, InvalidOid, false, nullptr, 0, nullptr);
  for (HeapTuple row = systable_getnext(scan); HeapTupleIsValid(row); row = systable_getnext(scan)) {
    bool is_null;
    if (DatumGetInt64(heap_getattr(row, kClusterColumn, RelationGetDescr(table), &is_null)) != this_cluster()) continue;
    const Oid bound = DatumGetObjectId(heap_getattr(row, kRoleColumn, RelationGetDescr(table), &is_null));
    const char* identity = TextDatumGetCString(heap_getattr(row, kIdentityColumn, RelationGetDescr(table), &is_null));
    if (bound == role) {
      found.role_is_bound = true;
      strlcpy(found.identity, identity, sizeof found.identity);
    } else if (strcmp(identity, name) == 0) {
      found.name_is_anothers = true;
      found.other = bound;
    }
  }
  systable_endscan(scan);
  table_close(table, AccessShareLock);
  return found;
}

/// The answer for the role that asked last.
struct Known {
  Oid role;
  Oid table;
  bool is_nobody;
  bool is_bound;
  char identity[kLongestIdentity];
};
Known known;

void forget_relation(Datum, Oid relation);
void forget_roles(Datum, int, uint32);
Look look([] {
  CacheRegisterRelcacheCallback(forget_relation, 0);
  CacheRegisterSyscacheCallback(AUTHOID, forget_roles, 0);
});

void forget_relation(Datum, Oid relation) {
  if (relation == InvalidOid || relation == known.table || !OidIsValid(known.table)) look.forget();
}
void forget_roles(Datum, int, uint32) {
  look.forget();
}

void find_identity(Oid role) {
  known.role = role;
  known.table = bindings();
  known.is_nobody = true;
  known.is_bound = false;
  const char* name = GetUserNameFromId(role, true);
  if (name == nullptr) return;
  const Binding binding = read_binding(role, name);
  known.is_bound = binding.role_is_bound;
  if (!binding.role_is_bound && binding.name_is_anothers) return;
  const char* identity = binding.role_is_bound ? binding.identity : name;
  // Names of roles are shared by databases of every encoding.
  if (!pg_verify_mbstr(GetDatabaseEncoding(), identity, static_cast<int>(strlen(identity)), true)) return;
  known.is_nobody = false;
  strlcpy(known.identity, identity, sizeof known.identity);
}

const Known& look_up(Oid role) {
  if (look.holds() && known.role == role) return known;
  // It may be told to stop, or that the transaction cannot be serialized.
  look.at([role] { find_identity(role); });
  return known;
}

void announce() {
  CacheInvalidateRelcacheByRelid(bindings());
}

// It can say only what is true, that a role has its name: so whoever asks may have it written.
void write_binding(const char* identity, Oid role, Mode mode, Query& statement = insert_binding) {
  Parameters p;
  p.add(CStringGetTextDatum(identity));
  p.add(ObjectIdGetDatum(role));
  p.add(Int64GetDatum(this_cluster()));
  run(statement, p, mode);
  announce();
}

// An identity whose role is gone and that owns nothing any more, nor shares anything, has nothing to inherit.
bool is_left_empty(const char* identity, const Binding& binding) {
  if (SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(binding.other))) return false;
  Parameters p;
  p.add(CStringGetTextDatum(identity));
  run(rows_of_identity, p, Mode::as_owner);
  return !DatumGetBool(value(0, 1));
}

// Whether the name was free for the role after all.
bool take_over_if_empty(const char* identity, Oid role, const Binding& binding) {
  SPI_connect();
  const bool empty = is_left_empty(identity, binding);
  if (empty) write_binding(identity, role, Mode::as_owner, move_binding);
  SPI_finish();
  return empty;
}

}  // namespace

char* identity_of_role(Oid role) {
  const Known& who = look_up(role);
  return who.is_nobody ? nullptr : pstrdup(who.identity);
}

}  // namespace glucose::pg

using namespace glucose::pg;

// True in any case: a policy of person and person_access calls it for what they name, so that the role of that name is
// bound to it from then on.
SQL_FUNCTION(note_identity) {
  const char* identity = text_to_cstring(PG_GETARG_TEXT_PP(0));
  if (settings::identity != settings::kIdentityRole) PG_RETURN_BOOL(true);
  if (const Known& who = look_up(GetUserId()); who.is_bound && !who.is_nobody && strcmp(who.identity, identity) == 0)
    PG_RETURN_BOOL(true);  // nearly always
  const Oid role = strlen(identity) < NAMEDATALEN ? get_role_oid(identity, true) : InvalidOid;
  if (!OidIsValid(role) || !OidIsValid(bindings())) PG_RETURN_BOOL(true);
  const Binding binding = read_binding(role, identity);
  if (binding.role_is_bound && strcmp(binding.identity, identity) != 0)
    ereport(WARNING, (errmsg("role \"%s\" is known here as \"%s\"", identity, binding.identity),
                      errhint("Name it so, or run SELECT glucose.bind_identity(%s, %s) as the owner of the tables.",
                              quote_literal_cstr(identity), quote_literal_cstr(identity))));
  else if (binding.name_is_anothers && !take_over_if_empty(identity, role, binding))
    ereport(WARNING, (errmsg("\"%s\" is the identity of another role than the one of that name now", identity),
                      errhint("Nothing of it is shown to the role of today. If it is the same person, run SELECT "
                              "glucose.bind_identity(%s, %s) as the owner of the tables; if not, give the role an "
                              "identity of its own the same way.",
                              quote_literal_cstr(identity), quote_literal_cstr(identity))));
  else if (!binding.role_is_bound && !binding.name_is_anothers) {
    SPI_connect();
    write_binding(identity, role, Mode::as_owner);
    SPI_finish();
  }
  PG_RETURN_BOOL(true);
}

// As the caller, who must be the owner of the tables or be allowed by it.
SQL_FUNCTION(bind_identity) {
  const char* identity = text_to_cstring(PG_GETARG_TEXT_PP(0));
  if (identity[0] == '\0' || strlen(identity) >= kLongestIdentity)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("\"identity\" must be a text of 1 to %d bytes", kLongestIdentity - 1),
                    errhint("It is what stands in the column owner of glucose.person.")));
  const Oid role = get_role_oid(NameStr(*PG_GETARG_NAME(1)), false);
  begin(Volatility::is_volatile);
  Parameters old;
  old.add(ObjectIdGetDatum(role));
  old.add(CStringGetTextDatum(identity));
  run(forget_role, old, Mode::write);
  write_binding(identity, role, Mode::write);
  end(Volatility::is_volatile);
  PG_RETURN_TEXT_P(cstring_to_text(identity));
}
