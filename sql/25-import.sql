-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.import_readings(person_id uuid, measured_at timestamptz[], mg_dl real[],
  options jsonb DEFAULT '{}', OUT new bigint, OUT same bigint, OUT changed bigint, OUT refused bigint, OUT kept bigint,
  OUT duplicates bigint, OUT refusals jsonb) RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_readings';
COMMENT ON FUNCTION glucose.import_readings(uuid, timestamptz[], real[], jsonb) IS
'Records many readings of a person in one statement and says how many were new, the same, changed and refused; again '
'it changes nothing.';

CREATE FUNCTION glucose.import_meals(person_id uuid, meals jsonb, options jsonb DEFAULT '{}', OUT new bigint,
  OUT same bigint, OUT changed bigint, OUT refused bigint, OUT kept bigint, OUT duplicates bigint, OUT refusals jsonb)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_meals';
COMMENT ON FUNCTION glucose.import_meals(uuid, jsonb, jsonb) IS
'Records many meals of a person in one statement, an object of the columns for each, and says how many were new, the '
'same, changed and refused; again it changes nothing.';

CREATE FUNCTION glucose.import_daily(person_id uuid, day_values jsonb, options jsonb DEFAULT '{}', OUT new bigint,
  OUT same bigint, OUT changed bigint, OUT refused bigint, OUT kept bigint, OUT duplicates bigint, OUT refusals jsonb)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_daily';
COMMENT ON FUNCTION glucose.import_daily(uuid, jsonb, jsonb) IS
'Records many values of a person''s days in one statement, in the units of devices, and says how many were new, the '
'same, changed and refused; again it changes nothing.';
