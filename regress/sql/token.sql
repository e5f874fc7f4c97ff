-- SPDX-License-Identifier: PostgreSQL
-- glucose.identity = token: who asks is whom login() has let in, in this transaction, and nothing else that a caller
-- can
-- say.
\getenv here PG_ABS_SRCDIR
\set test token
\i :here/include/begin.sql
\i :here/include/token.sql
\if :{?more_tokens}
\else
  \set more_tokens 2000
\endif
SELECT setseed(0.7);
-- What is known of HMAC-SHA-256 (RFC 4231, case 2), and a token of RFC 7519's kind: the helpers are right.
SELECT encode(test.hmac('what do ya want for nothing?', 'Jefe'), 'hex')
  = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843' AS hmac;
SELECT grant_access('frank');
-- Tokens are for the mode of that name, and need a key and an audience.
SELECT test.expect('SELECT login(''x'')') AS other_mode, test.hint('SELECT login(''x'')');
SET glucose.identity = 'token';
SELECT test.expect('SELECT login(''x'')') AS no_key, test.hint('SELECT login(''x'')');
SELECT current_setting('data_directory') AS folder \gset
SELECT :'folder' || '/pgg_token_key' AS key_file, :'folder' || '/pgg_token_keys' AS key_files,
  :'folder' || '/pgg_token_three' AS three \gset
COPY (SELECT repeat('0123456789abcdef', 4)) TO :'key_file';
COPY (SELECT k FROM (VALUES (1, repeat('fedcba9876543210', 4)), (2, repeat('0123456789abcdef', 4))) v (i, k) ORDER BY i)
  TO :'key_files';
COPY (SELECT repeat(i::text, 40) FROM generate_series(1, 3) i) TO :'three';
SET glucose.token_key_file = 'pgg_token_three';
SELECT test.expect('SELECT login(''x'')') AS three_keys;
SET glucose.token_key_file = :'key_file';
SELECT test.expect('SELECT login(''x'')') AS others_may_read;
ALTER DATABASE test_token SET glucose.token_key_file = 'pgg_token_key';
ALTER DATABASE test_token SET glucose.identity = 'token';
\c
SET search_path = glucose, public;
SET timezone = 'UTC';
SET glucose.token_audience = '';
SELECT test.expect('SELECT login(''x'')') AS no_audience;
RESET glucose.token_audience;

SET ROLE frank;
SELECT glucose.version() IS NOT NULL AS loaded;
-- Nobody, no row, and what to do.
SELECT current_identity(), visible_persons(), (SELECT count(*) FROM person) AS persons;
SELECT test.expect('SELECT simulate_person(1)'), test.hint('SELECT simulate_person(1)');
-- A day's work of two.
BEGIN;
SELECT login(test.token(test.claims('auth0|7')));
SELECT test.eater(1, 15) AS mine \gset
SELECT meal_id AS meal FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT version FROM train_model(:'mine', algorithm => 'ridge', options => '{"deploy": true}');
SELECT predict_glucose(:'meal') ->> 'logged' AS logged;
SELECT current_identity(), owner, (SELECT DISTINCT issued_to FROM prediction) AS issued_to FROM person;
COMMIT;
SELECT current_identity(), (SELECT count(*) FROM person) AS persons;
BEGIN;
SELECT login(test.token(test.claims('auth0|8', '{"aud": ["other", "pg_glucose"], "nbf": 0, "iat": 1.5, "x": [{}]}')));
SELECT simulate_person(2, 3) IS NOT NULL AS theirs;
SELECT array_agg(owner) AS owners FROM person;
SELECT left(test.expect(format('SELECT predict_glucose(%L)', :'meal')), 5) AS not_found;
COMMIT;
-- The end of the transaction ends it, and so does what undoes a savepoint; a later login takes its place; a savepoint
-- that is released hands it on. Kept plans and parallel workers follow.
PREPARE owners AS SELECT array_agg(owner) FROM person;
BEGIN;
SELECT login(test.token(test.claims('auth0|7')));
EXECUTE owners;
SAVEPOINT a;
SELECT login(test.token(test.claims('auth0|8')));
EXECUTE owners;
ROLLBACK TO a;
EXECUTE owners;
SELECT login(test.token(test.claims('auth0|8')));
RELEASE a;
EXECUTE owners;
SAVEPOINT b;
SELECT login('x');
ROLLBACK TO b;
EXECUTE owners;
SELECT set_config(test.parallel_setting(), 'on', true) \gset
SELECT current_identity(), count(*) FROM person;
SELECT set_config(test.parallel_setting(), 'off', true) \gset
ROLLBACK;
EXECUTE owners;
BEGIN;
SAVEPOINT a;
SELECT login(test.token(test.claims('auth0|7')));
ROLLBACK TO a;
EXECUTE owners;
COMMIT;
-- In a function with settings of its own, and in a procedure that commits.
CREATE FUNCTION pg_temp.enter(token text) RETURNS text LANGUAGE sql SET timezone = 'UTC' RETURN glucose.login(token);
BEGIN;
SELECT pg_temp.enter(test.token(test.claims('auth0|7')));
EXECUTE owners;
COMMIT;
DO $$
BEGIN
  PERFORM glucose.login(test.token(test.claims('auth0|7')));
  RAISE WARNING 'before: %', glucose.current_identity();
  COMMIT;
  RAISE WARNING 'after: %', glucose.current_identity();
