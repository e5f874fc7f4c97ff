-- SPDX-License-Identifier: PostgreSQL
-- Statements over many persons or meals: one that is wrong is one row, and stops nobody.
\getenv here PG_ABS_SRCDIR
\set test sets
\i :here/include/begin.sql
\set VERBOSITY terse
SET ROLE anna;
SELECT test.eater(1, 30) AS p \gset
SELECT test.eater(2, 22) AS q \gset
SELECT test.eater(3, 2) AS young \gset
SELECT test.eater(4, 8) AS lost \gset
DELETE FROM glucose_reading WHERE person_id = :'lost';
SET ROLE ben;
SELECT test.eater(1, 22) AS bens \gset

-- Everyone the caller may train for, in one statement.
SET ROLE anna;
SELECT CASE person_id WHEN :'p' THEN 'p' WHEN :'q' THEN 'q' WHEN :'young' THEN 'young' WHEN :'lost'
  THEN 'lost' END AS who,
  status, version, sqlstate, message FROM train_models(algorithm => 'ridge') ORDER BY 1;
SELECT status, sqlstate, count(*) FROM train_models('cgm', 'persistence') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT status, version, sqlstate, count(*) FROM train_models(options => '{"deploy": false}', algorithm => 'mean')
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SET ROLE dora;
SELECT status, sqlstate, count(*) FROM train_models('glucose', 'ridge') GROUP BY 1, 2 ORDER BY 1, 2;
SET ROLE eve;
SELECT count(*) FROM train_models();
-- What is wrong with the arguments is wrong for everyone, and a cancelled statement ends.
SET ROLE anna;
SELECT test.expect(call)
  FROM unnest(ARRAY['SELECT train_models(''insulin'')', 'SELECT train_models(algorithm => ''magic'')',
  'SELECT train_models(options => ''{"epoch": 3}'')', 'SELECT train_models(NULL)',
  'SELECT train_models(options => NULL)',
  'SELECT train_models(options => ''[]'')']) AS call;
SET statement_timeout = '200ms';
SELECT count(*) FROM train_models('glucose', 'lstm', '{"epochs": 10000, "patience": 10000, "hidden": [64, 64]}');
RESET statement_timeout;
SELECT DISTINCT version FROM model_version WHERE algorithm = 'lstm';

-- Meals: what has no forecast is a row with the reason.
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
  VALUES (:'p', key('far'), '2027-01-01', 'lunch', 50), (:'p', key('far too'), '2027-02-01', 'lunch', 50);
SELECT count(*), count(DISTINCT meal_id) AS meals, count(mg_dl) AS forecasts, count(sqlstate) AS failed
FROM forecast_meals(:'p', '2026-01-20', 'infinity');
SELECT meal_id = key('far') AS is_far, minutes_ahead, mg_dl, sqlstate, message
FROM forecast_meals(:'p', '2026-02-03 18:00', '2027-01-20') WHERE sqlstate IS NOT NULL;
-- The rest is what glucose_forecast says of each.
SELECT count(*) AS rows, count(*) FILTER (WHERE NOT (s.minutes_ahead, s.at, s.mg_dl, s.lower, s.upper, s.confidence,
  s.confidence_score, s.model_version) = (f.minutes_ahead, f.at, f.mg_dl, f.lower, f.upper, f.confidence,
  f.confidence_score, f.model_version)) AS different
FROM forecast_meals(:'p', '2026-01-25', '2026-02-01', '{"level": 0.5}') s
JOIN LATERAL glucose_forecast(s.meal_id, '{"level": 0.5}', :'p') f USING (minutes_ahead);
SELECT sqlstate, message, count(*) FROM forecast_meals(:'lost', '-infinity', 'infinity') GROUP BY 1, 2;
SELECT count(*) FROM forecast_meals(:'p', '2030-01-01', '2031-01-01');
SELECT test.expect(format('SELECT forecast_meals(%L, %s)', :'p', arguments))
  FROM unnest(ARRAY['NULL, now()', 'now(), NULL',
  'now(), now(), NULL', 'now(), now(), ''{"levels": 1}''', 'now(), now(), ''{"level": 2}''',
  'now(), now(), ''{"model_type": "cgm"}''']) AS arguments;
SELECT test.hint(format('SELECT predict_meal(%L, ''{"eaten_at": "infinity"}'')', :'p'));
SELECT test.expect('SELECT forecast_meals(NULL, now(), now())');
SELECT test.expect(format('SELECT forecast_meals(%L, now(), now())', :'bens')) = format('P0002 person %s not found',
  :'bens')
  AS not_hers;

-- An option makes no rows of it, also in parallel queries.
SELECT count(*), count(f.mg_dl) AS forecasts, count(*) FILTER (WHERE f.mg_dl IS NULL) AS without
FROM meal m LEFT JOIN glucose_forecast(m.meal_id, '{"on_error": "none"}', m.person_id) f ON true
  WHERE m.person_id = :'p';
