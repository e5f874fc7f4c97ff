-- SPDX-License-Identifier: PostgreSQL
-- security_check(): what lets rows or values out is found, each of many ways, and nothing of it in a guarded database.
\getenv here PG_ABS_SRCDIR
\set test security
\i :here/include/begin.sql
RESET ROLE;
SELECT grant_access('eve'), grant_access('anna', 'read'), add_steward('dora');
-- A database as the pages say: nothing critical, nor anything but what the tests' server is set to.
SELECT severity, finding FROM security_check() WHERE finding !~ '^(role|.* is a superuser)' ORDER BY 2;
SELECT count(*) FILTER (WHERE severity = 'critical') AS critical, count(*) = count(hint) AS all_with_hint,
  bool_and(severity IN ('critical', 'warning', 'info')) AS known FROM security_check();
-- For whom.
SET ROLE dora;
SELECT count(*) > 0 AS steward FROM security_check();
SET ROLE eve;
SELECT test.expect('SELECT * FROM glucose.security_check()');
RESET ROLE;

-- Each deed is done, looked for among what was not found before, and undone.
CREATE ROLE security_caller LOGIN IN ROLE eve;
CREATE ROLE security_owner;
CREATE TEMP TABLE before AS SELECT severity, finding FROM security_check();
CREATE FUNCTION test.found(deed text, pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  found text;
BEGIN
  EXECUTE deed;
  SELECT string_agg(c.severity, ' ' ORDER BY c.severity) INTO found FROM glucose.security_check() c
  WHERE c.finding ~ pattern AND NOT EXISTS (SELECT FROM before b WHERE b.finding = c.finding);
  RAISE EXCEPTION USING MESSAGE = coalesce(found, 'NOT FOUND'), ERRCODE = 'UX001';
EXCEPTION WHEN SQLSTATE 'UX001' THEN
  RETURN sqlerrm;
END
$$;
CREATE TABLE test.deed (id integer GENERATED ALWAYS AS IDENTITY, statement text, finding text);
INSERT INTO test.deed (statement, finding) VALUES
  ('ALTER ROLE security_caller SET log_statement = ''all''', '^log_statement: .*: role security_caller$'),
  ('ALTER DATABASE test_security SET log_statement = ''mod''', '^log_statement'),
  ('ALTER DATABASE test_security SET log_min_duration_statement = 100', '^log_min_duration_statement'),
  ('ALTER ROLE security_caller IN DATABASE test_security SET log_parameter_max_length_on_error = -1',
   '^log_parameter_max_length_on_error'),
  ('ALTER ROLE security_caller SET log_transaction_sample_rate = 0.1', '^log_transaction_sample_rate'),
  ('SET LOCAL log_min_duration_sample = 10', '^log_min_duration_sample'),
  ('ALTER ROLE security_caller SET glucose.identity = ''claims''', 'security_caller" may say by request.jwt.claims'),
  ('ALTER ROLE security_caller SET glucose.identity = ''token''', 'no key for them'),
  ('GRANT SELECT ON glucose.meal TO PUBLIC', 'PUBLIC has SELECT on glucose.meal'),
  ('GRANT UPDATE ON glucose.model_version TO eve', 'eve has UPDATE on glucose.model_version'),
  ('GRANT INSERT (predictions) ON glucose.prediction TO eve', 'eve has INSERT on glucose.prediction'),
  ('GRANT TRUNCATE ON glucose.glucose_reading TO eve', 'TRUNCATE'), ('GRANT TRIGGER ON glucose.meal TO eve', 'TRIGGER'),
  ('GRANT REFERENCES ON glucose.person TO eve', 'REFERENCES'),
  ('GRANT SELECT ON glucose.meal TO eve WITH GRANT OPTION', 'and may grant it'),
  ('GRANT SELECT ON glucose.population_model TO eve', 'SELECT on glucose.population_model'),
  ('GRANT SELECT ON glucose.audit_seal TO eve', 'SELECT on glucose.audit_seal'),
  ('GRANT UPDATE ON glucose.metric TO eve', 'UPDATE on glucose.metric'),
  ('GRANT CREATE ON SCHEMA glucose TO eve', 'eve may create objects in schema glucose'),
  ('ALTER DEFAULT PRIVILEGES IN SCHEMA glucose GRANT SELECT ON TABLES TO eve', 'open to eve by default'),
  ('GRANT SET ON PARAMETER glucose.identity TO eve', 'eve may set glucose.identity'),
  ('ALTER TABLE glucose.meal NO FORCE ROW LEVEL SECURITY', 'glucose.meal has no row-level security'),
  ('ALTER TABLE glucose.prediction DISABLE ROW LEVEL SECURITY', 'glucose.prediction has no row-level'),
  ('CREATE TABLE part () INHERITS (glucose.meal)', 'part has no row-level security'),
  ('DROP POLICY see ON glucose.meal', 'policy "see" on glucose.meal is not there'),
  ('DROP POLICY claim ON glucose.person', 'policy "claim" on glucose.person is not there'),
  ('ALTER POLICY see ON glucose.meal USING (true)', 'policy "see" on glucose.meal is not as'),
  ('ALTER POLICY enter ON glucose.glucose_reading WITH CHECK (glucose.sees_all IS NULL OR true)', '.'),
  ('ALTER POLICY own_change ON glucose.person WITH CHECK (owner = glucose.current_identity())',
   'policy "own_change" on glucose.person is not as'),
  ('CREATE POLICY hole ON glucose.meal USING (true)', 'policy "hole"'),
  ('CREATE POLICY mine ON glucose.meal FOR SELECT TO eve USING (carbs_g > 1)', 'policy "mine"'),
  ('CREATE VIEW v AS SELECT * FROM glucose.meal; GRANT SELECT ON v TO eve', 'view public.v shows'),
  ('CREATE VIEW v AS SELECT * FROM glucose.meal; CREATE VIEW w WITH (security_invoker) AS SELECT * FROM v;
    CREATE VIEW x AS SELECT * FROM w', 'view public.v shows'),
  ('CREATE MATERIALIZED VIEW v AS SELECT * FROM glucose.prediction_horizon; GRANT SELECT ON v TO eve',
   'materialized view public.v'),
  ('ALTER VIEW glucose.prediction_outcome RESET (security_invoker)', 'view glucose.prediction_outcome'),
  ('CREATE PUBLICATION p FOR TABLE glucose.meal', 'publication "p"'),
  ('CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NEW; END'';
    CREATE TRIGGER t BEFORE INSERT ON glucose.meal FOR EACH ROW EXECUTE FUNCTION t()', 'trigger "t"'),
  ('CREATE RULE r AS ON DELETE TO glucose.meal DO INSTEAD NOTHING', 'rule "r"'),
  ('CREATE FUNCTION glucose.predict_glucose(text) RETURNS text LANGUAGE sql RETURN $1',
   'function glucose.predict_glucose\(text\) is in schema glucose'),
  ('CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM glucose.meal)',
   'f\(\) runs as'),
  ('CREATE FUNCTION public.predict_glucose(uuid) RETURNS text LANGUAGE sql RETURN ''{}''', 'has the name of one'),
  ('CREATE EXTENSION dblink SCHEMA glucose', 'extension "dblink"'),
  ('GRANT CREATE ON SCHEMA public TO PUBLIC', 'PUBLIC may create objects in schema public'),
  ('ALTER TABLE glucose.deployment OWNER TO security_owner', 'glucose.deployment belongs to security_owner'),
  ('ALTER ROLE security_caller BYPASSRLS', 'security_caller" is not bound'),
  ('ALTER ROLE security_caller CREATEROLE', 'security_caller" may make itself'),
  ('ALTER ROLE security_caller REPLICATION', 'security_caller" reads all'),
  ('GRANT pg_execute_server_program TO security_caller', 'security_caller" reads or writes files'),
  ('GRANT pg_monitor TO security_caller', 'security_caller" sees the statements'),
  ('GRANT pg_read_all_data TO security_caller', 'security_caller" has privileges on all');
UPDATE test.deed SET statement = 'ALTER POLICY enter ON glucose.glucose_reading WITH CHECK (true)',
  finding = 'policy "enter" on glucose.glucose_reading is not as' WHERE statement LIKE '%sees_all%';
-- CREATE OR REPLACE and the like need the path of an application.
SET search_path = public;
SET client_min_messages = error;
SELECT test.found(statement, finding), left(statement, 90) AS deed FROM test.deed
  WHERE statement !~ 'CREATEROLE' ORDER BY id;
SET client_min_messages = warning;
-- From PostgreSQL 16 on such a role can give away only what it has been given to give away.
SELECT test.found(statement, finding) = CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'warning'
  ELSE 'NOT FOUND' END AS as_the_server_has_it FROM test.deed WHERE statement ~ 'CREATEROLE';
SET search_path = glucose, public;
SELECT count(*) AS left_behind FROM security_check() c WHERE NOT EXISTS (SELECT FROM before b
  WHERE b.finding = c.finding) AND c.finding ~ 'security_|glucose\.';
-- A member of the owner; the owner runs it as well, and setup() says that there is something.
CREATE DATABASE test_security_owner;
\c test_security_owner
SET client_min_messages = warning;
CREATE EXTENSION pg_glucose;
GRANT CREATE, USAGE ON SCHEMA glucose TO security_owner WITH GRANT OPTION;
SET ROLE security_owner;
SELECT glucose.setup() IS NOT NULL AS set_up;
SELECT count(*) FILTER (WHERE severity = 'critical') AS critical FROM glucose.security_check();
RESET ROLE;
GRANT security_owner TO security_caller;
SELECT severity, finding FROM glucose.security_check() WHERE finding LIKE '%security_caller%';
SET ROLE security_owner;
GRANT TRUNCATE ON glucose.meal TO security_caller;
SELECT glucose.setup() IS NOT NULL AS set_up;
\c postgres
DROP DATABASE test_security_owner;
DROP DATABASE test_security;
DROP ROLE security_caller, security_owner;
