-- SPDX-License-Identifier: PostgreSQL
-- Many readings and meals at once: what is new, the same, changed, refused; as who; and into views.
\getenv here PG_ABS_SRCDIR
\set test import
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION test.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN regexp_replace(test.expect(statement), '[0-9a-f]{8}-[0-9a-f-]{27}', '…');
END $$;
SET ROLE anna;
INSERT INTO person (person_id) VALUES (key('anna')), (key(17::bigint));
-- A day, backwards and in two parts that overlap; again; with corrections, that are kept or not.
CREATE FUNCTION pg_temp.day(of uuid, since integer, until integer, level real, options jsonb DEFAULT '{}')
RETURNS text LANGUAGE sql AS $$
  SELECT i::text FROM glucose.import_readings(of,
    ARRAY(SELECT timestamptz '2021-03-01' + n * interval '5 min' FROM generate_series(until, since, -1) n),
    ARRAY(SELECT level + n % 40 FROM generate_series(until, since, -1) n)::real[], options) i $$;
SELECT pg_temp.day(key('anna'), 1, 200, 100);
SELECT pg_temp.day(key('anna'), 101, 288, 100);
SELECT pg_temp.day(key('anna'), 1, 288, 100), pg_temp.day(key(17::bigint), 1, 288, 100);
SELECT pg_temp.day(key('anna'), 280, 290, 101, '{"on_change": "keep"}');
SELECT pg_temp.day(key('anna'), 280, 291, 101, '{"on_change": "update"}');
SELECT pg_temp.day(key('anna'), 280, 291, 101);
SELECT count(*), min(measured_at), max(measured_at), sum(mg_dl), count(recorded_at), count(entered_by)
FROM glucose_reading WHERE person_id = key('anna');
SELECT sum(mg_dl) FROM glucose_reading WHERE person_id = key(17::bigint);
-- Years apart, with what lies between.
SELECT import_readings(key('anna'), '{2019-01-01,2021-03-01 00:10,1990-01-01,2021-03-01 00:07}', '{90,102,90,90}');

-- Of one moment the last counts; the last that can be taken.
SELECT import_readings(key('anna'), '{2022-01-01,2022-01-01 01:00,2022-01-01 00:00+00,2022-01-01}',
  '{100,101,102,NULL}');
SELECT mg_dl FROM glucose_reading WHERE measured_at = '2022-01-01';
-- What cannot be, each at its place; nothing of it is written, all else is.
SELECT import_readings(key('anna'), ARRAY['2022-02-01', NULL, '2022-02-02', 'infinity', '-infinity', '2022-02-03',
  '2022-02-04',
  '2022-02-05', '2022-02-06', '2022-02-07', '2022-02-08', now() + interval '2 days', '1970-01-01', '4000-01-01 BC',
  '294276-01-01']
  ::timestamptz[], '{19.99,100,NULL,100,100,NaN,Infinity,-Infinity,600.5,0,-5,100,100,100,100}');
SELECT import_readings(key('anna'), ARRAY(SELECT '2022-03-01'::timestamptz + n * interval '1 min' FROM
  generate_series(1, 20) n),
  ARRAY(SELECT CASE WHEN n % 2 = 0 THEN 5.5 ELSE 100 END FROM generate_series(1, 20) n)::real[]);
SELECT import_readings(key('anna'), ARRAY[now() + interval '2 h'], '{20}'), import_readings(key('anna'),
  '[5:5]={2022-04-01}', '{600}');
SELECT import_readings(key('anna'), '{}', '{}');
-- In mmol/L, with its range: the same number as to_mg_dl() makes.
SELECT import_readings(key('anna'), '{2022-05-01,2022-05-02,2022-05-03,2022-05-04}', '{5.5,33.3,33.4,1}',
  '{"unit": "MMOL/l"}');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl) VALUES (key('anna'), '2022-05-05',
  to_mg_dl(7.1::real, 'mmol/L'));
SELECT import_readings(key('anna'), '{2022-05-05}', '{7.1}', '{"unit": "mmol/L"}');
-- When it was learnt: the table's default, imported history, now, then; a correction says so only when asked.
SELECT import_readings(key('anna'), '{2022-06-01}', '{100}', '{"recorded_at": "now"}'),
  import_readings(key('anna'), '{2022-06-02}', '{100}', '{"recorded_at": "measured"}'),
  import_readings(key('anna'), '{2022-06-03}', '{100}', '{"recorded_at": "2022-06-05T12:00+02:00"}'),
  import_readings(key('anna'), '{2022-06-03}', '{100}', '{"recorded_at": "now"}'),
  import_readings(key('anna'), '{2022-06-01}', '{101}');
