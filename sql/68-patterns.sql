-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.glucose_patterns(person_id uuid, days integer DEFAULT 90, lang text DEFAULT 'en',
  unit text DEFAULT 'mg/dL', everything boolean DEFAULT false,
  OUT kind text, OUT what text, OUT than text, OUT difference double precision, OUT lower double precision,
  OUT upper double precision, OUT n integer, OUT n_alike integer, OUT p_value double precision,
  OUT false_discovery_rate double precision, OUT is_found boolean, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_patterns';
COMMENT ON FUNCTION glucose.glucose_patterns(uuid, integer, text, text, boolean) IS
'Times of day, days of the week, kinds of meals and days after something whose glucose really differs for this person, '
'over the days up to the newest reading, in plain words. It names no cause.';

CREATE FUNCTION glucose.glucose_outlook(person_id uuid, days integer DEFAULT 1, at timestamptz DEFAULT NULL,
  lang text DEFAULT 'en', unit text DEFAULT 'mg/dL',
  OUT measure text, OUT day integer, OUT start_at timestamptz, OUT end_at timestamptz,
  OUT expected double precision, OUT lower double precision, OUT upper double precision, OUT n integer,
  OUT source text, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 57 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_outlook';
COMMENT ON FUNCTION glucose.glucose_outlook(uuid, integer, timestamptz, text, text) IS
'Expected mean, time in range and time below 70 mg/dL of the coming 24 hours, and of one or two days more, each with '
'its 90 % interval; and glucose over the coming 24 hours. Show disclaimer() with it.';

CREATE FUNCTION glucose.glucose_outlook_json(person_id uuid, days integer DEFAULT 1, at timestamptz DEFAULT NULL,
  lang text DEFAULT 'en', unit text DEFAULT 'mg/dL') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(jsonb_build_object('lang', lang, 'unit', unit), (SELECT jsonb_agg(o)
    FROM glucose.glucose_outlook(glucose_outlook_json.person_id, glucose_outlook_json.days, glucose_outlook_json.at,
                                 glucose_outlook_json.lang, glucose_outlook_json.unit) o));
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_outlook_json(uuid, integer, timestamptz, text, text) IS
'The rows of glucose_outlook() with the disclaimer, as one document.';