END
$$;
-- What a login says of others than whom it is for: nothing.
BEGIN;
SELECT login(test.token(test.claims('it''s "me" ä 🍎')));
SELECT current_identity(), count(*) FROM person;
COMMIT;

-- A trained model in the background belongs to whom asked for it; nobody logs in there.
BEGIN;
SELECT login(test.token(test.claims('auth0|7')));
SELECT train_model_async(:'mine', algorithm => 'mean') IS NOT NULL AS queued;
COMMIT;
DO $$
DECLARE
  open boolean := true;
BEGIN
  FOR i IN 1 .. 600 LOOP
    PERFORM glucose.login(test.token(test.claims('auth0|7')));
    open := EXISTS (SELECT FROM glucose.training_job WHERE state IN ('queued', 'running'));
    COMMIT;
    EXIT WHEN NOT open;
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;
BEGIN;
SELECT login(test.token(test.claims('auth0|7')));
SELECT state, identity, version, error_sqlstate FROM training_job;
COMMIT;

-- Refused, all with the same words.
RESET ROLE;
CREATE TABLE test.forged (what text, token text);
INSERT INTO test.forged VALUES ('null', NULL), ('empty', ''), ('dots', '..'), ('one part', 'abc'),
  ('four parts', test.token(test.claims('anna')) || '.x'),
  ('padded', test.token(test.claims('anna')) || '='), ('blank', test.token(test.claims('anna')) || ' '),
  ('line end', test.token(test.claims('anna')) || E'\n'),
  ('too long', test.token(test.claims('anna', jsonb_build_object('x', repeat('x', 8000))))),
  ('very long', repeat('x', 1000000)),
  ('unsigned', test.base64url('{"alg":"none"}') || '.' || test.base64url(test.claims('anna')::bytea) || '.'),
  ('another key', test.token(test.claims('anna'), repeat('x', 64))),
  ('an empty key', test.token(test.claims('anna'), '')),
  ('its own signature', (SELECT split_part(t, '.', 1) || '.' || split_part(t, '.', 2) || '.' ||
    split_part(test.token(test.claims('ben')), '.', 3) FROM test.token(test.claims('anna')) t));
