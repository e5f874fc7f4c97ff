// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/arguments.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"
#include "pg/work/arriving_daily.hpp"
#include "pg/work/arriving_meals.hpp"
#include "pg/work/arriving_readings.hpp"

using namespace glucose::pg;

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
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  Jsonb* meals = jsonb_argument(fcinfo, 1, "meals");
  const ImportOptions options = read_import_options(jsonb_argument(fcinfo, 2, "options"), Importing::meals);
  Tally tally;
  begin(Volatility::is_volatile);
  const Person person = read_person(person_id);
  require_recorder("meal", person_id);
  import_meals(person, meals, options, tally);
  end(Volatility::is_volatile);
  PG_RETURN_DATUM(import_result(fcinfo, tally));
}

SQL_FUNCTION(import_daily) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  Jsonb* values = jsonb_argument(fcinfo, 1, "day_values");
  const ImportOptions options = read_import_options(jsonb_argument(fcinfo, 2, "options"), Importing::days);
  Tally tally;
  begin(Volatility::is_volatile);
  const Person person = read_person(person_id);
  require_recorder("daily_metric", person_id);
  import_daily(person, values, options, tally);
  end(Volatility::is_volatile);
  PG_RETURN_DATUM(import_result(fcinfo, tally));
}