SELECT test.hint($$ SELECT import_readings(key('anna'), '{}', '{}', '{"recorded_at": "later"}') $$);
SELECT measured_at, mg_dl, recorded_at = now() AS now, recorded_at FROM glucose_reading
WHERE measured_at >= '2022-06-02' AND measured_at < '2022-07-01' ORDER BY 1;
SELECT import_readings(key('anna'), '{2022-06-03}', '{101}', '{"recorded_at": "measured", "on_change": null}');
SELECT mg_dl, recorded_at IS NULL FROM glucose_reading WHERE measured_at = '2022-06-03';

-- Strict: all or nothing. Values are in no message.
SELECT import_readings(key('anna'), '{2022-07-01}', '{100}', '{"strict": true}');
\set VERBOSITY verbose
SELECT test.told($$ SELECT import_readings(key('anna'), '{2022-07-02,2022-07-03}', '{100,601}',
  '{"strict": true}') $$);
SELECT test.hint($$ SELECT import_readings(key('anna'), '{2022-07-02,2022-07-03}', '{100,601}',
  '{"strict": true}') $$);
SELECT count(*) FROM glucose_reading WHERE measured_at = '2022-07-02';
\set VERBOSITY default
SELECT import_readings(key('anna'), '{2022-07-02,2022-07-03}', '{100,601}', '{"strict": true}');

-- Wrong calls.
SELECT call, test.told(format('SELECT import_readings(%s)', call)) FROM unnest(ARRAY[
  $$NULL, '{}', '{}'$$, $$key('anna'), NULL, '{}'$$, $$key('anna'), '{}', NULL$$, $$key('anna'), '{}', '{}', NULL$$,
  $$key('anna'), '{2022-01-01}', '{}'$$, $$key('anna'), '{{2022-01-01,2022-01-02}}', '{100,100}'$$,
  $$key('anna'), '{2022-01-01,2022-01-02}', '{{100},{100}}'$$, $$key('anna'), '{}', '{}', '[]'$$,
  $$key('anna'), '{}', '{}', '{"units": "mg/dL"}'$$, $$key('anna'), '{}', '{}', '{"unit": "mmol"}'$$,
  $$key('anna'), '{}', '{}', '{"on_change": "replace"}'$$, $$key('anna'), '{}', '{}', '{"strict": "yes"}'$$,
  $$key('anna'), '{}', '{}', '{"recorded_at": "2022-06-05T12:00"}'$$,
  $$key('anna'), '{}', '{}', '{"recorded_at": "2990-06-05Z"}'$$,
  $$key('anna'), '{}', '{}', '{"recorded_at": "soon"}'$$, $$key('nobody'), '{2022-01-01}', '{100}'$$]) call;

-- Meals: the lines of one, without ids; with an application's own; again; corrected; a row as JSON has it.
SELECT import_meals(key('anna'), '[{"eaten_at": "2021-03-01T12:00Z", "meal_type": "lunch", "carbs_g": 50},
  {"eaten_at": "2021-03-01T12:00+00:00", "carbs_g": 15.5, "fat_g": null},
  {"meal_id": 4711, "eaten_at": "2021-03-01T19:00", "carbs_g": 80},
  {"meal_id": "4712", "eaten_at": "2021-03-01", "calories": 5000}]');
SELECT meal_id = key(4711) AS number, meal_id = key('4712') AS words, eaten_at, meal_type, calories, carbs_g, fat_g,
  entered_by
FROM meal ORDER BY eaten_at, carbs_g;
SELECT import_meals(key('anna'), '[{"eaten_at": "2021-03-01 12:00:00Z", "meal_type": "lunch", "carbs_g": 55},
  {"eaten_at": "2021-03-01T13:00+01", "carbs_g": 15.5},
  {"meal_id": 4711, "eaten_at": "2021-03-01T19:00", "carbs_g": 80, "fat_g": 1}]');
SELECT count(*), sum(carbs_g), sum(fat_g) FROM meal;
SELECT import_meals(key('anna'), (SELECT jsonb_agg(m) FROM meal m)), import_meals(key('anna'), '[]');
SELECT import_meals(key('anna'), jsonb_build_array(to_jsonb(m) || '{"carbs_g": 1}', to_jsonb(m) || '{"carbs_g": 2}'),
  '{"on_change": "keep"}'),
  import_meals(key('anna'), jsonb_build_array(to_jsonb(m) || '{"carbs_g": 1}', to_jsonb(m) || '{"carbs_g": 2}'))
