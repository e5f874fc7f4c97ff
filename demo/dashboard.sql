-- SPDX-License-Identifier: PostgreSQL
-- Twelve simulated persons whose last 45 days end yesterday: models of the first 25, what was answered after the meals
-- of
-- the last 20, and one model that has learnt from glucose that was higher after meals.
\set QUIET on
\set ON_ERROR_STOP on
SET search_path = glucose, public;
SET client_min_messages = warning;
CREATE TEMP TABLE who AS SELECT i, simulate_person(i, 45) AS person_id FROM generate_series(1, 12) i;
SELECT date_trunc('day', now()) - date_trunc('day', max(measured_at)) - interval '1 day' AS later
FROM glucose_reading \gset
UPDATE glucose_reading SET measured_at = measured_at + :'later'::interval, recorded_at = NULL;
UPDATE meal SET eaten_at = eaten_at + :'later'::interval;
SELECT max(measured_at) - interval '20 days' AS learnt FROM glucose_reading \gset
SELECT count((train_model(person_id, t.model_type, 'auto', jsonb_build_object('end_at', :'learnt'))).version)
FROM who, (VALUES ('glucose'), ('cgm')) t (model_type) WHERE t.model_type = 'glucose' OR i <= 4 \g /dev/null
BEGIN;
UPDATE glucose_reading SET mg_dl = 300 - mg_dl
WHERE person_id = (SELECT person_id FROM who WHERE i = 1) AND measured_at < :'learnt' AND mg_dl BETWEEN 60 AND 240;
SELECT train_model(person_id, 'glucose', 'ridge', jsonb_build_object('end_at', :'learnt', 'deploy', true))
FROM who WHERE i = 1 \g /dev/null
UPDATE glucose_reading SET mg_dl = 300 - mg_dl
WHERE person_id = (SELECT person_id FROM who WHERE i = 1) AND measured_at < :'learnt' AND mg_dl BETWEEN 60 AND 240;
COMMIT;
UPDATE deployment SET deployed_at = :'learnt'::timestamptz + interval '1 minute' + random() * interval '1 minute';
SELECT count(predict_glucose(meal_id)) FROM meal WHERE eaten_at > :'learnt' \g /dev/null
SELECT count(predict_cgm(m.person_id, m.at))
FROM (SELECT r.person_id, min(r.measured_at) AS at FROM glucose_reading r JOIN who w USING (person_id)
      WHERE w.i <= 4 AND r.measured_at > :'learnt'::timestamptz + interval '1 hour'
      GROUP BY r.person_id, date_bin('4 hours', r.measured_at, '2026-01-01')) m \g /dev/null
CALL check_models();
SELECT note_performance() \g /dev/null
SELECT count(*) FROM health_check() \g /dev/null
\pset format unaligned
\pset tuples_only on
SELECT dashboard();
