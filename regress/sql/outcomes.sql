-- SPDX-License-Identifier: PostgreSQL
-- What came of answers, from applications whose truth is not in the tables.
\getenv here PG_ABS_SRCDIR
\set test outcomes
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

SET ROLE anna;
SELECT simulate_person(1, 60) AS ada \gset
SELECT max(measured_at) - interval '20 days' AS until FROM glucose_reading WHERE person_id = :'ada' \gset
SELECT version FROM train_model(:'ada', 'glucose', 'personal', jsonb_build_object('end_at', timestamptz :'until'));
-- The last meals, of which no reading says what came of them; what did is known elsewhere.
CREATE TEMP TABLE truth AS
  SELECT m.meal_id, m.eaten_at, a.mg_dl AS after_60, b.mg_dl AS after_120 FROM meal m
  JOIN LATERAL (SELECT mg_dl FROM glucose_reading r WHERE r.person_id = m.person_id
    AND r.measured_at BETWEEN m.eaten_at + '57 min' AND m.eaten_at + '63 min' LIMIT 1) a ON true
  JOIN LATERAL (SELECT mg_dl FROM glucose_reading r WHERE r.person_id = m.person_id
    AND r.measured_at BETWEEN m.eaten_at + '117 min' AND m.eaten_at + '123 min' LIMIT 1) b ON true
  WHERE m.person_id = :'ada' AND m.eaten_at > :'until' AND m.meal_type = 'dinner' ORDER BY m.eaten_at LIMIT 14;
SELECT count(predict_glucose(meal_id)) FROM truth;
DELETE FROM glucose_reading r USING truth t WHERE r.person_id = :'ada'
  AND r.measured_at BETWEEN t.eaten_at + '20 min' AND t.eaten_at + '150 min';
SELECT prediction_id AS said, t.after_60, t.after_120 FROM prediction p JOIN truth t USING (meal_id) ORDER BY t.eaten_at
  LIMIT 1 \gset
SELECT count(outcome), count(*) FROM prediction_outcome;
CREATE TEMP TABLE said AS SELECT t.meal_id, f.* FROM truth t, glucose_forecast(t.meal_id) f;
SELECT n FROM compare_versions(:'ada', 'glucose', '1.0.0', 'baseline', (SELECT min(eaten_at) FROM truth));
-- Refused: what is no outcome of this answer, and what cannot be.
SELECT call, test.expect(replace(call, '$1', quote_literal(:'said'))),
  test.hint(replace(call, '$1', quote_literal(:'said')))
FROM unnest(ARRAY['SELECT record_outcome($1, ''140'')', 'SELECT record_outcome($1, ''{"90": 140}'')',
  'SELECT record_outcome($1, ''{"60": "high"}'')', 'SELECT record_outcome($1, ''{"60": true}'')',
  'SELECT record_outcome($1, ''{"x": 140}'')', 'SELECT record_outcome($1, ''{"60": 19}'')',
  'SELECT record_outcome($1, ''{"60": 8}'')', 'SELECT record_outcome($1, ''{"60": 34}'', ''mmol/L'')',
  'SELECT record_outcome($1, ''{"60": 8}'', ''stones'')', 'SELECT record_outcome($1, ''[140, 150]'')',
  'SELECT record_outcome($1, ''true'')', 'SELECT record_outcome($1, ''null'')', 'SELECT record_outcome($1, NULL)',
  'SELECT record_outcome(NULL, ''140'')', 'INSERT INTO recorded_outcome SELECT key(''ada''), $1, 60, 100',
  'UPDATE recorded_outcome SET value = 100', 'DELETE FROM recorded_outcome']) call;
SELECT test.expect('SELECT record_outcome(key(''x''), ''140'')'),
  test.expect(format('SELECT record_outcome(key(''x''), ''140'', person_id => %L)', :'ada'));
-- A number of minutes has many spellings, and one outcome.
SELECT spellings, test.expect(format('SELECT record_outcome(%L, %s)', :'said', outcome)),
  test.hint(format('SELECT record_outcome(%L, %s)', :'said', outcome))
