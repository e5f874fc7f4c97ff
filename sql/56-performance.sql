-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.model_performance(model_type text DEFAULT 'glucose', since timestamptz DEFAULT '-infinity',
  OUT source text, OUT version text, OUT algorithm text, OUT minutes_ahead integer, OUT n_persons integer, OUT n bigint,
  OUT mae real, OUT rmse real, OUT bias real, OUT coverage real) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest CONSTANT integer := 10;   -- what is said of fewer persons says something of one
BEGIN
  PERFORM glucose.model_type(model_performance.model_type);
  IF model_performance.since IS NULL THEN
    RAISE EXCEPTION 'argument "since" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Persons are the units: who asks often counts as much as anybody. A version number of one person's is not another's.
  RETURN QUERY
    WITH of_person AS (
      SELECT o.person_id, o.source, CASE o.source WHEN 'population' THEN o.version END AS version,
             coalesce(v.algorithm, p.algorithm) AS algorithm, o.minutes_ahead, count(*) AS n,
             avg(abs(o.value - o.outcome)) AS mae, avg((o.value - o.outcome) ^ 2) AS mse,
             avg(o.value - o.outcome) AS bias, avg((o.outcome BETWEEN o.lower AND o.upper)::integer) AS coverage
      FROM glucose.prediction_outcome o
      LEFT JOIN glucose.model_version v ON o.source = 'personal' AND v.person_id = o.person_id
        AND v.model_type = o.model_type AND v.version = o.version
      LEFT JOIN glucose.population_model p ON o.source = 'population' AND p.model_type = o.model_type
        AND p.version = o.version
      WHERE o.model_type = model_performance.model_type AND o.at >= model_performance.since
        AND o.outcome IS NOT NULL AND NOT o.in_training
      GROUP BY 1, 2, 3, 4, 5
    )
    SELECT q.source, q.version, q.algorithm, q.minutes_ahead, count(*)::integer, sum(q.n)::bigint,
           avg(q.mae)::real, sqrt(avg(q.mse))::real, avg(q.bias)::real, avg(q.coverage)::real
    FROM of_person q
    GROUP BY q.source, q.version, q.algorithm, q.minutes_ahead
    HAVING count(*) >= fewest
    ORDER BY q.source, glucose.version_parts(q.version) DESC, q.algorithm, q.minutes_ahead;
END
$fn$;
COMMENT ON FUNCTION glucose.model_performance(text, timestamptz) IS
'How good served forecasts were over the persons the caller sees, by source, algorithm and horizon; groups of fewer '
'than 10 persons are left out. Persons are the units: means of their means (mg/dL).';

CREATE FUNCTION glucose.require_watcher() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_decider('glucose.system_alert', 'watch models');
END
$fn$;
COMMENT ON FUNCTION glucose.require_watcher() IS
'Internal: returns when the caller may write what watching finds, else raises 42501.';

CREATE FUNCTION glucose.performance_since(first_day date)
RETURNS TABLE (person_id uuid, model_type text, day date, source text, version text, minutes_ahead integer, n integer,
               sum_error double precision, sum_absolute double precision, sum_squared double precision,
               n_inside integer, sum_level double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT o.person_id, o.model_type, (o.at AT TIME ZONE 'UTC')::date, coalesce(o.source, 'baseline'), o.version,
           o.minutes_ahead, count(*)::integer, sum(o.value - o.outcome)::float8, sum(abs(o.value - o.outcome))::float8,
           sum((o.value - o.outcome) ^ 2)::float8,
           (count(*) FILTER (WHERE o.outcome BETWEEN o.lower AND o.upper))::integer, sum(o.level)::float8
    FROM glucose.prediction_outcome o
    WHERE o.outcome IS NOT NULL AND NOT o.in_training AND o.version IS NOT NULL AND o.level IS NOT NULL
      AND o.at >= first_day::timestamp AT TIME ZONE 'UTC'
      AND NOT EXISTS (SELECT FROM glucose.performance_log w WHERE w.person_id = o.person_id
                      AND w.model_type = o.model_type AND w.days = 7
                      AND w.day = date_trunc('week', o.at AT TIME ZONE 'UTC')::date)
    GROUP BY 1, 2, 3, 4, 5, 6;
END
$fn$;
COMMENT ON FUNCTION glucose.performance_since(date) IS
'Internal: part of note_performance(): what forecasts of the persons the caller sees came to, by day.';

CREATE FUNCTION glucose.note_performance(since date DEFAULT NULL) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE SET jit = off AS 'MODULE_PATHNAME', 'glucose_note_performance';
COMMENT ON FUNCTION glucose.note_performance(date) IS
'Sums what served forecasts came to into performance_log, the last days anew, and makes weeks of what is older than 30 '
'days; returns the rows of days written. The steward runs it every night.';

CREATE FUNCTION glucose.student_quantile(p double precision, df double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_student_quantile';
COMMENT ON FUNCTION glucose.student_quantile(double precision, double precision) IS
'Internal: part of performance_trend(): the quantile of Student''s t; NULL without degrees of freedom.';

CREATE FUNCTION glucose.performance_trend(model_type text DEFAULT 'glucose', since date DEFAULT NULL,
  OUT metric text, OUT minutes_ahead integer, OUT n_days integer, OUT mean double precision,
  OUT slope_per_week double precision, OUT ci_low double precision, OUT ci_high double precision) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest CONSTANT integer := 5;
BEGIN
  PERFORM glucose.model_type(performance_trend.model_type);
  RETURN QUERY
    WITH by_day AS (
      SELECT p.minutes_ahead, p.day - date '2000-01-01' AS x, sum(p.sum_absolute) / sum(p.n) AS mae,
             sum(p.n_inside)::float8 / sum(p.n) AS coverage, sum(p.n)::float8 AS n
      FROM glucose.performance_log p
      WHERE p.model_type = performance_trend.model_type AND p.days = 1
        AND p.day >= coalesce(performance_trend.since, current_date - 30)
      GROUP BY 1, 2
    ), line AS (
      SELECT v.metric, d.minutes_ahead, count(*)::integer AS n, avg(v.y) AS mean, regr_slope(v.y, d.x) AS slope,
             sqrt(greatest(regr_syy(v.y, d.x) - regr_slope(v.y, d.x) * regr_sxy(v.y, d.x), 0) / nullif(count(*) - 2, 0)
                  / nullif(regr_sxx(v.y, d.x), 0)) AS error
      FROM by_day d CROSS JOIN LATERAL (VALUES ('mae', d.mae), ('coverage', d.coverage), ('n', d.n)) v (metric, y)
      GROUP BY 1, 2
    )
    SELECT l.metric, l.minutes_ahead, l.n, l.mean, 7 * l.slope, 7 * (l.slope - t.quantile * l.error),
           7 * (l.slope + t.quantile * l.error)
    FROM line l CROSS JOIN LATERAL (SELECT glucose.student_quantile(0.975, l.n - 2) AS quantile) t
    WHERE l.n >= fewest ORDER BY 1, 2;
END
$fn$;
COMMENT ON FUNCTION glucose.performance_trend(text, date) IS
'Where error, coverage and number of forecasts go: a line through the days of performance_log by least squares, its '
'slope in a week with a 95 % interval.';
