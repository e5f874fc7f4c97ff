-- SPDX-License-Identifier: PostgreSQL
-- What a session keeps of persons between forecasts: the same answers to the bit, whatever happens to the rows. One
-- person
-- is served by a model of its own, one by the population's. `./dev histories` goes through many more.
\getenv here PG_ABS_SRCDIR
\set test kept
\i :here/include/begin.sql
CREATE EXTENSION dblink;
SET ROLE anna;
SELECT count(simulate_person(seed, 25, 't2d')) AS sharing FROM generate_series(21, 24) seed;
UPDATE person SET shares_data = true;
SET ROLE ben;
SELECT simulate_person(31, 45, 't2d') AS one, simulate_person(32, 45, 't1d') AS two \gset
SET ROLE dora;
SELECT version FROM train_population_model(algorithm => 'ridge');
SELECT version FROM train_population_model('cgm', 'linear');
SET ROLE ben;
SELECT version FROM train_model(:'one', 'glucose', 'personal', '{"end_at": "2026-02-10"}');
SELECT version FROM train_model(:'one', 'cgm', 'linear', '{"end_at": "2026-02-10", "deploy": true}');
SELECT count(*) > 0 AS marked, bool_and(rows_until > '2026-02-10') AS to_the_end FROM serving_mark
  WHERE rows_until IS NOT NULL;
RESET ROLE;
\if :{?more_histories}
\else
  \set more_histories 20
  \set more_seed 7
\endif
SELECT set_config('test.persons', ARRAY[:'one', :'two']::text, false) IS NOT NULL AS persons,
  set_config('test.connection', format('dbname=%L host=%s port=%s', current_database(),
    current_setting('unix_socket_directories'), current_setting('port')), false) IS NOT NULL AS connection,
  set_config('test.role', 'ben', false) AS role, set_config('test.seed', :'more_seed', false) AS seed,
  set_config('test.histories', :'more_histories', false) AS histories;
\set ECHO none
\i :here/../scripts/histories.sql
\set ECHO all

-- One thing after another. The session named 'one' is asked; answer() is 'same' when what it keeps and all rows say the
-- same, and 'moved' when that is not what it said before.
SELECT dblink_exec(s, 'ROLLBACK') FROM unnest(ARRAY['one', 'two']) s;
SELECT max(measured_at) AS newest FROM glucose_reading WHERE person_id = :'two' \gset
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
  SELECT :'two', key('asked ' || h), :'newest'::timestamptz + h * interval '1 hour', 'lunch', 40
  FROM generate_series(0, 24) h;
CREATE TABLE public.said (n serial, what text);
CREATE FUNCTION public.answer(h integer, sets text DEFAULT 'one') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  ask CONSTANT text := format('SELECT public.answers(glucose.key(''asked %s''))', h);
  kept text;
  read text;
  last text;
BEGIN
  SELECT what INTO last FROM public.said ORDER BY n DESC LIMIT 1;
  SELECT a INTO kept FROM dblink(sets, ask) AS r (a text);
  PERFORM dblink_exec(sets, 'SET glucose.cache_size = 0');
  SELECT a INTO read FROM dblink(sets, ask) AS r (a text);
  PERFORM dblink_exec(sets, 'SET glucose.cache_size = ''64MB''');
  INSERT INTO public.said (what) VALUES (kept);
  RETURN CASE WHEN kept = read THEN 'same' ELSE 'different' END
    || CASE WHEN kept IS DISTINCT FROM last THEN ', moved' ELSE '' END;
END
$$;
CREATE FUNCTION public.enter(hours text, mg_dl text) RETURNS text LANGUAGE sql AS $$
  SELECT format('INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) '
    'SELECT %L, %L::timestamptz + t, %s FROM unnest(%L::interval[]) t',
    (current_setting('test.persons')::uuid[])[2], current_setting('test.newest'), mg_dl, hours) $$;
SELECT set_config('test.newest', :'newest', false) IS NOT NULL AS newest;
SELECT answer(0);
-- A transaction that began before the mark moved on over its row, and ends after.
SELECT dblink_exec('two', 'BEGIN'), dblink_exec('two', enter('{8 min, 13 min}', '250'));
SELECT dblink_exec('one', enter('{5 min, 10 min, 1 h, 2 h, 9 h}', '120'));
SELECT answer(9);
SELECT answer(1);
SELECT dblink_exec('two', 'COMMIT');
SELECT answer(1);
-- What is rolled back leaves no trace, and what comes after it leaves its own.
SELECT answer(9);
SELECT dblink_exec('two', 'BEGIN'), dblink_exec('two', 'SAVEPOINT s'),
  dblink_exec('two', enter('{8 h, 8 h 5 min}', '90')),
  dblink_exec('two', 'ROLLBACK TO s'), dblink_exec('two', enter('{6 h, 8 h 6 min}', '95'));
