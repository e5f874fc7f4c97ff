-- SPDX-License-Identifier: PostgreSQL
-- Watching models: what serves is held against what could serve, errors are summed, alerts are raised, told and
-- resolved.
\getenv here PG_ABS_SRCDIR
\set test watching
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

-- A person whose last twelve days no model has learnt from.
SET ROLE anna;
SELECT simulate_person(1, 60) AS ada \gset
SELECT simulate_person(2, 40, 'none') AS bea \gset
SELECT max(measured_at) - interval '12 days' AS learnt FROM glucose_reading WHERE person_id = :'ada' \gset
SELECT version FROM train_model(:'ada', 'glucose', 'auto', jsonb_build_object('end_at', :'learnt'));
-- Nothing has come true since it serves: it stays.
SELECT action, against, n FROM check_model(:'ada');
-- One between them that will have lost its artifact: no way back.
SELECT version FROM train_model(:'ada', 'glucose', 'ridge', jsonb_build_object('end_at', :'learnt', 'deploy', true));
-- A bad one: it has learnt from glucose that goes down where it goes up.
BEGIN;
UPDATE glucose_reading SET mg_dl = 300 - mg_dl
WHERE person_id = :'ada' AND measured_at < :'learnt' AND mg_dl BETWEEN 60 AND 240;
SELECT version FROM train_model(:'ada', 'glucose', 'ridge', jsonb_build_object('end_at', :'learnt', 'deploy', true));
UPDATE glucose_reading SET mg_dl = 300 - mg_dl
WHERE person_id = :'ada' AND measured_at < :'learnt' AND mg_dl BETWEEN 60 AND 240;
COMMIT;
RESET ROLE;
UPDATE deployment SET deployed_at = deployed_at - interval '400 days';
UPDATE model_version SET artifact = NULL, artifact_taken_at = now() WHERE version = '1.1.0';
SET ROLE anna;
SELECT n > 30, difference < 0, p_value < 0.002 FROM compare_versions(:'ada', 'glucose', '1.2.0', '1.0.0');
SELECT n > 30, mae_a < mae_b FROM compare_versions(:'ada', 'glucose', '1.0.0', 'baseline');
SELECT test.expect(format('SELECT compare_versions(%L, ''glucose'', ''1.0.0'', ''population'')', :'ada')),
  test.expect(format('SELECT compare_versions(%L, ''glucose'', ''1.0.0'', ''9.9.9'')', :'ada'));
-- Who only reads it does not take it from service.
RESET ROLE;
SELECT test.expect('SELECT check_model(NULL)'), test.expect($$ SELECT check_model(key('x')) $$);
SET ROLE ben;
SELECT test.expect(format('SELECT check_model(%L)', :'ada')) = 'P0002 person ' || :'ada' || ' not found' AS not_there;
SELECT count(*) FROM model_check;
SET ROLE anna;
SELECT action, version, against, n > 30, mae > mae_against, ci_high < 0, p_value < 0.002 FROM check_model(:'ada');
SELECT active_model_version(:'ada');
SELECT action, version, against FROM model_check;
SELECT version, previous_version, reason FROM deployment WHERE person_id = :'ada' ORDER BY deployed_at DESC LIMIT 1;
-- Once, then not for a week; and what it went back to stays.
SELECT action FROM check_model(:'ada');
-- A bad one with none before it is withdrawn: no model answers, until another is deployed.
BEGIN;
CREATE TEMP TABLE kept AS SELECT measured_at, mg_dl FROM glucose_reading WHERE person_id = :'bea';
SELECT max(measured_at) - interval '10 days' AS learnt FROM kept \gset bea_
UPDATE glucose_reading SET mg_dl = 100 + abs(hashint8(extract(epoch FROM date_bin('30 minutes', measured_at,
  '2026-01-01'))::bigint)) % 100
