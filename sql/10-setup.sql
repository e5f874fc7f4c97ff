-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup(steward name DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  latest CONSTANT integer := @SCHEMA_VERSION@;   -- the newest sql/tables/NNN-*.sql
  installed integer := 0;
BEGIN
  IF steward IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = steward) THEN
    RAISE EXCEPTION 'role "%" does not exist', steward
      USING ERRCODE = 'undefined_object',
      HINT = 'Create the steward''s role first: CREATE ROLE ... LOGIN (background workers and pg_cron log in as it).';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('pg_glucose setup'));
  IF to_regclass('glucose.schema_version') IS NOT NULL THEN
    SELECT coalesce(max(version), 0) INTO installed FROM glucose.schema_version;
  END IF;
  IF installed > latest THEN
    RAISE EXCEPTION 'the tables are of schema version %, newer than this extension''s %', installed, latest
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run ALTER EXTENSION pg_glucose UPDATE.';
  END IF;
  FOR step IN installed + 1 .. latest LOOP
    EXECUTE format('SELECT glucose.setup_step_%s()', lpad(step::text, 3, '0'));
    INSERT INTO glucose.schema_version (version, extension_version) VALUES (step, glucose.version());
    RAISE NOTICE 'tables brought to schema version %', step;
  END LOOP;
  IF installed = latest THEN
    RAISE NOTICE 'tables are at schema version % already', latest;
  END IF;
  PERFORM glucose.setup_policies();
  PERFORM glucose.setup_outcome_views();
  IF steward IS NOT NULL THEN
    PERFORM glucose.setup_steward(steward);
    RAISE NOTICE 'role "%" is the steward', steward;
  END IF;
  RETURN latest::text;
END
$fn$;
COMMENT ON FUNCTION glucose.setup(name) IS
'Creates the tables, policies and indexes in schema glucose, owned by the caller, or migrates them after an '
'upgrade; returns the schema version. With steward, that role may read and write all persons'' rows, for batch '
'training.';

CREATE FUNCTION glucose.setup_policies() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  own_rows CONSTANT text := 'owner = glucose.current_identity()';
  visible_rows CONSTANT text := 'person_id = ANY (glucose.visible_persons())';
  owned_rows CONSTANT text := 'person_id = ANY (glucose.owned_persons())';
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
  -- Whom a person is shared with may read it and lock it (training takes a version number under the lock), but only
  -- the owner may change it. The check of an update asks who owned the person before it (owned_persons() sees the
  -- statement's snapshot): the new row alone would let anyone it is shared with write its own name into it.
  FOR policy IN
    SELECT p.*, to_regclass('glucose.' || p.relation) AS oid
    FROM (VALUES
      ('person', 'own_read', 'SELECT', own_rows, NULL),
      ('person', 'own_add', 'INSERT', NULL, own_rows),
      ('person', 'own_remove', 'DELETE', own_rows, NULL),
      ('person', 'shared_read', 'SELECT', visible_rows, NULL),
      ('person', 'change', 'UPDATE', visible_rows, own_rows || ' AND ' || owned_rows),
      ('person_access', 'share', 'ALL', owned_rows, owned_rows),
      ('person_access', 'shared_with_me', 'SELECT', 'identity = glucose.current_identity()', NULL),
      ('meal', 'visible', 'ALL', visible_rows, visible_rows),
      ('glucose_reading', 'visible', 'ALL', visible_rows, visible_rows),
      ('model_version', 'visible', 'ALL', visible_rows, visible_rows),
      ('model_metric', 'visible', 'ALL', visible_rows, visible_rows),
      ('deployment', 'visible', 'ALL', visible_rows, visible_rows),
      ('prediction', 'visible', 'ALL', visible_rows, visible_rows),
      ('training_job', 'visible', 'ALL', visible_rows, visible_rows),
      ('retraining_override', 'visible', 'ALL', visible_rows, visible_rows),
      ('retraining_log', 'visible', 'ALL', visible_rows, visible_rows),
      ('retraining_policy', 'read', 'SELECT', 'true', NULL),
      ('experiment_model', 'visible', 'ALL', visible_rows, visible_rows),
      ('population_model', 'read', 'SELECT', 'true', NULL),
      ('population_deployment', 'read', 'SELECT', 'true', NULL),
      ('population_metric', 'read', 'SELECT', 'true', NULL),
      ('experiment', 'read', 'SELECT', 'true', NULL),
      ('schema_version', 'read', 'SELECT', 'true', NULL)
    ) AS p (relation, name, command, using_rows, check_rows)
    WHERE NOT EXISTS (SELECT FROM pg_policy q
                      WHERE q.polrelid = to_regclass('glucose.' || p.relation) AND q.polname = p.name)
      AND EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('glucose.' || p.relation)
      AND c.relkind IN ('r', 'p'))
  LOOP
    EXECUTE format('CREATE POLICY %I ON %s FOR %s', policy.name, policy.oid, policy.command)
            || coalesce(' USING (' || policy.using_rows || ')', '')
            || coalesce(' WITH CHECK (' || policy.check_rows || ')', '');
  END LOOP;
  FOREACH relation IN ARRAY ARRAY['glucose.schema_version', 'glucose.retraining_policy',
    'glucose.experiment']::regclass[] LOOP
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = relation AND polname = 'manage') THEN
      EXECUTE format('CREATE POLICY manage ON %s TO CURRENT_USER USING (true) WITH CHECK (true)', relation);
    END IF;
  END LOOP;
  ALTER TABLE glucose.person ALTER COLUMN owner SET DEFAULT glucose.current_identity();
