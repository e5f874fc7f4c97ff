// SPDX-License-Identifier: PostgreSQL
// Erasure: what forget_person() does that its caller may not do itself, or not see: mark the population models that
// have learnt from the person, and take the pseudonym from its seals of the log.
#include "pg/tables/erasure.hpp"

#include "pg/boundary/arguments.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/relations.hpp"
#include "pg/tables/seals.hpp"

extern "C" {
#include "utils/inval.h"
#include "utils/rls.h"
}

namespace glucose::pg {

namespace {

// The message is about a table that changes with the schema version only, and which nothing analyzes: the server sends
// one for every table whose statistics it has taken anew.
Oid told_by() {
  const Oid schema = get_namespace_oid("glucose", true);
  return OidIsValid(schema) ? get_relname_relid("schema_version", schema) : InvalidOid;
}

struct {
  bool is_listening = false;
  Oid relation = InvalidOid;
  uint64 erasures = 1;
} heard;

void hear(Datum, Oid relation) {
  if (relation == InvalidOid || relation == heard.relation || !OidIsValid(heard.relation)) ++heard.erasures;
}

// Locked in order and before they are counted: two persons may go at once.
Query lock_populations{
    "SELECT FROM glucose.population_model v WHERE EXISTS (SELECT FROM glucose.population_member m "
    "WHERE m.model_type OPERATOR(pg_catalog.=) v.model_type AND m.version OPERATOR(pg_catalog.=) v.version "
    "AND m.person_id OPERATOR(pg_catalog.=) $1) ORDER BY v.model_type USING OPERATOR(pg_catalog.<), "
    "v.version USING OPERATOR(pg_catalog.<) FOR NO KEY UPDATE",
    1,
    {UUIDOID}};
// Those of its persons who are gone, this one among them; the version keeps serving, and says so.
Query mark_populations{
    "UPDATE glucose.population_model v SET quality_issues = pg_catalog.array_append(ARRAY(SELECT i "
    "FROM pg_catalog.unnest(v.quality_issues) i WHERE i OPERATOR(pg_catalog.!~) ' persons it has learnt from "
    "erased$'), "
    "pg_catalog.concat(v.n_persons OPERATOR(pg_catalog.-) c.n OPERATOR(pg_catalog.+) 1, ' of ', v.n_persons, "
    "' persons it has learnt from erased')) FROM (SELECT m.model_type, m.version, pg_catalog.count(*) AS n, "
    "pg_catalog.bool_or(m.person_id OPERATOR(pg_catalog.=) $1) AS is_among FROM glucose.population_member m "
    "GROUP BY m.model_type, m.version) c WHERE c.is_among AND c.model_type OPERATOR(pg_catalog.=) v.model_type "
    "AND c.version OPERATOR(pg_catalog.=) v.version "
    "RETURNING pg_catalog.concat(v.model_type, ' ', v.version)",
    1,
    {UUIDOID}};
// Stronger than what others queue at: who trains a population from it or records for it has ended, or finds it gone.
Query lock_whole_person{
    "SELECT FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) $1 FOR UPDATE", 1, {UUIDOID}};
// As the caller, by the policies.
Query delete_person{"DELETE FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) $1", 1, {UUIDOID}};
Query person_there{
    "SELECT EXISTS (SELECT FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) $1)", 1, {UUIDOID}};

bool is_past_policies() {
  const Oid person = get_relname_relid("person", get_namespace_oid("glucose", false));
  return check_enable_rls(person, InvalidOid, true) != RLS_ENABLED;
}

// Its owner, and who is bound by no policy: whoever may delete the row.
void require_eraser(const pg_uuid_t* person_id) {
  if (!may_see(person_id)) raise_not_found("person", person_id);
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(person_there, p, Mode::read);
  if (!DatumGetBool(value(0, 1))) raise_not_found("person", person_id);
  if (owns(person_id) || is_past_policies()) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("permission denied to erase person %s",
                         DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(person_id)))),
                  errhint("Its owner does it, or a superuser.")));
}

// "model_type version" of each, text[] in the caller's memory.
Datum mark_populations_of(const pg_uuid_t* person_id, MemoryContext caller) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(lock_populations, p, Mode::as_owner);
  run(mark_populations, p, Mode::as_owner);
  MemoryContext inside = MemoryContextSwitchTo(caller);
  auto* names = static_cast<Datum*>(palloc(sizeof(Datum) * (SPI_processed + 1)));
  for (uint64 row = 0; row < SPI_processed; ++row) names[row] = CStringGetTextDatum(TextDatumGetCString(value(row, 1)));
  ArrayType* all = construct_array(names, static_cast<int>(SPI_processed), TEXTOID, -1, false, TYPALIGN_INT);
  MemoryContextSwitchTo(inside);
  return PointerGetDatum(all);
}

}  // namespace

void announce_erasure() {
  CacheInvalidateRelcacheByRelid(told_by());
}

bool somebody_was_erased(uint64* seen) {
  if (!heard.is_listening) CacheRegisterRelcacheCallback(hear, 0);
  heard.is_listening = true;
  if (!OidIsValid(heard.relation)) heard.relation = told_by();
  const bool is_new = *seen != 0 && *seen != heard.erasures;
  *seen = heard.erasures;
  return is_new;
}

}  // namespace glucose::pg

using namespace glucose::pg;

// All of it at once: whoever could have only its seals released could change its log unseen.
SQL_FUNCTION(erase_person) {
  TupleDesc columns;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "no row type");
  columns = BlessTupleDesc(columns);
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  MemoryContext caller = CurrentMemoryContext;
  begin(Volatility::is_volatile);
  require_eraser(person_id);
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(lock_whole_person, p, Mode::as_owner);
  if (SPI_processed == 0) raise_not_found("person", person_id);
  Datum values[2] = {mark_populations_of(person_id, caller)};
  values[1] = Int32GetDatum(release_seals_of(person_id));
  run(delete_person, p, Mode::write);
  if (SPI_processed != 1) raise_not_found("person", person_id);
  announce_erasure();
  end(Volatility::is_volatile);
  bool nulls[2] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}