SELECT count(f.mg_dl) > 100 AS forecasts FROM meal m,
  glucose_forecast(m.meal_id, '{"on_error": "none"}', m.person_id) f;
SELECT set_config(test.parallel_setting(), 'on', false) \gset
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT count(*) AS of_the_lost FROM glucose_forecast(key('far'), '{"on_error": "none"}', :'p');
SELECT count(f.mg_dl) > 100 AS forecasts FROM meal m,
  glucose_forecast(m.meal_id, '{"on_error": "none"}', m.person_id) f;
SELECT set_config(test.parallel_setting(), 'off', false) \gset
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT count(*) FROM generate_series('2026-02-01'::timestamptz, '2026-06-01', '1 day') t (at),
  cgm_forecast(:'p', t.at, '{"on_error": "none", "minutes": [30]}') f;
SELECT glucose_forecast_json(key('far'), '{"on_error": "none"}') -> 'rows' AS rows;
SELECT test.expect(call) FROM unnest(ARRAY[
  'SELECT * FROM glucose_forecast(key(''far''), ''{"on_error": "raise"}'')',
  'SELECT * FROM glucose_forecast(key(''far''), ''{"on_error": "never"}'')',
  'SELECT * FROM glucose_forecast(key(''far''), ''{"on_error": "none", "level": 2}'')',
  'SELECT * FROM glucose_forecast(NULL, ''{"on_error": "none"}'')',
  'SELECT predict_glucose(key(''far''), ''{"on_error": "none"}'')']) AS call;
SET statement_timeout = '1ms';
SELECT count(f.mg_dl) FROM generate_series(1, 100), meal m,
  glucose_forecast(m.meal_id, '{"on_error": "none"}', m.person_id) f;
RESET statement_timeout;
-- Errors say whom they are about.
\set VERBOSITY default
SELECT count(predict_glucose(meal_id, '{}', person_id)) FROM meal WHERE meal_id = key('far');
SELECT count(train_model(person_id, algorithm => 'ridge')) FROM person WHERE person_id = :'young';
\set VERBOSITY terse

-- A meal without a type, or of the application's own, is what the clock says.
RESET ROLE;
ALTER TABLE meal ALTER COLUMN meal_type DROP NOT NULL;
ALTER TABLE meal DROP CONSTRAINT meal_meal_type_check;
CREATE TEMP TABLE as_typed AS SELECT * FROM forecast_meals(:'p', '2026-01-25', '2026-02-01');
UPDATE meal SET meal_type = CASE extract(hour FROM eaten_at) WHEN 7 THEN 'Frühstück' WHEN 13 THEN NULL ELSE '' END;
SELECT count(*) AS rows, count(*) FILTER (WHERE a.mg_dl <> b.mg_dl) AS different
FROM as_typed a JOIN forecast_meals(:'p', '2026-01-25', '2026-02-01') b USING (meal_id, minutes_ahead);
SET ROLE anna;
SELECT n_train > 0 AS trained FROM train_model(:'p', algorithm => 'mean', options => '{"deploy": false}');
SELECT predict_meal(:'p', '{"meal_type": null, "carbs_g": 40, "eaten_at": "2026-02-01T13:00:00Z"}',
  '{}') -> 'predictions'
  = predict_meal(:'p', '{"meal_type": "lunch", "carbs_g": 40, "eaten_at": "2026-02-01T13:00:00Z"}',
  '{}') -> 'predictions'
  AS lunch;

-- A row of a view that is outside its range is its own meal's trouble.
RESET ROLE;
ALTER TABLE meal DROP CONSTRAINT meal_carbs_g_check;
UPDATE meal SET carbs_g = 9999 WHERE meal_id = key('far');
SET ROLE anna;
SELECT meal_id = key('far') AS is_far, sqlstate, message FROM forecast_meals(:'p', '2026-02-03 18:00', '2027-01-20')
WHERE sqlstate IS NOT NULL;
SELECT count(*) FROM glucose_forecast(key('far'), '{"on_error": "none"}');

-- Behind a gateway, whose errors are statuses, the rows have the same SQLSTATEs.
RESET ROLE;
SET glucose.identity = 'claims';
SET request.jwt.claims = '{"sub": "anna"}';
SET ROLE eve;
SELECT status, sqlstate, count(*) FROM train_models(algorithm => 'mean', options => '{"deploy": false}') GROUP BY 1, 2
ORDER BY 1, 2;
SELECT DISTINCT sqlstate FROM forecast_meals(:'lost', '-infinity', 'infinity');
SELECT count(*) FROM glucose_forecast(key('far'), '{"on_error": "none"}');
