// SPDX-License-Identifier: PostgreSQL
#include "pg/arguments.hpp"
#include "pg/query.hpp"
#include "pg/read.hpp"

using namespace glucose::pg;

SQL_FUNCTION(require_person) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  begin(Volatility::stable);
  read_person(person_id);
  end(Volatility::stable);
  PG_RETURN_VOID();
}
