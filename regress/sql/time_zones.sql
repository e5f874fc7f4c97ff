-- SPDX-License-Identifier: PostgreSQL
-- Zones are IANA names, a person may travel, a zone may be lost; moments in JSON are ISO 8601 whatever the session's
-- settings are.
\getenv here PG_ABS_SRCDIR
\set test time_zones
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION test.hour(meal uuid) RETURNS numeric LANGUAGE sql AS $$
  SELECT round(mod((degrees(atan2(f[10], f[11])) / 15 + 24)::numeric, 24), 2) FROM glucose.extract_meal_features(meal) f
$$;
CREATE FUNCTION test.at(eaten_at text) RETURNS text LANGUAGE sql AS $$
  SELECT (glucose.predict_meal(person_id, jsonb_build_object('eaten_at', eaten_at, 'carbs_g', 40), '{}')
          #>> '{predictions,0,at}')::timestamptz::text FROM glucose.person WHERE time_zone = 'Asia/Tokyo' $$;
CREATE FUNCTION test.answers() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  p CONSTANT uuid := (SELECT person_id FROM glucose.person WHERE time_zone = 'Asia/Tokyo');
  m CONSTANT uuid := (SELECT meal_id FROM glucose.meal WHERE person_id = p ORDER BY eaten_at DESC LIMIT 1);
  trained glucose.training_result;
BEGIN
  trained := glucose.train_model(p, 'glucose', 'ridge', '{"start_at": "2026-01-06T00:00", "deploy": false}');
  RETURN md5(concat(glucose.predict_glucose(m) -> 'predictions',
    glucose.predict_meal(p, '{"eaten_at": "2026-01-20T12:00", "carbs_g": 40}') -> 'predictions',
    (SELECT string_agg(encode(float4send(f), 'hex'), '') FROM unnest(glucose.extract_features(m)) f),
    (SELECT string_agg(encode(float8send(e.mae), 'hex'), '') FROM glucose.evaluate_model(p) e),
    glucose.increment_version('1.2.3', 'minor'), (glucose.check_retraining(p)).new_meals,
    (SELECT encode(v.sha256, 'hex') || (v.hyperparameters ->> 'start_at') FROM glucose.model_version v
     WHERE v.person_id = p AND v.version = trained.version), trained.n_train));
END
$$;
SET ROLE anna;

-- Which are taken; the sign of the others would be turned round, or they are no place.
SELECT zone, test.expect(format('INSERT INTO person (time_zone) VALUES (%L)', zone)) FROM unnest('{Europe/Berlin,
  europe/berlin,UTC,Etc/UTC,Etc/GMT+2,GMT-0,EST5EDT,America/Argentina/Buenos_Aires,US/Pacific}'::text[]) zone;
SELECT zone, left(test.expect(format('INSERT INTO person (time_zone) VALUES (%L)', zone)), 5) FROM unnest('{+02:00,-5,
  UTC+2,UTC+11,UTC0,GMT5,EST6,Nowhere5,<+03>-3,<abc>-2,CEST,posixrules,Factory,localtime,posix/Europe/Berlin,
  right/Europe/Berlin,Europe,Mars/Olympus,../UTC,""}'::text[]) zone;
SELECT test.hint($$ INSERT INTO person (time_zone) VALUES ('UTC+2') $$);
DELETE FROM person;
INSERT INTO person (person_id, time_zone) VALUES (key('p'), 'Europe/Berlin');
SELECT test.expect($$ UPDATE person SET time_zone = '+02:00' $$), test.expect($$ UPDATE person SET time_zone = NULL $$);

-- A journey: what was eaten before keeps its clock, and a return is one, too.
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type) SELECT key('p'), key(at), at::timestamptz, 'snack'
  FROM unnest('{2026-01-10 07:00Z,2026-06-03 07:00Z,2026-06-20 07:00Z}'::text[]) at;
