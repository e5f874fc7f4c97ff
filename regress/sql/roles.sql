-- SPDX-License-Identifier: PostgreSQL
-- Whose persons are when callers are known by their role: names can be used again, changed, and of any encoding; and
-- keys and claims are of the text, whatever the encoding of the database.
\getenv here PG_ABS_SRCDIR
\set test roles
\i :here/include/begin.sql
SET client_min_messages = warning;
CREATE FUNCTION test.try(statement text) RETURNS text LANGUAGE sql
  RETURN test.expect(statement) || coalesce(' / ' || test.hint(statement), '');
CREATE ROLE roles_owner;
GRANT CREATE ON SCHEMA glucose TO roles_owner;
GRANT USAGE ON SCHEMA glucose TO PUBLIC;
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT oid::regclass AS name FROM pg_class
    WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'v') LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO roles_owner', r.name); END LOOP; END $$;
SELECT setup() IS NOT NULL AS set_up;

-- Names of roles: a new role of an old name inherits nothing, a renamed one loses nothing, nobody is locked out for
-- good.
CREATE ROLE roles_eve;
CREATE ROLE roles_cara;
SET ROLE roles_owner;
SELECT grant_access('roles_eve'), grant_access('roles_cara');
SET ROLE roles_eve;
INSERT INTO person (person_id) VALUES (key('eve'));
INSERT INTO person_access (person_id, identity) VALUES (key('eve'), 'roles_cara');
RESET ROLE;
ALTER ROLE roles_cara RENAME TO roles_carla;
DROP OWNED BY roles_eve;
DROP ROLE roles_eve;
CREATE ROLE roles_eve;
CREATE ROLE roles_cara;
SET client_min_messages = notice;
SELECT grant_access('roles_eve');
SET client_min_messages = warning;
SELECT grant_access('roles_cara');
SET ROLE roles_carla;
SELECT current_identity(), count(*) AS shared FROM person;
SET ROLE roles_cara;
SELECT current_identity(), count(*) AS shared, cardinality(visible_persons()) FROM person;
SELECT test.try('SELECT simulate_person(1, 1)');
SET ROLE roles_eve;
SELECT current_identity(), count(*) AS persons FROM person;
SELECT left(test.expect(statement), 5) FROM unnest(ARRAY['INSERT INTO person DEFAULT VALUES',
  'INSERT INTO person (owner) VALUES (''roles_eve'')', 'SELECT require_person(key(''eve''))',
  'SELECT bind_identity(''roles_eve'', ''roles_eve'')', 'SELECT note_identity(''roles_eve'') AND FALSE',
  'SELECT * FROM role_identity']) statement;
