-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.stats(since timestamptz DEFAULT NULL, OUT total_predictions bigint,
  OUT predictions_today bigint, OUT predictions bigint, OUT cache_hit_rate_percent real, OUT active_models bigint,
  OUT avg_inference_time_ms real, OUT p95_inference_time_ms real, OUT queued_jobs bigint, OUT running_jobs bigint)
RETURNS record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_watcher();
  SELECT count(*), count(*) FILTER (WHERE p.issued_at >= current_date)
  INTO total_predictions, predictions_today FROM glucose.prediction p;
  -- As the index of rows that still have their values has it.
  SELECT count(*), round((100.0 * count(p.cached_from) / nullif(count(*), 0)), 1)::real, avg(p.latency_ms)::real,
         (percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms))::real
  INTO predictions, cache_hit_rate_percent, avg_inference_time_ms, p95_inference_time_ms
  FROM glucose.prediction p
  WHERE p.purged_at IS NULL AND p.issued_at >= coalesce(since, now() - interval '24 hours');
  SELECT count(*) INTO active_models FROM glucose.model_version v WHERE v.is_active;
  SELECT count(*) FILTER (WHERE j.state = 'queued'), count(*) FILTER (WHERE j.state = 'running')
  INTO queued_jobs, running_jobs FROM glucose.training_job j WHERE j.state IN ('queued', 'running');
END
$fn$;
COMMENT ON FUNCTION glucose.stats(timestamptz) IS
'The service in one row: answers in all, today and since a moment (by default of 24 hours), how many of those were '
'repetitions, how long they took, models that serve, open jobs. For the owner of the tables and the steward.';

CREATE FUNCTION glucose.service_status(OUT component text, OUT status text, OUT detail text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 7 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  -- The worst last, as max() finds it.
  levels CONSTANT text[] := '{ok,warning,critical}';
BEGIN
  PERFORM glucose.require_watcher();
  RETURN QUERY
    WITH found (i, component, level, detail) AS (
      SELECT 1, 'writing', CASE WHEN current_setting('transaction_read_only')::boolean THEN 2 ELSE 1 END,
             CASE WHEN pg_is_in_recovery() THEN 'a standby: forecasts are answered and not logged, nothing is trained'
                  WHEN current_setting('transaction_read_only')::boolean THEN 'the transaction is read-only'
                  ELSE 'possible' END
      UNION ALL
      SELECT 2, 'models', CASE WHEN m.own + m.shared = 0 AND EXISTS (SELECT FROM glucose.person) THEN 2 ELSE 1 END,
             format('%s of persons and %s of the population serve', m.own, m.shared)
      FROM (SELECT (SELECT count(*) FROM glucose.model_version v WHERE v.is_active) AS own,
                   (SELECT count(*) FROM glucose.population_model p WHERE p.is_active) AS shared) m
      UNION ALL
      SELECT x.i, x.component, x.level, x.detail
      FROM (SELECT count(*) AS n, percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) AS p95,
                   count(p.mac) AS n_signed
            FROM glucose.prediction p WHERE p.purged_at IS NULL AND p.issued_at > now() - interval '1 hour') a
      CROSS JOIN LATERAL (VALUES
        (3, 'answers', 1,
         CASE WHEN a.n = 0 THEN 'none in the last hour'
              ELSE format('%s in the last hour, 95 %% in less than %s ms', a.n, round(a.p95::numeric, 1)) END),
        (4, 'log', CASE WHEN a.n_signed BETWEEN 1 AND a.n - 1 THEN 2 ELSE 1 END,
         CASE WHEN a.n = 0 THEN 'no row in the last hour'
              ELSE format('%s of %s rows of the last hour are signed', a.n_signed, a.n) END))
        x (i, component, level, detail)
      UNION ALL
      SELECT 5, 'jobs', CASE WHEN j.oldest < now() - interval '1 hour' AND j.running = 0 THEN 3
                             WHEN j.oldest < now() - interval '1 hour' THEN 2 ELSE 1 END,
             format('%s queued, %s running', j.queued, j.running)
             || CASE WHEN j.oldest < now() - interval '1 hour' THEN
                  format('; the first waits since %s', to_char(j.oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
                ELSE '' END
      FROM (SELECT count(*) FILTER (WHERE x.state = 'queued') AS queued,
                   count(*) FILTER (WHERE x.state = 'running') AS running,
                   min(x.queued_at) FILTER (WHERE x.state = 'queued') AS oldest
            FROM glucose.training_job x WHERE x.state IN ('queued', 'running')) j
      UNION ALL
      SELECT 6, 'alerts', CASE WHEN a.critical > 0 THEN 3 WHEN a.warning > 0 THEN 2 ELSE 1 END,
             format('%s critical, %s warnings open', a.critical, a.warning)
      FROM (SELECT count(*) FILTER (WHERE x.severity = 'critical') AS critical,
                   count(*) FILTER (WHERE x.severity = 'warning') AS warning FROM glucose.active_alerts x) a
      UNION ALL
      -- It samples once an hour.
      SELECT 7, 'health_check', CASE WHEN h.last > now() - interval '2 hours' THEN 1 ELSE 2 END,
             coalesce('sampled at ' || to_char(h.last AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), 'has never run')
      FROM (SELECT max(s.sampled_at) AS last FROM glucose.health_sample s
            WHERE s.sampled_at <= now() AND s.sampled_at > '-infinity') h
    )
    SELECT r.component, levels[r.level], r.detail
    FROM (SELECT 0 AS i, 'service' AS component, max(f.level) AS level, format('pg_glucose %s', glucose.version())
          AS detail FROM found f
          UNION ALL SELECT f.i, f.component, f.level, f.detail FROM found f) r
    ORDER BY r.i;
END
$fn$;
COMMENT ON FUNCTION glucose.service_status() IS
'Whether the service works, by part, with the worst of them in the first row: ok, warning or critical. For the owner '
'of the tables and the steward.';
