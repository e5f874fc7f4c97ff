-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup(steward name DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  latest CONSTANT integer := @SCHEMA_VERSION@;   -- the newest sql/tables/NNN-*.sql
  installed integer := 0;
  stewards_of_before CONSTANT name[] := (SELECT array_agg(s.role) FROM glucose.stewards() s WHERE s.level = 'manage');
  readers_of_before CONSTANT name[] := (SELECT array_agg(s.role) FROM glucose.stewards() s WHERE s.level = 'read');
BEGIN
  IF steward IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = steward) THEN
    RAISE EXCEPTION 'role "%" does not exist', steward
      USING ERRCODE = 'undefined_object',
      HINT = 'Create the steward''s role first: CREATE ROLE ... LOGIN (background workers and pg_cron log in as it).';
  END IF;
  PERFORM glucose.lock_grants();
  IF to_regclass('glucose.schema_version') IS NOT NULL THEN
    SELECT coalesce(max(version), 0) INTO installed FROM glucose.schema_version;
  END IF;
  IF installed > latest THEN
    RAISE EXCEPTION 'the tables are of schema version %, newer than this extension''s %', installed, latest
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run ALTER EXTENSION pg_glucose UPDATE.';
  END IF;
  PERFORM glucose.setup_owner();
  FOR step IN installed + 1 .. latest LOOP
    EXECUTE format('SELECT glucose.setup_step_%s()', lpad(step::text, 3, '0'));
    INSERT INTO glucose.schema_version (version, extension_version) VALUES (step, glucose.version());
    RAISE NOTICE 'tables brought to schema version %', step;
  END LOOP;
  IF installed = latest THEN
    RAISE NOTICE 'tables are at schema version % already', latest;
  END IF;
  PERFORM glucose.setup_contract();
  PERFORM glucose.setup_policies();
  PERFORM glucose.setup_entry_checks();
  PERFORM glucose.setup_serving();
  PERFORM glucose.setup_outcome_views();
  PERFORM glucose.setup_privileges();
  -- New tables have no policy for them yet.
  PERFORM glucose.add_steward(s) FROM unnest(stewards_of_before) s;
  PERFORM glucose.add_steward(s, 'read') FROM unnest(readers_of_before) s;
  IF steward IS NOT NULL THEN
    PERFORM glucose.add_steward(steward);
    RAISE NOTICE 'role "%" is the steward', steward;
  END IF;
  PERFORM glucose.setup_relations();
  PERFORM glucose.tell_of_security();
  RETURN latest::text;
END
$fn$;
COMMENT ON FUNCTION glucose.setup(name) IS
'Creates the tables, policies and indexes in schema glucose, owned by the caller, or migrates them after an '
'upgrade; returns the schema version. With steward, that role sees all persons and trains for them: add_steward().';

CREATE FUNCTION glucose.own_policies(OUT relation text, OUT name text, OUT command text, OUT using_rows text,
  OUT check_rows text, OUT oid oid) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 60 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  own_rows CONSTANT text := 'owner = glucose.current_identity()';
  visible_rows CONSTANT text := 'person_id = ANY (glucose.visible_persons())';
  owned_rows CONSTANT text := 'person_id = ANY (glucose.owned_persons())';
  managed_rows CONSTANT text := 'glucose.may_manage(person_id)';
  recorded_rows CONSTANT text := 'glucose.may_record(person_id)';
  entered_rows CONSTANT text := managed_rows || ' OR ' || recorded_rows
                                || ' AND entered_by = glucose.current_identity()';
