-- SPDX-License-Identifier: PostgreSQL
-- How often one identity may ask: by the table, for the library is not preloaded here. In shared memory:
-- t/010_limits.pl.
\getenv here PG_ABS_SRCDIR
\set test limits
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

-- Who asks for a forecast or a training and does not say what it costs is not answered (require_counted()); what says
-- so by its name is among those that are counted.
SELECT function_name, kind FROM call_costs() ORDER BY kind, function_name;
SELECT c.function_name AS no_function FROM call_costs() c
WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.prosrc = 'glucose_' || c.function_name);
SELECT p.proname AS has_not_said_what_it_costs FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'glucose'::regnamespace AND l.lanname = 'c' AND obj_description(p.oid, 'pg_proc') !~ '^Internal:'
  AND p.proname ~ 'train|tune|predict|forecast|explain|importance|what_if|curve|simulate|evaluate|drift|attention'
  AND p.proname NOT IN ('cancel_training', 'start_training_workers', 'prediction_points')
  AND NOT EXISTS (SELECT FROM call_costs() c WHERE p.prosrc = 'glucose_' || c.function_name);

SET ROLE anna;
SELECT test.eater(1, 15) AS ada \gset
SELECT meal_id AS meal FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT algorithm FROM train_model(:'ada', algorithm => 'mean', options => '{"deploy": true}');
-- Off: nothing is written, and nobody who asks can switch it on or off.
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 5);
SELECT count(*) FROM rate_limits();
SELECT test.expect('SET glucose.rate_limit_predictions = 100');
SELECT test.expect('SET glucose.rate_limit_expensive = 100');
RESET ROLE;
SELECT count(*) FROM counted_call;
SET glucose.rate_limit_predictions = 3;
SET glucose.rate_limit_expensive = 2;

-- Three in a minute, whichever function is asked; then when to try again.
SET ROLE anna;
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 2);
SELECT predict_cgm(:'ada', '2026-01-15') IS NOT NULL;
CREATE FUNCTION pg_temp.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  hint text;
BEGIN
  EXECUTE statement;
  RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws('|', SQLSTATE, SQLERRM, detail, regexp_replace(hint, '(5[0-9]|60) s', 'nn s'));
END
$$;
SELECT pg_temp.told(format('SELECT predict_glucose(%L)', :'meal'));
SELECT pg_temp.told(format('SELECT predict_meal(%L, ''{"carbs_g": 20}'')', :'ada'));
-- What is refused costs nothing; the oldest is forgotten after a minute, and one more is let in.
RESET ROLE;
SELECT identity, kind, count(*) FROM counted_call GROUP BY 1, 2;
UPDATE counted_call SET called_at = called_at - interval '57 s';
SET ROLE anna;
SELECT pg_temp.told(format('SELECT predict_glucose(%L)', :'meal')) ~ '^53400.*again in [1-3] seconds?\.$';
SELECT kind, per_minute, available, next_at BETWEEN now() AND now() + interval '3 s' AS soon FROM rate_limits();
RESET ROLE;
UPDATE counted_call SET called_at = called_at - interval '3 s'
WHERE called_at = (SELECT min(called_at) FROM counted_call);
SET ROLE anna;
SELECT predict_glucose(:'meal') IS NOT NULL;
SELECT pg_temp.told(format('SELECT predict_glucose(%L)', :'meal')) ~ '^53400';

-- Expensive ones have a limit of their own, and one refused in a statement over many stops nobody.
SELECT count(*) FROM explain_prediction(:'meal', 60);   -- only reads: not counted
SELECT test.eater(2, 15) IS NOT NULL, test.eater(3, 15) IS NOT NULL;
SELECT status, sqlstate, message FROM train_models(algorithm => 'mean');
SELECT pg_temp.told(format('SELECT train_model(%L)', :'ada'));
SELECT pg_temp.told(format('SELECT train_model_async(%L)', :'ada'));
SELECT pg_temp.told('SELECT simulate_person(1)');
-- A wrong question is a call like any other; what only reads is not counted, nor what a rollback takes back.
RESET ROLE;
DELETE FROM counted_call;
SET ROLE anna;
SELECT test.expect('SELECT predict_glucose(gen_random_uuid())') ~ '^P0002';   -- undone by expect() itself
SELECT count(*) FROM glucose_forecast(:'meal'), generate_series(1, 9);
BEGIN READ ONLY;
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 9);
COMMIT;
BEGIN;
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 3);
SELECT pg_temp.told(format('SELECT predict_glucose(%L)', :'meal')) ~ '^53400';
SELECT kind, available FROM rate_limits();
ROLLBACK;
SELECT count(*) FROM rate_limits();

