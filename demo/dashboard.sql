-- SPDX-License-Identifier: PostgreSQL
-- Twelve simulated persons whose last 60 days end now: models of the first 37, what was answered after the meals of the
-- last 23; and what goes wrong: models that have learnt from glucose turned upside down, a sensor that says one number,
-- one
-- that says nothing, one that reads too high, jobs that wait and fail.
\set QUIET on
\set ON_ERROR_STOP on
SET search_path = glucose, public;
SET client_min_messages = warning;
CREATE TEMP TABLE who AS SELECT i, simulate_person(i, 60) AS person_id FROM generate_series(1, 12) i;
SELECT date_trunc('minute', now()) - max(measured_at) AS later FROM glucose_reading \gset
UPDATE glucose_reading SET measured_at = measured_at + :'later'::interval, recorded_at = NULL;
UPDATE meal SET eaten_at = eaten_at + :'later'::interval;
SELECT max(measured_at) - interval '23 days' AS learnt FROM glucose_reading \gset
SELECT count((train_model(person_id, t.model_type, 'auto', jsonb_build_object('end_at', :'learnt'))).version)
FROM who, (VALUES ('glucose'), ('cgm')) t (model_type) WHERE t.model_type = 'glucose' OR i <= 4 \g /dev/null
-- Of before the bad one: whichever the tables are of the same moment.
UPDATE deployment SET deployed_at = :'learnt'::timestamptz + interval '1 minute';
BEGIN;
UPDATE glucose_reading SET mg_dl = 300 - mg_dl
WHERE person_id IN (SELECT person_id FROM who WHERE i IN (1, 6, 7)) AND measured_at < :'learnt'
  AND mg_dl BETWEEN 60 AND 240;
SELECT train_model(person_id, 'glucose', 'ridge', jsonb_build_object('end_at', :'learnt', 'deploy', true))
FROM who WHERE i IN (1, 6, 7) \g /dev/null
UPDATE glucose_reading SET mg_dl = 300 - mg_dl
WHERE person_id IN (SELECT person_id FROM who WHERE i IN (1, 6, 7)) AND measured_at < :'learnt'
  AND mg_dl BETWEEN 60 AND 240;
COMMIT;
UPDATE deployment SET deployed_at = :'learnt'::timestamptz + interval '2 minutes'
  WHERE deployed_at > :'learnt'::timestamptz
  + interval '1 minute';
-- Of one person all is 60 mg/dL too high since.
UPDATE glucose_reading SET mg_dl = least(600, mg_dl + 60)
WHERE person_id = (SELECT person_id FROM who WHERE i = 5) AND measured_at > :'learnt';
SELECT count(predict_glucose(meal_id)) FROM meal WHERE eaten_at > :'learnt' \g /dev/null
SELECT count(predict_cgm(m.person_id, m.at))
FROM (SELECT r.person_id, min(r.measured_at) AS at FROM glucose_reading r JOIN who w USING (person_id)
      WHERE w.i <= 4 AND r.measured_at > :'learnt'::timestamptz + interval '1 hour'
      GROUP BY r.person_id, date_bin('4 hours', r.measured_at, '2026-01-01')) m \g /dev/null
-- They were asked when they were about to come true. No key signs this log.
UPDATE prediction SET issued_at = coalesce(asked_at, issued_at);
UPDATE glucose_reading SET mg_dl = 123
WHERE person_id = (SELECT person_id FROM who WHERE i = 2) AND measured_at > now() - interval '5 hours';
DELETE FROM glucose_reading
WHERE person_id = (SELECT person_id FROM who WHERE i = 3) AND measured_at > now() - interval '30 hours';
INSERT INTO training_job (person_id, model_type, algorithm, options, state, queued_at, finished_at, error_sqlstate)
SELECT w.person_id, t.model_type, 'linear', '{}', t.state, now() - t.ago, now() - t.ago + interval '1 minute', t.error
FROM who w, (VALUES ('cgm', 'done', interval '3 days', NULL), ('cgm', 'failed', interval '2 days', 'MG002'),
  ('glucose', 'queued', interval '3 hours', NULL)) t (model_type, state, ago, error)
WHERE t.state <> 'queued' OR w.i > 9;
SELECT start_experiment('lad instead of what serves', '{"algorithm": "lad"}', 10, 'canary') \g /dev/null
CALL check_models();
SELECT count(*) FROM check_and_handle_drift() \g /dev/null
SELECT note_performance() \g /dev/null
SELECT count(*) FROM health_check() \g /dev/null
INSERT INTO health_sample (name, sampled_at, value)
SELECT s.name, s.sampled_at - make_interval(days => d), s.value * (1 - d / 40.0)
FROM health_sample s, generate_series(1, 20) d WHERE s.name = 'bytes';
\pset format unaligned
\pset tuples_only on
SELECT dashboard();
