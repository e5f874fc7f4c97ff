-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.gauge_names(OUT i integer, OUT name text, OUT labels text[], OUT unit text, OUT help text)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 16 SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- A name without its last word is nobody else's: prometheus-postgres-exporter puts names together of the two.
  RETURN QUERY
    SELECT v.* FROM (VALUES
      (1, 'pg_glucose_active_models', '{model_type}'::text[], 'short', 'Models that serve.'),
      (2, 'pg_glucose_predictions_hour', '{model_type}', 'short', 'Answers in the last hour.'),
      (3, 'pg_glucose_latency_p95_seconds', '{model_type}', 's', '95 % of the answers of the last hour took less.'),
      (4, 'pg_glucose_error_mean', '{model_type,source}', 'short',
       'Mean absolute error of the last seven days, in the unit of the type.'),
      (5, 'pg_glucose_coverage_ratio', '{model_type,source}', 'percentunit',
       'Share of outcomes that intervals of the last seven days held.'),
      (6, 'pg_glucose_drift_trainings', '{model_type}', 'short',
       'Trainings that were queued for drift in the last seven days.'),
      (7, 'pg_glucose_jobs_open', '{state}', 'short', 'Background trainings that are queued or running.'),
      (8, 'pg_glucose_trainings_failed', '{model_type}', 'short',
       'Background trainings that failed in the last seven days.'),
      (9, 'pg_glucose_alerts_open', '{severity}', 'short', 'Open alerts.'),
      (10, 'pg_glucose_models_withdrawn', '{}', 'short', 'Models taken from service in the last seven days.'),
      (11, 'pg_glucose_deployments_week', '{model_type}', 'short', 'Deployments in the last seven days.'),
      (12, 'pg_glucose_experiments_running', '{}', 'short', 'Experiments that run.'),
      (13, 'pg_glucose_readings_age_seconds', '{}', 's', 'Since the newest reading of anybody.'),
      (14, 'pg_glucose_health_age_seconds', '{}', 's', 'Since health_check() took its hourly samples.'),
      (15, 'pg_glucose_tables_bytes', '{}', 'bytes', 'Tables and their indexes on disk.'),
      (16, 'pg_glucose_cached_ratio', '{model_type}', 'percentunit',
       'Share of the answers of the last hour that the log had already.')
    ) v (i, name, labels, unit, help);
END
$fn$;
COMMENT ON FUNCTION glucose.gauge_names() IS
'Internal: the one list of what gauges() counts: openmetrics(), the exporter''s queries and the Grafana dashboard are '
'made of it. Units as Grafana names them.';

CREATE FUNCTION glucose.gauges(gauge text DEFAULT NULL, OUT name text, OUT labels jsonb, OUT value double precision)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  wanted CONSTANT text := gauges.gauge;
  since CONSTANT timestamptz := now() - interval '7 days';