END
$fn$;
COMMENT ON FUNCTION glucose.setup_policies() IS
'Internal: part of setup(): row-level security of every table, and whatever of it is missing, as after DROP '
'EXTENSION ... CASCADE.';

CREATE FUNCTION glucose.setup_steward(steward name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation regclass;
BEGIN
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
      AND c.relname <> 'schema_version'
  LOOP
    IF EXISTS (SELECT FROM pg_policy WHERE polrelid = relation AND polname = 'steward') THEN
      EXECUTE format('ALTER POLICY steward ON %s TO %I', relation, steward);
    ELSE
      EXECUTE format('CREATE POLICY steward ON %s TO %I USING (true) WITH CHECK (true)', relation, steward);
    END IF;
  END LOOP;
  PERFORM glucose.grant_access(steward);
  EXECUTE format('GRANT INSERT, UPDATE, DELETE ON glucose.population_model, glucose.population_deployment, '
                 'glucose.population_metric, '
                 'glucose.retraining_policy, glucose.experiment, glucose.experiment_model TO %I', steward);
END
$fn$;
COMMENT ON FUNCTION glucose.setup_steward(name) IS
'Internal: part of setup(): gives one role policies and privileges over every person''s rows.';

CREATE FUNCTION glucose.grant_access(role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role AND has_schema_privilege(r.oid, 'glucose', 'USAGE')) THEN
    EXECUTE format('GRANT USAGE ON SCHEMA glucose TO %I', role);
  END IF;
  FOREACH relation IN ARRAY ARRAY['person', 'person_access', 'meal', 'glucose_reading', 'training_job',
                                  'retraining_override'] LOOP
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON glucose.%I TO %I', relation, role);
  END LOOP;
  FOREACH relation IN ARRAY ARRAY['model_version', 'model_metric', 'deployment', 'prediction', 'retraining_log'] LOOP
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON glucose.%I TO %I', relation, role);
  END LOOP;
  -- Model rows are immutable but for these two: a correction is a new version.
  EXECUTE format('GRANT UPDATE (is_active, status) ON glucose.model_version TO %I', role);
  EXECUTE format('GRANT SELECT ON glucose.population_model, glucose.population_deployment, glucose.population_metric, '
                 'glucose.schema_version, glucose.training_progress, '
                 'glucose.retraining_policy, glucose.experiment, glucose.experiment_model, glucose.prediction_horizon, '
                 'glucose.prediction_outcome, glucose.model_live_accuracy TO %I', role);
END
$fn$;
COMMENT ON FUNCTION glucose.grant_access(name) IS
'Grants a role what an application needs to record, train and predict. Row-level security still decides which '
'persons it sees.';
