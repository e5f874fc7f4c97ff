-- SPDX-License-Identifier: PostgreSQL
-- setup(): twice, with a steward, by others, after DROP EXTENSION; what is said before it has run.
\getenv here PG_ABS_SRCDIR
\set test setup
\set bare on
\i :here/include/begin.sql
CREATE EXTENSION pg_glucose;
-- The extension owns the fixed schema's functions; nothing else is there yet.
SELECT count(*) AS tables FROM pg_class WHERE relnamespace = 'glucose'::regnamespace
  AND relkind IN ('r', 'v', 'm', 'S');
ALTER EXTENSION pg_glucose SET SCHEMA public;

-- Before setup(): each function that needs the tables says so, and how to get them. The others work.
GRANT USAGE ON SCHEMA glucose TO anna;
SET ROLE anna;
SELECT call, test.expect('SELECT ' || call), test.hint('SELECT ' || call) IS NOT NULL AS hint
FROM unnest(ARRAY['predict_glucose(key(1))', $$predict_meal(key(1), '{}')$$, 'glucose_forecast(key(1))',
  'train_model(key(1))', 'evaluate_model(key(1))', 'extract_features(key(1))', 'extract_meal_features(key(1))',
  'extract_glucose_history(key(1), now())', 'calculate_user_baseline(key(1))', 'training_dataset(key(1))',
  'list_model_versions(key(1))', 'active_model_version(key(1))', $$deploy_model(key(1), 'glucose', '1.0.0')$$,
  'simulate_person(1)', 'visible_persons()', 'owned_persons()', 'require_person(key(1))']) AS call
WHERE test.expect('SELECT ' || call) !~ '^55000' OR test.hint('SELECT ' || call) !~ 'setup\(\)';
SELECT test.expect('SELECT predict_glucose(key(1))'), test.hint('SELECT predict_glucose(key(1))');
SELECT version() IS NOT NULL AS version, current_identity(), cardinality(feature_names()),
  to_mg_dl(5, 'mmol/L') > 90 AS converts;
-- Without CREATE on the schema nobody makes the tables.
SELECT test.expect('SELECT setup()');
RESET ROLE;
SELECT test.expect($$SELECT setup('no_such_role')$$), test.hint($$SELECT setup('no_such_role')$$);
SELECT to_regclass('glucose.person') IS NULL AS nothing_made;

-- The owner of the tables is whoever runs it; here an ordinary role.
GRANT CREATE ON SCHEMA glucose TO frank;
GRANT USAGE ON SCHEMA glucose TO frank WITH GRANT OPTION;
SET ROLE frank;
SELECT setup();
SELECT setup();
SELECT setup(steward => 'dora');
SELECT setup(steward => 'dora');
SELECT count(*) = max(version) AS one_row_per_step FROM schema_version;
RESET ROLE;
SELECT array_agg(DISTINCT relowner::regrole::text) AS owners, count(*) AS tables,
       bool_and(relrowsecurity AND relforcerowsecurity) AS forced
FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind = 'r';
-- Forced: the owner of the tables sees nobody's rows but its own.
SET ROLE frank;
SELECT grant_access('anna'), grant_access('ben');
SET ROLE anna;
INSERT INTO person (person_id) VALUES (key('anna'));
INSERT INTO meal (person_id, eaten_at, meal_type) VALUES (key('anna'), '2026-01-01', 'lunch');
SET ROLE frank;
SELECT count(*) AS of_anna FROM person;
SELECT test.expect($$SELECT add_steward('frank')$$) AS owner_may_name_a_steward;
SELECT setup(steward => 'dora');
SELECT count(*) AS of_anna FROM meal;
-- The steward sees all, and the policies name nobody else.
SET ROLE dora;
SELECT count(*) AS persons FROM person;
SET ROLE ben;
SELECT test.expect('SELECT setup()') AS not_the_owner;
RESET ROLE;
SELECT array_agg(DISTINCT array_to_string(ARRAY(SELECT r::regrole::text FROM unnest(polroles) r), ',')) AS stewards,
       count(*) AS tables