FROM meal m WHERE meal_id = key(4711);
SELECT carbs_g, fat_g FROM meal WHERE meal_id = key(4711);
-- A local time is on the person's clock, and so is what the meal usually is.
UPDATE person SET time_zone = 'America/New_York' WHERE person_id = key(17::bigint);
SELECT import_meals(key(17::bigint), '[{"eaten_at": "2021-07-01T08:00"}, {"eaten_at": "2021-07-01T08:00Z"}]');
SELECT eaten_at, meal_type FROM meal WHERE person_id = key(17::bigint) ORDER BY 1;
-- What cannot be.
SELECT import_meals(key('anna'), jsonb_build_array(1, null, '[]'::jsonb, '{}'::jsonb, '{"eaten_at": null}'::jsonb) ||
  '[{"eaten_at": "yesterday"}, {"eaten_at": "2021-02-30"}, {"eaten_at": 5}, {"eaten_at": "infinity"},
  {"eaten_at": "1970-01-01Z"},
    {"eaten_at": "2990-01-01"}, {"eaten_at": "2021-01-01", "meal_type": "brunch"},
    {"eaten_at": "2021-01-01", "meal_type": 1},
    {"eaten_at": "2021-01-01", "carbs_g": "5"}, {"eaten_at": "2021-01-01", "carbs_g": 500.5},
    {"eaten_at": "2021-01-01", "fat_g": -1},
    {"eaten_at": "2021-01-01", "fat_g": 1e400}, {"eaten_at": "2021-01-01", "meal_id": 1.5},
    {"eaten_at": "2021-01-01", "meal_id": ""},
    {"eaten_at": "2021-01-01", "meal_id": true}, {"eaten_at": "2021-01-01",
    "person_id": "5e1f6a52-0000-4000-8000-000000000000"}]');
SELECT count(*) FROM meal WHERE person_id = key('anna');
SELECT call, test.told(format('SELECT import_meals(%s)', call)) FROM unnest(ARRAY[
  $$NULL, '[]'$$, $$key('anna'), NULL$$, $$key('anna'), '[]', NULL$$, $$key('anna'), '{}'$$, $$key('anna'), '5'$$,
  $$key('anna'), '[{"carbs": 5}]'$$, $$key('anna'), '[]', '{"unit": "mg/dL"}'$$,
  $$key('anna'), '[]', '{"recorded_at": "now"}'$$,
  $$key('anna'), '[{}]', '{"strict": true}'$$, $$key('nobody'), '[{}]'$$]) call;

-- As who: nobody's, no grant, the steward, and each level of sharing; what a plain INSERT and UPDATE would say.
RESET ROLE;
CREATE FUNCTION test.tries() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format('%s: %s', what, test.told(call)) FROM (VALUES
    ('new', $q$ SELECT import_readings(key('anna'), '{2021-04-01}', '{100}') $q$),
    ('plain', $q$ INSERT INTO glucose_reading (person_id, measured_at, mg_dl) VALUES (key('anna'),
    '2021-04-01 00:01', 100) $q$),
    ('nothing', $q$ SELECT import_readings(key('anna'), '{}', '{}') $q$),
    ('the same', $q$ SELECT import_readings(key('anna'), '{2021-03-01 00:05}', '{101}') $q$),
    ('meal', $q$ SELECT import_meals(key('anna'), '[{"eaten_at": "2021-04-01"}]') $q$)) AS t (what, call) $$;
GRANT EXECUTE ON FUNCTION test.tries(), test.told(text) TO PUBLIC;
SET ROLE eve;
SELECT test.tries();
SET ROLE frank;
SELECT test.told($$ SELECT glucose.import_readings(glucose.key('anna'), '{2021-04-01}', '{100}') $$);
SET ROLE dora;
SELECT test.tries();
SET ROLE anna;
INSERT INTO person_access (person_id, identity) VALUES (key('anna'), 'cara');
SET ROLE cara;
SELECT test.tries();
SET ROLE anna;
UPDATE person_access SET level = 'record';
SET ROLE cara;
SELECT test.tries();
-- It corrects what it has entered; the owner's row is counted and stays, or strictly is refused.
SELECT import_readings(key('anna'), '{2021-03-01 00:10,2021-04-01,2021-03-01 00:15,2021-04-02}', '{99,98,97,96}');
SELECT measured_at, mg_dl, entered_by FROM glucose_reading WHERE person_id = key('anna')
  AND (measured_at BETWEEN '2021-03-01 00:10' AND '2021-03-01 00:15' OR measured_at BETWEEN '2021-04-01' AND
  '2021-04-02') ORDER BY 1;
