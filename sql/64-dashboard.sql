-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.dashboard_charts(since timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  out text := '';
  days text[];
  drawn text;
BEGIN
  SELECT array_agg(to_char(d, 'YYYY-MM-DD') ORDER BY d) INTO days
  FROM generate_series(greatest(since, now() - interval '1000 days')::date, current_date, interval '1 day') d;
  WITH day AS (SELECT to_char(p.issued_at, 'YYYY-MM-DD') AS day, count(*) AS n, count(p.cached_from) AS cached,
                      percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms) AS median,
                      percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) AS p95
               FROM glucose.prediction p WHERE p.issued_at >= since GROUP BY 1),
  filled AS (SELECT l.i, coalesce(d.n, 0) AS n, coalesce(d.cached, 0) AS cached, d.median, d.p95
             FROM unnest(days) WITH ORDINALITY l (day, i) LEFT JOIN day d ON d.day = l.day)
  SELECT '<section><h2>Answers a day</h2>'
         || glucose.svg_lines('Answers a day', 'answers', days, '{answers,of them from the log}',
                              array_agg(f.n::float8 ORDER BY f.i) || array_agg(f.cached::float8 ORDER BY f.i))
         || '</section><section><h2>How long an answer takes</h2>'
         || glucose.svg_lines('Latency of answers', 'ms', days, '{median,95 %}',
                              array_agg(f.median ORDER BY f.i) || array_agg(f.p95 ORDER BY f.i)) || '</section>'
  INTO drawn FROM filled f;
  out := out || drawn;
  WITH sample AS (SELECT to_char(h.sampled_at, 'YYYY-MM-DD') AS day, h.name, max(h.value) AS value
                  FROM glucose.health_sample h WHERE h.sampled_at >= since GROUP BY 1, 2)
  SELECT '<section><h2>Size of the tables</h2>'
         || glucose.svg_lines('Size of the tables', 'MB', days, '{MB}', array_agg(b.value / 1e6 ORDER BY l.i))
         || '</section><section><h2>Open jobs</h2>'
         || glucose.svg_lines('Most open jobs', 'jobs', days, '{jobs}', array_agg(j.value ORDER BY l.i)) || '</section>'
  INTO drawn
  FROM unnest(days) WITH ORDINALITY l (day, i) LEFT JOIN sample b ON b.day = l.day AND b.name = 'bytes'
  LEFT JOIN sample j ON j.day = l.day AND j.name = 'open_jobs';
  out := out || drawn;
  -- A picture for each kind of forecast: its error by what answered, over the horizons.
  FOR drawn IN
    WITH day AS (SELECT p.model_type, p.source, to_char(p.day, 'YYYY-MM-DD') AS day,
                        sum(p.sum_absolute) / sum(p.n) AS mae, sum(p.n_inside)::float8 / sum(p.n) AS coverage
                 FROM glucose.performance_log p WHERE p.days = 1 AND p.day >= since::date GROUP BY 1, 2, 3),
    source AS (SELECT DISTINCT d.model_type, d.source FROM day d),
    filled AS (SELECT s.model_type, s.source, l.i, d.mae, 100 * d.coverage AS coverage
               FROM source s CROSS JOIN unnest(days) WITH ORDINALITY l (day, i)
               LEFT JOIN day d ON d.model_type = s.model_type AND d.source = s.source AND d.day = l.day),
    series AS (SELECT f.model_type, array_agg(f.mae ORDER BY f.source, f.i) AS mae,
                      array_agg(f.coverage ORDER BY f.source, f.i) AS coverage FROM filled f GROUP BY 1)
    SELECT '<section><h2>Errors of ' || glucose.html(s.model_type) || '</h2>'
           || glucose.svg_lines('Mean absolute error of ' || s.model_type, glucose.unit_of(s.model_type), days, n.names,
           s.mae)
           || '</section><section><h2>What intervals of ' || glucose.html(s.model_type) || ' held</h2>'
           || glucose.svg_lines('Coverage of the intervals of ' || s.model_type, '%', days, n.names, s.coverage,
                              false)
           || '</section>'
    FROM series s CROSS JOIN LATERAL (SELECT array_agg(x.source ORDER BY x.source) AS names FROM source x
                                      WHERE x.model_type = s.model_type) n
    WHERE cardinality(n.names) <= 6 ORDER BY s.model_type LIMIT 12
  LOOP
    out := out || drawn;
  END LOOP;
  RETURN '<div class="charts">' || out || '</div>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_charts(timestamptz) IS
