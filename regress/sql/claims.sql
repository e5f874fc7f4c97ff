-- SPDX-License-Identifier: PostgreSQL
-- glucose.identity = claims: who asks is "sub" of request.jwt.claims; whatever else it holds is nobody.
\getenv here PG_ABS_SRCDIR
\set test claims
\i :here/include/begin.sql
SET glucose.identity = 'claims';
SELECT grant_access('frank');
SET ROLE frank;
-- Never set: nobody, no row, and a clear refusal.
SELECT current_identity(), visible_persons(), (SELECT count(*) FROM person) AS persons;
SELECT test.expect('SELECT simulate_person(1)'), test.hint('SELECT simulate_person(1)');

SET request.jwt.claims = '{"sub": "auth0|7", "role": "app", "aud": ["x"]}';
SELECT current_identity();
SELECT test.eater(1, 15) AS mine \gset
SELECT meal_id AS meal FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT version FROM train_model(:'mine', algorithm => 'ridge', options => '{"deploy": true}');
SELECT owner FROM person;
SELECT predict_glucose(:'meal') ->> 'logged' AS logged, deployed_by FROM deployment;
SELECT issued_to FROM prediction;
SET request.jwt.claims = '{"sub": "auth0|8"}';
SELECT simulate_person(2, 3) AS theirs \gset
SELECT current_identity(), count(*) AS persons, bool_and(owner = 'auth0|8') AS own FROM person;
SELECT test.expect(format('SELECT predict_glucose(%L)', :'meal')) = format('PT404 meal %s not found',
  :'meal') AS not_found;