SELECT test.told($$ SELECT import_readings(key('anna'), '{2021-04-02,2021-03-01 00:15}', '{95,97}',
  '{"strict": true}') $$);
SELECT import_meals(key('anna'), '[{"meal_id": 4711, "eaten_at": "2021-03-01T19:00"},
  {"meal_id": 9, "eaten_at": "2021-04-01"}]');
SELECT entered_by FROM meal WHERE meal_id = key(9);
SET ROLE anna;
UPDATE person_access SET level = 'manage';
SET ROLE cara;
SELECT import_readings(key('anna'), '{2021-03-01 00:10}', '{99}');
-- Privileges are asked as well: to add, and to correct.
RESET ROLE;
REVOKE UPDATE ON glucose_reading FROM anna;
REVOKE INSERT ON meal FROM anna;
SET ROLE anna;
SELECT test.told($$ SELECT import_readings(key('anna'), '{2021-05-01}', '{100}') $$),
  test.told($$ SELECT import_readings(key('anna'), '{2021-05-01}', '{101}') $$),
  test.told($$ SELECT import_meals(key('anna'), '[{"eaten_at": "2021-05-01"}]') $$);
RESET ROLE;
GRANT UPDATE ON glucose_reading TO anna;
GRANT INSERT ON meal TO anna;
-- A policy of somebody else's making holds here, too: one that lets more in, and one that lets less.
CREATE POLICY devices ON glucose_reading FOR INSERT TO eve WITH CHECK (true);
CREATE POLICY no_fives ON glucose_reading AS RESTRICTIVE FOR INSERT WITH CHECK (mg_dl <> 55);
SET ROLE anna;
INSERT INTO person_access (person_id, identity) VALUES (key('anna'), 'eve');
SELECT test.told($$ SELECT import_readings(key('anna'), '{2021-05-02,2021-05-03}', '{100,55}') $$);
SET ROLE eve;
SELECT import_readings(key('anna'), '{2021-05-02}', '{100}');
RESET ROLE;
DROP POLICY devices ON glucose_reading;
DROP POLICY no_fives ON glucose_reading;
-- A trigger that keeps rows out, and one that asks whom the caller sees: all, not the one person of the call.
CREATE FUNCTION test.odd() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE WHEN NEW.mg_dl <> 111 THEN NEW END;
END $$;
CREATE TRIGGER odd BEFORE INSERT ON glucose_reading FOR EACH ROW EXECUTE FUNCTION test.odd();
CREATE FUNCTION test.seen() RETURNS trigger LANGUAGE plpgsql STABLE AS $$
BEGIN
  RAISE WARNING 'sees %', cardinality(glucose.visible_persons());
  RETURN NULL;
END $$;
CREATE TRIGGER seen AFTER INSERT ON glucose_reading FOR EACH STATEMENT EXECUTE FUNCTION test.seen();
SET ROLE anna;
SELECT import_readings(key('anna'), '{2021-06-01,2021-06-02,2021-06-03}', '{100,111,112}');
RESET ROLE;
DROP TRIGGER odd ON glucose_reading;
DROP TRIGGER seen ON glucose_reading;

-- Past row-level security, and by claims.
SELECT import_readings(key('anna'), '{2021-07-01}', '{100}');
SET glucose.identity = claims;
SET ROLE eve;
SELECT test.told($$ SELECT import_readings(key('anna'), '{2021-07-02}', '{100}') $$);
SET request.jwt.claims = '{"sub": "somebody"}';
SELECT left(test.told($$ SELECT import_readings(key('anna'), '{2021-07-02}', '{100}') $$), 25);
SET request.jwt.claims = '{"sub": "anna"}';
SELECT import_readings(key('anna'), '{2021-07-02}', '{100}');
RESET ROLE;
RESET glucose.identity;

-- Both ways into what a role may do for a person agree, for every role and person, whoever is asked about before.
INSERT INTO person (person_id, owner) SELECT key('x' || n), (ARRAY['anna', 'ben',
  'cara'])[1 + n % 3] FROM generate_series(1, 30) n;
INSERT INTO person_access (person_id, identity, level)
  SELECT key('x' || n), who, (ARRAY['view', 'record', 'manage'])[1 + (n / 3) % 3] FROM generate_series(1, 30) n,
  unnest('{anna,ben}'::text[]) who WHERE n % 2 = 0;