'Internal: part of dashboard(): what goes over time.';

CREATE FUNCTION glucose.dashboard_alerts() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  minute CONSTANT text := 'YYYY-MM-DD HH24:MI';
BEGIN
  -- A list and no table: what an alert says is read on a phone without moving anything.
  RETURN '<section><h2>Alerts</h2>' || coalesce((
      SELECT '<ul class="alerts">' || string_agg(format(
               '<li><strong>%s</strong> <span class="%s">%s</span>%s: %s <span class="soft">since %s</span></li>',
               glucose.html(concat_ws(' ', a.kind, nullif(a.subject, ''))), a.severity, a.severity,
               CASE a.persons WHEN 0 THEN '' WHEN 1 THEN ' of one person' ELSE format(' of %s persons', a.persons) END,
               glucose.html(a.message), to_char(a.since, minute)), '' ORDER BY a.place, a.since, a.kind, a.subject)
             || '</ul>'
      FROM (SELECT x.kind, x.subject, x.severity, count(x.person_id) AS persons, min(x.message) AS message,
                   min(x.first_seen) AS since,
                   array_position(ARRAY['critical', 'warning', 'info'], x.severity) AS place
            FROM glucose.active_alerts x GROUP BY 1, 2, 3) a), '<p class="none">None is open.</p>') || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_alerts() IS
'Internal: part of dashboard(): what is open, without persons.';