BEGIN
  -- The check of an update asks who owned the person before it (owned_persons() sees the statement's snapshot): the new
  -- row alone would let anyone write its own name into it.
  RETURN QUERY
    SELECT p.relation::text, p.name::text, p.command::text, p.using_rows::text, p.check_rows::text,
           to_regclass('glucose.' || p.relation)::oid
    FROM (VALUES
      ('person', 'own_read', 'SELECT', own_rows, NULL),
      ('person', 'own_add', 'INSERT', NULL, own_rows),
      ('person', 'own_remove', 'DELETE', own_rows, NULL),
      ('person', 'shared_read', 'SELECT', visible_rows, NULL),
      ('person', 'own_change', 'UPDATE', own_rows, own_rows || ' AND ' || owned_rows),
      ('person_access', 'share', 'ALL', owned_rows, owned_rows),
      ('person_access', 'shared_with_me', 'SELECT', 'identity = glucose.current_identity()', NULL),
      ('person_time_zone', 'see', 'SELECT', visible_rows, NULL),
      ('person_time_zone', 'decide', 'ALL', owned_rows, owned_rows),
      ('model_version', 'see', 'SELECT', visible_rows, NULL),
      ('model_metric', 'see', 'SELECT', visible_rows, NULL),
      ('deployment', 'see', 'SELECT', visible_rows, NULL),
      ('model_check', 'see', 'SELECT', visible_rows, NULL),
      ('model_update', 'see', 'SELECT', visible_rows, NULL),
      ('recorded_outcome', 'see', 'SELECT', visible_rows, NULL),
      ('performance_log', 'see', 'SELECT', visible_rows, NULL),
      ('person_alert', 'see', 'SELECT', visible_rows, NULL),
      ('serving_mark', 'see', 'SELECT', visible_rows, NULL),
      ('prediction', 'see', 'SELECT', visible_rows, NULL),
      ('training_job', 'see', 'SELECT', visible_rows, NULL),
      ('batch_answer', 'see', 'SELECT', visible_rows, NULL),
      ('batch_job', 'see', 'SELECT', 'identity = glucose.current_identity()', NULL),
      ('retraining_log', 'see', 'SELECT', visible_rows, NULL),
      ('experiment_model', 'see', 'SELECT', visible_rows, NULL),
      ('retraining_override', 'see', 'SELECT', visible_rows, NULL),
      ('retraining_override', 'decide', 'ALL', managed_rows, managed_rows),
      ('source_preference', 'see', 'SELECT', visible_rows, NULL),
      ('prediction_feedback', 'see', 'SELECT', visible_rows, NULL),
      ('prediction_feedback', 'say', 'INSERT', NULL, recorded_rows || ' AND given_by = glucose.current_identity()'),
      ('prediction_feedback', 'say_again', 'UPDATE', recorded_rows || ' AND given_by = glucose.current_identity()',
       recorded_rows || ' AND given_by = glucose.current_identity()'),
      ('prediction_feedback', 'remove', 'DELETE', recorded_rows || ' AND given_by = glucose.current_identity()', NULL),
      ('source_preference', 'decide', 'ALL', managed_rows, managed_rows),
      ('metric', 'read', 'SELECT', 'true', NULL),
      ('event', 'read', 'SELECT', 'true', NULL),
      ('retraining_policy', 'read', 'SELECT', 'true', NULL),
      ('population_model', 'read', 'SELECT', 'true', NULL),
      ('population_deployment', 'read', 'SELECT', 'true', NULL),
      ('population_metric', 'read', 'SELECT', 'true', NULL),
      ('experiment', 'read', 'SELECT', 'true', NULL),
      ('schema_version', 'read', 'SELECT', 'true', NULL)
    ) AS p (relation, name, command, using_rows, check_rows)
    UNION ALL
    -- Of an application's own table we do not know who has entered a row: only managers correct it.
    SELECT c.relname::text, p.name, p.command, CASE WHEN p.is_using THEN p.rows END,
    CASE WHEN p.is_check THEN p.rows END,
           c.oid
    FROM (SELECT c.*, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'entered_by'
                              AND a.atttypid = 'text'::regtype AND NOT a.attisdropped) AS knows
          FROM pg_class c WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading'),
                                          to_regclass('glucose.daily_metric'))) AS c
    CROSS JOIN LATERAL (VALUES
      ('see', 'SELECT', visible_rows, true, false),
      ('enter', 'INSERT', CASE WHEN c.knows THEN entered_rows ELSE recorded_rows END, false, true),
      ('correct', 'UPDATE', CASE WHEN c.knows THEN entered_rows ELSE managed_rows END, true, true),
      ('remove', 'DELETE', CASE WHEN c.knows THEN entered_rows ELSE managed_rows END, true, false)
    ) AS p (name, command, rows, is_using, is_check);
END
$fn$;
COMMENT ON FUNCTION glucose.own_policies() IS
'Internal: part of setup() and security_check(): the policies of who sees and writes which persons'' rows.';

CREATE FUNCTION glucose.setup_policies() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation regclass;
  policy record;
BEGIN
  -- Enabled and forced: the owner of the tables is bound by it too. A view in a table's place has its own tables'.
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', relation);
  END LOOP;
  FOR policy IN SELECT * FROM glucose.own_policies()
  LOOP
    IF EXISTS (SELECT FROM pg_class c WHERE c.oid = policy.oid AND c.relkind IN ('r', 'p'))
       AND NOT EXISTS (SELECT FROM pg_policy q WHERE q.polrelid = policy.oid AND q.polname = policy.name) THEN
      EXECUTE format('CREATE POLICY %I ON %s FOR %s', policy.name, policy.oid::regclass, policy.command)
              || coalesce(' USING (' || policy.using_rows || ')', '')
              || coalesce(' WITH CHECK (' || policy.check_rows || ')', '');
    END IF;
  END LOOP;
  FOREACH relation IN ARRAY ARRAY['glucose.schema_version', 'glucose.retraining_policy', 'glucose.metric',
    'glucose.event', 'glucose.experiment', 'glucose.system_alert',
    'glucose.health_sample']::regclass[] LOOP
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = relation AND polname = 'manage') THEN
      EXECUTE format('CREATE POLICY manage ON %s TO CURRENT_USER USING (true) WITH CHECK (true)', relation);
    END IF;
  END LOOP;
  ALTER TABLE glucose.person ALTER COLUMN owner SET DEFAULT glucose.current_identity();
  FOR relation IN
    SELECT a.attrelid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attrelid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading'),
                         to_regclass('glucose.daily_metric'))
      AND a.attname = 'entered_by' AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN entered_by SET DEFAULT glucose.entered_by()', relation);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_policies() IS
'Internal: part of setup(): row-level security of every table, and whatever of it is missing, as after DROP '
'EXTENSION ... CASCADE.';
