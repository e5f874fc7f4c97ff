-- SPDX-License-Identifier: PostgreSQL
\set ECHO none
-- What a test begins with: a database of its own (:test names it) with the extension, the tables and helpers in schema
-- test. Roles are shared by all tests and own nothing elsewhere: anna and ben have persons, cara is a caregiver, dora
-- the steward, eve has the grants and nobody's rows, frank has no grant at all.
\set ON_ERROR_STOP on
\pset pager off
SET client_min_messages = warning;
SELECT 'test_' || :'test' AS db \gset
DROP DATABASE IF EXISTS :db;
CREATE DATABASE :db;
ALTER DATABASE :db SET search_path = glucose, public;
\c :db
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = glucose, public;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['anna', 'ben', 'cara', 'dora', 'eve', 'frank'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;  -- another test was first
    END;
  END LOOP;
END
$$;
CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;

-- What a statement leads to: 'ok', or SQLSTATE and message; it leaves nothing behind when it fails.
CREATE FUNCTION test.expect(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN 'ok';
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  RETURN sqlstate || ' ' || sqlerrm;
END
$$;
CREATE FUNCTION test.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE statement;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = pg_exception_hint;
  RETURN hint;
END
$$;
CREATE FUNCTION test.near(a double precision, b double precision, tolerance double precision DEFAULT 1e-4)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (a IS NULL AND b IS NULL) OR coalesce(abs(a - b) <= tolerance, false) $$;
-- The names of the elements in which two arrays differ.
CREATE FUNCTION test.differences(names text[], a real[], b real[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(array_agg(n ORDER BY i), '{}') FROM unnest(names, a, b) WITH ORDINALITY AS t (n, x, y, i)
  WHERE NOT test.near(x, y, 1e-4) $$;

\if :{?bare}
\else
  CREATE EXTENSION pg_glucose;
  DO $$ BEGIN PERFORM glucose.setup(steward => 'dora'); END $$;
  DO $$ BEGIN PERFORM glucose.grant_access(r) FROM unnest('{anna,ben,cara,eve}'::name[]) AS r; END $$;
\endif
\unset ON_ERROR_STOP
RESET client_min_messages;
\set ECHO all
