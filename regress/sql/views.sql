-- SPDX-License-Identifier: PostgreSQL
-- An application's own tables, keyed by bigint, shown as meal and glucose_reading through security_invoker views.
\getenv here PG_ABS_SRCDIR
\set test views
\set bare on
\i :here/include/begin.sql
SET client_min_messages = warning;
CREATE EXTENSION pg_glucose;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO anna, ben;
CREATE TABLE app.food (id bigint PRIMARY KEY, user_id bigint NOT NULL, at timestamptz, kind text, kcal numeric,
  carbs numeric);
CREATE TABLE app.sensor (user_id bigint, at timestamptz, mmol numeric, received timestamptz, PRIMARY KEY (user_id, at));
CREATE INDEX ON app.food (glucose.key(user_id), glucose.key(id));
CREATE INDEX ON app.sensor (glucose.key(user_id), at);
GRANT SELECT, INSERT, DELETE ON app.food, app.sensor TO anna, ben;

-- setup() refuses a view that would show its owner's rows to everyone, and one that does not fit; nothing is made.
CREATE VIEW glucose.meal AS SELECT key(user_id) AS person_id, key(id) AS meal_id, at AS eaten_at, kind AS meal_type,
  kcal::real AS calories, carbs::real AS carbs_g, NULL::real AS protein_g, NULL::real AS fat_g, NULL::real AS fiber_g
  FROM app.food;
SELECT test.expect('SELECT setup()'), test.hint('SELECT setup()');
ALTER VIEW meal SET (security_invoker = false);
SELECT left(test.expect('SELECT setup()'), 5);
ALTER VIEW meal SET (security_invoker = on);
CREATE VIEW glucose.glucose_reading WITH (security_invoker = true) AS
  SELECT key(user_id) AS person_id, at AS measured_at, mmol AS mg_dl FROM app.sensor;
SELECT test.expect('SELECT setup()'), test.hint('SELECT setup()') IS NOT NULL AS hint;
SELECT to_regclass('glucose.person') IS NULL AS nothing_made;
DROP VIEW glucose_reading;
CREATE VIEW glucose.glucose_reading WITH (security_invoker = true) AS
  SELECT key(user_id) AS person_id, at AS measured_at,
  to_mg_dl(mmol::float8, 'mmol/L')::real AS mg_dl, received AS recorded_at FROM app.sensor;
RESET client_min_messages;
SELECT setup(steward => 'dora');
SELECT setup();
SET client_min_messages = warning;
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'glucose'::regnamespace
  AND relname IN ('meal', 'glucose_reading');
SELECT grant_access('anna'), grant_access('ben');
-- The rows are the application's to guard: its tables use the same functions.
ALTER TABLE app.food ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.sensor ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.food USING (key(user_id) = ANY (visible_persons()));
CREATE POLICY own ON app.sensor USING (key(user_id) = ANY (visible_persons()));

-- Their ids stand for rows: the owner of the tables says whose they are, nobody claims them.
INSERT INTO person (person_id, owner) VALUES (key(7), 'anna'), (key(8), 'ben');
SET ROLE ben;
SELECT test.expect('INSERT INTO person (person_id) VALUES (key(9))');
INSERT INTO app.food VALUES (800, 8, '2026-01-03 12:00', 'lunch', 500, 40);
SET ROLE anna;
INSERT INTO app.food SELECT 700 + i, 7, timestamptz '2026-01-01 08:00' + i * interval '8 h',
  (ARRAY['breakfast', 'dinner', 'snack'])[1 + i % 3], 400, 20 + i % 7 * 10 FROM generate_series(0, 59) i;
INSERT INTO app.sensor SELECT 7, at, round((6 + 2 * sin(extract(epoch FROM at) / 9000))::numeric, 2)
  FROM generate_series('2026-01-01'::timestamptz, '2026-01-22', '5 min') AS at;
SELECT version, is_active IS NOT NULL AS trained, n_train + n_validation + n_test AS meals
  FROM train_model(key(7), 'glucose', 'ridge');
SELECT jsonb_array_length(predict_glucose(key(755), '{}') -> 'predictions') AS horizons;
SELECT predict_glucose(key(755), '{}', key(7)) -> 'provenance' ->> 'readingsUsed' AS readings;
SELECT array_length(extract_features(key(755)), 1) AS features,
  test.near((extract_features(key(755)))[2], 20 + 55 % 7 * 10) AS carbs;
SELECT test.near((extract_glucose_history(key(7), '2026-01-02', 1))[4],
  (SELECT mmol FROM app.sensor WHERE user_id = 7 AND at = '2026-01-02') * 18.0182, 0.01) AS in_mg_dl;
SELECT test.expect('SELECT predict_glucose(key(800))') = replace(test.expect('SELECT predict_glucose(key(999))'),
  key(999)::text, key(800)::text) AS not_mine_is_not_there;
