// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/population.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

// Of the newest version: its members who are there, and how many there were.
Query newest_members{
    "SELECT v.n_persons, pg_catalog.array_agg(m.person_id ORDER BY m.person_id USING OPERATOR(pg_catalog.<)) "
    "FROM glucose.population_model v "
    "JOIN glucose.population_member m ON m.model_type OPERATOR(pg_catalog.=) v.model_type "
    "AND m.version OPERATOR(pg_catalog.=) v.version WHERE v.model_type OPERATOR(pg_catalog.=) $1 "
    "GROUP BY v.version, v.n_persons ORDER BY glucose.version_parts(v.version) USING OPERATOR(pg_catalog.>) LIMIT 1",
    1,
    {TEXTOID}};
// Who has been erased since counts as one that differs: the older weights still know it. Of n members then and $3 now,
// those of both are twice what does not differ.
Query versions_that_differ{
    "SELECT d.version, d.n FROM (SELECT v.version, v.n_persons OPERATOR(pg_catalog.+) $3 OPERATOR(pg_catalog.-) "
    "(2 OPERATOR(pg_catalog.*) pg_catalog.count(g.person_id)) AS n "
    "FROM glucose.population_model v LEFT JOIN (glucose.population_member m JOIN pg_catalog.unnest($2) AS g "
    "(person_id) "
    "ON g.person_id OPERATOR(pg_catalog.=) m.person_id) "
    "ON m.model_type OPERATOR(pg_catalog.=) v.model_type AND m.version OPERATOR(pg_catalog.=) v.version "
    "WHERE v.model_type OPERATOR(pg_catalog.=) $1 GROUP BY v.version, v.n_persons) AS d "
    "WHERE d.n OPERATOR(pg_catalog.>) 0 AND d.n OPERATOR(pg_catalog.<) $4 "
    "ORDER BY d.n USING OPERATOR(pg_catalog.<) LIMIT 1",
    4,
    {TEXTOID, UUIDARRAYOID, INT4OID, INT4OID}};
Query lock_members{
    "SELECT FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) ANY ($1) "
    "ORDER BY person_id USING OPERATOR(pg_catalog.<) FOR KEY SHARE",
    1,
    {UUIDARRAYOID}};
Query insert_members{
    "WITH counted AS (UPDATE glucose.population_model SET n_persons = pg_catalog.cardinality($3) "
    "WHERE model_type OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2) "
    "INSERT INTO glucose.population_member (model_type, version, person_id) "
    "SELECT $1, $2, p.person_id FROM pg_catalog.unnest($3) AS p (person_id)",
    3,
    {TEXTOID, TEXTOID, UUIDARRAYOID}};

ArrayType* as_array(const Members& members) {
  return construct_array(members.ids, members.n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
}

// The persons of `all` that are among the given ones; both in the order of their ids.
Persons only(const Persons& all, const Datum* ids, int n) {
  Persons chosen{static_cast<Person*>(palloc(sizeof(Person) * (static_cast<size_t>(all.n) + 1))), 0};
  int next = 0;
  for (int64 i = 0; i < all.n; ++i) {
    const auto before = [&](int id) { return memcmp(DatumGetUUIDP(ids[id])->data, all.rows[i].id.data, UUID_LEN); };
    while (next < n && before(next) < 0) ++next;
    if (next < n && before(next) == 0) chosen.rows[chosen.n++] = all.rows[i];
  }
  return chosen;
}

}  // namespace

Persons choose_persons(const char* model_type) {
  const Persons sharing = read_sharing_persons();
  Parameters p;
  p.add(CStringGetTextDatum(model_type));
  run(newest_members, p, Mode::read_as_owner);
  if (SPI_processed == 0) return sharing;
  const int before = DatumGetInt32(value(0, 1));
  Datum* ids;
  int n;
  deconstruct_array(DatumGetArrayTypeP(value(0, 2)), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &ids, nullptr, &n);
  const Persons stayed = only(sharing, ids, n);
  const int64 newcomers = sharing.n - stayed.n;
  if (stayed.n < before || newcomers == 0 || newcomers >= settings::min_population_persons) return sharing;
  ereport(NOTICE,
          (errmsg("%lld of %lld persons who share data wait until there are %d more", static_cast<long long>(newcomers),
                  static_cast<long long>(sharing.n), settings::min_population_persons),
           errdetail("Two versions that differ by fewer persons would tell of them.")));
  return stayed;
}

void require_enough_persons(const char* model_type, const Members& members) {
  const int least = settings::min_population_persons;
  if (members.n < least)
    ereport(ERROR,
            (errcode(kTooLittleHistory),
             errmsg("%d persons who share data have enough rows, and a population model needs %d", members.n, least),
             errhint("Fewer would be told of by the model: glucose.min_population_persons, set by a superuser, "
                     "says how many are enough. Consent is person.shares_data.")));
  Parameters p;
  p.add(CStringGetTextDatum(model_type));
  p.add(PointerGetDatum(as_array(members)));
  p.add(Int32GetDatum(members.n));
  p.add(Int32GetDatum(least));
  run(versions_that_differ, p, Mode::read_as_owner);
  if (SPI_processed == 0) return;
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           errmsg("the persons of the new model differ by %lld from those of population version \"%s\"",
                  static_cast<long long>(DatumGetInt64(value(0, 2))), TextDatumGetCString(value(0, 1))),
           errdetail("Two versions that differ by fewer than %d persons would tell of them.", least),
           errhint("Wait until more have joined or left; or, as the owner of the tables, delete that version from "
                   "glucose.population_model first.")));
}

void hold_members(const Members& members) {
  Parameters p;
  p.add(PointerGetDatum(as_array(members)));
  run(lock_members, p, Mode::as_owner);
  if (SPI_processed != static_cast<uint64>(members.n))
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("a person the model has learnt from has been erased meanwhile"), errhint("Train again.")));
}

void store_members(const char* model_type, const char* version, const Members& members) {
  Parameters p;
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(version));
  p.add(PointerGetDatum(as_array(members)));
  run(insert_members, p, Mode::as_owner);
  require_written();
}

}  // namespace glucose::pg