WHERE person_id = :'bea' AND measured_at < :'bea_learnt';
SELECT version FROM train_model(:'bea', 'cgm', 'linear', jsonb_build_object('end_at', :'bea_learnt', 'deploy', true));
UPDATE glucose_reading r SET mg_dl = k.mg_dl FROM kept k
WHERE r.person_id = :'bea' AND k.measured_at = r.measured_at AND k.mg_dl <> r.mg_dl;
COMMIT;
RESET ROLE;
UPDATE deployment SET deployed_at = deployed_at - interval '400 days' WHERE person_id = :'bea';
CALL check_models('cgm');
SELECT model_type, action, against, n > 30, p_value < 0.002 FROM model_check WHERE person_id = :'bea';
SELECT is_active, withdrawn_at IS NOT NULL FROM model_version WHERE person_id = :'bea';
SET ROLE anna;
SELECT predict_cgm(:'bea', (SELECT max(measured_at) FROM glucose_reading WHERE person_id = :'bea'))
  #> '{provenance,source}';
SELECT version FROM train_model(:'bea', 'cgm', 'linear', '{"deploy": true}');
SELECT predict_cgm(:'bea', (SELECT max(measured_at) FROM glucose_reading WHERE person_id = :'bea'))
  #> '{provenance,source}';
RESET ROLE;
CALL check_models();
CALL check_models('nothing');
CALL check_models(max_persons => 0);

-- Deployed by hand, a withdrawn one serves again.
SET ROLE anna;
SELECT deploy_model(:'bea', 'cgm', '1.0.0', 'by hand');
RESET ROLE;
SELECT withdrawn_at IS NULL FROM model_version WHERE person_id = :'bea' AND version = '1.0.0';

-- What forecasts came to, by day.
SET ROLE anna;
SELECT test.expect('SELECT note_performance()'), test.expect('SELECT health_check()'),
  test.expect($$ INSERT INTO system_alert (kind, severity, message) VALUES ('x', 'info', 'x') $$);
SELECT count(predict_glucose(meal_id)) > 30 FROM meal WHERE person_id = :'ada' AND eaten_at > :'learnt';
RESET ROLE;
SELECT note_performance() > 10;
SELECT test.near(sum(sum_absolute) / sum(n), (SELECT avg(abs(value - outcome)) FROM prediction_outcome
         WHERE model_type = 'glucose' AND outcome IS NOT NULL AND NOT in_training), 1e-3),
       sum(n) = (SELECT count(*) FROM prediction_outcome WHERE model_type = 'glucose' AND outcome IS NOT NULL
                 AND NOT in_training)
FROM performance_log WHERE model_type = 'glucose';
SELECT sum(n) AS before FROM performance_log \gset
SELECT note_performance() >= 0, note_performance('-infinity') >= 0;
SELECT sum(n) = :before AS the_same, bool_and(days = 7) AS old_are_weeks FROM performance_log;
-- With days of this month: 20 days of 4 forecasts, the error doubles in the last week, and the intervals stop holding.
INSERT INTO performance_log (person_id, model_type, day, source, version, minutes_ahead, n, sum_error, sum_absolute,
                             sum_squared, n_inside, sum_level)
SELECT :'ada', 'glucose', current_date - d, 'personal', '1.0.0', 60, 4, 0, 4 * (CASE WHEN d < 8 THEN 30 ELSE 12 END
         + d % 3), 4000, 3 - d % 2, 4 * 0.9
FROM generate_series(1, 20) d;
SELECT metric, n_days, slope_per_week > 0 AS grows, ci_low < slope_per_week AND slope_per_week < ci_high
FROM performance_trend('glucose') WHERE metric IN ('mae', 'n') ORDER BY 1;

-- Found once, told once a cooldown, resolved when it is gone.
SET ROLE dora;
SELECT kind, subject, severity, persons, message FROM health_check() WHERE kind <> 'setting';
SELECT count(*) FROM health_check();
SELECT kind, count, person_id IS NOT NULL FROM active_alerts WHERE kind <> 'setting' ORDER BY 1;
SELECT count(*) FROM health_check('{"cooldown_minutes": 0}') WHERE kind <> 'setting';
SELECT test.expect($$ SELECT health_check('{"min_acc": 1}') $$),
  test.expect($$ SELECT health_check('{"rising": "x"}') $$),
  test.expect($$ SELECT health_check(NULL) $$), test.expect($$ SELECT health_check('[]') $$);
