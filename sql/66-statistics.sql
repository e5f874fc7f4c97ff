-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.glucose_summary AS (
  unit text, readings integer, days integer, first_at timestamptz, last_at timestamptz,
  covered_pct double precision, is_enough boolean,
  mean double precision, sd double precision, cv_pct double precision, gmi_pct double precision,
  very_low_pct double precision, low_pct double precision, in_range_pct double precision,
  tight_range_pct double precision, high_pct double precision, very_high_pct double precision,
  very_low_episodes integer, low_episodes integer, high_episodes integer, very_high_episodes integer,
  lbgi double precision, hbgi double precision, gri double precision, adrr double precision,
  mage double precision, modd double precision, conga double precision, conga_hours double precision,
  j_index double precision);
COMMENT ON TYPE glucose.glucose_summary IS
'The statistics of a stretch of readings; levels in its unit, shares in percent of the time that readings cover. What '
'cannot be said of so few readings is NULL.';

CREATE FUNCTION glucose.cgm_summary_add(state internal, measured_at timestamptz, mg_dl real) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_add';
COMMENT ON FUNCTION glucose.cgm_summary_add(internal, timestamptz, real) IS
'Internal: part of cgm_summary(): takes one more reading.';

CREATE FUNCTION glucose.cgm_summary_combine(state internal, other internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_combine';
COMMENT ON FUNCTION glucose.cgm_summary_combine(internal, internal) IS
'Internal: part of cgm_summary(): puts two parts together.';

CREATE FUNCTION glucose.cgm_summary_serial(state internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_serial';
COMMENT ON FUNCTION glucose.cgm_summary_serial(internal) IS
'Internal: part of cgm_summary(): a part as bytes, for another process or machine.';

CREATE FUNCTION glucose.cgm_summary_deserial(bytes bytea, state internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_deserial';
COMMENT ON FUNCTION glucose.cgm_summary_deserial(bytea, internal) IS
'Internal: part of cgm_summary(): a part of bytes.';

CREATE FUNCTION glucose.cgm_summary_final(state internal) RETURNS glucose.glucose_summary
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_final';
COMMENT ON FUNCTION glucose.cgm_summary_final(internal) IS
'Internal: part of cgm_summary(): what is made of all readings.';

CREATE AGGREGATE glucose.cgm_summary(measured_at timestamptz, mg_dl real) (
  SFUNC = glucose.cgm_summary_add, STYPE = internal, SSPACE = 65536, FINALFUNC = glucose.cgm_summary_final,
  COMBINEFUNC = glucose.cgm_summary_combine, SERIALFUNC = glucose.cgm_summary_serial,
  DESERIALFUNC = glucose.cgm_summary_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE glucose.cgm_summary(timestamptz, real) IS
'The statistics of readings in any order, as a glucose_summary in mg/dL, by the standard limits and days in UTC. In '
'groups, windows and in parallel; parts put together are as the whole.';

CREATE FUNCTION glucose.glucose_statistics(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS glucose.glucose_summary
LANGUAGE c STABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_statistics';
COMMENT ON FUNCTION glucose.glucose_statistics(uuid, timestamptz, timestamptz, jsonb) IS
'The statistics of a person''s readings with start_at <= measured_at < end_at, days by the person''s clock. Without an '
'end up to the newest reading, without a beginning 14 days.';

CREATE FUNCTION glucose.glucose_statistics_daily(person_id uuid, start_at date, end_at date,
  options jsonb DEFAULT '{}')
RETURNS TABLE (day date, unit text, readings integer, days integer, first_at timestamptz, last_at timestamptz,
  covered_pct double precision, is_enough boolean,
  mean double precision, sd double precision, cv_pct double precision, gmi_pct double precision,
  very_low_pct double precision, low_pct double precision, in_range_pct double precision,
  tight_range_pct double precision, high_pct double precision, very_high_pct double precision,
  very_low_episodes integer, low_episodes integer, high_episodes integer, very_high_episodes integer,
  lbgi double precision, hbgi double precision, gri double precision, adrr double precision,
  mage double precision, modd double precision, conga double precision, conga_hours double precision,
  j_index double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 90 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_statistics_daily';
COMMENT ON FUNCTION glucose.glucose_statistics_daily(uuid, date, date, jsonb) IS
'glucose_statistics() of each day of the person''s clock, both ends included; days without a reading have no row.';

CREATE FUNCTION glucose.glucose_statistics_hourly(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (hour integer, unit text, readings integer, days integer, covered_hours double precision,
  mean double precision, sd double precision, very_low_pct double precision, low_pct double precision,
  in_range_pct double precision, tight_range_pct double precision, high_pct double precision,
  very_high_pct double precision, lbgi double precision, hbgi double precision, low_episodes integer,
  high_episodes integer)
LANGUAGE c STABLE PARALLEL SAFE ROWS 24 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_statistics_hourly';
COMMENT ON FUNCTION glucose.glucose_statistics_hourly(uuid, timestamptz, timestamptz, jsonb) IS
'The readings of glucose_statistics() by the hour of the person''s clock, over all days: 24 rows. An episode is of the '
'hour it began in.';

CREATE FUNCTION glucose.glucose_goals(summary glucose.glucose_summary, targets text DEFAULT 'standard')
RETURNS TABLE (goal text, value double precision, at_least double precision, below double precision, met boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 6 SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF targets IS NULL OR targets NOT IN ('standard', 'older', 'pregnancy') THEN
    RAISE EXCEPTION 'invalid value for "targets"' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'It must be standard, older or pregnancy.';
  END IF;
  RETURN QUERY
    SELECT g.goal, v.value, g.at_least, g.below,
           v.value >= coalesce(g.at_least, 0) AND v.value < coalesce(g.below, 'Infinity')
    FROM (VALUES ('standard', 1, 'in_range_pct', 70::float8, NULL::float8), ('standard', 2, 'low_pct', NULL, 4),
                 ('standard', 3, 'very_low_pct', NULL, 1), ('standard', 4, 'high_pct', NULL, 25),
                 ('standard', 5, 'very_high_pct', NULL, 5), ('standard', 6, 'cv_pct', NULL, 36),
                 ('older', 1, 'in_range_pct', 50, NULL), ('older', 2, 'low_pct', NULL, 1),
                 ('older', 3, 'very_high_pct', NULL, 10),
                 ('pregnancy', 1, 'in_range_pct', 70, NULL), ('pregnancy', 2, 'low_pct', NULL, 4),
                 ('pregnancy', 3, 'very_low_pct', NULL, 1), ('pregnancy', 4, 'high_pct', NULL, 25))
      g (targets, place, goal, at_least, below)
    CROSS JOIN LATERAL (SELECT CASE g.goal WHEN 'in_range_pct' THEN summary.in_range_pct
      WHEN 'low_pct' THEN summary.low_pct WHEN 'very_low_pct' THEN summary.very_low_pct
      WHEN 'high_pct' THEN summary.high_pct WHEN 'very_high_pct' THEN summary.very_high_pct
      ELSE summary.cv_pct END) v (value)
    WHERE g.targets = glucose_goals.targets ORDER BY g.place;
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_goals(glucose.glucose_summary, text) IS
'The goals of the consensus for most persons (standard), older ones and in pregnancy beside the values, and whether '
'each is met.';

CREATE FUNCTION glucose.agp(person_id uuid, days integer DEFAULT 14, end_at timestamptz DEFAULT NULL,
  options jsonb DEFAULT '{}', OUT minute_of_day integer, OUT p5 double precision, OUT p25 double precision,
  OUT p50 double precision, OUT p75 double precision, OUT p95 double precision, OUT n integer) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 96 COST 10000 AS 'MODULE_PATHNAME', 'glucose_agp';
COMMENT ON FUNCTION glucose.agp(uuid, integer, timestamptz, jsonb) IS
'The ambulatory glucose profile: percentiles of the readings of each quarter of an hour by the person''s clock, over '
'the days up to the newest reading or to end_at.';