FROM (VALUES ('one more zero', quote_literal('{"60": 140, "060": 150}')),
  ('a blank', quote_literal('{"60": 140, " 60": 140}')),
  ('a sign', quote_literal('{"120": 140, "+120": 150}')),
  ('not next to each other', quote_literal('{"060": 140, "120": 150, "60": 140}')),
  ('500 of them', $$ (SELECT jsonb_object_agg(repeat('0', n) || '60', 140)
  FROM generate_series(0, 499) n) $$)) v (spellings,
  outcome);
SELECT count(*) FROM recorded_outcome;
-- In another unit, and said again; one horizon stays as it was.
SELECT record_outcome(:'said', jsonb_build_object('60', :after_60 / 18.0182, '120', :after_120 / 18.0182), 'mmol/L');
SELECT minutes_ahead, test.near(value, CASE minutes_ahead WHEN 60 THEN :after_60 ELSE :after_120 END, 0.01), recorded_by
FROM recorded_outcome ORDER BY 1;
SELECT record_outcome(:'said', '{"60": 100}', person_id => :'ada');
SELECT minutes_ahead, test.near(value, 100), test.near(value, :after_120, 0.01) FROM recorded_outcome ORDER BY 1;
SELECT sum(record_outcome(p.prediction_id, jsonb_build_object('60', t.after_60, '120', t.after_120)))
FROM prediction p JOIN truth t USING (meal_id);
-- It counts wherever errors are said, and in nothing that is forecast.
SELECT count(outcome), count(*) FROM prediction_outcome;
SELECT o.minutes_ahead, count(*),
  bool_and(test.near(o.outcome, CASE o.minutes_ahead WHEN 60 THEN t.after_60 ELSE t.after_120 END))
FROM prediction_outcome o JOIN truth t USING (meal_id) GROUP BY 1 ORDER BY 1;
SELECT minutes_ahead, n, mae > 0 FROM live_accuracy(:'ada');
SELECT n, mae > 0 FROM live_mae(:'ada', 'glucose', '1.0.0');
SELECT n, mae_a > 0 FROM compare_versions(:'ada', 'glucose', '1.0.0', 'baseline', (SELECT min(eaten_at) FROM truth));
SELECT count(*) FROM (SELECT t.meal_id, f.* FROM truth t, glucose_forecast(t.meal_id) f EXCEPT SELECT * FROM said) x;
-- What the tables say counts first.
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT :'ada', eaten_at + '60 min', 333 FROM truth ORDER BY eaten_at LIMIT 1;
SELECT o.outcome FROM prediction_outcome o JOIN truth t USING (meal_id) WHERE minutes_ahead = 60
  ORDER BY t.eaten_at, o.issued_at LIMIT 1;
DELETE FROM glucose_reading WHERE mg_dl = 333;
-- Sums of the night, and a model that they show to be worse than none.
SET ROLE dora;
SELECT note_performance() > 0;
SELECT minutes_ahead, sum(n) FROM performance_log GROUP BY 1 ORDER BY 1;
RESET ROLE;
UPDATE deployment SET deployed_at = deployed_at - interval '400 days';
SET ROLE anna;
SELECT action, n FROM check_model(:'ada');
SELECT count(record_outcome(o.prediction_id, jsonb_build_object('60', x.level, '120', x.level)))
FROM (SELECT DISTINCT ON (p.prediction_id) p.prediction_id, t.eaten_at FROM prediction p JOIN truth t USING (meal_id)) o
CROSS JOIN LATERAL (SELECT mg_dl AS level FROM glucose_reading r
  WHERE r.person_id = :'ada' AND r.measured_at <= o.eaten_at ORDER BY r.measured_at DESC LIMIT 1) x;
BEGIN;
DELETE FROM meal WHERE person_id = :'ada' AND meal_id NOT IN (SELECT meal_id FROM truth)
  AND eaten_at > (SELECT training_end FROM model_version WHERE person_id = :'ada' AND is_active);
SELECT action, against, n, p_value < 0.002 FROM check_model(:'ada');
ROLLBACK;