INSERT INTO test.forged SELECT 'alg ' || a, test.token(test.claims('anna'), header => a)
FROM unnest('{"{\"alg\":\"none\"}","{\"alg\":\"hs256\"}","{\"alg\":\"HS512\"}","{\"alg\":\"RS256\"}","{}",
  "{\"alg\":[\"HS256\"]}","{\"alg\":\"HS256\",\"alg\":\"none\"}","{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
  "\"HS256\"","[]","{\"alg\":\"HS256\"","{\"alg\":\"HS256\\u0000\"}"}'::text[]) a;
INSERT INTO test.forged SELECT 'claims ' || c, test.token(c) FROM unnest(ARRAY[
  test.claims('anna', '{"exp": 1}'), test.claims('anna', '{"exp": "9999999999"}'),
  test.claims('anna', '{"exp": 1e300}'),
  test.claims('anna', '{"exp": -1}'), test.claims('anna', '{"exp": null}'), '{"sub": "anna", "aud": "pg_glucose"}',
  '{"sub": "anna", "aud": "pg_glucose", "exp": 1e999}', '{"sub": "anna", "aud": "pg_glucose", "exp": 9e9, "exp": 9e9}',
  test.claims('anna', '{"nbf": 99999999999}'), test.claims('anna', '{"nbf": "0"}'), test.claims('anna', '{"iat": "x"}'),
  test.claims('anna', '{"aud": "other"}'), test.claims('anna', '{"aud": []}'), test.claims('anna', '{"aud": null}'),
  test.claims('anna', '{"aud": ["Pg_glucose"]}'), test.claims('anna', '{"aud": {"pg_glucose": 1}}'),
  '{"sub": "anna", "exp": 99999999999}',
  test.claims(''), test.claims('anna', '{"sub": 7}'), test.claims('anna', '{"sub": null}'),
  test.claims('anna', '{"sub": ["anna"]}'), test.claims(repeat('x', 256)), test.claims(E'anna\n'), test.claims(E'\x7f'),
  '{"sub": "anna", "sub": "ben", "aud": "pg_glucose", "exp": 99999999999}',
  '{"sub": "x", "s\u0075b": "anna", "aud": "pg_glucose", "exp": 99999999999}',
  '{"sub": "anna\u0000", "aud": "pg_glucose", "exp": 99999999999}',
  '{"sub": "\ud800", "aud": "pg_glucose", "exp": 99999999999}', '["sub", "anna"]', 'null', '',
  test.claims('anna') || ' x', repeat('[', 500) || repeat(']', 500)]) c;
GRANT SELECT ON test.forged TO PUBLIC;
SET ROLE frank;
SELECT test.expect(format('SELECT login(%L)', token)) AS answer, test.hint(format('SELECT login(%L)', token)), count(*)
FROM test.forged GROUP BY 1, 2;
SELECT what FROM test.forged WHERE test.expect(format('SELECT login(%L)', token)) NOT LIKE '28000 %';
SELECT left(test.expect(format('SELECT login(%L)', test.token(test.claims(repeat('ä', 127))))),
  5) AS as_long_as_it_may_be;
SELECT * FROM test.try_spoilt(:more_tokens);