CREATE FUNCTION test.rights() RETURNS TABLE (persons bigint, records bigint, manages bigint,
  sums text) LANGUAGE sql AS $$
  SELECT count(*), count(*) FILTER (WHERE may_record(p)), count(*) FILTER (WHERE may_manage(p)),
    md5(string_agg(may_record(p)::text || may_manage(p),
    ',' ORDER BY n)) FROM generate_series(0, 31) n, key('x' || n) p $$;
CREATE TABLE test.truth AS SELECT who, p.person_id, p.owner = who AS owns,
  a.level FROM unnest('{anna,ben,cara,eve}'::text[]) who
  CROSS JOIN person p LEFT JOIN person_access a ON a.person_id = p.person_id AND a.identity = who;
GRANT SELECT ON test.truth TO PUBLIC;
CREATE FUNCTION test.wrong() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM test.truth t WHERE who = current_identity() AND (may_record(person_id) IS DISTINCT FROM
    (owns OR coalesce(level IN ('record', 'manage'),
    false)) OR may_manage(person_id) IS DISTINCT FROM (owns OR coalesce(level = 'manage', false))) $$;
SET ROLE anna;
SELECT test.wrong(), persons, records, manages, entered_by() IS NULL FROM test.rights();
SET ROLE ben;
SELECT test.wrong(), persons, records, manages, entered_by() IS NULL FROM test.rights();
SET ROLE cara;
SELECT test.wrong(), persons, records, manages, entered_by() IS NULL FROM test.rights();
SET ROLE eve;
SELECT test.wrong(), persons, records, manages, entered_by() IS NULL FROM test.rights();
RESET ROLE;

-- Whoever sees thousands pays no more for a row than who sees one: no list of them is read, nor of whom it is shared
-- with.
CREATE FUNCTION test.pages(statement text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  FOR i IN 1 .. 2 LOOP
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || replace(statement, '{n}', i::text) INTO plan;
  END LOOP;
  RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::integer + (plan #>> '{0,Plan,Shared Read Blocks}')::integer;
END $$;
INSERT INTO person (person_id, owner) SELECT key('of eve ' || n), 'eve' FROM generate_series(1, 8000) n;
INSERT INTO person (person_id, owner) SELECT key('of ben ' || n), 'ben' FROM generate_series(1, 8000) n;
INSERT INTO person_access (person_id, identity, level)
  SELECT key('of ben ' || n), 'eve', 'manage' FROM generate_series(1, 8000) n;
VACUUM ANALYZE person, person_access;
SET ROLE eve;
SELECT what, test.pages(call) < 60 AS few FROM (VALUES
  ('own person', $$ INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
    VALUES (key('of eve 7'), '2021-01-0{n}', 100) $$),
  ('shared person', $$ INSERT INTO meal (person_id, eaten_at, meal_type)
    VALUES (key('of ben 7'), '2021-01-0{n}', 'snack') $$),
  ('both', $$ INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
    VALUES (key('of eve 8'), '2021-02-0{n}', 100), (key('of ben 8'), '2021-02-0{n}', 100) $$),
  ('import', $$ SELECT import_readings(key('of ben 7'), '{2021-03-0{n}}', '{100}') $$),
  ('nobody', $$ SELECT may_record(key('nobody {n}')) $$), ('another''s', $$ SELECT may_record(key('x1')) $$))
  AS v (what, call);
-- Many persons in one statement, and the right to each is still asked.
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('of eve ' || n), '2021-05-01', 100 FROM generate_series(1, 3000) n;
SELECT test.told($$ INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT CASE n WHEN 300 THEN key('x1') ELSE key('of eve ' || n) END, '2021-06-01', 100
  FROM generate_series(1, 300) n $$);
RESET ROLE;
-- Told to stop while rows are still read and named: sooner than strict says what it makes of the last of them.
CREATE TEMP TABLE many AS SELECT
  (SELECT jsonb_agg(jsonb_build_object('eaten_at', '2021-07-01 12:00', 'carbs_g', 20)) FROM generate_series(1, 200000))
  || '[{}]' AS meals,
  (SELECT jsonb_agg(jsonb_build_object('day', '2021-07-01', 'metric', 'STEPS', 'value', 8000))
   FROM generate_series(1, 200000)) || '[{}]' AS day_values;
GRANT SELECT ON many TO eve;
SET ROLE eve;
SET statement_timeout = '100ms';
SELECT test.told($$ SELECT import_meals(key('of eve 7'), meals, '{"strict": true}') FROM many $$);
SELECT test.told($$ SELECT import_daily(key('of eve 7'), day_values, '{"strict": true}') FROM many $$);
RESET statement_timeout;
RESET ROLE;