SELECT count(*) AS foreign_rows FROM meal WHERE person_id <> key(7);
SELECT sum(n) AS evaluated FROM evaluate_model(key(7)) WHERE minutes_ahead = 60;

-- What no table would let in: NULL and values out of range. They are left out or refused, never taken for numbers.
\set forecast 'SELECT * FROM glucose_forecast(key(755))'
\set dataset 'SELECT * FROM training_dataset(key(7))'
CREATE TEMP TABLE clean AS :forecast;
BEGIN;
DELETE FROM app.sensor WHERE user_id = 7 AND at = '2026-01-18 14:00';
INSERT INTO app.sensor VALUES (7, '2026-01-18 13:58', NULL), (7, '2026-01-18 13:59', NULL);
SELECT count(*) AS forecasts, bool_and(mg_dl BETWEEN 20 AND 600) AS sane FROM (:forecast) f;
INSERT INTO app.sensor VALUES (7, '2026-01-18 13:57', 0);
SELECT test.expect(:'forecast'), test.hint(:'forecast');
ROLLBACK;
BEGIN;
INSERT INTO app.sensor VALUES (7, '2026-01-18 13:57', 'NaN');
SELECT test.expect(:'forecast');
ROLLBACK;
BEGIN;
INSERT INTO app.food VALUES (900, 7, NULL, 'lunch', 1, 1), (901, 7, '2026-01-18 13:00', NULL, 1, 1),
  (902, 7, '2026-01-18 13:00', 'lunch', 1, 'NaN'), (903, 7, '2026-01-18 13:00', 'lunch', 1, 1e9);
SELECT id, test.expect(format('SELECT extract_features(key(%s))', id)) FROM generate_series(900, 903) AS id;
SELECT left(test.expect(:'dataset'), 5);
ROLLBACK;
-- The same reading twice counts as its mean; the same meal id of two persons must be told apart.
BEGIN;
RESET ROLE;
CREATE OR REPLACE VIEW glucose_reading WITH (security_invoker = true) AS
  SELECT key(user_id) AS person_id, at AS measured_at,
  to_mg_dl(mmol::float8, 'mmol/L')::real AS mg_dl, received AS recorded_at FROM app.sensor, generate_series(1, 2);
SET ROLE anna;
SELECT count(*) = 2 * 6049 AS doubled FROM glucose_reading;
SELECT bool_and(test.near(f.mg_dl, c.mg_dl, 0.01)) AS same_answer FROM (:forecast) f JOIN clean c USING (minutes_ahead);
ROLLBACK;
SET ROLE dora;
SELECT test.expect('SELECT * FROM meal') AS steward_needs_the_applications_grants;
RESET ROLE;

-- Views made again with other columns after setup(): refused when setup() is run again, and until then the types are
-- asked for, never assumed; a null id is refused. The views over them have gone along; setup() puts them back.
SET client_min_messages = warning;
DROP VIEW meal, glucose_reading CASCADE;
CREATE VIEW glucose.meal WITH (security_invoker = true) AS SELECT key(user_id) AS person_id,
  CASE WHEN id < 750 THEN key(id) END AS meal_id, at::timestamptz AS eaten_at, kind::varchar AS meal_type,
  kcal AS calories,
  carbs::float8 AS carbs_g, NULL::integer AS protein_g, NULL::real AS fat_g, NULL::real AS fiber_g FROM app.food;
CREATE VIEW glucose.glucose_reading WITH (security_invoker = true) AS
  SELECT key(user_id) AS person_id, at AS measured_at,
  round(mmol * 18.0182, 1) AS mg_dl, received AS recorded_at FROM app.sensor;
SELECT test.expect('SELECT setup()');
GRANT SELECT ON meal, glucose_reading TO anna;
SET ROLE anna;
SELECT test.near((extract_features(key(740)))[2], 20 + 40 % 7 * 10) AS carbs,
       test.near((extract_features(key(740)))[1], 400) AS calories,
       (extract_features(key(740)))[25] BETWEEN 70 AND 150 AS glucose;
SELECT test.expect(:'dataset');
RESET ROLE;
DROP VIEW meal, glucose_reading;
CREATE VIEW glucose.meal WITH (security_invoker = true) AS SELECT key(user_id) AS person_id, key(id) AS meal_id,
  at AS eaten_at, kind AS meal_type, kcal::real AS calories, carbs::real AS carbs_g, NULL::real AS protein_g,
  NULL::real AS fat_g, NULL::real AS fiber_g FROM app.food;
CREATE VIEW glucose.glucose_reading WITH (security_invoker = true) AS
  SELECT key(user_id) AS person_id, at AS measured_at,
  to_mg_dl(mmol::float8, 'mmol/L')::real AS mg_dl, received AS recorded_at FROM app.sensor;
SELECT setup() IS NOT NULL AS put_back, to_regclass('prediction_outcome') IS NOT NULL AS there;