-- Each identity by itself; the owner of the tables and the steward are not counted and see everybody, others
-- themselves; a steward who only reads is counted. Nobody reads or writes the table.
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 3);
INSERT INTO person_access (person_id, identity, level) VALUES (:'ada', 'cara', 'view');
SET ROLE cara;
SELECT identity, kind, available FROM rate_limits();
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 2);
SELECT identity, kind, available, next_at IS NULL AS now FROM rate_limits();
SELECT test.expect(s) FROM unnest(ARRAY['TABLE counted_call', 'DELETE FROM counted_call',
  'INSERT INTO counted_call VALUES (''anna'', ''prediction'', now())']) s;
SET ROLE dora;
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 9);
SELECT identity, kind, available, next_at IS NULL AS now FROM rate_limits();
SELECT test.expect('TABLE counted_call');
RESET ROLE;
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 9);
SELECT identity, kind, available, next_at IS NULL AS now FROM rate_limits();
CREATE ROLE limits_reader;
SELECT add_steward('limits_reader', 'read');
SET ROLE limits_reader;
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 3);
SELECT pg_temp.told(format('SELECT predict_glucose(%L)', :'meal')) ~ '^53400';
RESET ROLE;
DROP OWNED BY limits_reader;
DROP ROLE limits_reader;

-- Old rows go with new ones, four at a time, and with purge() all of them.
UPDATE counted_call SET called_at = called_at - interval '2 min';
SELECT count(*) > 4 FROM counted_call WHERE identity <> 'anna';
INSERT INTO counted_call SELECT 'anna', 'prediction', now() - n * interval '1 hour' FROM generate_series(1, 9) n;
SET ROLE anna;
SELECT count(predict_glucose(:'meal')) FROM generate_series(1, 2);
RESET ROLE;
SELECT count(*) FROM counted_call WHERE identity = 'anna';
SET client_min_messages = warning;
SET ROLE dora;
CALL purge();
RESET ROLE;
SELECT identity, count(*) FROM counted_call GROUP BY 1;

-- Behind a gateway: by "sub", as PT429.
SET glucose.identity = 'claims';
GRANT anna TO CURRENT_USER;
SET ROLE anna;
SET request.jwt.claims = '{"sub": "anna"}';
SELECT predict_glucose(:'meal') IS NOT NULL;
SELECT pg_temp.told(format('SELECT predict_glucose(%L)', :'meal'));
SET request.jwt.claims = '{"sub": "cara"}';
SELECT predict_glucose(:'meal') IS NOT NULL;
RESET request.jwt.claims;
SELECT test.expect(format('SELECT predict_glucose(%L)', :'meal'));
RESET ROLE;
SET glucose.identity = 'role';

-- One call has its bound: what is too much is said before anything is done.
SET glucose.rate_limit_predictions = 0;
SET glucose.rate_limit_expensive = 0;
SET ROLE anna;
INSERT INTO meal (person_id, eaten_at, meal_type, carbs_g)
SELECT :'ada', '2020-01-01'::timestamptz + n * interval '1 h', 'snack', 10 FROM generate_series(1, 2001) n;
SELECT pg_temp.told(format('SELECT forecast_meals(%L, ''-infinity'', ''infinity'')', :'ada')) ~ 'There are 2046 in';
SELECT pg_temp.told(format('SELECT forecast_meals(%L, ''2020-01-01'', ''2021-01-01'')', :'ada'));
SELECT count(DISTINCT meal_id) FROM forecast_meals(:'ada', '2020-01-01 01:30', '2021-01-01');
SELECT pg_temp.told(replace(call, '$1', quote_literal(:'ada'))) FROM unnest(ARRAY[
  'SELECT import_readings($1, array_fill(now(), ARRAY[1000001]), array_fill(100::real, ARRAY[1000001]))',
  'SELECT import_meals($1, to_jsonb(array_fill(1, ARRAY[1000001])))',
  'SELECT import_daily($1, to_jsonb(array_fill(1, ARRAY[1000001])))',
  'SELECT predict_metrics($1, array_fill(''STEPS''::text, ARRAY[101]))',
  'SELECT daily_values($1, ''2000-01-01'', ''2026-01-01'')',
  'SELECT simulate_person(1, 3651)', 'SELECT agp($1, 367)',
  'SELECT tune_model($1, ''ridge'', options => ''{"time_budget": 86401}'')']) call;
