-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.require_object(options jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF options IS NULL OR jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION 'argument "options" must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_object(jsonb) IS
'Internal: returns when options are a JSON object, else raises 22023.';

CREATE FUNCTION glucose.health_options(options jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  usual CONSTANT jsonb := '{"min_accuracy": 0.75, "min_f1": 0.70, "max_calibration_error": 0.20, "min_answers": 100,
    "data_stopped_hours": 24, "rising": 1.5, "coverage_off": 0.15, "job_hours": 1, "queued_jobs": 1000,
    "versions": 50, "growth": 2.0, "cooldown_minutes": 60}';
  wrong text;
BEGIN
  PERFORM glucose.require_object(options);
  SELECT o.key INTO wrong FROM jsonb_each(options) o
  WHERE NOT usual ? o.key OR jsonb_typeof(o.value) <> 'number' OR (o.value)::numeric < 0 ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% option "%"', CASE WHEN usual ? wrong THEN 'invalid value for' ELSE 'unrecognized' END, wrong
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Options are numbers: ' || (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(usual) k)
                   || '.';
  END IF;
  RETURN usual || options;
END
$fn$;
COMMENT ON FUNCTION glucose.health_options(jsonb) IS
'Internal: part of health_check(): the limits, those given in place of the usual.';

CREATE FUNCTION glucose.person_findings(options jsonb)
RETURNS TABLE (person_id uuid, kind text, subject text, severity text, message text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  stopped CONSTANT interval := make_interval(hours => (options ->> 'data_stopped_hours')::integer);
  rising CONSTANT double precision := options ->> 'rising';
  off CONSTANT double precision := options ->> 'coverage_off';
BEGIN
  -- Data that came and do not come any more; also of whom the population's model serves.
  RETURN QUERY
    SELECT p.person_id, 'data_stopped', '', 'warning',
           format('no readings since %s', to_char(r.last AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
    FROM glucose.person p
    CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                        WHERE g.person_id = p.person_id AND g.measured_at <= now()) r
    WHERE r.last < now() - stopped AND r.last > now() - interval '30 days';
  -- A sensor that says one number, and not the last one it can say. Most say two in their last two readings: these are
  -- looked at first.
  RETURN QUERY
    SELECT p.person_id, 'sensor_stuck', '', 'warning', format('%s readings in a row are the same', s.n)
    FROM glucose.person p
    CROSS JOIN LATERAL (
      SELECT min(l.mg_dl) = max(l.mg_dl) AS alike
      FROM (SELECT g.mg_dl FROM glucose.glucose_reading g
            WHERE g.person_id = p.person_id AND g.measured_at > now() - interval '7 hours' AND g.measured_at <= now()
            ORDER BY g.measured_at DESC LIMIT 2) l) two
    CROSS JOIN LATERAL (
      SELECT count(*) AS n, min(l.mg_dl) AS least, max(l.mg_dl) AS most, max(l.measured_at) - min(l.measured_at) AS span
      FROM (SELECT g.mg_dl, g.measured_at FROM glucose.glucose_reading g
            WHERE two.alike AND g.person_id = p.person_id AND g.measured_at > now() - interval '7 hours'
              AND g.measured_at <= now() ORDER BY g.measured_at DESC LIMIT 24) l) s
    WHERE two.alike AND s.least = s.most AND s.least > 40 AND s.least < 400
      AND (s.n = 24 OR s.n >= 8 AND s.span >= interval '6 hours');
  -- Errors of the last week against the month before it; days are the units of those whose sums look like it.
  RETURN QUERY
    WITH suspected AS (
      SELECT p.person_id, p.model_type
      FROM glucose.performance_log p WHERE p.days = 1 AND p.day > current_date - 38
      GROUP BY 1, 2
      HAVING sum(p.sum_absolute) FILTER (WHERE p.day > current_date - 8)
             / sum(p.n) FILTER (WHERE p.day > current_date - 8)
             > 0.8 * rising * sum(p.sum_absolute) FILTER (WHERE p.day <= current_date - 8)
               / sum(p.n) FILTER (WHERE p.day <= current_date - 8)
    ), by_day AS (
      SELECT p.person_id, p.model_type, p.day > current_date - 8 AS is_new, p.day, sum(p.sum_absolute) / sum(p.n) AS mae
      FROM glucose.performance_log p JOIN suspected s USING (person_id, model_type)
      WHERE p.days = 1 AND p.day > current_date - 38 GROUP BY 1, 2, 3, 4
    ), parts AS (
      SELECT d.person_id, d.model_type, avg(d.mae) FILTER (WHERE d.is_new) AS new,
      avg(d.mae) FILTER (WHERE NOT d.is_new)
             AS old, array_agg(d.mae) FILTER (WHERE d.is_new) AS new_days, array_agg(d.mae) FILTER (WHERE NOT d.is_new)
             AS old_days
      FROM by_day d GROUP BY 1, 2
      HAVING count(*) FILTER (WHERE d.is_new) >= 4 AND count(*) FILTER (WHERE NOT d.is_new) >= 7
    )
    SELECT p.person_id, 'errors_rising', p.model_type, 'warning',
           format('mean error %s %s in the last week, %s in the month before', round(p.new::numeric, 1),
                  glucose.unit_of(p.model_type), round(p.old::numeric, 1))
    FROM parts p CROSS JOIN LATERAL glucose.welch_t(p.old_days, p.new_days) t
    WHERE p.new > rising * p.old AND t.p_value < 0.001;
  RETURN QUERY
    SELECT c.person_id, 'coverage_off', c.model_type, 'warning',
           format('intervals held %s %% of %s outcomes, %s %% were said', round(100 * c.share), c.n,
           round(100 * c.level))
    FROM (SELECT p.person_id, p.model_type, sum(p.n) AS n, sum(p.n_inside)::float8 / sum(p.n) AS share,
                 sum(p.sum_level) / sum(p.n) AS level
          FROM glucose.performance_log p WHERE p.days = 1 AND p.day > current_date - 31
          GROUP BY 1, 2 HAVING sum(p.n) >= 60) c
    WHERE c.share < c.level - off;
  RETURN QUERY
    SELECT c.person_id, 'model_' || replace(c.action, ' ', '_'), c.model_type, 'warning',
           format('version %s was %s: error %s on %s outcomes, %s by %s', c.version, c.action, round(c.mae::numeric, 1),
                  c.n, round(c.mae_against::numeric, 1), CASE c.against WHEN 'population' THEN 'the population''s model'
                  WHEN 'baseline' THEN 'no model' ELSE 'version ' || c.against END)
    FROM glucose.model_check c WHERE c.checked_at > now() - interval '7 days';
  -- What check_and_handle_drift() has found, and what became of it.
  RETURN QUERY
    SELECT d.person_id, 'drift', d.model_type, 'warning', format('%s; retraining is %s', d.reason, d.state)
    FROM (SELECT DISTINCT ON (j.person_id, j.model_type) j.*
          FROM glucose.training_job j WHERE j.reason LIKE 'drift of %' AND j.queued_at > now() - interval '7 days'
          ORDER BY j.person_id, j.model_type, j.queued_at DESC) d;
END
$fn$;
COMMENT ON FUNCTION glucose.person_findings(jsonb) IS
'Internal: part of health_check(): what is wrong with persons'' models and data now.';

CREATE FUNCTION glucose.system_findings(options jsonb)
RETURNS TABLE (kind text, subject text, severity text, message text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  least_answers CONSTANT integer := options ->> 'min_answers';
  waiting CONSTANT interval := make_interval(mins => (60 * (options ->> 'job_hours')::numeric)::integer);
  most_jobs CONSTANT integer := options ->> 'queued_jobs';
  most_versions CONSTANT integer := options ->> 'versions';
  growth CONSTANT double precision := options ->> 'growth';
  stopped CONSTANT interval := make_interval(hours => (options ->> 'data_stopped_hours')::integer);
BEGIN
  -- Yes-or-no questions: each model calls yes from its own threshold on.
  RETURN QUERY
    WITH answer AS (
      SELECT o.model_type, o.value AS p, o.outcome AS y,
             o.value >= coalesce((v.metadata ->> 'threshold')::real, 0.5) AS called
      FROM glucose.prediction_outcome o
      LEFT JOIN glucose.model_version v ON o.source = 'personal' AND v.person_id = o.person_id
        AND v.model_type = o.model_type AND v.version = o.version
      WHERE o.model_type LIKE 'event:%' AND o.at > now() - interval '30 days' AND o.outcome IS NOT NULL
        AND NOT o.in_training
    ), bin AS (
      SELECT a.*, ntile(10) OVER (PARTITION BY a.model_type ORDER BY a.p) AS bin FROM answer a
    ), calibration AS (
      SELECT b.model_type, sum(abs(b.gap)) / sum(b.n) AS error
      FROM (SELECT model_type, bin, sum(p) - sum(y) AS gap, count(*) AS n FROM bin GROUP BY 1, 2) b GROUP BY 1
    ), measured AS (
      SELECT a.model_type, count(*) AS n, avg((a.called = (a.y = 1))::integer) AS accuracy,
             2.0 * count(*) FILTER (WHERE a.called AND a.y = 1)
             / nullif(count(*) FILTER (WHERE a.called) + count(*) FILTER (WHERE a.y = 1), 0) AS f1
      FROM answer a GROUP BY 1
    )
    SELECT 'classifier', m.model_type, 'warning', format('%s %s %% of %s answers, %s %s %% is wanted', w.name,
           round(100 * w.value::numeric, 1), m.n, w.side, round(100 * w.wanted::numeric, 1))
    FROM measured m JOIN calibration c USING (model_type)
    CROSS JOIN LATERAL (
      SELECT x.* FROM (VALUES
        (1, 'accuracy', m.accuracy::float8, 'at least', (options ->> 'min_accuracy')::float8,
         m.accuracy < (options ->> 'min_accuracy')::float8),
        (2, 'F1', m.f1::float8, 'at least', (options ->> 'min_f1')::float8, m.f1 < (options ->> 'min_f1')::float8),
        (3, 'calibration error', c.error::float8, 'at most', (options ->> 'max_calibration_error')::float8,
         c.error > (options ->> 'max_calibration_error')::float8)) x (place, name, value, side, wanted, is_wrong)
      WHERE x.is_wrong ORDER BY x.place LIMIT 1) w
    WHERE m.n >= least_answers;
  -- Of many persons, or of some within the same hour, it is the gateway.
  RETURN QUERY
    SELECT 'data_stopped', '', 'critical', format('no readings of %s of %s persons for %s hours', s.n_stopped, s.n,
           options ->> 'data_stopped_hours')
           || CASE WHEN s.n_at_once >= 5 THEN format(', of %s since the hour after %s', s.n_at_once,
                to_char(s.first AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) ELSE '' END
    FROM (SELECT count(*) AS n, count(*) FILTER (WHERE w.last < now() - stopped) AS n_stopped,
                 max(w.n_at_once) FILTER (WHERE w.last < now() - stopped) AS n_at_once,
                 (array_agg(w.last ORDER BY w.n_at_once DESC, w.last) FILTER (WHERE w.last < now() - stopped))[1]
                 AS first
          FROM (SELECT r.last, count(*) FILTER (WHERE r.last < now() - stopped)
                  OVER (ORDER BY r.last RANGE BETWEEN CURRENT ROW AND interval '1 hour' FOLLOWING) AS n_at_once
                FROM glucose.person p
                CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                                    WHERE g.person_id = p.person_id AND g.measured_at <= now()) r
                WHERE r.last > now() - interval '14 days') w) s
    WHERE s.n >= 5 AND (s.n_stopped > 0.3 * s.n OR s.n_at_once >= greatest(5, 0.05 * s.n));
  RETURN QUERY
    SELECT 'coverage_off', c.model_type, 'warning',
           format('intervals held %s %% of %s outcomes of %s persons, %s %% were said', round(100 * c.share), c.n,
                  w.persons, round(100 * c.level))
    FROM (SELECT p.model_type, sum(p.n) AS n, sum(p.n_inside)::float8 / sum(p.n) AS share,
                 sum(p.sum_level) / sum(p.n) AS level
          FROM glucose.performance_log p
          WHERE p.days = 1 AND p.day > current_date - 31 AND p.model_type NOT LIKE 'event:%' GROUP BY 1) c
    CROSS JOIN LATERAL (SELECT count(DISTINCT q.person_id) AS persons FROM glucose.performance_log q
                        WHERE c.n >= 1000 AND abs(c.share - c.level) > 0.05 AND q.model_type = c.model_type
                          AND q.days = 1 AND q.day > current_date - 31) w
    WHERE c.n >= 1000 AND abs(c.share - c.level) > 0.05 AND w.persons >= 10;
  RETURN QUERY
    SELECT j.kind, '', j.severity, j.message
    FROM (SELECT count(*) FILTER (WHERE t.state = 'queued') AS queued,
                 count(*) FILTER (WHERE t.state = 'queued' AND t.queued_at < now() - waiting) AS late,
                 count(*) FILTER (WHERE t.state = 'running' AND t.started_at < now() - 6 * waiting) AS stuck
          FROM glucose.training_job t WHERE t.state IN ('queued', 'running')) q
    CROSS JOIN LATERAL (VALUES
      ('jobs_waiting', 'warning', format('%s jobs wait for more than %s hours', q.late, options ->> 'job_hours'),
       q.late > 0),
      ('jobs_full', 'critical', format('%s jobs are in the queue', q.queued), q.queued > most_jobs),
      ('jobs_stuck', 'critical',
      format('%s jobs run for more than %s hours', q.stuck, 6 * (options ->> 'job_hours')::numeric),
       q.stuck > 0)) j (kind, severity, message, is_so)
    WHERE j.is_so;
  RETURN QUERY
    SELECT 'trainings_failing', f.model_type, 'warning',
    format('%s of %s trainings of the last week failed', f.failed, f.n)
    FROM (SELECT t.model_type, count(*) AS n, count(*) FILTER (WHERE t.state = 'failed') AS failed
          FROM glucose.training_job t
          WHERE t.finished_at > now() - interval '7 days' AND t.state IN ('done', 'failed') GROUP BY 1) f
    WHERE f.n >= 10 AND f.failed >= 0.5 * f.n;
  RETURN QUERY
    SELECT 'models_withdrawn', w.model_type, 'critical',
    format('%s of %s models were taken from service in a week', w.taken, w.n)
    FROM (SELECT v.model_type, count(*) AS n, (SELECT count(*) FROM glucose.model_check c
            WHERE c.model_type = v.model_type AND c.checked_at > now() - interval '7 days') AS taken
          FROM glucose.model_version v WHERE v.is_active GROUP BY 1) w
    WHERE w.taken >= 5 AND w.taken > 0.05 * w.n;
  RETURN QUERY
    SELECT 'versions_piling_up', p.model_type, 'info',
    format('%s persons have more than %s versions', count(*), most_versions)
    FROM (SELECT v.person_id, v.model_type FROM glucose.model_version v GROUP BY 1, 2 HAVING count(*) > most_versions) p
    GROUP BY p.model_type;
  RETURN QUERY
    SELECT 'growing', '', 'warning',
    format('%s, %s a week ago', pg_size_pretty(g.now::bigint), pg_size_pretty(g.before::bigint))
    FROM (SELECT (SELECT s.value FROM glucose.health_sample s WHERE s.name = 'bytes' AND s.sampled_at <= now()
                    AND s.value BETWEEN 0 AND 1e18 ORDER BY s.sampled_at DESC LIMIT 1) AS now,
                 (SELECT s.value FROM glucose.health_sample s WHERE s.name = 'bytes'
                    AND s.value BETWEEN 0 AND 1e18 AND s.sampled_at BETWEEN now() - interval '8 days' AND now()
                    ORDER BY s.sampled_at LIMIT 1) AS before) g
    WHERE g.now > growth * g.before AND g.now - g.before > 1e8;
  -- What the server writes into its own log, or loses when it crashes.
  RETURN QUERY SELECT 'setting', l.subject, l.severity, l.finding FROM glucose.leaking_settings() l
               WHERE l.severity <> 'info';
  RETURN QUERY
    SELECT 'setting', s.name, 'critical', s.message
    FROM (VALUES
      ('fsync', 'what is committed may be lost in a crash', current_setting('fsync') = 'off'),
      ('full_page_writes', 'what is stored may be damaged by a crash', current_setting('full_page_writes') = 'off')
    ) s (name, message, is_so)
    WHERE s.is_so;
END
$fn$;
COMMENT ON FUNCTION glucose.system_findings(jsonb) IS
'Internal: part of health_check(): what is wrong with the whole now.';

CREATE FUNCTION glucose.take_health_samples() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF EXISTS (SELECT FROM glucose.health_sample s WHERE s.sampled_at > now() - interval '1 hour'
             AND s.sampled_at <= now()) THEN
    RETURN;
  END IF;
  INSERT INTO glucose.health_sample (name, sampled_at, value)
  SELECT v.name, now(), v.value
  FROM (VALUES
    ('bytes', (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
               WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'm'))::float8),
    ('active_models', (SELECT count(*) FROM glucose.model_version m WHERE m.is_active)::float8),
    ('open_jobs', (SELECT count(*) FROM glucose.training_job j WHERE j.state IN ('queued', 'running'))::float8)
  ) v (name, value) WHERE v.value IS NOT NULL
  ON CONFLICT DO NOTHING;
  DELETE FROM glucose.health_sample s WHERE s.sampled_at < now() - interval '400 days';
END
$fn$;
COMMENT ON FUNCTION glucose.take_health_samples() IS
'Internal: part of health_check(): notes sizes and counts once an hour.';

CREATE FUNCTION glucose.note_person_alerts(limits jsonb, cooldown interval) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_note_person_alerts';
COMMENT ON FUNCTION glucose.note_person_alerts(jsonb, interval) IS
'Internal: part of health_check(): keeps person_alert by what is found now; returns how much is.';

CREATE FUNCTION glucose.acknowledge_person_alert(alert_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_acknowledge_person_alert';
COMMENT ON FUNCTION glucose.acknowledge_person_alert(uuid) IS
'Internal: part of acknowledge_alert(): the alert of a person.';

CREATE FUNCTION glucose.health_check(options jsonb DEFAULT '{}', OUT kind text, OUT subject text, OUT severity text,
  OUT persons integer, OUT message text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off
AS $fn$
#variable_conflict use_column
DECLARE
  limits CONSTANT jsonb := glucose.health_options(options);
  cooldown CONSTANT interval := make_interval(mins => (limits ->> 'cooldown_minutes')::integer);
BEGIN
  PERFORM glucose.require_watcher();
  PERFORM glucose.take_health_samples();
  INSERT INTO glucose.system_alert AS a (kind, subject, severity, message, first_seen, last_seen, told_at)
  SELECT f.kind, f.subject, f.severity, f.message, now(), now(), now() FROM glucose.system_findings(limits) f
  ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO UPDATE
  SET severity = EXCLUDED.severity, message = EXCLUDED.message, last_seen = now(), count = a.count + 1,
      told_at = CASE WHEN a.told_at <= now() - cooldown AND a.acknowledged_at IS NULL THEN now() ELSE a.told_at END;
  UPDATE glucose.system_alert a SET resolved_at = now() WHERE a.resolved_at IS NULL AND a.last_seen < now();
  PERFORM glucose.note_person_alerts(limits, cooldown);
  -- What is new, or due to be told again.
  RETURN QUERY
    SELECT t.kind, t.subject, t.severity, t.persons, t.message
    FROM (SELECT a.kind, a.subject, a.severity, NULL::integer AS persons, a.message
          FROM glucose.system_alert a WHERE a.told_at = now() AND a.resolved_at IS NULL
          UNION ALL
          SELECT a.kind, a.subject, max(a.severity), count(*)::integer,
                 CASE WHEN count(*) = 1 THEN max(a.message)
                 ELSE format('%s persons, as: %s', count(*), min(a.message)) END
          FROM glucose.person_alert a WHERE a.told_at = now() AND a.resolved_at IS NULL GROUP BY 1, 2) t
    ORDER BY array_position(ARRAY['critical', 'warning', 'info'], t.severity), t.kind, t.subject;
END
$fn$;
COMMENT ON FUNCTION glucose.health_check(jsonb) IS
'Looks at models, data, jobs and settings, keeps person_alert and system_alert, and returns what is new or due to be '
'told again, once a cooldown. For pg_cron, every five minutes.';

CREATE FUNCTION glucose.acknowledge_alert(alert_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF acknowledge_alert.alert_id IS NULL THEN
    RAISE EXCEPTION 'argument "alert_id" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM glucose.require_watcher();
  UPDATE glucose.system_alert a SET acknowledged_at = now(), acknowledged_by = glucose.current_identity()
  WHERE a.alert_id = acknowledge_alert.alert_id AND a.resolved_at IS NULL;
  IF NOT FOUND THEN
    RETURN glucose.acknowledge_person_alert(alert_id);
  END IF;
  RETURN true;
END
$fn$;
COMMENT ON FUNCTION glucose.acknowledge_alert(uuid) IS
'Notes that somebody looks after an alert, which is then not told again; false when there is none open of that id.';
