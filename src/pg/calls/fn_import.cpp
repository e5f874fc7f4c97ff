// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/arguments.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"
#include "pg/work/arriving_daily.hpp"
#include "pg/work/arriving_meals.hpp"
#include "pg/work/arriving_readings.hpp"

using namespace glucose::pg;

namespace {

// person_id, rows as JSON, options.
Datum import_json(FunctionCallInfo fcinfo, const char* rows_name, Importing what, const char* relation,
                  void (*import)(const Person&, Jsonb*, const ImportOptions&, Tally&)) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  Jsonb* rows = jsonb_argument(fcinfo, 1, rows_name);
  const ImportOptions options = read_import_options(jsonb_argument(fcinfo, 2, "options"), what);
  Tally tally;
  begin(Volatility::is_volatile);
  const Person person = read_person(person_id);
  require_recorder(relation, person_id);
  import(person, rows, options, tally);
  end(Volatility::is_volatile);
  return import_result(fcinfo, tally);
}

}  // namespace

SQL_FUNCTION(import_readings) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  require_argument(fcinfo, 1, "measured_at");
  require_argument(fcinfo, 2, "mg_dl");
  const ImportOptions options = read_import_options(jsonb_argument(fcinfo, 3, "options"), Importing::readings);
  Tally tally;
  const GivenReadings given = read_given_readings(PG_GETARG_ARRAYTYPE_P(1), PG_GETARG_ARRAYTYPE_P(2), options, tally);
  begin(Volatility::is_volatile);
  read_person(person_id);
  require_recorder("glucose_reading", person_id);
  import_readings(person_id, given, options, tally);
  end(Volatility::is_volatile);
  PG_RETURN_DATUM(import_result(fcinfo, tally));
}

SQL_FUNCTION(import_meals) {
  return import_json(fcinfo, "meals", Importing::meals, "meal", import_meals);
}

SQL_FUNCTION(import_daily) {
  return import_json(fcinfo, "day_values", Importing::days, "daily_metric", import_daily);
}