SELECT acknowledge_alert(alert_id) FROM active_alerts WHERE kind = 'errors_rising';
SELECT acknowledge_alert(gen_random_uuid()), test.expect('SELECT acknowledge_alert(NULL)');
SELECT count(*) FROM health_check('{"cooldown_minutes": 0}') WHERE kind <> 'setting';
SET ROLE anna;
SELECT kind, acknowledged_by FROM active_alerts ORDER BY 1;
SET ROLE ben;
SELECT count(*) FROM active_alerts;
RESET ROLE;
DELETE FROM performance_log;
SET ROLE dora;
SELECT count(*) FROM health_check();
SELECT kind, resolved_at IS NOT NULL FROM person_alert ORDER BY 1;

-- Data that stop, of one and of all; a sensor that says one number.
SET ROLE ben;
SELECT count(simulate_person(10 + i, 3, 'none')) FROM generate_series(1, 6) i;
RESET ROLE;
UPDATE glucose_reading r SET measured_at = r.measured_at + (now() - interval '30 hours' - (SELECT max(measured_at) FROM
  glucose_reading x WHERE x.person_id = r.person_id)) FROM person p WHERE p.person_id = r.person_id AND p.owner = 'ben';
SET ROLE dora;
SELECT kind, severity, regexp_replace(message, ' (after|since 2).*', '') FROM health_check()
  WHERE kind = 'data_stopped';
RESET ROLE;
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
SELECT p.person_id, now() - interval '5 minutes', 120 FROM person p WHERE p.owner = 'ben';
SET ROLE dora;
SELECT count(*) FROM health_check() WHERE kind = 'data_stopped';
RESET ROLE;
UPDATE glucose_reading r SET measured_at = r.measured_at + (now() - interval '5 minutes' - (SELECT max(measured_at) FROM
  glucose_reading x WHERE x.person_id = r.person_id)) WHERE person_id = :'ada';
UPDATE glucose_reading SET mg_dl = 123 WHERE person_id = :'ada' AND measured_at > now() - interval '6 hours';
SET ROLE dora;
SELECT kind, severity, message FROM health_check() WHERE kind LIKE 'sensor%';

-- Nobody needs a model of one's own, nor 24 readings, where all of six hours say one number.
RESET ROLE;
INSERT INTO person (person_id, owner) SELECT key('stuck ' || i), 'ben' FROM generate_series(1, 4) i;
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
SELECT key('stuck ' || s.i), now() - interval '10 minutes' - j * s.step, 111
FROM (VALUES (1, interval '30 minutes', 13), (2, '30 minutes', 12), (3, '60 minutes', 7), (4, '5 minutes', 23))
  AS s (i, step, n), generate_series(0, s.n - 1) j;
SELECT f.message, f.person_id = key('stuck 1') FROM person_findings(health_options('{}')) f
WHERE f.kind = 'sensor_stuck' AND f.person_id IN (SELECT key('stuck ' || i) FROM generate_series(1, 4) i);
UPDATE glucose_reading SET measured_at = measured_at - i * interval '15 days'
FROM generate_series(1, 4) i WHERE person_id = key('stuck ' || i);
SELECT count(*), bool_or(f.person_id = key('stuck 1')) FROM person_findings(health_options('{}')) f
WHERE f.kind = 'data_stopped' AND f.person_id IN (SELECT key('stuck ' || i) FROM generate_series(1, 4) i);
DELETE FROM person WHERE person_id IN (SELECT key('stuck ' || i) FROM generate_series(1, 4) i);

-- A sensor at the end of what it can say is not stuck.
RESET ROLE;
UPDATE glucose_reading SET mg_dl = 400 WHERE person_id = :'ada' AND measured_at > now() - interval '6 hours';
SET ROLE dora;
SELECT count(*) FROM active_alerts WHERE kind LIKE 'sensor%';
SELECT count(*) FROM health_check() WHERE kind LIKE 'sensor%';
SELECT count(*) FROM active_alerts WHERE kind LIKE 'sensor%';
-- Six of 31 that end within the same hour are a gateway, six that end hours apart are not; the drift that somebody has
-- looked for is told with what became of it.
RESET ROLE;
INSERT INTO person (person_id, owner) SELECT key('gateway ' || i), 'ben' FROM generate_series(1, 25) i;
INSERT INTO glucose_reading SELECT key('gateway ' || i),
  now() - CASE WHEN i > 6 THEN interval '1 hour' ELSE interval '30 hours'
  + i * interval '7 minutes' END, 100 FROM generate_series(1, 25) i;
