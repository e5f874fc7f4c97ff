-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.record_feedback(person_id uuid, prediction_id uuid, kind text, rating integer DEFAULT NULL,
  note text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  is_new boolean;
BEGIN
  PERFORM glucose.require_person(record_feedback.person_id);
  IF record_feedback.kind IS NULL OR record_feedback.kind NOT IN ('useful', 'wrong', 'confusing', 'rating') THEN
    RAISE EXCEPTION 'unrecognized kind "%"', record_feedback.kind
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Kinds are useful, wrong, confusing and rating.';
  ELSIF (record_feedback.kind = 'rating') <> (record_feedback.rating IS NOT NULL)
        OR record_feedback.rating NOT BETWEEN 1 AND 5 THEN
    RAISE EXCEPTION 'a rating is a number from 1 to 5, of the kind "rating" alone'
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF length(record_feedback.note) > 1000 THEN
    RAISE EXCEPTION 'a note has at most 1000 characters' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT EXISTS (SELECT FROM glucose.prediction p WHERE p.person_id = record_feedback.person_id
                 AND p.prediction_id = record_feedback.prediction_id) THEN
    RAISE EXCEPTION 'prediction % not found', record_feedback.prediction_id
      USING ERRCODE = 'no_data_found', HINT = 'Only what was logged can be spoken of: predictionId of an answer.';
  END IF;
  INSERT INTO glucose.prediction_feedback AS f (person_id, prediction_id, kind, rating, note)
  VALUES (record_feedback.person_id, record_feedback.prediction_id, record_feedback.kind, record_feedback.rating,
          record_feedback.note)
  ON CONFLICT (person_id, prediction_id, given_by) DO UPDATE
  SET kind = EXCLUDED.kind, rating = EXCLUDED.rating, note = EXCLUDED.note, given_at = clock_timestamp()
  RETURNING xmax = 0 INTO is_new;
  RETURN is_new;
END
$fn$;
COMMENT ON FUNCTION glucose.record_feedback(uuid, uuid, text, integer, text) IS
'Notes what the caller thought of a logged answer; said again, the last word counts. Whether it is the first.';

CREATE FUNCTION glucose.model_satisfaction(model_type text DEFAULT 'glucose', since timestamptz DEFAULT '-infinity',
  OUT source text, OUT version text, OUT n_persons integer, OUT n integer, OUT useful real, OUT rating real)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest CONSTANT integer := 10;   -- what is said of fewer persons says something of one
BEGIN
  PERFORM glucose.model_type(model_satisfaction.model_type);
  RETURN QUERY
    SELECT s.source, s.version, count(DISTINCT s.person_id)::integer, count(*)::integer,
           avg((s.kind = 'useful')::integer) FILTER (WHERE s.kind <> 'rating')::real, avg(s.rating)::real
    FROM (SELECT f.person_id, f.kind, f.rating, coalesce(p.source, 'personal') AS source,
                 CASE p.source WHEN 'population' THEN p.version END AS version
          FROM glucose.prediction_feedback f
          JOIN glucose.prediction p ON p.person_id = f.person_id AND p.prediction_id = f.prediction_id
          WHERE p.model_type = model_satisfaction.model_type AND f.given_at >= model_satisfaction.since) s
    GROUP BY 1, 2 HAVING count(DISTINCT s.person_id) >= fewest ORDER BY 1, 2;
END
$fn$;
COMMENT ON FUNCTION glucose.model_satisfaction(text, timestamptz) IS
'What persons thought of the answers, by what answered: how many found them useful, and their mean rating; groups of '
'fewer than 10 persons are left out.';

CREATE FUNCTION glucose.report(since timestamptz DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  from_then CONSTANT timestamptz := coalesce(since, now() - interval '7 days');
  before timestamptz;
BEGIN
  PERFORM glucose.require_watcher();
  IF NOT isfinite(from_then) OR from_then >= now() THEN
    RAISE EXCEPTION 'argument "since" must be a moment that has been' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  before := from_then - (now() - from_then);
  RETURN jsonb_build_object(
    'since', from_then, 'until', now(),
    'answers', (SELECT coalesce(jsonb_object_agg(a.model_type, jsonb_build_object('n', a.n, 'before', a.before,
                       'median_ms', round(a.ms::numeric, 1))), '{}')
                FROM (SELECT p.model_type, count(*) FILTER (WHERE p.issued_at >= from_then) AS n,
                             count(*) FILTER (WHERE p.issued_at < from_then) AS before,
                             percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms) AS ms
                      FROM glucose.prediction p WHERE p.issued_at >= before GROUP BY 1) a),
    'errors', (SELECT coalesce(jsonb_object_agg(e.model_type, jsonb_build_object('unit', glucose.unit_of(e.model_type),
                      'mean', round(e.mae::numeric, 2), 'before', round(e.mae_before::numeric, 2),
                      'coverage', round(e.coverage::numeric, 3), 'n', e.n)), '{}')
               FROM (SELECT l.model_type, sum(l.n) FILTER (WHERE l.day >= from_then::date) AS n,
                            sum(l.sum_absolute) FILTER (WHERE l.day >= from_then::date)
                            / sum(l.n) FILTER (WHERE l.day >= from_then::date) AS mae,
                            sum(l.sum_absolute) FILTER (WHERE l.day < from_then::date)
                            / sum(l.n) FILTER (WHERE l.day < from_then::date) AS mae_before,
                            sum(l.n_inside) FILTER (WHERE l.day >= from_then::date)::float8
                            / sum(l.n) FILTER (WHERE l.day >= from_then::date) AS coverage
                     FROM glucose.performance_log l WHERE l.day >= before::date GROUP BY 1) e WHERE e.n > 0),
    'alerts', (SELECT coalesce(jsonb_object_agg(a.kind, jsonb_build_object('severity', a.severity, 'n', a.n,
                      'open', a.open)), '{}')
               FROM (SELECT x.kind, max(x.severity) AS severity, count(*) AS n,
                            count(*) FILTER (WHERE x.resolved_at IS NULL) AS open
                     FROM (SELECT kind, severity, first_seen, resolved_at FROM glucose.system_alert
                           UNION ALL SELECT kind, severity, first_seen, resolved_at FROM glucose.person_alert) x
                     WHERE x.first_seen >= from_then OR x.resolved_at IS NULL GROUP BY 1) a),
    'models', jsonb_build_object(
      'active', (SELECT count(*) FROM glucose.model_version v WHERE v.is_active),
      'trained', (SELECT count(*) FROM glucose.model_version v WHERE v.trained_at >= from_then),
      'deployed', (SELECT count(*) FROM glucose.deployment d WHERE d.deployed_at >= from_then),
      'rolled_back', (SELECT count(*) FROM glucose.model_check c WHERE c.checked_at >= from_then
                      AND c.action = 'rolled back'),
      'withdrawn', (SELECT count(*) FROM glucose.model_check c WHERE c.checked_at >= from_then
                    AND c.action = 'withdrawn')),
    'jobs', (SELECT coalesce(jsonb_object_agg(j.state, j.n), '{}')
             FROM (SELECT t.state, count(*) AS n FROM glucose.training_job t WHERE t.queued_at >= from_then
                   GROUP BY 1) j),
    'feedback', (SELECT coalesce(jsonb_object_agg(f.kind, f.n), '{}')
                 FROM (SELECT x.kind, count(*) AS n FROM glucose.prediction_feedback x WHERE x.given_at >= from_then
                       GROUP BY 1) f));
END
$fn$;
COMMENT ON FUNCTION glucose.report(timestamptz) IS
'What happened since a moment, by default of a week, beside as long a time before it: answers, errors, alerts, models, '
'jobs, feedback. For the owner of the tables and the steward.';

CREATE FUNCTION glucose.report_markdown(since timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  r CONSTANT jsonb := glucose.report(since);
BEGIN
  RETURN concat_ws(E'\n',
    format('# Forecasts, %s to %s', to_char((r ->> 'since')::timestamptz, 'YYYY-MM-DD'),
           to_char((r ->> 'until')::timestamptz, 'YYYY-MM-DD')), '',
    '| kind | answers | before | median ms |', '|---|---|---|---|',
    (SELECT string_agg(format('| %s | %s | %s | %s |', a.key, a.value ->> 'n', a.value ->> 'before',
                              a.value ->> 'median_ms'), E'\n' ORDER BY a.key) FROM jsonb_each(r -> 'answers') a), '',
    '| kind | mean error | before | intervals held | outcomes |', '|---|---|---|---|---|',
    (SELECT string_agg(format('| %s | %s %s | %s | %s %% | %s |', e.key, e.value ->> 'mean', e.value ->> 'unit',
                              coalesce(e.value ->> 'before', '–'), round(100 * (e.value ->> 'coverage')::numeric),
                              e.value ->> 'n'), E'\n' ORDER BY e.key) FROM jsonb_each(r -> 'errors') e), '',
    format('Models: %s serve; %s trained, %s deployed, %s rolled back, %s withdrawn.', r #>> '{models,active}',
           r #>> '{models,trained}', r #>> '{models,deployed}', r #>> '{models,rolled_back}',
           r #>> '{models,withdrawn}'),
    coalesce('Alerts: ' || (SELECT string_agg(format('%s %s (%s open)', a.value ->> 'n', a.key, a.value ->> 'open'),
                                              ', ' ORDER BY a.key) FROM jsonb_each(r -> 'alerts') a) || '.',
             'No alerts.'),
    coalesce('Feedback: ' || (SELECT string_agg(format('%s %s', f.value, f.key), ', ' ORDER BY f.key)
                              FROM jsonb_each(r -> 'feedback') f) || '.', 'No feedback.'), '', glucose.disclaimer(),
                              '');
END
$fn$;
COMMENT ON FUNCTION glucose.report_markdown(timestamptz) IS
'report() as Markdown, for an e-mail.';
