-- SPDX-License-Identifier: PostgreSQL
-- Whom a population learns from: enough persons, and never a few more or less than another version's.
\getenv here PG_ABS_SRCDIR
\set test population_members
\i :here/include/begin.sql
SHOW glucose.min_population_persons;
SELECT test.expect('SET glucose.min_population_persons = 1') AS never_one;
SET ROLE anna;
SELECT test.expect('SET glucose.min_population_persons = 2') AS superusers_only;
CREATE TEMP TABLE who AS SELECT i, simulate_person(i, 8) AS id FROM generate_series(1, 9) i;
UPDATE person SET shares_data = person_id IN (SELECT id FROM who WHERE i <= 3);

-- Too few: counted are those with enough rows.
RESET ROLE;
SET glucose.min_population_persons = 4;
SET ROLE dora;
SELECT test.expect('SELECT train_population_model(''cgm'')'),
  test.hint('SELECT train_population_model(''cgm'')') <> '' AS hint;
RESET ROLE;
SET glucose.min_population_persons = 3;
SET ROLE dora;
SELECT version FROM train_population_model('cgm');
SELECT version, n_persons FROM list_population_models('cgm');

-- The same persons again; newcomers wait until they are as many.
SELECT version FROM train_population_model('cgm');
SET ROLE anna;
UPDATE person SET shares_data = true WHERE person_id IN (SELECT id FROM who WHERE i <= 5);
SET ROLE dora;
SELECT version FROM train_population_model('cgm');
SELECT version, n_persons FROM list_population_models('cgm');
SET ROLE anna;
UPDATE person SET shares_data = true WHERE person_id IN (SELECT id FROM who WHERE i <= 6);
SET ROLE dora;
SELECT version FROM train_population_model('cgm');
SELECT version, n_persons FROM list_population_models('cgm');

-- Who takes consent back, or is erased, is not learnt from again: a training that would tell of them is refused.
SET ROLE anna;
UPDATE person SET shares_data = false WHERE person_id IN (SELECT id FROM who WHERE i = 1);
SET ROLE dora;
SELECT test.expect('SELECT train_population_model(''cgm'')') AS one_left;
SET ROLE anna;
UPDATE person SET shares_data = true WHERE person_id IN (SELECT id FROM who WHERE i IN (1, 7));
DELETE FROM person WHERE person_id = (SELECT id FROM who WHERE i = 2);
SET ROLE dora;
SELECT test.expect('SELECT train_population_model(''cgm'')') AS one_erased_one_new;
SET ROLE anna;
UPDATE person SET shares_data = person_id NOT IN (SELECT id FROM who WHERE i IN (3, 4));
SET ROLE dora;
-- 2 erased, 3 and 4 gone, 7 to 9 new: six differ from 1.1.0, and of the first three one is left.
SELECT version FROM train_population_model('cgm');
RESET ROLE;
SELECT version, n_persons, (SELECT count(*) FROM population_member m WHERE m.version = v.version) AS there
  FROM population_model v ORDER BY version;
-- The owner of the tables may delete what stands in the way.
SET ROLE anna;
UPDATE person SET shares_data = false WHERE person_id IN (SELECT id FROM who WHERE i = 9);
SET ROLE dora;
SELECT test.expect('SELECT train_population_model(''cgm'')') AS in_the_way;
RESET ROLE;
DELETE FROM population_model WHERE version = '1.2.0';
SET ROLE dora;
SELECT version FROM train_population_model('cgm');

-- Nobody reads who is in it, and weights and scalers reach an application through forecasts alone.
SELECT test.expect('SELECT * FROM population_member') AS members;
SET ROLE anna;
SELECT test.expect('SELECT * FROM population_member') AS members,
  test.expect('SELECT artifact FROM population_model') AS weights,
  test.expect('SELECT * FROM population_model') AS everything,
  test.expect('SELECT version, sha256 FROM population_model') AS the_rest;
SELECT count(*) AS served FROM cgm_forecast((SELECT id FROM who WHERE i = 8), '2026-01-07 12:00', '{"minutes": [30]}');

-- Rows that cannot be read, as an own table without our limits may have them, or more than fit: they leave their person
-- out and stop nobody else. Of nobody but such the first says what it is.
RESET ROLE;
DELETE FROM population_model;
UPDATE person SET shares_data = true;
DO $$ DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype = 'c'
  AND conrelid IN ('glucose.meal'::regclass, 'glucose.glucose_reading'::regclass) LOOP
  EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$;
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT id, CASE i WHEN 4 THEN 'infinity' ELSE '2026-01-05 00:00:01' END::timestamptz,
         CASE i WHEN 3 THEN 'NaN' ELSE '5.5' END::real
  FROM who WHERE i IN (3, 4, 5);
INSERT INTO meal (person_id, eaten_at, meal_type, carbs_g) SELECT id, '2026-01-05', 'lunch', 'Infinity' FROM who
  WHERE i = 6;
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT id, '2026-01-05'::timestamptz + n * interval '100 us', 100 FROM who, generate_series(1, 270000) n WHERE i = 7
  ON CONFLICT DO NOTHING;
SET glucose.max_train_memory = '12MB';
SET glucose.min_population_persons = 2;
SET ROLE dora;
SELECT version FROM train_population_model('cgm');
SELECT version FROM train_population_model('glucose', 'ridge');
SELECT t AS model_type, n_persons FROM unnest('{cgm,glucose}'::text[]) t, list_population_models(t);
SET ROLE anna;
UPDATE person SET shares_data = person_id IN (SELECT id FROM who WHERE i IN (3, 5));
SET ROLE dora;
SELECT test.expect('SELECT train_population_model(''cgm'')') AS nobody_can_be_read;