INSERT INTO person_time_zone VALUES (key('p'), '2026-06-01', 'Asia/Tokyo'), (key('p'), '2026-06-14', 'Europe/Berlin');
SELECT eaten_at::date, test.hour(meal_id) FROM meal ORDER BY 1;
SELECT test.expect($$ INSERT INTO person_time_zone VALUES (key('p'), now(), 'UTC+9') $$);
-- Changing the person's zone is a journey that begins now.
DELETE FROM person_time_zone;
UPDATE person SET time_zone = 'Asia/Tokyo';
SELECT since = '-infinity' AS at_first, time_zone FROM person_time_zone ORDER BY since;
SELECT eaten_at::date, test.hour(meal_id) FROM meal ORDER BY 1 LIMIT 1;
UPDATE person SET time_zone = 'Asia/Tokyo', shares_data = true;
SELECT count(*) AS no_third FROM person_time_zone;
-- A mistake is none: without its history the zone holds for all of the past; so it does from the default on.
DELETE FROM person_time_zone;
SELECT eaten_at::date, test.hour(meal_id) FROM meal ORDER BY 1 LIMIT 1;
INSERT INTO person (person_id) VALUES (key('new'));
UPDATE person SET time_zone = 'America/Lima' WHERE person_id = key('new');
SELECT count(*) AS no_journey FROM person_time_zone;
-- Nobody else's: neither to see nor to write.
INSERT INTO person_time_zone VALUES (key('p'), '2026-01-01', 'Europe/Paris');
SET ROLE ben;
SELECT count(*) AS bens FROM person_time_zone;
SELECT left(test.expect($$ INSERT INTO person_time_zone VALUES (key('p'), now(), 'UTC') $$), 5);
SET ROLE dora;
SELECT count(*) AS stewards FROM person_time_zone;
SET ROLE anna;
DELETE FROM person_time_zone;

-- A zone that the server has lost: rows are read, changed and restored; the clock is UTC and says so.
RESET ROLE;
SET session_replication_role = replica;
UPDATE person SET time_zone = 'US/Pacific-New' WHERE person_id = key('p');
RESET session_replication_role;
SET ROLE anna;
SELECT time_zone FROM person WHERE person_id = key('p');
SELECT test.expect('UPDATE person SET shares_data = false, time_zone = time_zone') AS consent,
  test.expect($$ UPDATE person SET diabetes_type = 't1d' $$) AS anything;
SELECT test.hour(key('2026-01-10 07:00Z'));
SELECT test.expect($$ UPDATE person SET time_zone = 'America/Los_Angeles' WHERE person_id = key('p') $$) AS mended;
SELECT test.hour(key('2026-01-10 07:00Z')) AS for_all_of_the_past;
-- What a restore brings back is not looked at: no check asks, and triggers come after the rows.
RESET ROLE;
SELECT count(*) AS not_asked_by_a_check FROM pg_constraint
  WHERE conrelid = 'person'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) ~ 'zone';

-- Moments in JSON: an offset, or the person's clock; never the session's, never a guess.
SET ROLE anna;
SELECT simulate_person(1, 30) AS p \gset
UPDATE person SET time_zone = 'Asia/Tokyo' WHERE person_id = :'p';
SELECT version FROM train_model(:'p', 'glucose', 'ridge');
SELECT at, test.at(at) FROM unnest(ARRAY['2026-01-20T12:00:00Z', '2026-01-20T12:00:00', '2026-01-20 12:00',
  '2026-01-20T12:00:00.25+05:30', '2026-01-20t12:00:00-0800', '2026-01-20T12:00+09', '2026-01-20', '2026-01-20Z',
  '2026-01-20T24:00:00Z', '2026-01-20T12:00:00,5Z']) at;