SELECT answer(9);
SELECT dblink_exec('two', 'COMMIT');
SELECT answer(9);
SELECT answer(9);
-- An older snapshot is answered from its own rows when a newer one has been.
SELECT dblink_open('one', 'old', 'SELECT public.answers(glucose.key(''asked 9''))');
SELECT dblink_exec('two', enter('{8 h 55 min}', '300'));
SELECT answer(9);
SELECT a = (SELECT what FROM said ORDER BY n DESC OFFSET 1 LIMIT 1) AS as_before
FROM dblink_fetch('one', 'old', 1) AS r (a text);
SELECT dblink_close('one', 'old');
-- Past triggers: switched off, as by a restore with --disable-triggers; replication's rows count.
SELECT answer(9);
ALTER TABLE glucose_reading DISABLE TRIGGER ALL;
UPDATE glucose_reading SET mg_dl = 140 WHERE person_id = :'two'
  AND measured_at > :'newest'::timestamptz + interval '8 h';
ALTER TABLE glucose_reading ENABLE TRIGGER ALL;
SELECT answer(9);
SELECT setup() IS NOT NULL AS set_up;
SELECT dblink_exec('one', enter('{9 h 5 min}', '150'));
SELECT answer(10);
SET session_replication_role = replica;
UPDATE glucose_reading SET mg_dl = 160 WHERE person_id = :'two'
  AND measured_at > :'newest'::timestamptz + interval '8 h';
RESET session_replication_role;
SELECT answer(10);
-- A zone moves the clock of every meal.
UPDATE person SET time_zone = 'Asia/Tokyo' WHERE person_id = :'two';
SELECT answer(10);
-- A column is made anew while a session knows the old one.
SELECT dblink_exec('two', format('UPDATE glucose.meal SET carbs_g = 60 WHERE meal_id = %L', key('asked 4')));
SET client_min_messages = warning;
BEGIN;
ALTER TABLE meal ADD COLUMN eaten_anew timestamptz;
UPDATE meal SET eaten_anew = eaten_at;
ALTER TABLE meal DROP COLUMN eaten_at CASCADE;
ALTER TABLE meal RENAME COLUMN eaten_anew TO eaten_at;
ALTER TABLE meal ALTER COLUMN eaten_at SET NOT NULL;
COMMIT;
SELECT setup() IS NOT NULL AS set_up;
RESET client_min_messages;
SELECT answer(5);
SELECT dblink_exec('two', format('INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) '
  'VALUES (%L, %L::timestamptz + interval ''4 h 30 min'', ''snack'', 200)', :'two', :'newest'));
SELECT answer(5);
-- Policies of one's own making: everything is read.
CREATE POLICY recent ON glucose_reading AS RESTRICTIVE FOR SELECT USING (measured_at > '2026-02-01');
SELECT answer(10);
DROP POLICY recent ON glucose_reading;
SELECT answer(10);
-- Policies by a setting, which may be another one in the middle of a transaction.
CREATE POLICY clinic ON person FOR SELECT TO anna USING (owner = current_setting('app.patient', true));
SELECT format('CREATE POLICY clinic ON %I FOR SELECT TO anna USING (person_id IN (SELECT p.person_id FROM person p))',
  relation) FROM unnest('{meal,glucose_reading,serving_mark,model_version,person_time_zone}'::text[]) AS relation \gexec
SET ROLE anna;
BEGIN;
SET LOCAL app.patient = 'ben';
SELECT count(*) FROM cgm_forecast(:'two', '2026-02-12 12:00+00');
SELECT count(*) > 0 AS meals FROM forecast_meals(:'two', '2026-02-12', '2026-02-13');
SET LOCAL app.patient = 'nobody';
SELECT test.expect(format('SELECT cgm_forecast(%L, %L)', :'two', '2026-02-12 12:00+00')) LIKE 'P0002%' AS no_forecast,
  test.expect(format('SELECT forecast_meals(%L, %L, %L)', :'two', '2026-02-12', '2026-02-13')) LIKE 'P0002%'
  AS no_meals;
COMMIT;
RESET ROLE;
SELECT format('DROP POLICY clinic ON %I', relation)
  FROM unnest('{person,meal,glucose_reading,serving_mark,model_version,person_time_zone}'::text[]) AS relation \gexec
-- All rows at once, and the person.
CREATE TABLE public.copy AS TABLE glucose_reading;
TRUNCATE glucose_reading;
SELECT answer(10);
INSERT INTO glucose_reading TABLE public.copy;
SELECT answer(10);
DELETE FROM person WHERE person_id = :'two';
SELECT answer(10);
SELECT count(*) AS marks_left FROM serving_mark WHERE person_id = :'two';