-- What a gateway makes of it: PTnnn is its status nnn; the SQLSTATE is in the detail. 22… is 400, 42501 and 28000 are
-- 403.
CREATE FUNCTION pg_temp.told(call text) RETURNS TABLE (code text, detail text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'SELECT * FROM ' || call;
  RETURN QUERY VALUES ('ok', '');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
  RETURN NEXT;
END
$$;
SELECT call, t.* FROM unnest(ARRAY['predict_glucose(gen_random_uuid())', 'cgm_forecast(gen_random_uuid(), now())',
  'train_model(gen_random_uuid())', format('cgm_forecast(%L, now())', :'theirs'),
  format('predict_meal(%L, ''{"eaten_at": "2026-01-20T12:00Z"}'')', :'theirs'),
  format('train_model(%L)', :'theirs'), format('rollback_model(%L)', :'theirs'),
  format('delete_model(%L, ''glucose'', ''1.0.0'')', :'theirs'),
  format('predict_meal(%L, ''{"carbs": 1}'')', :'theirs'), 'train_population_model(''glucose'')',
  'key(id => ''7'')', 'key(number => 7)']) call, pg_temp.told(call) t;
RESET request.jwt.claims;

-- What is no identity: no row is visible, none can be added, and every function that needs a person raises 28000.
RESET ROLE;
CREATE TABLE test.claim (what text, claims text);
INSERT INTO test.claim VALUES ('empty', ''), ('blank', ' '), ('malformed', '{"sub": "auth0|7"'),
  ('malformed', 'sub=auth0|7'),
  ('malformed', '{sub: "auth0|7"}'), ('malformed', '{''sub'': ''auth0|7''}'), ('trailing', '{"sub": "auth0|7"} {}'),
  ('trailing', '{"sub": "auth0|7",}'),
  ('no sub', '{}'), ('no sub', '{"Sub": "auth0|7"}'), ('no sub', '{"sub ": "auth0|7"}'), ('no object', '"auth0|7"'),
  ('no object', 'null'),
  ('no object', '[{"sub": "auth0|7"}]'), ('no object', '["sub", "auth0|7"]'),
  ('nested', '{"user": {"sub": "auth0|7"}}'),
  ('nested', '{"sub": {"sub": "auth0|7"}}'), ('nested', '{"sub": ["auth0|7"]}'),
  ('nested', '{"a": [{"sub": "auth0|7"}], "b": 1}'),
  ('number', '{"sub": 7}'), ('truth', '{"sub": true}'), ('null', '{"sub": null}'), ('empty sub', '{"sub": ""}'),
  ('later number', '{"sub": "auth0|7", "sub": 7}'), ('later null', '{"sub": "auth0|7", "sub": null}'),
  ('zero character', '{"sub": "auth0|7\u0000"}'), ('half a surrogate', '{"sub": "\ud800"}'),
  ('very long', '{"sub": "auth0|7", "x": "' || repeat('x', 20000) || '"}'), ('very long', repeat('9', 1000000)),
  ('very deep', repeat('[', 16000)), ('very deep', repeat('[', 8000) || repeat(']', 8000)),
  ('very deep', '{"sub": "auth0|7", "x": ' || repeat('[', 8000) || repeat(']', 8000) || '}'),
  ('very deep', repeat('{"sub":', 2300) || '"auth0|7"' || repeat('}', 2300));
GRANT SELECT ON test.claim TO PUBLIC;
CREATE FUNCTION test.as_claimed(claims text, person uuid, meal uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answers text[];
BEGIN
  PERFORM set_config('request.jwt.claims', claims, true);
  answers := ARRAY[coalesce(current_identity(), 'nobody'), cardinality(visible_persons())::text,
    (SELECT count(*) FROM person) || '+' || (SELECT count(*) FROM meal) || '+' || (SELECT count(*) FROM glucose_reading)
      || '+' || (SELECT count(*) FROM model_version) || '+' || (SELECT count(*) FROM prediction),
    left(test.expect('INSERT INTO person DEFAULT VALUES'), 5),
    left(test.expect(format('INSERT INTO glucose_reading VALUES (%L, now(), 100)', person)), 5),
    (SELECT string_agg(DISTINCT test.expect('SELECT * FROM ' || call), ', ')
    FROM unnest(ARRAY[format('predict_glucose(%L)', meal),
      format('predict_meal(%L, ''{}'')', person), format('glucose_forecast(%L)', meal),
      format('train_model(%L)', person),
      format('extract_features(%L)', meal), format('extract_meal_features(%L)', meal),
      format('training_dataset(%L)', person),
      format('extract_glucose_history(%L, now())', person), format('calculate_user_baseline(%L)', person),
      'simulate_person(1)',
      format('list_model_versions(%L)', person), format('active_model_version(%L)', person),
      format('evaluate_model(%L)', person),
      format('deploy_model(%L, ''glucose'', ''1.0.0'')', person), format('require_person(%L)', person)]) AS call)];
  RETURN array_to_string(answers, ' ');
EXCEPTION WHEN OTHERS THEN
  RETURN 'raised ' || sqlstate || ' ' || sqlerrm;
END
$$;
SET ROLE frank;
SELECT test.as_claimed(claims, :'mine', :'meal') AS answers, count(*),
  string_agg(DISTINCT what, ', ' ORDER BY what) AS claims
FROM test.claim GROUP BY 1;
-- The default value of owner needs an identity too: 28000 or a refusal, never a person of nobody's.
SELECT test.expect('INSERT INTO person (owner) VALUES (''auth0|7'')');
-- What is one, however odd: the last "sub" counts, escapes are resolved, long names are kept whole.
SELECT left(current_identity(), 20), length(current_identity()), (SELECT count(*) FROM person) AS persons
  FROM (VALUES (1)) v
WHERE set_config('request.jwt.claims', '{"sub": "x", "\u0073ub": "auth0\u007c7"}', false) <> '';
SELECT left(current_identity(), 20), length(current_identity()), (SELECT count(*) FROM person) AS persons
  FROM (VALUES (1)) v
WHERE set_config('request.jwt.claims', '{"sub": "' || repeat('ä', 1000) || '"}', false) <> '';
BEGIN;
SET LOCAL request.jwt.claims = '{"sub": "it''s \"me\"; DROP TABLE person; --"}';
INSERT INTO person DEFAULT VALUES RETURNING owner;
SELECT count(*) FROM person;
ROLLBACK;
SET request.jwt.claims = '{"sub": "auth0|7"}';

-- The end of the transaction ends what SET LOCAL said; a new identity is seen by the next statement, also inside one
-- function.
RESET request.jwt.claims;
BEGIN;
SET LOCAL request.jwt.claims = '{"sub": "auth0|7"}';
SELECT count(*) AS persons FROM person;
COMMIT;
SELECT current_identity(), count(*) AS persons, current_setting('request.jwt.claims') = '' AS left_empty FROM person;
PREPARE persons AS SELECT array_agg(owner) FROM person;
DO $$
DECLARE
  owners text[];
  who integer;
BEGIN
  FOR round IN 1 .. 14 LOOP
    who := 7 + round % 2;
    PERFORM set_config('request.jwt.claims', format('{"sub": "auth0|%s"}', who), true);
    EXECUTE 'EXECUTE persons' INTO owners;
    IF owners IS DISTINCT FROM ARRAY['auth0|' || who] THEN RAISE 'round %: %', round, owners; END IF;
    owners := (SELECT array_agg(owner) FROM person);
    IF owners IS DISTINCT FROM ARRAY['auth0|' || who] THEN RAISE 'round %: %', round, owners; END IF;
    IF round % 5 = 0 THEN
      PERFORM set_config('request.jwt.claims', '', true);
      EXECUTE 'EXECUTE persons' INTO owners;
      IF owners IS NOT NULL THEN RAISE 'nobody sees %', owners; END IF;
    END IF;
  END LOOP;
END
$$;
-- A savepoint undone takes its identity along.
BEGIN;
SET LOCAL request.jwt.claims = '{"sub": "auth0|7"}';
SAVEPOINT a;
SET LOCAL request.jwt.claims = '{"sub": "auth0|8"}';
SELECT owner FROM person;
ROLLBACK TO a;
SELECT owner FROM person;
COMMIT;
-- Shared by claims, undone by a savepoint: seen at once both ways.
BEGIN;
SET LOCAL request.jwt.claims = '{"sub": "auth0|7"}';
SAVEPOINT a;
INSERT INTO person_access VALUES (:'mine', 'auth0|8');
SET LOCAL request.jwt.claims = '{"sub": "auth0|8"}';
SELECT cardinality(visible_persons()), (SELECT count(*) FROM person) AS persons;
ROLLBACK TO a;
SET LOCAL request.jwt.claims = '{"sub": "auth0|8"}';
SELECT cardinality(visible_persons()), (SELECT count(*) FROM person) AS persons;
ROLLBACK;
-- The application's role may not change the mode.
SELECT test.expect('SET glucose.identity = role');
SELECT test.expect('RESET glucose.identity');
RESET ROLE;
SELECT test.expect('SET glucose.identity = trust') AS superuser_bad_value;

-- Nothing to ask EXPLAIN about: callers without any grant on the tables, who reach them through functions of a role
-- with
-- grants. Who asks is still whom the claims name.
RESET ROLE;
CREATE SCHEMA api;
CREATE ROLE claims_api;
CREATE ROLE claims_user;
SELECT grant_access('claims_api');
GRANT USAGE ON SCHEMA api TO claims_user;
GRANT CREATE, USAGE ON SCHEMA api TO claims_api;
SET ROLE claims_api;
CREATE FUNCTION api.my_persons() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog,
  pg_temp
  RETURN (SELECT count(*) FROM glucose.person);
CREATE FUNCTION api.ask(meal_id uuid) RETURNS jsonb LANGUAGE sql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp RETURN glucose.predict_glucose(meal_id);
SET ROLE claims_user;
SET request.jwt.claims = '{"sub": "auth0|7"}';
SELECT api.my_persons(), jsonb_array_length(api.ask(:'meal') -> 'predictions') > 0 AS answers;
SET request.jwt.claims = '{"sub": "auth0|8"}';
SELECT api.my_persons(), left(test.expect(format('SELECT api.ask(%L)', :'meal')), 5) AS of_another;
SELECT DISTINCT left(test.expect('EXPLAIN SELECT FROM glucose.' || relname || ' WHERE person_id IS NULL'), 5) AS refused
FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attname = 'person_id'
WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'v');
RESET ROLE;
DROP OWNED BY claims_api, claims_user CASCADE;
DROP ROLE claims_api, claims_user;

-- Claims of a session are the next client's, too, where sessions are shared: told once in every transaction that goes
-- by them, and in no other.
SET glucose.warn_session_claims = on;
SELECT test.expect('SET ROLE anna; SET glucose.warn_session_claims = off') AS by_callers;
RESET ROLE;
SET request.jwt.claims = '{"sub": "auth0|7"}';
SELECT current_identity(), cardinality(visible_persons()) AS persons;
SELECT current_identity();
BEGIN;
SET LOCAL request.jwt.claims = '{"sub": "auth0|8"}';
SELECT current_identity();
SAVEPOINT a;
SELECT set_config('request.jwt.claims', '{"sub": "auth0|7"}', true);
SELECT current_identity();
RELEASE a;
SELECT current_identity();
COMMIT;
RESET request.jwt.claims;
BEGIN;
SET request.jwt.claims = '{"sub": "auth0|8"}';
SELECT current_identity();
ROLLBACK;
SELECT current_identity();
SET glucose.warn_session_claims = off;
SET request.jwt.claims = '{"sub": "auth0|7"}';
SELECT current_identity();