SELECT current_identity();
-- The owner of the tables decides: this one is the same human being, that one is another.
SET ROLE roles_owner;
SELECT bind_identity('roles_eve', 'roles_eve'), bind_identity('another cara', 'roles_cara');
SELECT test.try('SELECT bind_identity('''', ''roles_eve'')'),
  test.try('SELECT bind_identity(''x'', ''nobody_of_that_name'')');
SET ROLE roles_eve;
SELECT current_identity(), count(*) AS persons FROM person;
SET ROLE roles_cara;
SELECT current_identity(), count(*) AS persons FROM person;
INSERT INTO person DEFAULT VALUES RETURNING owner;
RESET ROLE;
-- A role without a grant of its own, but of a group's, is bound when it adds its first person.
CREATE ROLE roles_member IN ROLE roles_cara;
SET ROLE roles_member;
INSERT INTO person DEFAULT VALUES RETURNING owner;
RESET ROLE;
DROP ROLE roles_member;
CREATE ROLE roles_member IN ROLE roles_cara;
SET ROLE roles_member;
SELECT current_identity(), count(*) AS persons FROM person;
RESET ROLE;
-- Where nothing is left of the old one, nothing can be inherited, and the name is free.
DELETE FROM person WHERE owner = 'roles_member';
SELECT grant_access('roles_member');
SET ROLE roles_member;
SELECT current_identity(), count(*) AS persons FROM person;
RESET ROLE;
-- In another cluster roles have other oids: the name decides, and setup() binds what it finds anew.
UPDATE role_identity SET system_identifier = 1, role = role::bigint + 1000000;
\c
SET client_min_messages = warning;
SET ROLE roles_eve;
SELECT current_identity(), count(*) AS persons FROM person;
SET ROLE roles_owner;
SELECT setup() IS NOT NULL AS bound_again;
RESET ROLE;
SELECT count(*) FILTER (WHERE system_identifier = (SELECT system_identifier FROM pg_control_system())
  AND pg_get_userbyid(role) = identity) > 0 AS here FROM role_identity WHERE identity = 'roles_eve';
ALTER ROLE roles_eve RENAME TO roles_eva;
SET ROLE roles_eva;
SELECT current_identity(), count(*) AS persons FROM person;
RESET ROLE;
DROP OWNED BY roles_eva, roles_cara, roles_carla, roles_member CASCADE;
DROP ROLE roles_eva, roles_cara, roles_carla, roles_member;

-- Keys and identities are of the text, whatever the encoding; no claim makes a policy raise.
SET glucose.identity = 'claims';
CREATE TABLE test.text (what text, claims text);
INSERT INTO test.text VALUES ('ascii', '{"sub": "auth0|7"}'), ('escape', '{"sub": "caf\u00e9"}'),
  ('quote', '{"sub": "\u0022x\u005c"}'), ('euro', '{"sub": "\u20ac"}'), ('surrogates', '{"sub": "\ud83d\ude00"}'),
  ('half', '{"sub": "\ud83d"}'), ('second half', '{"sub": "\ude00x"}'), ('two firsts', '{"sub": "\ud83d\ud83d"}'),
  ('zero', '{"sub": "a\u0000b"}'), ('zero elsewhere', '{"sub": "a", "x": "\u0000"}'),
  ('not hexadecimal', '{"sub": "\u00g9"}'),
  ('ends', '{"sub": "\u00'), ('ends', '{"sub": "\ud83d\u'), ('ends', '{"sub": "\'),
  ('escaped backslash', '{"sub": "\\u00e9"}'),
  ('name', '{"s\u0075b": "x", "\u20ac": 1}');
CREATE FUNCTION test.read_claims(claims text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('request.jwt.claims', claims, true);
  RETURN coalesce(encode(convert_to(glucose.current_identity(),
    CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII'
    ELSE 'UTF8' END), 'escape'), 'nobody') || ' ' || cardinality(glucose.visible_persons());
EXCEPTION WHEN OTHERS THEN RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT what, test.read_claims(claims) FROM test.text ORDER BY what COLLATE "C", claims COLLATE "C";
SELECT key('Jürgen') AS utf8 \gset
SELECT pg_get_functiondef('test.read_claims'::regproc) AS reader \gset
SELECT string_agg(format('(%L, %L)', what, claims), ', ') AS texts FROM test.text \gset
DROP DATABASE IF EXISTS test_roles_latin1;
CREATE DATABASE test_roles_latin1 ENCODING 'LATIN1' TEMPLATE template0;
DROP DATABASE IF EXISTS test_roles_bytes;
CREATE DATABASE test_roles_bytes ENCODING 'SQL_ASCII' TEMPLATE template0;
\c test_roles_latin1
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
CREATE EXTENSION pg_glucose;
SELECT glucose.setup() IS NOT NULL AS set_up;
SELECT glucose.key('Jürgen') = :'utf8' AS same_key;
CREATE SCHEMA test;
:reader;
SET glucose.identity = 'claims';
SELECT what, test.read_claims(claims) FROM (VALUES :texts) t (what, claims)
WHERE what IN ('escape', 'quote', 'euro', 'surrogates', 'zero', 'zero elsewhere', 'ends', 'escaped backslash', 'name',
  'half')
ORDER BY what COLLATE "C", claims COLLATE "C";
SELECT test.read_claims('{"sub": "café"}') = test.read_claims('{"sub": "caf\u00e9"}') AS same_identity;
\c test_roles_bytes
SET client_min_messages = warning;
CREATE EXTENSION pg_glucose;
SELECT glucose.setup() IS NOT NULL AS set_up;
SELECT glucose.key('Jürgen') = :'utf8' AS same_key, glucose.key(E'\xff\xfe') IS NOT NULL AS any_bytes;
CREATE SCHEMA test;
:reader;
SET glucose.identity = 'claims';
SELECT what, test.read_claims(claims) FROM (VALUES :texts) t (what, claims)
WHERE what IN ('escape', 'quote', 'euro', 'surrogates', 'zero', 'zero elsewhere', 'ends', 'escaped backslash', 'name',
  'half')
ORDER BY what COLLATE "C", claims COLLATE "C";
SELECT test.read_claims(E'{"sub": "\xff"}') AS any_bytes;
-- A role made in a database of another encoding has a name that is no text in this one: nobody, and nothing raises.
DO $$ BEGIN EXECUTE E'CREATE ROLE "roles_\xe9"'; END $$;
\c test_roles
SET client_min_messages = warning;
CREATE TEMP TABLE seen (who boolean, persons bigint, refused text);
GRANT INSERT ON seen TO PUBLIC;
DO $$
DECLARE
  stranger text := (SELECT quote_ident(rolname) FROM pg_roles
    WHERE rolname LIKE 'roles\__' ESCAPE '\' AND octet_length(rolname::text) = 7);
BEGIN
  EXECUTE 'GRANT SELECT, INSERT ON person TO ' || stranger;
  EXECUTE 'SET ROLE ' || stranger;
  INSERT INTO seen SELECT current_identity() IS NOT NULL, (SELECT count(*) FROM person),
    left(test.expect('INSERT INTO person DEFAULT VALUES'), 5);
  RESET ROLE;
  EXECUTE 'DROP OWNED BY ' || stranger || '; DROP ROLE ' || stranger;
END
$$;
SELECT * FROM seen;
\c postgres
DROP DATABASE test_roles_latin1;
DROP DATABASE test_roles_bytes;
DROP DATABASE test_roles;
DROP ROLE roles_owner;
