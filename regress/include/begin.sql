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
\set schema test
\ir hint.sql
-- The setting by which plans take parallel workers also where they do not pay; PostgreSQL 16 has renamed it.
CREATE FUNCTION test.parallel_setting() RETURNS text LANGUAGE sql AS $$ SELECT CASE
  WHEN current_setting('server_version_num')::integer < 160000 THEN 'force_parallel_mode'
  ELSE 'debug_parallel_query' END $$;
CREATE FUNCTION test.near(a double precision, b double precision, tolerance double precision DEFAULT 1e-4)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (a IS NULL AND b IS NULL)
  OR coalesce(abs(a - b) <= tolerance, false) $$;
-- The names of the elements in which two arrays differ.
CREATE FUNCTION test.differences(names text[], a real[], b real[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(array_agg(n ORDER BY i), '{}') FROM unnest(names, a, b) WITH ORDINALITY AS t (n, x, y, i)
  WHERE NOT test.near(x, y, 1e-4) $$;
-- A person of the caller whose glucose answers to carbohydrate alone, from 2026-01-05 in UTC: three meals a day, a
-- reading every 5 minutes. Whatever a linear model is tuned to, it beats "glucose stays what it is" here, which is not
-- sure for a simulated person.
CREATE FUNCTION test.eater(seed integer, days integer) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  id CONSTANT uuid := glucose.key(format('eater %s of %s', seed, glucose.current_identity()));
  day_0 CONSTANT timestamptz := '2026-01-05 00:00+00';
BEGIN
  INSERT INTO glucose.person (person_id, diabetes_type) VALUES (id, 't2d');
  INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
    SELECT id, glucose.key(format('%s meal %s', id, n)),
    day_0 + (n / 3) * interval '1 day' + (ARRAY['7 h', '13 h', '19 h'])[1 + n % 3]::interval,
      (ARRAY['breakfast', 'lunch', 'dinner'])[1 + n % 3], 200 + 6 * c, c, 10 + n % 20, 5 + n % 15, 3 + n % 7
    FROM generate_series(0, 3 * days - 1) n, LATERAL (SELECT 15 + (n * 37 + seed * 11) % 83) m (c);
  INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
    SELECT id, at, 110 + (i * 7919 + seed) % 7 * 0.4 + coalesce((
      SELECT m.carbs_g * 0.8 * minutes / 60 * exp(1 - minutes / 60)
      FROM (SELECT day_0 + (extract(day FROM at - day_0)::int) * interval '1 day' + h::interval AS eaten_at
      FROM unnest('{7 h,13 h,19 h}'::text[]) h) t
      JOIN glucose.meal m ON m.person_id = id AND m.eaten_at = t.eaten_at,
      LATERAL (SELECT extract(epoch FROM at - t.eaten_at)::float8 / 60) e (minutes) WHERE minutes > 0 ORDER BY minutes
      LIMIT 1), 0)
    FROM generate_series(0, days * 288 - 1) i, LATERAL (SELECT day_0 + i * interval '5 min') r (at);
  RETURN id;
END
$$;

\if :{?bare}
\else
  CREATE EXTENSION pg_glucose;
  DO $$ BEGIN PERFORM glucose.setup(steward => 'dora'); END $$;
  DO $$ BEGIN PERFORM glucose.grant_access(r) FROM unnest('{anna,ben,cara,eve}'::name[]) AS r; END $$;
\endif
\unset ON_ERROR_STOP
RESET client_min_messages;
\set ECHO all