CREATE FUNCTION glucose.dashboard_tables(since timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  minute CONSTANT text := 'YYYY-MM-DD HH24:MI';
BEGIN
  RETURN '<section><h2>Models</h2>'
    || glucose.html_table('Served since then, by kind, what answered and its five newest versions',
    '{model type,answered by,version,persons,outcomes,mean error,coverage}', (
      SELECT array_agg(c.cell ORDER BY m.model_type, m.source, m.place, c.i)
      FROM (SELECT x.*, row_number() OVER (PARTITION BY x.model_type, x.source
                                           ORDER BY glucose.version_parts(x.version) DESC) AS place
            FROM (SELECT p.model_type, p.source, p.version, count(DISTINCT p.person_id) AS persons, sum(p.n) AS n,
                         sum(p.sum_absolute) / sum(p.n) AS mae, sum(p.n_inside)::float8 / sum(p.n) AS coverage
                  FROM glucose.performance_log p WHERE p.day >= since::date GROUP BY 1, 2, 3) x) m
      CROSS JOIN LATERAL unnest(ARRAY[m.model_type, m.source, m.version, m.persons::text, m.n::text,
        round(m.mae::numeric, 2) || ' ' || glucose.unit_of(m.model_type), round(100 * m.coverage::numeric) || ' %'])
        WITH ORDINALITY c (cell, i)
      WHERE m.place <= 5))
    || glucose.html_table('Versions that serve', '{model type,algorithm,models,ready,withdrawn,newest}', (
      SELECT array_agg(c.cell ORDER BY v.model_type, v.algorithm, c.i)
      FROM (SELECT x.model_type, x.algorithm, count(*) AS n, count(*) FILTER (WHERE x.is_production_ready) AS ready,
                   count(x.withdrawn_at) AS withdrawn, max(x.trained_at) AS newest
            FROM glucose.model_version x WHERE x.is_active GROUP BY 1, 2) v
      CROSS JOIN LATERAL unnest(ARRAY[v.model_type, v.algorithm, v.n::text, v.ready::text, v.withdrawn::text,
        to_char(v.newest, minute)]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Taken from service', '{when,model type,what,worse than,outcomes,error,instead of}', (
      SELECT array_agg(c.cell ORDER BY k.checked_at DESC, k.person_id, k.model_type, c.i)
      FROM (SELECT * FROM glucose.model_check x WHERE x.checked_at >= since ORDER BY x.checked_at DESC LIMIT 20) k
      CROSS JOIN LATERAL unnest(ARRAY[to_char(k.checked_at, minute), k.model_type, k.action,
        CASE WHEN k.against IN ('population', 'baseline') THEN k.against ELSE 'version before' END, k.n::text,
        round(k.mae::numeric, 1)::text, round(k.mae_against::numeric, 1)::text]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Trainings that drift has asked for', '{when,model type,state,found}', (
      SELECT array_agg(c.cell ORDER BY d.queued_at DESC, d.job_id, c.i)
      FROM (SELECT * FROM glucose.training_job x WHERE x.reason LIKE 'drift of %' AND x.queued_at >= since
            ORDER BY x.queued_at DESC LIMIT 20) d
      CROSS JOIN LATERAL unnest(ARRAY[to_char(d.queued_at, minute), d.model_type, d.state, d.reason])
        WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Deployments and experiments</h2>'
    || glucose.html_table('Deployments by week', '{week,model type,deployments,of them rollbacks}', (
      SELECT array_agg(c.cell ORDER BY d.week DESC, d.model_type, c.i)
      FROM (SELECT date_trunc('week', x.deployed_at) AS week, x.model_type, count(*) AS n,
                   count(*) FILTER (WHERE x.reason = 'rollback') AS back
            FROM glucose.deployment x WHERE x.deployed_at >= since GROUP BY 1, 2 ORDER BY 1 DESC LIMIT 20) d
      CROSS JOIN LATERAL unnest(ARRAY[to_char(d.week, 'YYYY-MM-DD'), d.model_type, d.n::text, d.back::text])
        WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Experiments', '{name,model type,kind,part,state,since}', (
      SELECT array_agg(c.cell ORDER BY e.started_at DESC, e.name, e.model_type, c.i)
      FROM (SELECT * FROM glucose.experiment x WHERE x.state = 'running' OR x.started_at >= since
            ORDER BY x.started_at DESC LIMIT 20) e
      CROSS JOIN LATERAL unnest(ARRAY[e.name, e.model_type, e.kind, e.percent || ' %', e.state,
        to_char(e.started_at, minute)]) WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Jobs</h2>'
    || glucose.html_table('Trainings in the background', '{model type,queued,running,done,failed,cancelled}', (
      SELECT array_agg(c.cell ORDER BY j.model_type, c.i)
      FROM (SELECT t.model_type, count(*) FILTER (WHERE t.state = 'queued') AS queued,
                   count(*) FILTER (WHERE t.state = 'running') AS running,
                   count(*) FILTER (WHERE t.state = 'done') AS done,
                   count(*) FILTER (WHERE t.state = 'failed') AS failed,
                   count(*) FILTER (WHERE t.state = 'cancelled') AS cancelled
            FROM glucose.training_job t WHERE t.queued_at >= since OR t.state IN ('queued', 'running') GROUP BY 1) j
      CROSS JOIN LATERAL unnest(ARRAY[j.model_type, j.queued::text, j.running::text, j.done::text, j.failed::text,
        j.cancelled::text]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Retraining', '{model type,deployed,rejected,skipped}', (
      SELECT array_agg(c.cell ORDER BY r.model_type, c.i)
      FROM (SELECT x.model_type, count(*) FILTER (WHERE x.status = 'deployed') AS deployed,
                   count(*) FILTER (WHERE x.status = 'rejected') AS rejected,
                   count(*) FILTER (WHERE x.status = 'skipped') AS skipped
            FROM glucose.retraining_log x WHERE x.logged_at >= since GROUP BY 1) r
      CROSS JOIN LATERAL unnest(ARRAY[r.model_type, r.deployed::text, r.rejected::text, r.skipped::text])
        WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Latest answers</h2>'
    || glucose.html_table('The last twenty, without person and value', '{at,model type,answered by,version,ms}', (
      SELECT array_agg(c.cell ORDER BY p.issued_at DESC, p.prediction_id, c.i)
      FROM (SELECT * FROM glucose.prediction x WHERE x.purged_at IS NULL ORDER BY x.issued_at DESC LIMIT 20) p
      CROSS JOIN LATERAL unnest(ARRAY[to_char(p.issued_at, 'YYYY-MM-DD HH24:MI:SS'), p.model_type, p.source, p.version,
        round(p.latency_ms::numeric, 1)::text]) WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>System</h2>'
    || glucose.html_table('Whether it works', '{part,status,says}', (
      SELECT array_agg(c.cell ORDER BY s.i, c.i)
      FROM glucose.service_status() WITH ORDINALITY s (component, status, detail, i)
      CROSS JOIN LATERAL unnest(ARRAY[s.component, s.status, s.detail]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('How current it is', '{what,at}', ARRAY[
      'newest reading', (SELECT to_char(max(r.last), minute) FROM glucose.person p
        CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                            WHERE g.person_id = p.person_id AND g.measured_at <= now()) r),
      'last answer', (SELECT to_char(max(x.issued_at), minute) FROM glucose.prediction x WHERE x.purged_at IS NULL),
      'newest day of outcomes', (SELECT max(x.day)::text FROM glucose.performance_log x),
      'last health check, to the hour', (SELECT to_char(max(x.sampled_at), minute) FROM glucose.health_sample x
        WHERE x.sampled_at <= now())])
    || glucose.html_table('Size on disk', '{table,size,rows about}', (
      SELECT array_agg(c.cell ORDER BY t.bytes DESC, t.name, c.i)
      FROM (SELECT x.relname::text AS name, pg_total_relation_size(x.oid) AS bytes, x.reltuples FROM pg_class x
            WHERE x.relnamespace = 'glucose'::regnamespace AND x.relkind = 'r' ORDER BY 2 DESC LIMIT 10) t
      CROSS JOIN LATERAL unnest(ARRAY[t.name, pg_size_pretty(t.bytes),
        CASE WHEN t.reltuples >= 0 THEN t.reltuples::bigint::text END]) WITH ORDINALITY c (cell, i))) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_tables(timestamptz) IS
'Internal: part of dashboard(): what is counted.';

CREATE FUNCTION glucose.dashboard(since timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  from_then CONSTANT timestamptz := coalesce(since, now() - interval '30 days');
  tiles text;
BEGIN
  PERFORM glucose.require_watcher();
  IF NOT isfinite(from_then) THEN
    RAISE EXCEPTION 'argument "since" must be a finite time' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT string_agg(format('<li><strong>%s</strong>%s</li>', glucose.html(coalesce(t.value, '–')), t.name), ''
    ORDER BY t.i)
  INTO tiles
  FROM (SELECT count(*) FILTER (WHERE p.issued_at >= current_date) AS today,
               count(*) FILTER (WHERE p.issued_at >= from_then) AS n,
               count(p.cached_from) FILTER (WHERE p.issued_at >= from_then) AS cached,
               percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY p.latency_ms)
                 FILTER (WHERE p.issued_at >= from_then) AS ms
        FROM glucose.prediction p WHERE p.issued_at >= least(from_then, current_date)) answered
  CROSS JOIN LATERAL (VALUES
    (1, 'models that serve', (SELECT count(*)::text FROM glucose.model_version v WHERE v.is_active)),
    (2, 'persons', (SELECT count(*)::text FROM glucose.person)),
    (3, 'answers today', answered.today::text),
    (4, 'answers since then', answered.n::text),
    (5, 'ms, median', round(answered.ms[1]::numeric, 1)::text),
    (6, 'ms, 95 %', round(answered.ms[2]::numeric, 1)::text),
    (9, 'from the log', round(100.0 * answered.cached / nullif(answered.n, 0), 1) || ' %'),
    (7, 'open jobs', (SELECT count(*)::text FROM glucose.training_job j WHERE j.state IN ('queued', 'running'))),
    (8, 'open alerts', (SELECT count(*)::text FROM glucose.active_alerts))) t (i, name, value);
  RETURN glucose.html_page('Forecasts and models',
    format('<p class="soft">%s to %s, times of zone %s. For operators: no person and no glucose value is on this page.'
           '</p>',
           to_char(from_then, 'YYYY-MM-DD HH24:MI'), to_char(now(), 'YYYY-MM-DD HH24:MI'),
           glucose.html(current_setting('TimeZone'))),
    '<ul class="tiles">' || tiles || '</ul>' || glucose.dashboard_alerts() || glucose.dashboard_charts(from_then)
    || glucose.dashboard_tables(from_then),
    format('<p>pg_glucose %s, tables of version %s, PostgreSQL %s. %s</p>', glucose.html(glucose.version()),
           (SELECT max(v.version) FROM glucose.schema_version v), glucose.html(current_setting('server_version')),
           glucose.html(glucose.disclaimer())));
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard(timestamptz) IS
'One HTML page about answers, errors, alerts, jobs, versions and experiments since a moment, by default of 30 days; it '
'needs nothing from elsewhere. For the owner of the tables and the steward.';
