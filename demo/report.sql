-- SPDX-License-Identifier: PostgreSQL
-- The report of a simulated person with type 1 whose last 60 days end yesterday: models of the first 45, and what was
-- answered since. With -v lang and -v unit in another language and unit.
\set QUIET on
\set ON_ERROR_STOP on
\if :{?lang}
\else
  \set lang en
\endif
\if :{?unit}
\else
  \set unit mg/dL
\endif
SET search_path = glucose, public;
SET client_min_messages = warning;
SELECT simulate_person(200, 60, 't1d') AS person_id \gset
SELECT date_trunc('day', now()) - date_trunc('day', max(measured_at)) - interval '1 day' AS later
FROM glucose_reading WHERE person_id = :'person_id' \gset
UPDATE glucose_reading SET measured_at = measured_at + :'later'::interval, recorded_at = NULL
WHERE person_id = :'person_id';
UPDATE meal SET eaten_at = eaten_at + :'later'::interval WHERE person_id = :'person_id';
SELECT max(measured_at) - interval '15 days' AS learnt FROM glucose_reading WHERE person_id = :'person_id' \gset
SELECT count((train_model(:'person_id', t.model_type, 'auto', jsonb_build_object('end_at', :'learnt'))).version)
FROM (VALUES ('glucose'), ('cgm')) t (model_type) \g /dev/null
SELECT count(predict_glucose(meal_id)) FROM meal WHERE person_id = :'person_id' AND eaten_at > :'learnt' \g /dev/null
SELECT count(predict_cgm(:'person_id', m.at))
FROM (SELECT min(r.measured_at) AS at FROM glucose_reading r
      WHERE r.person_id = :'person_id' AND r.measured_at > :'learnt'::timestamptz + interval '1 hour'
      GROUP BY date_bin('4 hours', r.measured_at, '2026-01-01')) m \g /dev/null
\pset format unaligned
\pset tuples_only on
SELECT glucose_report(:'person_id', 14, :'lang', :'unit');
