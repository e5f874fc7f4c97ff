// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/person_lock.hpp"

#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

#define PERSON_ROW "SELECT 1 FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) $1 FOR "
Query no_key_update{PERSON_ROW "NO KEY UPDATE", 1, {UUIDOID}};
Query key_share{PERSON_ROW "KEY SHARE", 1, {UUIDOID}};

bool find(Query& query, const pg_uuid_t* person_id) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(query, p, Mode::as_owner);
  return SPI_processed > 0;
}

}  // namespace

bool find_and_lock_person(const pg_uuid_t* person_id) {
  return find(no_key_update, person_id);
}

void lock_person(const pg_uuid_t* person_id) {
  if (!find_and_lock_person(person_id)) raise_not_found("person", person_id);
}

bool find_and_hold_person(const pg_uuid_t* person_id) {
  return find(key_share, person_id);
}

void hold_person(const pg_uuid_t* person_id) {
  if (!find_and_hold_person(person_id)) raise_not_found("person", person_id);
}

}  // namespace glucose::pg
