-- SPDX-License-Identifier: PostgreSQL
-- Many readings and meals at once into an application's own tables: through a view that only renames, through one
-- whose trigger writes, and not through one that cannot be written; into a partitioned table, and one without any key.
\getenv here PG_ABS_SRCDIR
\set test import_views
\set bare
\i :here/include/begin.sql
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
CREATE EXTENSION pg_glucose;
CREATE SCHEMA mine;
CREATE TABLE mine.food (person uuid NOT NULL, id uuid PRIMARY KEY, at timestamptz NOT NULL, kind text, carbs real);
CREATE TABLE mine.cgm (person uuid NOT NULL, at timestamptz NOT NULL, mg real NOT NULL,
  learnt timestamptz DEFAULT '2000-01-01',
  PRIMARY KEY (person, at));
CREATE VIEW glucose.meal WITH (security_invoker = true) AS
  SELECT person AS person_id, id AS meal_id, at AS eaten_at, kind AS meal_type, NULL::real AS calories,
  carbs AS carbs_g,
         NULL::real AS protein_g, NULL::real AS fat_g, NULL::real AS fiber_g FROM mine.food;
CREATE VIEW glucose.glucose_reading WITH (security_invoker = true) AS
  SELECT person AS person_id, at AS measured_at, mg AS mg_dl, learnt AS recorded_at FROM mine.cgm;
ALTER TABLE mine.food ENABLE ROW LEVEL SECURITY;
ALTER TABLE mine.cgm ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON mine.food USING (glucose.may_record(person));
CREATE POLICY mine ON mine.cgm USING (glucose.may_record(person));
SELECT setup();
GRANT USAGE ON SCHEMA mine TO anna, cara;
GRANT ALL ON mine.food, mine.cgm TO anna, cara;
SELECT grant_access('anna'), grant_access('cara');
INSERT INTO person (person_id, owner) VALUES (key('anna'), 'anna');
INSERT INTO person_access (person_id, identity) VALUES (key('anna'), 'cara');
CREATE FUNCTION pg_temp.readings(options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
  SELECT i::text FROM glucose.import_readings(glucose.key('anna'),
    '{2021-01-03,2021-01-01,2021-01-02,2021-01-02}', '{103,101,99,102}', options) i $$;
-- The view only renames: all is as with a table, under the tables' own policies. The table's default says when.
SET ROLE anna;
SELECT pg_temp.readings(), pg_temp.readings();
SELECT import_readings(key('anna'), '{2021-01-02,2021-01-04,2021-01-03}', '{100,104,103}',
  '{"recorded_at": "measured"}');
SELECT * FROM glucose_reading ORDER BY measured_at;
SET ROLE cara;
SELECT test.expect('SELECT pg_temp.readings()');
SELECT test.expect($$ SELECT import_readings(key('anna'), '{2021-01-05}', '{100}') $$);
-- A view with a column that cannot be written says which.
SET ROLE anna;
SELECT test.expect($$ SELECT import_meals(key('anna'), '[{"eaten_at": "2021-01-01T12:00Z", "carbs_g": 50}]') $$);
SELECT import_meals(key('anna'), '[]');
-- A trigger can.
RESET ROLE;
CREATE FUNCTION mine.write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO mine.food VALUES (NEW.person_id, NEW.meal_id, NEW.eaten_at, NEW.meal_type, NEW.carbs_g);
  ELSE
    UPDATE mine.food SET at = NEW.eaten_at, kind = NEW.meal_type, carbs = NEW.carbs_g WHERE id = OLD.meal_id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE ON glucose.meal FOR EACH ROW EXECUTE FUNCTION mine.write();
SET ROLE anna;
SELECT import_meals(key('anna'), m), import_meals(key('anna'), m), import_meals(key('anna'),
  jsonb_set(m, '{0,carbs_g}', '51'))
FROM (VALUES ('[{"eaten_at": "2021-01-01T12:00Z", "carbs_g": 50},
  {"meal_id": 5, "eaten_at": "2021-01-01T19:00Z", "carbs_g": 60}]'::jsonb))
  AS v (m);
SELECT eaten_at, meal_type, carbs_g FROM meal ORDER BY eaten_at;
RESET ROLE;

-- Tables of an application's own in their place: partitioned, and without a key at all.
\set test import_tables
\c postgres
\i :here/include/begin.sql
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
CREATE EXTENSION pg_glucose;
CREATE TABLE glucose.meal (person_id uuid, meal_id uuid, eaten_at timestamptz, meal_type text, calories real,
  carbs_g real,
  protein_g real, fat_g real, fiber_g real);
CREATE TABLE glucose.glucose_reading (person_id uuid, measured_at timestamptz, mg_dl real, recorded_at timestamptz,
  PRIMARY KEY (person_id, measured_at)) PARTITION BY RANGE (measured_at);
CREATE TABLE glucose.of_2021 PARTITION OF glucose.glucose_reading FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE glucose.of_2022 PARTITION OF glucose.glucose_reading FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
SELECT setup();
SELECT grant_access('anna'), grant_access('cara');
SET ROLE anna;
INSERT INTO person (person_id) VALUES (key('anna'));
SELECT import_readings(key('anna'), '{2022-12-31,2021-12-31,2022-01-01}', '{100,101,102}'),
  import_readings(key('anna'), '{2022-12-31,2021-12-31,2022-01-02}', '{100,103,102}');
SELECT test.expect($$ SELECT import_readings(key('anna'), '{2023-01-01,2021-12-31}', '{100,101}') $$);
SELECT import_meals(key('anna'), m), import_meals(key('anna'), m), import_meals(key('anna'),
  jsonb_set(m, '{0,carbs_g}', '51'))
FROM (VALUES ('[{"eaten_at": "2021-01-01T12:00Z", "carbs_g": 50},
  {"eaten_at": "2021-01-01T19:00Z", "carbs_g": 60}]'::jsonb)) AS v (m);
SELECT tableoid::regclass, * FROM glucose_reading ORDER BY measured_at;
SELECT eaten_at, meal_type, carbs_g FROM meal ORDER BY eaten_at;
RESET ROLE;