SET ROLE dora;
SELECT kind, severity, regexp_replace(message, ' (after|since 2).*', '') FROM health_check()
  WHERE kind = 'data_stopped';
RESET ROLE;
UPDATE glucose_reading SET measured_at = measured_at - extract(minute
  FROM now() - interval '30 hours' - measured_at) * interval '10 minutes'
WHERE person_id IN (SELECT key('gateway ' || i) FROM generate_series(1, 6) i);
SET ROLE dora;
SELECT count(*) FROM health_check() WHERE kind = 'data_stopped';
SELECT count(*) FROM active_alerts WHERE kind = 'data_stopped';
RESET ROLE;
INSERT INTO training_job (person_id, model_type, algorithm, options, state, reason)
VALUES (:'ada', 'glucose', 'ridge', '{}', 'done', 'drift of carbs_g (feature, index 0.61)');
SET ROLE dora;
SELECT kind, subject, severity, message FROM health_check() WHERE kind = 'drift';
RESET ROLE;
DELETE FROM training_job;
DELETE FROM person WHERE person_id IN (SELECT key('gateway ' || i) FROM generate_series(1, 25) i);

-- Jobs that wait, run for days, or fail.
RESET ROLE;
INSERT INTO training_job (person_id, model_type, algorithm, options, state, queued_at, started_at, finished_at)
SELECT :'ada', 'cgm', 'linear', '{}', s.state, now() - interval '2 days', now() - interval '2 days',
       CASE s.state WHEN 'failed' THEN now() - interval '1 hour' END
FROM generate_series(1, 10) i, unnest(ARRAY['queued', 'running', 'failed']) s (state);
SET ROLE dora;
SELECT kind, subject, severity, message FROM health_check('{"queued_jobs": 5}') WHERE kind ~ 'job|training' ORDER BY 1;
-- Settings that put what is said of persons into the server's log, or lose what was stored.
RESET ROLE;
SET log_statement = 'all';
SELECT subject, severity FROM health_check() WHERE kind = 'setting' AND subject = 'log_statement';
RESET log_statement;
SELECT DISTINCT name FROM health_sample ORDER BY 1;
-- Samples of no sense, which a steward may write, stop neither the samples nor what reads them.
INSERT INTO health_sample (name, sampled_at, value) SELECT 'bytes', t, v
  FROM unnest('{infinity,-infinity,2999-01-01,4713-01-01 BC,2026-01-01}'::timestamptz[]) t,
       LATERAL (SELECT (ARRAY['NaN', 'Infinity', '1e308', '-1', '0'])[1 + abs(hashtext(t::text)) % 5]::float8) x (v);
INSERT INTO health_sample (name, sampled_at, value) SELECT 'bytes', now() - n * interval '1 min', v
  FROM unnest('{NaN,Infinity,-Infinity,1e308,-1e308,1e19}'::float8[]) WITH ORDINALITY v (v, n);
DELETE FROM health_sample WHERE sampled_at > now() - interval '1 hour' AND sampled_at < now() + interval '1 hour'
  AND name <> 'bytes';
SELECT count(*) >= 0 AS checked FROM health_check();
SELECT name, bool_and(value < 1e15) FROM gauges() WHERE name IN ('pg_glucose_health_age_seconds') GROUP BY 1;
SELECT length(dashboard()) > 1000 AS drawn, (SELECT count(*) FROM service_status()) > 5 AS said;
DELETE FROM health_sample WHERE name = 'bytes';

-- A candidate's part of the persons grows, and never shrinks.
SELECT start_experiment('grows', '{"algorithm": "ridge"}', 10, 'canary') IS NOT NULL;
SELECT set_experiment_percent('grows', 30) IS NOT NULL;
SELECT percent FROM experiment;
SELECT test.expect($$ SELECT set_experiment_percent('grows', 20) $$),
  test.expect($$ SELECT set_experiment_percent('grows', 100) $$),
  test.expect($$ SELECT set_experiment_percent('grows', NULL) $$),
  test.expect($$ SELECT set_experiment_percent('none', 50) $$);
SET ROLE anna;
SELECT test.expect($$ SELECT set_experiment_percent('grows', 50) $$);
RESET ROLE;
SELECT stop_experiment('grows');
