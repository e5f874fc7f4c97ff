-- SPDX-License-Identifier: PostgreSQL
-- What people think of answers, reports, and what may be told to others.
\getenv here PG_ABS_SRCDIR
\set test feedback
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

SET ROLE anna;
SELECT simulate_person(1, 20) AS ada \gset
SELECT algorithm FROM train_model(:'ada', 'glucose', 'ridge');
SELECT predict_glucose(meal_id) ->> 'predictionId' AS said FROM meal WHERE person_id = :'ada' ORDER BY eaten_at DESC
LIMIT 1 \gset
SELECT record_feedback(:'ada', :'said', 'useful'), record_feedback(:'ada', :'said', 'rating', 4, 'close enough');
SELECT kind, rating, note, given_by FROM prediction_feedback;
SELECT call, test.expect(replace(replace(call, '$1', quote_literal(:'ada')), '$2', quote_literal(:'said')))
FROM unnest(ARRAY['SELECT record_feedback($1, $2, ''great'')', 'SELECT record_feedback($1, $2, NULL)',
  'SELECT record_feedback($1, $2, ''rating'')', 'SELECT record_feedback($1, $2, ''rating'', 6)',
  'SELECT record_feedback($1, $2, ''useful'', 3)', 'SELECT record_feedback($1, key(''x''), ''useful'')',
  'SELECT record_feedback($1, $2, ''wrong'', note => repeat(''x'', 1001))',
  'INSERT INTO prediction_feedback (person_id, prediction_id, kind, given_by) VALUES ($1, $2, ''useful'', ''dora'')',
  'SELECT report()', 'SELECT report_markdown()']) call;
SET ROLE ben;
SELECT count(*) FROM prediction_feedback;
SELECT test.expect(format('SELECT record_feedback(%L, %L, ''useful'')', :'ada', :'said')) =
  'P0002 person ' || :'ada' || ' not found' AS as_if_not_there;

-- Of ten persons and more, and of no fewer.
SELECT count(*) FROM model_satisfaction();
SELECT count(simulate_person(10 + i, 2)) FROM generate_series(1, 9) i;
RESET ROLE;
INSERT INTO prediction (person_id, prediction_id, model_type, version, source, inputs_digest, predictions, latency_ms)
SELECT person_id, key('of ' || person_id), 'glucose', '1.0.0', 'population', '\x00', '[]', 3 FROM person;
INSERT INTO prediction_feedback (person_id, prediction_id, kind, rating, given_by)
SELECT person_id, key('of ' || person_id), k.kind, k.rating, k.kind FROM person,
  (VALUES ('useful', NULL), ('rating', 5)) k (kind, rating);
INSERT INTO performance_log (person_id, model_type, day, source, version, minutes_ahead, n, sum_error, sum_absolute,
                             sum_squared, n_inside, sum_level)
SELECT person_id, 'glucose', current_date - d, 'population', '1.0.0', 60, 4, 0, 4 * 12.34, 700, 3, 3.6
FROM person, generate_series(0, 12) d;
SET ROLE dora;
SELECT source, version, n_persons, n, useful, rating FROM model_satisfaction() WHERE source = 'population';
SELECT DISTINCT name, value FROM telemetry WHERE name IN ('mean_error', 'coverage', 'latency_ms') ORDER BY 1;
SELECT count(*) FROM (SELECT t::text AS line FROM telemetry t) x, person p WHERE strpos(x.line, p.person_id::text) > 0;
SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'telemetry'::regclass;
SET ROLE anna;
SELECT count(*) FROM telemetry;
SET ROLE dora;
SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(report()) k;
SELECT r #>> '{errors,glucose,mean}', r #>> '{errors,glucose,before}', r #>> '{models,active}', r -> 'feedback'
FROM report(now() - interval '6 days') r;
SELECT test.expect($$ SELECT report('infinity') $$), test.expect($$ SELECT report(now() + '1 day') $$);
SELECT line FROM regexp_split_to_table(report_markdown(now() - interval '6 days'), E'\n') line
  WHERE line ~ '^(Models|Feedback|No |\| kind)';
