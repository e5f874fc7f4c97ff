-- SPDX-License-Identifier: PostgreSQL
-- What ./dev scrape reads: five simulated persons until an hour ago, something of every gauge, and a role that may read
-- the gauges and nothing else, as docs/how-to/operate.md says.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = glucose, public;
CREATE ROLE glucose_steward;
SELECT setup(steward => 'glucose_steward') \g /dev/null
CREATE TEMP TABLE who AS SELECT i, simulate_person(i, 30) AS person_id FROM generate_series(1, 5) i;
SELECT date_trunc('hour', now()) - max(measured_at) AS later FROM glucose_reading \gset
UPDATE glucose_reading SET measured_at = measured_at + :'later'::interval;
UPDATE meal SET eaten_at = eaten_at + :'later'::interval;
SELECT max(measured_at) - interval '6 days' AS learnt FROM glucose_reading \gset
SELECT count((train_model(person_id, t.model_type, t.algorithm,
  jsonb_build_object('end_at', :'learnt', 'deploy', true))).version)
FROM who, (VALUES ('glucose', 'ridge'), ('cgm', 'linear')) t (model_type, algorithm) \g /dev/null
SELECT count(predict_glucose(meal_id)) FROM meal WHERE eaten_at > :'learnt' \g /dev/null
SELECT count(predict_cgm(m.person_id, m.at))
FROM (SELECT r.person_id, min(r.measured_at) AS at FROM glucose_reading r
      WHERE r.measured_at > :'learnt'::timestamptz + interval '1 hour'
      GROUP BY r.person_id, date_bin('6 hours', r.measured_at, '2026-01-01')) m \g /dev/null
SELECT note_performance() \g /dev/null
SELECT start_experiment('ridge or not', '{"algorithm": "lad"}', 20, 'canary') \g /dev/null
INSERT INTO training_job (person_id, model_type, algorithm, options, state, reason, queued_at, finished_at)
SELECT person_id, 'glucose', 'ridge', '{}', s.state, s.reason, now() - interval '2 hours',
       CASE s.state WHEN 'failed' THEN now() END
FROM who, (VALUES ('queued', NULL), ('failed', 'drift of carbs_g (feature, index 0.5)')) s (state, reason);
INSERT INTO model_check (person_id, model_type, version, action, against, n, mae, mae_against, ci_low, ci_high, p_value)
SELECT person_id, 'glucose', '1.0.0', 'withdrawn', 'baseline', 20, 30, 20, -14, -6, 0.0001 FROM who WHERE i = 1;
SELECT count(*) FROM health_check() \g /dev/null

CREATE ROLE prometheus LOGIN;
CREATE SCHEMA watch AUTHORIZATION glucose_steward;
SET ROLE glucose_steward;
CREATE FUNCTION watch.gauges(gauge text, OUT name text, OUT labels jsonb,
  OUT value double precision) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT * FROM glucose.gauges($1)';
REVOKE ALL ON FUNCTION watch.gauges FROM PUBLIC;
GRANT USAGE ON SCHEMA watch TO prometheus;
GRANT EXECUTE ON FUNCTION watch.gauges TO prometheus;