-- What a caller can say is not who it is.
CREATE FUNCTION pg_temp.after(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN substring(test.expect(statement) FROM '^\w+') || ' -> ' || coalesce(current_identity(), 'nobody') || ' '
    || (SELECT count(*) FROM person);
END
$$;
SELECT pg_temp.after(s) FROM unnest(ARRAY['SET glucose.token_identity = ''auth0|7''',
  'SET LOCAL glucose.token_identity = ''auth0|7''',
  'SELECT set_config(''glucose.token_identity'', ''auth0|7'', true)',
  'UPDATE pg_settings SET setting = ''auth0|7'' WHERE name = ''glucose.token_identity''',
  'SET request.jwt.claims = ''{"sub": "auth0|7"}''', 'SET glucose.identity = ''claims''', 'RESET glucose.identity',
  'SET glucose.token_key_file = ''PG_VERSION''', 'SHOW glucose.token_key_file',
  'SET glucose.token_audience = ''other''', 'SET ROLE anna', 'SET SESSION AUTHORIZATION anna',
  'ALTER ROLE frank SET glucose.token_identity = ''auth0|7''',
  'ALTER DATABASE test_token SET glucose.token_identity = ''auth0|7''',
  'CREATE FUNCTION pg_temp.f() RETURNS bigint LANGUAGE sql SET glucose.token_identity = ''auth0|7''
   RETURN (SELECT count(*) FROM glucose.person)',
  'CREATE FUNCTION pg_temp.current_identity() RETURNS text LANGUAGE sql RETURN ''auth0|7''',
  'SET search_path = pg_temp, glucose', 'LOAD ''pg_glucose''', 'RESET ALL']) s;
-- Nor what a session was begun with, or was told before the library was there.
RESET SESSION AUTHORIZATION;
DROP ROLE IF EXISTS token_caller;
CREATE ROLE token_caller LOGIN IN ROLE frank;
-- (Before the library is there the server takes any value of a connection, and forgets the database's.)
\c "dbname=test_token user=token_caller options='-c glucose.identity=role'"
SHOW glucose.identity;
\set ON_ERROR_STOP off
SELECT glucose.current_identity();
SELECT count(*) FROM glucose.person;
\c "dbname=test_token user=token_caller options='-c glucose.token_audience=other'"
SELECT glucose.current_identity();
\c "dbname=test_token user=token_caller options='-c glucose.token_identity=auth0|7'"
SELECT glucose.current_identity();
SELECT count(*) FROM glucose.person;
\set ON_ERROR_STOP on
\c "dbname=test_token user=token_caller options='-c glucose.cache_size=1MB'"
SELECT glucose.current_identity(), current_setting('glucose.cache_size') AS anybodys;
-- All that anybody may set: is_for_anybody() in setting_records.cpp names them.
SELECT name FROM pg_settings WHERE name LIKE 'glucose.%' AND context = 'user' ORDER BY 1;
\c "dbname=test_token user=postgres options='-c glucose.identity=role'"
SELECT glucose.current_identity() AS a_superusers;
\c "dbname=test_token user=token_caller options=''"
SET glucose.token_identity = 'auth0|7';
SET glucose.identity = 'claims';
SET glucose.token_key_file = 'PG_VERSION';
SELECT set_config('request.jwt.claims', '{"sub": "auth0|7"}', false);
SELECT glucose.current_identity(), (SELECT count(*) FROM glucose.person) AS persons;
SHOW glucose.identity;
\c "dbname=test_token user=postgres options=''"
DROP ROLE token_caller;
SET search_path = glucose, public;
SET client_min_messages = warning;
-- Not even a superuser leaves somebody in a session.
SELECT glucose.version() IS NOT NULL AS loaded;
SELECT test.expect('SET glucose.token_identity = ''auth0|7'''), test.hint('SET glucose.token_identity = ''auth0|7''');
-- RESET ALL in the middle of it does not change who asks, nor the mode.
BEGIN;
SELECT login(test.token(test.claims('auth0|7')));
RESET ALL;
SELECT glucose.current_identity();
COMMIT;

-- One key follows another: both are good while both are there.
COPY (SELECT k FROM (VALUES (1, repeat('fedcba9876543210', 4)), (2, repeat('0123456789abcdef', 4))) v (i, k) ORDER BY i)
  TO :'key_file';
SELECT glucose.login(test.token(test.claims('a'))), glucose.login(test.token(test.claims('b'),
  repeat('fedcba9876543210', 4)));
COPY (SELECT repeat('fedcba9876543210', 4)) TO :'key_file';
SELECT test.expect('SELECT glucose.login(test.token(test.claims(''a'')))') AS old,
  test.expect('SELECT glucose.login(test.token(test.claims(''b''), repeat(''fedcba9876543210'', 4)))') AS new;