-- Of a metric in its unit and range, of an event whether it happened; of others' answers nothing, and who only views
-- records nothing.
SELECT max(day) - 3 AS day FROM daily_metric WHERE person_id = :'ada' AND metric = 'RESTING_HEART_RATE' \gset
SELECT version FROM train_metric(:'ada', 'RESTING_HEART_RATE', 'moving_average');
SELECT predict_metric(:'ada', 'RESTING_HEART_RATE', :'day') ->> 'metric';
SELECT prediction_id AS beats FROM prediction WHERE model_type = 'daily:RESTING_HEART_RATE' \gset
DELETE FROM daily_metric WHERE person_id = :'ada' AND metric = 'RESTING_HEART_RATE' AND day = :'day';
RESET ROLE;
INSERT INTO prediction (person_id, prediction_id, model_type, version, source, inputs_digest, predictions, latency_ms,
  level)
SELECT :'ada', key(n::text), 'event:strain', '1.0.0', 'population', '\x00', jsonb_build_array(jsonb_build_object(
  'minutes_ahead', 1440, 'at', timestamptz '2020-03-02 22:00+00' + n * interval '100 days', 'probability', 0.7)), 3, 0.9
FROM generate_series(0, 30, 30) n;
SET ROLE anna;
SELECT call, test.expect(replace(replace(call, '$b', quote_literal(:'beats')), '$e', quote_literal(key('0'))))
FROM unnest(ARRAY['SELECT record_outcome($b, ''20'')', 'SELECT record_outcome($b, ''61'', ''km'')',
  'SELECT record_outcome($b, ''true'')', 'SELECT record_outcome($e, ''1'')',
  'SELECT record_outcome($e, ''true'', ''bpm'')',
  'SELECT record_outcome(key(''30''), ''true'')', 'SELECT record_outcome($e, ''{"60": true}'')',
  'SELECT record_outcome($b, ''61'', ''1/min'')', 'SELECT record_outcome($e, ''{"1440": true}'')']) call;
SELECT record_outcome(key('0'), 'true'), record_outcome(:'beats', '61');
SELECT model_type, outcome FROM prediction_outcome WHERE strpos(model_type, ':') > 0 ORDER BY 1, 2;
INSERT INTO person_access (person_id, identity, level) VALUES (:'ada', 'cara', 'view');
SET ROLE cara;
SELECT count(*) > 0 FROM recorded_outcome;
SELECT replace(test.expect(format('SELECT record_outcome(%L, ''61'')', :'beats')), :'ada', 'ada');
RESET ROLE;
UPDATE person_access SET level = 'record';
SET ROLE cara;
SELECT record_outcome(:'beats', '62');
SELECT value, recorded_by FROM recorded_outcome WHERE prediction_id = :'beats';
SET ROLE ben;
SELECT count(*) FROM recorded_outcome;
SELECT test.expect(format('SELECT record_outcome(%L, ''61'')', :'beats')) = 'P0002 prediction ' || :'beats'
  || ' not found',
  test.expect(format('SELECT record_outcome(%L, ''61'', NULL, %L)', :'beats', :'ada')) = 'P0002 person ' || :'ada'
  || ' not found';
-- What the log has lost cannot be spoken of, and erasure takes what was told.
RESET ROLE;
UPDATE prediction SET predictions = '[]' WHERE prediction_id = key('30');
SET ROLE anna;
SELECT test.expect($$ SELECT record_outcome(key('30'), 'true') $$),
  test.hint($$ SELECT record_outcome(key('30'), 'true') $$);
RESET ROLE;
-- What purge() takes out of the log it takes here, too.
SET client_min_messages = warning;
SET ROLE dora;
CALL purge();
SELECT count(*) > 20 FROM recorded_outcome;
RESET ROLE;
SET glucose.values_retention = 0;
UPDATE recorded_outcome SET recorded_at = now() - interval '1 hour' WHERE prediction_id <> key('0');
UPDATE prediction SET issued_at = now() - interval '1 hour' WHERE prediction_id <> key('0');
UPDATE prediction SET issued_at = now() + interval '1 hour' WHERE prediction_id = key('0');
SET ROLE dora;
CALL purge();
RESET ROLE;
SELECT count(*), bool_and(prediction_id = key('0')) FROM recorded_outcome;
DELETE FROM person WHERE person_id = :'ada';
SELECT count(*) FROM recorded_outcome;