BEGIN
  PERFORM glucose.require_watcher();
  IF NOT EXISTS (SELECT FROM glucose.gauge_names() g WHERE wanted IS NULL OR g.name = wanted) THEN
    RAISE EXCEPTION 'no gauge is named "%"', wanted USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Names are: ' || (SELECT string_agg(g.name, ', ' ORDER BY g.i) FROM glucose.gauge_names() g) || '.';
  END IF;
  -- What is not wanted is not looked at: these conditions are asked before any row.
  RETURN QUERY
    SELECT 'pg_glucose_active_models', jsonb_build_object('model_type', v.model_type), count(*)::float8
    FROM glucose.model_version v
    WHERE coalesce(wanted = 'pg_glucose_active_models', true) AND v.is_active GROUP BY v.model_type
    UNION ALL
    SELECT x.name, h.labels, x.value
    FROM (SELECT jsonb_build_object('model_type', p.model_type) AS labels, count(*)::float8 AS n,
                 percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) / 1000 AS p95,
                 count(p.cached_from)::float8 / count(*) AS cached
          FROM glucose.prediction p
          WHERE coalesce(wanted IN ('pg_glucose_predictions_hour', 'pg_glucose_latency_p95_seconds',
                                    'pg_glucose_cached_ratio'), true)
            AND p.purged_at IS NULL AND p.issued_at > now() - interval '1 hour' GROUP BY p.model_type) h
    CROSS JOIN LATERAL (VALUES ('pg_glucose_predictions_hour', h.n), ('pg_glucose_latency_p95_seconds', h.p95),
                               ('pg_glucose_cached_ratio', h.cached)) x (name, value)
    WHERE coalesce(wanted = x.name, true) AND x.value IS NOT NULL
    UNION ALL
    SELECT x.name, e.labels, x.value
    FROM (SELECT jsonb_build_object('model_type', l.model_type, 'source', l.source) AS labels,
                 sum(l.sum_absolute) / sum(l.n) AS error, sum(l.n_inside)::float8 / sum(l.n) AS coverage
          FROM glucose.performance_log l
          WHERE coalesce(wanted IN ('pg_glucose_error_mean', 'pg_glucose_coverage_ratio'), true)
            AND l.days = 1 AND l.day > current_date - 8 GROUP BY l.model_type, l.source) e
    CROSS JOIN LATERAL (VALUES ('pg_glucose_error_mean', e.error), ('pg_glucose_coverage_ratio', e.coverage))
      x (name, value)
    WHERE coalesce(wanted = x.name, true)
    UNION ALL
    SELECT x.name, jsonb_build_object('model_type', j.model_type), x.n::float8
    FROM (SELECT t.model_type, count(*) FILTER (WHERE t.state = 'failed' AND t.finished_at > since) AS failed,
                 count(*) FILTER (WHERE t.reason LIKE 'drift of %' AND t.queued_at > since) AS drifted
          FROM glucose.training_job t
          WHERE coalesce(wanted IN ('pg_glucose_drift_trainings', 'pg_glucose_trainings_failed'), true)
          GROUP BY t.model_type) j
    CROSS JOIN LATERAL (VALUES ('pg_glucose_drift_trainings', j.drifted), ('pg_glucose_trainings_failed', j.failed))
      x (name, n)
    WHERE coalesce(wanted = x.name, true)
    UNION ALL
    SELECT 'pg_glucose_jobs_open', jsonb_build_object('state', s.state),
           (SELECT count(*) FROM glucose.training_job j WHERE j.state = s.state)::float8
    FROM unnest('{queued,running}'::text[]) s (state) WHERE coalesce(wanted = 'pg_glucose_jobs_open', true)
    UNION ALL
    SELECT 'pg_glucose_alerts_open', jsonb_build_object('severity', s.severity), count(a.severity)::float8
    FROM unnest('{critical,warning,info}'::text[]) s (severity)
    LEFT JOIN (SELECT o.severity FROM glucose.active_alerts o
               WHERE coalesce(wanted = 'pg_glucose_alerts_open', true)) a USING (severity)
    WHERE coalesce(wanted = 'pg_glucose_alerts_open', true) GROUP BY s.severity
    UNION ALL
    SELECT 'pg_glucose_models_withdrawn', '{}',
           (SELECT count(*) FROM glucose.model_check c WHERE c.checked_at > since)::float8
    WHERE coalesce(wanted = 'pg_glucose_models_withdrawn', true)
    UNION ALL
    SELECT 'pg_glucose_deployments_week', jsonb_build_object('model_type', d.model_type), count(*)::float8
    FROM glucose.deployment d
    WHERE coalesce(wanted = 'pg_glucose_deployments_week', true) AND d.deployed_at > since GROUP BY d.model_type
    UNION ALL
    SELECT 'pg_glucose_experiments_running', '{}',
           (SELECT count(*) FROM glucose.experiment e WHERE e.state = 'running')::float8
    WHERE coalesce(wanted = 'pg_glucose_experiments_running', true)
    UNION ALL
    SELECT 'pg_glucose_readings_age_seconds', '{}', extract(epoch FROM now() - r.last)::float8
    FROM (SELECT max(l.last) AS last FROM glucose.person p
          CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                              WHERE g.person_id = p.person_id AND g.measured_at <= now()
                                AND g.measured_at > '-infinity') l
          WHERE coalesce(wanted = 'pg_glucose_readings_age_seconds', true)) r WHERE r.last IS NOT NULL
    UNION ALL
    SELECT 'pg_glucose_health_age_seconds', '{}', extract(epoch FROM now() - h.last)::float8
    FROM (SELECT max(s.sampled_at) AS last FROM glucose.health_sample s
          WHERE s.sampled_at <= now() AND s.sampled_at > '-infinity'
          AND coalesce(wanted = 'pg_glucose_health_age_seconds', true)) h WHERE h.last IS NOT NULL
    UNION ALL
    SELECT 'pg_glucose_tables_bytes', '{}',
           (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
            WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'm'))::float8
    WHERE coalesce(wanted = 'pg_glucose_tables_bytes', true);
END
$fn$;
COMMENT ON FUNCTION glucose.gauges(text) IS
'Numbers of the service now, one gauge or all: models, answers, errors, jobs, alerts; no person and no glucose value. '
'For the owner of the tables and the steward, and for Prometheus.';

CREATE FUNCTION glucose.openmetrics() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_watcher();
  RETURN (
    WITH line AS (
      SELECT n.i, n.name, n.help, row_number() OVER w = 1 AS first, l.labels,
             n.name || coalesce('{' || l.labels || '}', '') || ' ' || trim_scale(round(g.value::numeric, 6)) AS said
      FROM glucose.gauges() g JOIN glucose.gauge_names() n USING (name)
      CROSS JOIN LATERAL (SELECT string_agg(format('%s=%s', e.key, to_json(e.value)), ',' ORDER BY e.key) AS labels
                          FROM jsonb_each_text(g.labels) e) l
      WINDOW w AS (PARTITION BY n.i ORDER BY l.labels)
    )
    SELECT coalesce(string_agg(
             CASE WHEN l.first THEN format(E'# HELP %s %s\n# TYPE %s gauge\n', l.name, l.help, l.name) ELSE '' END
             || l.said || E'\n', '' ORDER BY l.i, l.labels), '') || E'# EOF\n'
    FROM line l);
END
$fn$;
COMMENT ON FUNCTION glucose.openmetrics() IS
'What gauges() says as OpenMetrics text, for Prometheus; no person, no glucose value. For the owner of the tables and '
'the steward.';