SELECT at, left(test.expect(format('SELECT test.at(%L)', at)), 5) AS got
  FROM unnest(ARRAY['01/20/2026', '20/01/2026 12:00',
  '20.01.2026', 'Jan 20 2026', '20260120T120000Z', '2026-1-20', '2026-01-20T12', '2026-01-20T12:00 Europe/Berlin',
  '2026-01-20T12:00 CEST', '2026-01-20 12:00 PM', 'now', 'today', 'tomorrow', 'epoch', '2026-020', '2026-W04-2', '',
  ' 2026-01-20', '2026-01-20T12:00Z ', '2026-01-20T12:00Zjunk', '2026-01-20 BC', '1768910400',
  '2026-02-30', '2026-13-01', '2026-01-20T25:00Z', '2026-01-20T12:60Z', '2026-01-20T12:00+99', 'infinity',
  '-infinity']) at;
SELECT test.hint($$ SELECT test.at('01/20/2026') $$);
SELECT version FROM train_model(:'p', 'glucose', 'ridge',
  '{"start_at": "2026-01-06", "end_at": "2026-02-01T00:00Z", "deploy": false}') \gset
SELECT hyperparameters ->> 'start_at' AS on_tokyos_clock, hyperparameters ->> 'end_at' FROM model_version
  WHERE version = :'version';
SELECT test.expect(format('SELECT train_model(%L, options => %L)', :'p',
  '{"start_at": "2026-02-01T01:00", "end_at": "2026-01-31T12:00Z"}')) AS reversed;

-- No setting changes an answer or a stored row.
CREATE TEMP TABLE usual AS SELECT test.answers() AS said;
DO $$
DECLARE
  settings text;
  setting text;
BEGIN
  FOREACH settings IN ARRAY ARRAY['datestyle = "SQL, DMY"', 'datestyle = "German"', 'datestyle = "Postgres, MDY"',
    'intervalstyle = sql_standard', 'intervalstyle = iso_8601', 'timezone = "Asia/Kathmandu"', 'timezone = "UTC+11"',
    'extra_float_digits = -15', 'extra_float_digits = 3', 'bytea_output = escape', 'standard_conforming_strings = off',
    'backslash_quote = on', 'search_path = ''''', 'array_nulls = off', 'enable_indexscan = off;enable_seqscan = off',
    'transform_null_equals = on', 'quote_all_identifiers = on', 'plan_cache_mode = force_generic_plan'] LOOP
    BEGIN
      FOREACH setting IN ARRAY string_to_array(settings, ';') LOOP
        EXECUTE 'SET LOCAL ' || setting;
      END LOOP;
      RAISE EXCEPTION USING ERRCODE = 'UT001', MESSAGE = (SELECT said = test.answers() FROM usual);
    EXCEPTION WHEN SQLSTATE 'UT001' THEN   -- also undoes the settings and the training
      IF sqlerrm <> 'true' AND sqlerrm <> 't' THEN
        RAISE NOTICE '% changes an answer', settings;
      END IF;
    END;
  END LOOP;
END
$$;
-- Nor does a schema before pg_catalog: nobody else's function or operator runs.
RESET ROLE;
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.pick(integer, integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  RAISE WARNING 'somebody else''s code runs as %', current_user;
  RETURN $1;
END $$;
CREATE AGGREGATE evil.max(integer) (sfunc = evil.pick, stype = integer);
CREATE FUNCTION evil.same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RAISE WARNING 'somebody else''s code runs as %', current_user;
  RETURN $1 IS NOT DISTINCT FROM $2;
END $$;
CREATE OPERATOR evil.= (leftarg = text, rightarg = text, function = evil.same);
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RAISE WARNING 'somebody else''s code runs as %', current_user;
  RETURN $1;
END $$;
\c
SET ROLE anna;
SET search_path = evil, pg_catalog;
SELECT count(*) > 0 AS visible FROM glucose.person;
SELECT glucose.predict_meal(person_id, '{"eaten_at": "2026-01-20T12:00Z"}',
  '{"unit": "MMOL/l"}') ->> 'unit'
  FROM glucose.person ORDER BY created_at DESC LIMIT 1;