FROM pg_policy WHERE polname = 'steward';

-- A version from the future is left alone.
INSERT INTO schema_version VALUES (999, '99.0');
SELECT test.expect('SELECT setup()'), test.hint('SELECT setup()');
DELETE FROM schema_version WHERE version = 999;

-- The rows are the user's: DROP EXTENSION is refused while policies use its functions …
SELECT left(test.expect('DROP EXTENSION pg_glucose'), 57);
-- … and CASCADE takes the policies along, but no table, no row, and leaves nothing open.
CREATE TEMP TABLE rows_before AS SELECT relname, relrowsecurity AND relforcerowsecurity AS forced
FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind = 'r';
SET client_min_messages = warning;
DROP EXTENSION pg_glucose CASCADE;
RESET client_min_messages;
SELECT count(*) AS gone_or_open FROM rows_before b LEFT JOIN pg_class c
  ON c.relnamespace = 'glucose'::regnamespace AND c.relname = b.relname AND c.relrowsecurity AND c.relforcerowsecurity
WHERE c.oid IS NULL;
SET ROLE anna;
SELECT (SELECT count(*) FROM glucose.person) AS persons, (SELECT count(*) FROM glucose.meal) AS meals;
RESET ROLE;
-- A schema that belongs to somebody else is refused: there, functions could be replaced.
ALTER SCHEMA glucose OWNER TO ben;
SELECT test.expect('CREATE EXTENSION pg_glucose');
ALTER SCHEMA glucose OWNER TO postgres;
CREATE EXTENSION pg_glucose;
SET ROLE frank;
SELECT setup();
SET ROLE anna;
SELECT (SELECT count(*) FROM person) AS persons, (SELECT count(*) FROM meal) AS meals;
INSERT INTO person DEFAULT VALUES RETURNING owner;
SET ROLE eve;
SELECT test.expect('SELECT count(*) FROM glucose.person') AS without_grants;
SET ROLE dora;
SELECT count(*) AS persons_for_the_steward FROM person;
RESET ROLE;

-- One flag or policy lost, as after a careless restore: setup() puts it back.
ALTER TABLE meal NO FORCE ROW LEVEL SECURITY;
ALTER TABLE glucose_reading DISABLE ROW LEVEL SECURITY;
DROP POLICY see ON prediction;
SET client_min_messages = warning;
SELECT setup();
RESET client_min_messages;
SELECT bool_and(relrowsecurity AND relforcerowsecurity) AS forced,
       bool_and(EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname <> 'steward')) AS policies
FROM pg_class c WHERE relnamespace = 'glucose'::regnamespace AND relkind = 'r';
-- Tables of an older version than the library: functions say so.
SELECT max(version) AS newest FROM schema_version \gset
DELETE FROM schema_version;
\c
SELECT test.expect('SELECT predict_glucose(key(1))'), test.hint('SELECT predict_glucose(key(1))');
-- What is rolled back was never there, and what was taken away meanwhile is there again.
BEGIN;
INSERT INTO schema_version VALUES (:newest, '0');
SELECT test.expect('SELECT predict_glucose(key(1))');
ROLLBACK;
SELECT test.expect('SELECT predict_glucose(key(1))');
BEGIN;
SAVEPOINT s;
INSERT INTO schema_version VALUES (:newest, '0');
SELECT test.expect('SELECT predict_glucose(key(1))');
ROLLBACK TO s;
SELECT test.expect('SELECT predict_glucose(key(1))');
COMMIT;
INSERT INTO schema_version VALUES (:newest, '0'), (:newest + 1, '0');
BEGIN;
DELETE FROM schema_version WHERE version > :newest;
SELECT test.expect('SELECT predict_glucose(key(1))');
ROLLBACK;
SELECT test.expect('SELECT predict_glucose(key(1))');
