\echo Use "CREATE EXTENSION pg_glucose" to load this file. \quit

-- SPDX-License-Identifier: PostgreSQL
-- The schema must belong to whoever creates the extension: in somebody else's schema, functions could be replaced.
DO $do$
BEGIN
  IF (SELECT n.nspowner OPERATOR(pg_catalog.<>) r.oid FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r
      WHERE n.nspname OPERATOR(pg_catalog.=) 'glucose' AND r.rolname OPERATOR(pg_catalog.=) CURRENT_USER) THEN
    RAISE EXCEPTION 'schema "glucose" belongs to another role'
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'Drop the schema, or make the role that creates the extension its owner.';
  END IF;
END
$do$;

CREATE FUNCTION glucose.version() RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_version';
COMMENT ON FUNCTION glucose.version() IS
'Version of the loaded pg_glucose library.';

CREATE FUNCTION glucose.key(id text) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_text';
COMMENT ON FUNCTION glucose.key(text) IS
'Stable UUIDv5 of a text identifier, so that tables with other key types can take part.';

CREATE FUNCTION glucose.key(number bigint) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_bigint';
COMMENT ON FUNCTION glucose.key(bigint) IS
'Stable UUIDv5 of a numeric identifier; the same as key() of its decimal text. Its argument has another name, so that '
'a gateway that calls by name knows which is meant.';

CREATE FUNCTION glucose.key(id integer) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_integer';
COMMENT ON FUNCTION glucose.key(integer) IS
'As key(bigint).';

CREATE FUNCTION glucose.key(id double precision) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_double';
COMMENT ON FUNCTION glucose.key(double precision) IS
'As key(bigint), for drivers that send every number as a double; what is no whole number up to 2^53 raises 22003.';

CREATE FUNCTION glucose.to_mg_dl(value double precision, unit text) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_to_mg_dl';
COMMENT ON FUNCTION glucose.to_mg_dl(double precision, text) IS
'Glucose in mg/dL from a value in ''mg/dL'' or ''mmol/L'' (times 18.0182); the unit in any case.';

CREATE FUNCTION glucose.disclaimer(lang text DEFAULT 'en') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_disclaimer';
COMMENT ON FUNCTION glucose.disclaimer(text) IS
'What every forecast is shown with: informational only, never for dosing, diagnosis or triage. Languages: ''en'', '
'''de''.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.current_identity() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_current_identity';
COMMENT ON FUNCTION glucose.current_identity() IS
'Who asks: the database role, the "sub" of the gateway''s claims, or whom login() has let in. NULL when nobody is '
'known, and then no row of any person is visible.';

CREATE FUNCTION glucose.login(token text) RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_login';
COMMENT ON FUNCTION glucose.login(text) IS
'For this transaction, who asks is the "sub" of a JSON Web Token (HS256) that a key of glucose.token_key_file has '
'signed, with "exp" and "aud"; returns it. Refused with 28000, whatever was wrong with the token.';

CREATE FUNCTION glucose.visible_persons() RETURNS uuid[]
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'glucose_visible_persons';
COMMENT ON FUNCTION glucose.visible_persons() IS
'The persons whose rows the caller may see: those it owns and those shared with it in person_access. The row-level '
'policies use it.';

CREATE FUNCTION glucose.owned_persons() RETURNS uuid[]
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'glucose_owned_persons';
COMMENT ON FUNCTION glucose.owned_persons() IS
'The persons the caller owns; only these may be shared through person_access.';

CREATE FUNCTION glucose.may_record(person_id uuid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_may_record';
COMMENT ON FUNCTION glucose.may_record(uuid) IS
'Whether the caller may add meals, readings and values of days of a person: its owner, and whom it is shared with at '
'level record or manage. The row-level policies use it.';

CREATE FUNCTION glucose.may_manage(person_id uuid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_may_manage';
COMMENT ON FUNCTION glucose.may_manage(uuid) IS
'Whether the caller may correct anything of a person and train, deploy and delete its models: its owner, and whom it '
'is shared with at level manage. The row-level policies use it.';

CREATE FUNCTION glucose.may_train(person_id uuid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_may_train';
COMMENT ON FUNCTION glucose.may_train(uuid) IS
'Internal: part of what works for many persons: whether the caller may train a person''s models, as may_manage() says, '
'or as the steward.';

CREATE FUNCTION glucose.entered_by() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_entered_by';
COMMENT ON FUNCTION glucose.entered_by() IS
'Internal: default of entered_by of meals, readings and values of days: the identity of who records for persons shared '
'at level record, else NULL.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup(steward name DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  latest CONSTANT integer := 26;   -- the newest sql/tables/NNN-*.sql
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

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.require_owner() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF to_regclass('glucose.schema_version') IS NULL THEN
    RAISE EXCEPTION 'the tables of pg_glucose are not there'
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run SELECT glucose.setup() first.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('glucose.schema_version')
                 AND pg_has_role(c.relowner, 'USAGE')) THEN
    RAISE EXCEPTION 'must be owner of the tables of pg_glucose'
      USING ERRCODE = 'insufficient_privilege', HINT = 'It is the role that has run glucose.setup().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_owner() IS
'Internal: part of grant_access() and of what decides who sees all: returns when the caller owns the tables, else '
'raises 42501.';

CREATE FUNCTION glucose.lock_grants() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- A lock that only the owner can hold, unlike an advisory one, which anybody may take and keep; who is not the owner
  -- gets no further anyway. Before the first setup() there is no table.
  IF to_regclass('glucose.schema_version') IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('pg_glucose setup'));
  END IF;
  IF EXISTS (SELECT FROM pg_class c
             WHERE c.oid = to_regclass('glucose.schema_version') AND pg_has_role(c.relowner, 'USAGE')) THEN
    LOCK TABLE glucose.schema_version IN SHARE ROW EXCLUSIVE MODE;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.lock_grants() IS
'Internal: part of setup(), grant_access(), add_steward() and remove_steward(): one of them at a time. Two that change '
'the same access list at once end in XX000 (tuple concurrently updated).';

CREATE FUNCTION glucose.grantee(id oid) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN CASE id WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(id)) END;
COMMENT ON FUNCTION glucose.grantee(oid) IS
'Internal: part of setup(): the grantee of an access list as GRANT and REVOKE name it.';

CREATE FUNCTION glucose.grant_as(relations text, another regclass, privileges text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  held record;
BEGIN
  FOR held IN
    SELECT glucose.grantee(acl.grantee) AS name, string_agg(DISTINCT acl.privilege_type, ', ') AS privileges
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = another AND acl.grantee <> c.relowner AND acl.privilege_type = ANY (grant_as.privileges)
    GROUP BY acl.grantee
  LOOP
    EXECUTE format('GRANT %s ON %s TO %s', held.privileges, relations, held.name);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.grant_as(text, regclass, text[]) IS
'Internal: part of setup(): who holds some of these privileges on another relation gets them on new ones, too.';

CREATE FUNCTION glucose.require_decider(relation text, what text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF to_regclass(relation) IS NULL OR NOT has_table_privilege(relation, 'INSERT, UPDATE') THEN
    RAISE EXCEPTION 'must be owner of the tables of pg_glucose or a steward to %', what
      USING ERRCODE = 'insufficient_privilege', HINT = 'See glucose.add_steward().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_decider(text, text) IS
'Internal: returns when the caller may write a table that the owner and the steward decide about, else raises 42501.';

CREATE FUNCTION glucose.entered_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{person, person_access, person_time_zone, meal, glucose_reading, daily_metric, source_preference,
  prediction_feedback, retraining_override}'::pg_catalog.text[];
COMMENT ON FUNCTION glucose.entered_tables() IS
'Internal: part of grant_access() and security_check(): what an application writes itself.';

CREATE FUNCTION glucose.decided_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{retraining_policy, metric, event, experiment, system_alert, health_sample}'::pg_catalog.text[];
COMMENT ON FUNCTION glucose.decided_tables() IS
'Internal: part of add_steward() and security_check(): what a steward writes beside retraining_override.';

CREATE FUNCTION glucose.grant_access(role name, level text DEFAULT 'write') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation text;
BEGIN
  PERFORM glucose.require_owner();
  PERFORM glucose.lock_grants();
  IF level IS NULL OR level NOT IN ('read', 'write') THEN
    RAISE EXCEPTION 'unrecognized level "%"', level
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Levels are read and write.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role AND has_schema_privilege(r.oid, 'glucose', 'USAGE')) THEN
    EXECUTE format('GRANT USAGE ON SCHEMA glucose TO %I', role);
  END IF;
  -- What was granted before, by an earlier version or at another level.
  FOR relation IN
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p', 'v')
      AND pg_has_role(c.relowner, 'USAGE') AND c.relowner <> (SELECT r.oid FROM pg_roles r WHERE r.rolname = role)
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %I', relation, role);
  END LOOP;
  FOREACH relation IN ARRAY glucose.entered_tables() LOOP
    EXECUTE format('GRANT SELECT%s ON glucose.%I TO %I',
                   CASE level WHEN 'write' THEN ', INSERT, UPDATE, DELETE' ELSE '' END, relation, role);
  END LOOP;
  -- What functions write is read only: the function checks who asks and makes every value of the row.
  EXECUTE format('GRANT SELECT ON glucose.model_version, glucose.model_metric, glucose.deployment, '
                 'glucose.model_check, glucose.model_update, glucose.recorded_outcome, '
                 'glucose.performance_log, glucose.person_alert, glucose.system_alert, glucose.active_alerts, '
                 'glucose.telemetry, '
                 'glucose.serving_mark, glucose.metric, glucose.event, '
                 'glucose.prediction, glucose.training_job, glucose.training_progress, glucose.retraining_log, '
                 'glucose.batch_job, glucose.batch_answer, '
                 'glucose.retraining_policy, glucose.experiment, glucose.experiment_model, '
                 'glucose.population_deployment, glucose.population_metric, glucose.schema_version, '
                 'glucose.prediction_horizon, glucose.prediction_outcome, glucose.model_live_accuracy TO %I', role);
  EXECUTE format('GRANT SELECT (%s) ON glucose.population_model TO %I', glucose.public_population_columns(), role);
  PERFORM glucose.note_identity(role::text);
END
$fn$;
COMMENT ON FUNCTION glucose.grant_access(name, text) IS
'Grants a role what an application needs to record, train and predict, or with level read, what an analyst reads; '
'takes back what was granted before. Row-level security still decides which persons it sees.';

CREATE FUNCTION glucose.public_population_columns() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
          WHERE a.attrelid = to_regclass('glucose.population_model') AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attname NOT IN ('artifact', 'metadata'));
END
$fn$;
COMMENT ON FUNCTION glucose.public_population_columns() IS
'Internal: part of grant_access(): what everybody may read of a population model: all but weights and scalers, which '
'reach a role only through serving.';

CREATE FUNCTION glucose.setup_privileges() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  written CONSTANT name[] := '{model_version, model_metric, deployment, model_check, model_update,
    recorded_outcome, performance_log, person_alert, prediction, experiment_model, population_model, population_metric,
    population_deployment, population_member, schema_version, training_job, batch_job, batch_answer,
    retraining_log, audit_seal, counted_call}';
  held record;
BEGIN
  -- An earlier version granted writing, and hosted platforms grant everything by default.
  FOR held IN
    SELECT c.oid::regclass AS relation, string_agg(acl.privilege_type, ', ' ORDER BY acl.privilege_type) AS privileges,
           glucose.grantee(acl.grantee) AS grantee,
           c.relname = 'population_model' AND bool_or(acl.privilege_type = 'SELECT') AS read_weights
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p') AND acl.grantee <> c.relowner
      AND pg_has_role(c.relowner, 'USAGE')
      AND c.relname = ANY (written)
      AND (acl.privilege_type <> 'SELECT'
           OR c.relname IN ('population_member', 'counted_call')
           OR c.relname = 'population_model' AND NOT EXISTS (
             SELECT FROM glucose.stewards() s JOIN pg_roles r ON r.rolname = s.role AND r.oid = acl.grantee
             WHERE s.level = 'manage'))
    GROUP BY c.oid, c.relname, acl.grantee
  LOOP
    EXECUTE format('REVOKE %s ON %s FROM %s', held.privileges, held.relation, held.grantee);
    IF held.read_weights THEN
      EXECUTE format('GRANT SELECT (%s) ON glucose.population_model TO %s', glucose.public_population_columns(),
                     held.grantee);
    END IF;
    RAISE NOTICE 'revoked % on % from %: functions write it', held.privileges, held.relation, held.grantee;
  END LOOP;
  -- Columns that were granted one by one, as model_version's were.
  FOR held IN
    SELECT c.oid::regclass AS relation, quote_ident(a.attname) AS col, acl.privilege_type,
           glucose.grantee(acl.grantee) AS grantee
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped, aclexplode(a.attacl) acl
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p') AND acl.grantee <> c.relowner
      AND pg_has_role(c.relowner, 'USAGE') AND acl.privilege_type <> 'SELECT'
      AND c.relname = ANY (written)
  LOOP
    EXECUTE format('REVOKE %s (%s) ON %s FROM %s', held.privilege_type, held.col, held.relation, held.grantee);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_privileges() IS
'Internal: part of setup(): takes back what nobody but the functions may do with the tables that functions write.';

CREATE FUNCTION glucose.add_steward(role name, level text DEFAULT 'manage') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  -- It goes with the extension: DROP EXTENSION ... CASCADE leaves nobody who sees all.
  all_rows CONSTANT text := 'glucose.version() IS NOT NULL';
  relation regclass;
BEGIN
  PERFORM glucose.require_owner();
  PERFORM glucose.lock_grants();
  IF level IS NULL OR level NOT IN ('read', 'manage') THEN
    RAISE EXCEPTION 'unrecognized level "%"', level
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Levels of a steward are read and manage.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
    RAISE EXCEPTION 'role "%" does not exist', role
      USING ERRCODE = 'undefined_object', HINT = 'Create it first: CREATE ROLE ... LOGIN.';
  END IF;
  IF level = 'read' THEN
    PERFORM glucose.remove_steward(role);
  END IF;
  PERFORM glucose.grant_access(role, 'read');
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
      AND c.relname NOT IN ('schema_version', 'population_member', 'audit_seal', 'counted_call')
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    PERFORM glucose.add_to_policy(relation, 'steward_reads', 'FOR SELECT', all_rows, role);
  END LOOP;
  IF level = 'manage' THEN
    FOREACH relation IN ARRAY ARRAY(SELECT ('glucose.' || t)::regclass
                                    FROM unnest(glucose.decided_tables() || 'retraining_override'::text) t) LOOP
      PERFORM glucose.add_to_policy(relation, 'steward', 'FOR ALL', all_rows, role);
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', relation, role);
    END LOOP;
    EXECUTE format('GRANT SELECT ON glucose.population_model TO %I', role);
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.add_steward(name, text) IS
'Lets a role see every person: at level read, and at level manage also train, deploy and experiment for all, make '
'population models, set the retraining policy and define metrics. It records and corrects nothing of a person.';

CREATE FUNCTION glucose.add_to_policy(relation regclass, policy name, command text, rows text, role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  others text;
  has_it boolean;
BEGIN
  SELECT string_agg(quote_ident(r.rolname), ', '), bool_or(r.rolname = role) INTO others, has_it
  FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
  WHERE p.polrelid = relation AND p.polname = policy;
  IF has_it THEN
    RETURN;
  ELSIF others IS NULL THEN
    EXECUTE format('CREATE POLICY %I ON %s %s TO %I USING (%s)', policy, relation, command, role, rows)
            || CASE WHEN command = 'FOR ALL' THEN format(' WITH CHECK (%s)', rows) ELSE '' END;
  ELSE
    EXECUTE format('ALTER POLICY %I ON %s TO %s, %I', policy, relation, others, role);
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.add_to_policy(regclass, name, text, text, name) IS
'Internal: part of add_steward(): one more role for a policy, which is made for the first.';

CREATE FUNCTION glucose.remove_steward(role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  held record;
BEGIN
  PERFORM glucose.require_owner();
  PERFORM glucose.lock_grants();
  IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
    RAISE EXCEPTION 'role "%" does not exist', role USING ERRCODE = 'undefined_object';
  END IF;
  FOR held IN
    SELECT p.polrelid::regclass AS relation, p.polname AS policy,
           string_agg(quote_ident(o.rolname), ', ') AS others
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    JOIN pg_roles r ON r.rolname = role AND r.oid = ANY (p.polroles)
    LEFT JOIN pg_roles o ON o.oid = ANY (p.polroles) AND o.oid <> r.oid
    WHERE c.relnamespace = 'glucose'::regnamespace AND p.polname IN ('steward', 'steward_reads')
    GROUP BY p.polrelid, p.polname
  LOOP
    IF held.others IS NULL THEN
      EXECUTE format('DROP POLICY %I ON %s', held.policy, held.relation);
    ELSE
      EXECUTE format('ALTER POLICY %I ON %s TO %s', held.policy, held.relation, held.others);
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('glucose.retraining_policy')
             AND c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = role)) THEN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON glucose.retraining_policy, glucose.metric, glucose.event, '
                   'glucose.experiment, glucose.system_alert, '
                   'glucose.health_sample FROM %I', role);
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.remove_steward(name) IS
'Takes back what add_steward() gave: the role sees the persons that are its own or shared with it.';

CREATE FUNCTION glucose.stewards(OUT role name, OUT level text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 3 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT r.rolname,
           CASE WHEN p.polname = 'steward' OR EXISTS (
             SELECT FROM pg_policy m WHERE m.polrelid = to_regclass('glucose.retraining_policy')
               AND m.polname = 'steward' AND r.oid = ANY (m.polroles)) THEN 'manage' ELSE 'read' END
    FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
    WHERE p.polrelid = to_regclass('glucose.person') AND p.polname IN ('steward', 'steward_reads')
    ORDER BY r.rolname;
END
$fn$;
COMMENT ON FUNCTION glucose.stewards() IS
'The roles that see every person, and whether they manage or read: see add_steward().';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.new_person_id() RETURNS uuid
LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_new_person_id';
COMMENT ON FUNCTION glucose.new_person_id() IS
'A random id for a person, the default of person.person_id. An id drawn here stands for nobody''s rows, so every role '
'may use it.';

CREATE FUNCTION glucose.may_claim(person_id uuid) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_may_claim';
COMMENT ON FUNCTION glucose.may_claim(uuid) IS
'Internal: policy of person: whether the caller may add a person of this id, for which there may be rows already.';

CREATE FUNCTION glucose.note_identity(identity text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_note_identity';
COMMENT ON FUNCTION glucose.note_identity(text) IS
'Internal: policy of person and person_access: binds an identity to the role of that name, if there is one and neither '
'is bound. Always true.';

CREATE FUNCTION glucose.bind_identity(identity text, role name) RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_bind_identity';
COMMENT ON FUNCTION glucose.bind_identity(text, name) IS
'From now on this role is the one meant by an identity (glucose.identity = role), and by no other. For the owner of '
'the tables.';

CREATE FUNCTION glucose.check_relations() RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_check_relations';
COMMENT ON FUNCTION glucose.check_relations() IS
'Internal: part of setup(): refuses what row-level security cannot guard. Whether both relations of the contract are '
'bound to person by a foreign key.';

CREATE FUNCTION glucose.made_by_setup() RETURNS name[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{person, person_access, person_time_zone, role_identity, schema_version, model_version, model_metric,
  deployment, model_check, model_update, recorded_outcome, prediction,
  training_job, training_progress, retraining_policy, retraining_override, retraining_log, experiment, experiment_model,
  population_model, population_metric, population_deployment, population_member, prediction_horizon, prediction_outcome,
  model_live_accuracy, serving_mark, audit_seal, metric, event, performance_log, person_alert, system_alert,
  health_sample, active_alerts, prediction_feedback, telemetry, batch_job, batch_answer, daily_metric,
  source_preference, counted_call}'::name[];
COMMENT ON FUNCTION glucose.made_by_setup() IS
'Internal: part of setup(): the tables and views that are always its own, unlike meal and glucose_reading.';

CREATE FUNCTION glucose.setup_owner() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  grants record;
  target regrole;
  part record;
BEGIN
  -- Before any table is made: what is granted on all new tables would reach these, and partitions to come.
  FOR grants IN
    SELECT DISTINCT d.defaclrole::regrole AS maker, a.grantee,
           glucose.grantee(a.grantee) AS to_whom,
           d.defaclnamespace = 'glucose'::regnamespace AS here
    FROM pg_default_acl d, aclexplode(d.defaclacl) a
    WHERE d.defaclobjtype = 'r' AND a.grantee <> d.defaclrole
      AND (d.defaclnamespace IN (0, 'glucose'::regnamespace) OR d.defaclnamespace IN (
        SELECT c.relnamespace FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        JOIN pg_class w ON w.oid = i.inhparent AND w.relnamespace = 'glucose'::regnamespace))
  LOOP
    IF grants.here AND pg_has_role(grants.maker, 'USAGE') THEN
      EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA glucose REVOKE ALL ON TABLES FROM %s',
                     grants.maker, grants.to_whom);
      RAISE NOTICE 'default privileges in schema glucose are taken from %: use grant_access()', grants.to_whom;
    ELSE
      RAISE NOTICE 'tables that % makes are open to % by default privileges', grants.maker, grants.to_whom
        USING HINT = 'Run setup() right after making a partition, or revoke: ALTER DEFAULT PRIVILEGES ... REVOKE.';
    END IF;
  END LOOP;
  IF to_regclass('glucose.schema_version') IS NULL THEN
    RETURN;
  END IF;
  -- REASSIGN OWNED, or a restore under another owner. The newest step is recorded by the owner, so it comes first.
  SELECT relowner INTO target FROM pg_class WHERE oid = to_regclass('glucose.schema_version');
  FOR part IN
    SELECT c.oid::regclass AS relation, c.relowner::regrole AS owner FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relname = ANY (glucose.made_by_setup())
      AND c.relowner <> target ORDER BY 1
  LOOP
    IF NOT (pg_has_role(part.owner, 'USAGE') AND pg_has_role(target, 'MEMBER')) THEN
      RAISE EXCEPTION '% belongs to %, glucose.schema_version to %', part.relation, part.owner, target
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Run SELECT glucose.setup() as a superuser: it gives all of them the owner of schema_version.';
    END IF;
    EXECUTE format('ALTER TABLE %s OWNER TO %s', part.relation, target);
    RAISE NOTICE '% belongs to % now, as the others do', part.relation, target;
  END LOOP;
  FOR part IN
    SELECT p.polname, p.polrelid::regclass AS relation, c.relowner::regrole AS owner
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relname = ANY (glucose.made_by_setup())
      AND p.polname IN ('manage', 'register') AND p.polroles <> ARRAY[c.relowner] AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('ALTER POLICY %I ON %s TO %s', part.polname, part.relation, part.owner);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_owner() IS
'Internal: part of setup(): one owner for all tables, with the policies that are the owner''s, and no privileges by '
'default.';

CREATE FUNCTION glucose.setup_contract() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  target text;
  missing text;
BEGIN
  FOREACH target IN ARRAY ARRAY['meal', 'glucose_reading'] LOOP
    SELECT string_agg(wanted.name, ', ' ORDER BY wanted.name) INTO missing
    FROM (VALUES ('meal', 'person_id', 'uuid'), ('meal', 'meal_id', 'uuid'), ('meal', 'eaten_at', 'timestamptz'),
                 ('meal', 'meal_type', 'text'), ('meal', 'calories', 'real'), ('meal', 'carbs_g', 'real'),
                 ('meal', 'protein_g', 'real'), ('meal', 'fat_g', 'real'), ('meal', 'fiber_g', 'real'),
                 ('glucose_reading', 'person_id', 'uuid'), ('glucose_reading', 'measured_at', 'timestamptz'),
                 ('glucose_reading', 'mg_dl', 'real'), ('glucose_reading', 'recorded_at', 'timestamptz'))
      AS wanted (relation, name, type)
    WHERE wanted.relation = target AND NOT EXISTS (
      SELECT FROM pg_attribute a
      WHERE a.attrelid = to_regclass('glucose.' || wanted.relation) AND a.attname = wanted.name
        AND a.atttypid = wanted.type::regtype AND NOT a.attisdropped);
    IF missing IS NOT NULL THEN
      RAISE EXCEPTION 'relation glucose.% does not fit: missing or of another type: %', target, missing
        USING ERRCODE = 'undefined_column',
              HINT = 'Columns and types are in the reference, chapter Tables. Cast them in the view.';
    END IF;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_contract() IS
'Internal: part of setup(): whether glucose.meal and glucose.glucose_reading have the contract''s columns.';

CREATE FUNCTION glucose.setup_partitions() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  part record;
  to_whom text;
BEGIN
  -- Row-level security of a table does not reach who asks one of its parts by name. A part needs no policy: without
  -- one nobody gets rows of it but through the table.
  FOR part IN
    WITH RECURSIVE parts AS (
      SELECT i.inhrelid AS oid, i.inhparent AS whole FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent
      WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p')
      UNION
      SELECT i.inhrelid, p.whole FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid)
    SELECT c.oid, c.oid::regclass AS relation, min(p.whole)::regclass AS whole, c.relkind, c.relowner, c.relacl,
           c.relrowsecurity AND c.relforcerowsecurity AS is_guarded, pg_has_role(c.relowner, 'USAGE') AS is_mine
    FROM parts p JOIN pg_class c ON c.oid = p.oid GROUP BY c.oid ORDER BY c.oid
  LOOP
    IF part.relkind = 'f' THEN
      RAISE EXCEPTION '%, a part of %, is a foreign table, which cannot have row-level security', part.relation,
        part.whole
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Detach it, or copy its rows into a table.';
    ELSIF NOT part.is_guarded AND NOT part.is_mine THEN
      RAISE EXCEPTION '%, a part of %, has no row-level security', part.relation, part.whole
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = format('Run ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, as its owner.',
                            part.relation);
    ELSIF NOT part.is_guarded THEN
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part.relation);
    END IF;
    FOR to_whom IN
      SELECT DISTINCT glucose.grantee(a.grantee)
      FROM (SELECT part.relacl AS acl UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = part.oid) AS acls,
           aclexplode(acls.acl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
      WHERE a.grantee <> part.relowner AND NOT coalesce(r.rolsuper OR r.rolbypassrls, false)
    LOOP
      IF part.is_mine THEN
        EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', part.relation, to_whom);
        RAISE NOTICE 'privileges of % on % are revoked: its rows are reached through %', to_whom, part.relation,
          part.whole;
      ELSE
        RAISE NOTICE '% has privileges on %, a part of %', to_whom, part.relation, part.whole
          USING HINT = 'Its owner should revoke them.';
      END IF;
    END LOOP;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_partitions() IS
'Internal: part of setup(): row-level security of partitions and inheriting tables in any schema, and no way around '
'the whole.';

CREATE FUNCTION glucose.setup_others() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  other record;
BEGIN
  -- Views that CREATE OR REPLACE has taken their options from: ours get them back; another's in our schema is refused
  -- where it shows to others what only its owner may see.
  FOR other IN
    SELECT c.oid::regclass AS relation, c.relkind, c.relowner, c.relname = ANY (glucose.made_by_setup()) AS is_ours
    FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('v', 'm', 'f')
      AND c.relname NOT IN ('meal', 'glucose_reading')
      AND NOT EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
                      WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
      AND (c.relname = ANY (glucose.made_by_setup()) OR EXISTS (
        SELECT FROM (SELECT c.relacl AS acl UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = c.oid) AS acls,
                    aclexplode(acls.acl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE a.grantee <> c.relowner AND NOT coalesce(r.rolsuper OR r.rolbypassrls, false)
          AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = to_regclass('glucose.person')
                          AND p.polname LIKE 'steward%' AND a.grantee = ANY (p.polroles))))
  LOOP
    IF other.is_ours AND other.relkind = 'v' THEN
      EXECUTE format('ALTER VIEW %s SET (security_invoker = true, security_barrier = true)', other.relation);
      RAISE NOTICE 'view % runs as its caller again', other.relation;
    ELSE
      RAISE EXCEPTION '% shows to others what only its owner may see', other.relation
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = CASE other.relkind
                WHEN 'v' THEN format('Run ALTER VIEW %s SET (security_invoker = true), or revoke the privileges.',
                                     other.relation)
                ELSE format('Row-level security cannot guard it: REVOKE ALL ON %s FROM all but its owner.',
                            other.relation) END;
    END IF;
  END LOOP;
  -- Beneath a view of the contract the application's own row-level security decides, if there is any.
  FOR other IN
    WITH RECURSIVE beneath AS (
      SELECT c.oid FROM pg_class c
      WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading')) AND c.relkind = 'v'
      UNION
      SELECT d.refobjid FROM beneath b JOIN pg_rewrite r ON r.ev_class = b.oid
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_class'::regclass)
    SELECT c.oid::regclass AS relation FROM beneath b JOIN pg_class c ON c.oid = b.oid
    WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
      AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  LOOP
    RAISE NOTICE 'table % beneath the views has no row-level security: whoever may read it reads everybody''s rows',
      other.relation;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_others() IS
'Internal: part of setup(): views, materialized views and foreign tables of schema glucose, and tables beneath views.';

CREATE FUNCTION glucose.setup_persons() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  owner CONSTANT regrole := (SELECT relowner FROM pg_class WHERE oid = to_regclass('glucose.person'));
  policy record;
  target regclass;
  identity text;
BEGIN
  ALTER TABLE glucose.person ALTER COLUMN person_id SET DEFAULT glucose.new_person_id();
  FOR policy IN
    SELECT to_regclass('glucose.' || p.relation) AS relation, p.name, p.rest
    FROM (VALUES
      ('person', 'claim', 'AS RESTRICTIVE FOR INSERT WITH CHECK (glucose.may_claim(person_id))'),
      ('person', 'register', format('FOR INSERT TO %s WITH CHECK (true)', owner)),
      ('person', 'note', 'AS RESTRICTIVE USING (true) WITH CHECK (glucose.note_identity(owner))'),
      ('person_access', 'note', 'AS RESTRICTIVE USING (true) WITH CHECK (glucose.note_identity(identity))'),
      ('role_identity', 'manage', format('TO %s USING (true) WITH CHECK (true)', owner))
    ) AS p (relation, name, rest)
    WHERE NOT EXISTS (SELECT FROM pg_policy q
                      WHERE q.polrelid = to_regclass('glucose.' || p.relation) AND q.polname = p.name)
  LOOP
    EXECUTE format('CREATE POLICY %I ON %s %s', policy.name, policy.relation, policy.rest);
  END LOOP;
  -- A foreign key binds a table that was there before us to persons, as it does ours: then no id stands for rows
  -- before its person is there.
  FOR target IN
    SELECT c.oid FROM pg_class c
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading'))
      AND (c.relkind = 'p' OR c.relkind = 'r' AND NOT c.relhassubclass) AND pg_has_role(c.relowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'
                      AND f.confrelid = to_regclass('glucose.person'))
  LOOP
    BEGIN
      EXECUTE format('ALTER TABLE %s ADD FOREIGN KEY (person_id) REFERENCES glucose.person ON DELETE CASCADE', target);
      RAISE NOTICE 'table % has a foreign key to glucose.person now', target;
    EXCEPTION WHEN foreign_key_violation THEN
      RAISE NOTICE 'table % has rows of persons that are not in glucose.person', target;
    END;
  END LOOP;
  -- Roles that may use the tables, and what is bound already: in another cluster roles have other oids.
  FOR identity IN
    SELECT b.identity FROM glucose.role_identity b
    UNION
    SELECT r.rolname FROM pg_roles r
    WHERE has_table_privilege(r.oid, 'glucose.person', 'SELECT')
      AND NOT EXISTS (SELECT FROM glucose.role_identity b WHERE b.role = r.oid) ORDER BY 1
  LOOP
    PERFORM glucose.note_identity(identity);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_persons() IS
'Internal: part of setup(): who may add persons under which id, and which role is meant by which identity.';

CREATE FUNCTION glucose.setup_relations() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.setup_owner();
  PERFORM glucose.setup_partitions();
  PERFORM glucose.setup_others();
  PERFORM glucose.setup_persons();
  IF NOT glucose.check_relations() THEN
    RAISE NOTICE 'persons are registered by the owner of the tables'
      USING HINT = 'An id may stand for rows that are there already: INSERT INTO glucose.person (person_id, owner) '
                   'says whose they are. Everybody may still add a person without naming an id.';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_relations() IS
'Internal: part of setup(): every relation that a grant reaches is guarded by row-level security, each time.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.mark_changed_rows() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_mark_changed_rows';
COMMENT ON FUNCTION glucose.mark_changed_rows() IS
'Internal: the trigger that tells what sessions keep of a person when settled meals or readings change.';

CREATE FUNCTION glucose.setup_serving() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation regclass;
  trigger record;
  is_new boolean := false;
BEGIN
  -- ENABLE ALWAYS: rows that replication brings count like any. Where a view or a partitioned table is in a table's
  -- place, nothing is kept, and everything is read every time.
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading')) AND c.relkind = 'r'
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    FOR trigger IN
      SELECT t.*, e.enabled FROM (VALUES
        ('pg_glucose_changed', 'AFTER INSERT OR UPDATE OR DELETE', 'ROW'),
        ('pg_glucose_entered', 'AFTER INSERT', 'STATEMENT'),
        ('pg_glucose_emptied', 'AFTER TRUNCATE', 'STATEMENT')) AS t (name, happens, level)
      LEFT JOIN LATERAL (SELECT tgenabled AS enabled FROM pg_trigger
                         WHERE tgrelid = relation AND tgname = t.name) AS e ON true
    LOOP
      CONTINUE WHEN trigger.enabled = 'A';
      is_new := true;
      IF trigger.enabled IS NULL THEN
        EXECUTE format('CREATE TRIGGER %I %s ON %s FOR EACH %s EXECUTE FUNCTION glucose.mark_changed_rows()',
                       trigger.name, trigger.happens, relation, trigger.level);
      END IF;
      EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, trigger.name);
    END LOOP;
  END LOOP;
  IF is_new THEN
    TRUNCATE glucose.serving_mark;
  END IF;
  -- A statement that forecasts after thousands of meals is worth a second process; by its size alone the table is not.
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.oid = to_regclass('glucose.meal') AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
      AND array_to_string(c.reloptions, ',') NOT LIKE '%parallel_workers%' IS NOT FALSE
  LOOP
    EXECUTE format('ALTER TABLE %s SET (parallel_workers = 2)', relation);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_serving() IS
'Internal: part of setup(): the triggers by which forecasts know which rows they have read before.';

CREATE FUNCTION glucose.serving_stats(OUT persons bigint, OUT bytes bigint, OUT kept bigint, OUT read bigint,
                                      OUT begun bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_serving_stats';
COMMENT ON FUNCTION glucose.serving_stats() IS
'What this session keeps of persons (setting glucose.cache_size): how many and their bytes; how many forecasts used '
'kept rows, how many read all of them, and how often keeping a person''s began.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.feature_schema(schema text DEFAULT 'meal28/1', OUT index integer, OUT name text, OUT unit text,
                                       OUT low real, OUT high real, OUT nullable boolean,
                                       OUT source text) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 28 AS 'MODULE_PATHNAME', 'glucose_feature_schema';
COMMENT ON FUNCTION glucose.feature_schema(text) IS
'The features of a schema: index from 1, name, unit, range, whether it may be NULL, and where it comes from.';

CREATE FUNCTION glucose.feature_names() RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_feature_names';
COMMENT ON FUNCTION glucose.feature_names() IS
'Names of the 28 features of ''meal28/1'', in order.';

CREATE FUNCTION glucose.validate_features(features double precision[]) RETURNS void
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_validate_features_float8';
COMMENT ON FUNCTION glucose.validate_features(double precision[]) IS
'Checks a vector of the 28 features; an error names the one that is wrong.';

CREATE FUNCTION glucose.extract_meal_features(meal_id uuid, person_id uuid DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_extract_meal_features_of';
COMMENT ON FUNCTION glucose.extract_meal_features(uuid, uuid) IS
'The 13 features of the meal itself: nutrition (NULL = not known), type, clock in the person''s time zone.';

CREATE FUNCTION glucose.extract_glucose_history(person_id uuid, before timestamptz,
  window_hours double precision DEFAULT 3) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_extract_glucose_history_float8';
COMMENT ON FUNCTION glucose.extract_glucose_history(uuid, timestamptz, double precision) IS
'Glucose in mg/dL every 15 minutes over the window that ends at "before", oldest first. NULL where no reading is '
'near enough; nothing measured or recorded later is used.';

CREATE FUNCTION glucose.calculate_user_baseline(person_id uuid, before timestamptz DEFAULT now(),
  window_days integer DEFAULT 30, OUT avg_glucose real, OUT std_glucose real, OUT avg_carbs_per_meal real)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_calculate_user_baseline';
COMMENT ON FUNCTION glucose.calculate_user_baseline(uuid, timestamptz, integer) IS
'The person''s own level over the days up to "before": mean and sample standard deviation of the readings (mg/dL), '
'mean carbohydrate of the meals (g).';

CREATE FUNCTION glucose.extract_features(meal_id uuid, person_id uuid DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_extract_features_of';
COMMENT ON FUNCTION glucose.extract_features(uuid, uuid) IS
'The 28 features of ''meal28/1'' at the moment of the meal, NULL where not known. Nothing measured, recorded or '
'eaten later is used.';

CREATE FUNCTION glucose.feature_vector(meal_id uuid, schema text DEFAULT 'meal/2',
  person_id uuid DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_feature_vector';
COMMENT ON FUNCTION glucose.feature_vector(uuid, text, uuid) IS
'The features of a schema at the moment of the meal, in the order of feature_schema(), NULL where not known. '
'Nothing that was not known then is used.';

CREATE FUNCTION glucose.training_dataset(person_id uuid, start_at timestamptz DEFAULT '-infinity',
  end_at timestamptz DEFAULT 'infinity', OUT split text, OUT meal_id uuid, OUT eaten_at timestamptz,
  OUT features real[], OUT targets real[]) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME', 'glucose_training_dataset';
COMMENT ON FUNCTION glucose.training_dataset(uuid, timestamptz, timestamptz) IS
'The person''s usable meals in time order, split 70/15/15 into train, validation and test: features, and glucose 60 '
'and 120 minutes later.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.define_metric(name text, unit text, low real DEFAULT NULL, high real DEFAULT NULL,
  better text DEFAULT NULL, description text DEFAULT NULL, sources text[] DEFAULT '{}', loinc text DEFAULT NULL,
  healthkit text DEFAULT NULL, health_connect text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  before record;
BEGIN
  PERFORM glucose.require_decider('glucose.metric', 'define metrics');
  IF define_metric.name IS NULL OR define_metric.name !~ '^[A-Z][A-Z0-9_]{0,62}$' THEN
    RAISE EXCEPTION 'argument "name" is not the name of a metric'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Names are of capital letters, digits and underscores, such as MORNING_MOOD.';
  ELSIF define_metric.unit IS NULL OR define_metric.unit = '' OR define_metric.sources IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null or empty',
      CASE WHEN define_metric.sources IS NULL THEN 'sources' ELSE 'unit' END
      USING ERRCODE = 'invalid_parameter_value', HINT = 'A number without a unit is of the unit 1.';
  ELSIF NOT coalesce(define_metric.low < define_metric.high, true) THEN
    RAISE EXCEPTION 'argument "low" must be below "high"' USING ERRCODE = 'invalid_parameter_value';
  ELSIF define_metric.better NOT IN ('higher', 'lower') THEN
    RAISE EXCEPTION 'unrecognized direction "%"', define_metric.better
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Directions are higher and lower; NULL is neither.';
  END IF;
  SELECT m.unit, m.kind INTO before FROM glucose.metric m WHERE m.name = define_metric.name;
  IF before.unit <> define_metric.unit THEN
    RAISE EXCEPTION 'metric "%" is in % already', define_metric.name, before.unit
      USING ERRCODE = 'object_in_use', HINT = 'Values may have been stored in that unit: define another metric.';
  END IF;
  INSERT INTO glucose.metric AS m (name, unit, low, high, better, description, sources, loinc, healthkit,
                                   health_connect)
  VALUES (define_metric.name, define_metric.unit, define_metric.low, define_metric.high, define_metric.better,
          define_metric.description, define_metric.sources, define_metric.loinc, define_metric.healthkit,
          define_metric.health_connect)
  ON CONFLICT (name) DO UPDATE
  SET low = EXCLUDED.low, high = EXCLUDED.high, better = EXCLUDED.better, sources = EXCLUDED.sources,
      description = coalesce(EXCLUDED.description, m.description), loinc = coalesce(EXCLUDED.loinc, m.loinc),
      healthkit = coalesce(EXCLUDED.healthkit, m.healthkit),
      health_connect = coalesce(EXCLUDED.health_connect, m.health_connect);
END
$fn$;
COMMENT ON FUNCTION glucose.define_metric(text, text, real, real, text, text, text[], text, text, text) IS
'Adds a metric of days, of an application''s own, or changes all but its unit; for the owner of the tables and the '
'steward.';

CREATE FUNCTION glucose.daily_values(person_id uuid, start_at date, end_at date, metrics text[] DEFAULT NULL,
  OUT day date, OUT metric text, OUT value real, OUT unit text, OUT source text, OUT recorded_at timestamptz)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME', 'glucose_daily_values';
COMMENT ON FUNCTION glucose.daily_values(uuid, date, date, text[]) IS
'What is known of a person''s days, one row for each day and metric: of several sources the preferred one, and what '
'readings make of themselves.';

CREATE FUNCTION glucose.person_days(person_id uuid, start_at date, end_at date, metrics text[] DEFAULT NULL,
  OUT day date, OUT known jsonb) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 90 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT v.day, jsonb_object_agg(v.metric, v.value)
    FROM glucose.daily_values(person_days.person_id, person_days.start_at, person_days.end_at,
                              person_days.metrics) v
    GROUP BY v.day ORDER BY v.day;
END
$fn$;
COMMENT ON FUNCTION glucose.person_days(uuid, date, date, text[]) IS
'daily_values(), one row for each day of which anything is known.';

CREATE FUNCTION glucose.daily_glucose(person_id uuid, start_at date, end_at date, OUT day date, OUT mean_mg_dl real,
  OUT sd_mg_dl real, OUT in_range_pct real, OUT below_70_pct real, OUT n integer, OUT covered real)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 90 AS 'MODULE_PATHNAME', 'glucose_daily_glucose';
COMMENT ON FUNCTION glucose.daily_glucose(uuid, date, date) IS
'What the readings of each day say: mean, SD, share of 70 to 180 mg/dL and below 70, NULL on days of which less than '
'70 % is covered.';

CREATE FUNCTION glucose.daily_features(person_id uuid, day date, metric text DEFAULT 'RESTING_HEART_RATE',
  as_of timestamptz DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_daily_features';
COMMENT ON FUNCTION glucose.daily_features(uuid, date, text, timestamptz) IS
'The 51 features of ''daily51/1'' at the end of a day where the person is, NULL where not known. Nothing of later '
'days is used, and nothing that was recorded later than as_of.';

CREATE FUNCTION glucose.daily_feature_summary(person_id uuid, start_at date, end_at date,
  metric text DEFAULT 'RESTING_HEART_RATE', OUT feature text, OUT unit text, OUT known_share real, OUT mean real,
  OUT sd real, OUT last real) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 51 AS 'MODULE_PATHNAME', 'glucose_daily_feature_summary';
COMMENT ON FUNCTION glucose.daily_feature_summary(uuid, date, date, text) IS
'Each feature over some days: on which share of them it is known, mean and SD, and the last value.';

CREATE FUNCTION glucose.data_quality_score(person_id uuid, metric text DEFAULT NULL, day date DEFAULT NULL,
  days integer DEFAULT 30) RETURNS real
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_data_quality_score';
COMMENT ON FUNCTION glucose.data_quality_score(uuid, text, date, integer) IS
'How good a ground the days up to a day are for a forecast, 0 to 1: share of known values, how recent the last one '
'is, and on how many days there is any; of one metric or of all.';

CREATE FUNCTION glucose.correlations(person_id uuid, metric text, days integer DEFAULT 90, lag integer DEFAULT 1,
  lang text DEFAULT 'en', OUT feature text, OUT n integer, OUT n_effective double precision,
  OUT pearson double precision, OUT spearman double precision, OUT p_value double precision,
  OUT false_discovery_rate double precision, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 51 AS 'MODULE_PATHNAME', 'glucose_correlations';
COMMENT ON FUNCTION glucose.correlations(uuid, text, integer, integer, text) IS
'How each feature goes together with a metric "lag" days later, over the days up to its newest value, the surest '
'first. What goes together need not cause anything.';

CREATE FUNCTION glucose.lag_analysis(person_id uuid, metric text, feature text, max_lag integer DEFAULT 7,
  days integer DEFAULT 90, lang text DEFAULT 'en', OUT lag integer, OUT n integer, OUT n_effective double precision,
  OUT pearson double precision, OUT spearman double precision, OUT p_value double precision,
  OUT false_discovery_rate double precision, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_lag_analysis';
COMMENT ON FUNCTION glucose.lag_analysis(uuid, text, text, integer, integer, text) IS
'How one feature goes together with a metric 0 to max_lag days later. What goes together need not cause anything.';

CREATE FUNCTION glucose.correlation_summary(person_id uuid, metric text, days integer DEFAULT 90,
  lang text DEFAULT 'en') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  strongest CONSTANT integer := 5;
  chance CONSTANT double precision := 0.1;   -- of those named, how many may be none
BEGIN
  RETURN (
    SELECT jsonb_build_object('metric', correlation_summary.metric, 'days', correlation_summary.days,
      'tested', count(c.p_value), 'found', count(*) FILTER (WHERE c.false_discovery_rate <= chance),
      'strongest', coalesce(jsonb_agg(jsonb_build_object('feature', c.feature, 'n', c.n, 'spearman', c.spearman,
        'pearson', c.pearson, 'falseDiscoveryRate', c.false_discovery_rate, 'words', c.words)
        ORDER BY abs(c.spearman) DESC, c.feature)
        FILTER (WHERE c.false_discovery_rate <= chance AND c.place <= strongest), '[]'),
      'note', CASE correlation_summary.lang
        WHEN 'de' THEN 'Was zusammen auftritt, muss einander nicht bedingen.'
        ELSE 'What goes together need not cause anything.' END,
      'disclaimer', glucose.disclaimer(correlation_summary.lang))
    FROM (SELECT r.*, row_number() OVER (ORDER BY r.false_discovery_rate > chance, abs(r.spearman) DESC) AS place
          FROM glucose.correlations(correlation_summary.person_id, correlation_summary.metric,
                                    correlation_summary.days, lang => correlation_summary.lang) r) c);
END
$fn$;
COMMENT ON FUNCTION glucose.correlation_summary(uuid, text, integer, text) IS
'The strongest of correlations() of a metric with the day before, at most five and none that may well be chance, in '
'words that name no cause.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.import_readings(person_id uuid, measured_at timestamptz[], mg_dl real[],
  options jsonb DEFAULT '{}', OUT new bigint, OUT same bigint, OUT changed bigint, OUT refused bigint, OUT kept bigint,
  OUT duplicates bigint, OUT refusals jsonb) RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_readings';
COMMENT ON FUNCTION glucose.import_readings(uuid, timestamptz[], real[], jsonb) IS
'Records many readings of a person in one statement and says how many were new, the same, changed and refused; again '
'it changes nothing.';

CREATE FUNCTION glucose.import_meals(person_id uuid, meals jsonb, options jsonb DEFAULT '{}', OUT new bigint,
  OUT same bigint, OUT changed bigint, OUT refused bigint, OUT kept bigint, OUT duplicates bigint, OUT refusals jsonb)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_meals';
COMMENT ON FUNCTION glucose.import_meals(uuid, jsonb, jsonb) IS
'Records many meals of a person in one statement, an object of the columns for each, and says how many were new, the '
'same, changed and refused; again it changes nothing.';

CREATE FUNCTION glucose.import_daily(person_id uuid, day_values jsonb, options jsonb DEFAULT '{}', OUT new bigint,
  OUT same bigint, OUT changed bigint, OUT refused bigint, OUT kept bigint, OUT duplicates bigint, OUT refusals jsonb)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_daily';
COMMENT ON FUNCTION glucose.import_daily(uuid, jsonb, jsonb) IS
'Records many values of a person''s days in one statement, in the units of devices, and says how many were new, the '
'same, changed and refused; again it changes nothing.';

-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.training_result AS (
  person_id uuid, model_type text, version text, algorithm text, is_active boolean,
  n_train integer, n_validation integer, n_test integer, mae real, rmse real, r2 real,
  training_ms real, is_production_ready boolean, quality_issues text[], train_loss real, val_loss real,
  best_val_loss real, r2_score real, mape real, epochs_trained integer, early_stopped boolean,
  training_time_seconds real, total_samples integer, sequence_length integer, num_features integer,
  model_size_mb real);
COMMENT ON TYPE glucose.training_result IS
'What a training led to; mae, rmse (in the unit of what is forecast), r2, r2_score and mape (percent) are of the test '
'rows, mean over horizons; losses are mean squared errors. What an algorithm has none of is NULL.';

CREATE FUNCTION glucose.train_model(person_id uuid, model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_model';
COMMENT ON FUNCTION glucose.train_model(uuid, text, text, jsonb) IS
'Trains a new version of the person''s model and stores it; the first good one becomes active. Model type glucose '
'forecasts after meals, cgm from readings alone.';

CREATE FUNCTION glucose.model_types(OUT model_type text, OUT unit text, OUT about_meals boolean, OUT rows_are text,
  OUT units_are text) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 2 AS 'MODULE_PATHNAME', 'glucose_model_types';
COMMENT ON FUNCTION glucose.model_types() IS
'The kinds of forecast there are: the unit of each, whether it is asked about meals or about moments, what counts '
'as new for a retraining, and what is paired when two versions are compared.';

CREATE FUNCTION glucose.task_name(model_type text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_task_name';
COMMENT ON FUNCTION glucose.task_name(text) IS
'Internal: the kind of forecast that a model type is of, NULL when there is none.';

CREATE FUNCTION glucose.model_type(name text, OUT model_type text, OUT unit text, OUT about_meals boolean,
  OUT rows_are text, OUT units_are text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  SELECT t.* INTO model_type, unit, about_meals, rows_are, units_are FROM glucose.model_types() t
  WHERE t.model_type = glucose.task_name(name);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unrecognized model_type "%"', name
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Model types are listed by glucose.model_types().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.model_type(text) IS
'Internal: the row of model_types() of a model type, else raises 22023.';

CREATE FUNCTION glucose.unit_of(model_type text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN coalesce((SELECT m.unit FROM glucose.metric m
                   WHERE m.name = substr(model_type, nullif(strpos(model_type, ':'), 0) + 1)),
                  (glucose.model_type(model_type)).unit);
END
$fn$;
COMMENT ON FUNCTION glucose.unit_of(text) IS
'Internal: the unit of what models of a type forecast: the metric''s own, else that of the kind of forecast.';

CREATE FUNCTION glucose.algorithms(model_type text DEFAULT 'glucose', OUT algorithm text, OUT description text,
  OUT default_options jsonb) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_algorithms';
COMMENT ON FUNCTION glucose.algorithms(text) IS
'The algorithms of train_model() with what they are and the options each listens to, at their defaults.';

CREATE FUNCTION glucose.train_population_model(model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_population_model';
COMMENT ON FUNCTION glucose.train_population_model(text, text, jsonb) IS
'Trains a model for persons without one of their own, from all persons who share their data and whom the caller '
'sees; it keeps weights and counts, never an id. The steward runs it.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.tune_model(person_id uuid, algorithm text, search jsonb DEFAULT '{}',
  options jsonb DEFAULT '{}', model_type text DEFAULT 'glucose',
  OUT params jsonb, OUT mae real, OUT rmse real, OUT n integer, OUT rank integer) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20 AS 'MODULE_PATHNAME', 'glucose_tune_model';
COMMENT ON FUNCTION glucose.tune_model(uuid, text, jsonb, jsonb, text) IS
'Searches options for one person by rolling-origin validation, within a time budget; rank 1 has the smallest rmse. '
'It writes nothing: pass params on to train_model().';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.train_model_async(person_id uuid, model_type text DEFAULT 'glucose',
  algorithm text DEFAULT 'auto', options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_model_async';
COMMENT ON FUNCTION glucose.train_model_async(uuid, text, text, jsonb) IS
'Queues a training for the background workers and returns its job_id. Workers start when the transaction commits.';

CREATE FUNCTION glucose.start_training_workers() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_start_training_workers';
COMMENT ON FUNCTION glucose.start_training_workers() IS
'Starts background workers for the queued jobs, as after a restart of the server; they end when the queue is empty.';

CREATE FUNCTION glucose.cancel_training(job_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_cancel_training';
COMMENT ON FUNCTION glucose.cancel_training(uuid) IS
'Cancels a job that waits or runs; a running one stops within a quarter of a second and stores nothing. False when '
'it has ended already.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.require_person(person_id uuid) RETURNS void
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_require_person';
COMMENT ON FUNCTION glucose.require_person(uuid) IS
'Internal: returns when the caller may see the person, else raises 22023, 28000 or P0002.';

CREATE FUNCTION glucose.list_model_versions(person_id uuid, model_type text DEFAULT 'glucose',
  OUT version text, OUT algorithm text, OUT is_active boolean, OUT status text, OUT trained_at timestamptz,
  OUT n_train integer, OUT n_validation integer, OUT n_test integer, OUT mae real, OUT rmse real, OUT r2 real,
  OUT is_production_ready boolean, OUT quality_issues text[], OUT has_artifact boolean) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(list_model_versions.person_id);
  PERFORM glucose.model_type(list_model_versions.model_type);
  RETURN QUERY
    SELECT v.version, v.algorithm, v.is_active, v.status, v.trained_at, v.n_train, v.n_validation, v.n_test,
           v.mae, v.rmse, v.r2, v.is_production_ready, v.quality_issues, v.artifact_taken_at IS NULL
    FROM glucose.model_version v
    WHERE v.person_id = list_model_versions.person_id AND v.model_type = list_model_versions.model_type
    ORDER BY glucose.version_parts(v.version) DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.list_model_versions(uuid, text) IS
'Every version of the person''s model, newest first, with its test errors (mg/dL), whether it serves and what is '
'wrong with it.';

CREATE FUNCTION glucose.active_model_version(person_id uuid, model_type text DEFAULT 'glucose') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_person(active_model_version.person_id);
  PERFORM glucose.model_type(active_model_version.model_type);
  RETURN (SELECT v.version FROM glucose.model_version v
          WHERE v.person_id = active_model_version.person_id AND v.model_type = active_model_version.model_type
            AND v.is_active);
END
$fn$;
COMMENT ON FUNCTION glucose.active_model_version(uuid, text) IS
'The version that serves the person, NULL when none does.';

CREATE FUNCTION glucose.deploy_model(person_id uuid, model_type text, version text, reason text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_deploy_model';
COMMENT ON FUNCTION glucose.deploy_model(uuid, text, text, text) IS
'Makes a version the one that serves, in one transaction, and writes the deployment history; returns the version.';

CREATE FUNCTION glucose.increment_version(version text, level text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  parts integer[];
BEGIN
  IF version !~ '^[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}$' THEN
    RAISE EXCEPTION 'invalid version "%"', version
      USING ERRCODE = 'invalid_parameter_value', HINT = 'A version is MAJOR.MINOR.PATCH, such as 1.2.0.';
  END IF;
  parts := string_to_array(version, '.')::integer[];
  CASE level
    WHEN 'major' THEN RETURN format('%s.0.0', parts[1] + 1);
    WHEN 'minor' THEN RETURN format('%s.%s.0', parts[1], parts[2] + 1);
    WHEN 'patch' THEN RETURN format('%s.%s.%s', parts[1], parts[2], parts[3] + 1);
    ELSE
      RAISE EXCEPTION 'unrecognized level "%"', level
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Levels are major, minor and patch.';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.increment_version(text, text) IS
'The next version number: major when what callers see changes (horizons), minor for a retraining, patch for a '
're-fit with the same data and options. train_model() follows this by itself.';

CREATE FUNCTION glucose.way_back(person_id uuid, model_type text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- From what serves to what it replaced, to what that one had replaced, and so on, until one has its artifact. Of
  -- deployments that were a way back themselves it is not asked: a second step back would bring what the first one took
  -- away.
  RETURN (
    WITH RECURSIVE back (version, at, is_it) AS (
      SELECT v.version, 'infinity'::timestamptz, false FROM glucose.model_version v
      WHERE v.person_id = way_back.person_id AND v.model_type = way_back.model_type AND v.is_active
      UNION ALL
      SELECT d.previous_version, d.deployed_at, EXISTS (SELECT FROM glucose.model_version v
          WHERE v.person_id = way_back.person_id AND v.model_type = way_back.model_type
            AND v.version = d.previous_version AND NOT v.is_active AND v.artifact_taken_at IS NULL)
      FROM back b CROSS JOIN LATERAL (SELECT x.previous_version, x.deployed_at FROM glucose.deployment x
        WHERE x.person_id = way_back.person_id AND x.model_type = way_back.model_type AND x.version = b.version
          AND x.deployed_at < b.at AND x.reason IS DISTINCT FROM 'rollback'
        ORDER BY x.deployed_at DESC LIMIT 1) d
      WHERE NOT b.is_it)
    SELECT b.version FROM back b WHERE b.is_it);
END
$fn$;
COMMENT ON FUNCTION glucose.way_back(uuid, text) IS
'Internal: part of rollback_model(), check_model() and purge(): the version that was live before the one that serves, '
'the latest that is there with its artifact; NULL when there is none.';

CREATE FUNCTION glucose.rollback_model(person_id uuid, model_type text DEFAULT 'glucose', to_version text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_rollback_model';
COMMENT ON FUNCTION glucose.rollback_model(uuid, text, text) IS
'Makes the version that was live before (or the named one) serve again, in one transaction; returns it.';

CREATE FUNCTION glucose.model_version_at(person_id uuid, at timestamptz, model_type text DEFAULT 'glucose') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_person(model_version_at.person_id);
  PERFORM glucose.model_type(model_version_at.model_type);
  RETURN (SELECT d.version FROM glucose.deployment d
          WHERE d.person_id = model_version_at.person_id AND d.model_type = model_version_at.model_type
            AND d.deployed_at <= model_version_at.at
          ORDER BY d.deployed_at DESC LIMIT 1);
END
$fn$;
COMMENT ON FUNCTION glucose.model_version_at(uuid, timestamptz, text) IS
'The version that served the person at a moment, by the deployment history; NULL when none did.';

CREATE FUNCTION glucose.delete_model(person_id uuid, model_type text, version text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_delete_model';
COMMENT ON FUNCTION glucose.delete_model(uuid, text, text) IS
'Deletes a version with its metrics; false when there is none of that name. One that serves, or that a running '
'experiment tries, stays (55006).';

CREATE FUNCTION glucose.export_model(person_id uuid, model_type text, version text DEFAULT NULL) RETURNS bytea
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_export_model';
COMMENT ON FUNCTION glucose.export_model(uuid, text, text) IS
'A version (the active one unless named) as one self-describing, checksummed value for import_model().';

CREATE FUNCTION glucose.import_model(person_id uuid, artifact bytea, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_model';
COMMENT ON FUNCTION glucose.import_model(uuid, bytea, jsonb) IS
'Stores what export_model() gave, of this or another database or person, as a new version; returns it. It is never '
'called production ready: nobody has measured it on this person.';

CREATE FUNCTION glucose.cache_stats(OUT entries bigint, OUT bytes bigint, OUT hits bigint, OUT misses bigint,
                                    OUT evictions bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_cache_stats';
COMMENT ON FUNCTION glucose.cache_stats() IS
'The decoded models this backend keeps (setting glucose.cache_size) and how often they were found there.';

CREATE FUNCTION glucose.invalidate_cache() RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_invalidate_cache';
COMMENT ON FUNCTION glucose.invalidate_cache() IS
'Wipes the decoded models of this backend; returns how many there were. Never needed for correctness.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.list_population_models(model_type text DEFAULT 'glucose',
  OUT version text, OUT algorithm text, OUT is_active boolean, OUT status text, OUT trained_at timestamptz,
  OUT n_persons integer, OUT n_train integer, OUT n_validation integer, OUT n_test integer, OUT mae real, OUT rmse real,
  OUT r2 real, OUT is_production_ready boolean, OUT quality_issues text[],
  OUT has_artifact boolean) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.model_type(list_population_models.model_type);
  RETURN QUERY
    SELECT v.version, v.algorithm, v.is_active, v.status, v.trained_at, v.n_persons, v.n_train,
           v.n_validation, v.n_test, v.mae, v.rmse, v.r2, v.is_production_ready, v.quality_issues,
           v.artifact_taken_at IS NULL
    FROM glucose.population_model v
    WHERE v.model_type = list_population_models.model_type
    ORDER BY glucose.version_parts(v.version) DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.list_population_models(text) IS
'Every version of a population model, newest first, with how many persons it learnt from, its test errors (mg/dL) '
'and whether it serves.';

CREATE FUNCTION glucose.deploy_population_model(model_type text, version text, reason text DEFAULT NULL) RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_deploy_population_model';
COMMENT ON FUNCTION glucose.deploy_population_model(text, text, text) IS
'Makes a version the population model that serves whoever has none of their own; returns the version. The steward '
'runs it.';

CREATE FUNCTION glucose.population_way_back(model_type text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (
    WITH RECURSIVE back (version, at, is_it) AS (
      SELECT v.version, 'infinity'::timestamptz, false FROM glucose.population_model v
      WHERE v.model_type = population_way_back.model_type AND v.is_active
      UNION ALL
      SELECT d.previous_version, d.deployed_at, EXISTS (SELECT FROM glucose.population_model v
          WHERE v.model_type = population_way_back.model_type AND v.version = d.previous_version AND NOT v.is_active
            AND v.artifact_taken_at IS NULL)
      FROM back b CROSS JOIN LATERAL (SELECT x.previous_version, x.deployed_at FROM glucose.population_deployment x
        WHERE x.model_type = population_way_back.model_type AND x.version = b.version AND x.deployed_at < b.at
          AND x.reason IS DISTINCT FROM 'rollback'
        ORDER BY x.deployed_at DESC LIMIT 1) d
      WHERE NOT b.is_it)
    SELECT b.version FROM back b WHERE b.is_it);
END
$fn$;
COMMENT ON FUNCTION glucose.population_way_back(text) IS
'Internal: part of rollback_population_model() and purge(): as way_back(), of the population''s models.';

CREATE FUNCTION glucose.rollback_population_model(model_type text DEFAULT 'glucose', to_version text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_rollback_population_model';
COMMENT ON FUNCTION glucose.rollback_population_model(text, text) IS
'Makes the population model that was live before (or the named one) serve again; returns it. The steward runs it.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.evaluate_model(person_id uuid, model_type text DEFAULT 'glucose', version text DEFAULT NULL,
  start_at timestamptz DEFAULT NULL, end_at timestamptz DEFAULT NULL)
RETURNS TABLE (split text, minutes_ahead integer, n integer, mae double precision, rmse double precision,
               r2 double precision, mape double precision, bias double precision, coverage double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_evaluate_model';
COMMENT ON FUNCTION glucose.evaluate_model(uuid, text, text, timestamptz, timestamptz) IS
'Measures a stored version (the active one unless named) on the person''s data as they are in the tables now, per '
'split and horizon.';

-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.retraining_result AS (
  status text, version text, reason text, mae_current double precision, mae_candidate double precision, n integer,
  ci_low double precision, ci_high double precision);
COMMENT ON TYPE glucose.retraining_result IS
'What a retraining led to: deployed, rejected or skipped, and both errors on the same meals or hours, which neither '
'version has learnt from.';

CREATE FUNCTION glucose.compare_versions(person_id uuid, model_type text, version_a text, version_b text,
  start_at timestamptz DEFAULT NULL, end_at timestamptz DEFAULT NULL, OUT n integer, OUT mae_a double precision,
  OUT mae_b double precision, OUT difference double precision, OUT ci_low double precision,
  OUT ci_high double precision, OUT p_value double precision)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_compare_versions';
COMMENT ON FUNCTION glucose.compare_versions(uuid, text, text, text, timestamptz, timestamptz) IS
'Two versions on the same meals, or hours of readings: mean absolute error of each, the difference (below 0: b is '
'better) and its 95 % interval, paired.';

CREATE FUNCTION glucose.try_lock_person(person_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_try_lock_person';
COMMENT ON FUNCTION glucose.try_lock_person(uuid) IS
'Internal: part of retraining: takes a person the caller may see for this transaction, unless a worker or another '
'retraining has it; false then.';

CREATE FUNCTION glucose.retraining_rules(person_id uuid, model_type text DEFAULT 'glucose',
  OUT min_new_rows integer, OUT max_age_days integer, OUT max_live_mae real, OUT min_improvement real,
  OUT beyond_chance boolean, OUT manual boolean, OUT algorithm text, OUT options jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  SELECT coalesce(o.min_new_rows, p.min_new_rows), coalesce(o.max_age_days, p.max_age_days),
         coalesce(o.max_live_mae, p.max_live_mae),
         coalesce(o.min_improvement, p.min_improvement), coalesce(o.beyond_chance, p.beyond_chance),
         coalesce(o.manual, p.manual),
         coalesce(o.algorithm, p.algorithm), p.options || coalesce(o.options, '{}')
  INTO min_new_rows, max_age_days, max_live_mae, min_improvement, beyond_chance, manual, algorithm,
       options
  FROM glucose.retraining_policy p
  LEFT JOIN glucose.retraining_override o
    ON o.person_id = retraining_rules.person_id AND o.model_type = retraining_rules.model_type
  -- Of a metric or an event its own row, else the one of all.
  WHERE p.model_type IN (retraining_rules.model_type, glucose.task_name(retraining_rules.model_type))
  ORDER BY p.model_type <> retraining_rules.model_type LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no retraining policy for model_type "%"', model_type
      USING ERRCODE = 'invalid_parameter_value', HINT = 'There is one for each row of glucose.retraining_policy.';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_rules(uuid, text) IS
'The retraining policy that holds for a person: retraining_policy with the person''s retraining_override.';

CREATE FUNCTION glucose.live_mae(person_id uuid, model_type text, version text, as_of timestamptz DEFAULT NULL,
  OUT mae real, OUT n integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  answering record;
BEGIN
  -- A number alone is not a model: the population's 1.0.0 is another one than the person's.
  SELECT v.sha256, v.training_end INTO answering FROM glucose.model_version v
  WHERE v.person_id = live_mae.person_id AND v.model_type = live_mae.model_type AND v.version = live_mae.version;
  IF strpos(live_mae.model_type, ':') > 0 THEN
    SELECT avg(abs(d.value - d.outcome)), count(d.outcome) INTO mae, n
    FROM (SELECT DISTINCT ON (x.at) x.value, coalesce(glucose.outcome_of(live_mae.person_id, live_mae.model_type,
                 x.at - make_interval(mins => x.minutes_ahead)), told.value) AS outcome
          FROM (SELECT p.prediction_id, p.predictions, p.issued_at FROM glucose.prediction p
                WHERE p.person_id = live_mae.person_id AND p.model_type = live_mae.model_type
                  AND p.version = live_mae.version AND p.sha256 = answering.sha256
                ORDER BY p.issued_at DESC LIMIT 100) l
          CROSS JOIN LATERAL glucose.prediction_points(l.predictions) x
          LEFT JOIN glucose.recorded_outcome told ON told.person_id = live_mae.person_id
            AND told.prediction_id = l.prediction_id AND told.minutes_ahead = x.minutes_ahead
            AND told.recorded_at <= coalesce(live_mae.as_of, 'infinity')
          WHERE x.at - make_interval(mins => x.minutes_ahead) > answering.training_end
            AND x.at <= coalesce(live_mae.as_of, 'infinity')
          ORDER BY x.at, l.issued_at) d;
    IF n < 10 THEN
      mae := NULL;
    END IF;
    RETURN;
  END IF;
  -- The bounds are columns, computed first: only then do the comparisons reach the index under row-level security.
  WITH answer AS MATERIALIZED (
    SELECT DISTINCT ON (coalesce(l.meal_id, l.prediction_id)) l.prediction_id, l.predictions
    FROM (SELECT p.meal_id, p.prediction_id, p.predictions, p.issued_at FROM glucose.prediction p
          WHERE p.person_id = live_mae.person_id AND p.model_type = live_mae.model_type
            AND p.version = live_mae.version AND p.sha256 = answering.sha256
          ORDER BY p.issued_at DESC LIMIT 100) l
    ORDER BY coalesce(l.meal_id, l.prediction_id), l.issued_at
  ), point AS MATERIALIZED (
    SELECT a.prediction_id, x.minutes_ahead, x.at, x.value, x.at - interval '15 min' AS low,
           least(x.at + interval '15 min', coalesce(live_mae.as_of, 'infinity')) AS high
    FROM answer a, glucose.prediction_points(a.predictions) x
    WHERE x.at > answering.training_end
  )
  SELECT avg(abs(p.value - o.mg_dl)), count(o.mg_dl) INTO mae, n
  FROM point p
  LEFT JOIN glucose.recorded_outcome told ON told.person_id = live_mae.person_id
    AND told.prediction_id = p.prediction_id AND told.minutes_ahead = p.minutes_ahead
    AND told.recorded_at <= coalesce(live_mae.as_of, 'infinity')
  LEFT JOIN LATERAL (SELECT r.measured_at AS at, r.mg_dl FROM glucose.glucose_reading r
    WHERE r.person_id = live_mae.person_id AND r.measured_at >= p.low AND r.measured_at <= p.at
    ORDER BY r.measured_at DESC LIMIT 1) before ON true
  LEFT JOIN LATERAL (SELECT r.measured_at AS at, r.mg_dl FROM glucose.glucose_reading r
    WHERE r.person_id = live_mae.person_id AND r.measured_at >= p.at AND r.measured_at <= p.high
    ORDER BY r.measured_at LIMIT 1) after ON true
  CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN after.at = before.at THEN before.mg_dl ELSE before.mg_dl
    + (after.mg_dl - before.mg_dl) * extract(epoch FROM p.at - before.at) / extract(epoch FROM after.at - before.at)
    END, told.value) AS mg_dl) o;
  IF n < 10 THEN
    mae := NULL;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.live_mae(uuid, text, text, timestamptz) IS
'Internal: part of check_retraining(): mean absolute error of what a version has answered, over the outcomes known '
'by as_of.';

CREATE FUNCTION glucose.count_new_rows(person_id uuid, model_type text, since timestamptz, until timestamptz)
RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  after CONSTANT timestamptz := coalesce(since, '-infinity');
  meal_began timestamptz := '-infinity';
  eaten_at timestamptz;
  has_reading boolean;
  metric_name text;
  n integer := 0;
BEGIN
  IF (glucose.model_type(count_new_rows.model_type)).about_meals THEN
    -- Meals whose outcome can be known: old enough, and with a reading to start from.
    -- What is eaten within a quarter of an hour is one meal, as for training (meal_lines.hpp).
    FOR eaten_at, has_reading IN
      SELECT m.eaten_at, r.found
      FROM (SELECT DISTINCT m.eaten_at, m.eaten_at + interval '15 min' AS soon FROM glucose.meal m
            WHERE m.person_id = count_new_rows.person_id AND m.eaten_at > after
              AND m.eaten_at < until - interval '135 min' OFFSET 0) m
      LEFT JOIN LATERAL (SELECT true AS found FROM glucose.glucose_reading r
        WHERE r.person_id = count_new_rows.person_id AND r.measured_at >= m.eaten_at AND r.measured_at <= m.soon
        LIMIT 1) r ON true
      ORDER BY m.eaten_at
    LOOP
      IF eaten_at - interval '15 min' > meal_began THEN
        meal_began := eaten_at;
        n := n + coalesce(has_reading, false)::integer;
      END IF;
    END LOOP;
    RETURN n;
  END IF;
  IF strpos(count_new_rows.model_type, ':') > 0 THEN
    -- Days of the metric; of what readings make, and of events, those of readings and of anything that is stored.
    SELECT m.name INTO metric_name FROM glucose.metric m
    WHERE m.name = substr(count_new_rows.model_type, strpos(count_new_rows.model_type, ':') + 1)
      AND m.kind = 'measured';
    SELECT count(DISTINCT d.day) INTO n FROM glucose.daily_metric d
    WHERE d.person_id = count_new_rows.person_id AND (metric_name IS NULL OR d.metric = metric_name)
      AND d.day > coalesce(nullif(since, '-infinity'), '1900-01-01')::date AND d.day <= until::date;
    IF metric_name IS NOT NULL THEN
      RETURN n;
    END IF;
  END IF;
  RETURN (SELECT greatest(n, count(DISTINCT date_trunc('day', r.measured_at, 'UTC'))::integer)
    FROM glucose.glucose_reading r
          WHERE r.person_id = count_new_rows.person_id AND r.measured_at > after AND r.measured_at <= until);
END
$fn$;
COMMENT ON FUNCTION glucose.count_new_rows(uuid, text, timestamptz, timestamptz) IS
'Internal: part of check_retraining(): what a training of the type would find new between two moments: meals with a '
'reading and a known outcome, days with a metric, or days (UTC) with readings.';

CREATE FUNCTION glucose.check_retraining(person_id uuid, model_type text DEFAULT 'glucose',
  as_of timestamptz DEFAULT NULL, OUT needed boolean, OUT reasons text[], OUT new_meals integer,
  OUT days_since integer, OUT live_mae real, OUT new_rows integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
  rules record;
  task record;
  active text;
  trained_at timestamptz;
  learnt_until timestamptz;
BEGIN
  PERFORM glucose.require_person(check_retraining.person_id);
  PERFORM glucose.model_type(check_retraining.model_type);
  rules := glucose.retraining_rules(check_retraining.person_id, check_retraining.model_type);
  task := glucose.model_type(check_retraining.model_type);
  -- A training up to a moment in the past knows nothing later: it is as old as that. A candidate that lost counts too,
  -- or the same rows would be trained on every night; an update does not, or nobody would ever be trained again.
  SELECT max(v.version) FILTER (WHERE v.is_active),
         max(least(v.trained_at, glucose.time_or_null(v.hyperparameters ->> 'end_at')))
           FILTER (WHERE v.metadata ? 'test_end' AND NOT v.metadata ? 'refreshes'),
         -- Of the newest training alone, and never later than it was: a clock that was wrong once is not for ever.
         (array_agg(least(glucose.time_or_null(v.metadata ->> 'test_end'), v.trained_at) ORDER BY v.trained_at DESC)
            FILTER (WHERE glucose.time_or_null(v.metadata ->> 'test_end') IS NOT NULL
                    AND NOT v.metadata ? 'refreshes'))[1]
  INTO active, trained_at, learnt_until
  FROM glucose.model_version v
  WHERE v.person_id = check_retraining.person_id AND v.model_type = check_retraining.model_type;
  new_rows := glucose.count_new_rows(check_retraining.person_id, check_retraining.model_type, learnt_until, at);
  new_meals := CASE WHEN task.about_meals THEN new_rows END;
  days_since := greatest(round(extract(epoch FROM at - trained_at) / 86400), 0);
  reasons := '{}';
  IF active IS NULL THEN
    reasons := reasons || 'no active model'::text;
  ELSE
    live_mae := (glucose.live_mae(check_retraining.person_id, check_retraining.model_type, active, as_of)).mae;
  END IF;
  IF new_rows >= rules.min_new_rows THEN
    reasons := reasons || format('%s new %s', new_rows, task.rows_are);
  END IF;
  IF days_since >= rules.max_age_days THEN
    reasons := reasons || format('%s days since the last training', days_since);
  END IF;
  IF live_mae > rules.max_live_mae THEN
    reasons := reasons || format('live MAE %s %s', round(live_mae::numeric, 1), glucose.unit_of(model_type));
  END IF;
  -- Whatever the reason: from the same rows comes the same model, and from none comes none.
  needed := NOT rules.manual AND reasons <> '{}' AND new_rows > 0;
END
$fn$;
COMMENT ON FUNCTION glucose.check_retraining(uuid, text, timestamptz) IS
'Whether the policy asks for a new training, and why. It takes a few milliseconds.';

CREATE FUNCTION glucose.retraining_is_due(person_id uuid, model_type text DEFAULT 'glucose',
  as_of timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
  last record;
  known integer;
  new integer;
BEGIN
  SELECT l.tried_at, l.status = 'skipped' AND l.reason LIKE 'MG002:%' AND 'forced' <> ALL (l.due_because) AS too_little
  INTO last
  FROM glucose.retraining_log l
  WHERE l.person_id = retraining_is_due.person_id AND l.model_type = retraining_is_due.model_type AND l.tried_at <= at
  ORDER BY l.tried_at DESC LIMIT 1;
  -- Not a whole day, or a nightly run would come a minute too early every other night.
  IF last.tried_at > at - interval '20 hours' THEN
    RETURN false;
  END IF;
  IF NOT (glucose.check_retraining(retraining_is_due.person_id, retraining_is_due.model_type, as_of)).needed THEN
    RETURN false;
  END IF;
  -- Who has too little is not tried every night, but when there is a quarter more.
  IF last.too_little THEN
    known := glucose.count_new_rows(retraining_is_due.person_id, retraining_is_due.model_type, NULL, last.tried_at);
    new := glucose.count_new_rows(retraining_is_due.person_id, retraining_is_due.model_type, NULL, at) - known;
    RETURN new > 0 AND 4 * new >= known;
  END IF;
  RETURN true;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_is_due(uuid, text, timestamptz) IS
'Internal: part of retrain_due() and batch_retrain(): whether retraining is needed, was not tried in the last 20 '
'hours, and has enough new since it failed for too little history.';

CREATE FUNCTION glucose.judge_candidate(person_id uuid, model_type text, version text,
  OUT status text, OUT reason text, OUT current_version text, OUT mae_current double precision,
  OUT mae_candidate double precision, OUT n integer, OUT ci_low double precision, OUT ci_high double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  fewest CONSTANT integer := 5;   -- below, a mean of paired differences says nothing
  rules record;
  task record;
  candidate record;
  current record;
  compared record;
BEGIN
  PERFORM glucose.require_person(judge_candidate.person_id);
  rules := glucose.retraining_rules(judge_candidate.person_id, judge_candidate.model_type);
  task := glucose.model_type(judge_candidate.model_type);
  SELECT v.status, v.is_active, v.quality_issues, glucose.time_or_null(v.metadata ->> 'test_start') AS test_start,
         glucose.time_or_null(v.metadata ->> 'test_end') AS test_end
  INTO candidate FROM glucose.model_version v
  WHERE v.person_id = judge_candidate.person_id AND v.model_type = judge_candidate.model_type
    AND v.version = judge_candidate.version;
  IF NOT FOUND OR candidate.test_start IS NULL OR candidate.test_end IS NULL OR candidate.is_active THEN
    RAISE EXCEPTION 'model version "%" is no candidate', judge_candidate.version
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'A candidate was trained for this person and does not serve.';
  END IF;
  SELECT v.version, v.training_end INTO current FROM glucose.model_version v
  WHERE v.person_id = judge_candidate.person_id AND v.model_type = judge_candidate.model_type AND v.is_active;
  current_version := current.version;
  status := 'rejected';
  IF candidate.status = 'rejected' THEN
    reason := array_to_string(candidate.quality_issues, '; ');
  ELSIF current.version IS NULL THEN
    status := 'deployed';
    reason := 'first model';
  ELSE
    -- The candidate's hold-out, without what the current one has learnt from.
    compared := glucose.compare_versions(judge_candidate.person_id, judge_candidate.model_type, current.version,
      judge_candidate.version, greatest(candidate.test_start, current.training_end + interval '1 microsecond'),
      candidate.test_end + interval '1 microsecond');
    mae_current := compared.mae_a;
    mae_candidate := compared.mae_b;
    n := compared.n;
    ci_low := compared.ci_low;
    ci_high := compared.ci_high;
    reason := format('MAE %s instead of %s %s on %s %s (95 %% interval of the difference %s to %s)',
      round(compared.mae_b::numeric, 1), round(compared.mae_a::numeric, 1), glucose.unit_of(model_type), compared.n,
      task.units_are,
      round(compared.ci_low::numeric, 1), round(compared.ci_high::numeric, 1));
    IF compared.n < fewest THEN
      reason := format('only %s %s to compare on', compared.n, task.units_are);
    ELSIF compared.difference > -rules.min_improvement THEN
      reason := reason || format(', not lower by %s', rules.min_improvement);
    ELSIF rules.beyond_chance AND compared.ci_high >= 0 THEN
      reason := reason || ', which may be chance';
    ELSE
      status := 'deployed';
    END IF;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.judge_candidate(uuid, text, text) IS
'Internal: part of settle_candidate(): whether a version that does not serve would win against the active one, on the '
'same rows; writes nothing.';

CREATE FUNCTION glucose.settle_candidate(person_id uuid, model_type text, version text)
RETURNS glucose.retraining_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_settle_candidate';
COMMENT ON FUNCTION glucose.settle_candidate(uuid, text, text) IS
'Internal: part of retraining: compares a version that does not serve with the active one on the same rows, deploys '
'the better one and writes retraining_log.';

CREATE FUNCTION glucose.retraining_recipe(person_id uuid, model_type text, options jsonb DEFAULT '{}',
  as_of timestamptz DEFAULT NULL, OUT algorithm text, OUT settings jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  rules record;
BEGIN
  rules := glucose.retraining_rules(retraining_recipe.person_id, retraining_recipe.model_type);
  settings := rules.options || retraining_recipe.options;
  algorithm := coalesce(settings ->> 'algorithm', rules.algorithm);
  settings := (settings - 'algorithm') || '{"deploy": false}';
  IF as_of IS NOT NULL THEN
    -- Nothing after as_of exists: the outcome of the last meal, or day, is known by then.
    settings := settings || jsonb_build_object('end_at', as_of - CASE
      WHEN strpos(retraining_recipe.model_type, ':') > 0 THEN interval '1 day'
      ELSE make_interval(mins => 15 + (
        SELECT max(h::integer)
        FROM jsonb_path_query(coalesce(nullif(settings -> 'horizons', 'null'), '120'), '$[*]') h)) END);
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_recipe(uuid, text, jsonb, timestamptz) IS
'Internal: part of retraining: what candidates of the person are trained with, by the policy and further options.';

CREATE FUNCTION glucose.train_and_settle(person_id uuid, model_type text, options jsonb, force boolean,
  as_of timestamptz) RETURNS glucose.retraining_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_and_settle';
COMMENT ON FUNCTION glucose.train_and_settle(uuid, text, jsonb, boolean, timestamptz) IS
'Internal: part of retraining: trains a candidate by the policy and settles it; a training that fails, or that would '
'only make a version once more, changes nothing but the log.';

CREATE FUNCTION glucose.retrain_model(person_id uuid, model_type text DEFAULT 'glucose', force boolean DEFAULT false,
  options jsonb DEFAULT '{}', as_of timestamptz DEFAULT NULL) RETURNS glucose.retraining_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  due record;
  result glucose.retraining_result;
BEGIN
  PERFORM glucose.require_person(retrain_model.person_id);
  IF force IS NULL OR options IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN force IS NULL THEN 'force' ELSE 'options' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION '"options" must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  result.status := 'skipped';
  IF NOT glucose.try_lock_person(retrain_model.person_id) THEN
    result.reason := 'another training of this person is under way';
    RETURN result;
  END IF;
  due := glucose.check_retraining(retrain_model.person_id, retrain_model.model_type, as_of);
  IF NOT (due.needed OR force) THEN
    result.reason := 'not needed';
    RETURN result;
  END IF;
  RETURN glucose.train_and_settle(retrain_model.person_id, retrain_model.model_type, options, force, as_of);
END
$fn$;
COMMENT ON FUNCTION glucose.retrain_model(uuid, text, boolean, jsonb, timestamptz) IS
'Trains a candidate when check_retraining() asks for it, or with force, and lets it serve only when it beats the '
'current version on the same data.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.retraining_queue(model_type text DEFAULT 'glucose', as_of timestamptz DEFAULT NULL)
RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.retraining_rules(NULL, retraining_queue.model_type);
  RETURN (SELECT coalesce(array_agg(p.person_id ORDER BY l.tried_at NULLS FIRST, p.person_id), '{}')
          FROM glucose.person p
          LEFT JOIN LATERAL (SELECT max(g.tried_at) AS tried_at FROM glucose.retraining_log g
            WHERE g.person_id = p.person_id AND g.model_type = retraining_queue.model_type) l ON true
          WHERE glucose.may_train(p.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_queue(text, timestamptz) IS
'Internal: part of retrain_due(): the persons the caller may train for, those not tried for longest first.';

CREATE FUNCTION glucose.retrain_one(person_id uuid, model_type text, as_of timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Once without the lock, since most are not due; once with it, since whoever had it may have just trained the person.
  -- Each in a statement of its own: the second look needs a snapshot taken under the lock.
  IF NOT EXISTS (SELECT FROM glucose.person p WHERE p.person_id = retrain_one.person_id)
     OR NOT glucose.retraining_is_due(retrain_one.person_id, retrain_one.model_type, as_of) THEN
    RETURN NULL;
  END IF;
  IF NOT glucose.try_lock_person(retrain_one.person_id) THEN
    RETURN NULL;
  END IF;
  IF NOT glucose.retraining_is_due(retrain_one.person_id, retrain_one.model_type, as_of) THEN
    RETURN NULL;
  END IF;
  RETURN (glucose.train_and_settle(retrain_one.person_id, retrain_one.model_type, '{}', false, as_of)).status;
EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
  -- Nobody else's night ends because of one person; it does not count as tried, or many such would use up max_persons.
  RAISE WARNING 'person % was not retrained: %', retrain_one.person_id, SQLERRM USING ERRCODE = SQLSTATE;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.retrain_one(uuid, text, timestamptz) IS
'Internal: part of retrain_due(): one person, if due and nobody else is at it; the status, or NULL when nothing was '
'tried.';

CREATE FUNCTION glucose.retraining_may_go_on(tried integer, max_persons integer, started_at timestamptz,
  time_budget interval) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF coalesce(max_persons, 0) < 1 THEN
    RAISE EXCEPTION '"max_persons" must be at least 1' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF coalesce(time_budget, '0') <= '0' THEN
    RAISE EXCEPTION '"time_budget" must be longer than nothing' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN tried < max_persons AND clock_timestamp() < started_at + time_budget;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_may_go_on(integer, integer, timestamptz, interval) IS
'Internal: part of retrain_due(): whether its limits are not reached.';

CREATE FUNCTION glucose.work_queue(work text, model_type text, as_of timestamptz) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CASE work
    WHEN 'retrain' THEN RETURN glucose.retraining_queue(model_type, as_of);
    WHEN 'check' THEN RETURN glucose.check_queue(model_type);
    WHEN 'update' THEN RETURN glucose.update_queue(model_type);
    ELSE RAISE EXCEPTION 'unrecognized work "%"', work USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.work_queue(text, text, timestamptz) IS
'Internal: part of work_through(): the persons it is done for, in their order.';

CREATE FUNCTION glucose.work_one(work text, person_id uuid, model_type text, as_of timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CASE work
    WHEN 'retrain' THEN RETURN glucose.retrain_one(person_id, model_type, as_of);
    WHEN 'check' THEN RETURN glucose.check_one(person_id, model_type);
    WHEN 'update' THEN RETURN glucose.update_one(person_id, model_type);
    ELSE RAISE EXCEPTION 'unrecognized work "%"', work USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.work_one(text, uuid, text, timestamptz) IS
'Internal: part of work_through(): one person; what came of it, or NULL when nothing was tried.';

-- It commits, and a procedure with a SET clause cannot: so it only calls functions, which have their own search path,
-- and names the schema of every one. It uses no operator. So do those that call it.
CREATE PROCEDURE glucose.work_through(work text, model_type text, max_persons integer, time_budget interval,
  as_of timestamptz, INOUT outcomes text[])
LANGUAGE plpgsql
AS $fn$
DECLARE
  started_at CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  persons pg_catalog.uuid[];
  person pg_catalog.uuid;
  outcome pg_catalog.text;
BEGIN
  outcomes := '{}';
  IF glucose.retraining_may_go_on(0, max_persons, started_at, time_budget) THEN
    persons := glucose.work_queue(work, model_type, as_of);
    FOREACH person IN ARRAY persons LOOP
      EXIT WHEN NOT glucose.retraining_may_go_on(pg_catalog.cardinality(outcomes), max_persons, started_at,
        time_budget);
      COMMIT;
      -- What another run has just committed must be seen once its lock is free.
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      outcome := glucose.work_one(work, person, model_type, as_of);
      IF outcome IS NOT NULL THEN
        outcomes := pg_catalog.array_append(outcomes, outcome);
      END IF;
    END LOOP;
    COMMIT;
  END IF;
END
$fn$;
COMMENT ON PROCEDURE glucose.work_through(text, text, integer, interval, timestamptz, text[]) IS
'Internal: part of retrain_due(), check_models() and update_due(): goes through the persons, committing after each; '
'outcomes: what came of those that were tried.';

CREATE PROCEDURE glucose.retrain_due(model_type text DEFAULT 'glucose', max_persons integer DEFAULT 1000,
  time_budget interval DEFAULT '1 hour', as_of timestamptz DEFAULT NULL)
LANGUAGE plpgsql
AS $fn$
DECLARE
  outcomes pg_catalog.text[] := '{}';
BEGIN
  CALL glucose.work_through('retrain', model_type, max_persons, time_budget, as_of, outcomes);
  RAISE NOTICE 'retraining: % deployed, % rejected, % skipped',
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'deployed')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'rejected')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'skipped'));
END
$fn$;
COMMENT ON PROCEDURE glucose.retrain_due(text, integer, interval, timestamptz) IS
'Retrains all persons the caller may see who are due, those not tried for longest first, and commits after each. It '
'can be stopped at any moment and run again.';

CREATE FUNCTION glucose.queue_retraining(person_id uuid, model_type text, beside_policy text DEFAULT NULL)
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_queue_retraining';
COMMENT ON FUNCTION glucose.queue_retraining(uuid, text, text) IS
'Internal: part of batch_retrain() and check_and_handle_drift(): queues one person''s retraining if it is due, by the '
'policy or a reason beside it, and does not wait already.';

CREATE FUNCTION glucose.batch_retrain(model_type text DEFAULT 'glucose') RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  person uuid;
  n integer := 0;
BEGIN
  -- A statement for each, so that each sees what the workers have done meanwhile. Who is done between its snapshot and
  -- its row is queued once more; the worker looks again and leaves it.
  FOREACH person IN ARRAY glucose.retraining_queue(batch_retrain.model_type) LOOP
    BEGIN
      IF glucose.queue_retraining(person, batch_retrain.model_type) THEN
        n := n + 1;
      END IF;
    EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
      RAISE WARNING 'person % was not queued: %', person, SQLERRM USING ERRCODE = SQLSTATE;
    END;
  END LOOP;
  RETURN n;
END
$fn$;
COMMENT ON FUNCTION glucose.batch_retrain(text) IS
'Queues a retraining of everyone who is due, for the background workers, and returns how many.';

CREATE FUNCTION glucose.cron_database() RETURNS text
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cron_database';
COMMENT ON FUNCTION glucose.cron_database() IS
'Internal: part of schedule_retraining(): the database pg_cron works from, NULL when it is not loaded. The setting is '
'shown to superusers only, and everybody needs it to know where to go.';

CREATE FUNCTION glucose.require_cron(job_name text, command text, schedule text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  home CONSTANT text := glucose.cron_database();
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
    IF NOT has_schema_privilege('cron', 'USAGE') THEN
      RAISE EXCEPTION 'permission denied for schema cron'
        USING ERRCODE = 'insufficient_privilege',
              HINT = format('Run as a superuser, in this database: GRANT USAGE ON SCHEMA cron TO %I.', CURRENT_USER);
    END IF;
    RETURN;
  END IF;
  -- It runs one database's jobs for all of the server; only from there can it be told to.
  IF home IS NOT NULL AND home <> current_database() THEN
    RAISE EXCEPTION 'pg_cron is in database "%"', home
      USING ERRCODE = 'feature_not_supported',
            HINT = format(CASE WHEN schedule IS NULL THEN 'Run in that database: SELECT cron.unschedule(%L);'
                          ELSE 'Run in that database: SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);' END,
                          job_name || ' in ' || current_database(), schedule, command, current_database(),
                          CURRENT_USER);
  END IF;
  IF schedule IS NOT NULL THEN
    RAISE EXCEPTION 'pg_cron is not there to run a schedule'
      USING ERRCODE = 'feature_not_supported',
            HINT = CASE WHEN home IS NOT NULL THEN 'Run CREATE EXTENSION pg_cron as a superuser.' ELSE format(
              'Install postgresql-%s-cron, add pg_cron to shared_preload_libraries, set cron.database_name to %L, '
              'restart the server and run CREATE EXTENSION pg_cron; or %s from a timer of your own.',
              current_setting('server_version_num')::integer / 10000, current_database(), command) END;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_cron(text, text, text) IS
'Internal: part of schedule_retraining() and schedule_purge(): returns when the caller may use pg_cron here, else '
'raises 42501 or 0A000 with what to run where. Without a schedule: to end one; then pg_cron may be missing.';

CREATE FUNCTION glucose.schedule_job(job_name text, command text, schedule text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  job bigint;
BEGIN
  IF schedule IS NULL THEN
    RAISE EXCEPTION 'argument "schedule" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM glucose.require_cron(job_name, command, schedule);
  EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING job_name, schedule, command;
  RETURN job;
END
$fn$;
COMMENT ON FUNCTION glucose.schedule_job(text, text, text) IS
'Internal: part of schedule_retraining() and schedule_purge(): makes or changes the calling role''s job of pg_cron.';

CREATE FUNCTION glucose.unschedule_job(job_name text, command text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  n integer := 0;
BEGIN
  PERFORM glucose.require_cron(job_name, command, NULL);
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
    EXECUTE 'SELECT count(cron.unschedule(jobid)) FROM cron.job WHERE jobname = $1 AND username = CURRENT_USER' INTO n
    USING job_name;
  END IF;
  RETURN n > 0;
END
$fn$;
COMMENT ON FUNCTION glucose.unschedule_job(text, text) IS
'Internal: part of unschedule_retraining() and unschedule_purge(); false when the calling role has no such job.';

CREATE FUNCTION glucose.schedule_retraining(schedule text DEFAULT '0 3 * * 0', model_type text DEFAULT 'glucose')
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(model_type);
  RETURN glucose.schedule_job(glucose.retraining_job_name(model_type),
    format('CALL glucose.retrain_due(%L)', model_type),
                              schedule);
END
$fn$;
COMMENT ON FUNCTION glucose.schedule_retraining(text, text) IS
'Has pg_cron run CALL retrain_due(model_type) as the calling role, in this database; returns the job''s number.';

CREATE FUNCTION glucose.retraining_job_name(model_type text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN format('pg_glucose retraining %s', model_type);
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_job_name(text)
  IS 'Internal: part of schedule_retraining(); what pg_cron calls its job.';

CREATE FUNCTION glucose.unschedule_retraining(model_type text DEFAULT 'glucose') RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(model_type);
  RETURN glucose.unschedule_job(glucose.retraining_job_name(model_type),
                                format('CALL glucose.retrain_due(%L)', model_type));
END
$fn$;
COMMENT ON FUNCTION glucose.unschedule_retraining(text) IS
'Takes the calling role''s job of schedule_retraining() away; false when there was none.';

CREATE FUNCTION glucose.schedule_purge(schedule text DEFAULT '0 4 * * *') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.schedule_job('pg_glucose purge', 'CALL glucose.purge()', schedule);
END
$fn$;
COMMENT ON FUNCTION glucose.schedule_purge(text) IS
'Has pg_cron run CALL purge() as the calling role, in this database; returns the job''s number.';

CREATE FUNCTION glucose.unschedule_purge() RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.unschedule_job('pg_glucose purge', 'CALL glucose.purge()');
END
$fn$;
COMMENT ON FUNCTION glucose.unschedule_purge() IS
'Takes the calling role''s job of schedule_purge() away; false when there was none.';

-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.model_check_result AS (
  action text, version text, against text, n integer, mae double precision, mae_against double precision,
  ci_low double precision, ci_high double precision, p_value double precision);
COMMENT ON TYPE glucose.model_check_result IS
'What a look at a model''s live errors led to: kept, rolled back or withdrawn, and the errors it rests on.';

CREATE FUNCTION glucose.judge_live(person_id uuid, model_type text, as_of timestamptz DEFAULT NULL, OUT action text,
  OUT version text,
  OUT against text, OUT n integer, OUT mae double precision, OUT mae_against double precision,
  OUT ci_low double precision, OUT ci_high double precision, OUT p_value double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  -- For looks every night and three rivals; see docs/why/watching.md.
  act_below CONSTANT double precision := 0.002;
  fewest CONSTANT integer := 8;
  least_gain CONSTANT double precision := 0.05;   -- of the error: what is hardly worse stays
  cooldown CONSTANT interval := interval '7 days';
  live record;
  before record;
  rival record;
  compared record;
BEGIN
  PERFORM glucose.require_person(judge_live.person_id);
  PERFORM glucose.model_type(judge_live.model_type);
  action := 'kept';
  SELECT v.version, v.training_end, d.deployed_at INTO live
  FROM glucose.model_version v
  LEFT JOIN LATERAL (SELECT max(x.deployed_at) AS deployed_at FROM glucose.deployment x
    WHERE x.person_id = v.person_id AND x.model_type = v.model_type AND x.version = v.version) d ON true
  WHERE v.person_id = judge_live.person_id AND v.model_type = judge_live.model_type AND v.is_active
    AND v.withdrawn_at IS NULL;
  version := live.version;
  IF version IS NULL OR EXISTS (SELECT FROM glucose.model_check c WHERE c.person_id = judge_live.person_id
      AND c.model_type = judge_live.model_type AND c.checked_at > clock_timestamp() - cooldown) THEN
    RETURN;
  END IF;
  -- What served before; where that has lost its artifact, what a rollback would go back to.
  SELECT v.version INTO before
  FROM (SELECT x.previous_version AS version FROM glucose.deployment x
        WHERE x.person_id = judge_live.person_id AND x.model_type = judge_live.model_type
          AND x.version = live.version AND x.previous_version <> live.version
        ORDER BY x.deployed_at DESC LIMIT 1) d
  JOIN glucose.model_version v ON v.person_id = judge_live.person_id AND v.model_type = judge_live.model_type
    AND v.version = d.version AND v.artifact_taken_at IS NULL;
  -- Outcomes since it serves, of which neither has learnt.
  FOR rival IN
    SELECT r.name, r.training_end
    FROM (SELECT v.version AS name, v.training_end, 1 AS place
          FROM glucose.model_version v
          WHERE v.person_id = judge_live.person_id AND v.model_type = judge_live.model_type
            AND v.version = coalesce(before.version, glucose.way_back(judge_live.person_id, judge_live.model_type))
            AND v.status <> 'rejected' AND v.withdrawn_at IS NULL
          UNION ALL
          SELECT 'population', p.training_end, 2 FROM glucose.population_model p
          WHERE p.model_type = judge_live.model_type AND p.is_active
          UNION ALL
          SELECT 'baseline', NULL, 3) r
    ORDER BY r.place
  LOOP
    BEGIN
      compared := glucose.compare_versions(judge_live.person_id, judge_live.model_type, live.version, rival.name,
        greatest(live.training_end, rival.training_end, live.deployed_at) + interval '1 microsecond', as_of);
    EXCEPTION WHEN feature_not_supported OR SQLSTATE 'MG003' THEN   -- no baseline; another kind of model since
      CONTINUE;
    END;
    IF compared.n >= fewest AND compared.p_value < act_below
       AND compared.mae_b < (1 - least_gain) * compared.mae_a AND (mae_against IS NULL OR compared.mae_b < mae_against)
    THEN
      action := CASE WHEN rival.name IN ('population', 'baseline') THEN 'withdrawn' ELSE 'rolled back' END;
      against := rival.name;
      n := compared.n;
      mae := compared.mae_a;
      mae_against := compared.mae_b;
      ci_low := compared.ci_low;
      ci_high := compared.ci_high;
      p_value := compared.p_value;
    END IF;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.judge_live(uuid, text, timestamptz) IS
'Internal: part of check_model(): whether what serves is worse beyond chance than the version before, the '
'population''s model or no model; writes nothing.';

CREATE FUNCTION glucose.check_model(person_id uuid, model_type text DEFAULT 'glucose')
RETURNS glucose.model_check_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_check_model';
COMMENT ON FUNCTION glucose.check_model(uuid, text) IS
'Compares the model that serves with what could serve instead, on the outcomes since it does; where it is worse beyond '
'chance, goes back to the version before or lets the population''s model or none answer.';

CREATE FUNCTION glucose.check_one(person_id uuid, model_type text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF NOT EXISTS (SELECT FROM glucose.model_version v WHERE v.person_id = check_one.person_id
                 AND v.model_type = check_one.model_type AND v.is_active AND v.withdrawn_at IS NULL) THEN
    RETURN NULL;
  END IF;
  RETURN (glucose.check_model(check_one.person_id, check_one.model_type)).action;
EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query; nobody else's night ends because of one person
  RAISE WARNING 'the model of person % was not checked: %', check_one.person_id, SQLERRM USING ERRCODE = SQLSTATE;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.check_one(uuid, text) IS
'Internal: part of check_models(): one person; the action, or NULL when there was nothing to look at.';

CREATE FUNCTION glucose.check_queue(model_type text) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(check_queue.model_type);
  RETURN (SELECT coalesce(array_agg(v.person_id ORDER BY v.person_id), '{}') FROM glucose.model_version v
          WHERE v.model_type = check_queue.model_type AND v.is_active AND v.withdrawn_at IS NULL
            AND glucose.may_train(v.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.check_queue(text) IS
'Internal: part of check_models(): the persons with a model of the type that the caller may manage.';

-- As work_through(): it commits, so it only calls functions and uses no operator.
CREATE PROCEDURE glucose.check_models(model_type text DEFAULT 'glucose', max_persons integer DEFAULT 10000,
  time_budget interval DEFAULT '1 hour')
LANGUAGE plpgsql
AS $fn$
DECLARE
  outcomes pg_catalog.text[] := '{}';
BEGIN
  CALL glucose.work_through('check', model_type, max_persons, time_budget, NULL, outcomes);
  RAISE NOTICE 'models: % kept, % rolled back, % withdrawn',
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'kept')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'rolled back')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'withdrawn'));
END
$fn$;
COMMENT ON PROCEDURE glucose.check_models(text, integer, interval) IS
'check_model() of everyone the caller may manage who has a model of the type, committing after each. Run it every '
'night; it can be stopped at any moment and run again.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.predict_glucose(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_glucose';
COMMENT ON FUNCTION glucose.predict_glucose(uuid, jsonb, uuid) IS
'Forecasts glucose after a stored meal: one document with intervals, confidence, provenance and disclaimer. Logs '
'the answer in prediction.';

CREATE FUNCTION glucose.predict_meal(person_id uuid, meal jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_meal';
COMMENT ON FUNCTION glucose.predict_meal(uuid, jsonb, jsonb) IS
'As predict_glucose(), for a meal that is not stored.';

CREATE FUNCTION glucose.glucose_forecast(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, confidence text,
               confidence_score real, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 2 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_forecast';
COMMENT ON FUNCTION glucose.glucose_forecast(uuid, jsonb, uuid) IS
'The forecast of predict_glucose() as rows, one per horizon, in mg/dL; writes nothing. Show disclaimer() with it.';

CREATE FUNCTION glucose.cgm_forecast(person_id uuid, at timestamptz, options jsonb DEFAULT '{}')
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, confidence text,
               confidence_score real, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 12 COST 10000 AS 'MODULE_PATHNAME', 'glucose_cgm_forecast';
COMMENT ON FUNCTION glucose.cgm_forecast(uuid, timestamptz, jsonb) IS
'Forecasts glucose (mg/dL) at a moment from the readings measured and recorded by then; writes nothing. Show '
'disclaimer() with it.';

CREATE FUNCTION glucose.predict_cgm(person_id uuid, at timestamptz DEFAULT now(), options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_cgm';
COMMENT ON FUNCTION glucose.predict_cgm(uuid, timestamptz, jsonb) IS
'Forecasts glucose from readings alone: the document of predict_glucose() for the forecast of cgm_forecast(). Logs '
'the answer in prediction.';

CREATE FUNCTION glucose.glucose_forecast_json(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.glucose_forecast(
    glucose_forecast_json.meal_id, glucose_forecast_json.options, glucose_forecast_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_forecast_json(uuid, jsonb, uuid) IS
'The rows of glucose_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.cgm_forecast_json(person_id uuid, at timestamptz, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.cgm_forecast(
    cgm_forecast_json.person_id, cgm_forecast_json.at, cgm_forecast_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.cgm_forecast_json(uuid, timestamptz, jsonb) IS
'The rows of cgm_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.rows_with_disclaimer(options jsonb, forecast jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN jsonb_build_object('rows', coalesce(forecast, '[]'),
                            'unit', CASE lower(options ->> 'unit') WHEN 'mmol/l' THEN 'mmol/L' ELSE 'mg/dL' END,
                            'disclaimer', glucose.disclaimer(coalesce(options ->> 'lang', 'en')));
END
$fn$;
COMMENT ON FUNCTION glucose.rows_with_disclaimer(jsonb, jsonb) IS
'Internal: part of the twins in JSON of functions that forecast in rows: rows and disclaimer, in the language of '
'the option lang.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.check_question(model_type text, options jsonb) RETURNS void
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_check_question';
COMMENT ON FUNCTION glucose.check_question(text, jsonb) IS
'Internal: part of predict_async(): returns when forecasts of the type take these options, else raises 22023.';

CREATE FUNCTION glucose.queue_batch(model_type text, ids uuid[], options jsonb) RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_queue_batch';
COMMENT ON FUNCTION glucose.queue_batch(text, uuid[], jsonb) IS
'Internal: part of predict_async(): finds whose the ids are and queues the job.';

-- What the function of one takes as an argument of its own.
CREATE FUNCTION glucose.moments_asked_about(model_type text) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN CASE glucose.task_name(model_type) WHEN 'daily' THEN '{target_date}' WHEN 'glucose' THEN '{}'
    ELSE '{at}' END::text[];
END
$fn$;
COMMENT ON FUNCTION glucose.moments_asked_about(text) IS
'Internal: part of predict_async(): the keys of its options that are arguments of the function of one.';

CREATE FUNCTION glucose.predict_async(model_type text, ids uuid[], options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  missing text := CASE WHEN model_type IS NULL THEN 'model_type' WHEN ids IS NULL THEN 'ids'
                       WHEN options IS NULL THEN 'options' END;
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null', missing USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM glucose.model_type(model_type);
  IF jsonb_typeof(options) = 'object' THEN
    PERFORM glucose.check_question(model_type, options - glucose.moments_asked_about(model_type));
  ELSE
    PERFORM glucose.check_question(model_type, options);
  END IF;
  PERFORM (options ->> 'at')::timestamptz, (options ->> 'target_date')::date;
  RETURN glucose.queue_batch(model_type, ids, options);
END
$fn$;
COMMENT ON FUNCTION glucose.predict_async(text, uuid[], jsonb) IS
'Queues forecasts of many meals or persons for the background workers and returns the job_id. Workers start when the '
'transaction commits.';

CREATE FUNCTION glucose.predict_one(model_type text, id uuid, options jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  others CONSTANT jsonb := options - glucose.moments_asked_about(model_type);
  subject CONSTANT text := substr(model_type, strpos(model_type, ':') + 1);
BEGIN
  CASE glucose.task_name(model_type)
    WHEN 'glucose' THEN RETURN glucose.predict_glucose(id, others);
    WHEN 'cgm' THEN RETURN glucose.predict_cgm(id, coalesce((options ->> 'at')::timestamptz, now()), others);
    WHEN 'daily' THEN RETURN glucose.predict_metric(id, subject, (options ->> 'target_date')::date, others);
    WHEN 'event' THEN
      RETURN glucose.predict_event(id, subject, coalesce((options ->> 'at')::timestamptz, now()), others);
    ELSE RAISE EXCEPTION 'unrecognized model_type "%"', model_type USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.predict_one(text, uuid, jsonb) IS
'Internal: part of predict_async(): the forecast of one, by the function an application would call.';

CREATE FUNCTION glucose.job_results(job_id uuid, OUT place integer, OUT id uuid, OUT person_id uuid, OUT state text,
  OUT answer jsonb, OUT error_sqlstate text, OUT error_message text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  ended text;
BEGIN
  IF job_results.job_id IS NULL THEN
    RAISE EXCEPTION 'argument "job_id" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT CASE WHEN b.state IN ('failed', 'cancelled') THEN b.state END INTO ended
  FROM glucose.batch_job b WHERE b.job_id = job_results.job_id;
  IF NOT FOUND AND NOT EXISTS (SELECT FROM glucose.batch_answer a WHERE a.job_id = job_results.job_id) THEN
    RAISE EXCEPTION 'job % not found', job_results.job_id USING ERRCODE = 'no_data_found';
  END IF;
  RETURN QUERY
    SELECT r.* FROM (
      SELECT a.place, a.id, a.person_id, CASE WHEN a.error_sqlstate IS NOT NULL THEN 'failed'
               WHEN a.answered_at IS NOT NULL THEN 'done' ELSE coalesce(ended, 'queued') END AS state, a.answer,
             a.error_sqlstate, a.error_message
      FROM glucose.batch_answer a WHERE a.job_id = job_results.job_id
      UNION ALL
      SELECT n.place, n.id, NULL, 'failed', NULL, 'P0002',
      format('%s %s not found', CASE glucose.task_name(b.model_type)
               WHEN 'glucose' THEN 'meal' ELSE 'person' END, n.id)
      FROM glucose.batch_job b, unnest(b.not_found, b.not_found_places) AS n (id, place)
      WHERE b.job_id = job_results.job_id) r
    ORDER BY r.place;
END
$fn$;
COMMENT ON FUNCTION glucose.job_results(uuid) IS
'What came of a job of predict_async(), a row for each id in the order of the ids: the document, or the error. Of '
'persons the caller sees.';

CREATE FUNCTION glucose.cancel_job(job_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_cancel_job';
COMMENT ON FUNCTION glucose.cancel_job(uuid) IS
'Cancels a job of predict_async() or a training that waits or runs; what is answered already stays. False when it has '
'ended.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.explain_prediction(meal_id uuid, minutes_ahead integer, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL)
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 64 COST 1000 AS 'MODULE_PATHNAME', 'glucose_explain_prediction';
COMMENT ON FUNCTION glucose.explain_prediction(uuid, integer, jsonb, uuid) IS
'Why glucose_forecast() says what it says after a stored meal at one horizon: what each feature adds in mg/dL. Show '
'disclaimer() with it.';

CREATE FUNCTION glucose.explain_forecast(person_id uuid, at timestamptz, minutes_ahead integer,
  options jsonb DEFAULT '{}')
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 16 COST 1000 AS 'MODULE_PATHNAME', 'glucose_explain_forecast';
COMMENT ON FUNCTION glucose.explain_forecast(uuid, timestamptz, integer, jsonb) IS
'Why cgm_forecast() says what it says at a moment and one horizon: what each feature adds to the last reading, in '
'mg/dL. Show disclaimer() with it.';

CREATE FUNCTION glucose.what_if(meal_id uuid, changes jsonb, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, mg_dl real, changed real, difference real, lower real, upper real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 2 COST 1000 AS 'MODULE_PATHNAME', 'glucose_what_if';
COMMENT ON FUNCTION glucose.what_if(uuid, jsonb, jsonb, uuid) IS
'The forecast after a stored meal beside the one for the same moment with other nutrients or another type of meal, '
'in mg/dL. Show disclaimer() with it.';

CREATE FUNCTION glucose.glucose_curve(meal_id uuid, step_minutes integer DEFAULT 15, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, is_peak boolean,
  incremental_area real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 13 COST 1000 AS 'MODULE_PATHNAME', 'glucose_glucose_curve';
COMMENT ON FUNCTION glucose.glucose_curve(uuid, integer, jsonb, uuid) IS
'The forecast after a stored meal as a curve of 0 to 180 minutes, in mg/dL, with peak and incremental area. Show '
'disclaimer() with it.';

CREATE FUNCTION glucose.similar_meals(meal_id uuid, k integer DEFAULT 5, person_id uuid DEFAULT NULL)
RETURNS TABLE (meal_id uuid, eaten_at timestamptz, meal_type text, carbs_g real, level real, similarity real,
               outcome_60 real, outcome_120 real, change_60 real, change_120 real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 10000 AS 'MODULE_PATHNAME', 'glucose_similar_meals';
COMMENT ON FUNCTION glucose.similar_meals(uuid, integer, uuid) IS
'The earlier meals of the same person that are most like a stored one, and what came of them (mg/dL).';

CREATE FUNCTION glucose.feature_importance(person_id uuid, model_type text DEFAULT 'glucose', version text DEFAULT NULL)
RETURNS TABLE (feature text, minutes_ahead integer, importance real, n integer)
LANGUAGE c STABLE PARALLEL SAFE ROWS 128 COST 100000 AS 'MODULE_PATHNAME', 'glucose_feature_importance';
COMMENT ON FUNCTION glucose.feature_importance(uuid, text, text) IS
'How much a stored version relies on each feature: by how many mg/dL its error grows when the feature''s values are '
'shuffled among the test rows.';

CREATE FUNCTION glucose.explain_prediction_json(meal_id uuid, minutes_ahead integer, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_prediction(
    explain_prediction_json.meal_id, explain_prediction_json.minutes_ahead, explain_prediction_json.options,
    explain_prediction_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.explain_prediction_json(uuid, integer, jsonb, uuid) IS
'The rows of explain_prediction() with the disclaimer, as one document.';

CREATE FUNCTION glucose.explain_forecast_json(person_id uuid, at timestamptz, minutes_ahead integer,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_forecast(
    explain_forecast_json.person_id, explain_forecast_json.at, explain_forecast_json.minutes_ahead,
    explain_forecast_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.explain_forecast_json(uuid, timestamptz, integer, jsonb) IS
'The rows of explain_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.what_if_json(meal_id uuid, changes jsonb, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.what_if(
    what_if_json.meal_id, what_if_json.changes, what_if_json.options, what_if_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.what_if_json(uuid, jsonb, jsonb, uuid) IS
'The rows of what_if() with the disclaimer, as one document.';

CREATE FUNCTION glucose.glucose_curve_json(meal_id uuid, step_minutes integer DEFAULT 15, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.glucose_curve(
    glucose_curve_json.meal_id, glucose_curve_json.step_minutes, glucose_curve_json.options,
    glucose_curve_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_curve_json(uuid, integer, jsonb, uuid) IS
'The rows of glucose_curve() with the disclaimer, as one document.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.concerns_one(sqlstate text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.left(sqlstate, 2) OPERATOR(pg_catalog.<>) ALL ('{25,28,40,53,57,58}'::pg_catalog.text[])
  OR sqlstate OPERATOR(pg_catalog.=) ANY ('{53200,53400}'::pg_catalog.text[]);
COMMENT ON FUNCTION glucose.concerns_one(text) IS
'Internal: part of statements over many persons or meals: whether an error may be about one of them. A server that '
'ends or is out of disk, a transaction that only reads or cannot be serialized and unknown callers are not.';

CREATE FUNCTION glucose.own_sqlstate(sqlstate text, detail text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN sqlstate OPERATOR(pg_catalog.~~) 'PT%'
            THEN coalesce(pg_catalog."substring"(detail, 'SQLSTATE ([0-9A-Z]{5})'), sqlstate) ELSE sqlstate END;
COMMENT ON FUNCTION glucose.own_sqlstate(text, text) IS
'Internal: part of statements over many persons or meals: the SQLSTATE of an error that was made into a status for a '
'gateway.';

CREATE FUNCTION glucose.train_models(model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}', OUT person_id uuid, OUT status text, OUT version text, OUT sqlstate text,
  OUT message text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_variable
DECLARE
  detail text;
BEGIN
  -- What is wrong with the arguments is wrong for everyone.
  PERFORM glucose.check_recipe(train_models.algorithm, train_models.options, train_models.model_type);
  FOR person_id IN
    SELECT p.person_id FROM glucose.person p WHERE glucose.may_train(p.person_id) ORDER BY p.person_id
  LOOP
    status := 'failed';
    version := NULL;
    train_models.sqlstate := NULL;
    message := NULL;
    BEGIN
      version := (glucose.train_model(train_models.person_id, train_models.model_type, train_models.algorithm,
                                      train_models.options)).version;
      status := (SELECT CASE WHEN v.status = 'rejected' THEN 'rejected' ELSE 'trained' END
                 FROM glucose.model_version v
                 WHERE v.person_id = train_models.person_id AND v.model_type = train_models.model_type
                   AND v.version = train_models.version);
    EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
      IF NOT glucose.concerns_one(SQLSTATE) THEN
        RAISE;
      END IF;
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      train_models.sqlstate := glucose.own_sqlstate(SQLSTATE, detail);
      message := SQLERRM;
    END;
    RETURN NEXT;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.train_models(text, text, jsonb) IS
'Trains a model of everyone the caller may train for: a row for each with the version (trained, or rejected when it '
'is no use), or with the error (failed). One that fails stops nobody.';

CREATE FUNCTION glucose.forecast_meals(person_id uuid, start_at timestamptz, end_at timestamptz,
  options jsonb DEFAULT '{}', OUT meal_id uuid, OUT minutes_ahead integer, OUT at timestamptz, OUT mg_dl real,
  OUT lower real, OUT upper real, OUT confidence text, OUT confidence_score real, OUT model_version text,
  OUT sqlstate text, OUT message text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 200 COST 100000 AS 'MODULE_PATHNAME', 'glucose_forecast_meals';
COMMENT ON FUNCTION glucose.forecast_meals(uuid, timestamptz, timestamptz, jsonb) IS
'The forecasts of a person''s meals from start_at to before end_at, as glucose_forecast() gives them; a meal that '
'has none is one row with the error. Show disclaimer() with it.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.check_event_rule(definition text) RETURNS void
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_check_event_rule';
COMMENT ON FUNCTION glucose.check_event_rule(text) IS
'Internal: refuses what is no rule, naming the key that is wrong.';

CREATE FUNCTION glucose.event_definition(rule jsonb, horizon interval, look_back interval) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (rule || jsonb_build_object('horizon_minutes', trim_scale(EXTRACT(epoch FROM horizon) / 60),
                                   'window_minutes', trim_scale(EXTRACT(epoch FROM look_back) / 60)))::text;
COMMENT ON FUNCTION glucose.event_definition(jsonb, interval, interval) IS
'Internal: all that an event is, as one document.';

CREATE FUNCTION glucose.define_event(name text, horizon interval, "window" interval, rule jsonb,
  description jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  definition text;
  before text;
BEGIN
  PERFORM glucose.require_decider('glucose.event', 'define events');
  IF define_event.name IS NULL OR define_event.name !~ '^[a-z][a-z0-9_]{0,55}$' THEN
    RAISE EXCEPTION 'argument "name" is not the name of an event'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Names are of small letters, digits and underscores, such as short_night.';
  ELSIF num_nulls(define_event.horizon, define_event."window", define_event.rule, define_event.description) > 0 THEN
    RAISE EXCEPTION 'argument "%" must not be null',
      CASE WHEN define_event.horizon IS NULL THEN 'horizon' WHEN define_event."window" IS NULL THEN 'window'
           WHEN define_event.rule IS NULL THEN 'rule' ELSE 'description' END
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF jsonb_typeof(define_event.rule) <> 'object' OR jsonb_typeof(define_event.description) <> 'object' THEN
    RAISE EXCEPTION 'argument "%" is not a JSON object',
      CASE WHEN jsonb_typeof(define_event.rule) <> 'object' THEN 'rule' ELSE 'description' END
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF define_event.rule ?| '{horizon_minutes,window_minutes}' THEN
    RAISE EXCEPTION 'horizon and window are arguments, not keys of the rule'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  definition := glucose.event_definition(define_event.rule, define_event.horizon, define_event."window");
  PERFORM glucose.check_event_rule(definition);
  SELECT glucose.event_definition(e.rule, e.horizon, e.look_back) INTO before
  FROM glucose.event e WHERE e.name = define_event.name;
  IF before <> definition THEN
    RAISE EXCEPTION 'event "%" has another rule already', define_event.name
      USING ERRCODE = 'object_in_use', HINT = 'Models may have been trained for that rule: define another event.';
  END IF;
  INSERT INTO glucose.event AS e (name, horizon, look_back, rule, description)
  VALUES (define_event.name, define_event.horizon, define_event."window", define_event.rule, define_event.description)
  ON CONFLICT (name) DO UPDATE SET description = EXCLUDED.description;
END
$fn$;
COMMENT ON FUNCTION glucose.define_event(text, interval, interval, jsonb, jsonb) IS
'Adds a question to be answered yes or no, by a rule in a closed grammar, or changes its words; for the owner of the '
'tables and the steward.';

CREATE FUNCTION glucose.train_event(person_id uuid, event text, algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF event IS NULL THEN
    RAISE EXCEPTION 'argument "event" must not be null' USING ERRCODE = 'invalid_parameter_value';
  ELSIF train_event.person_id IS NULL THEN
    RETURN glucose.train_population_model('event:' || event, algorithm, options);
  END IF;
  RETURN glucose.train_model(train_event.person_id, 'event:' || event, algorithm, options);
END
$fn$;
COMMENT ON FUNCTION glucose.train_event(uuid, text, text, jsonb) IS
'Trains a new version of the person''s model of an event, or of the population''s when person_id is NULL: '
'train_model() and train_population_model() with model type event:NAME.';

CREATE FUNCTION glucose.predict_event(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_event';
COMMENT ON FUNCTION glucose.predict_event(uuid, text, timestamptz, jsonb) IS
'How probable it is that an event comes after a moment, as one document with range, what is usual, words and '
'disclaimer; logs the answer in prediction.';

CREATE FUNCTION glucose.event_forecast(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}')
RETURNS TABLE (event text, asked_at timestamptz, horizon_minutes integer, probability real, lower real, upper real,
               usual real, threshold real, is_expected boolean, confidence text, architecture text, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_event_forecast';
COMMENT ON FUNCTION glucose.event_forecast(uuid, text, timestamptz, jsonb) IS
'The answer of predict_event() as a row; writes nothing. Show disclaimer() with it.';

CREATE FUNCTION glucose.event_forecast_json(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.event_forecast(
    event_forecast_json.person_id, event_forecast_json.event, event_forecast_json.at,
    event_forecast_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.event_forecast_json(uuid, text, timestamptz, jsonb) IS
'The row of event_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.explain_event(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}')
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 64 COST 10000 AS 'MODULE_PATHNAME', 'glucose_explain_event';
COMMENT ON FUNCTION glucose.explain_event(uuid, text, timestamptz, jsonb) IS
'Why event_forecast() says what it says: what each thing that is looked at adds to the base rate. Show disclaimer() '
'with it.';

CREATE FUNCTION glucose.explain_event_json(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_event(
    explain_event_json.person_id, explain_event_json.event, explain_event_json.at,
    explain_event_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.explain_event_json(uuid, text, timestamptz, jsonb) IS
'The rows of explain_event() with the disclaimer, as one document.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.train_metric(person_id uuid, metric text, architecture text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF metric IS NULL OR architecture IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN metric IS NULL THEN 'metric' ELSE 'architecture' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN glucose.train_model(train_metric.person_id, 'daily:' || metric,
    CASE architecture WHEN 'xgboost' THEN 'trees' WHEN 'linear' THEN 'linear_mean' WHEN 'last' THEN 'persistence'
                      ELSE architecture END, options);
END
$fn$;
COMMENT ON FUNCTION glucose.train_metric(uuid, text, text, jsonb) IS
'Trains a new version of the person''s model of a metric of days, one day ahead: train_model() with model type '
'daily:METRIC. xgboost is trees, linear is linear_mean, last is persistence.';

CREATE FUNCTION glucose.predict_metric(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_metric';
COMMENT ON FUNCTION glucose.predict_metric(uuid, text, date, jsonb) IS
'Forecasts a metric of a day, by default tomorrow''s, as one document with interval, what it is held against, words '
'and disclaimer; logs the answer in prediction. A day that has been is answered as of the evening before.';

CREATE FUNCTION glucose.metric_forecast(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (metric text, target_date date, value real, lower real, upper real, unit text, confidence_score real,
               architecture text, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_metric_forecast';
COMMENT ON FUNCTION glucose.metric_forecast(uuid, text, date, jsonb) IS
'The forecast of predict_metric() as a row, in the metric''s unit; writes nothing. Show disclaimer() with it.';

CREATE FUNCTION glucose.predict_metrics(person_id uuid, metrics text[], target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  name text;
  predictions jsonb := '{}';
  failed text[] := '{}';
  errors jsonb := '{}';
  state text;
  message text;
BEGIN
  IF metrics IS NULL THEN
    RAISE EXCEPTION 'argument "metrics" must not be null' USING ERRCODE = 'invalid_parameter_value';
  ELSIF cardinality(metrics) > 100 THEN
    RAISE EXCEPTION 'at most 100 metrics can be predicted in one call'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for them in parts.';
  END IF;
  PERFORM glucose.require_person(predict_metrics.person_id);
  FOR name IN SELECT DISTINCT ON (m.name) m.name FROM unnest(metrics) AS m (name) ORDER BY m.name LOOP
    BEGIN
      predictions := predictions || jsonb_build_object(coalesce(name, ''),
        glucose.predict_metric(predict_metrics.person_id, name, predict_metrics.target_date, options));
    EXCEPTION
      WHEN query_canceled OR serialization_failure OR insufficient_privilege THEN
        RAISE;
      WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        failed := failed || coalesce(name, '');
        errors := errors || jsonb_build_object(coalesce(name, ''),
                                               jsonb_build_object('sqlstate', state, 'message', message));
    END;
  END LOOP;
  RETURN jsonb_build_object('predictions', predictions,
    'overall_data_quality', (SELECT round(avg((p.value ->> 'data_quality_score')::numeric), 2)
                             FROM jsonb_each(predictions) p),
    'all_predictions_successful', failed = '{}', 'failed_metrics', to_jsonb(failed), 'errors', errors,
    'disclaimer', glucose.disclaimer(coalesce(options ->> 'lang', 'en')));
END
$fn$;
COMMENT ON FUNCTION glucose.predict_metrics(uuid, text[], date, jsonb) IS
'predict_metric() of several metrics in one document; what goes wrong with one spoils no other and is named.';

CREATE FUNCTION glucose.metric_forecast_json(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.metric_forecast(
    metric_forecast_json.person_id, metric_forecast_json.metric, metric_forecast_json.target_date,
    metric_forecast_json.options) f)) - 'unit';   -- each row has its own
END
$fn$;
COMMENT ON FUNCTION glucose.metric_forecast_json(uuid, text, date, jsonb) IS
'The row of metric_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.what_if_metric(person_id uuid, metric text, changes jsonb, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (value real, changed real, difference real, lower real, upper real, unit text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_what_if_metric';
COMMENT ON FUNCTION glucose.what_if_metric(uuid, text, jsonb, date, jsonb) IS
'The forecast of a metric beside the one with other values of the day before; it names no cause. Show disclaimer() '
'with it.';

CREATE FUNCTION glucose.explain_metric(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 64 COST 10000 AS 'MODULE_PATHNAME', 'glucose_explain_metric';
COMMENT ON FUNCTION glucose.explain_metric(uuid, text, date, jsonb) IS
'Why metric_forecast() says what it says: what each feature adds to the person''s own level of 30 days, in the '
'metric''s unit. Show disclaimer() with it.';

CREATE FUNCTION glucose.metric_attention(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (day date, weight real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 30 COST 10000 AS 'MODULE_PATHNAME', 'glucose_metric_attention';
COMMENT ON FUNCTION glucose.metric_attention(uuid, text, date, jsonb) IS
'How much each day counted in a forecast by a model with attention; their sum is 1.';

CREATE FUNCTION glucose.what_if_metric_json(person_id uuid, metric text, changes jsonb,
  target_date date DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.what_if_metric(
    what_if_metric_json.person_id, what_if_metric_json.metric, what_if_metric_json.changes,
    what_if_metric_json.target_date, what_if_metric_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.what_if_metric_json(uuid, text, jsonb, date, jsonb) IS
'The row of what_if_metric() with the disclaimer, as one document.';

CREATE FUNCTION glucose.explain_metric_json(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_metric(
    explain_metric_json.person_id, explain_metric_json.metric, explain_metric_json.target_date,
    explain_metric_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.explain_metric_json(uuid, text, date, jsonb) IS
'The rows of explain_metric() with the disclaimer, as one document.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.prediction_points(predictions jsonb)
RETURNS TABLE (minutes_ahead integer, at timestamptz, value real, lower real, upper real)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 2 AS 'MODULE_PATHNAME', 'glucose_prediction_points';
COMMENT ON FUNCTION glucose.prediction_points(jsonb) IS
'Internal: part of the views of outcomes: the forecasts of a logged answer as rows. What is no forecast is left out, '
'whatever it is: one bad row stops nobody''s query.';

CREATE FUNCTION glucose.outcome_of(person_id uuid, model_type text, asked_at timestamptz) RETURNS real
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'glucose_outcome_of';
COMMENT ON FUNCTION glucose.outcome_of(uuid, text, timestamptz) IS
'Internal: part of the views of outcomes: what came of a question about a metric or an event, NULL as long as it is '
'not known.';

CREATE FUNCTION glucose.time_or_null(value text) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_time_or_null';
COMMENT ON FUNCTION glucose.time_or_null(text) IS
'Internal: a moment as models note it; NULL for what is none.';

CREATE FUNCTION glucose.version_parts(version text) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN version OPERATOR(pg_catalog.~) '^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$'
            THEN pg_catalog.string_to_array(version, '.')::pg_catalog.int4[] END;
COMMENT ON FUNCTION glucose.version_parts(text) IS
'Internal: the numbers of a version, to sort by; NULL for what is no version.';

CREATE FUNCTION glucose.live_accuracy(person_id uuid, model_type text DEFAULT 'glucose',
  since timestamptz DEFAULT '-infinity', OUT version text, OUT minutes_ahead integer, OUT n bigint, OUT mae real,
  OUT rmse real, OUT bias real, OUT coverage real, OUT source text, OUT level real) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(live_accuracy.person_id);
  PERFORM glucose.model_type(live_accuracy.model_type);
  IF live_accuracy.model_type IS NULL OR live_accuracy.since IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null',
      CASE WHEN live_accuracy.since IS NULL THEN 'since' ELSE 'model_type' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT o.version, o.minutes_ahead, count(*), avg(abs(o.value - o.outcome))::real,
           sqrt(avg((o.value - o.outcome) ^ 2))::real, avg(o.value - o.outcome)::real,
           avg((o.outcome BETWEEN o.lower AND o.upper)::integer)::real, o.source, o.level
    FROM (
      -- As in the view model_live_accuracy: a moment or a meal counts once.
      SELECT f.*, lag(f.asked_at) OVER (
               PARTITION BY f.version, f.source, f.minutes_ahead, f.meal_id IS NULL ORDER BY f.asked_at) AS asked_before
      FROM (SELECT DISTINCT ON (p.version, p.source, p.minutes_ahead, p.asked_at) p.*
            FROM glucose.prediction_outcome p
            WHERE p.person_id = live_accuracy.person_id AND p.model_type = live_accuracy.model_type
              AND p.at >= live_accuracy.since AND p.outcome IS NOT NULL AND NOT p.in_training
            ORDER BY p.version, p.source, p.minutes_ahead, p.asked_at, p.issued_at) f) o
    WHERE o.meal_id IS NULL OR o.asked_before IS NULL OR o.asked_at - o.asked_before > interval '15 minutes'
    GROUP BY o.version, o.minutes_ahead, o.source, o.level
    ORDER BY glucose.version_parts(o.version), o.version, o.source, o.minutes_ahead, o.level;
END
$fn$;
COMMENT ON FUNCTION glucose.live_accuracy(uuid, text, timestamptz) IS
'How good the forecasts served to the person were, by version and horizon: errors in the unit of what is forecast, and '
'coverage of the interval of the level that was asked for. A moment or a meal counts once, by the first answer.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.model_performance(model_type text DEFAULT 'glucose', since timestamptz DEFAULT '-infinity',
  OUT source text, OUT version text, OUT algorithm text, OUT minutes_ahead integer, OUT n_persons integer, OUT n bigint,
  OUT mae real, OUT rmse real, OUT bias real, OUT coverage real) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest CONSTANT integer := 10;   -- what is said of fewer persons says something of one
BEGIN
  PERFORM glucose.model_type(model_performance.model_type);
  IF model_performance.since IS NULL THEN
    RAISE EXCEPTION 'argument "since" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Persons are the units: who asks often counts as much as anybody. A version number of one person's is not another's.
  RETURN QUERY
    WITH of_person AS (
      SELECT o.person_id, o.source, CASE o.source WHEN 'population' THEN o.version END AS version,
             coalesce(v.algorithm, p.algorithm) AS algorithm, o.minutes_ahead, count(*) AS n,
             avg(abs(o.value - o.outcome)) AS mae, avg((o.value - o.outcome) ^ 2) AS mse,
             avg(o.value - o.outcome) AS bias, avg((o.outcome BETWEEN o.lower AND o.upper)::integer) AS coverage
      FROM glucose.prediction_outcome o
      LEFT JOIN glucose.model_version v ON o.source = 'personal' AND v.person_id = o.person_id
        AND v.model_type = o.model_type AND v.version = o.version
      LEFT JOIN glucose.population_model p ON o.source = 'population' AND p.model_type = o.model_type
        AND p.version = o.version
      WHERE o.model_type = model_performance.model_type AND o.at >= model_performance.since
        AND o.outcome IS NOT NULL AND NOT o.in_training
      GROUP BY 1, 2, 3, 4, 5
    )
    SELECT q.source, q.version, q.algorithm, q.minutes_ahead, count(*)::integer, sum(q.n)::bigint,
           avg(q.mae)::real, sqrt(avg(q.mse))::real, avg(q.bias)::real, avg(q.coverage)::real
    FROM of_person q
    GROUP BY q.source, q.version, q.algorithm, q.minutes_ahead
    HAVING count(*) >= fewest
    ORDER BY q.source, glucose.version_parts(q.version) DESC, q.algorithm, q.minutes_ahead;
END
$fn$;
COMMENT ON FUNCTION glucose.model_performance(text, timestamptz) IS
'How good served forecasts were over the persons the caller sees, by source, algorithm and horizon; groups of fewer '
'than 10 persons are left out. Persons are the units: means of their means (mg/dL).';

CREATE FUNCTION glucose.require_watcher() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_decider('glucose.system_alert', 'watch models');
END
$fn$;
COMMENT ON FUNCTION glucose.require_watcher() IS
'Internal: returns when the caller may write what watching finds, else raises 42501.';

CREATE FUNCTION glucose.performance_since(first_day date)
RETURNS TABLE (person_id uuid, model_type text, day date, source text, version text, minutes_ahead integer, n integer,
               sum_error double precision, sum_absolute double precision, sum_squared double precision,
               n_inside integer, sum_level double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT o.person_id, o.model_type, (o.at AT TIME ZONE 'UTC')::date, coalesce(o.source, 'baseline'), o.version,
           o.minutes_ahead, count(*)::integer, sum(o.value - o.outcome)::float8, sum(abs(o.value - o.outcome))::float8,
           sum((o.value - o.outcome) ^ 2)::float8,
           (count(*) FILTER (WHERE o.outcome BETWEEN o.lower AND o.upper))::integer, sum(o.level)::float8
    FROM glucose.prediction_outcome o
    WHERE o.outcome IS NOT NULL AND NOT o.in_training AND o.version IS NOT NULL AND o.level IS NOT NULL
      AND o.at >= first_day::timestamp AT TIME ZONE 'UTC'
      AND NOT EXISTS (SELECT FROM glucose.performance_log w WHERE w.person_id = o.person_id
                      AND w.model_type = o.model_type AND w.days = 7
                      AND w.day = date_trunc('week', o.at AT TIME ZONE 'UTC')::date)
    GROUP BY 1, 2, 3, 4, 5, 6;
END
$fn$;
COMMENT ON FUNCTION glucose.performance_since(date) IS
'Internal: part of note_performance(): what forecasts of the persons the caller sees came to, by day.';

CREATE FUNCTION glucose.note_performance(since date DEFAULT NULL) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE SET jit = off AS 'MODULE_PATHNAME', 'glucose_note_performance';
COMMENT ON FUNCTION glucose.note_performance(date) IS
'Sums what served forecasts came to into performance_log, the last days anew, and makes weeks of what is older than 30 '
'days; returns the rows of days written. The steward runs it every night.';

CREATE FUNCTION glucose.student_quantile(p double precision, df double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_student_quantile';
COMMENT ON FUNCTION glucose.student_quantile(double precision, double precision) IS
'Internal: part of performance_trend(): the quantile of Student''s t; NULL without degrees of freedom.';

CREATE FUNCTION glucose.performance_trend(model_type text DEFAULT 'glucose', since date DEFAULT NULL,
  OUT metric text, OUT minutes_ahead integer, OUT n_days integer, OUT mean double precision,
  OUT slope_per_week double precision, OUT ci_low double precision, OUT ci_high double precision) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest CONSTANT integer := 5;
BEGIN
  PERFORM glucose.model_type(performance_trend.model_type);
  RETURN QUERY
    WITH by_day AS (
      SELECT p.minutes_ahead, p.day - date '2000-01-01' AS x, sum(p.sum_absolute) / sum(p.n) AS mae,
             sum(p.n_inside)::float8 / sum(p.n) AS coverage, sum(p.n)::float8 AS n
      FROM glucose.performance_log p
      WHERE p.model_type = performance_trend.model_type AND p.days = 1
        AND p.day >= coalesce(performance_trend.since, current_date - 30)
      GROUP BY 1, 2
    ), line AS (
      SELECT v.metric, d.minutes_ahead, count(*)::integer AS n, avg(v.y) AS mean, regr_slope(v.y, d.x) AS slope,
             sqrt(greatest(regr_syy(v.y, d.x) - regr_slope(v.y, d.x) * regr_sxy(v.y, d.x), 0) / nullif(count(*) - 2, 0)
                  / nullif(regr_sxx(v.y, d.x), 0)) AS error
      FROM by_day d CROSS JOIN LATERAL (VALUES ('mae', d.mae), ('coverage', d.coverage), ('n', d.n)) v (metric, y)
      GROUP BY 1, 2
    )
    SELECT l.metric, l.minutes_ahead, l.n, l.mean, 7 * l.slope, 7 * (l.slope - t.quantile * l.error),
           7 * (l.slope + t.quantile * l.error)
    FROM line l CROSS JOIN LATERAL (SELECT glucose.student_quantile(0.975, l.n - 2) AS quantile) t
    WHERE l.n >= fewest ORDER BY 1, 2;
END
$fn$;
COMMENT ON FUNCTION glucose.performance_trend(text, date) IS
'Where error, coverage and number of forecasts go: a line through the days of performance_log by least squares, its '
'slope in a week with a 95 % interval.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.ab_bucket(person_id uuid, salt text) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_ab_bucket';
COMMENT ON FUNCTION glucose.ab_bucket(uuid, text) IS
'Which of 100 buckets (0 to 99) a person falls into, by SHA-256 of id and salt. The same on every machine and in '
'every version.';

CREATE FUNCTION glucose.welch_t(a double precision[], b double precision[], level double precision DEFAULT 0.95,
  OUT difference double precision, OUT ci_low double precision, OUT ci_high double precision,
  OUT p_value double precision, OUT df double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_welch_t';
COMMENT ON FUNCTION glucose.welch_t(double precision[], double precision[], double precision) IS
'Welch''s t-test of two independent samples: mean(b) - mean(a), its confidence interval, the two-sided p-value and '
'the degrees of freedom.';

CREATE FUNCTION glucose.paired_t(a double precision[], b double precision[], level double precision DEFAULT 0.95,
  OUT difference double precision, OUT ci_low double precision, OUT ci_high double precision,
  OUT p_value double precision, OUT df double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_paired_t';
COMMENT ON FUNCTION glucose.paired_t(double precision[], double precision[], double precision) IS
'The paired t-test: the same units measured twice, in the same order; results as welch_t().';

CREATE FUNCTION glucose.check_recipe(algorithm text, options jsonb DEFAULT '{}', model_type text DEFAULT 'glucose')
RETURNS void
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_check_recipe';
COMMENT ON FUNCTION glucose.check_recipe(text, jsonb, text) IS
'Internal: part of start_experiment() and the retraining policy: returns when train_model() would take these '
'arguments, else raises 22023.';

CREATE FUNCTION glucose.start_experiment(name text, candidate jsonb, percent integer DEFAULT 10,
  kind text DEFAULT 'canary', model_type text DEFAULT 'glucose', salt text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wrong text;
  other text;
BEGIN
  wrong := CASE
    WHEN name IS NULL OR candidate IS NULL OR percent IS NULL OR kind IS NULL OR model_type IS NULL
      THEN 'an experiment needs a name, a candidate, a percentage, a kind and a model_type'
    WHEN octet_length(name) NOT BETWEEN 1 AND 63 THEN 'the name of an experiment must have 1 to 63 bytes'
    WHEN octet_length(salt) NOT BETWEEN 1 AND 63 THEN 'the salt of an experiment must have 1 to 63 bytes'
    WHEN kind NOT IN ('canary', 'shadow') THEN format('unrecognized kind "%s"', kind)
    WHEN kind = 'canary' AND percent NOT BETWEEN 1 AND 99 THEN '"percent" of a canary must be 1 to 99'
    WHEN kind = 'shadow' AND percent NOT BETWEEN 1 AND 100 THEN '"percent" of a shadow must be 1 to 100'
  END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%', wrong
      USING ERRCODE = 'invalid_parameter_value',
            HINT = CASE WHEN octet_length(name) BETWEEN 1 AND 63 AND coalesce(octet_length(salt), 1) BETWEEN 1 AND 63
              THEN 'A canary serves the candidate to its split; a shadow only forecasts beside what is served.'
              ELSE 'Results are kept under the name; the salt says who is in the split, and is the name when left out.'
              END;
  END IF;
  PERFORM glucose.check_candidate(candidate, model_type);
  IF EXISTS (SELECT FROM glucose.experiment e WHERE e.name = start_experiment.name) THEN
    RAISE EXCEPTION 'experiment "%" exists already', name
      USING ERRCODE = 'duplicate_object', HINT = 'Names are kept with their results; choose another one.';
  END IF;
  SELECT e.name INTO other FROM glucose.experiment e
  WHERE e.model_type = start_experiment.model_type AND e.state = 'running';
  IF FOUND THEN
    RAISE EXCEPTION 'experiment "%" is running for model type "%"', other, model_type
      USING ERRCODE = 'object_in_use', HINT = 'Stop it first: glucose.stop_experiment().';
  END IF;
  BEGIN
    INSERT INTO glucose.experiment (name, model_type, kind, candidate, percent, salt, started_by)
    VALUES (name, model_type, kind, candidate, percent, coalesce(salt, name), glucose.current_identity());
  EXCEPTION WHEN unique_violation THEN   -- another session has started one since it was looked for above
    RAISE EXCEPTION 'another experiment has been started for model type "%" meanwhile', model_type
      USING ERRCODE = 'object_in_use',
      HINT = 'They are listed in glucose.experiment; stop it first or choose another name.';
  END;
  RETURN glucose.prepare_experiment(name);
END
$fn$;
COMMENT ON FUNCTION glucose.start_experiment(text, jsonb, integer, text, text, text) IS
'Tries a candidate on a part of the persons: a canary serves it, a shadow forecasts with it beside what is served. '
'Returns how many candidate models are being trained in the background.';

CREATE FUNCTION glucose.check_candidate(candidate jsonb, model_type text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wanted text := candidate ->> 'population_version';
  status text;
  taken_at timestamptz;
BEGIN
  IF jsonb_typeof(candidate) <> 'object'
     OR candidate - '{algorithm,options}'::text[] <> '{}' AND candidate - 'population_version' <> '{}'
     OR coalesce(candidate ->> 'algorithm', wanted) IS NULL THEN
    RAISE EXCEPTION 'a candidate is a recipe or a population version'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Such as {"algorithm": "ridge", "options": {"l2": 0.1}} or {"population_version": "1.1.0"}.';
  END IF;
  IF wanted IS NULL THEN
    PERFORM glucose.check_recipe(candidate ->> 'algorithm', coalesce(candidate -> 'options', '{}'), model_type);
    RETURN;
  END IF;
  SELECT p.status, p.artifact_taken_at INTO status, taken_at FROM glucose.population_model p
  WHERE p.model_type = check_candidate.model_type AND p.version = wanted;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'population model version "%" not found', wanted USING ERRCODE = 'no_data_found';
  END IF;
  IF status <> 'ready' THEN
    RAISE EXCEPTION 'population model version "%" is %', wanted, status
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Choose a version whose status is ready.';
  END IF;
  IF taken_at IS NOT NULL THEN
    RAISE EXCEPTION 'population model version "%" has no artifact any more', wanted
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Choose one that has_artifact, as listed by glucose.list_population_models().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.check_candidate(jsonb, text) IS
'Internal: part of start_experiment(): returns when it would take the candidate, else raises 22023, P0002 or 55000.';

CREATE FUNCTION glucose.require_experiment(name text, running boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  found_state text;
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION 'argument "name" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT e.state INTO found_state FROM glucose.experiment e WHERE e.name = require_experiment.name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'experiment "%" not found', name
      USING ERRCODE = 'no_data_found', HINT = 'Experiments are listed in glucose.experiment.';
  END IF;
  IF running AND found_state <> 'running' THEN
    RAISE EXCEPTION 'experiment "%" is % already', name, found_state
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Start another one under another name.';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_experiment(text, boolean) IS
'Internal: returns when there is an experiment of that name, and with running, when it runs; else raises 22023, '
'P0002 or 55000.';

CREATE FUNCTION glucose.try_candidate(name text, person_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_try_candidate';
COMMENT ON FUNCTION glucose.try_candidate(text, uuid) IS
'Internal: part of prepare_experiment(): queues the candidate''s training for a person of the split, unless it has one '
'or is getting one; whether it did.';

CREATE FUNCTION glucose.prepare_experiment(name text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  e record;
  queued integer;
BEGIN
  PERFORM glucose.require_experiment(name, running => true);
  SELECT x.* INTO e FROM glucose.experiment x WHERE x.name = prepare_experiment.name;
  IF e.candidate ? 'population_version' THEN
    RETURN 0;
  END IF;
  -- In one order, so that sessions that prepare at once wait for each other and never in a circle.
  SELECT count(*) FILTER (WHERE glucose.try_candidate(e.name, p.person_id)) INTO queued
  FROM (SELECT v.person_id FROM glucose.model_version v
        WHERE v.model_type = e.model_type AND v.is_active AND glucose.ab_bucket(v.person_id, e.salt) < e.percent
        ORDER BY v.person_id) p;
  RETURN queued;
END
$fn$;
COMMENT ON FUNCTION glucose.prepare_experiment(text) IS
'Queues the candidate''s training for the persons of a running experiment''s split that have none; returns how '
'many. Call it again whenever persons join.';

CREATE FUNCTION glucose.experiment_results(name text, OUT minutes_ahead integer, OUT n_persons integer,
  OUT n_stable bigint, OUT n_candidate bigint, OUT mae_stable double precision, OUT mae_candidate double precision,
  OUT difference double precision, OUT ci_low double precision, OUT ci_high double precision,
  OUT p_value double precision, OUT verdict text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 2 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest_per_arm CONSTANT integer := 5;
  fewest_pairs CONSTANT integer := 8;
  is_shadow boolean;
  since timestamptz;
BEGIN
  PERFORM glucose.require_experiment(experiment_results.name);
  -- Who joined a canary later was in the other arm before, at another time: only the stage that runs compares like with
  -- like. A shadow's pairs do so at any time.
  SELECT e.kind = 'shadow', CASE e.kind WHEN 'shadow' THEN e.started_at ELSE e.percent_since END
  INTO is_shadow, since FROM glucose.experiment e WHERE e.name = experiment_results.name;
  RETURN QUERY
    WITH answer AS (
      SELECT o.person_id, o.minutes_ahead,
             CASE WHEN is_shadow OR o.arm = 'stable' THEN abs(o.value - o.outcome) END AS stable,
             CASE WHEN is_shadow THEN abs(o.shadow_value - o.outcome)
                  WHEN o.arm = 'candidate' THEN abs(o.value - o.outcome) END AS candidate
      FROM glucose.prediction_outcome o
      WHERE o.experiment = experiment_results.name AND o.issued_at >= since
        AND o.outcome IS NOT NULL AND NOT o.in_training
        AND (NOT is_shadow OR o.shadow_value IS NOT NULL)
    ), person AS (
      SELECT a.person_id, a.minutes_ahead, count(a.stable) AS n_stable, count(a.candidate) AS n_candidate,
             avg(a.stable)::float8 AS stable, avg(a.candidate)::float8 AS candidate
      FROM answer a GROUP BY a.person_id, a.minutes_ahead
    ), arms AS (
      SELECT p.minutes_ahead, count(*)::integer AS n_persons, sum(p.n_stable)::bigint AS n_stable,
             sum(p.n_candidate)::bigint AS n_candidate, avg(p.stable) AS mae_stable, avg(p.candidate) AS mae_candidate,
             coalesce(array_agg(p.stable ORDER BY p.person_id) FILTER (WHERE p.stable IS NOT NULL), '{}') AS stable,
             coalesce(array_agg(p.candidate ORDER BY p.person_id) FILTER (WHERE p.candidate IS NOT NULL),
             '{}') AS candidate
      FROM person p GROUP BY p.minutes_ahead
    )
    SELECT a.minutes_ahead, a.n_persons, a.n_stable, a.n_candidate, a.mae_stable, a.mae_candidate, t.difference,
    t.ci_low,
           t.ci_high, t.p_value,
           CASE WHEN t.p_value IS NULL OR CASE WHEN is_shadow THEN a.n_persons < fewest_pairs
                  ELSE least(cardinality(a.stable), cardinality(a.candidate)) < fewest_per_arm END
                  THEN 'not enough data'
                WHEN t.p_value >= 0.05 THEN 'no difference'
                WHEN t.difference < 0 THEN 'candidate better'
                ELSE 'candidate worse' END
    FROM arms a
    CROSS JOIN LATERAL (
      SELECT w.* FROM glucose.welch_t(a.stable, a.candidate) w WHERE NOT is_shadow
      UNION ALL
      SELECT p.* FROM glucose.paired_t(a.stable, a.candidate) p WHERE is_shadow) t
    ORDER BY a.minutes_ahead;
END
$fn$;
COMMENT ON FUNCTION glucose.experiment_results(text) IS
'The candidate against the stable model by horizon, over the caller''s visible persons, with interval, p-value and '
'verdict. Persons are the units; of a canary, answers since its percentage last changed.';

CREATE FUNCTION glucose.stop_experiment(name text, promote boolean DEFAULT false, reason text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  e record;
  promoted integer := 0;
BEGIN
  PERFORM glucose.require_experiment(name, running => true);
  UPDATE glucose.experiment x
  SET state = CASE WHEN promote THEN 'promoted' ELSE 'stopped' END, stopped_at = clock_timestamp(),
      stop_reason = coalesce(reason, CASE WHEN promote THEN 'promoted' ELSE 'stopped' END)
  WHERE x.name = stop_experiment.name AND x.state = 'running'
  RETURNING x.* INTO e;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'experiment "%" may not be stopped by this role', name
      USING ERRCODE = 'insufficient_privilege', HINT = 'Ask the steward or the owner of the tables.';
  END IF;
  IF promote AND e.candidate ? 'population_version' THEN
    PERFORM glucose.deploy_population_model(e.model_type, e.candidate ->> 'population_version',
                                            format('experiment "%s"', e.name));
    promoted := 1;
  ELSIF promote THEN
    -- Persons before their jobs, and persons in the order of their ids, as everything that locks several.
    SELECT count(glucose.deploy_model(c.person_id, e.model_type, c.version, format('experiment "%s"', e.name)))
    INTO promoted
    FROM (SELECT v.person_id, v.version FROM glucose.experiment_model m
          LEFT JOIN glucose.training_job j ON j.person_id = m.person_id AND j.job_id = m.job_id
          JOIN glucose.model_version v ON v.person_id = m.person_id AND v.model_type = e.model_type
            AND v.version = coalesce(m.version, j.version) AND v.status = 'ready'
          WHERE m.experiment = e.name ORDER BY v.person_id OFFSET 0) AS c;
  END IF;
  PERFORM glucose.cancel_training(c.job_id)
  FROM (SELECT j.job_id FROM glucose.experiment_model m
        JOIN glucose.training_job j ON j.person_id = m.person_id AND j.job_id = m.job_id
          AND j.state IN ('queued', 'running')
        WHERE m.experiment = e.name ORDER BY j.person_id, j.job_id OFFSET 0) AS c;
  RETURN promoted;
END
$fn$;
COMMENT ON FUNCTION glucose.stop_experiment(text, boolean, text) IS
'Ends an experiment; everyone is served by the stable model again. With promote the candidate becomes the stable '
'model; returns how many models became active.';

CREATE FUNCTION glucose.check_experiments(OUT name text, OUT verdict text, OUT stopped boolean) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 2 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  -- For many looks at growing data, two horizons each; see docs/why/experiments.md.
  stop_below CONSTANT double precision := 0.001;
  worst record;
BEGIN
  FOR name IN SELECT e.name FROM glucose.experiment e WHERE e.state = 'running' ORDER BY e.started_at LOOP
    SELECT r.* INTO worst FROM glucose.experiment_results(name) r
    ORDER BY array_position(ARRAY['candidate worse', 'candidate better', 'no difference', 'not enough data'],
    r.verdict),
             r.p_value
    LIMIT 1;
    verdict := coalesce(worst.verdict, 'not enough data');
    stopped := verdict = 'candidate worse' AND worst.p_value < stop_below;
    IF stopped THEN
      PERFORM glucose.stop_experiment(name, reason => format(
        'candidate worse at %s minutes by %s mg/dL, p = %s', worst.minutes_ahead, round(worst.difference::numeric, 1),
        to_char(worst.p_value, '9.9EEEE')));
    END IF;
    RETURN NEXT;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.check_experiments() IS
'Stops every running experiment whose candidate is worse beyond doubt, and returns the verdict of each. Run it '
'every night as the steward.';

CREATE FUNCTION glucose.set_experiment_percent(name text, percent integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  e record;
BEGIN
  PERFORM glucose.require_experiment(name, running => true);
  SELECT x.* INTO e FROM glucose.experiment x WHERE x.name = set_experiment_percent.name;
  IF percent IS NULL OR percent NOT BETWEEN e.percent AND (CASE e.kind WHEN 'canary' THEN 99 ELSE 100 END)
  THEN
    RAISE EXCEPTION '"percent" must be % to %', e.percent, CASE e.kind WHEN 'canary' THEN 99 ELSE 100 END
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A part of the persons only grows: nobody goes back and forth. Stop the experiment to end it.';
  END IF;
  UPDATE glucose.experiment x
  SET percent = set_experiment_percent.percent,
      percent_since = CASE WHEN x.percent = set_experiment_percent.percent THEN x.percent_since
                           ELSE clock_timestamp() END
  WHERE x.name = set_experiment_percent.name AND x.state = 'running';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'experiment "%" may not be changed by this role', name
      USING ERRCODE = 'insufficient_privilege', HINT = 'Ask the steward or the owner of the tables.';
  END IF;
  RETURN glucose.prepare_experiment(name);
END
$fn$;
COMMENT ON FUNCTION glucose.set_experiment_percent(text, integer) IS
'Lets a running experiment''s candidate have more of the persons: those of its arm stay there, others join, and a '
'canary''s results begin anew. Returns how many candidate models are being trained.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.seal_log(older_than interval DEFAULT '0', OUT seals bigint, OUT sealed_rows bigint,
  OUT released bigint, OUT head text)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_seal_log';
COMMENT ON FUNCTION glucose.seal_log(interval) IS
'Seals the log of persons whose oldest unsealed row is older than this, so that verify_log() finds any change; returns '
'the newest seal, to be written down elsewhere. For the steward.';

CREATE FUNCTION glucose.verify_log(person_id uuid, head text DEFAULT NULL, OUT what text, OUT prediction_id uuid,
  OUT seal_no bigint, OUT issued_at timestamptz, OUT detail text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_verify_log';
COMMENT ON FUNCTION glucose.verify_log(uuid, text) IS
'What is wrong with a person''s log: rows changed, deleted, added or reordered since sealed, seals changed or '
'missing, also the one that seal_log() had returned as head. No row: nothing.';

CREATE FUNCTION glucose.verify_seals(head text DEFAULT NULL, OUT what text, OUT prediction_id uuid,
  OUT seal_no bigint, OUT issued_at timestamptz, OUT detail text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_verify_seals';
COMMENT ON FUNCTION glucose.verify_seals(text) IS
'What is wrong with the seals of all persons, as verify_log() says it. For the steward.';

CREATE FUNCTION glucose.purge_some(after bigint, after_values timestamptz, after_rows timestamptz, OUT taken bigint,
  OUT deleted bigint, OUT released bigint, OUT last_seal bigint, OUT last_values timestamptz, OUT last_rows timestamptz,
  OUT is_done boolean)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_purge_some';
COMMENT ON FUNCTION glucose.purge_some(bigint, timestamptz, timestamptz) IS
'Internal: part of purge(): one piece of the log, after this seal and these moments; the first is after -1.';

CREATE FUNCTION glucose.old_artifacts(persons uuid[], keep integer, judged_since timestamptz)
RETURNS TABLE (person_id uuid, model_type text, version text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  -- Also kept is the newest that was rejected: it says how far glucose strays of whom no model serves.
  RETURN QUERY
    SELECT v.person_id, v.model_type, v.version
    FROM (SELECT m.person_id, m.model_type, m.version, m.status,
                 row_number() OVER (PARTITION BY m.person_id, m.model_type ORDER BY m.trained_at DESC) AS place,
                 row_number() OVER (PARTITION BY m.person_id, m.model_type, m.status ORDER BY m.trained_at DESC)
                   AS place_of_status
          FROM glucose.model_version m
          WHERE m.person_id = ANY (persons) AND NOT m.is_active AND m.artifact_taken_at IS NULL) v
    WHERE v.place > keep AND NOT (v.status = 'rejected' AND v.place_of_status = 1)
      AND NOT EXISTS (SELECT FROM glucose.deployment d WHERE d.person_id = v.person_id AND d.model_type = v.model_type
                      AND d.deployed_at > judged_since AND v.version IN (d.version, d.previous_version))
      AND v.version IS DISTINCT FROM glucose.way_back(v.person_id, v.model_type)
    ORDER BY v.person_id, v.model_type, v.place DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.old_artifacts(uuid[], integer, timestamptz) IS
'Internal: part of purge(): versions that have been replaced and are not among the newest, that no rollback goes back '
'to and no deployment since then is judged by.';

CREATE FUNCTION glucose.old_population_artifacts(keep integer, judged_since timestamptz)
RETURNS TABLE (model_type text, version text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT v.model_type, v.version
    FROM (SELECT m.model_type, m.version,
                 row_number() OVER (PARTITION BY m.model_type ORDER BY m.trained_at DESC) AS place
          FROM glucose.population_model m WHERE NOT m.is_active AND m.artifact_taken_at IS NULL) v
    WHERE v.place > keep
      AND NOT EXISTS (SELECT FROM glucose.population_deployment d WHERE d.model_type = v.model_type
                      AND d.deployed_at > judged_since AND v.version IN (d.version, d.previous_version))
      AND v.version IS DISTINCT FROM glucose.population_way_back(v.model_type)
    ORDER BY v.model_type, v.place DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.old_population_artifacts(integer, timestamptz) IS
'Internal: part of purge(): as old_artifacts(), of the population''s models.';

CREATE FUNCTION glucose.purge_persons(after uuid, OUT artifacts bigint, OUT deleted bigint, OUT last_person uuid,
  OUT is_done boolean)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_purge_persons';
COMMENT ON FUNCTION glucose.purge_persons(uuid) IS
'Internal: part of purge(): one piece of what is old of some persons after this one; the first is after NULL.';

-- It commits, and a procedure with a SET clause cannot: it names the schema of every function and uses no operator.
CREATE PROCEDURE glucose.purge(time_budget interval DEFAULT '1 hour')
LANGUAGE plpgsql
AS $fn$
DECLARE
  started_at CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  piece pg_catalog.record;
  last_seal pg_catalog.int8 := '-1';
  last_values pg_catalog.timestamptz;
  last_rows pg_catalog.timestamptz;
  last_person pg_catalog.uuid;
  taken pg_catalog.int8 := 0;
  deleted pg_catalog.int8 := 0;
  released pg_catalog.int8 := 0;
  artifacts pg_catalog.int8 := 0;
  others pg_catalog.int8 := 0;
BEGIN
  WHILE glucose.retraining_may_go_on(0, 1, started_at, time_budget) LOOP
    piece := glucose.purge_some(last_seal, last_values, last_rows);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    last_seal := piece.last_seal;
    last_values := piece.last_values;
    last_rows := piece.last_rows;
    taken := pg_catalog.int8pl(taken, piece.taken);
    deleted := pg_catalog.int8pl(deleted, piece.deleted);
    released := pg_catalog.int8pl(released, piece.released);
    EXIT WHEN piece.is_done;
  END LOOP;
  WHILE glucose.retraining_may_go_on(0, 1, started_at, time_budget) LOOP
    piece := glucose.purge_persons(last_person);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    last_person := piece.last_person;
    artifacts := pg_catalog.int8pl(artifacts, piece.artifacts);
    others := pg_catalog.int8pl(others, piece.deleted);
    EXIT WHEN piece.is_done;
  END LOOP;
  RAISE NOTICE 'purge: values of % rows, % rows, % seals released', taken, deleted, released;
  RAISE NOTICE 'purge: artifacts of % versions, % rows of other tables', artifacts, others;
END
$fn$;
COMMENT ON PROCEDURE glucose.purge(interval) IS
'Takes out what is older than the settings say: of the log, of versions, jobs, and what was noted of models. It '
'commits in pieces and can be stopped and run again; for the steward.';

CREATE FUNCTION glucose.prediction_history(person_id uuid, of_type text DEFAULT NULL,
  since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity', max_rows integer DEFAULT 100,
  OUT prediction_id uuid, OUT issued_at timestamptz, OUT issued_to text, OUT role name, OUT client_address inet,
  OUT model_type text, OUT version text, OUT sha256 text, OUT source text, OUT meal_id uuid, OUT asked_at timestamptz,
  OUT level real, OUT unit text, OUT score real, OUT latency_ms real, OUT predictions jsonb, OUT experiment text,
  OUT arm text, OUT is_signed boolean, OUT seal_no bigint, OUT purged_at timestamptz, OUT cached_from uuid)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(prediction_history.person_id);
  IF of_type IS NOT NULL THEN
    PERFORM glucose.model_type(of_type);
  END IF;
  IF num_nulls(since, until, max_rows) > 0 OR max_rows < 1 THEN
    RAISE EXCEPTION '"since" and "until" must not be null, and "max_rows" must be at least 1'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT p.prediction_id, p.issued_at, p.issued_to, p.role, p.client_address, p.model_type, p.version,
           encode(p.sha256, 'hex'), p.source, p.meal_id, p.asked_at, p.level, p.unit, p.score, p.latency_ms,
           p.predictions, p.experiment, p.arm, p.mac IS NOT NULL, p.seal_no, p.purged_at,
           p.cached_from
    FROM glucose.prediction p
    WHERE p.person_id = prediction_history.person_id AND p.issued_at >= since AND p.issued_at < until
      AND (of_type IS NULL OR p.model_type = of_type)
    ORDER BY p.issued_at DESC, p.prediction_id LIMIT max_rows;
END
$fn$;
COMMENT ON FUNCTION glucose.prediction_history(uuid, text, timestamptz, timestamptz, integer) IS
'What a person was answered, newest first: who asked, which model, what it said, and whether the row is signed, sealed '
'or purged. Show disclaimer() with it.';

CREATE FUNCTION glucose.prediction_sources(prediction_id uuid, person_id uuid DEFAULT NULL, OUT kind text,
  OUT at timestamptz, OUT day date, OUT name text, OUT value real, OUT logged_value real, OUT recorded_at timestamptz,
  OUT status text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100 COST 10000 AS 'MODULE_PATHNAME', 'glucose_prediction_sources';
COMMENT ON FUNCTION glucose.prediction_sources(uuid, uuid) IS
'What a logged answer rested on: whether its inputs still have the digest of the log, and the readings, meals and days '
'nearest to what was asked, each the same, changed, deleted, added since, or unknown. Show disclaimer() with it.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.detect_drift(person_id uuid, model_type text DEFAULT 'glucose', since timestamptz DEFAULT NULL,
  as_of timestamptz DEFAULT NULL, OUT kind text, OUT name text, OUT statistic real, OUT reference_n integer,
  OUT current_n integer, OUT effect real, OUT p double precision, OUT drifted boolean) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 30 COST 10000 AS 'MODULE_PATHNAME', 'glucose_detect_drift';
COMMENT ON FUNCTION glucose.detect_drift(uuid, text, timestamptz, timestamptz) IS
'Whether what the active version was trained on is still what comes: features, days, answers and their errors since a '
'moment, by default of the last 30 days. Without a person: of the population, for the steward.';

CREATE FUNCTION glucose.drift_reason(person_id uuid, model_type text, as_of timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
BEGIN
  -- Whom no version of its own serves, or one that cannot say what it was trained on, has nothing that could drift.
  IF NOT EXISTS (SELECT FROM glucose.model_version v WHERE v.person_id = drift_reason.person_id
                   AND v.model_type = drift_reason.model_type AND v.is_active AND v.metadata ? 'reference') THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT 'drift of ' || string_agg(d.found, ', ' ORDER BY d.place) FILTER (WHERE d.place <= 5)
                 || CASE WHEN count(*) > 5 THEN format(' and %s more', count(*) - 5) ELSE '' END
          FROM (SELECT format('%s (%s, index %s)', f.name, f.kind, round(f.effect::numeric, 2)) AS found,
                       row_number() OVER (ORDER BY f.effect DESC, f.name) AS place
                FROM glucose.detect_drift(drift_reason.person_id, drift_reason.model_type, NULL, at) f
                WHERE f.drifted) d
          HAVING count(*) > 0);
END
$fn$;
COMMENT ON FUNCTION glucose.drift_reason(uuid, text, timestamptz) IS
'Internal: part of check_and_handle_drift(): what of a person has drifted, in words without a value of it; NULL when '
'nothing has.';

CREATE FUNCTION glucose.check_and_handle_drift(model_type text DEFAULT 'glucose', as_of timestamptz DEFAULT NULL)
RETURNS TABLE (person_id uuid, reason text, queued boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
  rest CONSTANT interval := '7 days';   -- what a retraining did not cure is not trained on every night
  person uuid;
BEGIN
  FOREACH person IN ARRAY glucose.retraining_queue(check_and_handle_drift.model_type, at) LOOP
    CONTINUE WHEN EXISTS (
      SELECT FROM glucose.training_job j
      WHERE j.person_id = person AND j.model_type = check_and_handle_drift.model_type AND j.reason IS NOT NULL
        AND (j.queued_at > clock_timestamp() - rest OR j.state IN ('queued', 'running')));
    BEGIN
      reason := glucose.drift_reason(person, check_and_handle_drift.model_type, at);
      CONTINUE WHEN reason IS NULL;
      person_id := person;
      queued := NOT (glucose.retraining_rules(person, check_and_handle_drift.model_type)).manual
                AND glucose.queue_retraining(person, check_and_handle_drift.model_type, reason);
      RETURN NEXT;
    EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
      RAISE WARNING 'drift of person % was not looked for: %', person, SQLERRM USING ERRCODE = SQLSTATE;
    END;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.check_and_handle_drift(text, timestamptz) IS
'Looks for drift of everybody the caller trains for who is served by a version of their own, queues a retraining with '
'the reason for the background workers, and returns whom it found it of; each at most once in seven days.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.simulate_person(seed bigint, days integer DEFAULT 30, profile text DEFAULT 't2d') RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_simulate_person';
COMMENT ON FUNCTION glucose.simulate_person(bigint, integer, text) IS
'Adds a simulated person of the caller with meals, 5-minute sensor glucose from a physiological model and what a watch '
'says of its days, starting 2026-01-05 in UTC; returns its person_id.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.require_object(options jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF options IS NULL OR jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION 'argument "options" must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_object(jsonb) IS
'Internal: returns when options are a JSON object, else raises 22023.';

CREATE FUNCTION glucose.health_options(options jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  usual CONSTANT jsonb := '{"min_accuracy": 0.75, "min_f1": 0.70, "max_calibration_error": 0.20, "min_answers": 100,
    "data_stopped_hours": 24, "rising": 1.5, "coverage_off": 0.15, "job_hours": 1, "queued_jobs": 1000,
    "versions": 50, "growth": 2.0, "cooldown_minutes": 60}';
  wrong text;
BEGIN
  PERFORM glucose.require_object(options);
  SELECT o.key INTO wrong FROM jsonb_each(options) o
  WHERE NOT usual ? o.key OR jsonb_typeof(o.value) <> 'number' OR (o.value)::numeric < 0 ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% option "%"', CASE WHEN usual ? wrong THEN 'invalid value for' ELSE 'unrecognized' END, wrong
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Options are numbers: ' || (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(usual) k)
                   || '.';
  END IF;
  RETURN usual || options;
END
$fn$;
COMMENT ON FUNCTION glucose.health_options(jsonb) IS
'Internal: part of health_check(): the limits, those given in place of the usual.';

CREATE FUNCTION glucose.person_findings(options jsonb)
RETURNS TABLE (person_id uuid, kind text, subject text, severity text, message text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  stopped CONSTANT interval := make_interval(hours => (options ->> 'data_stopped_hours')::integer);
  rising CONSTANT double precision := options ->> 'rising';
  off CONSTANT double precision := options ->> 'coverage_off';
BEGIN
  -- Data that came and do not come any more; also of whom the population's model serves.
  RETURN QUERY
    SELECT p.person_id, 'data_stopped', '', 'warning',
           format('no readings since %s', to_char(r.last AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
    FROM glucose.person p
    CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                        WHERE g.person_id = p.person_id AND g.measured_at <= now()) r
    WHERE r.last < now() - stopped AND r.last > now() - interval '30 days';
  -- A sensor that says one number, and not the last one it can say. Most say two in their last two readings: these are
  -- looked at first.
  RETURN QUERY
    SELECT p.person_id, 'sensor_stuck', '', 'warning', format('%s readings in a row are the same', s.n)
    FROM glucose.person p
    CROSS JOIN LATERAL (
      SELECT min(l.mg_dl) = max(l.mg_dl) AS alike
      FROM (SELECT g.mg_dl FROM glucose.glucose_reading g
            WHERE g.person_id = p.person_id AND g.measured_at > now() - interval '7 hours' AND g.measured_at <= now()
            ORDER BY g.measured_at DESC LIMIT 2) l) two
    CROSS JOIN LATERAL (
      SELECT count(*) AS n, min(l.mg_dl) AS least, max(l.mg_dl) AS most, max(l.measured_at) - min(l.measured_at) AS span
      FROM (SELECT g.mg_dl, g.measured_at FROM glucose.glucose_reading g
            WHERE two.alike AND g.person_id = p.person_id AND g.measured_at > now() - interval '7 hours'
              AND g.measured_at <= now() ORDER BY g.measured_at DESC LIMIT 24) l) s
    WHERE two.alike AND s.least = s.most AND s.least > 40 AND s.least < 400
      AND (s.n = 24 OR s.n >= 8 AND s.span >= interval '6 hours');
  -- Errors of the last week against the month before it; days are the units of those whose sums look like it.
  RETURN QUERY
    WITH suspected AS (
      SELECT p.person_id, p.model_type
      FROM glucose.performance_log p WHERE p.days = 1 AND p.day > current_date - 38
      GROUP BY 1, 2
      HAVING sum(p.sum_absolute) FILTER (WHERE p.day > current_date - 8)
             / sum(p.n) FILTER (WHERE p.day > current_date - 8)
             > 0.8 * rising * sum(p.sum_absolute) FILTER (WHERE p.day <= current_date - 8)
               / sum(p.n) FILTER (WHERE p.day <= current_date - 8)
    ), by_day AS (
      SELECT p.person_id, p.model_type, p.day > current_date - 8 AS is_new, p.day, sum(p.sum_absolute) / sum(p.n) AS mae
      FROM glucose.performance_log p JOIN suspected s USING (person_id, model_type)
      WHERE p.days = 1 AND p.day > current_date - 38 GROUP BY 1, 2, 3, 4
    ), parts AS (
      SELECT d.person_id, d.model_type, avg(d.mae) FILTER (WHERE d.is_new) AS new,
      avg(d.mae) FILTER (WHERE NOT d.is_new)
             AS old, array_agg(d.mae) FILTER (WHERE d.is_new) AS new_days, array_agg(d.mae) FILTER (WHERE NOT d.is_new)
             AS old_days
      FROM by_day d GROUP BY 1, 2
      HAVING count(*) FILTER (WHERE d.is_new) >= 4 AND count(*) FILTER (WHERE NOT d.is_new) >= 7
    )
    SELECT p.person_id, 'errors_rising', p.model_type, 'warning',
           format('mean error %s %s in the last week, %s in the month before', round(p.new::numeric, 1),
                  glucose.unit_of(p.model_type), round(p.old::numeric, 1))
    FROM parts p CROSS JOIN LATERAL glucose.welch_t(p.old_days, p.new_days) t
    WHERE p.new > rising * p.old AND t.p_value < 0.001;
  RETURN QUERY
    SELECT c.person_id, 'coverage_off', c.model_type, 'warning',
           format('intervals held %s %% of %s outcomes, %s %% were said', round(100 * c.share), c.n,
           round(100 * c.level))
    FROM (SELECT p.person_id, p.model_type, sum(p.n) AS n, sum(p.n_inside)::float8 / sum(p.n) AS share,
                 sum(p.sum_level) / sum(p.n) AS level
          FROM glucose.performance_log p WHERE p.days = 1 AND p.day > current_date - 31
          GROUP BY 1, 2 HAVING sum(p.n) >= 60) c
    WHERE c.share < c.level - off;
  RETURN QUERY
    SELECT c.person_id, 'model_' || replace(c.action, ' ', '_'), c.model_type, 'warning',
           format('version %s was %s: error %s on %s outcomes, %s by %s', c.version, c.action, round(c.mae::numeric, 1),
                  c.n, round(c.mae_against::numeric, 1), CASE c.against WHEN 'population' THEN 'the population''s model'
                  WHEN 'baseline' THEN 'no model' ELSE 'version ' || c.against END)
    FROM glucose.model_check c WHERE c.checked_at > now() - interval '7 days';
  -- What check_and_handle_drift() has found, and what became of it.
  RETURN QUERY
    SELECT d.person_id, 'drift', d.model_type, 'warning', format('%s; retraining is %s', d.reason, d.state)
    FROM (SELECT DISTINCT ON (j.person_id, j.model_type) j.*
          FROM glucose.training_job j WHERE j.reason LIKE 'drift of %' AND j.queued_at > now() - interval '7 days'
          ORDER BY j.person_id, j.model_type, j.queued_at DESC) d;
END
$fn$;
COMMENT ON FUNCTION glucose.person_findings(jsonb) IS
'Internal: part of health_check(): what is wrong with persons'' models and data now.';

CREATE FUNCTION glucose.system_findings(options jsonb)
RETURNS TABLE (kind text, subject text, severity text, message text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  least_answers CONSTANT integer := options ->> 'min_answers';
  waiting CONSTANT interval := make_interval(mins => (60 * (options ->> 'job_hours')::numeric)::integer);
  most_jobs CONSTANT integer := options ->> 'queued_jobs';
  most_versions CONSTANT integer := options ->> 'versions';
  growth CONSTANT double precision := options ->> 'growth';
  stopped CONSTANT interval := make_interval(hours => (options ->> 'data_stopped_hours')::integer);
BEGIN
  -- Yes-or-no questions: each model calls yes from its own threshold on.
  RETURN QUERY
    WITH answer AS (
      SELECT o.model_type, o.value AS p, o.outcome AS y,
             o.value >= coalesce((v.metadata ->> 'threshold')::real, 0.5) AS called
      FROM glucose.prediction_outcome o
      LEFT JOIN glucose.model_version v ON o.source = 'personal' AND v.person_id = o.person_id
        AND v.model_type = o.model_type AND v.version = o.version
      WHERE o.model_type LIKE 'event:%' AND o.at > now() - interval '30 days' AND o.outcome IS NOT NULL
        AND NOT o.in_training
    ), bin AS (
      SELECT a.*, ntile(10) OVER (PARTITION BY a.model_type ORDER BY a.p) AS bin FROM answer a
    ), calibration AS (
      SELECT b.model_type, sum(abs(b.gap)) / sum(b.n) AS error
      FROM (SELECT model_type, bin, sum(p) - sum(y) AS gap, count(*) AS n FROM bin GROUP BY 1, 2) b GROUP BY 1
    ), measured AS (
      SELECT a.model_type, count(*) AS n, avg((a.called = (a.y = 1))::integer) AS accuracy,
             2.0 * count(*) FILTER (WHERE a.called AND a.y = 1)
             / nullif(count(*) FILTER (WHERE a.called) + count(*) FILTER (WHERE a.y = 1), 0) AS f1
      FROM answer a GROUP BY 1
    )
    SELECT 'classifier', m.model_type, 'warning', format('%s %s %% of %s answers, %s %s %% is wanted', w.name,
           round(100 * w.value::numeric, 1), m.n, w.side, round(100 * w.wanted::numeric, 1))
    FROM measured m JOIN calibration c USING (model_type)
    CROSS JOIN LATERAL (
      SELECT x.* FROM (VALUES
        (1, 'accuracy', m.accuracy::float8, 'at least', (options ->> 'min_accuracy')::float8,
         m.accuracy < (options ->> 'min_accuracy')::float8),
        (2, 'F1', m.f1::float8, 'at least', (options ->> 'min_f1')::float8, m.f1 < (options ->> 'min_f1')::float8),
        (3, 'calibration error', c.error::float8, 'at most', (options ->> 'max_calibration_error')::float8,
         c.error > (options ->> 'max_calibration_error')::float8)) x (place, name, value, side, wanted, is_wrong)
      WHERE x.is_wrong ORDER BY x.place LIMIT 1) w
    WHERE m.n >= least_answers;
  -- Of many persons, or of some within the same hour, it is the gateway.
  RETURN QUERY
    SELECT 'data_stopped', '', 'critical', format('no readings of %s of %s persons for %s hours', s.n_stopped, s.n,
           options ->> 'data_stopped_hours')
           || CASE WHEN s.n_at_once >= 5 THEN format(', of %s since the hour after %s', s.n_at_once,
                to_char(s.first AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) ELSE '' END
    FROM (SELECT count(*) AS n, count(*) FILTER (WHERE w.last < now() - stopped) AS n_stopped,
                 max(w.n_at_once) FILTER (WHERE w.last < now() - stopped) AS n_at_once,
                 (array_agg(w.last ORDER BY w.n_at_once DESC, w.last) FILTER (WHERE w.last < now() - stopped))[1]
                 AS first
          FROM (SELECT r.last, count(*) FILTER (WHERE r.last < now() - stopped)
                  OVER (ORDER BY r.last RANGE BETWEEN CURRENT ROW AND interval '1 hour' FOLLOWING) AS n_at_once
                FROM glucose.person p
                CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                                    WHERE g.person_id = p.person_id AND g.measured_at <= now()) r
                WHERE r.last > now() - interval '14 days') w) s
    WHERE s.n >= 5 AND (s.n_stopped > 0.3 * s.n OR s.n_at_once >= greatest(5, 0.05 * s.n));
  RETURN QUERY
    SELECT 'coverage_off', c.model_type, 'warning',
           format('intervals held %s %% of %s outcomes of %s persons, %s %% were said', round(100 * c.share), c.n,
                  w.persons, round(100 * c.level))
    FROM (SELECT p.model_type, sum(p.n) AS n, sum(p.n_inside)::float8 / sum(p.n) AS share,
                 sum(p.sum_level) / sum(p.n) AS level
          FROM glucose.performance_log p
          WHERE p.days = 1 AND p.day > current_date - 31 AND p.model_type NOT LIKE 'event:%' GROUP BY 1) c
    CROSS JOIN LATERAL (SELECT count(DISTINCT q.person_id) AS persons FROM glucose.performance_log q
                        WHERE c.n >= 1000 AND abs(c.share - c.level) > 0.05 AND q.model_type = c.model_type
                          AND q.days = 1 AND q.day > current_date - 31) w
    WHERE c.n >= 1000 AND abs(c.share - c.level) > 0.05 AND w.persons >= 10;
  RETURN QUERY
    SELECT j.kind, '', j.severity, j.message
    FROM (SELECT count(*) FILTER (WHERE t.state = 'queued') AS queued,
                 count(*) FILTER (WHERE t.state = 'queued' AND t.queued_at < now() - waiting) AS late,
                 count(*) FILTER (WHERE t.state = 'running' AND t.started_at < now() - 6 * waiting) AS stuck
          FROM glucose.training_job t WHERE t.state IN ('queued', 'running')) q
    CROSS JOIN LATERAL (VALUES
      ('jobs_waiting', 'warning', format('%s jobs wait for more than %s hours', q.late, options ->> 'job_hours'),
       q.late > 0),
      ('jobs_full', 'critical', format('%s jobs are in the queue', q.queued), q.queued > most_jobs),
      ('jobs_stuck', 'critical',
      format('%s jobs run for more than %s hours', q.stuck, 6 * (options ->> 'job_hours')::numeric),
       q.stuck > 0)) j (kind, severity, message, is_so)
    WHERE j.is_so;
  RETURN QUERY
    SELECT 'trainings_failing', f.model_type, 'warning',
    format('%s of %s trainings of the last week failed', f.failed, f.n)
    FROM (SELECT t.model_type, count(*) AS n, count(*) FILTER (WHERE t.state = 'failed') AS failed
          FROM glucose.training_job t
          WHERE t.finished_at > now() - interval '7 days' AND t.state IN ('done', 'failed') GROUP BY 1) f
    WHERE f.n >= 10 AND f.failed >= 0.5 * f.n;
  RETURN QUERY
    SELECT 'models_withdrawn', w.model_type, 'critical',
    format('%s of %s models were taken from service in a week', w.taken, w.n)
    FROM (SELECT v.model_type, count(*) AS n, (SELECT count(*) FROM glucose.model_check c
            WHERE c.model_type = v.model_type AND c.checked_at > now() - interval '7 days') AS taken
          FROM glucose.model_version v WHERE v.is_active GROUP BY 1) w
    WHERE w.taken >= 5 AND w.taken > 0.05 * w.n;
  RETURN QUERY
    SELECT 'versions_piling_up', p.model_type, 'info',
    format('%s persons have more than %s versions', count(*), most_versions)
    FROM (SELECT v.person_id, v.model_type FROM glucose.model_version v GROUP BY 1, 2 HAVING count(*) > most_versions) p
    GROUP BY p.model_type;
  RETURN QUERY
    SELECT 'growing', '', 'warning',
    format('%s, %s a week ago', pg_size_pretty(g.now::bigint), pg_size_pretty(g.before::bigint))
    FROM (SELECT (SELECT s.value FROM glucose.health_sample s WHERE s.name = 'bytes' AND s.sampled_at <= now()
                    AND s.value BETWEEN 0 AND 1e18 ORDER BY s.sampled_at DESC LIMIT 1) AS now,
                 (SELECT s.value FROM glucose.health_sample s WHERE s.name = 'bytes'
                    AND s.value BETWEEN 0 AND 1e18 AND s.sampled_at BETWEEN now() - interval '8 days' AND now()
                    ORDER BY s.sampled_at LIMIT 1) AS before) g
    WHERE g.now > growth * g.before AND g.now - g.before > 1e8;
  -- What the server writes into its own log, or loses when it crashes.
  RETURN QUERY SELECT 'setting', l.subject, l.severity, l.finding FROM glucose.leaking_settings() l
               WHERE l.severity <> 'info';
  RETURN QUERY
    SELECT 'setting', s.name, 'critical', s.message
    FROM (VALUES
      ('fsync', 'what is committed may be lost in a crash', current_setting('fsync') = 'off'),
      ('full_page_writes', 'what is stored may be damaged by a crash', current_setting('full_page_writes') = 'off')
    ) s (name, message, is_so)
    WHERE s.is_so;
END
$fn$;
COMMENT ON FUNCTION glucose.system_findings(jsonb) IS
'Internal: part of health_check(): what is wrong with the whole now.';

CREATE FUNCTION glucose.take_health_samples() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF EXISTS (SELECT FROM glucose.health_sample s WHERE s.sampled_at > now() - interval '1 hour'
             AND s.sampled_at <= now()) THEN
    RETURN;
  END IF;
  INSERT INTO glucose.health_sample (name, sampled_at, value)
  SELECT v.name, now(), v.value
  FROM (VALUES
    ('bytes', (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
               WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'm'))::float8),
    ('active_models', (SELECT count(*) FROM glucose.model_version m WHERE m.is_active)::float8),
    ('open_jobs', (SELECT count(*) FROM glucose.training_job j WHERE j.state IN ('queued', 'running'))::float8)
  ) v (name, value) WHERE v.value IS NOT NULL
  ON CONFLICT DO NOTHING;
  DELETE FROM glucose.health_sample s WHERE s.sampled_at < now() - interval '400 days';
END
$fn$;
COMMENT ON FUNCTION glucose.take_health_samples() IS
'Internal: part of health_check(): notes sizes and counts once an hour.';

CREATE FUNCTION glucose.note_person_alerts(limits jsonb, cooldown interval) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_note_person_alerts';
COMMENT ON FUNCTION glucose.note_person_alerts(jsonb, interval) IS
'Internal: part of health_check(): keeps person_alert by what is found now; returns how much is.';

CREATE FUNCTION glucose.acknowledge_person_alert(alert_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_acknowledge_person_alert';
COMMENT ON FUNCTION glucose.acknowledge_person_alert(uuid) IS
'Internal: part of acknowledge_alert(): the alert of a person.';

CREATE FUNCTION glucose.health_check(options jsonb DEFAULT '{}', OUT kind text, OUT subject text, OUT severity text,
  OUT persons integer, OUT message text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off
AS $fn$
#variable_conflict use_column
DECLARE
  limits CONSTANT jsonb := glucose.health_options(options);
  cooldown CONSTANT interval := make_interval(mins => (limits ->> 'cooldown_minutes')::integer);
BEGIN
  PERFORM glucose.require_watcher();
  PERFORM glucose.take_health_samples();
  INSERT INTO glucose.system_alert AS a (kind, subject, severity, message, first_seen, last_seen, told_at)
  SELECT f.kind, f.subject, f.severity, f.message, now(), now(), now() FROM glucose.system_findings(limits) f
  ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO UPDATE
  SET severity = EXCLUDED.severity, message = EXCLUDED.message, last_seen = now(), count = a.count + 1,
      told_at = CASE WHEN a.told_at <= now() - cooldown AND a.acknowledged_at IS NULL THEN now() ELSE a.told_at END;
  UPDATE glucose.system_alert a SET resolved_at = now() WHERE a.resolved_at IS NULL AND a.last_seen < now();
  PERFORM glucose.note_person_alerts(limits, cooldown);
  -- What is new, or due to be told again.
  RETURN QUERY
    SELECT t.kind, t.subject, t.severity, t.persons, t.message
    FROM (SELECT a.kind, a.subject, a.severity, NULL::integer AS persons, a.message
          FROM glucose.system_alert a WHERE a.told_at = now() AND a.resolved_at IS NULL
          UNION ALL
          SELECT a.kind, a.subject, max(a.severity), count(*)::integer,
                 CASE WHEN count(*) = 1 THEN max(a.message)
                 ELSE format('%s persons, as: %s', count(*), min(a.message)) END
          FROM glucose.person_alert a WHERE a.told_at = now() AND a.resolved_at IS NULL GROUP BY 1, 2) t
    ORDER BY array_position(ARRAY['critical', 'warning', 'info'], t.severity), t.kind, t.subject;
END
$fn$;
COMMENT ON FUNCTION glucose.health_check(jsonb) IS
'Looks at models, data, jobs and settings, keeps person_alert and system_alert, and returns what is new or due to be '
'told again, once a cooldown. For pg_cron, every five minutes.';

CREATE FUNCTION glucose.acknowledge_alert(alert_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF acknowledge_alert.alert_id IS NULL THEN
    RAISE EXCEPTION 'argument "alert_id" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM glucose.require_watcher();
  UPDATE glucose.system_alert a SET acknowledged_at = now(), acknowledged_by = glucose.current_identity()
  WHERE a.alert_id = acknowledge_alert.alert_id AND a.resolved_at IS NULL;
  IF NOT FOUND THEN
    RETURN glucose.acknowledge_person_alert(alert_id);
  END IF;
  RETURN true;
END
$fn$;
COMMENT ON FUNCTION glucose.acknowledge_alert(uuid) IS
'Notes that somebody looks after an alert, which is then not told again; false when there is none open of that id.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.record_feedback(person_id uuid, prediction_id uuid, kind text, rating integer DEFAULT NULL,
  note text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  is_new boolean;
BEGIN
  PERFORM glucose.require_person(record_feedback.person_id);
  IF record_feedback.kind IS NULL OR record_feedback.kind NOT IN ('useful', 'wrong', 'confusing', 'rating') THEN
    RAISE EXCEPTION 'unrecognized kind "%"', record_feedback.kind
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Kinds are useful, wrong, confusing and rating.';
  ELSIF (record_feedback.kind = 'rating') <> (record_feedback.rating IS NOT NULL)
        OR record_feedback.rating NOT BETWEEN 1 AND 5 THEN
    RAISE EXCEPTION 'a rating is a number from 1 to 5, of the kind "rating" alone'
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF length(record_feedback.note) > 1000 THEN
    RAISE EXCEPTION 'a note has at most 1000 characters' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT EXISTS (SELECT FROM glucose.prediction p WHERE p.person_id = record_feedback.person_id
                 AND p.prediction_id = record_feedback.prediction_id) THEN
    RAISE EXCEPTION 'prediction % not found', record_feedback.prediction_id
      USING ERRCODE = 'no_data_found', HINT = 'Only what was logged can be spoken of: predictionId of an answer.';
  END IF;
  INSERT INTO glucose.prediction_feedback AS f (person_id, prediction_id, kind, rating, note)
  VALUES (record_feedback.person_id, record_feedback.prediction_id, record_feedback.kind, record_feedback.rating,
          record_feedback.note)
  ON CONFLICT (person_id, prediction_id, given_by) DO UPDATE
  SET kind = EXCLUDED.kind, rating = EXCLUDED.rating, note = EXCLUDED.note, given_at = clock_timestamp()
  RETURNING xmax = 0 INTO is_new;
  RETURN is_new;
END
$fn$;
COMMENT ON FUNCTION glucose.record_feedback(uuid, uuid, text, integer, text) IS
'Notes what the caller thought of a logged answer; said again, the last word counts. Whether it is the first.';

CREATE FUNCTION glucose.model_satisfaction(model_type text DEFAULT 'glucose', since timestamptz DEFAULT '-infinity',
  OUT source text, OUT version text, OUT n_persons integer, OUT n integer, OUT useful real, OUT rating real)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest CONSTANT integer := 10;   -- what is said of fewer persons says something of one
BEGIN
  PERFORM glucose.model_type(model_satisfaction.model_type);
  RETURN QUERY
    SELECT s.source, s.version, count(DISTINCT s.person_id)::integer, count(*)::integer,
           avg((s.kind = 'useful')::integer) FILTER (WHERE s.kind <> 'rating')::real, avg(s.rating)::real
    FROM (SELECT f.person_id, f.kind, f.rating, coalesce(p.source, 'personal') AS source,
                 CASE p.source WHEN 'population' THEN p.version END AS version
          FROM glucose.prediction_feedback f
          JOIN glucose.prediction p ON p.person_id = f.person_id AND p.prediction_id = f.prediction_id
          WHERE p.model_type = model_satisfaction.model_type AND f.given_at >= model_satisfaction.since) s
    GROUP BY 1, 2 HAVING count(DISTINCT s.person_id) >= fewest ORDER BY 1, 2;
END
$fn$;
COMMENT ON FUNCTION glucose.model_satisfaction(text, timestamptz) IS
'What persons thought of the answers, by what answered: how many found them useful, and their mean rating; groups of '
'fewer than 10 persons are left out.';

CREATE FUNCTION glucose.report(since timestamptz DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  from_then CONSTANT timestamptz := coalesce(since, now() - interval '7 days');
  before timestamptz;
BEGIN
  PERFORM glucose.require_watcher();
  IF NOT isfinite(from_then) OR from_then >= now() THEN
    RAISE EXCEPTION 'argument "since" must be a moment that has been' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  before := from_then - (now() - from_then);
  RETURN jsonb_build_object(
    'since', from_then, 'until', now(),
    'answers', (SELECT coalesce(jsonb_object_agg(a.model_type, jsonb_build_object('n', a.n, 'before', a.before,
                       'median_ms', round(a.ms::numeric, 1))), '{}')
                FROM (SELECT p.model_type, count(*) FILTER (WHERE p.issued_at >= from_then) AS n,
                             count(*) FILTER (WHERE p.issued_at < from_then) AS before,
                             percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms) AS ms
                      FROM glucose.prediction p WHERE p.issued_at >= before GROUP BY 1) a),
    'errors', (SELECT coalesce(jsonb_object_agg(e.model_type, jsonb_build_object('unit', glucose.unit_of(e.model_type),
                      'mean', round(e.mae::numeric, 2), 'before', round(e.mae_before::numeric, 2),
                      'coverage', round(e.coverage::numeric, 3), 'n', e.n)), '{}')
               FROM (SELECT l.model_type, sum(l.n) FILTER (WHERE l.day >= from_then::date) AS n,
                            sum(l.sum_absolute) FILTER (WHERE l.day >= from_then::date)
                            / sum(l.n) FILTER (WHERE l.day >= from_then::date) AS mae,
                            sum(l.sum_absolute) FILTER (WHERE l.day < from_then::date)
                            / sum(l.n) FILTER (WHERE l.day < from_then::date) AS mae_before,
                            sum(l.n_inside) FILTER (WHERE l.day >= from_then::date)::float8
                            / sum(l.n) FILTER (WHERE l.day >= from_then::date) AS coverage
                     FROM glucose.performance_log l WHERE l.day >= before::date GROUP BY 1) e WHERE e.n > 0),
    'alerts', (SELECT coalesce(jsonb_object_agg(a.kind, jsonb_build_object('severity', a.severity, 'n', a.n,
                      'open', a.open)), '{}')
               FROM (SELECT x.kind, max(x.severity) AS severity, count(*) AS n,
                            count(*) FILTER (WHERE x.resolved_at IS NULL) AS open
                     FROM (SELECT kind, severity, first_seen, resolved_at FROM glucose.system_alert
                           UNION ALL SELECT kind, severity, first_seen, resolved_at FROM glucose.person_alert) x
                     WHERE x.first_seen >= from_then OR x.resolved_at IS NULL GROUP BY 1) a),
    'models', jsonb_build_object(
      'active', (SELECT count(*) FROM glucose.model_version v WHERE v.is_active),
      'trained', (SELECT count(*) FROM glucose.model_version v WHERE v.trained_at >= from_then),
      'deployed', (SELECT count(*) FROM glucose.deployment d WHERE d.deployed_at >= from_then),
      'rolled_back', (SELECT count(*) FROM glucose.model_check c WHERE c.checked_at >= from_then
                      AND c.action = 'rolled back'),
      'withdrawn', (SELECT count(*) FROM glucose.model_check c WHERE c.checked_at >= from_then
                    AND c.action = 'withdrawn')),
    'jobs', (SELECT coalesce(jsonb_object_agg(j.state, j.n), '{}')
             FROM (SELECT t.state, count(*) AS n FROM glucose.training_job t WHERE t.queued_at >= from_then
                   GROUP BY 1) j),
    'feedback', (SELECT coalesce(jsonb_object_agg(f.kind, f.n), '{}')
                 FROM (SELECT x.kind, count(*) AS n FROM glucose.prediction_feedback x WHERE x.given_at >= from_then
                       GROUP BY 1) f));
END
$fn$;
COMMENT ON FUNCTION glucose.report(timestamptz) IS
'What happened since a moment, by default of a week, beside as long a time before it: answers, errors, alerts, models, '
'jobs, feedback. For the owner of the tables and the steward.';

CREATE FUNCTION glucose.report_markdown(since timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  r CONSTANT jsonb := glucose.report(since);
BEGIN
  RETURN concat_ws(E'\n',
    format('# Forecasts, %s to %s', to_char((r ->> 'since')::timestamptz, 'YYYY-MM-DD'),
           to_char((r ->> 'until')::timestamptz, 'YYYY-MM-DD')), '',
    '| kind | answers | before | median ms |', '|---|---|---|---|',
    (SELECT string_agg(format('| %s | %s | %s | %s |', a.key, a.value ->> 'n', a.value ->> 'before',
                              a.value ->> 'median_ms'), E'\n' ORDER BY a.key) FROM jsonb_each(r -> 'answers') a), '',
    '| kind | mean error | before | intervals held | outcomes |', '|---|---|---|---|---|',
    (SELECT string_agg(format('| %s | %s %s | %s | %s %% | %s |', e.key, e.value ->> 'mean', e.value ->> 'unit',
                              coalesce(e.value ->> 'before', '–'), round(100 * (e.value ->> 'coverage')::numeric),
                              e.value ->> 'n'), E'\n' ORDER BY e.key) FROM jsonb_each(r -> 'errors') e), '',
    format('Models: %s serve; %s trained, %s deployed, %s rolled back, %s withdrawn.', r #>> '{models,active}',
           r #>> '{models,trained}', r #>> '{models,deployed}', r #>> '{models,rolled_back}',
           r #>> '{models,withdrawn}'),
    coalesce('Alerts: ' || (SELECT string_agg(format('%s %s (%s open)', a.value ->> 'n', a.key, a.value ->> 'open'),
                                              ', ' ORDER BY a.key) FROM jsonb_each(r -> 'alerts') a) || '.',
             'No alerts.'),
    coalesce('Feedback: ' || (SELECT string_agg(format('%s %s', f.value, f.key), ', ' ORDER BY f.key)
                              FROM jsonb_each(r -> 'feedback') f) || '.', 'No feedback.'), '', glucose.disclaimer(),
                              '');
END
$fn$;
COMMENT ON FUNCTION glucose.report_markdown(timestamptz) IS
'report() as Markdown, for an e-mail.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.html(text text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_html';
COMMENT ON FUNCTION glucose.html(text) IS
'Internal: text as HTML has it, so that nothing that is stored can be markup.';

CREATE FUNCTION glucose.svg_lines(title text, unit text, labels text[], names text[], y double precision[],
  from_zero boolean DEFAULT true) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_svg_lines';
COMMENT ON FUNCTION glucose.svg_lines(text, text, text[], text[], double precision[], boolean) IS
'Internal: one to six series over the same labels as lines of SVG with a legend; the values of one series after '
'those '
'of the other, NULL where nothing is known.';

CREATE FUNCTION glucose.html_table(caption text, head text[], body text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  cells text;
BEGIN
  IF coalesce(cardinality(body), 0) = 0 THEN
    RETURN format('<p class="none">%s: none.</p>', glucose.html(caption));
  END IF;
  SELECT string_agg('<tr>' || r.cells || '</tr>', '' ORDER BY r.row) INTO cells
  FROM (SELECT (c.i - 1) / cardinality(head) AS row,
               string_agg(CASE WHEN (c.i - 1) % cardinality(head) = 0
               THEN '<th scope="row">' || glucose.html(coalesce(nullif(c.cell, ''), '–')) || '</th>'
                          ELSE CASE WHEN length(c.cell) > 30 THEN '<td class="long">'
                                    WHEN c.cell IN ('critical', 'warning') THEN '<td class="' || c.cell || '">'
                                    ELSE '<td>' END
                               || glucose.html(coalesce(c.cell, '–')) || '</td>' END, '' ORDER BY c.i) AS cells
        FROM unnest(body) WITH ORDINALITY c (cell, i) GROUP BY 1) r;
  RETURN format('<section class="wide" tabindex="0" aria-label="%s"><table><caption>%s</caption><thead>'
                '<tr>%s</tr></thead><tbody>%s</tbody></table></section>', glucose.html(caption), glucose.html(caption),
                (SELECT string_agg('<th scope="col">' || glucose.html(h.name) || '</th>', '' ORDER BY h.i)
                 FROM unnest(head) WITH ORDINALITY h (name, i)), cells);
END
$fn$;
COMMENT ON FUNCTION glucose.html_table(text, text[], text[]) IS
'Internal: cells, row after row, as a table that scrolls by itself where the page is narrow; the first of a row '
'heads '
'it.';

CREATE FUNCTION glucose.flat(cells text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT pg_catalog.array_agg(x.cell ORDER BY x.i) FROM pg_catalog.unnest(cells) WITH ORDINALITY x (cell, i));
COMMENT ON FUNCTION glucose.flat(text[]) IS
'Internal: rows of cells as html_table() takes them.';

CREATE FUNCTION glucose.folded(name text, content text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '<details><summary>' || glucose.html(name) || '</summary>' || content || '</details>';
COMMENT ON FUNCTION glucose.folded(text, text) IS
'Internal: part of a page that opens when it is asked for.';

CREATE FUNCTION glucose.html_colors() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ':root{color-scheme:light dark;--ink:#1d2733;--soft:#5a6673;--paper:#fff;--card:#f4f6f8;--line:#d9dfe5;'
  '--s1:#0b62a8;'
  '--s2:#b3470b;--s3:#1a7a4c;--s4:#7a3d9e;--s5:#8a6a00;--s6:#a8235e;--bad:#a3180f;--warn:#8a5a00;'
  '--r1:#8f1d14;--r2:#d8574c;--r3:#3f9e6c;--r4:#e3b341;--r5:#cf7a1d}'
  '@media(prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#a9b4bf;--paper:#12181f;--card:#1c252f;--line:#33404d;'
  '--s1:#6db5f2;--s2:#f2a06d;--s3:#6ed3a3;--s4:#cf9cf0;--s5:#e0c25a;--s6:#f28ab6;--bad:#ff9a91;--warn:#f0c060;'
  '--r1:#b3261e;--r2:#e8776c;--r3:#4fae7d;--r4:#e6bd55;--r5:#d98a33}}';
COMMENT ON FUNCTION glucose.html_colors() IS
'Internal: the colours of pages and pictures, by their names, light and dark.';

CREATE FUNCTION glucose.picture_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '.plot{display:block}.plot text{font:12px system-ui,sans-serif;fill:var(--soft)}.plot '
  '.foot{font-size:10px}.plot .title{font-weight:600;fill:var(--ink)}'
  '.plot .paper{fill:var(--paper)}.plot .grid{stroke:var(--line)}.plot .limit{stroke:var(--s3);stroke-opacity:.6}'
  '.plot .target{fill:var(--s3);opacity:.09}.plot .now{stroke:var(--soft);stroke-dasharray:4 3}'
  '.plot .line{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}'
  '.plot .line.s1{stroke:var(--s1)}.plot .line.level{stroke:var(--ink);stroke-width:1.3}'
  '.plot .area{stroke:none}.plot .area.s1{fill:var(--s1);opacity:.3}.plot .area.wide{fill:var(--s1);opacity:.16}'
  '.plot .area.over{fill:var(--s5);opacity:.5}.plot .area.under{fill:var(--bad);opacity:.6}'
  '.plot .point{stroke:none}.plot .point.s1{fill:var(--s1)}.plot .point.soft{fill:var(--soft)}'
  '.plot .ring{fill:var(--paper);stroke-width:1.6}.plot .ring.s2{stroke:var(--s2)}'
  '.plot .bar{stroke-width:4;stroke-linecap:round;opacity:.35}.plot .bar.s1{stroke:var(--s1)}'
  '.plot .word{stroke:none;fill:var(--soft)}.plot .word.s1,.plot .word.wide{fill:var(--s1)}'
  '.plot .word.s2{fill:var(--s2)}.plot .word.wide{opacity:.5}'
  '.plot .r1{fill:var(--r1)}.plot .r2{fill:var(--r2)}.plot .r3{fill:var(--r3)}.plot .r4{fill:var(--r4)}.plot '
  '.r5{fill:var(--r5)}';
COMMENT ON FUNCTION glucose.picture_style() IS
'Internal: how pictures of glucose look, in a page and alone.';

CREATE FUNCTION glucose.html_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN glucose.html_colors() || glucose.picture_style() ||
  '*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}'
  'header,main,footer{max-width:76rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem;margin:.2rem 0}'
  'h2{font-size:1.15rem;margin:0 0 .5rem}p{margin:.3rem 0}'
  '.soft,.none,.legend,caption,footer{color:var(--soft);font-size:.9rem}'
  ''
  '.tiles,.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));padding:0;'
  'margin:0 0 1rem;list-style:none}'
  '.charts{grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr))}'
  '.tiles li,main>section,.charts>section{background:var(--card);border:1px solid var(--line);'
  'border-radius:.5rem;padding:.8rem}'
  'main>section{margin:0 0 1rem}'
  '.tiles strong{display:block;font-size:1.4rem}.chart{width:100%;height:auto;display:block}'
  '.grid{stroke:var(--line)}.tick{fill:var(--soft);font-size:13px}.line{fill:none;stroke-width:2}'
  '.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}.s5{stroke:var(--s5)}'
  '.s6{stroke:var(--s6)}'
  'circle.s1{fill:var(--s1)}circle.s2{fill:var(--s2)}circle.s3{fill:var(--s3)}circle.s4{fill:var(--s4)}'
  'circle.s5{fill:var(--s5)}circle.s6{fill:var(--s6)}'
  '.key::before{content:"";display:inline-block;width:1.2em;height:.25em;margin:0 .3em .2em '
  '0;background:currentColor}'
  '.key{margin-right:.8em}.key.s1{color:var(--s1)}.key.s2{color:var(--s2)}.key.s3{color:var(--s3)}'
  '.key.s4{color:var(--s4)}.key.s5{color:var(--s5)}.key.s6{color:var(--s6)}'
  '.alerts{list-style:none;margin:0;padding:0}.alerts li{padding:.3rem 0;border-bottom:1px solid var(--line)}'
  '.alerts li:last-child{border:0}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}'
  'caption{text-align:left;padding:.2rem 0}'
  'th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}'
  'td.long{white-space:normal;min-width:16rem}caption{white-space:normal}table{margin:0 0 .6rem}'
  'tbody th{font-weight:600;white-space:normal}'
  'a{color:var(--s1)}:focus-visible{outline:3px solid var(--s1);outline-offset:2px}'
  '.critical{color:var(--bad);font-weight:700}.warning{color:var(--warn);font-weight:700}'
  '.key.soft{color:var(--soft)}.key.wide{color:var(--s1)}'
  '.key.dot::before,.key.ring::before,.key.mark::before{width:.6em;'
  'height:.6em;border-radius:50%;margin-bottom:0}.key.ring::before{background:none;border:2px solid currentColor}'
  '.key.band::before{height:.8em;margin-bottom:-.05em;opacity:.45}.key.band.wide::before{opacity:.2}'
  '.key.bar::before{width:.3em;height:.9em;margin-bottom:-.1em;opacity:.45}'
  '.chips{list-style:none;padding:0;margin:.5rem 0 1rem;display:grid;gap:.2rem 1.2rem;font-size:.9rem;'
  'grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr))}'
  '.chips strong{float:right}.chip::before{content:"";display:inline-block;width:.8em;height:.8em;border-radius:.2em;'
  'margin-right:.5em;background:var(--r3)}.chip.r1::before{background:var(--r1)}'
  '.chip.r2::before{background:var(--r2)}'
  '.chip.r4::before{background:var(--r4)}.chip.r5::before{background:var(--r5)}'
  '.shares{border-radius:.4rem;overflow:hidden}'
  '.strips{display:grid;gap:.7rem;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}'
  '.day{margin:0;min-width:0}figcaption{font-size:.85rem;display:flex;justify-content:space-between}'
  'h3{font-size:1rem;margin:.8rem 0 .3rem}details{margin:.6rem 0 0}summary{cursor:pointer;color:var(--s1)}'
  '.notice{border-left:.3rem solid var(--warn);padding:.3rem .7rem;background:var(--card)}'
  '@media(max-width:40rem){header,main,footer{padding:.8rem .6rem}th,td{padding:.3rem .35rem}'
  'tbody th{min-width:6.5rem}}'
  '@page{size:A4;margin:14mm}@media print{:root{color-scheme:light}html,body{font-size:11px}'
  'header,main,footer{padding:.4rem 0}'
  '.wide{overflow:visible}th,td{white-space:normal}'
  'figure,tr,svg,.charts section,.tiles,.wide{break-inside:avoid}h2,h3,h2+p,.soft{break-after:avoid}'
  '.chips{grid-template-columns:repeat(3,1fr)}'
  'main>section{border:0;padding:0;background:none}'
  '.strips{grid-template-columns:'
  'repeat(7,1fr);gap:.4rem}summary{display:none}.plot text{font-size:9px}*{print-color-adjust:exact}}';
COMMENT ON FUNCTION glucose.html_style() IS
'Internal: how pages look: light and dark as the reader has it, wide and narrow, on paper.';

CREATE FUNCTION glucose.html_page(title text, head text, body text, foot text, lang text DEFAULT 'en') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '<!DOCTYPE html>' || chr(10) || '<html lang="' || glucose.html(lang) || '"><head><meta charset="utf-8"><title>'
  || glucose.html(title) || '</title><meta name="viewport" content="width=device-width, initial-scale=1">'
  '<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''"><style>'
  || glucose.html_style() || '</style></head><body><header><h1>' || glucose.html(title) || '</h1>' || head
  || '</header><main>' || body || '</main><footer>' || foot || '</footer></body></html>' || chr(10);
COMMENT ON FUNCTION glucose.html_page(text, text, text, text, text) IS
'Internal: a page that needs nothing from elsewhere, and loads nothing even when it is told to.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.stats(since timestamptz DEFAULT NULL, OUT total_predictions bigint,
  OUT predictions_today bigint, OUT predictions bigint, OUT cache_hit_rate_percent real, OUT active_models bigint,
  OUT avg_inference_time_ms real, OUT p95_inference_time_ms real, OUT queued_jobs bigint, OUT running_jobs bigint)
RETURNS record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_watcher();
  SELECT count(*), count(*) FILTER (WHERE p.issued_at >= current_date)
  INTO total_predictions, predictions_today FROM glucose.prediction p;
  -- As the index of rows that still have their values has it.
  SELECT count(*), round((100.0 * count(p.cached_from) / nullif(count(*), 0)), 1)::real, avg(p.latency_ms)::real,
         (percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms))::real
  INTO predictions, cache_hit_rate_percent, avg_inference_time_ms, p95_inference_time_ms
  FROM glucose.prediction p
  WHERE p.purged_at IS NULL AND p.issued_at >= coalesce(since, now() - interval '24 hours');
  SELECT count(*) INTO active_models FROM glucose.model_version v WHERE v.is_active;
  SELECT count(*) FILTER (WHERE j.state = 'queued'), count(*) FILTER (WHERE j.state = 'running')
  INTO queued_jobs, running_jobs FROM glucose.training_job j WHERE j.state IN ('queued', 'running');
END
$fn$;
COMMENT ON FUNCTION glucose.stats(timestamptz) IS
'The service in one row: answers in all, today and since a moment (by default of 24 hours), how many of those were '
'repetitions, how long they took, models that serve, open jobs. For the owner of the tables and the steward.';

CREATE FUNCTION glucose.service_status(OUT component text, OUT status text, OUT detail text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 7 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  -- The worst last, as max() finds it.
  levels CONSTANT text[] := '{ok,warning,critical}';
BEGIN
  PERFORM glucose.require_watcher();
  RETURN QUERY
    WITH found (i, component, level, detail) AS (
      SELECT 1, 'writing', CASE WHEN current_setting('transaction_read_only')::boolean THEN 2 ELSE 1 END,
             CASE WHEN pg_is_in_recovery() THEN 'a standby: forecasts are answered and not logged, nothing is trained'
                  WHEN current_setting('transaction_read_only')::boolean THEN 'the transaction is read-only'
                  ELSE 'possible' END
      UNION ALL
      SELECT 2, 'models', CASE WHEN m.own + m.shared = 0 AND EXISTS (SELECT FROM glucose.person) THEN 2 ELSE 1 END,
             format('%s of persons and %s of the population serve', m.own, m.shared)
      FROM (SELECT (SELECT count(*) FROM glucose.model_version v WHERE v.is_active) AS own,
                   (SELECT count(*) FROM glucose.population_model p WHERE p.is_active) AS shared) m
      UNION ALL
      SELECT x.i, x.component, x.level, x.detail
      FROM (SELECT count(*) AS n, percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) AS p95,
                   count(p.mac) AS n_signed
            FROM glucose.prediction p WHERE p.purged_at IS NULL AND p.issued_at > now() - interval '1 hour') a
      CROSS JOIN LATERAL (VALUES
        (3, 'answers', 1,
         CASE WHEN a.n = 0 THEN 'none in the last hour'
              ELSE format('%s in the last hour, 95 %% in less than %s ms', a.n, round(a.p95::numeric, 1)) END),
        (4, 'log', CASE WHEN a.n_signed BETWEEN 1 AND a.n - 1 THEN 2 ELSE 1 END,
         CASE WHEN a.n = 0 THEN 'no row in the last hour'
              ELSE format('%s of %s rows of the last hour are signed', a.n_signed, a.n) END))
        x (i, component, level, detail)
      UNION ALL
      SELECT 5, 'jobs', CASE WHEN j.oldest < now() - interval '1 hour' AND j.running = 0 THEN 3
                             WHEN j.oldest < now() - interval '1 hour' THEN 2 ELSE 1 END,
             format('%s queued, %s running', j.queued, j.running)
             || CASE WHEN j.oldest < now() - interval '1 hour' THEN
                  format('; the first waits since %s', to_char(j.oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
                ELSE '' END
      FROM (SELECT count(*) FILTER (WHERE x.state = 'queued') AS queued,
                   count(*) FILTER (WHERE x.state = 'running') AS running,
                   min(x.queued_at) FILTER (WHERE x.state = 'queued') AS oldest
            FROM glucose.training_job x WHERE x.state IN ('queued', 'running')) j
      UNION ALL
      SELECT 6, 'alerts', CASE WHEN a.critical > 0 THEN 3 WHEN a.warning > 0 THEN 2 ELSE 1 END,
             format('%s critical, %s warnings open', a.critical, a.warning)
      FROM (SELECT count(*) FILTER (WHERE x.severity = 'critical') AS critical,
                   count(*) FILTER (WHERE x.severity = 'warning') AS warning FROM glucose.active_alerts x) a
      UNION ALL
      -- It samples once an hour.
      SELECT 7, 'health_check', CASE WHEN h.last > now() - interval '2 hours' THEN 1 ELSE 2 END,
             coalesce('sampled at ' || to_char(h.last AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), 'has never run')
      FROM (SELECT max(s.sampled_at) AS last FROM glucose.health_sample s
            WHERE s.sampled_at <= now() AND s.sampled_at > '-infinity') h
    )
    SELECT r.component, levels[r.level], r.detail
    FROM (SELECT 0 AS i, 'service' AS component, max(f.level) AS level, format('pg_glucose %s', glucose.version())
          AS detail FROM found f
          UNION ALL SELECT f.i, f.component, f.level, f.detail FROM found f) r
    ORDER BY r.i;
END
$fn$;
COMMENT ON FUNCTION glucose.service_status() IS
'Whether the service works, by part, with the worst of them in the first row: ok, warning or critical. For the owner '
'of the tables and the steward.';

-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.update_result AS (
  updated boolean, status text, version text, reason text, current_version text, n integer,
  mae_current double precision, mae_candidate double precision, ci_low double precision, ci_high double precision);
COMMENT ON TYPE glucose.update_result IS
'What an update led to: updated, kept (what serves is better) or skipped, and both errors on the same meals or hours, '
'which neither version has learnt from.';

CREATE FUNCTION glucose.count_outcomes(person_id uuid, model_type text, since timestamptz) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF (glucose.model_type(count_outcomes.model_type)).about_meals THEN
    RETURN glucose.count_new_rows(count_outcomes.person_id, count_outcomes.model_type, count_outcomes.since,
                                  clock_timestamp());
  END IF;
  RETURN (SELECT count(DISTINCT floor(extract(epoch FROM r.measured_at) / 21600)) FROM glucose.glucose_reading r
          WHERE r.person_id = count_outcomes.person_id AND r.measured_at > count_outcomes.since);
END
$fn$;
COMMENT ON FUNCTION glucose.count_outcomes(uuid, text, timestamptz) IS
'Internal: part of check_update(): what two versions can be compared on since a moment: meals with a known outcome, or '
'stretches of six hours with readings.';

CREATE FUNCTION glucose.check_update(person_id uuid, model_type text DEFAULT 'glucose',
  OUT needed boolean, OUT reasons text[], OUT new_outcomes integer, OUT days_since integer, OUT version text,
  OUT why_not text, OUT so_far text, OUT algorithm text, OUT settings jsonb, OUT population_version text,
  OUT known_until timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  outcomes integer;
  age interval;
  task record;
  active record;
  tried_at timestamptz;
  learnt_at timestamptz;
  by_hand boolean;
BEGIN
  -- It is of the library, which is there from now on and has the settings.
  PERFORM glucose.require_person(check_update.person_id);
  outcomes := current_setting('glucose.update_outcomes')::integer;
  age := current_setting('glucose.update_interval')::interval;
  task := glucose.model_type(check_update.model_type);
  SELECT v.version, v.trained_at, v.withdrawn_at, v.hyperparameters, v.metadata INTO active
  FROM glucose.model_version v
  WHERE v.person_id = check_update.person_id AND v.model_type = check_update.model_type AND v.is_active;
  version := active.version;
  needed := false;
  reasons := '{}';
  known_until := glucose.time_or_null(active.metadata ->> 'test_end');
  why_not := CASE WHEN version IS NULL THEN 'no active model'
                  WHEN active.withdrawn_at IS NOT NULL THEN 'what serves was withdrawn: a training is due'
                  WHEN known_until IS NULL THEN 'the active version was not trained here' END;
  IF why_not IS NOT NULL THEN
    RETURN;
  END IF;
  -- As it was trained, but on what there is now. What horizons there are is a recipe's choice where it listens to it.
  algorithm := active.hyperparameters ->> 'algorithm';
  settings := active.hyperparameters - 'algorithm' - 'end_at'
              - CASE WHEN task.about_meals THEN '' ELSE 'horizons' END;
  population_version := active.metadata ->> 'population_version';
  -- A try that changed nothing counts, or the same outcomes would be looked at every night.
  SELECT max(u.tried_at) INTO tried_at FROM glucose.model_update u
  WHERE u.person_id = check_update.person_id AND u.model_type = check_update.model_type;
  new_outcomes := glucose.count_outcomes(check_update.person_id, check_update.model_type,
                                         greatest(known_until, tried_at));
  -- A training up to a moment in the past knows nothing later: it is as old as that.
  learnt_at := greatest(tried_at, least(active.trained_at, glucose.time_or_null(active.hyperparameters ->> 'end_at')));
  days_since := greatest(extract(epoch FROM clock_timestamp() - learnt_at) / 86400, 0);
  IF new_outcomes >= outcomes THEN
    reasons := reasons || format('%s new %s', new_outcomes, task.units_are);
  END IF;
  IF learnt_at <= clock_timestamp() - age THEN
    reasons := reasons || format('%s days since the last update or training', days_since);
  END IF;
  by_hand := (glucose.retraining_rules(check_update.person_id, check_update.model_type)).manual;
  needed := reasons <> '{}' AND new_outcomes > 0 AND NOT by_hand;
  so_far := format('%s new %s, %s days since the last update or training', new_outcomes, task.units_are, days_since)
            || CASE WHEN by_hand THEN ', and by hand alone' ELSE '' END;
END
$fn$;
COMMENT ON FUNCTION glucose.check_update(uuid, text) IS
'Whether the person''s own part of the model that serves is due to be learnt anew, and why, or why it cannot be; and '
'how that version was trained.';

CREATE FUNCTION glucose.update_model(person_id uuid, model_type text DEFAULT 'glucose', options jsonb DEFAULT '{}')
RETURNS glucose.update_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_update_model';
COMMENT ON FUNCTION glucose.update_model(uuid, text, jsonb) IS
'Learns what is the person''s own of the model that serves anew, without a training, when it is due or with option '
'force; the result serves as a PATCH version when it is not worse on what came since.';

CREATE FUNCTION glucose.update_queue(model_type text) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(update_queue.model_type);
  RETURN (SELECT coalesce(array_agg(v.person_id ORDER BY l.tried_at NULLS FIRST, v.person_id), '{}')
          FROM glucose.model_version v
          LEFT JOIN LATERAL (SELECT max(u.tried_at) AS tried_at FROM glucose.model_update u
            WHERE u.person_id = v.person_id AND u.model_type = v.model_type) l ON true
          WHERE v.model_type = update_queue.model_type AND v.is_active AND v.withdrawn_at IS NULL
            AND glucose.may_train(v.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.update_queue(text) IS
'Internal: part of update_due(): the persons with a model of the type that the caller may manage, those not tried for '
'longest first.';

CREATE FUNCTION glucose.update_one(person_id uuid, model_type text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF NOT EXISTS (SELECT FROM glucose.person p WHERE p.person_id = update_one.person_id)
     OR NOT (glucose.check_update(update_one.person_id, update_one.model_type)).needed THEN
    RETURN NULL;
  END IF;
  -- It looks again under the lock.
  RETURN (glucose.update_model(update_one.person_id, update_one.model_type)).status;
EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query; nobody else's night ends because of one person
  RAISE WARNING 'the model of person % was not updated: %', update_one.person_id, SQLERRM USING ERRCODE = SQLSTATE;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.update_one(uuid, text) IS
'Internal: part of update_due(): one person, if due; the status, or NULL when nothing was tried.';

-- As work_through(): it commits, so it only calls functions and uses no operator.
CREATE PROCEDURE glucose.update_due(model_type text DEFAULT 'glucose', max_persons integer DEFAULT 10000,
  time_budget interval DEFAULT '1 hour')
LANGUAGE plpgsql
AS $fn$
DECLARE
  outcomes pg_catalog.text[] := '{}';
BEGIN
  CALL glucose.work_through('update', model_type, max_persons, time_budget, NULL, outcomes);
  RAISE NOTICE 'updates: % updated, % kept, % skipped',
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'updated')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'kept')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'skipped'));
END
$fn$;
COMMENT ON PROCEDURE glucose.update_due(text, integer, interval) IS
'update_model() of everyone the caller may manage and who is due, those not tried for longest first, committing after '
'each. Run it every night; it can be stopped at any moment and run again.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.dashboard_charts(since timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  out text := '';
  days text[];
  drawn text;
BEGIN
  SELECT array_agg(to_char(d, 'YYYY-MM-DD') ORDER BY d) INTO days
  FROM generate_series(greatest(since, now() - interval '1000 days')::date, current_date, interval '1 day') d;
  WITH day AS (SELECT to_char(p.issued_at, 'YYYY-MM-DD') AS day, count(*) AS n, count(p.cached_from) AS cached,
                      percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms) AS median,
                      percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) AS p95
               FROM glucose.prediction p WHERE p.issued_at >= since GROUP BY 1),
  filled AS (SELECT l.i, coalesce(d.n, 0) AS n, coalesce(d.cached, 0) AS cached, d.median, d.p95
             FROM unnest(days) WITH ORDINALITY l (day, i) LEFT JOIN day d ON d.day = l.day)
  SELECT '<section><h2>Answers a day</h2>'
         || glucose.svg_lines('Answers a day', 'answers', days, '{answers,of them from the log}',
                              array_agg(f.n::float8 ORDER BY f.i) || array_agg(f.cached::float8 ORDER BY f.i))
         || '</section><section><h2>How long an answer takes</h2>'
         || glucose.svg_lines('Latency of answers', 'ms', days, '{median,95 %}',
                              array_agg(f.median ORDER BY f.i) || array_agg(f.p95 ORDER BY f.i)) || '</section>'
  INTO drawn FROM filled f;
  out := out || drawn;
  WITH sample AS (SELECT to_char(h.sampled_at, 'YYYY-MM-DD') AS day, h.name, max(h.value) AS value
                  FROM glucose.health_sample h WHERE h.sampled_at >= since GROUP BY 1, 2)
  SELECT '<section><h2>Size of the tables</h2>'
         || glucose.svg_lines('Size of the tables', 'MB', days, '{MB}', array_agg(b.value / 1e6 ORDER BY l.i))
         || '</section><section><h2>Open jobs</h2>'
         || glucose.svg_lines('Most open jobs', 'jobs', days, '{jobs}', array_agg(j.value ORDER BY l.i)) || '</section>'
  INTO drawn
  FROM unnest(days) WITH ORDINALITY l (day, i) LEFT JOIN sample b ON b.day = l.day AND b.name = 'bytes'
  LEFT JOIN sample j ON j.day = l.day AND j.name = 'open_jobs';
  out := out || drawn;
  -- A picture for each kind of forecast: its error by what answered, over the horizons.
  FOR drawn IN
    WITH day AS (SELECT p.model_type, p.source, to_char(p.day, 'YYYY-MM-DD') AS day,
                        sum(p.sum_absolute) / sum(p.n) AS mae, sum(p.n_inside)::float8 / sum(p.n) AS coverage
                 FROM glucose.performance_log p WHERE p.days = 1 AND p.day >= since::date GROUP BY 1, 2, 3),
    source AS (SELECT DISTINCT d.model_type, d.source FROM day d),
    filled AS (SELECT s.model_type, s.source, l.i, d.mae, 100 * d.coverage AS coverage
               FROM source s CROSS JOIN unnest(days) WITH ORDINALITY l (day, i)
               LEFT JOIN day d ON d.model_type = s.model_type AND d.source = s.source AND d.day = l.day),
    series AS (SELECT f.model_type, array_agg(f.mae ORDER BY f.source, f.i) AS mae,
                      array_agg(f.coverage ORDER BY f.source, f.i) AS coverage FROM filled f GROUP BY 1)
    SELECT '<section><h2>Errors of ' || glucose.html(s.model_type) || '</h2>'
           || glucose.svg_lines('Mean absolute error of ' || s.model_type, glucose.unit_of(s.model_type), days, n.names,
           s.mae)
           || '</section><section><h2>What intervals of ' || glucose.html(s.model_type) || ' held</h2>'
           || glucose.svg_lines('Coverage of the intervals of ' || s.model_type, '%', days, n.names, s.coverage,
                              false)
           || '</section>'
    FROM series s CROSS JOIN LATERAL (SELECT array_agg(x.source ORDER BY x.source) AS names FROM source x
                                      WHERE x.model_type = s.model_type) n
    WHERE cardinality(n.names) <= 6 ORDER BY s.model_type LIMIT 12
  LOOP
    out := out || drawn;
  END LOOP;
  RETURN '<div class="charts">' || out || '</div>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_charts(timestamptz) IS
'Internal: part of dashboard(): what goes over time.';

CREATE FUNCTION glucose.dashboard_alerts() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  minute CONSTANT text := 'YYYY-MM-DD HH24:MI';
BEGIN
  -- A list and no table: what an alert says is read on a phone without moving anything.
  RETURN '<section><h2>Alerts</h2>' || coalesce((
      SELECT '<ul class="alerts">' || string_agg(format(
               '<li><strong>%s</strong> <span class="%s">%s</span>%s: %s <span class="soft">since %s</span></li>',
               glucose.html(concat_ws(' ', a.kind, nullif(a.subject, ''))), a.severity, a.severity,
               CASE a.persons WHEN 0 THEN '' WHEN 1 THEN ' of one person' ELSE format(' of %s persons', a.persons) END,
               glucose.html(a.message), to_char(a.since, minute)), '' ORDER BY a.place, a.since, a.kind, a.subject)
             || '</ul>'
      FROM (SELECT x.kind, x.subject, x.severity, count(x.person_id) AS persons, min(x.message) AS message,
                   min(x.first_seen) AS since,
                   array_position(ARRAY['critical', 'warning', 'info'], x.severity) AS place
            FROM glucose.active_alerts x GROUP BY 1, 2, 3) a), '<p class="none">None is open.</p>') || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_alerts() IS
'Internal: part of dashboard(): what is open, without persons.';

CREATE FUNCTION glucose.dashboard_tables(since timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  minute CONSTANT text := 'YYYY-MM-DD HH24:MI';
BEGIN
  RETURN '<section><h2>Models</h2>'
    || glucose.html_table('Served since then, by kind, what answered and its five newest versions',
    '{model type,answered by,version,persons,outcomes,mean error,coverage}', (
      SELECT array_agg(c.cell ORDER BY m.model_type, m.source, m.place, c.i)
      FROM (SELECT x.*, row_number() OVER (PARTITION BY x.model_type, x.source
                                           ORDER BY glucose.version_parts(x.version) DESC) AS place
            FROM (SELECT p.model_type, p.source, p.version, count(DISTINCT p.person_id) AS persons, sum(p.n) AS n,
                         sum(p.sum_absolute) / sum(p.n) AS mae, sum(p.n_inside)::float8 / sum(p.n) AS coverage
                  FROM glucose.performance_log p WHERE p.day >= since::date GROUP BY 1, 2, 3) x) m
      CROSS JOIN LATERAL unnest(ARRAY[m.model_type, m.source, m.version, m.persons::text, m.n::text,
        round(m.mae::numeric, 2) || ' ' || glucose.unit_of(m.model_type), round(100 * m.coverage::numeric) || ' %'])
        WITH ORDINALITY c (cell, i)
      WHERE m.place <= 5))
    || glucose.html_table('Versions that serve', '{model type,algorithm,models,ready,withdrawn,newest}', (
      SELECT array_agg(c.cell ORDER BY v.model_type, v.algorithm, c.i)
      FROM (SELECT x.model_type, x.algorithm, count(*) AS n, count(*) FILTER (WHERE x.is_production_ready) AS ready,
                   count(x.withdrawn_at) AS withdrawn, max(x.trained_at) AS newest
            FROM glucose.model_version x WHERE x.is_active GROUP BY 1, 2) v
      CROSS JOIN LATERAL unnest(ARRAY[v.model_type, v.algorithm, v.n::text, v.ready::text, v.withdrawn::text,
        to_char(v.newest, minute)]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Taken from service', '{when,model type,what,worse than,outcomes,error,instead of}', (
      SELECT array_agg(c.cell ORDER BY k.checked_at DESC, k.person_id, k.model_type, c.i)
      FROM (SELECT * FROM glucose.model_check x WHERE x.checked_at >= since ORDER BY x.checked_at DESC LIMIT 20) k
      CROSS JOIN LATERAL unnest(ARRAY[to_char(k.checked_at, minute), k.model_type, k.action,
        CASE WHEN k.against IN ('population', 'baseline') THEN k.against ELSE 'version before' END, k.n::text,
        round(k.mae::numeric, 1)::text, round(k.mae_against::numeric, 1)::text]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Trainings that drift has asked for', '{when,model type,state,found}', (
      SELECT array_agg(c.cell ORDER BY d.queued_at DESC, d.job_id, c.i)
      FROM (SELECT * FROM glucose.training_job x WHERE x.reason LIKE 'drift of %' AND x.queued_at >= since
            ORDER BY x.queued_at DESC LIMIT 20) d
      CROSS JOIN LATERAL unnest(ARRAY[to_char(d.queued_at, minute), d.model_type, d.state, d.reason])
        WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Deployments and experiments</h2>'
    || glucose.html_table('Deployments by week', '{week,model type,deployments,of them rollbacks}', (
      SELECT array_agg(c.cell ORDER BY d.week DESC, d.model_type, c.i)
      FROM (SELECT date_trunc('week', x.deployed_at) AS week, x.model_type, count(*) AS n,
                   count(*) FILTER (WHERE x.reason = 'rollback') AS back
            FROM glucose.deployment x WHERE x.deployed_at >= since GROUP BY 1, 2 ORDER BY 1 DESC LIMIT 20) d
      CROSS JOIN LATERAL unnest(ARRAY[to_char(d.week, 'YYYY-MM-DD'), d.model_type, d.n::text, d.back::text])
        WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Experiments', '{name,model type,kind,part,state,since}', (
      SELECT array_agg(c.cell ORDER BY e.started_at DESC, e.name, e.model_type, c.i)
      FROM (SELECT * FROM glucose.experiment x WHERE x.state = 'running' OR x.started_at >= since
            ORDER BY x.started_at DESC LIMIT 20) e
      CROSS JOIN LATERAL unnest(ARRAY[e.name, e.model_type, e.kind, e.percent || ' %', e.state,
        to_char(e.started_at, minute)]) WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Jobs</h2>'
    || glucose.html_table('Trainings in the background', '{model type,queued,running,done,failed,cancelled}', (
      SELECT array_agg(c.cell ORDER BY j.model_type, c.i)
      FROM (SELECT t.model_type, count(*) FILTER (WHERE t.state = 'queued') AS queued,
                   count(*) FILTER (WHERE t.state = 'running') AS running,
                   count(*) FILTER (WHERE t.state = 'done') AS done,
                   count(*) FILTER (WHERE t.state = 'failed') AS failed,
                   count(*) FILTER (WHERE t.state = 'cancelled') AS cancelled
            FROM glucose.training_job t WHERE t.queued_at >= since OR t.state IN ('queued', 'running') GROUP BY 1) j
      CROSS JOIN LATERAL unnest(ARRAY[j.model_type, j.queued::text, j.running::text, j.done::text, j.failed::text,
        j.cancelled::text]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Retraining', '{model type,deployed,rejected,skipped}', (
      SELECT array_agg(c.cell ORDER BY r.model_type, c.i)
      FROM (SELECT x.model_type, count(*) FILTER (WHERE x.status = 'deployed') AS deployed,
                   count(*) FILTER (WHERE x.status = 'rejected') AS rejected,
                   count(*) FILTER (WHERE x.status = 'skipped') AS skipped
            FROM glucose.retraining_log x WHERE x.logged_at >= since GROUP BY 1) r
      CROSS JOIN LATERAL unnest(ARRAY[r.model_type, r.deployed::text, r.rejected::text, r.skipped::text])
        WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Latest answers</h2>'
    || glucose.html_table('The last twenty, without person and value', '{at,model type,answered by,version,ms}', (
      SELECT array_agg(c.cell ORDER BY p.issued_at DESC, p.prediction_id, c.i)
      FROM (SELECT * FROM glucose.prediction x WHERE x.purged_at IS NULL ORDER BY x.issued_at DESC LIMIT 20) p
      CROSS JOIN LATERAL unnest(ARRAY[to_char(p.issued_at, 'YYYY-MM-DD HH24:MI:SS'), p.model_type, p.source, p.version,
        round(p.latency_ms::numeric, 1)::text]) WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>System</h2>'
    || glucose.html_table('Whether it works', '{part,status,says}', (
      SELECT array_agg(c.cell ORDER BY s.i, c.i)
      FROM glucose.service_status() WITH ORDINALITY s (component, status, detail, i)
      CROSS JOIN LATERAL unnest(ARRAY[s.component, s.status, s.detail]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('How current it is', '{what,at}', ARRAY[
      'newest reading', (SELECT to_char(max(r.last), minute) FROM glucose.person p
        CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                            WHERE g.person_id = p.person_id AND g.measured_at <= now()) r),
      'last answer', (SELECT to_char(max(x.issued_at), minute) FROM glucose.prediction x WHERE x.purged_at IS NULL),
      'newest day of outcomes', (SELECT max(x.day)::text FROM glucose.performance_log x),
      'last health check, to the hour', (SELECT to_char(max(x.sampled_at), minute) FROM glucose.health_sample x
        WHERE x.sampled_at <= now())])
    || glucose.html_table('Size on disk', '{table,size,rows about}', (
      SELECT array_agg(c.cell ORDER BY t.bytes DESC, t.name, c.i)
      FROM (SELECT x.relname::text AS name, pg_total_relation_size(x.oid) AS bytes, x.reltuples FROM pg_class x
            WHERE x.relnamespace = 'glucose'::regnamespace AND x.relkind = 'r' ORDER BY 2 DESC LIMIT 10) t
      CROSS JOIN LATERAL unnest(ARRAY[t.name, pg_size_pretty(t.bytes),
        CASE WHEN t.reltuples >= 0 THEN t.reltuples::bigint::text END]) WITH ORDINALITY c (cell, i))) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_tables(timestamptz) IS
'Internal: part of dashboard(): what is counted.';

CREATE FUNCTION glucose.dashboard(since timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  from_then CONSTANT timestamptz := coalesce(since, now() - interval '30 days');
  tiles text;
BEGIN
  PERFORM glucose.require_watcher();
  IF NOT isfinite(from_then) THEN
    RAISE EXCEPTION 'argument "since" must be a finite time' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT string_agg(format('<li><strong>%s</strong>%s</li>', glucose.html(coalesce(t.value, '–')), t.name), ''
    ORDER BY t.i)
  INTO tiles
  FROM (SELECT count(*) FILTER (WHERE p.issued_at >= current_date) AS today,
               count(*) FILTER (WHERE p.issued_at >= from_then) AS n,
               count(p.cached_from) FILTER (WHERE p.issued_at >= from_then) AS cached,
               percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY p.latency_ms)
                 FILTER (WHERE p.issued_at >= from_then) AS ms
        FROM glucose.prediction p WHERE p.issued_at >= least(from_then, current_date)) answered
  CROSS JOIN LATERAL (VALUES
    (1, 'models that serve', (SELECT count(*)::text FROM glucose.model_version v WHERE v.is_active)),
    (2, 'persons', (SELECT count(*)::text FROM glucose.person)),
    (3, 'answers today', answered.today::text),
    (4, 'answers since then', answered.n::text),
    (5, 'ms, median', round(answered.ms[1]::numeric, 1)::text),
    (6, 'ms, 95 %', round(answered.ms[2]::numeric, 1)::text),
    (9, 'from the log', round(100.0 * answered.cached / nullif(answered.n, 0), 1) || ' %'),
    (7, 'open jobs', (SELECT count(*)::text FROM glucose.training_job j WHERE j.state IN ('queued', 'running'))),
    (8, 'open alerts', (SELECT count(*)::text FROM glucose.active_alerts))) t (i, name, value);
  RETURN glucose.html_page('Forecasts and models',
    format('<p class="soft">%s to %s, times of zone %s. For operators: no person and no glucose value is on this page.'
           '</p>',
           to_char(from_then, 'YYYY-MM-DD HH24:MI'), to_char(now(), 'YYYY-MM-DD HH24:MI'),
           glucose.html(current_setting('TimeZone'))),
    '<ul class="tiles">' || tiles || '</ul>' || glucose.dashboard_alerts() || glucose.dashboard_charts(from_then)
    || glucose.dashboard_tables(from_then),
    format('<p>pg_glucose %s, tables of version %s, PostgreSQL %s. %s</p>', glucose.html(glucose.version()),
           (SELECT max(v.version) FROM glucose.schema_version v), glucose.html(current_setting('server_version')),
           glucose.html(glucose.disclaimer())));
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard(timestamptz) IS
'One HTML page about answers, errors, alerts, jobs, versions and experiments since a moment, by default of 30 days; it '
'needs nothing from elsewhere. For the owner of the tables and the steward.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.rate_limits(OUT identity text, OUT kind text, OUT per_minute integer, OUT available integer,
  OUT next_at timestamptz) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED ROWS 100 AS 'MODULE_PATHNAME', 'glucose_rate_limits';
COMMENT ON FUNCTION glucose.rate_limits() IS
'Who has asked in the last minute and how many calls each has left; the owner of the tables and stewards see '
'everybody, others themselves.';

CREATE FUNCTION glucose.call_costs(OUT function_name text, OUT kind text) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 50 AS 'MODULE_PATHNAME', 'glucose_call_costs';
COMMENT ON FUNCTION glucose.call_costs() IS
'Which functions the rate limits count, and whether as a prediction or as expensive.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.record_outcome(prediction_id uuid, outcome jsonb, unit text DEFAULT NULL,
  person_id uuid DEFAULT NULL) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_record_outcome';
COMMENT ON FUNCTION glucose.record_outcome(uuid, jsonb, text, uuid) IS
'Stores what came of a logged answer, for applications whose truth is not in the tables: a value, true or false, or '
'values by minutes ahead; said again, the last word counts. How many were stored.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.report_words(lang text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_object_agg(t.key, CASE report_words.lang WHEN 'de' THEN t.de ELSE t.en END) FROM (VALUES
    ('title', 'Glucose report', 'Glukosebericht'),
    ('period', '%s to %s %s, times of %s.', '%s bis %s %s, Uhrzeit von %s.'),
    ('made', 'Made %s with pg_glucose %s for person %s.', 'Erstellt am %s mit pg_glucose %s für Person %s.'),
    ('nothing', 'There are no readings of this person yet. A report needs some; %s days are usual.',
     'Von dieser Person gibt es noch keine Messwerte. Ein Bericht braucht welche; üblich sind %s Tage.'),
    ('too_few',
    'There are readings for %s %% of %s days. Below 70 %% of 14 days these numbers say little of usual days.',
     'Messwerte gibt es für %s %% von %s Tagen. Unter 70 %% von 14 Tagen sagen diese Zahlen wenig über '
     'gewöhnliche Tage.'),
    ('table', 'As a table', 'Als Tabelle'),
    ('yes', 'yes', 'ja'), ('no', 'no', 'nein'), ('none', 'none', 'keine'),
    -- Statistics and goals.
    ('statistics', 'Statistics and goals', 'Kennzahlen und Ziele'),
    ('in_range', 'in range, %s to %s %s', 'im Zielbereich, %s bis %s %s'),
    ('mean', 'mean, %s', 'Mittelwert, %s'),
    ('gmi', 'GMI, glucose management indicator', 'GMI, Glukose-Management-Indikator'),
    ('cv', 'CV, variation', 'VK, Schwankung'),
    ('covered', 'of the time has data', 'der Zeit mit Daten'),
    ('readings', 'readings', 'Messwerte'),
    ('shares', 'Share of time', 'Anteil der Zeit'),
    ('very_high_pct', 'very high, above %s', 'sehr hoch, über %s'),
    ('high_only', 'high, %s to %s', 'hoch, %s bis %s'),
    ('in_range_pct', 'in range, %s to %s', 'im Zielbereich, %s bis %s'),
    ('low_only', 'low, %s to %s', 'niedrig, %s bis %s'),
    ('very_low_pct', 'very low, below %s', 'sehr niedrig, unter %s'),
    ('goals', 'Goals of the consensus of 2019', 'Ziele des Konsenses von 2019'),
    ('goals_standard', 'Goals for most people with type 1 or type 2.',
    'Ziele für die meisten Menschen mit Typ 1 oder Typ 2.'),
    ('goals_older', 'Goals for older people.', 'Ziele für ältere Menschen.'),
    ('goals_pregnancy', 'Ranges and goals for pregnancy.', 'Bereiche und Ziele in der Schwangerschaft.'),
    ('goal_head', '{what,value,goal,met}', '{was,Wert,Ziel,erreicht}'),
    ('goal_in_range_pct', 'in range', 'im Zielbereich'), ('goal_low_pct', 'below %s', 'unter %s'),
    ('goal_very_low_pct', 'below %s', 'unter %s'), ('goal_high_pct', 'above %s', 'über %s'),
    ('goal_very_high_pct', 'above %s', 'über %s'), ('goal_cv_pct', 'variation (CV)', 'Schwankung (VK)'),
    ('at_least', 'at least %s %%', 'mindestens %s %%'), ('below', 'below %s %%', 'unter %s %%'),
    ('numbers', 'All numbers', 'Alle Zahlen'),
    ('number_head', '{number,value}', '{Zahl,Wert}'),
    ('sd', 'standard deviation, %s', 'Standardabweichung, %s'),
    ('tight', 'tight range, 70 to 140 mg/dL (3.9 to 7.8 mmol/L)',
    'enger Bereich, 70 bis 140 mg/dL (3,9 bis 7,8 mmol/L)'),
    ('low_episodes', 'episodes below %s, 15 minutes and longer', 'Episoden unter %s, 15 Minuten und länger'),
    ('high_episodes', 'episodes above %s, 15 minutes and longer', 'Episoden über %s, 15 Minuten und länger'),
    ('of_them', 'of them beyond %s', 'davon jenseits von %s'),
    ('risk', 'LBGI and HBGI, indices of lows and highs', 'LBGI und HBGI, Indizes für niedrige und hohe Werte'),
    ('gri', 'GRI, glycemia risk index', 'GRI, Glykämie-Risiko-Index'),
    ('mage', 'MAGE, mean amplitude of excursions, %s', 'MAGE, mittlere Amplitude der Ausschläge, %s'),
    ('modd', 'MODD, difference to the day before, %s', 'MODD, Unterschied zum Vortag, %s'),
    ('conga', 'CONGA, differences within %s h, %s', 'CONGA, Unterschiede innerhalb von %s h, %s'),
    ('adrr', 'ADRR, average daily risk range', 'ADRR, mittlere tägliche Risikospanne'),
    ('j_index', 'J-index', 'J-Index'),
    ('days_with', 'days with readings', 'Tage mit Messwerten'),
    -- Profile and days.
    ('profile', 'A usual day', 'Ein gewöhnlicher Tag'),
    ('profile_says', 'All days laid over one another. In half of them glucose was within the dark band, in nine '
      'of ten within the light one.',
     'Alle Tage übereinandergelegt. An der Hälfte lag die Glukose im dunklen Band, an neun von zehn im hellen.'),
    ('profile_alt', 'Ambulatory glucose profile: the median is lowest at %s with %s and highest at %s with %s %s',
     'Ambulantes Glukoseprofil: Der Median ist am niedrigsten um %s mit %s und am höchsten um %s mit %s %s'),
    ('band_wide', '5 to 95 %', '5 bis 95 %'), ('band_narrow', '25 to 75 %', '25 bis 75 %'),
    ('median', 'median', 'Median'),
    ('profile_head', '{from,5 %,25 %,median,75 %,95 %,readings}', '{ab,5 %,25 %,Median,75 %,95 %,Messwerte}'),
    ('profile_table', 'Percentiles by half-hour, %s', 'Perzentile je halbe Stunde, %s'),
    ('days', 'Day by day', 'Tag für Tag'),
    ('days_say', 'Each day from midnight to midnight, %s to %s %s; the green band is the range of %s to %s. The '
      'share is the time in it.',
     'Jeder Tag von Mitternacht bis Mitternacht, %s bis %s %s; das grüne Band ist der Bereich von %s bis %s. Der '
     'Anteil ist die Zeit darin.'),
    ('days_cut', 'The latest %s days.', 'Die letzten %s Tage.'),
    ('day_head', '{day,time with data,mean,in range,low,high,lows,highs}',
    '{Tag,Zeit mit Daten,Mittelwert,im Bereich,niedrig,hoch,niedrige Episoden,hohe Episoden}'),
    ('day_table', 'Days, levels in %s', 'Tage, Werte in %s'),
    -- Patterns.
    ('patterns', 'Patterns', 'Muster'),
    ('patterns_none', 'No pattern that chance would not explain.', 'Kein Muster, das nicht auch Zufall sein kann.'),
    ('patterns_too_few', 'Too few days to look for patterns: times of day and meals need nine, days of the week nine '
      'weeks.',
     'Zu wenige Tage, um nach Mustern zu suchen: Tageszeiten und Mahlzeiten brauchen neun, Wochentage neun Wochen.'),
    ('patterns_say', '%s comparisons were looked at, over up to %s days to the newest reading. Named '
      'is what still holds when it is taken into account that so many were looked at (false-discovery '
      'rate of at most 3 %%). No cause is named.',
     '%s Vergleiche wurden angesehen, an bis zu %s Tagen bis zum neuesten Messwert. '
     'Genannt ist, was auch dann noch gilt, wenn man berücksichtigt, dass so viele angesehen wurden '
     '(Falschentdeckungsrate höchstens 3 %%). Eine Ursache ist nicht genannt.'),
    -- Data.
    ('quality', 'Quality of the data', 'Qualität der Daten'),
    ('quality_of', 'What the numbers above rest on', 'Worauf die Zahlen oben beruhen'),
    ('quality_head', '{what,how much}', '{was,wie viel}'),
    ('step', 'usual distance of readings', 'üblicher Abstand der Messwerte'),
    ('minutes', '%s min', '%s min'), ('hours', '%s h', '%s h'),
    ('gap', 'gaps without readings', 'Lücken ohne Messwerte'),
    ('gap_longest', 'longest gap', 'längste Lücke'),
    ('warm_up', 'gaps after which perhaps a new sensor began', 'Lücken, nach denen vielleicht ein neuer Sensor begann'),
    ('stuck', 'stretches of an hour and more with the same reading',
     'Strecken von einer Stunde und mehr mit demselben Wert'),
    ('jump', 'jumps, faster than glucose changes', 'Sprünge, schneller als Glukose sich ändert'),
    ('two_sensors', 'stretches whose readings contradict each other, perhaps of two sensors',
     'Strecken, deren Werte sich widersprechen, vielleicht von zwei Sensoren'),
    ('compression_low', 'sudden falls after a steady hour, perhaps pressure on the sensor',
     'plötzliche Abfälle nach einer ruhigen Stunde, vielleicht Druck auf den Sensor'),
    ('at_limit', 'readings at the limit of a sensor (40 and below, 400 and above mg/dL)',
     'Messwerte an der Grenze eines Sensors (40 und weniger, 400 und mehr mg/dL)'),
    ('late', 'readings that arrived an hour late or later', 'Messwerte, die eine Stunde oder mehr zu spät ankamen'),
    ('meals', 'meals logged', 'erfasste Mahlzeiten'),
    ('with_carbs_known', 'of them with carbohydrate', 'davon mit Kohlenhydraten'),
    ('newest', 'newest reading', 'neuester Messwert')) t (key, en, de));
END
$fn$;
COMMENT ON FUNCTION glucose.report_words(text) IS
'Internal: part of page_words(): those of glucose_report() about what was measured.';

CREATE FUNCTION glucose.forecast_words(lang text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_object_agg(t.key, CASE forecast_words.lang WHEN 'de' THEN t.de ELSE t.en END) FROM (VALUES
    ('forecasts', 'Forecasts against what happened', 'Vorhersagen und was geschah'),
    ('forecasts_none', 'No forecast of these days has an outcome yet that its model had not seen.',
     'Für diese Tage gibt es noch keine Vorhersage mit einem Ausgang, den ihr Modell nicht kannte.'),
    ('forecasts_say', 'Only outcomes that the model had not seen. A range of 90 % is meant to hold nine of ten; '
      'the table says how many it held, and what could be chance.',
     'Nur Ausgänge, die das Modell nicht kannte. Ein 90-%-Bereich soll neun von zehn halten; die Tabelle sagt, '
     'wie viele er hielt, und was Zufall sein kann.'),
    ('type_glucose', 'after meals', 'nach Mahlzeiten'), ('type_cgm', 'from readings alone', 'allein aus Messwerten'),
    ('source_personal', 'own model', 'eigenes Modell'), ('source_population', 'model of many', 'Modell aus vielen'),
    ('source_baseline', 'without a model', 'ohne Modell'),
    ('latest', 'Latest forecasts %s, %s minutes ahead', 'Letzte Vorhersagen %s, %s Minuten voraus'),
    ('latest_alt', '%s forecasts: %s of the outcomes were within the range',
    '%s Vorhersagen: %s der Ausgänge lagen im Bereich'),
    ('latest_head', '{asked,forecast,range,what happened,held}', '{gefragt,Vorhersage,Bereich,was geschah,gehalten}'),
    ('accuracy_head', '{forecasts,held (said),by chance,outcomes,error on average,usual width of range,answered by}',
     '{Vorhersagen,gehalten (gesagt),durch Zufall,Ausgänge,Fehler im Mittel,übliche Breite,geantwortet hat}'),
    ('held_of_said', '%s %% (%s %%)', '%s %% (%s %%)'),
    ('accuracy', 'How far off they were', 'Wie weit sie daneben lagen'),
    ('between', '%s to %s %%', '%s bis %s %%'),
    ('held_as_said', 'The ranges held what they say, as far as so many outcomes can tell.',
     'Die Bereiche hielten, was sie sagen, soweit so viele Ausgänge das zeigen können.'),
    ('held_less', 'Ranges marked with ! held less often than they say.',
    'Mit ! bezeichnete Bereiche hielten seltener, als sie sagen.'),
    ('close',
    'Forecasts %s were said to be close (within %s %s or 20 %%) with a chance of %s %% on average; %s %% of %s were.',
     'Vorhersagen %s sollten nahe liegen (%s %s oder 20 %%), im Mittel mit einer Chance von %s %%; bei %s %% von '
     '%s war es so.'),
    ('model', 'The model of this person', 'Das Modell dieser Person'),
    ('model_none',
    'This person has no model of its own. Where there is one of many people, that answers, with wider ranges.',
     'Diese Person hat noch kein eigenes Modell. Wo es eines aus vielen Menschen gibt, antwortet dieses, mit '
     'breiteren Bereichen.'),
    ('model_say', 'Measured when it was trained, on the last part of the data, which it had not seen; beside it '
      'what "glucose stays as it is" would have come to.',
     'Gemessen beim Training, am letzten Teil der Daten, den es nicht kannte; daneben, was "die Glukose bleibt, '
     'wie sie ist" ergeben hätte.'),
    ('model_table', 'Models that answer', 'Modelle, die antworten'),
    ('model_head', '{forecasts,version,kind,trained,learnt from,measured on,error,without a model,good enough}',
     '{Vorhersagen,Version,Art,trainiert,gelernt aus,gemessen an,Fehler,ohne Modell,gut genug}'),
    ('good_enough', 'Good enough: it passed all checks, of its error, of what it explains, of its ranges and of '
      'how many outcomes they rest on.',
     'Gut genug: Es bestand alle Prüfungen, des Fehlers, dessen, was es erklärt, der Bereiche und der Zahl der '
     'Ausgänge.'),
    ('withdrawn', 'taken from service', 'aus dem Dienst genommen'),
    ('better', 'Forecasts %s: the error is %s %% smaller than without a model.',
    'Vorhersagen %s: Der Fehler ist %s %% kleiner als ohne Modell.'),
    ('no_better', 'Forecasts %s: no better than without a model. What serves then is wide and says so.',
     'Vorhersagen %s: nicht besser als ohne Modell. Was dann antwortet, ist breit und sagt es.')) t (key, en, de));
END
$fn$;
COMMENT ON FUNCTION glucose.forecast_words(text) IS
'Internal: part of page_words(): those of glucose_report() about forecasts and models.';

CREATE FUNCTION glucose.page_words(lang text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- A percent sign stays with its number.
  RETURN replace(((SELECT jsonb_object_agg(t.key, CASE page_words.lang WHEN 'de' THEN t.de ELSE t.en END) FROM (VALUES
    ('readings_before', 'readings before', 'Messwerte davor'),
    ('what_happened', 'what happened', 'was geschah'),
    ('forecast', 'forecast', 'Vorhersage'),
    ('range_of', '%s %% range', '%s-%%-Bereich'),
    ('forecast_after', 'Forecast after %s%s, %s, %s', 'Vorhersage nach: %s%s, %s, %s'),
    ('with_carbs', ', %s g carbohydrate', ', %s g Kohlenhydrate'),
    ('forecast_at', 'Forecast from readings alone, %s, %s', 'Vorhersage allein aus Messwerten, %s, %s'),
    ('no_readings', 'no readings', 'keine Messwerte'),
    ('from_to', '%s to %s %s', '%s bis %s %s'),
    ('breakfast', 'breakfast', 'Frühstück'),
    ('lunch', 'lunch', 'Mittagessen'),
    ('dinner', 'dinner', 'Abendessen'),
    ('snack', 'snack', 'Zwischenmahlzeit')) t (key, en, de))
    || CASE page_words.lang WHEN 'de' THEN jsonb_build_object(
      'weekdays', '["So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"]'::jsonb,
      'months', '["Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sep", "Okt", "Nov", "Dez"]'::jsonb)
    ELSE jsonb_build_object(
      'weekdays', '["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]'::jsonb,
      'months', '["Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sep", "Oct", "Nov", "Dec"]'::jsonb) END
    || glucose.report_words(page_words.lang) || glucose.forecast_words(page_words.lang))::text, ' %%',
    chr(160) || '%%')::jsonb;
END
$fn$;
COMMENT ON FUNCTION glucose.page_words(text) IS
'Internal: the words of pictures and of glucose_report(), in English or German.';

-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.glucose_summary AS (
  unit text, readings integer, days integer, first_at timestamptz, last_at timestamptz,
  covered_pct double precision, is_enough boolean,
  mean double precision, sd double precision, cv_pct double precision, gmi_pct double precision,
  very_low_pct double precision, low_pct double precision, in_range_pct double precision,
  tight_range_pct double precision, high_pct double precision, very_high_pct double precision,
  very_low_episodes integer, low_episodes integer, high_episodes integer, very_high_episodes integer,
  lbgi double precision, hbgi double precision, gri double precision, adrr double precision,
  mage double precision, modd double precision, conga double precision, conga_hours double precision,
  j_index double precision);
COMMENT ON TYPE glucose.glucose_summary IS
'The statistics of a stretch of readings; levels in its unit, shares in percent of the time that readings cover. What '
'cannot be said of so few readings is NULL.';

CREATE FUNCTION glucose.cgm_summary_add(state internal, measured_at timestamptz, mg_dl real) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_add';
COMMENT ON FUNCTION glucose.cgm_summary_add(internal, timestamptz, real) IS
'Internal: part of cgm_summary(): takes one more reading.';

CREATE FUNCTION glucose.cgm_summary_combine(state internal, other internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_combine';
COMMENT ON FUNCTION glucose.cgm_summary_combine(internal, internal) IS
'Internal: part of cgm_summary(): puts two parts together.';

CREATE FUNCTION glucose.cgm_summary_serial(state internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_serial';
COMMENT ON FUNCTION glucose.cgm_summary_serial(internal) IS
'Internal: part of cgm_summary(): a part as bytes, for another process or machine.';

CREATE FUNCTION glucose.cgm_summary_deserial(bytes bytea, state internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_deserial';
COMMENT ON FUNCTION glucose.cgm_summary_deserial(bytea, internal) IS
'Internal: part of cgm_summary(): a part of bytes.';

CREATE FUNCTION glucose.cgm_summary_final(state internal) RETURNS glucose.glucose_summary
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cgm_summary_final';
COMMENT ON FUNCTION glucose.cgm_summary_final(internal) IS
'Internal: part of cgm_summary(): what is made of all readings.';

CREATE AGGREGATE glucose.cgm_summary(measured_at timestamptz, mg_dl real) (
  SFUNC = glucose.cgm_summary_add, STYPE = internal, SSPACE = 65536, FINALFUNC = glucose.cgm_summary_final,
  COMBINEFUNC = glucose.cgm_summary_combine, SERIALFUNC = glucose.cgm_summary_serial,
  DESERIALFUNC = glucose.cgm_summary_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE glucose.cgm_summary(timestamptz, real) IS
'The statistics of readings in any order, as a glucose_summary in mg/dL, by the standard limits and days in UTC. In '
'groups, windows and in parallel; parts put together are as the whole.';

CREATE FUNCTION glucose.glucose_statistics(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS glucose.glucose_summary
LANGUAGE c STABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_statistics';
COMMENT ON FUNCTION glucose.glucose_statistics(uuid, timestamptz, timestamptz, jsonb) IS
'The statistics of a person''s readings with start_at <= measured_at < end_at, days by the person''s clock. Without an '
'end up to the newest reading, without a beginning 14 days.';

CREATE FUNCTION glucose.glucose_statistics_daily(person_id uuid, start_at date, end_at date,
  options jsonb DEFAULT '{}')
RETURNS TABLE (day date, unit text, readings integer, days integer, first_at timestamptz, last_at timestamptz,
  covered_pct double precision, is_enough boolean,
  mean double precision, sd double precision, cv_pct double precision, gmi_pct double precision,
  very_low_pct double precision, low_pct double precision, in_range_pct double precision,
  tight_range_pct double precision, high_pct double precision, very_high_pct double precision,
  very_low_episodes integer, low_episodes integer, high_episodes integer, very_high_episodes integer,
  lbgi double precision, hbgi double precision, gri double precision, adrr double precision,
  mage double precision, modd double precision, conga double precision, conga_hours double precision,
  j_index double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 90 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_statistics_daily';
COMMENT ON FUNCTION glucose.glucose_statistics_daily(uuid, date, date, jsonb) IS
'glucose_statistics() of each day of the person''s clock, both ends included; days without a reading have no row.';

CREATE FUNCTION glucose.glucose_statistics_hourly(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (hour integer, unit text, readings integer, days integer, covered_hours double precision,
  mean double precision, sd double precision, very_low_pct double precision, low_pct double precision,
  in_range_pct double precision, tight_range_pct double precision, high_pct double precision,
  very_high_pct double precision, lbgi double precision, hbgi double precision, low_episodes integer,
  high_episodes integer)
LANGUAGE c STABLE PARALLEL SAFE ROWS 24 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_statistics_hourly';
COMMENT ON FUNCTION glucose.glucose_statistics_hourly(uuid, timestamptz, timestamptz, jsonb) IS
'The readings of glucose_statistics() by the hour of the person''s clock, over all days: 24 rows. An episode is of the '
'hour it began in.';

CREATE FUNCTION glucose.glucose_goals(summary glucose.glucose_summary, targets text DEFAULT 'standard')
RETURNS TABLE (goal text, value double precision, at_least double precision, below double precision, met boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 6 SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF targets IS NULL OR targets NOT IN ('standard', 'older', 'pregnancy') THEN
    RAISE EXCEPTION 'invalid value for "targets"' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'It must be standard, older or pregnancy.';
  END IF;
  RETURN QUERY
    SELECT g.goal, v.value, g.at_least, g.below,
           v.value >= coalesce(g.at_least, 0) AND v.value < coalesce(g.below, 'Infinity')
    FROM (VALUES ('standard', 1, 'in_range_pct', 70::float8, NULL::float8), ('standard', 2, 'low_pct', NULL, 4),
                 ('standard', 3, 'very_low_pct', NULL, 1), ('standard', 4, 'high_pct', NULL, 25),
                 ('standard', 5, 'very_high_pct', NULL, 5), ('standard', 6, 'cv_pct', NULL, 36),
                 ('older', 1, 'in_range_pct', 50, NULL), ('older', 2, 'low_pct', NULL, 1),
                 ('older', 3, 'very_high_pct', NULL, 10),
                 ('pregnancy', 1, 'in_range_pct', 70, NULL), ('pregnancy', 2, 'low_pct', NULL, 4),
                 ('pregnancy', 3, 'very_low_pct', NULL, 1), ('pregnancy', 4, 'high_pct', NULL, 25))
      g (targets, place, goal, at_least, below)
    CROSS JOIN LATERAL (SELECT CASE g.goal WHEN 'in_range_pct' THEN summary.in_range_pct
      WHEN 'low_pct' THEN summary.low_pct WHEN 'very_low_pct' THEN summary.very_low_pct
      WHEN 'high_pct' THEN summary.high_pct WHEN 'very_high_pct' THEN summary.very_high_pct
      ELSE summary.cv_pct END) v (value)
    WHERE g.targets = glucose_goals.targets ORDER BY g.place;
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_goals(glucose.glucose_summary, text) IS
'The goals of the consensus for most persons (standard), older ones and in pregnancy beside the values, and whether '
'each is met.';

CREATE FUNCTION glucose.agp(person_id uuid, days integer DEFAULT 14, end_at timestamptz DEFAULT NULL,
  options jsonb DEFAULT '{}', OUT minute_of_day integer, OUT p5 double precision, OUT p25 double precision,
  OUT p50 double precision, OUT p75 double precision, OUT p95 double precision, OUT n integer) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 96 COST 10000 AS 'MODULE_PATHNAME', 'glucose_agp';
COMMENT ON FUNCTION glucose.agp(uuid, integer, timestamptz, jsonb) IS
'The ambulatory glucose profile: percentiles of the readings of each quarter of an hour by the person''s clock, over '
'the days up to the newest reading or to end_at.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.glucose_events(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (kind text, started_at timestamptz, ended_at timestamptz, extreme double precision,
  rate double precision, certainty double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE ROWS 200 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_events';
COMMENT ON FUNCTION glucose.glucose_events(uuid, timestamptz, timestamptz, jsonb) IS
'What happened in a person''s readings and began with start_at <= started_at < end_at: lows, highs, rises and falls, '
'spikes after meals, meals nobody logged, and what looks like the sensor''s fault. Periods as for '
'glucose_statistics().';

CREATE FUNCTION glucose.unusual_responses(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (meal_id uuid, eaten_at timestamptz, meal_type text, minutes_ahead integer, unit text,
  expected double precision, lower double precision, upper double precision, outcome double precision,
  p_value double precision, false_discovery_rate double precision, n_meals integer, version text, words text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000 AS 'MODULE_PATHNAME', 'glucose_unusual_responses';
COMMENT ON FUNCTION glucose.unusual_responses(uuid, timestamptz, timestamptz, jsonb) IS
'Meals after which glucose went where the logged forecast, issued before, held it for hardly possible, corrected for '
'looking at many. Without an end up to the newest reading, without a beginning 90 days.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.picture_svg(picture jsonb, style text DEFAULT '') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_picture_svg';
COMMENT ON FUNCTION glucose.picture_svg(jsonb, text) IS
'Internal: a picture, as core/pages/picture.hpp describes it, as SVG; with a style it stands alone.';

CREATE FUNCTION glucose.picture_legend(picture jsonb) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_picture_legend';
COMMENT ON FUNCTION glucose.picture_legend(jsonb) IS
'Internal: what is drawn in a picture, as HTML.';

CREATE FUNCTION glucose.picture_text(picture jsonb) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_picture_text';
COMMENT ON FUNCTION glucose.picture_text(jsonb) IS
'Internal: a picture as text for a terminal, 100 columns wide.';

CREATE FUNCTION glucose.wall_clock(person_id uuid, moments timestamptz[]) RETURNS timestamp[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_wall_clock';
COMMENT ON FUNCTION glucose.wall_clock(uuid, timestamptz[]) IS
'Internal: what the person''s clock showed at these moments, where the person was then.';

CREATE FUNCTION glucose.midnights(person_id uuid, first_day date, last_day date) RETURNS timestamptz[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_midnights';
COMMENT ON FUNCTION glucose.midnights(uuid, date, date) IS
'Internal: when the person''s days begin, from the first to the last, and when the last one ends.';

CREATE FUNCTION glucose.page_number(value double precision, digits integer, lang text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(pg_catalog.replace(pg_catalog.round(value::pg_catalog.numeric, digits)::pg_catalog.text, '.',
                                   CASE lang WHEN 'de' THEN ',' ELSE '.' END), '–');
COMMENT ON FUNCTION glucose.page_number(double precision, integer, text) IS
'Internal: a number as a page in that language has it; – when it is not known.';

CREATE FUNCTION glucose.page_percent(value double precision, digits integer, lang text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN glucose.page_number(value, digits, lang) || pg_catalog.chr(160) || '%';
COMMENT ON FUNCTION glucose.page_percent(double precision, integer, text) IS
'Internal: percent as a page has them, never broken before the sign.';

CREATE FUNCTION glucose.page_level(mg_dl double precision, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN glucose.page_number(mg_dl / (c ->> 'per')::pg_catalog.float8, (c ->> 'digits')::pg_catalog.int4, c ->> 'lang');
COMMENT ON FUNCTION glucose.page_level(double precision, jsonb) IS
'Internal: a level of glucose in the unit of a page, without its name.';

CREATE FUNCTION glucose.page_day(day date, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.format('%s %s%s %s', c #>> ARRAY['w', 'weekdays', pg_catalog.date_part('dow', day)::text],
                         pg_catalog.date_part('day', day), CASE c ->> 'lang' WHEN 'de' THEN '.' ELSE '' END,
                         c #>> ARRAY['w', 'months', (pg_catalog.date_part('month', day) - 1)::text]);
COMMENT ON FUNCTION glucose.page_day(date, jsonb) IS
'Internal: weekday, day and month in the language of a page.';

CREATE FUNCTION glucose.page_clock(at timestamp) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.to_char(at, 'HH24:MI');
COMMENT ON FUNCTION glucose.page_clock(timestamp) IS
'Internal: the time of day of a page.';

CREATE FUNCTION glucose.page_context(person_id uuid, lang text, unit text, OUT c jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  said CONSTANT text := coalesce(page_context.lang, 'en');
  wanted text := page_context.unit;
BEGIN
  PERFORM glucose.require_person(page_context.person_id);
  IF wanted IS NULL THEN
    SELECT p.unit INTO wanted FROM glucose.person p WHERE p.person_id = page_context.person_id;
  END IF;
  PERFORM glucose.to_mg_dl(100, wanted);
  c := jsonb_build_object('lang', said, 'disclaimer', glucose.disclaimer(said), 'w', glucose.page_words(said),
                          'unit', CASE lower(wanted) WHEN 'mmol/l' THEN 'mmol/L' ELSE 'mg/dL' END,
                          'per', CASE lower(wanted) WHEN 'mmol/l' THEN 18.0182 ELSE 1 END,
                          'digits', CASE lower(wanted) WHEN 'mmol/l' THEN 1 ELSE 0 END);
END
$fn$;
COMMENT ON FUNCTION glucose.page_context(uuid, text, text) IS
'Internal: what all parts of a page share: language, unit, words, disclaimer. Raises what require_person(), '
'disclaimer() and to_mg_dl() do.';

CREATE FUNCTION glucose.day_ticks(every integer, ends boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_agg(t.part ORDER BY h.hour, t.i) FROM generate_series(0, 24, every) h (hour)
          CROSS JOIN LATERAL (VALUES (1, to_jsonb(60 * h.hour)),
            (2, to_jsonb(CASE WHEN ends OR h.hour % 24 <> 0 THEN lpad(h.hour::text, 2, '0') ELSE '' END))) t (i, part));
END
$fn$;
COMMENT ON FUNCTION glucose.day_ticks(integer, boolean) IS
'Internal: the hours along a picture of a day, with or without those of midnight.';

CREATE FUNCTION glucose.day_axis(highest real, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE (c ->> 'digits')::pg_catalog.int4
         WHEN 0 THEN pg_catalog.jsonb_build_array(40, CASE WHEN highest > 300 THEN 400 ELSE 300 END)
         ELSE pg_catalog.jsonb_build_array(2, CASE WHEN highest > 300 THEN 22 ELSE 17 END) END;
COMMENT ON FUNCTION glucose.day_axis(real, jsonb) IS
'Internal: from where to where a picture of days reaches, in the unit of the page; highest: mg/dL.';

CREATE FUNCTION glucose.drawn_readings(person_id uuid, since timestamptz, until timestamptz,
  OUT measured_at timestamptz, OUT mg_dl real) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 288 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT s.measured_at, s.mg_dl
    FROM (SELECT r.measured_at, r.mg_dl, b.slot, lag(b.slot) OVER (ORDER BY r.measured_at) AS before
          FROM glucose.glucose_reading r, LATERAL date_bin('30 s', r.measured_at, '2000-01-01+00') b (slot)
          WHERE r.person_id = drawn_readings.person_id AND r.measured_at >= since AND r.measured_at <= until) s
    WHERE s.slot IS DISTINCT FROM s.before ORDER BY s.measured_at;
END
$fn$;
COMMENT ON FUNCTION glucose.drawn_readings(uuid, timestamptz, timestamptz) IS
'Internal: the readings of a time as pictures draw them: of each half minute the first, however many there are.';

CREATE FUNCTION glucose.day_picture(person_id uuid, day date, c jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  ends CONSTANT timestamptz[] := glucose.midnights(day_picture.person_id, day, day);
  per CONSTANT double precision := c ->> 'per';
  levels jsonb;
  lowest real;
  highest real;
BEGIN
  SELECT jsonb_build_object('x', jsonb_agg(round(extract(epoch FROM l.local - day::timestamp) / 60, 2)
                                           ORDER BY r.i),
                            'low', jsonb_agg(round((r.mg_dl / per)::numeric, 2) ORDER BY r.i)), min(r.mg_dl),
                            max(r.mg_dl)
  INTO levels, lowest, highest
  FROM (SELECT array_agg(g.measured_at ORDER BY g.measured_at) AS at, array_agg(g.mg_dl ORDER BY g.measured_at) AS mg_dl
        FROM glucose.drawn_readings(day_picture.person_id, ends[1], ends[2] - interval '1 microsecond') g) a
  CROSS JOIN LATERAL unnest(a.at, a.mg_dl) WITH ORDINALITY r (at, mg_dl, i)
  JOIN LATERAL unnest(glucose.wall_clock(day_picture.person_id, a.at)) WITH ORDINALITY l (local, i) USING (i);
  RETURN jsonb_build_object(
    'words', glucose.page_day(day, c) || ': ' || CASE WHEN lowest IS NULL THEN c #>> '{w,no_readings}' ELSE
      format(c #>> '{w,from_to}', glucose.page_level(lowest, c), glucose.page_level(highest, c), c ->> 'unit') END,
    'x', '[0, 1440]'::jsonb, 'comma', c ->> 'lang' = 'de',
    'y', glucose.day_axis(highest, c),
    'target', jsonb_build_array(round((70 / per)::numeric, 1), round((180 / per)::numeric, 1)), 'gap', 23,
    'layers', CASE WHEN lowest IS NULL THEN '[]'::jsonb
    ELSE jsonb_build_array(levels || '{"kind": "line", "tone": "level"}') END);
END
$fn$;
COMMENT ON FUNCTION glucose.day_picture(uuid, date, jsonb) IS
'Internal: the readings of a day of the person''s clock as a picture.';

CREATE FUNCTION glucose.readings_about(person_id uuid, at timestamptz, back interval, ahead interval, c jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_build_array(
      jsonb_build_object('kind', 'dot', 'tone', 'soft', 'name', c #>> '{w,readings_before}',
        'x', coalesce(jsonb_agg(r.minute ORDER BY r.minute) FILTER (WHERE r.minute <= 0), '[]'),
        'low', coalesce(jsonb_agg(r.level ORDER BY r.minute) FILTER (WHERE r.minute <= 0), '[]')),
      jsonb_build_object('kind', 'ring', 'tone', 's2', 'name', c #>> '{w,what_happened}',
        'x', coalesce(jsonb_agg(r.minute ORDER BY r.minute) FILTER (WHERE r.minute > 0), '[]'),
        'low', coalesce(jsonb_agg(r.level ORDER BY r.minute) FILTER (WHERE r.minute > 0), '[]')))
    FROM (SELECT round(extract(epoch FROM g.measured_at - readings_about.at) / 60, 2) AS minute,
                 round((g.mg_dl / (c ->> 'per')::float8)::numeric, 2) AS level
          FROM glucose.drawn_readings(readings_about.person_id, readings_about.at - back,
            readings_about.at + ahead) g) r);
END
$fn$;
COMMENT ON FUNCTION glucose.readings_about(uuid, timestamptz, interval, interval, jsonb) IS
'Internal: the readings before and after a moment as layers of a picture, in minutes from it.';

CREATE FUNCTION glucose.forecast_layers(curve jsonb, points jsonb, level double precision, c jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  per CONSTANT double precision := c ->> 'per';
  names jsonb;
BEGIN
  names := jsonb_build_object('mark', c #>> '{w,forecast}', 'bar', format(c #>> '{w,range_of}', round(100 * level)),
                              'wide', format(c #>> '{w,range_of}', round(100 * level)), 'narrow',
                              format(c #>> '{w,range_of}', 50));
  RETURN (SELECT jsonb_agg(l.layer ORDER BY l.i) FROM (
    SELECT s.i, jsonb_build_object('kind', s.kind, 'tone', s.tone, 'name', names ->> s.name,
             'x', jsonb_agg(p.minutes_ahead ORDER BY p.minutes_ahead),
             'low', jsonb_agg(round(((CASE WHEN s.kind IN ('band', 'bar') THEN CASE s.name WHEN 'narrow'
             THEN p.narrow_lower
               ELSE p.lower END ELSE p.mg_dl END) / per)::numeric, 2) ORDER BY p.minutes_ahead))
           || CASE WHEN s.kind IN ('band', 'bar') THEN jsonb_build_object('high', jsonb_agg(round(((CASE s.name
                WHEN 'narrow' THEN p.narrow_upper ELSE p.upper END) / per)::numeric, 2) ORDER BY p.minutes_ahead))
              ELSE '{}' END AS layer
    FROM (VALUES (1, 'band', 'wide', 'wide', true), (2, 'band', 's1', 'narrow', true), (3, 'line', 's1', '', true),
                 (4, 'bar', 's1', 'bar', false), (9, 'mark', 's1', 'mark', false)) s (i, kind, tone, name, of_curve)
    CROSS JOIN LATERAL jsonb_to_recordset(CASE WHEN s.of_curve THEN curve ELSE points END)
      p (minutes_ahead integer, mg_dl float8, lower float8, upper float8, narrow_lower float8, narrow_upper float8)
    GROUP BY s.i, s.kind, s.tone, s.name) l);
END
$fn$;
COMMENT ON FUNCTION glucose.forecast_layers(jsonb, jsonb, double precision, jsonb) IS
'Internal: a forecast as layers of a picture: a curve with intervals as bands, and points with theirs as bars.';

CREATE FUNCTION glucose.meal_picture(person_id uuid, meal_id uuid, level double precision, c jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  eaten record;
  local timestamp;
  curve jsonb;
  points jsonb;
  drawn jsonb;
BEGIN
  SELECT m.eaten_at, m.meal_type, m.carbs_g INTO eaten FROM glucose.meal m
  WHERE m.person_id = meal_picture.person_id AND m.meal_id = meal_picture.meal_id;
  -- What is not there, or not the caller's, is said by the forecast.
  SELECT jsonb_agg(f) INTO points FROM glucose.glucose_forecast(meal_picture.meal_id,
    jsonb_build_object('level', level), meal_picture.person_id) f;
  SELECT jsonb_agg(to_jsonb(w) || jsonb_build_object('narrow_lower', n.lower, 'narrow_upper', n.upper)) INTO curve
  FROM glucose.glucose_curve(meal_picture.meal_id, 5, jsonb_build_object('level', level), meal_picture.person_id) w
  JOIN glucose.glucose_curve(meal_picture.meal_id, 5, '{"level": 0.5}', meal_picture.person_id) n USING (minutes_ahead);
  local := (glucose.wall_clock(meal_picture.person_id, ARRAY[eaten.eaten_at]))[1];
  drawn := glucose.readings_about(meal_picture.person_id, eaten.eaten_at, '3 h', '3 h', c);
  RETURN jsonb_build_object(
    'words', format(c #>> '{w,forecast_after}', c #>> ARRAY['w', eaten.meal_type],
                    CASE WHEN eaten.carbs_g IS NULL THEN '' ELSE
                      format(c #>> '{w,with_carbs}', round(eaten.carbs_g::numeric)) END,
                    glucose.page_day(local::date, c), glucose.page_clock(local)),
    'x', '[-180, 180]'::jsonb, 'now', 0,
    'ticks', (SELECT jsonb_agg(t.part ORDER BY h.hour, t.i) FROM generate_series(-3, 3) h (hour)
              CROSS JOIN LATERAL (VALUES (1, to_jsonb(60 * h.hour)), (2, to_jsonb(CASE h.hour WHEN 0 THEN
                c #>> ARRAY['w', eaten.meal_type] ELSE format('%s h', to_char(h.hour, 'FMSG9')) END))) t (i, part)),
    'layers', glucose.forecast_layers(curve, points, level, c) || drawn);
END
$fn$;
COMMENT ON FUNCTION glucose.meal_picture(uuid, uuid, double precision, jsonb) IS
'Internal: the forecast after a meal, the readings before and what came as a picture.';

CREATE FUNCTION glucose.moment_picture(person_id uuid, at timestamptz, level double precision, c jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  local CONSTANT timestamp := (glucose.wall_clock(moment_picture.person_id, ARRAY[moment_picture.at]))[1];
  curve jsonb;
BEGIN
  SELECT jsonb_agg(to_jsonb(w) || jsonb_build_object('narrow_lower', n.lower, 'narrow_upper', n.upper)) INTO curve
  FROM glucose.cgm_forecast(moment_picture.person_id, moment_picture.at,
                            jsonb_build_object('level', level, 'minutes', 60)) w
  JOIN glucose.cgm_forecast(moment_picture.person_id, moment_picture.at, '{"level": 0.5, "minutes": 60}') n
  USING (minutes_ahead);
  RETURN jsonb_build_object(
    'words', format(c #>> '{w,forecast_at}', glucose.page_day(local::date, c), glucose.page_clock(local)),
    'x', '[-120, 60]'::jsonb, 'now', 0,
    'ticks', (SELECT jsonb_agg(t.part ORDER BY h.part, t.i) FROM generate_series(-4, 2) h (part)
              CROSS JOIN LATERAL (VALUES (1, to_jsonb(30 * h.part)), (2, to_jsonb(CASE h.part WHEN 0 THEN
                glucose.page_clock(local) ELSE format('%s min', to_char(30 * h.part, 'FMSG999')) END))) t (i, part)),
    'layers', glucose.forecast_layers(curve, (SELECT jsonb_agg(p) FROM jsonb_array_elements(curve) p
                                              WHERE (p ->> 'minutes_ahead')::integer % 30 = 0), level, c)
              || glucose.readings_about(moment_picture.person_id, moment_picture.at, '2 h', '1 h', c));
END
$fn$;
COMMENT ON FUNCTION glucose.moment_picture(uuid, timestamptz, double precision, jsonb) IS
'Internal: the forecast from readings alone at a moment, the readings before and what came as a picture.';

CREATE FUNCTION glucose.plot_options(options jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  usual CONSTANT jsonb := '{"format": "svg", "lang": "en", "unit": null, "level": 0.9, "width": 760}';
  wrong text;
BEGIN
  PERFORM glucose.require_object(options);
  SELECT o.key INTO wrong FROM jsonb_each(options) o
  WHERE NOT CASE o.key WHEN 'format' THEN o.value IN ('"svg"', '"text"')
                       WHEN 'lang' THEN jsonb_typeof(o.value) = 'string'
                       WHEN 'unit' THEN jsonb_typeof(o.value) IN ('string', 'null')
                       WHEN 'level' THEN jsonb_typeof(o.value) = 'number' AND o.value BETWEEN '0.1' AND '0.99'
                       WHEN 'width' THEN jsonb_typeof(o.value) = 'number' AND o.value BETWEEN '200' AND '4000'
                       ELSE false END ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% option "%"', CASE WHEN usual ? wrong THEN 'invalid value for' ELSE 'unrecognized' END, wrong
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Options are format ("svg", "text"), lang, unit, level (0.1 to 0.99) and width (200 to 4000).';
  END IF;
  RETURN usual || options;
END
$fn$;
COMMENT ON FUNCTION glucose.plot_options(jsonb) IS
'Internal: part of glucose_plot(): the options, those given in place of the usual.';

CREATE FUNCTION glucose.glucose_plot(person_id uuid, day date DEFAULT NULL, meal_id uuid DEFAULT NULL,
  at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  o CONSTANT jsonb := glucose.plot_options(glucose_plot.options);
  c CONSTANT jsonb := glucose.page_context(glucose_plot.person_id, o ->> 'lang', o ->> 'unit');
  shown date := glucose_plot.day;
  picture jsonb;
BEGIN
  IF num_nonnulls(glucose_plot.day, glucose_plot.meal_id, glucose_plot.at) > 1 THEN
    RAISE EXCEPTION 'a plot is of a day, a meal or a moment' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Give at most one of "day", "meal_id" and "at"; without any it is the day of the newest reading.';
  ELSIF NOT isfinite(glucose_plot.day) OR NOT isfinite(glucose_plot.at) THEN
    RAISE EXCEPTION 'argument "%" must be finite', CASE WHEN glucose_plot.at IS NULL THEN 'day' ELSE 'at' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF glucose_plot.meal_id IS NOT NULL THEN
    picture := glucose.meal_picture(glucose_plot.person_id, glucose_plot.meal_id, (o ->> 'level')::float8, c);
  ELSIF glucose_plot.at IS NOT NULL THEN
    picture := glucose.moment_picture(glucose_plot.person_id, glucose_plot.at, (o ->> 'level')::float8, c);
  ELSE
    shown := coalesce(shown, glucose.newest_day(glucose_plot.person_id), current_date);
    picture := glucose.day_picture(glucose_plot.person_id, shown, c) || jsonb_build_object('ticks',
      glucose.day_ticks(3));
    IF o ->> 'format' = 'text' THEN   -- a line of a terminal is made of dots
      picture := jsonb_set(picture, '{layers,0,kind}', '"dot"', false);
    END IF;
  END IF;
  picture := picture || jsonb_build_object('unit', c ->> 'unit', 'comma', c ->> 'lang' = 'de', 'height', 300, 'width',
    o -> 'width')
    || CASE WHEN num_nonnulls(glucose_plot.meal_id, glucose_plot.at) > 0
            THEN jsonb_build_object('foot', c ->> 'disclaimer') ELSE '{}' END;
  IF o ->> 'format' = 'text' THEN
    RETURN glucose.picture_text(picture);
  END IF;
  -- Bars at the horizons are what bands are where bands cannot be drawn.
  picture := jsonb_set(picture, '{layers}', jsonb_path_query_array(picture, '$.layers[*] ? (@.kind != "bar")'));
  RETURN glucose.picture_svg(picture, replace(glucose.html_colors(), ':root', '.plot') || glucose.picture_style());
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_plot(uuid, date, uuid, timestamptz, jsonb) IS
'Draws a day of the person''s readings, the forecast after a meal or the one from readings at a moment, beside what '
'came: as one SVG for an app, or as text for a terminal. Forecasts carry the disclaimer.';

CREATE FUNCTION glucose.newest_day(person_id uuid) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (glucose.wall_clock(newest_day.person_id, ARRAY[(SELECT max(r.measured_at) FROM glucose.glucose_reading r
                                                          WHERE r.person_id = newest_day.person_id)]))[1]::date;
END
$fn$;
COMMENT ON FUNCTION glucose.newest_day(uuid) IS
'Internal: the day of the person''s clock that the newest reading is of; NULL without one.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.type_in_words(model_type text, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(c #>> ARRAY['w', 'type_' || model_type], model_type);
COMMENT ON FUNCTION glucose.type_in_words(text, jsonb) IS
'Internal: part of glucose_report(): what a kind of forecast is called.';

CREATE FUNCTION glucose.chance_of_share(k bigint, n bigint, OUT low double precision, OUT high double precision)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  z CONSTANT double precision := 1.959964;
  p CONSTANT double precision := k::float8 / n;
  half CONSTANT double precision := z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n));
BEGIN
  low := greatest(0, (p + z * z / (2 * n) - half) / (1 + z * z / n));
  high := least(1, (p + z * z / (2 * n) + half) / (1 + z * z / n));
END
$fn$;
COMMENT ON FUNCTION glucose.chance_of_share(bigint, bigint) IS
'Internal: part of glucose_report(): where a share of which k of n were counted may lie, with 95 % (Wilson 1927).';

CREATE TYPE glucose.known_outcome AS (
  model_type text, minutes_ahead integer, asked_at timestamptz, value double precision,
  lower double precision, upper double precision, outcome double precision, level double precision,
  score double precision);
COMMENT ON TYPE glucose.known_outcome IS
'Internal: part of glucose_report(): an answer with what came of it.';

CREATE FUNCTION glucose.known_outcomes(person_id uuid, start_at timestamptz) RETURNS glucose.known_outcome[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- A moment or a meal counts once, by the first answer.
  RETURN ARRAY(
    SELECT ROW(f.*)::glucose.known_outcome FROM (
    SELECT DISTINCT ON (o.model_type, o.minutes_ahead, o.asked_at) o.model_type, o.minutes_ahead, o.asked_at,
           o.value::float8, o.lower::float8, o.upper::float8, o.outcome::float8, o.level::float8, p.score::float8
    FROM glucose.prediction_outcome o
    LEFT JOIN glucose.prediction p ON p.person_id = o.person_id AND p.prediction_id = o.prediction_id
    WHERE o.person_id = known_outcomes.person_id AND o.at >= known_outcomes.start_at AND o.outcome IS NOT NULL
      AND NOT o.in_training AND o.level IS NOT NULL
    ORDER BY o.model_type, o.minutes_ahead, o.asked_at, o.issued_at) f);
END
$fn$;
COMMENT ON FUNCTION glucose.known_outcomes(uuid, timestamptz) IS
'Internal: part of glucose_report(): answers with what came of them, of which the model had not learnt.';

CREATE FUNCTION glucose.report_latest(person_id uuid, model_type text, known glucose.known_outcome[], c jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_variable
DECLARE
  w CONSTANT jsonb := c -> 'w';
  per CONSTANT double precision := c ->> 'per';
  most CONSTANT integer := 40;
  picture jsonb;
  cells text[];
  ahead integer;
BEGIN
  WITH latest AS (
    SELECT o.*, row_number() OVER (ORDER BY o.asked_at) AS i, count(*) OVER () AS n FROM (
      SELECT k.*, max(k.minutes_ahead) OVER () AS longest FROM unnest(known) k
      WHERE k.model_type = report_latest.model_type ORDER BY k.asked_at DESC) o
    WHERE o.minutes_ahead = o.longest ORDER BY o.asked_at DESC LIMIT most),
  numbered AS (
    SELECT l.*, row_number() OVER (ORDER BY l.asked_at) AS place, t.local,
           t.local::date IS DISTINCT FROM lag(t.local::date) OVER (ORDER BY l.asked_at) AS begins
    FROM latest l CROSS JOIN LATERAL (SELECT x
    FROM unnest(glucose.wall_clock(report_latest.person_id, ARRAY[l.asked_at])) x)
      t (local)),
  day AS (SELECT n.place, n.local::date AS day,
  row_number() OVER (PARTITION BY 4 * (n.place - 1) / n.n ORDER BY n.place) = 1
                 AND 4 * (n.place - 1) % n.n < n.n / 2.0 AS is_named
          FROM numbered n WHERE n.begins)
  SELECT max(n.minutes_ahead), jsonb_build_object(
      'words', format(w ->> 'latest_alt', count(*), count(*) FILTER (WHERE n.outcome BETWEEN n.lower AND n.upper)),
      'unit', c ->> 'unit', 'comma', c ->> 'lang' = 'de',
      'x', jsonb_build_array(0, count(*) + 1), 'height', 230,
      'ticks', (SELECT jsonb_agg(t.part ORDER BY d.place, t.i) FROM day d CROSS JOIN LATERAL (VALUES
        (1, to_jsonb(d.place - 0.5)), (2, to_jsonb(CASE WHEN d.is_named
          THEN format('%s %s', date_part('day', d.day),
          c #>> ARRAY['w', 'months', (date_part('month', d.day) - 1)::text])
          ELSE '' END))) t (i, part)),
      'layers', jsonb_build_array(
        jsonb_build_object('kind', 'bar', 'tone', 's1', 'name', format(w ->> 'range_of', round(100 * max(n.level))),
          'x', jsonb_agg(n.place ORDER BY n.place), 'low', jsonb_agg(n.lower / per ORDER BY n.place),
          'high', jsonb_agg(n.upper / per ORDER BY n.place)),
        jsonb_build_object('kind', 'dot', 'tone', 's1', 'name', w ->> 'forecast', 'x',
        jsonb_agg(n.place ORDER BY n.place),
          'low', jsonb_agg(n.value / per ORDER BY n.place)),
        jsonb_build_object('kind', 'ring', 'tone', 's2', 'name', w ->> 'what_happened',
          'x', jsonb_agg(n.place ORDER BY n.place), 'low', jsonb_agg(n.outcome / per ORDER BY n.place)))),
    array_agg(ARRAY[glucose.page_day(n.local::date, c) || ', ' || glucose.page_clock(n.local),
    glucose.page_level(n.value, c),
      glucose.page_level(n.lower, c) || ' – ' || glucose.page_level(n.upper, c), glucose.page_level(n.outcome, c),
      CASE WHEN n.outcome BETWEEN n.lower AND n.upper THEN w ->> 'yes' ELSE w ->> 'no' END] ORDER BY n.place)
  INTO ahead, picture, cells FROM numbered n;
  RETURN format('<h3>%s</h3>',
    glucose.html(format(w ->> 'latest', glucose.type_in_words(report_latest.model_type, c), ahead)))
    || glucose.picture_svg(picture) || glucose.picture_legend(picture)
    || glucose.folded(w ->> 'table',
    glucose.html_table(format(w ->> 'latest', glucose.type_in_words(report_latest.model_type,
         c), ahead) || ', ' || (c ->> 'unit'), (w ->> 'latest_head')::text[], glucose.flat(cells)));
END
$fn$;
COMMENT ON FUNCTION glucose.report_latest(uuid, text, glucose.known_outcome[], jsonb) IS
'Internal: part of glucose_report(): the latest answers beside what came, at the longest horizon.';

CREATE FUNCTION glucose.report_accuracy(person_id uuid, start_at timestamptz, known glucose.known_outcome[], c jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  cells text[];
  any_less boolean;
  close text;
BEGIN
  WITH live AS (
    SELECT t.model_type, t.unit, a.*, round(a.coverage * a.n)::bigint AS held
    FROM (SELECT d.model_type, glucose.unit_of(d.model_type) AS unit FROM (
            SELECT DISTINCT k.model_type FROM unnest(known) k OFFSET 0) d) t
    CROSS JOIN LATERAL glucose.live_accuracy(report_accuracy.person_id, t.model_type, report_accuracy.start_at) a
    -- Of a curve of many horizons some say enough.
    WHERE t.unit <> 'probability' AND (a.minutes_ahead IN (15, 30) OR a.minutes_ahead % 60 = 0)),
  wide AS (SELECT k.model_type, k.minutes_ahead, k.level,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY k.upper - k.lower) AS width
           FROM unnest(known) k GROUP BY 1, 2, 3),
  told AS (SELECT v.*, x.width, s.low, s.high, v.level > s.high AS is_less,
                  CASE WHEN v.unit = 'mg/dL' THEN c ->> 'unit' ELSE v.unit END AS shown
           FROM live v LEFT JOIN wide x USING (model_type, minutes_ahead, level)
           CROSS JOIN LATERAL glucose.chance_of_share(v.held, v.n) s)
  SELECT array_agg(ARRAY[glucose.type_in_words(t.model_type, c) || ', ' || CASE WHEN t.minutes_ahead % 1440 = 0
      THEN format(w ->> 'hours', t.minutes_ahead / 60) ELSE format(w ->> 'minutes', t.minutes_ahead) END,
    format(w ->> 'held_of_said', glucose.page_number(100 * t.coverage, 0, l), glucose.page_number(100 * t.level, 0, l))
      || CASE WHEN t.is_less THEN ' !' ELSE '' END,
    format(w ->> 'between', glucose.page_number(100 * t.low, 0, l), glucose.page_number(100 * t.high, 0, l)),
    t.n::text, glucose.page_error(t.mae, t.unit, c) || ' ' || t.shown,
    glucose.page_error(t.width, t.unit, c) || ' ' || t.shown,
    CASE WHEN t.source IN ('personal', 'population') THEN (w ->> ('source_' || t.source)) || ' ' || t.version
         ELSE w ->> 'source_baseline' END]
    ORDER BY t.model_type DESC, t.version, t.minutes_ahead), bool_or(t.is_less)
  INTO cells, any_less FROM told t;
  SELECT string_agg(format('<p>%s</p>', glucose.html(format(w ->> 'close', glucose.type_in_words(k.model_type, c),
           glucose.page_level(20, c), c ->> 'unit', glucose.page_number(100 * k.score, 0, l),
           glucose.page_number(100 * k.share, 0, l), k.n))), ''
           ORDER BY k.model_type)
  INTO close
  -- An answer's score is that of its least sure horizon, mostly the longest.
  FROM (SELECT o.model_type, avg(o.score) AS score, count(*) AS n,
               avg((abs(o.value - o.outcome) <= greatest(20, 0.2 * o.value))::integer) AS share
        FROM (SELECT x.*, max(x.minutes_ahead) OVER (PARTITION BY x.model_type) AS longest
              FROM unnest(known) x) o
        WHERE o.minutes_ahead = o.longest AND o.score IS NOT NULL GROUP BY o.model_type) k
  WHERE glucose.unit_of(k.model_type) = 'mg/dL';
  RETURN glucose.html_table(w ->> 'accuracy', (w ->> 'accuracy_head')::text[], glucose.flat(cells))
    || format('<p>%s</p>', glucose.html(w ->> CASE WHEN any_less THEN 'held_less' ELSE 'held_as_said' END))
    || coalesce(close, '');
END
$fn$;
COMMENT ON FUNCTION glucose.report_accuracy(uuid, timestamptz, glucose.known_outcome[], jsonb) IS
'Internal: part of glucose_report(): errors and what ranges held, of live_accuracy().';

CREATE FUNCTION glucose.page_error(value double precision, unit text, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN unit IS DISTINCT FROM 'mg/dL' THEN glucose.page_number(value, 1, c ->> 'lang')
            ELSE glucose.page_number(value / (c ->> 'per')::float8, 1 + (c ->> 'digits')::integer, c ->> 'lang') END;
COMMENT ON FUNCTION glucose.page_error(double precision, text, jsonb) IS
'Internal: part of glucose_report(): an error in the unit that the page says it in.';

CREATE FUNCTION glucose.report_forecasts(person_id uuid, start_at timestamptz, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  known CONSTANT glucose.known_outcome[] := glucose.known_outcomes(report_forecasts.person_id,
    report_forecasts.start_at);
  drawn text;
BEGIN
  SELECT string_agg(glucose.report_latest(report_forecasts.person_id, t.model_type, known, c), ''
                    ORDER BY t.model_type DESC) INTO drawn
  -- OFFSET: the unit is asked for of each type, not of each outcome.
  FROM (SELECT DISTINCT k.model_type FROM unnest(known) k OFFSET 0) t
  WHERE glucose.unit_of(t.model_type) = 'mg/dL';
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'forecasts'))
    || coalesce(format('<p class="soft">%s</p>', glucose.html(w ->> 'forecasts_say')) || drawn
                || glucose.report_accuracy(report_forecasts.person_id, report_forecasts.start_at, known, c),
                format('<p class="none">%s</p>', glucose.html(w ->> 'forecasts_none'))) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_forecasts(uuid, timestamptz, jsonb) IS
'Internal: part of glucose_report(): forecasts against what happened.';

CREATE FUNCTION glucose.report_model(person_id uuid, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  cells text[];
  said text;
BEGIN
  WITH version AS (
    SELECT v.model_type, v.version, v.algorithm, v.trained_at, v.n_train, v.n_validation, v.n_test, v.mae,
    v.withdrawn_at,
           v.is_production_ready, v.quality_issues, glucose.unit_of(v.model_type) AS unit,
           (SELECT avg(m.value) FROM glucose.model_metric m
           WHERE m.person_id = v.person_id AND m.model_type = v.model_type
              AND m.version = v.version AND m.split = 'test' AND m.metric = 'persistence_mae') AS persistence
    FROM glucose.model_version v WHERE v.person_id = report_model.person_id AND v.is_active)
  SELECT array_agg(ARRAY[glucose.type_in_words(v.model_type, c), v.version, v.algorithm,
      glucose.page_day((glucose.wall_clock(report_model.person_id, ARRAY[v.trained_at]))[1]::date,
      c) || ' ' || date_part('year', v.trained_at),
      (v.n_train + v.n_validation)::text, v.n_test::text,
      coalesce(glucose.page_error(v.mae, v.unit, c) || ' ' || CASE v.unit WHEN 'mg/dL' THEN c ->> 'unit'
      ELSE v.unit END, '–'),
      coalesce(glucose.page_error(v.persistence, v.unit, c), '–'),
      CASE WHEN v.withdrawn_at IS NOT NULL THEN w ->> 'withdrawn' WHEN v.is_production_ready THEN w ->> 'yes'
           ELSE w ->> 'no' END] ORDER BY v.model_type DESC),
    string_agg(format('<p>%s</p>', glucose.html(CASE WHEN v.mae < v.persistence
        THEN format(w ->> 'better', glucose.type_in_words(v.model_type, c),
                    glucose.page_number(100 * (1 - v.mae / v.persistence), 0, l))
        ELSE format(w ->> 'no_better', glucose.type_in_words(v.model_type, c)) END)), '' ORDER BY v.model_type DESC)
      FILTER (WHERE v.persistence IS NOT NULL)
  INTO cells, said FROM version v;
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'model'))
    || CASE WHEN cells IS NULL THEN format('<p class="none">%s</p>', glucose.html(w ->> 'model_none'))
       ELSE format('<p class="soft">%s</p>', glucose.html(w ->> 'model_say'))
         || glucose.html_table(w ->> 'model_table', (w ->> 'model_head')::text[], glucose.flat(cells)) || coalesce(said,
         '')
         || format('<p class="soft">%s</p>', glucose.html(w ->> 'good_enough')) END
    || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_model(uuid, jsonb) IS
'Internal: part of glucose_report(): how good the person''s models are.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.gauge_names(OUT i integer, OUT name text, OUT labels text[], OUT unit text, OUT help text)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 16 SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- A name without its last word is nobody else's: prometheus-postgres-exporter puts names together of the two.
  RETURN QUERY
    SELECT v.* FROM (VALUES
      (1, 'pg_glucose_active_models', '{model_type}'::text[], 'short', 'Models that serve.'),
      (2, 'pg_glucose_predictions_hour', '{model_type}', 'short', 'Answers in the last hour.'),
      (3, 'pg_glucose_latency_p95_seconds', '{model_type}', 's', '95 % of the answers of the last hour took less.'),
      (4, 'pg_glucose_error_mean', '{model_type,source}', 'short',
       'Mean absolute error of the last seven days, in the unit of the type.'),
      (5, 'pg_glucose_coverage_ratio', '{model_type,source}', 'percentunit',
       'Share of outcomes that intervals of the last seven days held.'),
      (6, 'pg_glucose_drift_trainings', '{model_type}', 'short',
       'Trainings that were queued for drift in the last seven days.'),
      (7, 'pg_glucose_jobs_open', '{state}', 'short', 'Background trainings that are queued or running.'),
      (8, 'pg_glucose_trainings_failed', '{model_type}', 'short',
       'Background trainings that failed in the last seven days.'),
      (9, 'pg_glucose_alerts_open', '{severity}', 'short', 'Open alerts.'),
      (10, 'pg_glucose_models_withdrawn', '{}', 'short', 'Models taken from service in the last seven days.'),
      (11, 'pg_glucose_deployments_week', '{model_type}', 'short', 'Deployments in the last seven days.'),
      (12, 'pg_glucose_experiments_running', '{}', 'short', 'Experiments that run.'),
      (13, 'pg_glucose_readings_age_seconds', '{}', 's', 'Since the newest reading of anybody.'),
      (14, 'pg_glucose_health_age_seconds', '{}', 's', 'Since health_check() took its hourly samples.'),
      (15, 'pg_glucose_tables_bytes', '{}', 'bytes', 'Tables and their indexes on disk.'),
      (16, 'pg_glucose_cached_ratio', '{model_type}', 'percentunit',
       'Share of the answers of the last hour that the log had already.')
    ) v (i, name, labels, unit, help);
END
$fn$;
COMMENT ON FUNCTION glucose.gauge_names() IS
'Internal: the one list of what gauges() counts: openmetrics(), the exporter''s queries and the Grafana dashboard are '
'made of it. Units as Grafana names them.';

CREATE FUNCTION glucose.gauges(gauge text DEFAULT NULL, OUT name text, OUT labels jsonb, OUT value double precision)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  wanted CONSTANT text := gauges.gauge;
  since CONSTANT timestamptz := now() - interval '7 days';
BEGIN
  PERFORM glucose.require_watcher();
  IF NOT EXISTS (SELECT FROM glucose.gauge_names() g WHERE wanted IS NULL OR g.name = wanted) THEN
    RAISE EXCEPTION 'no gauge is named "%"', wanted USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Names are: ' || (SELECT string_agg(g.name, ', ' ORDER BY g.i) FROM glucose.gauge_names() g) || '.';
  END IF;
  -- What is not wanted is not looked at: these conditions are asked before any row.
  RETURN QUERY
    SELECT 'pg_glucose_active_models', jsonb_build_object('model_type', v.model_type), count(*)::float8
    FROM glucose.model_version v
    WHERE coalesce(wanted = 'pg_glucose_active_models', true) AND v.is_active GROUP BY v.model_type
    UNION ALL
    SELECT x.name, h.labels, x.value
    FROM (SELECT jsonb_build_object('model_type', p.model_type) AS labels, count(*)::float8 AS n,
                 percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) / 1000 AS p95,
                 count(p.cached_from)::float8 / count(*) AS cached
          FROM glucose.prediction p
          WHERE coalesce(wanted IN ('pg_glucose_predictions_hour', 'pg_glucose_latency_p95_seconds',
                                    'pg_glucose_cached_ratio'), true)
            AND p.purged_at IS NULL AND p.issued_at > now() - interval '1 hour' GROUP BY p.model_type) h
    CROSS JOIN LATERAL (VALUES ('pg_glucose_predictions_hour', h.n), ('pg_glucose_latency_p95_seconds', h.p95),
                               ('pg_glucose_cached_ratio', h.cached)) x (name, value)
    WHERE coalesce(wanted = x.name, true) AND x.value IS NOT NULL
    UNION ALL
    SELECT x.name, e.labels, x.value
    FROM (SELECT jsonb_build_object('model_type', l.model_type, 'source', l.source) AS labels,
                 sum(l.sum_absolute) / sum(l.n) AS error, sum(l.n_inside)::float8 / sum(l.n) AS coverage
          FROM glucose.performance_log l
          WHERE coalesce(wanted IN ('pg_glucose_error_mean', 'pg_glucose_coverage_ratio'), true)
            AND l.days = 1 AND l.day > current_date - 8 GROUP BY l.model_type, l.source) e
    CROSS JOIN LATERAL (VALUES ('pg_glucose_error_mean', e.error), ('pg_glucose_coverage_ratio', e.coverage))
      x (name, value)
    WHERE coalesce(wanted = x.name, true)
    UNION ALL
    SELECT x.name, jsonb_build_object('model_type', j.model_type), x.n::float8
    FROM (SELECT t.model_type, count(*) FILTER (WHERE t.state = 'failed' AND t.finished_at > since) AS failed,
                 count(*) FILTER (WHERE t.reason LIKE 'drift of %' AND t.queued_at > since) AS drifted
          FROM glucose.training_job t
          WHERE coalesce(wanted IN ('pg_glucose_drift_trainings', 'pg_glucose_trainings_failed'), true)
          GROUP BY t.model_type) j
    CROSS JOIN LATERAL (VALUES ('pg_glucose_drift_trainings', j.drifted), ('pg_glucose_trainings_failed', j.failed))
      x (name, n)
    WHERE coalesce(wanted = x.name, true)
    UNION ALL
    SELECT 'pg_glucose_jobs_open', jsonb_build_object('state', s.state),
           (SELECT count(*) FROM glucose.training_job j WHERE j.state = s.state)::float8
    FROM unnest('{queued,running}'::text[]) s (state) WHERE coalesce(wanted = 'pg_glucose_jobs_open', true)
    UNION ALL
    SELECT 'pg_glucose_alerts_open', jsonb_build_object('severity', s.severity), count(a.severity)::float8
    FROM unnest('{critical,warning,info}'::text[]) s (severity)
    LEFT JOIN (SELECT o.severity FROM glucose.active_alerts o
               WHERE coalesce(wanted = 'pg_glucose_alerts_open', true)) a USING (severity)
    WHERE coalesce(wanted = 'pg_glucose_alerts_open', true) GROUP BY s.severity
    UNION ALL
    SELECT 'pg_glucose_models_withdrawn', '{}',
           (SELECT count(*) FROM glucose.model_check c WHERE c.checked_at > since)::float8
    WHERE coalesce(wanted = 'pg_glucose_models_withdrawn', true)
    UNION ALL
    SELECT 'pg_glucose_deployments_week', jsonb_build_object('model_type', d.model_type), count(*)::float8
    FROM glucose.deployment d
    WHERE coalesce(wanted = 'pg_glucose_deployments_week', true) AND d.deployed_at > since GROUP BY d.model_type
    UNION ALL
    SELECT 'pg_glucose_experiments_running', '{}',
           (SELECT count(*) FROM glucose.experiment e WHERE e.state = 'running')::float8
    WHERE coalesce(wanted = 'pg_glucose_experiments_running', true)
    UNION ALL
    SELECT 'pg_glucose_readings_age_seconds', '{}', extract(epoch FROM now() - r.last)::float8
    FROM (SELECT max(l.last) AS last FROM glucose.person p
          CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                              WHERE g.person_id = p.person_id AND g.measured_at <= now()
                                AND g.measured_at > '-infinity') l
          WHERE coalesce(wanted = 'pg_glucose_readings_age_seconds', true)) r WHERE r.last IS NOT NULL
    UNION ALL
    SELECT 'pg_glucose_health_age_seconds', '{}', extract(epoch FROM now() - h.last)::float8
    FROM (SELECT max(s.sampled_at) AS last FROM glucose.health_sample s
          WHERE s.sampled_at <= now() AND s.sampled_at > '-infinity'
          AND coalesce(wanted = 'pg_glucose_health_age_seconds', true)) h WHERE h.last IS NOT NULL
    UNION ALL
    SELECT 'pg_glucose_tables_bytes', '{}',
           (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
            WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'm'))::float8
    WHERE coalesce(wanted = 'pg_glucose_tables_bytes', true);
END
$fn$;
COMMENT ON FUNCTION glucose.gauges(text) IS
'Numbers of the service now, one gauge or all: models, answers, errors, jobs, alerts; no person and no glucose value. '
'For the owner of the tables and the steward, and for Prometheus.';

CREATE FUNCTION glucose.openmetrics() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_watcher();
  RETURN (
    WITH line AS (
      SELECT n.i, n.name, n.help, row_number() OVER w = 1 AS first, l.labels,
             n.name || coalesce('{' || l.labels || '}', '') || ' ' || trim_scale(round(g.value::numeric, 6)) AS said
      FROM glucose.gauges() g JOIN glucose.gauge_names() n USING (name)
      CROSS JOIN LATERAL (SELECT string_agg(format('%s=%s', e.key, to_json(e.value)), ',' ORDER BY e.key) AS labels
                          FROM jsonb_each_text(g.labels) e) l
      WINDOW w AS (PARTITION BY n.i ORDER BY l.labels)
    )
    SELECT coalesce(string_agg(
             CASE WHEN l.first THEN format(E'# HELP %s %s\n# TYPE %s gauge\n', l.name, l.help, l.name) ELSE '' END
             || l.said || E'\n', '' ORDER BY l.i, l.labels), '') || E'# EOF\n'
    FROM line l);
END
$fn$;
COMMENT ON FUNCTION glucose.openmetrics() IS
'What gauges() says as OpenMetrics text, for Prometheus; no person, no glucose value. For the owner of the tables and '
'the steward.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.glucose_patterns(person_id uuid, days integer DEFAULT 90, lang text DEFAULT 'en',
  unit text DEFAULT 'mg/dL', everything boolean DEFAULT false,
  OUT kind text, OUT what text, OUT than text, OUT difference double precision, OUT lower double precision,
  OUT upper double precision, OUT n integer, OUT n_alike integer, OUT p_value double precision,
  OUT false_discovery_rate double precision, OUT is_found boolean, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_patterns';
COMMENT ON FUNCTION glucose.glucose_patterns(uuid, integer, text, text, boolean) IS
'Times of day, days of the week, kinds of meals and days after something whose glucose really differs for this person, '
'over the days up to the newest reading, in plain words. It names no cause.';

CREATE FUNCTION glucose.glucose_outlook(person_id uuid, days integer DEFAULT 1, at timestamptz DEFAULT NULL,
  lang text DEFAULT 'en', unit text DEFAULT 'mg/dL',
  OUT measure text, OUT day integer, OUT start_at timestamptz, OUT end_at timestamptz,
  OUT expected double precision, OUT lower double precision, OUT upper double precision, OUT n integer,
  OUT source text, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 57 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_outlook';
COMMENT ON FUNCTION glucose.glucose_outlook(uuid, integer, timestamptz, text, text) IS
'Expected mean, time in range and time below 70 mg/dL of the coming 24 hours, and of one or two days more, each with '
'its 90 % interval; and glucose over the coming 24 hours. Show disclaimer() with it.';

CREATE FUNCTION glucose.glucose_outlook_json(person_id uuid, days integer DEFAULT 1, at timestamptz DEFAULT NULL,
  lang text DEFAULT 'en', unit text DEFAULT 'mg/dL') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(jsonb_build_object('lang', lang, 'unit', unit), (SELECT jsonb_agg(o)
    FROM glucose.glucose_outlook(glucose_outlook_json.person_id, glucose_outlook_json.days, glucose_outlook_json.at,
                                 glucose_outlook_json.lang, glucose_outlook_json.unit) o));
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_outlook_json(uuid, integer, timestamptz, text, text) IS
'The rows of glucose_outlook() with the disclaimer, as one document.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.report_limits(c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE c ->> 'targets' WHEN 'pregnancy' THEN '{"very_low": 54, "low": 63, "high": 140, "very_high": 250}'::jsonb
            ELSE '{"very_low": 54, "low": 70, "high": 180, "very_high": 250}' END;
COMMENT ON FUNCTION glucose.report_limits(jsonb) IS
'Internal: part of glucose_report(): the limits of the ranges, mg/dL.';

CREATE FUNCTION glucose.shown_limits(c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT pg_catalog.jsonb_object_agg(x.key, glucose.page_level(x.value::float8, c))
        FROM pg_catalog.jsonb_each_text(glucose.report_limits(c)) x);
COMMENT ON FUNCTION glucose.shown_limits(jsonb) IS
'Internal: part of glucose_report(): the limits of the ranges as the page writes them.';

CREATE FUNCTION glucose.report_numbers(s glucose.glucose_summary, c jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  u CONSTANT text := c ->> 'unit';
  digits CONSTANT integer := c ->> 'digits';
  lim CONSTANT jsonb := glucose.shown_limits(c);
  cells text[];
BEGIN
  SELECT array_agg(x.cell ORDER BY n.i, x.i) INTO cells
  FROM (VALUES (1, format(w ->> 'mean', u), glucose.page_number(s.mean, digits, l)),
    (2, format(w ->> 'sd', u), glucose.page_number(s.sd, digits, l)),
    (3, w ->> 'cv', glucose.page_percent(s.cv_pct, 1, l)),
    (4, w ->> 'gmi', glucose.page_percent(s.gmi_pct, 1, l)),
    (5, w ->> 'tight', glucose.page_percent(s.tight_range_pct, 1, l)),
    (6, format(w ->> 'low_episodes', lim ->> 'low'), s.low_episodes::text),
    (7, format(w ->> 'of_them', lim ->> 'very_low'), s.very_low_episodes::text),
    (8, format(w ->> 'high_episodes', lim ->> 'high'), s.high_episodes::text),
    (9, format(w ->> 'of_them', lim ->> 'very_high'), s.very_high_episodes::text),
    (10, w ->> 'risk', glucose.page_number(s.lbgi, 1, l) || ' / ' || glucose.page_number(s.hbgi, 1, l)),
    (11, w ->> 'gri', glucose.page_number(s.gri, 1, l)),
    (12, format(w ->> 'mage', u), glucose.page_number(s.mage, digits, l)),
    (13, format(w ->> 'modd', u), glucose.page_number(s.modd, digits, l)),
    (14, format(w ->> 'conga', glucose.page_number(s.conga_hours, 0, l), u), glucose.page_number(s.conga, digits, l)),
    (15, w ->> 'adrr', glucose.page_number(s.adrr, 1, l)),
    (16, w ->> 'j_index', glucose.page_number(s.j_index, 1, l)),
    (17, w ->> 'readings', s.readings::text), (18, w ->> 'days_with', s.days::text)) n (i, name, value)
  CROSS JOIN LATERAL unnest(ARRAY[n.name, n.value]) WITH ORDINALITY x (cell, i);
  RETURN glucose.folded(w ->> 'numbers', glucose.html_table(w ->> 'numbers', (w ->> 'number_head')::text[], cells));
END
$fn$;
COMMENT ON FUNCTION glucose.report_numbers(glucose.glucose_summary, jsonb) IS
'Internal: part of glucose_report(): all statistics as a table.';

CREATE FUNCTION glucose.report_shares(s glucose.glucose_summary, c jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  lim CONSTANT jsonb := glucose.shown_limits(c);
  bars text;
  said text;
  keys text;
BEGIN
  SELECT string_agg(format('<rect class="r%s" x="%s%%" width="%s%%" height="30"/>', r.i, round(r.before::numeric, 3),
                           round(r.share::numeric, 3)), '' ORDER BY r.i),
         string_agg(format('%s %s %%', r.name, glucose.page_number(r.share, 1, l)), '; ' ORDER BY r.i),
         string_agg(format('<li class="chip r%s">%s<strong>%s&#160;%%</strong></li>', r.i, glucose.html(r.name),
                           glucose.page_number(r.share, 1, l)), '' ORDER BY r.i)
  INTO bars, said, keys
  FROM (SELECT v.i, v.name, v.share, sum(v.share) OVER (ORDER BY v.i) - v.share AS before
        FROM (VALUES (1, format(w ->> 'very_low_pct', lim ->> 'very_low'), s.very_low_pct),
                (2, format(w ->> 'low_only', lim ->> 'very_low', lim ->> 'low'), s.low_pct - s.very_low_pct),
                (3, format(w ->> 'in_range_pct', lim ->> 'low', lim ->> 'high'), s.in_range_pct),
                (4, format(w ->> 'high_only', lim ->> 'high', lim ->> 'very_high'), s.high_pct - s.very_high_pct),
                (5, format(w ->> 'very_high_pct', lim ->> 'very_high'), s.very_high_pct)) v (i, name, share)) r;
  RETURN format('<svg class="plot shares" role="img" width="100%%" height="30" aria-label="%s">%s</svg>'
                '<ul class="chips">%s'
                '</ul>', glucose.html((w ->> 'shares') || ': ' || said), bars, keys);
END
$fn$;
COMMENT ON FUNCTION glucose.report_shares(glucose.glucose_summary, jsonb) IS
'Internal: part of glucose_report(): the time in ranges as a bar.';

CREATE FUNCTION glucose.report_statistics(s glucose.glucose_summary, c jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  u CONSTANT text := c ->> 'unit';
  digits CONSTANT integer := c ->> 'digits';
  lim CONSTANT jsonb := glucose.shown_limits(c);
  tiles text;
  goals text[];
BEGIN
  SELECT string_agg(format('<li><strong>%s</strong>%s</li>', t.value, glucose.html(t.name)), '' ORDER BY t.i) INTO tiles
  FROM (VALUES (1, glucose.page_percent(s.in_range_pct, 1, l), format(w ->> 'in_range', lim ->> 'low',
                lim ->> 'high', u)), (2, glucose.page_number(s.mean, digits, l), format(w ->> 'mean', u)),
    (3, glucose.page_percent(s.gmi_pct, 1, l), w ->> 'gmi'),
    (4, glucose.page_percent(s.cv_pct, 1, l), w ->> 'cv'),
    (5, glucose.page_percent(s.covered_pct, 1, l), w ->> 'covered'),
    (6, s.readings::text, w ->> 'readings')) t (i, value, name);
  SELECT array_agg(x.cell ORDER BY g.i, x.i) INTO goals
  FROM (SELECT row_number() OVER () AS i, o.* FROM glucose.glucose_goals(s, c ->> 'targets') o) g
  CROSS JOIN LATERAL unnest(ARRAY[
    format(w ->> ('goal_' || g.goal), lim ->> replace(g.goal, '_pct', '')), glucose.page_percent(g.value, 1, l),
    CASE WHEN g.below IS NULL THEN format(w ->> 'at_least', g.at_least) ELSE format(w ->> 'below', g.below) END,
    CASE g.met WHEN true THEN '✓ ' || (w ->> 'yes') WHEN false THEN '✗ ' || (w ->> 'no') END])
    WITH ORDINALITY x (cell, i);
  RETURN format('<section><h2>%s</h2><ul class="tiles">%s</ul>', glucose.html(w ->> 'statistics'), tiles)
    || glucose.report_shares(s, c) || '<div class="beside">'
    || glucose.html_table((w ->> 'goals') || '. ' || (w ->> ('goals_' || (c ->> 'targets'))),
    (w ->> 'goal_head')::text[], goals)
    || '</div>' || glucose.report_numbers(s, c) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_statistics(glucose.glucose_summary, jsonb) IS
'Internal: part of glucose_report(): statistics and goals.';

CREATE FUNCTION glucose.report_profile(person_id uuid, days integer, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  part CONSTANT integer := 30;
  parts jsonb;
  picture jsonb;
  cells text[];
  said text;
BEGIN
  SELECT jsonb_agg(to_jsonb(a) ORDER BY a.minute_of_day),
         array_agg(ARRAY[glucose.page_clock(time '00:00' + a.minute_of_day * interval '1 min' + date '2000-01-01'),
           glucose.page_number(a.p5, v.digits, v.l), glucose.page_number(a.p25, v.digits, v.l),
           glucose.page_number(a.p50, v.digits, v.l), glucose.page_number(a.p75, v.digits, v.l),
           glucose.page_number(a.p95, v.digits, v.l), a.n::text] ORDER BY a.minute_of_day),
         format(w ->> 'profile_alt', min(glucose.page_clock(date '2000-01-01' + a.minute_of_day * interval '1 min'))
                FILTER (WHERE a.p50 = a.lowest), glucose.page_number(min(a.p50), v.digits, v.l),
                min(glucose.page_clock(date '2000-01-01' + a.minute_of_day * interval '1 min'))
                FILTER (WHERE a.p50 = a.highest), glucose.page_number(max(a.p50), v.digits, v.l), c ->> 'unit')
  INTO parts, cells, said
  FROM (SELECT x.*, min(x.p50) OVER () AS lowest, max(x.p50) OVER () AS highest
        FROM glucose.agp(report_profile.person_id, report_profile.days, NULL,
                         jsonb_build_object('unit', c ->> 'unit', 'part_min', part)) x) a,
       (VALUES ((c ->> 'digits')::integer, c ->> 'lang')) v (digits, l)
  GROUP BY v.digits, v.l;
  SELECT jsonb_build_object(
    'words', said, 'unit', c ->> 'unit', 'comma', c ->> 'lang' = 'de', 'x', '[0, 1440]'::jsonb, 'height', 260, 'ticks',
    glucose.day_ticks(3),
    'y', CASE c ->> 'unit' WHEN 'mmol/L' THEN jsonb_build_array(2, greatest(16, max(p.p95)))
                           ELSE jsonb_build_array(40, greatest(280, max(p.p95))) END,
    'target', (SELECT jsonb_build_array(round(((x ->> 'low')::numeric / (c ->> 'per')::numeric), 1),
                                        round(((x ->> 'high')::numeric / (c ->> 'per')::numeric), 1))
               FROM (SELECT glucose.report_limits(c)) t (x)),
    'layers', jsonb_build_array(
      jsonb_build_object('kind', 'band', 'tone', 'wide', 'name', w ->> 'band_wide', 'x', jsonb_agg(p.x ORDER BY p.x),
                         'low', jsonb_agg(p.p5 ORDER BY p.x), 'high', jsonb_agg(p.p95 ORDER BY p.x)),
      jsonb_build_object('kind', 'band', 'tone', 's1', 'name', w ->> 'band_narrow', 'x', jsonb_agg(p.x ORDER BY p.x),
                         'low', jsonb_agg(p.p25 ORDER BY p.x), 'high', jsonb_agg(p.p75 ORDER BY p.x)),
      jsonb_build_object('kind', 'line', 'tone', 's1', 'name', w ->> 'median', 'x', jsonb_agg(p.x ORDER BY p.x),
                         'low', jsonb_agg(p.p50 ORDER BY p.x)))) INTO picture
  -- The day goes on at both ends.
  FROM (SELECT q.minute_of_day + part / 2 + 1440 * o.over AS x, q.*
        FROM jsonb_to_recordset(parts) q (minute_of_day integer, p5 float8, p25 float8, p50 float8, p75 float8,
        p95 float8)
        CROSS JOIN generate_series(-1, 1) o (over)) p
  WHERE p.x BETWEEN -part AND 1440 + part;
  RETURN format('<section><h2>%s</h2><p class="soft">%s</p>', glucose.html(w ->> 'profile'),
    glucose.html(w ->> 'profile_says'))
    || glucose.picture_svg(picture) || glucose.picture_legend(picture)
    || glucose.folded(w ->> 'table', glucose.html_table(format(w ->> 'profile_table', c ->> 'unit'),
                                                        (w ->> 'profile_head')::text[], glucose.flat(cells)))
                                                        || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_profile(uuid, integer, jsonb) IS
'Internal: part of glucose_report(): the ambulatory glucose profile.';

CREATE FUNCTION glucose.report_days(person_id uuid, first_day date, last_day date, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  most CONSTANT integer := 28;
  drawn CONSTANT date := greatest(report_days.first_day, report_days.last_day - most + 1);
  lim CONSTANT jsonb := glucose.report_limits(c);
  per CONSTANT numeric := c ->> 'per';
  ends CONSTANT timestamptz[] := glucose.midnights(report_days.person_id, report_days.first_day, report_days.last_day);
  span jsonb;
  strips text;
  cells text[];
BEGIN
  SELECT glucose.day_axis(max(r.mg_dl), c) INTO span
  FROM glucose.glucose_reading r
  WHERE r.person_id = report_days.person_id AND r.measured_at >= ends[1] AND r.measured_at < ends[array_upper(ends, 1)];
  WITH shown AS (
    SELECT x.day::date AS day, s.covered_pct, s.mean, s.in_range_pct, s.low_pct, s.high_pct, s.low_episodes,
    s.high_episodes
    FROM generate_series(report_days.first_day, report_days.last_day, interval '1 day') x (day)
    LEFT JOIN glucose.glucose_statistics_daily(report_days.person_id, report_days.first_day, report_days.last_day,
      jsonb_build_object('targets', c ->> 'targets', 'unit', c ->> 'unit')) s ON s.day = x.day::date)
  SELECT string_agg(format('<figure class="day"><figcaption>%s%s</figcaption>%s</figure>', glucose.page_day(d.day, c),
           CASE WHEN d.in_range_pct IS NULL THEN '' ELSE
             ' <strong>' || glucose.page_number(d.in_range_pct, 0, l) || '&#160;%</strong>' END,
           glucose.picture_svg(glucose.day_picture(report_days.person_id, d.day, c)
             || jsonb_build_object('y', span, 'height', 92, 'ticks', glucose.day_ticks(6, false), 'target',
             jsonb_build_array(
               round((lim ->> 'low')::numeric / per, 1), round((lim ->> 'high')::numeric / per, 1))))), ''
               ORDER BY d.day)
         FILTER (WHERE d.day >= drawn),
         array_agg(ARRAY[glucose.page_day(d.day, c), glucose.page_percent(coalesce(d.covered_pct, 0), 0, l),
           glucose.page_number(d.mean, CASE per WHEN 1 THEN 0 ELSE 1 END, l),
           glucose.page_percent(d.in_range_pct, 1, l),
           glucose.page_percent(d.low_pct, 1, l), glucose.page_percent(d.high_pct, 1, l),
           d.low_episodes::text, d.high_episodes::text] ORDER BY d.day)
  INTO strips, cells FROM shown d;
  RETURN format('<section><h2>%s</h2><p class="soft">%s</p><div class="strips">%s</div>', glucose.html(w ->> 'days'),
      glucose.html(format(w ->> 'days_say', span ->> 0, span ->> 1, c ->> 'unit',
      glucose.page_level((lim ->> 'low')::float8, c),
                          glucose.page_level((lim ->> 'high')::float8, c))
                   || CASE WHEN drawn > report_days.first_day THEN ' ' || format(w ->> 'days_cut', most) ELSE '' END),
                   strips)
    || glucose.folded(w ->> 'table',
    glucose.html_table(format(w ->> 'day_table', c ->> 'unit'), (w ->> 'day_head')::text[],
                                                        glucose.flat(cells))) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_days(uuid, date, date, jsonb) IS
'Internal: part of glucose_report(): a strip for each day.';

CREATE FUNCTION glucose.report_patterns(person_id uuid, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  -- As many as glucose_patterns() takes when it is not told: weekdays need nine weeks, whatever the page is about.
  looked_back CONSTANT integer := 90;
  n_asked bigint;
  found text;
BEGIN
  SELECT count(*), string_agg('<li>' || glucose.html(p.words) || '</li>', ''
                              ORDER BY abs(p.difference) DESC, p.words) FILTER (WHERE p.is_found)
  INTO n_asked, found
  FROM glucose.glucose_patterns(report_patterns.person_id, looked_back, c ->> 'lang', c ->> 'unit', true) p;
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'patterns'))
    || CASE WHEN n_asked = 0 THEN format('<p class="none">%s</p>', glucose.html(w ->> 'patterns_too_few'))
       ELSE coalesce('<ul>' || found || '</ul>', format('<p class="none">%s</p>', glucose.html(w ->> 'patterns_none')))
         || format('<p class="soft">%s</p>', glucose.html(format(w ->> 'patterns_say', n_asked, looked_back))) END
    || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_patterns(uuid, jsonb) IS
'Internal: part of glucose_report(): what glucose_patterns() finds, and of how many comparisons.';

CREATE FUNCTION glucose.report_quality(person_id uuid, start_at timestamptz, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  cells text[];
BEGIN
  WITH reading AS (
    SELECT r.measured_at AS at, r.mg_dl, r.recorded_at > r.measured_at + interval '1 hour' AS is_late,
           extract(epoch FROM r.measured_at - lag(r.measured_at) OVER (ORDER BY r.measured_at))::float8 / 60 AS step
    FROM glucose.glucose_reading r
    WHERE r.person_id = report_quality.person_id AND r.measured_at >= report_quality.start_at),
  told AS (
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY r.step) AS step, max(r.at) AS newest,
           count(*) FILTER (WHERE r.mg_dl <= 40 OR r.mg_dl >= 400) AS at_limit,
           count(*) FILTER (WHERE r.is_late) AS late FROM reading r),
  meal AS (SELECT count(*) AS n, count(m.carbs_g) AS with_carbs FROM glucose.meal m
           WHERE m.person_id = report_quality.person_id AND m.eaten_at >= report_quality.start_at),
  fault AS (
    SELECT e.kind, count(*) AS n, extract(epoch FROM max(e.ended_at - e.started_at))::float8 / 60 AS longest
    FROM glucose.glucose_events(report_quality.person_id, report_quality.start_at) e
    WHERE e.certainty >= 0.5 GROUP BY e.kind),
  line AS (
    SELECT q.* FROM told t CROSS JOIN meal m LEFT JOIN fault g ON g.kind = 'gap' CROSS JOIN LATERAL (VALUES
      (1, w ->> 'newest', (SELECT glucose.page_day(n.at::date, c) || ', ' || glucose.page_clock(n.at)
                           FROM unnest(glucose.wall_clock(report_quality.person_id, ARRAY[t.newest])) n (at))),
      (2, w ->> 'step', format(w ->> 'minutes', glucose.page_number(t.step, 0, l))),
      (4, w ->> 'gap_longest', CASE WHEN g.longest >= 120
        THEN format(w ->> 'hours', glucose.page_number(g.longest / 60, 1, l))
        WHEN g.longest IS NOT NULL THEN format(w ->> 'minutes', glucose.page_number(g.longest, 0, l)) ELSE '–' END),
      (10, w ->> 'at_limit', t.at_limit::text), (11, w ->> 'late', t.late::text), (12, w ->> 'meals', m.n::text),
      (13, w ->> 'with_carbs_known', m.with_carbs::text)) q (i, name, value)
    UNION ALL
    SELECT k.i, w ->> k.kind, coalesce(f.n, 0)::text
    FROM (VALUES (3, 'gap'), (5, 'warm_up'), (6, 'stuck'), (7, 'jump'), (8, 'two_sensors'), (9, 'compression_low'))
      k (i, kind) LEFT JOIN fault f USING (kind))
  SELECT array_agg(x.cell ORDER BY r.i, x.i) INTO cells
  FROM line r CROSS JOIN LATERAL unnest(ARRAY[r.name, r.value]) WITH ORDINALITY x (cell, i);
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'quality'))
    || glucose.html_table(w ->> 'quality_of', (w ->> 'quality_head')::text[], cells) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_quality(uuid, timestamptz, jsonb) IS
'Internal: part of glucose_report(): what the data are like, with what glucose_events() names of the sensor.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.meal_clusters(person_id uuid, options jsonb DEFAULT '{}')
RETURNS TABLE (meal_id uuid, eaten_at timestamptz, meal_type text, dish uuid, dish_meals integer, unit text,
  level double precision, peak double precision, peak_minutes integer, area double precision,
  in_range_pct double precision, is_followed boolean)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1000 COST 100000 AS 'MODULE_PATHNAME', 'glucose_meal_clusters';
COMMENT ON FUNCTION glucose.meal_clusters(uuid, jsonb) IS
'Which of a person''s meals are the same dish, by nutrients and by what glucose did, and what came of each. A dish is '
'named by its first meal.';

CREATE FUNCTION glucose.steady_meals(person_id uuid, meal_type text DEFAULT NULL, k integer DEFAULT 5,
  options jsonb DEFAULT '{}')
RETURNS TABLE (place integer, dish uuid, meal_id uuid, eaten_at timestamptz, meal_type text, usual_time time,
  meals integer, tries integer, calories real, carbs_g real, protein_g real, fat_g real, fiber_g real, unit text,
  area double precision, area_lower double precision, area_upper double precision, area_mean double precision,
  in_range_pct double precision, in_range_lower double precision, in_range_upper double precision,
  in_range_mean double precision, words text, change_of text, change_from real, change_to real,
  change_difference double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 100000 AS 'MODULE_PATHNAME', 'glucose_steady_meals';
COMMENT ON FUNCTION glucose.steady_meals(uuid, text, integer, jsonb) IS
'The dishes after which a person''s glucose stayed steadiest, how often and how sure: what happened, not what to eat. '
'Show disclaimer() with it.';

CREATE FUNCTION glucose.compare_meals(meal_ids uuid[], options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (place integer, meal_id uuid, eaten_at timestamptz, meal_type text, dish uuid, dish_meals integer,
  calories real, carbs_g real, protein_g real, fat_g real, fiber_g real, unit text,
  level double precision, peak double precision, peak_minutes integer, area double precision,
  in_range_pct double precision, is_followed boolean,
  difference double precision, lower double precision, upper double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 100000 AS 'MODULE_PATHNAME', 'glucose_compare_meals';
COMMENT ON FUNCTION glucose.compare_meals(uuid[], jsonb, uuid) IS
'Meals of one person beside each other: what was in them, what glucose did, and by how much the area differs from the '
'first one''s, give or take chance. Show disclaimer() with it.';

CREATE FUNCTION glucose.steady_meals_json(person_id uuid, meal_type text DEFAULT NULL, k integer DEFAULT 5,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f ORDER BY f.place) FROM glucose.steady_meals(
    steady_meals_json.person_id, steady_meals_json.meal_type, steady_meals_json.k, steady_meals_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.steady_meals_json(uuid, text, integer, jsonb) IS
'The rows of steady_meals() with the disclaimer, as one document.';

CREATE FUNCTION glucose.compare_meals_json(meal_ids uuid[], options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f ORDER BY f.place) FROM glucose.compare_meals(
    compare_meals_json.meal_ids, compare_meals_json.options, compare_meals_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.compare_meals_json(uuid[], jsonb, uuid) IS
'The rows of compare_meals() with the disclaimer, as one document.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.report_targets(person_id uuid, options jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wrong text;
BEGIN
  PERFORM glucose.require_object(options);
  SELECT o.key INTO wrong FROM jsonb_each(options) o WHERE o.key <> 'targets' ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'unrecognized option "%"', wrong USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Known is targets.';
  ELSIF options ? 'targets' AND (options ->> 'targets' IS NULL
                                 OR options ->> 'targets' NOT IN ('standard', 'older', 'pregnancy')) THEN
    RAISE EXCEPTION 'invalid value for option "targets"' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'It must be standard, older or pregnancy.';
  END IF;
  RETURN coalesce(options ->> 'targets',
    (SELECT CASE p.diabetes_type WHEN 'gestational' THEN 'pregnancy' ELSE 'standard' END
                                          FROM glucose.person p WHERE p.person_id = report_targets.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.report_targets(uuid, jsonb) IS
'Internal: part of glucose_report(): the option targets, else what fits the person.';

CREATE FUNCTION glucose.glucose_report(person_id uuid, days integer DEFAULT 14, lang text DEFAULT 'en',
  unit text DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  c jsonb := glucose.page_context(glucose_report.person_id, glucose_report.lang, glucose_report.unit);
  s glucose.glucose_summary;
  newest timestamptz;
  since timestamptz;
  first_day date;
  last_day date;
  body text;
  head text;
BEGIN
  IF glucose_report.days IS NULL OR glucose_report.days NOT BETWEEN 1 AND 90 THEN
    RAISE EXCEPTION '"days" must be from 1 to 90' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  c := c || jsonb_build_object('targets', glucose.report_targets(glucose_report.person_id, glucose_report.options));
  SELECT max(r.measured_at) INTO newest FROM glucose.glucose_reading r WHERE r.person_id = glucose_report.person_id;
  IF newest IS NULL THEN
    body := format('<section><p>%s</p></section>', glucose.html(format(c #>> '{w,nothing}', glucose_report.days)));
    head := '';
  ELSE
    -- As the functions count: so many times 24 hours up to the newest reading; strips are whole days of the clock.
    since := newest - glucose_report.days * interval '24 hours' + interval '1 microsecond';
    s := glucose.glucose_statistics(glucose_report.person_id, since, NULL,
      jsonb_build_object('unit', c ->> 'unit', 'targets', c ->> 'targets'));
    last_day := (glucose.wall_clock(glucose_report.person_id, ARRAY[newest]))[1]::date;
    first_day := greatest(last_day - glucose_report.days + 1,
      (glucose.wall_clock(glucose_report.person_id, ARRAY[s.first_at]))[1]::date);
    head := format('<p class="soft">%s</p>', glucose.html(format(c #>> '{w,period}', glucose.page_day(first_day, c),
      glucose.page_day(last_day, c), date_part('year', last_day), (SELECT replace(p.time_zone, '_', ' ')
        FROM glucose.person p WHERE p.person_id = glucose_report.person_id))));
    IF NOT s.is_enough THEN
      head := head || format('<p class="notice">%s</p>', glucose.html(format(c #>> '{w,too_few}',
        glucose.page_number(s.covered_pct, 0, c ->> 'lang'), glucose_report.days)));
    END IF;
    body := glucose.report_statistics(s, c) || glucose.report_profile(glucose_report.person_id, glucose_report.days, c)
      || glucose.report_days(glucose_report.person_id, first_day, last_day, c)
      || glucose.report_forecasts(glucose_report.person_id, since, c) || glucose.report_model(glucose_report.person_id,
      c) || glucose.report_patterns(glucose_report.person_id, c)
      || glucose.report_quality(glucose_report.person_id, since, c);
  END IF;
  RETURN glucose.html_page(c #>> '{w,title}',
    head || format('<p class="soft">%s</p>', glucose.html(c ->> 'disclaimer')), body,
    format('<p>%s</p><p>%s</p>', glucose.html(format(c #>> '{w,made}', glucose.page_day((glucose.wall_clock(
      glucose_report.person_id, ARRAY[now()]))[1]::date, c) || ' ' || date_part('year', now()),
      glucose.version(), glucose_report.person_id)),
      glucose.html(c ->> 'disclaimer')), c ->> 'lang');
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_report(uuid, integer, text, text, jsonb) IS
'One HTML page about a person''s glucose, to look at on a phone or to print: statistics and goals, profile, '
'days, forecasts '
'against what happened, model, patterns and data. In English or German, mg/dL or mmol/L; nothing from elsewhere.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.callers() RETURNS oid[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
  SELECT coalesce(array_agg(DISTINCT r.oid), '{0}')
  FROM pg_roles r, pg_class c, aclexplode(c.relacl) a
  WHERE c.oid = to_regclass('glucose.person') AND a.grantee <> c.relowner AND r.rolcanlogin AND NOT r.rolsuper
    AND (a.grantee = 0 OR pg_has_role(r.oid, a.grantee, 'MEMBER'))
$fn$;
COMMENT ON FUNCTION glucose.callers() IS
'Internal: part of security_check(): the roles that log in and may use the tables, themselves or as another; 0 where '
'there are none.';

CREATE FUNCTION glucose.settings_of(role_id oid) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
  -- Of what is set for the role, the database or both the last one counts.
  SELECT (SELECT jsonb_object_agg(lower(p.name), p.setting) FROM pg_settings p) || coalesce(
    (SELECT jsonb_object_agg(lower(split_part(c.line, '=', 1)), substr(c.line, strpos(c.line, '=') + 1)
                             ORDER BY s.setrole <> 0, s.setdatabase <> 0)
     FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c (line)
     WHERE s.setrole IN (settings_of.role_id, 0)
       AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))), '{}')
$fn$;
COMMENT ON FUNCTION glucose.settings_of(oid) IS
'Internal: part of security_check(): the settings, by name, when a role logs in to this database; 0: any role that '
'says nothing of its own.';

CREATE FUNCTION glucose.leaking_settings(OUT subject text, OUT severity text, OUT finding text, OUT hint text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  -- Without any role that may log in, what would hold for one.
  roles CONSTANT oid[] := glucose.callers();
BEGIN
  RETURN QUERY
    SELECT f.subject, f.severity,
           f.finding || coalesce(': role ' || nullif(string_agg(r.rolname, ', ' ORDER BY r.rolname), ''), ''),
           format('ALTER ROLE ... SET %s = %s (docs/security.md, the log)', f.subject, f.wanted)
    FROM unnest(roles) role LEFT JOIN pg_roles r ON r.oid = role
    CROSS JOIN LATERAL glucose.settings_of(role) s
    CROSS JOIN LATERAL (SELECT s ->> 'log_parameter_max_length' = '0' AS no_parameters) o
    CROSS JOIN LATERAL (VALUES
      ('log_statement', 'warning', 'statements are logged, with what they say of persons', '''none''',
       s ->> 'log_statement' IN ('mod', 'all')),
      ('log_min_duration_statement', 'warning', 'slow statements are logged with their parameters', '-1',
       s ->> 'log_min_duration_statement' <> '-1' AND NOT o.no_parameters),
      ('log_min_duration_sample', 'warning', 'some statements are logged with their parameters', '-1',
       s ->> 'log_min_duration_sample' <> '-1' AND NOT o.no_parameters),
      ('log_transaction_sample_rate', 'warning', 'the statements of some transactions are logged', '0',
       (s ->> 'log_transaction_sample_rate')::float8 > 0),
      ('log_parameter_max_length_on_error', 'warning', 'parameters of statements that fail are logged', '0',
       s ->> 'log_parameter_max_length_on_error' <> '0'),
      ('auto_explain.log_min_duration', 'warning', 'plans are logged with the values in them', '-1',
       s ->> 'auto_explain.log_min_duration' <> '-1'),
      ('pgaudit.log_parameter', 'warning', 'parameters are logged', 'off',
       s ->> 'pgaudit.log_parameter' IN ('on', 'true', '1', 'yes')),
      ('log_min_error_statement', 'info', 'statements that fail are logged, with what they say of persons', '''panic''',
       s ->> 'log_min_error_statement' NOT IN ('fatal', 'panic')),
      ('log_error_verbosity', 'info', 'details of errors are logged, which may hold values', '''terse''',
       s ->> 'log_error_verbosity' <> 'terse'),
      ('log_min_messages', 'info', 'errors are logged, and the server''s own name values that it could not read',
       '''fatal''', s ->> 'log_min_messages' NOT IN ('fatal', 'panic'))
    ) f (subject, severity, finding, wanted, is_so)
    WHERE f.is_so GROUP BY f.subject, f.severity, f.finding, f.wanted;
END
$fn$;
COMMENT ON FUNCTION glucose.leaking_settings() IS
'Internal: part of security_check() and health_check(): settings by which values of persons get into the server''s '
'log, of the roles that use the tables.';

CREATE FUNCTION glucose.insecure_settings(OUT severity text, OUT finding text, OUT hint text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  role oid;
  s jsonb;
  mode text;
  who text;
BEGIN
  PERFORM glucose.version();  -- or the library's settings are not there yet
  FOREACH role IN ARRAY glucose.callers() LOOP
    s := glucose.settings_of(role);
    mode := s ->> 'glucose.identity';
    who := CASE role WHEN 0 THEN 'every role' ELSE format('role "%s"', pg_get_userbyid(role)) END;
    IF mode = 'claims' THEN
      RETURN QUERY VALUES ('info', format('%s may say by request.jwt.claims who it is', who),
        'Only a gateway may log in as it. Callers that reach the database themselves: glucose.identity = token.');
    END IF;
    IF mode = 'claims' AND s ->> 'glucose.warn_session_claims' = 'off' THEN
      RETURN QUERY VALUES ('warning', format('claims that outlast their transaction are not told of: %s', who),
        'SET glucose.warn_session_claims = on, unless no session is shared.');
    END IF;
    IF mode = 'token' AND s ->> 'glucose.token_key_file' = '' THEN
      RETURN QUERY VALUES ('warning', format('%s logs in by tokens, and there is no key for them', who),
        'Make one and set glucose.token_key_file.');
    END IF;
  END LOOP;
  s := glucose.settings_of(0);
  RETURN QUERY
    SELECT f.severity, f.finding, f.hint FROM (VALUES
      ('warning', 'the log is not signed', 'Make a key and set glucose.audit_key_file.',
       s ->> 'glucose.audit_key_file' = ''),
      ('warning', 'a population may be of fewer than 10 persons', 'SET glucose.min_population_persons = 10.',
       (s ->> 'glucose.min_population_persons')::integer < 10),
      ('warning', 'connections over the network are not encrypted', 'Set ssl = on, and hostssl in pg_hba.conf.',
       current_setting('ssl') = 'off' AND current_setting('listen_addresses') NOT IN ('', 'localhost', '127.0.0.1')),
      ('warning', 'passwords are kept as MD5', 'Set password_encryption = scram-sha-256 and passwords anew.',
       current_setting('password_encryption') = 'md5')) f (severity, finding, hint, is_so)
    WHERE f.is_so;
END
$fn$;
COMMENT ON FUNCTION glucose.insecure_settings() IS
'Internal: part of security_check(): settings of identity, audit, populations and connections.';

CREATE FUNCTION glucose.insecure_grants(OUT severity text, OUT finding text, OUT hint text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  by_callers CONSTANT text[] := glucose.entered_tables();
  by_stewards CONSTANT text[] := glucose.decided_tables();
  by_nobody CONSTANT name[] := '{role_identity, population_member, audit_seal, counted_call}';
  managers CONSTANT oid[] := (SELECT array_agg(r.oid) FROM glucose.stewards() s JOIN pg_roles r ON r.rolname = s.role
                              WHERE s.level = 'manage');
BEGIN
  RETURN QUERY
    SELECT CASE WHEN g.grantee = 0 OR g.privilege NOT IN ('SELECT', 'REFERENCES') THEN 'critical' ELSE 'warning' END,
           format('%s has %s on %s%s', glucose.grantee(g.grantee),
                  string_agg(DISTINCT g.privilege, ', ' ORDER BY g.privilege), g.relation,
                  CASE WHEN bool_or(g.is_grantable) THEN ', and may grant it' ELSE '' END),
           format('REVOKE it, and SELECT glucose.grant_access(%L) for what an application needs.',
                  glucose.grantee(g.grantee))
    FROM (
      SELECT c.oid::regclass AS relation, c.relname, a.grantee, a.privilege_type AS privilege, a.is_grantable,
             false AS is_column
      FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND a.grantee <> c.relowner
      UNION ALL
      SELECT c.oid::regclass, c.relname, a.grantee, a.privilege_type, a.is_grantable, true
      FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped, aclexplode(t.attacl) a
      WHERE c.relnamespace = 'glucose'::regnamespace AND a.grantee <> c.relowner
    ) g
    WHERE g.grantee = 0 OR g.is_grantable OR NOT CASE
      WHEN g.privilege = 'SELECT'
      THEN g.relname <> ALL (by_nobody) AND (g.is_column OR g.relname <> 'population_model'
                                             OR g.grantee = ANY (managers))
      WHEN g.privilege IN ('INSERT', 'UPDATE', 'DELETE')
      THEN g.relname = ANY (by_callers) OR g.relname = ANY (by_stewards) AND g.grantee = ANY (managers)
      ELSE false END
    GROUP BY g.relation, g.grantee, g.grantee = 0 OR g.privilege NOT IN ('SELECT', 'REFERENCES');
  RETURN QUERY
    SELECT 'critical', format('%s may create objects in schema glucose', glucose.grantee(a.grantee)),
           'What it makes there is called in place of the extension''s: REVOKE CREATE ON SCHEMA glucose.'
    FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE n.nspname = 'glucose' AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner
      AND a.grantee <> (SELECT c.relowner FROM pg_class c WHERE c.oid = to_regclass('glucose.person'));
  RETURN QUERY
    SELECT 'warning', format('tables that %s makes are open to %s by default privileges',
                             d.defaclrole::regrole, glucose.grantee(a.grantee)),
           'ALTER DEFAULT PRIVILEGES ... REVOKE, or run setup() right after making a partition.'
    FROM pg_default_acl d, aclexplode(d.defaclacl) a
    WHERE d.defaclobjtype = 'r' AND a.grantee <> d.defaclrole AND d.defaclnamespace IN (0, 'glucose'::regnamespace);
  RETURN QUERY
    SELECT 'critical', format('%s may set %s', glucose.grantee(a.grantee), p.parname),
           format('REVOKE SET, ALTER SYSTEM ON PARAMETER %s.', p.parname)
    FROM pg_parameter_acl p, aclexplode(p.paracl) a
    WHERE p.parname LIKE 'glucose.%' AND NOT coalesce((SELECT r.rolsuper FROM pg_roles r WHERE r.oid = a.grantee),
                                                      false);
END
$fn$;
COMMENT ON FUNCTION glucose.insecure_grants() IS
'Internal: part of security_check(): privileges beyond those that grant_access() and add_steward() give.';

CREATE FUNCTION glucose.insecure_policies(OUT severity text, OUT finding text, OUT hint text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT 'critical', format('%s has no row-level security that is enabled and forced', c.oid::regclass),
           'Run setup(), or ALTER TABLE ... ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY.'
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
      AND (c.relnamespace = 'glucose'::regnamespace OR c.oid IN (
        WITH RECURSIVE part AS (
          SELECT i.inhrelid AS oid FROM pg_inherits i JOIN pg_class w ON w.oid = i.inhparent
          WHERE w.relnamespace = 'glucose'::regnamespace
          UNION SELECT i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid)
        SELECT p.oid FROM part p));
  -- Without one that restricts, more is allowed; without one that allows, less is seen.
  RETURN QUERY
    SELECT CASE WHEN o.name IN ('claim', 'note') THEN 'critical' ELSE 'warning' END,
           format('policy "%s" on glucose.%s is not there', o.name, o.relation), 'Run setup().'
    FROM (SELECT relation, name FROM glucose.own_policies()
          UNION ALL VALUES ('person', 'claim'), ('person', 'note'), ('person_access', 'note')) o
    WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('glucose.' || o.relation)
                  AND c.relkind IN ('r', 'p'))
      AND NOT EXISTS (SELECT FROM pg_policy p
                      WHERE p.polrelid = to_regclass('glucose.' || o.relation) AND p.polname = o.name);
  -- What the server makes of an expression differs in parentheses only.
  RETURN QUERY
    SELECT 'critical', format('policy "%s" on glucose.%s is not as setup() makes it', o.name, o.relation),
           format('DROP POLICY %I ON glucose.%I, and run setup().', o.name, o.relation)
    FROM glucose.own_policies() o JOIN pg_policy p ON p.polrelid = o.oid AND p.polname = o.name
    CROSS JOIN LATERAL (
      SELECT regexp_replace(coalesce(pg_get_expr(p.polqual, p.polrelid), ''), '[()\s]', '', 'g') AS using_rows,
             regexp_replace(coalesce(pg_get_expr(p.polwithcheck, p.polrelid), ''), '[()\s]', '', 'g') AS check_rows) e
    WHERE e.using_rows <> regexp_replace(coalesce(o.using_rows, ''), '[()\s]', '', 'g')
       OR e.check_rows <> regexp_replace(coalesce(o.check_rows, ''), '[()\s]', '', 'g')
       OR p.polcmd <> CASE o.command WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w'
                                     WHEN 'DELETE' THEN 'd' ELSE '*' END
       OR NOT p.polpermissive OR p.polroles <> '{0}';
  RETURN QUERY
    SELECT CASE WHEN p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true' AND p.polroles = '{0}'
                THEN 'critical' ELSE 'warning' END,
           format('policy "%s" on %s is none of setup()''s', p.polname, c.oid::regclass),
           'It may show more than the others: see whether it is meant.'
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace = 'glucose'::regnamespace AND p.polpermissive
      AND p.polname NOT IN ('steward', 'steward_reads', 'manage', 'register')
      AND NOT EXISTS (SELECT FROM glucose.own_policies() o WHERE o.oid = p.polrelid AND o.name = p.polname);
END
$fn$;
COMMENT ON FUNCTION glucose.insecure_policies() IS
'Internal: part of security_check(): row-level security that is off, missing, changed or more than setup() makes.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.insecure_views(OUT severity text, OUT finding text, OUT hint text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH RECURSIVE above AS (
      SELECT c.oid FROM pg_class c
      WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p', 'v')
      UNION
      SELECT r.ev_class FROM above a
      JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.oid
        AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_rewrite r ON r.oid = d.objid)
    SELECT CASE WHEN EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner)
                THEN 'critical' ELSE 'info' END,
           format('%s %s shows what its owner may see',
           CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END,
                  c.oid::regclass),
           CASE c.relkind WHEN 'm' THEN 'Row-level security cannot guard it: drop it, or revoke its privileges.'
           ELSE format('ALTER VIEW %s SET (security_invoker = true).', c.oid::regclass) END
    FROM (SELECT DISTINCT oid FROM above) v JOIN pg_class c USING (oid)
    WHERE c.relkind IN ('v', 'm')
      AND NOT EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
                      WHERE o.option_name = 'security_invoker' AND o.option_value::boolean);
  RETURN QUERY
    SELECT 'warning', format('publication "%s" hands the rows of %s to its subscribers', t.pubname,
                             string_agg(t.tablename, ', ' ORDER BY t.tablename)),
           'Row-level security does not reach them.'
    FROM pg_publication_tables t WHERE t.schemaname = 'glucose' GROUP BY t.pubname;
  RETURN QUERY
    SELECT 'warning', format('trigger "%s" on %s is none of the extension''s', t.tgname, t.tgrelid::regclass),
           'It runs as whoever writes the row, and sees it: see whether it is meant.'
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE c.relnamespace = 'glucose'::regnamespace AND NOT t.tgisinternal
      AND p.pronamespace <> 'glucose'::regnamespace;
  RETURN QUERY
    SELECT 'warning', format('rule "%s" on %s changes what statements do', r.rulename, c.oid::regclass), 'Drop it.'
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p');
END
$fn$;
COMMENT ON FUNCTION glucose.insecure_views() IS
'Internal: part of security_check(): views, publications, triggers and rules by which rows get past the policies.';

CREATE FUNCTION glucose.insecure_functions(OUT severity text, OUT finding text, OUT hint text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT 'critical', format('function %s is in schema glucose and none of the extension''s', p.oid::regprocedure),
           'It is called in place of the extension''s, by whoever has the schema in its search_path: drop it.'
    FROM pg_proc p
    WHERE p.pronamespace = 'glucose'::regnamespace AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
  RETURN QUERY
    SELECT 'info', format('extension "%s" is installed in schema glucose', e.extname),
           format('ALTER EXTENSION %I SET SCHEMA ..., where it can be.', e.extname)
    FROM pg_extension e WHERE e.extnamespace = 'glucose'::regnamespace AND e.extname <> 'pg_glucose';
  RETURN QUERY
    SELECT 'warning', format('function %s runs as %s and names the schema', p.oid::regprocedure,
                             p.proowner::regrole),
           'Whoever may call it sees what it shows. With glucose.identity = role, who asks is its owner.'
    FROM pg_proc p
    WHERE p.prosecdef AND p.pronamespace NOT IN ('glucose'::regnamespace, 'pg_catalog'::regnamespace)
      AND p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), '') ~ '\mglucose\.'
      AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner));
  -- Where anybody may make objects, they are found first by whoever searches there first.
  RETURN QUERY
    SELECT 'warning', format('%s may create objects in schema %I, which %s search', glucose.grantee(a.grantee),
                             n.nspname, 'roles of the application'),
           format('REVOKE CREATE ON SCHEMA %I FROM %s, or take it out of their search_path.', n.nspname,
                  glucose.grantee(a.grantee))
    FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE a.privilege_type = 'CREATE' AND a.grantee = 0 AND n.nspname <> 'glucose' AND EXISTS (
      SELECT FROM unnest(glucose.callers()) role,
                  string_to_table(glucose.settings_of(role) ->> 'search_path', ',') s
      WHERE btrim(s, ' "') = n.nspname);
  RETURN QUERY
    SELECT 'warning', format('function %s has the name of one of the extension''s', p.oid::regprocedure),
           'Which of them is called is up to the search_path: drop it, or call glucose.' || p.proname || '.'
    FROM pg_proc p
    WHERE p.pronamespace NOT IN ('glucose'::regnamespace, 'pg_catalog'::regnamespace,
    'information_schema'::regnamespace)
      AND EXISTS (SELECT FROM pg_proc g WHERE g.pronamespace = 'glucose'::regnamespace AND g.proname = p.proname);
END
$fn$;
COMMENT ON FUNCTION glucose.insecure_functions() IS
'Internal: part of security_check(): functions that are called in place of the extension''s, or run as another role.';

CREATE FUNCTION glucose.insecure_roles(OUT severity text, OUT finding text, OUT hint text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  owner CONSTANT oid := (SELECT c.relowner FROM pg_class c WHERE c.oid = to_regclass('glucose.person'));
BEGIN
  RETURN QUERY
    SELECT 'info', format('the owner of the tables, %s, is a superuser', owner::regrole),
           'Give them to a role of their own: docs/how-to/install.md.'
    FROM pg_roles r WHERE r.oid = owner AND r.rolsuper;
  RETURN QUERY
    SELECT 'warning', format('%s belongs to %s, the others to %s', c.oid::regclass, c.relowner::regrole,
                             owner::regrole), 'Run setup() as a superuser.'
    FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relname = ANY (glucose.made_by_setup())
      AND c.relowner <> owner;
  RETURN QUERY
    SELECT f.severity, format('role "%s" %s', r.rolname, f.what), f.hint
    FROM pg_roles r CROSS JOIN LATERAL (VALUES
      ('warning', 'is not bound by row-level security', 'ALTER ROLE ... NOBYPASSRLS, but for backups.',
       r.rolbypassrls),
      ('warning', 'is a member of the owner of the tables and can change them and their policies',
       format('REVOKE %s FROM it.', owner::regrole), r.oid <> owner AND pg_has_role(r.oid, owner, 'MEMBER')),
      ('warning', 'may make itself a member of any role, the owner of the tables included',
       'ALTER ROLE ... NOCREATEROLE.', r.rolcreaterole AND current_setting('server_version_num')::integer < 160000),
      ('warning', 'reads all that is written, by replication', 'See whether it is meant.', r.rolreplication),
      ('critical', 'reads or writes files of the server, with all rows and keys in them',
       'REVOKE pg_read_server_files, pg_write_server_files, pg_execute_server_program FROM it.',
       pg_has_role(r.oid, 'pg_read_server_files', 'MEMBER') OR pg_has_role(r.oid, 'pg_write_server_files', 'MEMBER')
       OR pg_has_role(r.oid, 'pg_execute_server_program', 'MEMBER')),
      ('warning', 'sees the statements of others, which may hold values',
      'REVOKE pg_read_all_stats, pg_monitor FROM it.',
       pg_has_role(r.oid, 'pg_read_all_stats', 'MEMBER')),
      ('info', 'has privileges on all tables of the database', 'Row-level security still decides which rows.',
       pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER') OR pg_has_role(r.oid, 'pg_write_all_data', 'MEMBER'))
    ) f (severity, what, hint, is_so)
    WHERE f.is_so AND NOT r.rolsuper AND r.rolname NOT LIKE 'pg\_%'
      AND has_database_privilege(r.oid, current_database(), 'CONNECT')
      AND (r.rolcanlogin OR EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid));
END
$fn$;
COMMENT ON FUNCTION glucose.insecure_roles() IS
'Internal: part of security_check(): roles that row-level security does not bind, or that can undo it.';

CREATE FUNCTION glucose.security_check(OUT severity text, OUT finding text, OUT hint text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_watcher();
  RETURN QUERY
    SELECT f.severity, f.finding, f.hint
    FROM (SELECT s.severity, format('%s: %s', s.subject, s.finding) AS finding, s.hint FROM glucose.leaking_settings() s
          UNION ALL SELECT * FROM glucose.insecure_settings()
          UNION ALL SELECT * FROM glucose.insecure_grants()
          UNION ALL SELECT * FROM glucose.insecure_policies()
          UNION ALL SELECT * FROM glucose.insecure_views()
          UNION ALL SELECT * FROM glucose.insecure_functions()
          UNION ALL SELECT * FROM glucose.insecure_roles()) f
    ORDER BY array_position(ARRAY['critical', 'warning', 'info'], f.severity), f.finding;
END
$fn$;
COMMENT ON FUNCTION glucose.security_check() IS
'What in this database lets rows or values of persons out, or could: settings, grants, policies, owners, views, '
'functions and roles. For the owner of the tables and stewards who manage.';

CREATE FUNCTION glucose.tell_of_security() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  found record;
BEGIN
  SELECT count(*) FILTER (WHERE c.severity = 'critical') AS critical,
         count(*) FILTER (WHERE c.severity = 'warning') AS warnings INTO found
  FROM glucose.security_check() c;
  IF found.critical > 0 THEN
    RAISE WARNING 'security_check() finds % critical and % more', found.critical, found.warnings
      USING HINT = 'SELECT * FROM glucose.security_check().';
  ELSIF found.warnings > 0 THEN
    RAISE NOTICE 'security_check() has something to say' USING HINT = 'SELECT * FROM glucose.security_check().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.tell_of_security() IS
'Internal: part of setup(): whether security_check() finds something.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.erase_person(person_id uuid, OUT population_models text[], OUT seals_released integer)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_erase_person';
COMMENT ON FUNCTION glucose.erase_person(uuid) IS
'Internal: part of forget_person(): deletes a person of the caller''s with all that refers to it, marks the population '
'models that have learnt from it and releases its seals.';

CREATE FUNCTION glucose.rows_of_person(person_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_person(rows_of_person.person_id);
  RETURN jsonb_build_object(
    'batch_answer', (SELECT count(*) FROM glucose.batch_answer t WHERE t.person_id = rows_of_person.person_id),
    'daily_metric', (SELECT count(*) FROM glucose.daily_metric t WHERE t.person_id = rows_of_person.person_id),
    'deployment', (SELECT count(*) FROM glucose.deployment t WHERE t.person_id = rows_of_person.person_id),
    'experiment_model', (SELECT count(*) FROM glucose.experiment_model t WHERE t.person_id = rows_of_person.person_id),
    'glucose_reading', (SELECT count(*) FROM glucose.glucose_reading t WHERE t.person_id = rows_of_person.person_id),
    'meal', (SELECT count(*) FROM glucose.meal t WHERE t.person_id = rows_of_person.person_id),
    'model_check', (SELECT count(*) FROM glucose.model_check t WHERE t.person_id = rows_of_person.person_id),
    'model_metric', (SELECT count(*) FROM glucose.model_metric t WHERE t.person_id = rows_of_person.person_id),
    'model_version', (SELECT count(*) FROM glucose.model_version t WHERE t.person_id = rows_of_person.person_id),
    'model_update', (SELECT count(*) FROM glucose.model_update t WHERE t.person_id = rows_of_person.person_id),
    'performance_log', (SELECT count(*) FROM glucose.performance_log t WHERE t.person_id = rows_of_person.person_id),
    'person', (SELECT count(*) FROM glucose.person t WHERE t.person_id = rows_of_person.person_id),
    'person_access', (SELECT count(*) FROM glucose.person_access t WHERE t.person_id = rows_of_person.person_id),
    'person_alert', (SELECT count(*) FROM glucose.person_alert t WHERE t.person_id = rows_of_person.person_id),
    'person_time_zone', (SELECT count(*) FROM glucose.person_time_zone t WHERE t.person_id = rows_of_person.person_id),
    'prediction', (SELECT count(*) FROM glucose.prediction t WHERE t.person_id = rows_of_person.person_id),
    'prediction_feedback', (SELECT count(*) FROM glucose.prediction_feedback t
    WHERE t.person_id = rows_of_person.person_id),
    'recorded_outcome', (SELECT count(*) FROM glucose.recorded_outcome t WHERE t.person_id = rows_of_person.person_id),
    'retraining_log', (SELECT count(*) FROM glucose.retraining_log t WHERE t.person_id = rows_of_person.person_id),
    'retraining_override', (SELECT count(*) FROM glucose.retraining_override t
    WHERE t.person_id = rows_of_person.person_id),
    'serving_mark', (SELECT count(*) FROM glucose.serving_mark t WHERE t.person_id = rows_of_person.person_id),
    'source_preference', (SELECT count(*) FROM glucose.source_preference t
    WHERE t.person_id = rows_of_person.person_id),
    'training_job', (SELECT count(*) FROM glucose.training_job t WHERE t.person_id = rows_of_person.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.rows_of_person(uuid) IS
'Internal: part of forget_person(): how many rows each table has of a person, as the caller sees them.';

CREATE FUNCTION glucose.forget_person(person_id uuid, confirm text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  remains jsonb := jsonb_build_array(
    'free space of the tables, and the planner''s statistics: SELECT * FROM glucose.purge_remains(), as their owner',
    'write-ahead log, until its files are used again or removed; archives of it, standbys that lag',
    'backups and dumps, as long as they are kept', 'the server''s log, if statements are logged',
    'what population models have learnt, in weights that name nobody: train them anew');
  erased record;
  deleted jsonb;
BEGIN
  PERFORM glucose.require_person(forget_person.person_id);
  IF confirm IS DISTINCT FROM forget_person.person_id::text THEN
    RAISE EXCEPTION 'argument "confirm" must be the id of the person, as text'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'What this deletes cannot be brought back but from a backup.';
  END IF;
  -- Whoever writes a row of the person has ended before they are counted.
  PERFORM FROM glucose.person t WHERE t.person_id = forget_person.person_id FOR UPDATE;
  deleted := glucose.rows_of_person(forget_person.person_id);
  -- Tables that are the application's own need not have a foreign key, and views cannot.
  BEGIN
    DELETE FROM glucose.meal t WHERE t.person_id = forget_person.person_id;
  EXCEPTION WHEN object_not_in_prerequisite_state OR feature_not_supported OR insufficient_privilege THEN
    remains := remains || to_jsonb('what is beneath the view glucose.meal: nothing can be deleted through it'::text);
  END;
  BEGIN
    DELETE FROM glucose.glucose_reading t WHERE t.person_id = forget_person.person_id;
  EXCEPTION WHEN object_not_in_prerequisite_state OR feature_not_supported OR insufficient_privilege THEN
    remains := remains
      || to_jsonb('what is beneath the view glucose.glucose_reading: nothing can be deleted through it'::text);
  END;
  SELECT e.* INTO erased FROM glucose.erase_person(forget_person.person_id) e;
  RETURN jsonb_build_object('person_id', forget_person.person_id, 'deleted', deleted, 'seals_released',
    erased.seals_released,
                            'population_models', to_jsonb(erased.population_models), 'remains', remains);
END
$fn$;
COMMENT ON FUNCTION glucose.forget_person(uuid, text) IS
'Erases a person and everything of it in one transaction, and says how many rows of which table, which population '
'models had learnt from it, and what remains where. For its owner; confirm is the id again.';

CREATE FUNCTION glucose.purge_remains(OUT relation text, OUT to_run text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 30 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  part record;
BEGIN
  PERFORM glucose.require_owner();
  FOR part IN
    SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('person_id', 'subject'))
    ORDER BY c.relname
  LOOP
    EXECUTE format('ANALYZE %s', part.name);
    relation := part.name;
    to_run := format('VACUUM (FULL, ANALYZE) %s', part.name);
    RETURN NEXT;
  END LOOP;
  -- The statistics of before are dead rows of a table, too.
  relation := 'pg_catalog.pg_statistic';
  to_run := 'VACUUM FULL pg_catalog.pg_statistic';
  RETURN NEXT;
END
$fn$;
COMMENT ON FUNCTION glucose.purge_remains() IS
'Takes the planner''s statistics of persons'' tables anew, without who has been erased, and returns what else is to be '
'run for the bytes in free space, which no function can. For the owner of the tables.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_001() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.schema_version (
    version integer PRIMARY KEY,
    extension_version text NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT now()
  );
  COMMENT ON TABLE glucose.schema_version IS 'Which steps of setup() these tables have had.';

  CREATE TABLE glucose.person (
    person_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    diabetes_type text CHECK (diabetes_type IN ('none', 'prediabetes', 't1d', 't2d', 'gestational', 'other')),
    shares_data boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT person_time_zone_is_known CHECK (timezone(time_zone, timestamptz 'epoch') IS NOT NULL)
  );
  CREATE INDEX person_owner ON glucose.person (owner) INCLUDE (person_id);
  COMMENT ON TABLE glucose.person IS 'A person whose glucose is followed, and who it belongs to.';
  COMMENT ON COLUMN glucose.person.owner IS 'The identity (see current_identity()) whose person this is.';
  COMMENT ON COLUMN glucose.person.time_zone IS 'IANA name; the clock features are read in it.';
  COMMENT ON COLUMN glucose.person.shares_data IS 'Consent to take part in the training of population models.';

  CREATE TABLE glucose.person_access (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    identity text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, identity)
  );
  CREATE INDEX person_access_identity ON glucose.person_access (identity) INCLUDE (person_id);
  COMMENT ON TABLE glucose.person_access IS 'Caregivers and clinicians a person is shared with, by their identity.';

  IF to_regclass('glucose.meal') IS NULL THEN
    CREATE TABLE glucose.meal (
      person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
      meal_id uuid NOT NULL DEFAULT gen_random_uuid(),
      eaten_at timestamptz NOT NULL CHECK (isfinite(eaten_at)),
      meal_type text NOT NULL CHECK (meal_type IN ('breakfast', 'lunch', 'dinner', 'snack')),
      calories real CHECK (calories BETWEEN 0 AND 5000),
      carbs_g real CHECK (carbs_g BETWEEN 0 AND 500),
      protein_g real CHECK (protein_g BETWEEN 0 AND 500),
      fat_g real CHECK (fat_g BETWEEN 0 AND 500),
      fiber_g real CHECK (fiber_g BETWEEN 0 AND 500),
      PRIMARY KEY (person_id, meal_id)
    );
    -- Where only a meal is named, it is found by meal_id; its neighbours in time by the other index alone.
    CREATE INDEX meal_meal_id ON glucose.meal (meal_id);
    CREATE INDEX meal_eaten_at ON glucose.meal (person_id, eaten_at) INCLUDE (carbs_g);
    ALTER TABLE glucose.meal SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
    COMMENT ON TABLE glucose.meal IS 'What was eaten and when; a nutrient that is not known is NULL, never 0.';
  ELSE
    RAISE NOTICE 'relation glucose.meal is there already and is kept';
  END IF;

  IF to_regclass('glucose.glucose_reading') IS NULL THEN
    CREATE TABLE glucose.glucose_reading (
      person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
      measured_at timestamptz NOT NULL CHECK (isfinite(measured_at)),
      mg_dl real NOT NULL CHECK (mg_dl BETWEEN 20 AND 600),
      recorded_at timestamptz,
      PRIMARY KEY (person_id, measured_at) INCLUDE (mg_dl, recorded_at)
    );
    -- The windows are index-only scans while the visibility map is fresh.
    ALTER TABLE glucose.glucose_reading SET (autovacuum_vacuum_insert_scale_factor = 0.02,
      autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
    COMMENT ON TABLE glucose.glucose_reading IS 'Sensor glucose, mg/dL.';
    COMMENT ON COLUMN glucose.glucose_reading.recorded_at IS
      'When the database learnt the value; NULL means when it was measured. A forecast never sees what was recorded '
      'later.';
  ELSE
    RAISE NOTICE 'relation glucose.glucose_reading is there already and is kept';
  END IF;

  CREATE TABLE glucose.model_version (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    version text NOT NULL CHECK (version ~ '^[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}$'),
    algorithm text NOT NULL,
    is_active boolean NOT NULL DEFAULT false,
    trained_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    training_start timestamptz NOT NULL,
    training_end timestamptz NOT NULL,
    n_train integer NOT NULL,
    n_validation integer NOT NULL,
    n_test integer NOT NULL,
    mae real,
    rmse real,
    r2 real,
    hyperparameters jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    feature_schema text NOT NULL,
    artifact bytea NOT NULL,
    sha256 bytea NOT NULL CHECK (sha256 = pg_catalog.sha256(artifact)),
    status text NOT NULL CHECK (status IN ('ready', 'rejected', 'archived')),
    is_production_ready boolean NOT NULL,
    quality_issues text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (person_id, model_type, version),
    CONSTRAINT model_version_rejected_never_serves CHECK (NOT (is_active AND status = 'rejected')),
    CONSTRAINT model_version_rejected_stays_so CHECK (status = 'rejected' OR NOT (metadata @> '{"rejected": true}'))
  );
  ALTER TABLE glucose.model_version ALTER COLUMN artifact SET STORAGE EXTERNAL;
  CREATE UNIQUE INDEX model_version_one_active ON glucose.model_version (person_id, model_type) WHERE is_active;
  COMMENT ON TABLE glucose.model_version IS
    'Every model ever trained for a person. Rows are immutable but for is_active and status; at most one per type is '
    'active.';
  COMMENT ON COLUMN glucose.model_version.mae IS 'Mean absolute error on the test rows, mean over horizons, mg/dL.';
  COMMENT ON COLUMN glucose.model_version.rmse
    IS 'Root mean squared error on the test rows, mean over horizons, mg/dL.';

  CREATE TABLE glucose.model_metric (
    person_id uuid NOT NULL,
    model_type text NOT NULL,
    version text NOT NULL,
    split text NOT NULL,
    minutes_ahead integer NOT NULL,
    metric text NOT NULL,
    value double precision,
    n integer NOT NULL,
    PRIMARY KEY (person_id, model_type, version, split, minutes_ahead, metric),
    FOREIGN KEY (person_id, model_type, version) REFERENCES glucose.model_version ON DELETE CASCADE
  );
  COMMENT ON TABLE glucose.model_metric
    IS 'Errors of each version by split, horizon and metric, as measured when it was trained.';

  CREATE TABLE glucose.deployment (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    deployed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version text NOT NULL,
    previous_version text,
    reason text,
    deployed_by text,
    PRIMARY KEY (person_id, model_type, deployed_at)
  );
  COMMENT ON TABLE glucose.deployment IS 'Which version was live from when on, who put it there and why.';

  CREATE TABLE glucose.population_model (
    model_type text NOT NULL,
    version text NOT NULL CHECK (version ~ '^[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}$'),
    algorithm text NOT NULL,
    is_active boolean NOT NULL DEFAULT false,
    trained_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    training_start timestamptz NOT NULL,
    training_end timestamptz NOT NULL,
    n_train integer NOT NULL,
    n_validation integer NOT NULL,
    n_test integer NOT NULL,
    mae real,
    rmse real,
    r2 real,
    hyperparameters jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    feature_schema text NOT NULL,
    artifact bytea NOT NULL,
    sha256 bytea NOT NULL CHECK (sha256 = pg_catalog.sha256(artifact)),
    status text NOT NULL CHECK (status IN ('ready', 'rejected', 'archived')),
    is_production_ready boolean NOT NULL,
    quality_issues text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (model_type, version),
    CONSTRAINT population_model_rejected_never_serves CHECK (NOT (is_active AND status = 'rejected'))
  );
  ALTER TABLE glucose.population_model ALTER COLUMN artifact SET STORAGE EXTERNAL;
  CREATE UNIQUE INDEX population_model_one_active ON glucose.population_model (model_type) WHERE is_active;
  COMMENT ON TABLE glucose.population_model IS
    'Models for persons without one of their own: weights only, no person''s rows. Readable by all, written by the '
    'steward.';

  CREATE TABLE glucose.prediction (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    prediction_id uuid NOT NULL DEFAULT gen_random_uuid(),
    meal_id uuid,
    model_type text NOT NULL,
    version text,
    sha256 bytea,
    issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    inputs_digest bytea NOT NULL,
    predictions jsonb NOT NULL,
    latency_ms real NOT NULL,
    issued_to text,
    PRIMARY KEY (person_id, prediction_id)
  );
  CREATE INDEX prediction_issued_at ON glucose.prediction (person_id, issued_at);
  COMMENT ON TABLE glucose.prediction IS 'What was answered, by which model, to whom; predictions as in the answer.';
  COMMENT ON COLUMN glucose.prediction.inputs_digest IS 'SHA-256 of the feature vector the answer was computed from.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_001() IS
'Internal: part of setup(): brings the tables to schema version 1.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_002() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.training_job (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    job_id uuid NOT NULL DEFAULT gen_random_uuid(),
    model_type text NOT NULL,
    algorithm text NOT NULL,
    options jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    cancel_requested boolean NOT NULL DEFAULT false,
    requested_by text NOT NULL DEFAULT CURRENT_USER,
    identity text,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    eta timestamptz,
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    epoch integer NOT NULL DEFAULT 0,
    validation_rmse real,
    attempts integer NOT NULL DEFAULT 0,
    worker_pid integer,
    version text,
    error_sqlstate text,
    error_message text,
    PRIMARY KEY (person_id, job_id)
  );
  CREATE INDEX training_job_open ON glucose.training_job (requested_by, queued_at) WHERE state IN ('queued', 'running');
  -- Progress is written several times a second while a job runs.
  ALTER TABLE glucose.training_job SET (fillfactor = 50);
  COMMENT ON TABLE glucose.training_job
    IS 'Trainings that background workers do or have done; see train_model_async().';
  COMMENT ON COLUMN glucose.training_job.requested_by
    IS 'The role that asked; the job runs as it, under its row-level security.';
  COMMENT ON COLUMN glucose.training_job.progress IS '0 to 1, never falling while an attempt runs.';
  COMMENT ON COLUMN glucose.training_job.validation_rmse IS 'Of the best candidate so far, mg/dL, mean over horizons.';
  COMMENT ON COLUMN glucose.training_job.attempts
    IS 'How often a worker took it; a job whose worker died is taken again, three times at most.';

  CREATE VIEW glucose.training_progress WITH (security_invoker = true, security_barrier = true) AS
    SELECT person_id, job_id, model_type, algorithm, state, round(100 * progress::numeric, 1) AS percent, epoch,
           validation_rmse, clock_timestamp() - started_at AS running_for, eta, attempts, worker_pid
    FROM glucose.training_job
    WHERE state IN ('queued', 'running')
    ORDER BY queued_at;
  COMMENT ON VIEW glucose.training_progress
    IS 'Jobs that wait or run, of the persons the caller may see; follow it by asking again.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_002() IS
'Internal: part of setup(): brings the tables to schema version 2.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_003() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.retraining_policy (
    model_type text PRIMARY KEY,
    min_new_meals integer NOT NULL DEFAULT 50 CHECK (min_new_meals >= 1),
    max_age_days integer NOT NULL DEFAULT 7 CHECK (max_age_days >= 1),
    max_live_mae_mg_dl real NOT NULL DEFAULT 15 CHECK (max_live_mae_mg_dl > 0),
    min_improvement_mg_dl real NOT NULL DEFAULT 5 CHECK (min_improvement_mg_dl >= 0),
    beyond_chance boolean NOT NULL DEFAULT true,
    manual boolean NOT NULL DEFAULT false,
    algorithm text NOT NULL DEFAULT 'auto',
    options jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(options) = 'object')
  );
  INSERT INTO glucose.retraining_policy (model_type) VALUES ('glucose');
  COMMENT ON TABLE glucose.retraining_policy IS
    'When a model is trained again, and what its successor must show; the same for all unless retraining_override '
    'says otherwise. Readable by all, written by the steward and the owner of the tables.';
  COMMENT ON COLUMN glucose.retraining_policy.min_new_meals IS 'Due with so many new meals since the last training.';
  COMMENT ON COLUMN glucose.retraining_policy.max_age_days IS 'Due so many days after the last training.';
  COMMENT ON COLUMN glucose.retraining_policy.max_live_mae_mg_dl IS
    'Due when the answers of the active version were wrong by more than this on average.';
  COMMENT ON COLUMN glucose.retraining_policy.min_improvement_mg_dl IS
    'A candidate is deployed only when its MAE on the shared hold-out is lower by at least this.';
  COMMENT ON COLUMN glucose.retraining_policy.beyond_chance IS
    'And only when the 95 % interval of the paired difference lies below 0: what serves is not replaced by chance.';
  COMMENT ON COLUMN glucose.retraining_policy.manual IS 'Only retrain_model() retrains, when it is told to.';
  COMMENT ON COLUMN glucose.retraining_policy.algorithm IS 'What candidates are trained with, as in train_model().';
  COMMENT ON COLUMN glucose.retraining_policy.options IS 'Options of train_model() for candidates.';

  CREATE TABLE glucose.retraining_override (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    min_new_meals integer CHECK (min_new_meals >= 1),
    max_age_days integer CHECK (max_age_days >= 1),
    max_live_mae_mg_dl real CHECK (max_live_mae_mg_dl > 0),
    min_improvement_mg_dl real CHECK (min_improvement_mg_dl >= 0),
    beyond_chance boolean,
    manual boolean,
    algorithm text,
    options jsonb CHECK (jsonb_typeof(options) = 'object'),
    PRIMARY KEY (person_id, model_type)
  );
  COMMENT ON TABLE glucose.retraining_override IS
    'What differs for one person from retraining_policy; NULL: nothing. Options are added to the policy''s.';

  CREATE TABLE glucose.retraining_log (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    logged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('deployed', 'rejected', 'skipped')),
    reason text NOT NULL,
    due_because text[] NOT NULL DEFAULT '{}',
    version text,
    current_version text,
    mae_current double precision,
    mae_candidate double precision,
    n integer,
    ci_low double precision,
    ci_high double precision,
    PRIMARY KEY (person_id, model_type, logged_at)
  );
  CREATE INDEX retraining_log_tried_at ON glucose.retraining_log (person_id, model_type, tried_at);
  COMMENT ON TABLE glucose.retraining_log IS
    'Every retraining that was tried: why, what came of it, and the errors of current and candidate on the same meals.';
  COMMENT ON COLUMN glucose.retraining_log.tried_at IS 'The moment it was tried for: as_of, or the clock.';
  COMMENT ON COLUMN glucose.retraining_log.version IS 'The candidate; NULL when its training failed.';
  COMMENT ON COLUMN glucose.retraining_log.mae_current IS 'Of current_version on the n compared meals, mg/dL.';
  COMMENT ON COLUMN glucose.retraining_log.mae_candidate IS 'Of the candidate on the same meals, mg/dL.';
  COMMENT ON COLUMN glucose.retraining_log.ci_low IS
    'Lower end of the 95 % interval of mae_candidate - mae_current, paired by meal, mg/dL.';
  COMMENT ON COLUMN glucose.retraining_log.ci_high IS 'Upper end of it; below 0 the candidate is better.';

  -- A retraining in the queue ends by comparing what it trained with what serves. One of a kind waits per person.
  ALTER TABLE glucose.training_job
    ADD COLUMN purpose text NOT NULL DEFAULT 'train' CHECK (purpose IN ('train', 'retrain'));
  COMMENT ON COLUMN glucose.training_job.purpose IS
    'train: the version serves when there was none; retrain: it must win against the active one.';
  CREATE UNIQUE INDEX training_job_one_retraining ON glucose.training_job (person_id, model_type)
    WHERE purpose = 'retrain' AND state IN ('queued', 'running');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_003() IS
'Internal: part of setup(): brings the tables to schema version 3.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_004() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.experiment (
    name text PRIMARY KEY CHECK (octet_length(name) BETWEEN 1 AND 63),
    model_type text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('canary', 'shadow')),
    candidate jsonb NOT NULL CHECK (jsonb_typeof(candidate) = 'object'),
    percent integer NOT NULL CHECK (percent BETWEEN 1 AND CASE kind WHEN 'canary' THEN 99 ELSE 100 END),
    salt text NOT NULL CHECK (octet_length(salt) BETWEEN 1 AND 63),
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'stopped', 'promoted')),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_by text,
    stopped_at timestamptz,
    stop_reason text,
    CONSTRAINT experiment_stopped_when_not_running CHECK ((state = 'running') = (stopped_at IS NULL))
  );
  -- Two at once would each measure the other one, too.
  CREATE UNIQUE INDEX experiment_one_running ON glucose.experiment (model_type) WHERE state = 'running';
  COMMENT ON TABLE glucose.experiment IS
    'Candidates tried against what serves: no person''s rows, readable by all, written by the steward or the owner '
    'of the tables.';
  COMMENT ON COLUMN glucose.experiment.kind IS 'canary: persons in the split are served by the candidate; shadow: it '
                                               'forecasts beside and the stable one serves.';
  COMMENT ON COLUMN glucose.experiment.candidate
    IS '{"algorithm", "options"}: a recipe, trained per person; {"population_version"}: a population model.';
  COMMENT ON COLUMN glucose.experiment.percent
    IS 'Persons with ab_bucket(person_id, salt) < percent are in the candidate''s split.';

  CREATE TABLE glucose.experiment_model (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    experiment text NOT NULL,
    job_id uuid,
    version text,
    PRIMARY KEY (person_id, experiment)
  );
  CREATE INDEX experiment_model_experiment ON glucose.experiment_model (experiment);
  COMMENT ON TABLE glucose.experiment_model IS 'The candidate version of each person in the split of a recipe.';
  COMMENT ON COLUMN glucose.experiment_model.job_id
    IS 'The background training that makes it; its version counts as soon as it is done.';

  ALTER TABLE glucose.prediction
    ADD COLUMN experiment text,
    ADD COLUMN arm text CHECK (arm IN ('stable', 'candidate')),
    ADD COLUMN shadow_version text,
    ADD COLUMN shadow_sha256 bytea,
    ADD COLUMN shadow_predictions jsonb,
    ADD CONSTRAINT prediction_arm_of_an_experiment CHECK ((experiment IS NULL) = (arm IS NULL));
  CREATE INDEX prediction_experiment ON glucose.prediction (experiment, person_id) WHERE experiment IS NOT NULL;
  COMMENT ON COLUMN glucose.prediction.experiment
    IS 'The experiment the answer counts for; NULL when the person takes part in none.';
  COMMENT ON COLUMN glucose.prediction.arm IS
    'What the answer counts for; a person whose candidate was rejected counts for the candidate and is served the '
    'stable model.';
  COMMENT ON COLUMN glucose.prediction.shadow_predictions
    IS 'What a shadow''s candidate forecast beside the served predictions.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_004() IS
'Internal: part of setup(): brings the tables to schema version 4.';

CREATE FUNCTION glucose.drop_outcome_views() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  view name;
BEGIN
  -- Each stands on the one after it.
  FOREACH view IN ARRAY ARRAY['model_live_accuracy', 'prediction_outcome', 'prediction_horizon']::name[] LOOP
    IF to_regclass('glucose.' || view) IS NOT NULL THEN
      EXECUTE format('DROP VIEW glucose.%I', view);
    END IF;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.drop_outcome_views() IS
'Internal: part of setup(): what setup_outcome_views() will make anew.';

CREATE FUNCTION glucose.setup_outcome_views() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  reader record;
BEGIN
  IF to_regclass('glucose.prediction_horizon') IS NOT NULL AND to_regclass('glucose.prediction_outcome') IS NOT NULL
     AND to_regclass('glucose.model_live_accuracy') IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM glucose.drop_outcome_views();
  -- A view of its own: a security barrier is not merged into the query around it, so that the moments computed here
  -- are plain columns there, and comparisons of plain columns reach the index of the readings under row-level security.
  CREATE VIEW glucose.prediction_horizon WITH (security_invoker = true, security_barrier = true) AS
    SELECT p.person_id, p.prediction_id, p.meal_id, p.model_type, p.version, p.sha256, p.issued_at, p.experiment, p.arm,
           p.shadow_version, p.shadow_sha256, h.minutes_ahead, h.at,
           h.at - interval '15 minutes' AS earliest, h.at + interval '15 minutes' AS latest,
           h.at - make_interval(mins => h.minutes_ahead) AS asked_at, h.value, h.lower, h.upper,
           (SELECT s.value FROM glucose.prediction_points(p.shadow_predictions) s
            WHERE s.minutes_ahead = h.minutes_ahead LIMIT 1) AS shadow_value, p.level
    FROM glucose.prediction p
    CROSS JOIN LATERAL glucose.prediction_points(p.predictions) h
    WHERE h.minutes_ahead IS NOT NULL;
  COMMENT ON VIEW glucose.prediction_horizon IS 'The logged predictions, one row per horizon.';

  CREATE VIEW glucose.prediction_outcome WITH (security_invoker = true, security_barrier = true) AS
    SELECT h.person_id, h.prediction_id, h.meal_id, h.model_type, h.version,
           CASE WHEN own.version IS NOT NULL THEN 'personal' WHEN shared.version IS NOT NULL
           THEN 'population' END AS source,
           h.issued_at, h.minutes_ahead, h.at, h.value, h.lower, h.upper,
           coalesce(CASE WHEN strpos(h.model_type, ':') > 0
                         THEN glucose.outcome_of(h.person_id, h.model_type, h.asked_at)
                         WHEN b.measured_at = h.at THEN b.mg_dl
                         ELSE b.mg_dl + (a.mg_dl - b.mg_dl) * (extract(epoch FROM h.at - b.measured_at)
                                                               / extract(epoch
                                                               FROM a.measured_at - b.measured_at))::real
                    END, told.value) AS outcome,
           coalesce(h.asked_at <= greatest(own.training_end, own_shadow.training_end, shared.training_end,
                                           shared_shadow.training_end), false) AS in_training,
           h.experiment, h.arm, h.shadow_version, h.shadow_value, h.asked_at, h.level
    FROM glucose.prediction_horizon h
    LEFT JOIN LATERAL (
      SELECT r.measured_at, r.mg_dl FROM glucose.glucose_reading r
      WHERE r.person_id = h.person_id AND r.measured_at >= h.earliest AND r.measured_at <= h.at
      ORDER BY r.measured_at DESC LIMIT 1) b ON true
    LEFT JOIN LATERAL (
      SELECT r.measured_at, r.mg_dl FROM glucose.glucose_reading r
      WHERE r.person_id = h.person_id AND r.measured_at > h.at AND r.measured_at <= h.latest
      ORDER BY r.measured_at LIMIT 1) a ON true
    LEFT JOIN glucose.recorded_outcome told ON told.person_id = h.person_id AND told.prediction_id = h.prediction_id
      AND told.minutes_ahead = h.minutes_ahead
    LEFT JOIN glucose.model_version own ON own.person_id = h.person_id AND own.model_type = h.model_type
      AND own.version = h.version AND own.sha256 = h.sha256
    LEFT JOIN glucose.model_version own_shadow ON own_shadow.person_id = h.person_id
      AND own_shadow.model_type = h.model_type AND own_shadow.version = h.shadow_version
      AND own_shadow.sha256 = h.shadow_sha256
    LEFT JOIN glucose.population_model shared ON shared.model_type = h.model_type AND shared.version = h.version
      AND shared.sha256 = h.sha256
    LEFT JOIN glucose.population_model shared_shadow ON shared_shadow.model_type = h.model_type
      AND shared_shadow.version = h.shadow_version AND shared_shadow.sha256 = h.shadow_sha256;
  COMMENT ON VIEW glucose.prediction_outcome IS
    'Each logged prediction with what happened, by horizon, in the unit of what was forecast. Glucose is linear '
    'between the readings at most 15 minutes away on both sides; where the tables do not say, what record_outcome() '
    'was told; NULL until it is known. Readings that arrive late count when they arrive.';
  COMMENT ON COLUMN glucose.prediction_outcome.source IS 'personal or population; NULL when the model is deleted.';
  COMMENT ON COLUMN glucose.prediction_outcome.in_training IS
    'It was asked about a moment before the end of what the model, or the shadow''s, learnt from, the person''s or the '
    'population''s: such a prediction is no measure of it.';

  CREATE VIEW glucose.model_live_accuracy WITH (security_invoker = true, security_barrier = true) AS
    SELECT o.person_id, o.model_type, o.version, o.source, o.minutes_ahead,
           date_trunc('week', o.at AT TIME ZONE 'UTC')::date AS week, count(*) AS n,
           avg(abs(o.value - o.outcome))::real AS mae, sqrt(avg((o.value - o.outcome) ^ 2))::real AS rmse,
           avg(o.value - o.outcome)::real AS bias,
           avg((o.outcome BETWEEN o.lower AND o.upper)::integer)::real AS coverage, o.level
    FROM (
      -- The first answer about a moment counts, and of a meal in several lines the first line's.
      SELECT f.*, lag(f.asked_at) OVER (
               PARTITION BY f.person_id, f.model_type, f.version, f.source, f.minutes_ahead, f.meal_id IS NULL
               ORDER BY f.asked_at) AS asked_before
      FROM (SELECT DISTINCT ON (p.person_id, p.model_type, p.version, p.source, p.minutes_ahead, p.asked_at) p.*
            FROM glucose.prediction_outcome p WHERE p.outcome IS NOT NULL AND NOT p.in_training
            ORDER BY p.person_id, p.model_type, p.version, p.source, p.minutes_ahead, p.asked_at, p.issued_at) f) o
    WHERE o.meal_id IS NULL OR o.asked_before IS NULL OR o.asked_at - o.asked_before > interval '15 minutes'
    GROUP BY o.person_id, o.model_type, o.version, o.source, o.minutes_ahead, week, o.level;
  COMMENT ON VIEW glucose.model_live_accuracy IS
    'How good the served forecasts were, by version, horizon and week (Monday, UTC) of the forecast moment: errors in '
    'the unit of what was forecast, coverage of the interval of that level from 0 to 1. A moment or a meal counts '
    'once, however often it was asked about; forecasts of meals the model had learnt from do not count.';

  -- Whoever reads models and predictions goes on doing so: a forecast asks whether an experiment runs.
  FOR reader IN
    SELECT DISTINCT glucose.grantee(acl.grantee) AS name
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = 'glucose.model_version'::regclass AND acl.privilege_type = 'SELECT' AND acl.grantee <> c.relowner
  LOOP
    EXECUTE format('GRANT SELECT ON glucose.experiment, glucose.experiment_model, glucose.prediction_horizon,'
                   ' glucose.prediction_outcome, glucose.model_live_accuracy TO %s', reader.name);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_outcome_views() IS
'Internal: part of setup(): the views of outcomes and live accuracy.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_005() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.population_deployment (
    model_type text NOT NULL,
    deployed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version text NOT NULL,
    previous_version text,
    reason text,
    deployed_by text,
    PRIMARY KEY (model_type, deployed_at)
  );
  COMMENT ON TABLE glucose.population_deployment IS
    'Which population model was live from when on, who put it there and why. Readable by all, written by the steward.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_005() IS
'Internal: part of setup(): brings the tables to schema version 5.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_006() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation text;
BEGIN
  CREATE TABLE glucose.population_metric (
    model_type text NOT NULL,
    version text NOT NULL,
    split text NOT NULL,
    minutes_ahead integer NOT NULL,
    metric text NOT NULL,
    value double precision,
    n integer NOT NULL,
    PRIMARY KEY (model_type, version, split, minutes_ahead, metric),
    FOREIGN KEY (model_type, version) REFERENCES glucose.population_model ON DELETE CASCADE
  );
  COMMENT ON TABLE glucose.population_metric IS
    'Errors of each population version by split, horizon and metric, as measured when it was trained.';

  -- What several model types share has no unit in its name: thresholds are in the unit of the type (model_types()).
  FOREACH relation IN ARRAY ARRAY['retraining_policy', 'retraining_override'] LOOP
    EXECUTE format('ALTER TABLE glucose.%I RENAME COLUMN min_new_meals TO min_new_rows', relation);
    EXECUTE format('ALTER TABLE glucose.%I RENAME COLUMN max_live_mae_mg_dl TO max_live_mae', relation);
    EXECUTE format('ALTER TABLE glucose.%I RENAME COLUMN min_improvement_mg_dl TO min_improvement', relation);
  END LOOP;
  COMMENT ON COLUMN glucose.retraining_policy.min_new_rows IS
    'Due with so many new rows since the last training: meals, or days of readings; model_types() says which.';
  COMMENT ON COLUMN glucose.retraining_policy.max_live_mae IS
    'Due when the answers of the active version were wrong by more than this on average, in the unit of the type.';
  COMMENT ON COLUMN glucose.retraining_policy.min_improvement IS
    'A candidate is deployed only when its MAE on the shared hold-out is lower by at least this, in the unit of the '
    'type.';
  COMMENT ON COLUMN glucose.retraining_log.mae_current
    IS 'Of current_version on the n compared units, in the unit of the type.';
  COMMENT ON COLUMN glucose.retraining_log.mae_candidate IS 'Of the candidate on the same ones.';
  COMMENT ON COLUMN glucose.retraining_log.ci_low IS
    'Lower end of the 95 % interval of mae_candidate - mae_current, paired by unit (a meal, or six hours of readings).';
  -- Forced row-level security, of setup_policies() later on, binds whoever runs this: its own policy is not there yet.
  INSERT INTO glucose.retraining_policy (model_type, min_new_rows, max_age_days, max_live_mae, min_improvement)
  VALUES ('cgm', 7, 7, 20, 1) ON CONFLICT DO NOTHING;

  -- What lies outside these years is a wrong clock: one such row would stretch everything that is counted by time.
  -- Rows that are there already stay.
  FOR relation IN
    SELECT c.relname FROM pg_class c
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading')) AND c.relkind IN ('r', 'p')
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('ALTER TABLE glucose.%1$I ADD CONSTRAINT %1$s_time_is_sane '
                   'CHECK (%2$I >= %3$L AND %2$I < %4$L) NOT VALID', relation,
                   CASE relation WHEN 'meal' THEN 'eaten_at' ELSE 'measured_at' END,
                   timestamptz '1900-01-01 00:00+00', timestamptz '2200-01-01 00:00+00');
  END LOOP;

  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_006() IS
'Internal: part of setup(): brings the tables to schema version 6.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_007() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  old record;
BEGIN
  -- Levels of sharing. Who was given access before could do everything.
  ALTER TABLE glucose.person_access
    ADD COLUMN level text NOT NULL DEFAULT 'manage' CHECK (level IN ('view', 'record', 'manage'));
  ALTER TABLE glucose.person_access ALTER COLUMN level SET DEFAULT 'view';
  COMMENT ON COLUMN glucose.person_access.level IS
    'view: sees all and asks for forecasts; record: also adds meals and readings and corrects what it has entered '
    'itself; manage: also corrects everything and trains, deploys and deletes models. Nobody but the owner changes '
    'the person or shares it on.';
  FOR old IN
    SELECT c.oid::regclass AS relation, c.relname FROM pg_class c
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading')) AND c.relkind IN ('r', 'p')
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS entered_by text', old.relation);
    EXECUTE format('COMMENT ON COLUMN %s.entered_by IS %L', old.relation,
      'Who recorded it, when that is somebody with whom the person is shared at level record; else NULL.');
  END LOOP;

  -- How many persons a population model has learnt from, and which: the next one must not differ by a few.
  ALTER TABLE glucose.population_model ADD COLUMN n_persons integer NOT NULL DEFAULT 0;
  UPDATE glucose.population_model SET n_persons = coalesce((metadata ->> 'persons')::integer, 0);
  COMMENT ON COLUMN glucose.population_model.n_persons IS 'Persons it has learnt from.';
  CREATE TABLE glucose.population_member (
    model_type text NOT NULL,
    version text NOT NULL,
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    PRIMARY KEY (model_type, version, person_id),
    FOREIGN KEY (model_type, version) REFERENCES glucose.population_model ON DELETE CASCADE
  );
  CREATE INDEX population_member_person_id ON glucose.population_member (person_id);
  COMMENT ON TABLE glucose.population_member IS
    'Whom each population model has learnt from, as long as they are there. No role reads it: the next training asks '
    'whether its persons differ from these by so few that the difference would tell of one.';

  -- Policies of before: one for everything, also for what only functions write now. Stewards: see setup().
  FOR old IN
    SELECT p.polname, p.polrelid::regclass AS relation FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace = 'glucose'::regnamespace AND pg_has_role(c.relowner, 'USAGE')
      AND (p.polname IN ('visible', 'steward') OR c.relname = 'person' AND p.polname = 'change')
  LOOP
    EXECUTE format('DROP POLICY %I ON %s', old.polname, old.relation);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_007() IS
'Internal: part of setup(): brings the tables to schema version 7.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_008() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  key record;
  is_named_by text;
BEGIN
  CREATE TABLE glucose.role_identity (
    identity text PRIMARY KEY,
    role oid NOT NULL,
    system_identifier bigint NOT NULL
  );
  COMMENT ON TABLE glucose.role_identity IS
    'Which role is meant by an identity (glucose.identity = role): names of roles can be used again. Written by '
    'setup(), grant_access(), bind_identity() and whoever adds a person.';
  COMMENT ON COLUMN glucose.role_identity.system_identifier IS
    'The cluster in which the role has this oid; in another one the name decides until setup() has run.';

  -- Tools that map tables to objects read a primary key's columns, or only its first: columns that an index merely
  -- includes are none of them, and the first one of a meal's must not be the person. What the keys no longer do, an
  -- index of its own does. Keys of an application's own making stay.
  FOR key IN
    SELECT c.relname, con.conname
    FROM pg_class c JOIN pg_constraint con ON con.conrelid = c.oid AND con.contype = 'p'
    JOIN pg_index i ON i.indexrelid = con.conindid
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading'))
      AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')
      AND (c.relname = 'meal' AND pg_get_indexdef(i.indexrelid) LIKE '%(person\_id, meal\_id)%'
           OR c.relname = 'glucose_reading' AND i.indnatts > i.indnkeyatts)
  LOOP
    SELECT string_agg(f.conrelid::regclass::text, ', ') INTO is_named_by FROM pg_constraint f
    WHERE f.contype = 'f' AND f.confrelid = to_regclass('glucose.' || key.relname);
    IF is_named_by IS NOT NULL THEN
      RAISE WARNING 'the primary key of glucose.% stays as it is: foreign keys of % name it', key.relname, is_named_by
        USING HINT = 'Drop them, make the key as in the reference, chapter Tables, and add them again.';
    ELSIF key.relname = 'meal' THEN
      EXECUTE format('ALTER TABLE glucose.meal DROP CONSTRAINT %I, ADD PRIMARY KEY (meal_id, person_id)', key.conname);
      DROP INDEX IF EXISTS glucose.meal_meal_id;
    ELSE
      EXECUTE format('ALTER TABLE glucose.glucose_reading DROP CONSTRAINT %I, '
                     'ADD PRIMARY KEY (person_id, measured_at)', key.conname);
      CREATE INDEX glucose_reading_window ON glucose.glucose_reading (person_id, measured_at)
        INCLUDE (mg_dl, recorded_at);
    END IF;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_008() IS
'Internal: part of setup(): brings the tables to schema version 8.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_009() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  reader record;
  unknown text;
  relation text;
BEGIN
  -- A check is asked again by every update and by every restore: a zone that the server has lost would lose the person.
  -- setup_entry_checks() looks at zones when they are written.
  ALTER TABLE glucose.person DROP CONSTRAINT IF EXISTS person_time_zone_is_known;
  ALTER TABLE glucose.person
    ADD COLUMN unit text NOT NULL DEFAULT 'mg/dL'
      CONSTRAINT person_unit_is_known CHECK (lower(unit) IN ('mg/dl', 'mmol/l'));
  COMMENT ON COLUMN glucose.person.time_zone IS
    'IANA name, such as Europe/Berlin; the clock features are read in it, unless person_time_zone says otherwise.';
  COMMENT ON COLUMN glucose.person.unit IS
    'What documents say glucose in unless the option unit says otherwise: mg/dL or mmol/L. Tables hold mg/dL.';

  CREATE TABLE glucose.person_time_zone (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    since timestamptz NOT NULL,
    time_zone text NOT NULL,
    PRIMARY KEY (person_id, since)
  );
  COMMENT ON TABLE glucose.person_time_zone IS
    'Where a person was since when: the clock of a meal is read in the zone that held when it was eaten. A change of '
    'person.time_zone is kept here; before the first row person.time_zone holds.';

  ALTER TABLE glucose.prediction ADD COLUMN level real CHECK (level > 0 AND level < 1);
  COMMENT ON COLUMN glucose.prediction.level IS
    'Share of outcomes that the intervals were to hold; NULL: not noted, 0.9 unless somebody asked for another.';
  CREATE INDEX prediction_sha256 ON glucose.prediction (person_id, sha256, issued_at);

  FOREACH relation IN ARRAY ARRAY['model_metric', 'population_metric'] LOOP
    EXECUTE format('ALTER TABLE glucose.%I ADD COLUMN head text CHECK (head IN (''median'', ''mean''))', relation);
    EXECUTE format('COMMENT ON COLUMN glucose.%I.head IS %L', relation,
                   'Which of the model''s two answers was measured; NULL: no model''s, such as persistence''s.');
  END LOOP;

  -- Whoever works with persons goes on doing so.
  FOR reader IN
    SELECT glucose.grantee(acl.grantee) AS name,
           string_agg(DISTINCT acl.privilege_type, ', ') AS privileges
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = 'glucose.person'::regclass AND acl.grantee <> c.relowner
      AND acl.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    GROUP BY acl.grantee
  LOOP
    EXECUTE format('GRANT %s ON glucose.person_time_zone TO %s', reader.privileges, reader.name);
  END LOOP;

  SELECT string_agg(DISTINCT quote_literal(p.time_zone), ', ') INTO unknown
  FROM glucose.person p WHERE NOT glucose.is_time_zone(p.time_zone);
  IF unknown IS NOT NULL THEN
    RAISE WARNING 'time zones of persons are no IANA names and are read as UTC: %', unknown
      USING HINT = 'Offsets and POSIX strings have had their sign turned round. Update person.time_zone.';
  END IF;

  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_009() IS
'Internal: part of setup(): brings the tables to schema version 9.';

CREATE FUNCTION glucose.is_time_zone(name text) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_is_time_zone';
COMMENT ON FUNCTION glucose.is_time_zone(text) IS
'Internal: whether the server knows an IANA time zone of that name.';

CREATE FUNCTION glucose.is_mg_dl(mg_dl real) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_is_mg_dl';
COMMENT ON FUNCTION glucose.is_mg_dl(real) IS
'Internal: part of a check of glucose_reading: raises 23514 for a value that looks like mmol/L and asks whether it is.';

CREATE FUNCTION glucose.check_time_zone() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF NOT glucose.is_time_zone(NEW.time_zone) THEN
    RAISE EXCEPTION 'time zone "%" not recognized', NEW.time_zone
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Use an IANA name that pg_timezone_names lists, such as Europe/Berlin. Offsets and POSIX strings '
                   'such as +02:00 or UTC+2 are not taken: their sign would be turned round.';
  END IF;
  RETURN NEW;
END
$fn$;
COMMENT ON FUNCTION glucose.check_time_zone() IS
'Internal: trigger of person and person_time_zone: a zone that is written must be known. It is not asked again.';

CREATE FUNCTION glucose.keep_time_zone() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  has_history CONSTANT boolean := EXISTS (
    SELECT FROM glucose.person_time_zone z WHERE z.person_id = NEW.person_id);
BEGIN
  -- From the default, or from a name that nobody knows, is no journey: it was never right, and all of the past moves.
  IF NOT has_history AND (OLD.time_zone = 'UTC' OR NOT glucose.is_time_zone(OLD.time_zone)) THEN
    RETURN NULL;
  END IF;
  IF NOT has_history THEN
    INSERT INTO glucose.person_time_zone (person_id, since, time_zone)
      VALUES (NEW.person_id, '-infinity', OLD.time_zone);
  END IF;
  INSERT INTO glucose.person_time_zone (person_id, since, time_zone) VALUES (NEW.person_id, now(), NEW.time_zone)
  ON CONFLICT (person_id, since) DO UPDATE SET time_zone = EXCLUDED.time_zone;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.keep_time_zone() IS
'Internal: trigger of person: a change of its zone holds from now on, and what was eaten before keeps its clock.';

CREATE FUNCTION glucose.setup_entry_checks() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  missing record;
BEGIN
  FOR missing IN
    SELECT t.*
    FROM (VALUES
      ('person', 'zone_is_known', 'BEFORE INSERT', 'check_time_zone', ''),
      ('person', 'new_zone_is_known', 'BEFORE UPDATE OF time_zone', 'check_time_zone',
       'WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)'),
      ('person', 'zone_is_kept', 'AFTER UPDATE OF time_zone', 'keep_time_zone',
       'WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)'),
      ('person_time_zone', 'zone_is_known', 'BEFORE INSERT', 'check_time_zone', ''),
      ('person_time_zone', 'new_zone_is_known', 'BEFORE UPDATE OF time_zone', 'check_time_zone',
       'WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)'),
      ('daily_metric', 'value_fits', 'BEFORE INSERT', 'check_daily_value', ''),
      ('daily_metric', 'new_value_fits', 'BEFORE UPDATE OF metric, value, unit', 'check_daily_value', ''))
      AS t (relation, name, moment, runs, condition)
    JOIN pg_class c ON c.oid = to_regclass('glucose.' || t.relation) AND c.relkind IN ('r', 'p')
    WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = t.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %I %s ON glucose.%I FOR EACH ROW %s EXECUTE FUNCTION glucose.%I()', missing.name,
                   missing.moment, missing.relation, missing.condition, missing.runs);
  END LOOP;
  -- A check and not a trigger, which would keep COPY from writing many rows at once. Its name comes before that of the
  -- range's check, for checks are asked in the order of their names; the function is asked only for what fails anyway.
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('glucose.glucose_reading') AND c.relkind IN ('r', 'p')
             AND pg_has_role(c.relowner, 'USAGE')
             AND NOT EXISTS (SELECT FROM pg_constraint k
                             WHERE k.conrelid = c.oid AND k.conname = 'glucose_reading_is_mg_dl')) THEN
    ALTER TABLE glucose.glucose_reading
      ADD CONSTRAINT glucose_reading_is_mg_dl CHECK (mg_dl >= 20 OR glucose.is_mg_dl(mg_dl)) NOT VALID;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_entry_checks() IS
'Internal: part of setup(): what is asked of zones, units and values of days when they are written, and whatever of it '
'is missing.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_010() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  old record;
BEGIN
  -- Functions alone write these: policies for more than reading go.
  FOR old IN
    SELECT p.polname, p.polrelid::regclass AS relation FROM pg_policy p
    WHERE p.polrelid IN ('glucose.training_job'::regclass, 'glucose.retraining_log'::regclass,
                         'glucose.model_version'::regclass)
      AND p.polcmd <> 'r'
  LOOP
    EXECUTE format('DROP POLICY %I ON %s', old.polname, old.relation);
  END LOOP;

  -- A name alone may be another role's by the time the job runs.
  ALTER TABLE glucose.training_job ADD COLUMN requested_role oid;
  COMMENT ON COLUMN glucose.training_job.requested_role IS
    'The same role by its number: a new role of an old name inherits no job.';
  COMMENT ON COLUMN glucose.training_job.state IS
    'queued, running, done, failed or cancelled. A running job may be queued again: when its worker died, or when '
    'another identity waits and this one has several running.';

  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_010() IS
'Internal: part of setup(): brings the tables to schema version 10.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_011() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.serving_mark (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    mark_id uuid NOT NULL DEFAULT gen_random_uuid(),
    token bigint NOT NULL,
    rows_until timestamptz,
    PRIMARY KEY (person_id, mark_id)
  );
  COMMENT ON TABLE glucose.serving_mark IS
    'Up to when a person''s meals and readings count as settled, and a number that changes when one of those does: '
    'what sessions keep of them serves as long as it is the same. Written by triggers; losing it costs time only.';
  COMMENT ON COLUMN glucose.serving_mark.token IS 'All rows'' of a person together (exclusive or) are the number.';
  COMMENT ON COLUMN glucose.serving_mark.rows_until IS
    'Rows up to then are settled; NULL: one of them was changed.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_011() IS
'Internal: part of setup(): brings the tables to schema version 11.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_012() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- What a caller may do for one person is found by both together, in one place of an index, and all its persons come
  -- in order.
  DROP INDEX IF EXISTS glucose.person_owner, glucose.person_access_identity;
  CREATE INDEX person_owner ON glucose.person (owner, person_id);
  CREATE INDEX person_access_identity ON glucose.person_access (identity, person_id) INCLUDE (level);
  -- Asked with every row that is entered: is there anybody for whom the caller only records?
  CREATE INDEX person_access_record ON glucose.person_access (identity) WHERE level = 'record';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_012() IS
'Internal: part of setup(): brings the tables to schema version 12.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_013() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  reader record;
BEGIN
  CREATE TABLE glucose.metric (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[A-Z][A-Z0-9_]{0,62}$'),
    unit text NOT NULL CHECK (unit <> ''),
    low real,
    high real,
    better text CHECK (better IN ('higher', 'lower')),
    kind text NOT NULL DEFAULT 'measured' CHECK (kind IN ('measured', 'derived')),
    sources text[] NOT NULL DEFAULT '{}',
    loinc text,
    healthkit text,
    health_connect text,
    description text,
    CONSTRAINT metric_range_is_one CHECK (low < high)
  );
  COMMENT ON TABLE glucose.metric IS
    'What can be known of a day, a row for each metric. Readable by all, written by define_metric(), for the owner of '
    'the tables and the steward.';
  COMMENT ON COLUMN glucose.metric.low IS 'Lowest value taken; NULL: any.';
  COMMENT ON COLUMN glucose.metric.better IS 'The direction that is good; NULL: neither.';
  COMMENT ON COLUMN glucose.metric.kind IS
    'measured: stored in daily_metric. derived: made of the readings when it is asked for, where there are enough.';
  COMMENT ON COLUMN glucose.metric.sources IS
    'Which source counts first where several have a day and the person has no source_preference; then by name.';
  COMMENT ON COLUMN glucose.metric.healthkit IS 'Identifier of Apple HealthKit.';
  COMMENT ON COLUMN glucose.metric.health_connect IS 'Record of Android''s Health Connect.';
  PERFORM glucose.fill_metrics();

  CREATE TABLE glucose.daily_metric (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    day date NOT NULL CONSTRAINT daily_metric_day_is_sane CHECK (day >= '1900-01-01' AND day < '2200-01-01'),
    metric text COLLATE "C" NOT NULL REFERENCES glucose.metric,
    source text COLLATE "C" NOT NULL DEFAULT 'unknown' CHECK (length(source) BETWEEN 1 AND 63),
    value real NOT NULL CONSTRAINT daily_metric_value_is_finite CHECK (value > '-Infinity' AND value < 'Infinity'),
    unit text NOT NULL,
    recorded_at timestamptz,
    entered_by text,
    PRIMARY KEY (person_id, metric, day, source)
  );
  ALTER TABLE glucose.daily_metric SET (autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02);
  COMMENT ON TABLE glucose.daily_metric IS
    'One value of a day from one source. What is not known, as on a day without the watch, has no row.';
  COMMENT ON COLUMN glucose.daily_metric.day IS
    'The calendar day where the person was. Sleep, and what is measured in it, is of the day of waking.';
  COMMENT ON COLUMN glucose.daily_metric.source IS 'Device or application, in its own words.';
  COMMENT ON COLUMN glucose.daily_metric.unit IS 'Always the metric''s own; import_daily() converts others.';
  COMMENT ON COLUMN glucose.daily_metric.recorded_at IS
    'When the database learnt the value; NULL means at the end of the day. A forecast never sees what was recorded '
    'later.';
  COMMENT ON COLUMN glucose.daily_metric.entered_by IS
    'Who recorded it, when that is somebody with whom the person is shared at level record; else NULL.';

  CREATE TABLE glucose.source_preference (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    metric text COLLATE "C" NOT NULL REFERENCES glucose.metric,
    sources text[] NOT NULL,
    PRIMARY KEY (person_id, metric)
  );
  COMMENT ON TABLE glucose.source_preference IS
    'Which source of a metric counts first for a person, on a day that several have; those that are not named come '
    'after them, as metric.sources says, then by name. All rows are kept.';

  -- Whoever works with persons goes on doing so.
  FOR reader IN
    SELECT glucose.grantee(acl.grantee) AS name,
           string_agg(DISTINCT acl.privilege_type, ', ') AS privileges
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = 'glucose.person'::regclass AND acl.grantee <> c.relowner
      AND acl.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    GROUP BY acl.grantee
  LOOP
    EXECUTE format('GRANT %s ON glucose.daily_metric, glucose.source_preference TO %s', reader.privileges, reader.name);
    EXECUTE format('GRANT SELECT ON glucose.metric TO %s', reader.name);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_013() IS
'Internal: part of setup(): brings the tables to schema version 13.';

CREATE FUNCTION glucose.fill_metrics() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Ranges are what a device may say of a day that can be, not what is healthy.
  INSERT INTO glucose.metric (name, unit, low, high, better, kind, loinc, healthkit, health_connect, description)
  SELECT m.name, m.unit, m.low, m.high, m.better, m.kind, m.loinc,
         CASE WHEN m.healthkit LIKE 'HK%' THEN m.healthkit ELSE 'HKQuantityTypeIdentifier' || m.healthkit END,
         m.health_connect || 'Record', m.description
  FROM (VALUES
    ('RESTING_HEART_RATE', 'bpm', 25, 150, 'lower', 'measured', '40443-4', 'RestingHeartRate', 'RestingHeartRate',
    NULL),
    ('HEART_RATE_VARIABILITY_SDNN', 'ms', 1, 500, 'higher', 'measured', '80404-7', 'HeartRateVariabilitySDNN', NULL,
     'median of the day'),
    ('HEART_RATE_VARIABILITY_RMSSD', 'ms', 1, 500, 'higher', 'measured', NULL, NULL, 'HeartRateVariabilityRmssd',
     'of the night'),
    ('SLEEP_DURATION', 'min', 0, 1440, 'higher', 'measured', '93832-4', 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', 'asleep, main sleep'),
    ('RECOVERY_SCORE', 'points', 0, 100, 'higher', 'measured', NULL, NULL, NULL,
     'a vendor''s score, or readiness of 0 to 10 times 10; one kind a person'),
    ('TIME_IN_BED', 'min', 0, 1440, NULL, 'measured', NULL, 'HKCategoryTypeIdentifierSleepAnalysis', 'SleepSession',
     'main sleep'),
    ('SLEEP_EFFICIENCY', '%', 0, 100, 'higher', 'measured', NULL, NULL, NULL, 'asleep of the time in bed'),
    ('SLEEP_DEEP', 'min', 0, 720, 'higher', 'measured', '93831-6', 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', NULL),
    ('SLEEP_REM', 'min', 0, 720, 'higher', 'measured', '93829-0', 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', NULL),
    ('SLEEP_ONSET', 'min', -1080, 1080, NULL, 'measured', NULL, 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', 'from the midnight that the day begins with, negative before'),
    ('RESPIRATORY_RATE', '1/min', 4, 60, NULL, 'measured', '9279-1', 'RespiratoryRate', 'RespiratoryRate', 'in sleep'),
    ('SKIN_TEMPERATURE', '°C', 20, 45, NULL, 'measured', NULL, 'AppleSleepingWristTemperature', 'SkinTemperature',
     'of the night'),
    ('SKIN_TEMPERATURE_DEVIATION', 'K', -10, 10, NULL, 'measured', NULL, NULL, 'SkinTemperature',
     'from the person''s own level, as a vendor gives it'),
    ('HEART_RATE_MEAN', 'bpm', 25, 220, NULL, 'measured', NULL, 'HeartRate', 'HeartRate', NULL),
    ('WEAR_TIME', 'min', 0, 1500, NULL, 'measured', NULL, NULL, NULL, 'how long the device was worn'),
    ('STEPS', 'count', 0, 200000, 'higher', 'measured', '41950-7', 'StepCount', 'Steps', NULL),
    ('DISTANCE', 'm', 0, 500000, NULL, 'measured', NULL, 'DistanceWalkingRunning', 'Distance', NULL),
    ('FLOORS_CLIMBED', 'count', 0, 3000, NULL, 'measured', NULL, 'FlightsClimbed', 'FloorsClimbed', NULL),
    ('ACTIVE_ENERGY', 'kcal', 0, 20000, NULL, 'measured', '41981-2', 'ActiveEnergyBurned', 'ActiveCaloriesBurned',
     'above basal'),
    ('TOTAL_ENERGY', 'kcal', 0, 25000, NULL, 'measured', '41981-2', NULL, 'TotalCaloriesBurned', 'with basal'),
    ('ACTIVE_LIGHT', 'min', 0, 1500, NULL, 'measured', NULL, NULL, NULL, '1.5 to 3 MET'),
    ('ACTIVE_MODERATE', 'min', 0, 1500, 'higher', 'measured', NULL, NULL, NULL, '3 to 6 MET'),
    ('ACTIVE_VIGOROUS', 'min', 0, 1500, 'higher', 'measured', NULL, NULL, NULL, '6 MET or more'),
    ('SEDENTARY', 'min', 0, 1500, 'lower', 'measured', NULL, NULL, NULL, 'awake under 1.5 MET'),
    ('WORKOUTS', 'count', 0, 50, NULL, 'measured', NULL, 'HKWorkoutTypeIdentifier', 'ExerciseSession', NULL),
    ('WORKOUT_DURATION', 'min', 0, 1500, NULL, 'measured', '55411-3', 'HKWorkoutTypeIdentifier', 'ExerciseSession',
     NULL),
    ('TRAINING_LOAD', 'AU', 0, 10000, NULL, 'measured', NULL, NULL, NULL,
     'session RPE times minutes, or a vendor''s; one kind a person'),
    ('STRAIN', 'points', 0, 21, NULL, 'measured', NULL, NULL, NULL, 'WHOOP'),
    ('STRESS_SCORE', 'points', 0, 100, 'lower', 'measured', NULL, NULL, NULL, 'a vendor''s score, more is more'),
    ('ENERGY_INTAKE', 'kcal', 0, 20000, NULL, 'measured', '9052-2', 'DietaryEnergyConsumed', 'Nutrition', NULL),
    ('CARBOHYDRATE_INTAKE', 'g', 0, 3000, NULL, 'measured', NULL, 'DietaryCarbohydrates', 'Nutrition', NULL),
    ('PROTEIN_INTAKE', 'g', 0, 1000, NULL, 'measured', NULL, 'DietaryProtein', 'Nutrition', NULL),
    ('FAT_INTAKE', 'g', 0, 1500, NULL, 'measured', NULL, 'DietaryFatTotal', 'Nutrition', NULL),
    ('FIBER_INTAKE', 'g', 0, 500, NULL, 'measured', NULL, 'DietaryFiber', 'Nutrition', NULL),
    ('SUGAR_INTAKE', 'g', 0, 3000, NULL, 'measured', NULL, 'DietarySugar', 'Nutrition', NULL),
    ('SATURATED_FAT_INTAKE', 'g', 0, 1000, NULL, 'measured', NULL, 'DietaryFatSaturated', 'Nutrition', NULL),
    ('SODIUM_INTAKE', 'mg', 0, 100000, NULL, 'measured', NULL, 'DietarySodium', 'Nutrition', NULL),
    ('WATER_INTAKE', 'mL', 0, 30000, NULL, 'measured', NULL, 'DietaryWater', 'Hydration', NULL),
    ('CAFFEINE_INTAKE', 'mg', 0, 5000, NULL, 'measured', NULL, 'DietaryCaffeine', 'Nutrition', NULL),
    ('ALCOHOL_INTAKE', 'count', 0, 60, NULL, 'measured', NULL, 'NumberOfAlcoholicBeverages', NULL,
     'standard drinks of 10 g; 1 where only yes is known'),
    ('EATING_OCCASIONS', 'count', 0, 60, NULL, 'measured', NULL, NULL, NULL, 'what is eaten within 15 minutes is one'),
    ('FREE_DAY', '0/1', 0, 1, NULL, 'measured', NULL, NULL, NULL,
     'a holiday; unlike all others it is known before the day, unless recorded_at says since when'),
    ('GLUCOSE_MEAN', 'mg/dL', 20, 600, NULL, 'derived', NULL, 'BloodGlucose', 'BloodGlucose', NULL),
    ('GLUCOSE_SD', 'mg/dL', 0, 300, 'lower', 'derived', NULL, NULL, NULL, 'of the readings'),
    ('GLUCOSE_TIME_IN_RANGE', '%', 0, 100, 'higher', 'derived', NULL, NULL, NULL, 'readings of 70 to 180 mg/dL'),
    ('GLUCOSE_BELOW_70', '%', 0, 100, 'lower', 'derived', NULL, NULL, NULL, 'readings below 70 mg/dL')
  ) AS m (name, unit, low, high, better, kind, loinc, healthkit, health_connect, description)
  ON CONFLICT (name) DO NOTHING;
END
$fn$;
COMMENT ON FUNCTION glucose.fill_metrics() IS
'Internal: part of setup(): the metrics that the features of a day are made of, and those that are made of readings.';

CREATE FUNCTION glucose.check_daily_value() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  known record;
BEGIN
  SELECT m.unit, m.low, m.high INTO known FROM glucose.metric m WHERE m.name = NEW.metric;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'metric "%" is not known', NEW.metric
      USING ERRCODE = 'foreign_key_violation',
            HINT = 'Metrics are rows of glucose.metric; define_metric() adds one.';
  END IF;
  NEW.unit := coalesce(NEW.unit, known.unit);
  IF NEW.unit <> known.unit THEN
    RAISE EXCEPTION '% is stored in %, not in %', NEW.metric, known.unit, NEW.unit
      USING ERRCODE = 'check_violation', HINT = 'Leave the unit out, or use import_daily(), which converts it.';
  ELSIF NEW.value < known.low OR NEW.value > known.high THEN
    RAISE EXCEPTION 'a value of % is outside its range', NEW.metric
      USING ERRCODE = 'check_violation', HINT = 'Units and ranges are in glucose.metric.';
  END IF;
  RETURN NEW;
END
$fn$;
COMMENT ON FUNCTION glucose.check_daily_value() IS
'Internal: trigger of daily_metric: a value that is written is in its metric''s unit and range. It is not asked again.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_014() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Of all metrics that have no row of their own. Their units differ: what is beyond chance is what counts.
  INSERT INTO glucose.retraining_policy (model_type, min_new_rows, max_age_days, max_live_mae, min_improvement)
  VALUES ('daily', 14, 30, 'Infinity', 0) ON CONFLICT DO NOTHING;
  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_014() IS
'Internal: part of setup(): brings the tables to schema version 14.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_015() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.fill_metrics();   -- STRESS_SCORE is new

  CREATE TABLE glucose.event (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,55}$'),
    horizon interval NOT NULL,
    look_back interval NOT NULL,
    rule jsonb NOT NULL CHECK (jsonb_typeof(rule) = 'object'),
    description jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(description) = 'object')
  );
  COMMENT ON TABLE glucose.event IS
    'Questions to be answered yes or no, a row for each. Readable by all, written by define_event(), for the owner of '
    'the tables and the steward.';
  COMMENT ON COLUMN glucose.event.horizon IS 'How far after the moment it is looked whether it is so.';
  COMMENT ON COLUMN glucose.event.look_back IS 'The window before the moment that models look at.';
  COMMENT ON COLUMN glucose.event.rule IS 'When the answer is yes; see define_event().';
  COMMENT ON COLUMN glucose.event.description IS 'In words, by language: {"en": …, "de": …}.';
  PERFORM glucose.fill_events();

  INSERT INTO glucose.retraining_policy (model_type, min_new_rows, max_age_days, max_live_mae, min_improvement)
  VALUES ('event', 14, 30, 'Infinity', 0) ON CONFLICT DO NOTHING;

  PERFORM glucose.grant_as('glucose.event', 'glucose.metric', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_015() IS
'Internal: part of setup(): brings the tables to schema version 15.';

CREATE FUNCTION glucose.fill_events() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  INSERT INTO glucose.event (name, horizon, look_back, rule, description)
  VALUES
    ('strain', '3 days', '7 days', '{
       "at": "evening", "least_days": 2, "baseline": {"days": 30, "least_days": 14}, "yes_if": {"all": [
         {"metric": "RESTING_HEART_RATE", "unit": "sd", "at_least": 1},
         {"any_known": [{"metric": "SLEEP_DURATION", "unit": "sd", "at_most": -0.5},
                        {"metric": "HEART_RATE_VARIABILITY_RMSSD", "unit": "sd", "at_most": -0.5},
                        {"metric": "HEART_RATE_VARIABILITY_SDNN", "unit": "sd", "at_most": -0.5},
                        {"metric": "RECOVERY_SCORE", "unit": "sd", "at_most": -0.5},
                        {"metric": "STRESS_SCORE", "unit": "sd", "at_least": 0.5}]}]}}',
     '{"en": "Strain: days with a higher resting heart rate and less sleep, variability or recovery",
       "de": "Belastung: Tage mit höherem Ruhepuls und weniger Schlaf, Variabilität oder Erholung"}'),
    ('low_time_in_range', '1 day', '7 days', '{
       "at": "evening", "yes_if": {"metric": "GLUCOSE_TIME_IN_RANGE", "below": 70}}',
     '{"en": "Less than 70 % of tomorrow''s readings from 70 to 180 mg/dL",
       "de": "Weniger als 70 % der Werte von morgen zwischen 70 und 180 mg/dL"}'),
    ('high_after_meal', '2 hours', '3 hours', '{
       "at": "meal", "yes_if": {"metric": "GLUCOSE", "statistic": "max", "above": 180}}',
     '{"en": "Glucose above 180 mg/dL within 2 hours of this meal",
       "de": "Glukose über 180 mg/dL in den 2 Stunden nach dieser Mahlzeit"}'),
    ('low_after_meal', '2 hours', '3 hours', '{
       "at": "meal", "yes_if": {"metric": "GLUCOSE", "statistic": "min", "below": 70}}',
     '{"en": "Glucose below 70 mg/dL within 2 hours of this meal",
       "de": "Glukose unter 70 mg/dL in den 2 Stunden nach dieser Mahlzeit"}')
  ON CONFLICT (name) DO NOTHING;
END
$fn$;
COMMENT ON FUNCTION glucose.fill_events() IS
'Internal: part of setup(): the events that are there from the beginning.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_016() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- What purge() takes away after a while may be missing; what stays says who was answered by which model and when.
  ALTER TABLE glucose.prediction
    ADD COLUMN role name,
    ADD COLUMN session_role name,
    ADD COLUMN client_address inet,
    ADD COLUMN source text CHECK (source IN ('personal', 'population', 'baseline')),
    ADD COLUMN asked_at timestamptz,
    ADD COLUMN unit text,
    ADD COLUMN score real CHECK (score BETWEEN 0 AND 1),
    ADD COLUMN inputs real[],
    ADD COLUMN values_digest bytea,
    ADD COLUMN mac bytea,
    ADD COLUMN seal_no bigint,
    ADD COLUMN purged_at timestamptz,
    ADD COLUMN purged_mac bytea,
    ALTER COLUMN inputs_digest DROP NOT NULL,
    ALTER COLUMN predictions DROP NOT NULL,
    ALTER COLUMN latency_ms DROP NOT NULL,
    ADD CONSTRAINT prediction_is_whole_or_purged
      CHECK (purged_at IS NOT NULL OR (predictions IS NOT NULL AND latency_ms IS NOT NULL)) NOT VALID;
  COMMENT ON TABLE glucose.prediction IS
    'The log: what was answered, from what, by which model, to whom. Written by functions alone; rows are sealed by '
    'seal_log() and taken away by purge().';
  COMMENT ON COLUMN glucose.prediction.issued_to IS 'The identity that asked.';
  COMMENT ON COLUMN glucose.prediction.role IS 'The role that asked; session_role is the one that had logged in.';
  COMMENT ON COLUMN glucose.prediction.client_address IS
    'Where the connection came from; NULL for a socket of the same machine, and for background workers.';
  COMMENT ON COLUMN glucose.prediction.asked_at IS 'The moment that was asked about.';
  COMMENT ON COLUMN glucose.prediction.unit IS 'The unit of the document that was answered; the log is in mg/dL.';
  COMMENT ON COLUMN glucose.prediction.score IS 'The lowest confidenceScore of the answer.';
  COMMENT ON COLUMN glucose.prediction.inputs IS
    'What the model looked at (glucose.audit_inputs = full). inputs_digest is its SHA-256 (full and digest).';
  COMMENT ON COLUMN glucose.prediction.mac IS
    'HMAC of the row with the key of glucose.audit_key_file; of what purge() takes away it holds values_digest, an '
    'HMAC, too. NULL: written while there was no key.';
  COMMENT ON COLUMN glucose.prediction.seal_no IS 'The seal that counts this row.';
  COMMENT ON COLUMN glucose.prediction.purged_at IS 'When purge() took the values away; purged_mac says that it did.';
  CREATE INDEX prediction_unsealed ON glucose.prediction (person_id, issued_at)
    WHERE seal_no IS NULL AND mac IS NOT NULL;
  CREATE INDEX prediction_unpurged ON glucose.prediction (issued_at) WHERE purged_at IS NULL;
  CREATE INDEX prediction_purged ON glucose.prediction (seal_no, issued_at) WHERE purged_at IS NOT NULL;

  CREATE TABLE glucose.audit_seal (
    seal_no bigint PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    subject uuid,
    n_rows integer NOT NULL CHECK (n_rows > 0),
    digest bytea NOT NULL,
    mac bytea NOT NULL,
    released_mac bytea,
    CHECK ((subject IS NULL) = (released_mac IS NOT NULL))
  );
  CREATE INDEX audit_seal_subject ON glucose.audit_seal (subject, seal_no) WHERE subject IS NOT NULL;
  COMMENT ON TABLE glucose.audit_seal IS
    'Seals of the log: how many rows of somebody, their digest, and an HMAC over that and the seal before. It names '
    'nobody and holds no value, so it stays when rows are purged or a person is erased.';
  COMMENT ON COLUMN glucose.audit_seal.subject IS
    'A pseudonym: an HMAC of the person''s id. NULL once the rows are gone, by purge() or with their person.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_016() IS
'Internal: part of setup(): brings the tables to schema version 16.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_017() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.training_job ADD COLUMN reason text;
  COMMENT ON COLUMN glucose.training_job.reason IS
    'Why a retraining was queued that the policy alone may not ask for, as after drift; else NULL.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_017() IS
'Internal: part of setup(): brings the tables to schema version 17.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_018() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.model_version ADD COLUMN withdrawn_at timestamptz;
  COMMENT ON COLUMN glucose.model_version.withdrawn_at IS
    'When live errors showed that the population''s model or no model at all is better, which answers instead since; '
    'NULL: they have not.';

  CREATE TABLE glucose.model_check (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version text NOT NULL,
    against text NOT NULL,
    action text NOT NULL CHECK (action IN ('rolled back', 'withdrawn')),
    n integer NOT NULL,
    mae double precision NOT NULL,
    mae_against double precision NOT NULL,
    ci_low double precision,
    ci_high double precision,
    p_value double precision,
    PRIMARY KEY (person_id, model_type, checked_at)
  );
  COMMENT ON TABLE glucose.model_check IS
    'Models that were taken from service because their live errors were worse, with the evidence; see check_model().';
  COMMENT ON COLUMN glucose.model_check.against IS
    'What was better: the version before, population (the population''s model) or baseline (no model).';
  COMMENT ON COLUMN glucose.model_check.n IS 'Compared units: meals, days, hours of readings.';
  COMMENT ON COLUMN glucose.model_check.ci_low IS
    'Lower end of the 95 % interval of mae_against - mae, paired by unit, in the unit of what is forecast.';

  PERFORM glucose.grant_as('glucose.model_check', 'glucose.model_version', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_018() IS
'Internal: part of setup(): brings the tables to schema version 18.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_019() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.performance_log (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    day date NOT NULL,
    days integer NOT NULL DEFAULT 1 CHECK (days IN (1, 7)),
    source text NOT NULL,
    version text NOT NULL,
    minutes_ahead integer NOT NULL,
    n integer NOT NULL,
    sum_error double precision NOT NULL,
    sum_absolute double precision NOT NULL,
    sum_squared double precision NOT NULL,
    n_inside integer NOT NULL,
    sum_level double precision NOT NULL,
    PRIMARY KEY (person_id, model_type, day, days, source, version, minutes_ahead)
  );
  CREATE INDEX performance_log_day ON glucose.performance_log (model_type, day);
  COMMENT ON TABLE glucose.performance_log IS
    'What served forecasts came to, summed by day of the outcome and, when it is old, by week; see note_performance().';
  COMMENT ON COLUMN glucose.performance_log.day IS 'Of the outcome, in UTC; the Monday of a week.';
  COMMENT ON COLUMN glucose.performance_log.sum_error IS 'Of forecast minus outcome, in the unit of what is forecast.';
  COMMENT ON COLUMN glucose.performance_log.sum_level IS 'Of the levels of the intervals: what n_inside should be.';

  CREATE TABLE glucose.person_alert (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    alert_id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    subject text NOT NULL DEFAULT '',
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    message text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    count integer NOT NULL DEFAULT 1,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at timestamptz,
    PRIMARY KEY (person_id, alert_id)
  );
  CREATE UNIQUE INDEX person_alert_open ON glucose.person_alert (person_id, kind, subject) WHERE resolved_at IS NULL;
  COMMENT ON TABLE glucose.person_alert IS
    'What health_check() found of a person''s models and data; nothing of the person''s own state. Old ones are '
    'resolved.';
  COMMENT ON COLUMN glucose.person_alert.subject IS 'Mostly a model type.';
  COMMENT ON COLUMN glucose.person_alert.told_at IS 'When it was last given out by health_check(): once a cooldown.';
  COMMENT ON COLUMN glucose.person_alert.resolved_at IS 'When it was not found any more.';

  CREATE TABLE glucose.system_alert (
    alert_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    subject text NOT NULL DEFAULT '',
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    message text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    count integer NOT NULL DEFAULT 1,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at timestamptz
  );
  CREATE UNIQUE INDEX system_alert_open ON glucose.system_alert (kind, subject) WHERE resolved_at IS NULL;
  COMMENT ON TABLE glucose.system_alert IS
    'What health_check() found of the whole: models of many, jobs, settings, size. For the owner of the tables and the '
    'steward.';

  CREATE TABLE glucose.health_sample (
    name text NOT NULL,
    sampled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    value double precision NOT NULL,
    PRIMARY KEY (name, sampled_at)
  );
  COMMENT ON TABLE glucose.health_sample IS
    'What health_check() measures once an hour, to see where it goes: bytes, versions, open jobs.';

  CREATE VIEW glucose.active_alerts WITH (security_invoker = true) AS
    SELECT a.alert_id, NULL::uuid AS person_id, a.kind, a.subject, a.severity, a.message, a.first_seen, a.last_seen,
           a.count, a.acknowledged_by
    FROM glucose.system_alert a WHERE a.resolved_at IS NULL
    UNION ALL
    SELECT a.alert_id, a.person_id, a.kind, a.subject, a.severity, a.message, a.first_seen, a.last_seen, a.count,
           a.acknowledged_by
    FROM glucose.person_alert a WHERE a.resolved_at IS NULL;
  COMMENT ON VIEW glucose.active_alerts IS
    'Alerts that are not resolved: of the persons the caller sees, and of the whole for the owner and the steward.';

  PERFORM glucose.grant_as('glucose.performance_log, glucose.person_alert, glucose.system_alert, glucose.active_alerts',
                           'glucose.model_version', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_019() IS
'Internal: part of setup(): brings the tables to schema version 19.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_020() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.prediction_feedback (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    prediction_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('useful', 'wrong', 'confusing', 'rating')),
    rating integer CHECK (rating BETWEEN 1 AND 5),
    note text CHECK (length(note) <= 1000),
    given_by text NOT NULL DEFAULT glucose.current_identity(),
    given_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (person_id, prediction_id, given_by),
    CONSTRAINT prediction_feedback_rating_is_one CHECK ((kind = 'rating') = (rating IS NOT NULL))
  );
  COMMENT ON TABLE glucose.prediction_feedback IS
    'What somebody thought of an answer; the last word of each identity counts. See record_feedback().';

  CREATE VIEW glucose.telemetry WITH (security_invoker = true, security_barrier = true) AS
    SELECT 'answers' AS name, p.model_type, date_trunc('week', p.issued_at)::date AS week,
           round(count(*)::numeric, -1)::double precision AS value
    FROM glucose.prediction p GROUP BY p.model_type, 3 HAVING count(DISTINCT p.person_id) >= 10
    UNION ALL
    SELECT 'latency_ms', p.model_type, date_trunc('week', p.issued_at)::date,
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms)::numeric, 1)::double precision
    FROM glucose.prediction p GROUP BY p.model_type, 3 HAVING count(DISTINCT p.person_id) >= 10
    UNION ALL
    SELECT 'mean_error', l.model_type, date_trunc('week', l.day::timestamp)::date,
           round((sum(l.sum_absolute) / sum(l.n))::numeric, 1)::double precision
    FROM glucose.performance_log l GROUP BY l.model_type, 3 HAVING count(DISTINCT l.person_id) >= 10
    UNION ALL
    SELECT 'coverage', l.model_type, date_trunc('week', l.day::timestamp)::date,
           round(sum(l.n_inside)::numeric / sum(l.n), 2)::double precision
    FROM glucose.performance_log l GROUP BY l.model_type, 3 HAVING count(DISTINCT l.person_id) >= 10;
  COMMENT ON VIEW glucose.telemetry IS
    'Counts, errors and latencies by week, rounded, of ten persons and more: what may be told to others. No '
    'identifier, no glucose value.';

  PERFORM glucose.grant_as('glucose.prediction_feedback', 'glucose.daily_metric', '{SELECT,INSERT,UPDATE,DELETE}');
  PERFORM glucose.grant_as('glucose.telemetry', 'glucose.daily_metric', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_020() IS
'Internal: part of setup(): brings the tables to schema version 20.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_021() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.counted_call (
    identity text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('prediction', 'expensive')),
    called_at timestamptz NOT NULL,
    PRIMARY KEY (identity, kind, called_at)
  );
  COMMENT ON TABLE glucose.counted_call IS
    'Who called what in the last minute, where calls are limited and the library is not preloaded. Nobody reads it: '
    'see rate_limits().';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_021() IS
'Internal: part of setup(): brings the tables to schema version 21.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_022() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.prediction
    ADD COLUMN cached_from uuid,
    ADD COLUMN question uuid,
    ADD COLUMN said bytea,
    ADD COLUMN sources bytea,
    -- Functions alone write rows, and sign them. Checks are parsed anew for each, which was a seventh of a forecast.
    DROP CONSTRAINT IF EXISTS prediction_is_whole_or_purged,
    DROP CONSTRAINT IF EXISTS prediction_arm_of_an_experiment,
    DROP CONSTRAINT IF EXISTS prediction_arm_check,
    DROP CONSTRAINT IF EXISTS prediction_source_check,
    DROP CONSTRAINT IF EXISTS prediction_score_check,
    DROP CONSTRAINT IF EXISTS prediction_level_check;
  CREATE INDEX prediction_question ON glucose.prediction (person_id, question, issued_at) WHERE question IS NOT NULL;
  COMMENT ON COLUMN glucose.prediction.cached_from IS
    'The row that had been answered to the same question of the same caller within glucose.cache_ttl; what was '
    'answered, and from what, is said there. NULL: a row of its own.';
  COMMENT ON COLUMN glucose.prediction.question IS
    'Digest of who asked what of which model, and of all rows that it may look at: the same question has the same '
    'answer. NULL: not to be answered from this row.';
  COMMENT ON COLUMN glucose.prediction.said IS 'What the document tells beside the predictions.';
  COMMENT ON COLUMN glucose.prediction.sources IS
    'The rows that were nearest (glucose.audit_inputs = full), as prediction_sources() reads them.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_022() IS
'Internal: part of setup(): brings the tables to schema version 22.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_023() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  models regclass;
BEGIN
  -- A version that has been replaced may lose its weights; what it was and how it did stays. A checksum of nothing is
  -- not looked at: sha256 stays that of the weights as they were.
  FOREACH models IN ARRAY ARRAY['glucose.model_version', 'glucose.population_model']::regclass[] LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN artifact DROP NOT NULL, ADD COLUMN artifact_taken_at timestamptz, '
                   'ADD CONSTRAINT %I CHECK ((artifact IS NULL) = (artifact_taken_at IS NOT NULL)), '
                   'ADD CONSTRAINT %I CHECK (NOT (is_active AND artifact IS NULL))',
                   models, split_part(models::text, '.', 2) || '_artifact_there_or_taken',
                   split_part(models::text, '.', 2) || '_without_artifact_never_serves');
    EXECUTE format('COMMENT ON COLUMN %s.artifact_taken_at IS %L', models,
                   'When its artifact was taken away, by purge() or what has replaced it; NULL: it is there.');
  END LOOP;
  COMMENT ON TABLE glucose.model_version IS
    'Every model ever trained for a person. Rows are immutable but for is_active, status and withdrawn_at, and that an '
    'old one loses its artifact; at most one per type is active.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_023() IS
'Internal: part of setup(): brings the tables to schema version 23.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_024() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Of no person: who asked for it sees it, and each answer is seen by who sees the person.
  CREATE TABLE glucose.batch_job (
    job_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    model_type text NOT NULL,
    options jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    identity text NOT NULL,
    requested_by text NOT NULL,
    requested_role oid NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    worked_at timestamptz,
    finished_at timestamptz,
    n_ids integer NOT NULL,
    n_done integer NOT NULL DEFAULT 0,
    n_failed integer NOT NULL DEFAULT 0,
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    not_found uuid[] NOT NULL DEFAULT '{}',
    not_found_places integer[] NOT NULL DEFAULT '{}',
    attempts integer NOT NULL DEFAULT 0,
    worker_pid integer,
    error_sqlstate text,
    error_message text
  );
  CREATE INDEX batch_job_open ON glucose.batch_job (queued_at) WHERE state IN ('queued', 'running');
  ALTER TABLE glucose.batch_job SET (fillfactor = 50);
  COMMENT ON TABLE glucose.batch_job IS
    'Forecasts of many that background workers make or have made; see predict_async(). Answers are in batch_answer.';
  COMMENT ON COLUMN glucose.batch_job.identity
    IS 'Who asked; as the role of requested_by, under its row-level security.';
  COMMENT ON COLUMN glucose.batch_job.n_failed IS 'Ids whose forecast raised an error, and those that were not found.';
  COMMENT ON COLUMN glucose.batch_job.not_found IS
    'Ids that were nobody''s whom the caller sees, at not_found_places of what was asked for.';
  COMMENT ON COLUMN glucose.batch_job.attempts
    IS 'How often in a row its worker has died; at the fourth time it failed.';

  CREATE TABLE glucose.batch_answer (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    job_id uuid NOT NULL,
    place integer NOT NULL,
    id uuid NOT NULL,
    answered_at timestamptz,
    answer jsonb,
    error_sqlstate text,
    error_message text,
    PRIMARY KEY (person_id, job_id, place)
  );
  CREATE INDEX batch_answer_job ON glucose.batch_answer (job_id, place);
  CREATE INDEX batch_answer_open ON glucose.batch_answer (job_id, place) WHERE answered_at IS NULL;
  COMMENT ON TABLE glucose.batch_answer IS
    'What a batch_job asks for, and the answers: documents as the function of one gives them, or the error.';
  COMMENT ON COLUMN glucose.batch_answer.id IS 'The meal or the person that was asked about.';
  COMMENT ON COLUMN glucose.batch_answer.place IS 'Its place among the ids that were asked for, from 1.';

  PERFORM glucose.grant_as('glucose.batch_job, glucose.batch_answer', 'glucose.training_job', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_024() IS
'Internal: part of setup(): brings the tables to schema version 24.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_025() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.model_update (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL CHECK (status IN ('updated', 'kept', 'skipped')),
    reason text NOT NULL,
    due_because text[] NOT NULL DEFAULT '{}',
    version text,
    current_version text NOT NULL,
    mae_current double precision,
    mae_candidate double precision,
    ci_low double precision,
    ci_high double precision,
    n integer,
    PRIMARY KEY (person_id, model_type, tried_at)
  );
  COMMENT ON TABLE glucose.model_update IS
    'Every update of the person''s own part of a model that was tried: what came of it, and the errors before and '
    'after on the same meals or hours since.';
  COMMENT ON COLUMN glucose.model_update.version IS 'What was stored and serves; NULL: nothing was.';
  COMMENT ON COLUMN glucose.model_update.current_version IS 'What served when it was tried.';
  COMMENT ON COLUMN glucose.model_update.mae_current IS 'Of current_version on the n compared units.';
  COMMENT ON COLUMN glucose.model_update.ci_low IS
    'Lower end of the 95 % interval of mae_candidate - mae_current, paired by unit (a meal, or six hours of readings).';

  CREATE TABLE glucose.recorded_outcome (
    person_id uuid NOT NULL,
    prediction_id uuid NOT NULL,
    minutes_ahead integer NOT NULL,
    value real NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    recorded_by text,
    PRIMARY KEY (person_id, prediction_id, minutes_ahead),
    FOREIGN KEY (person_id, prediction_id) REFERENCES glucose.prediction ON DELETE CASCADE
  );
  COMMENT ON TABLE glucose.recorded_outcome IS
    'What came of a logged answer as an application knows it, by record_outcome(). What the readings and metrics of '
    'the tables say counts first.';
  COMMENT ON COLUMN glucose.recorded_outcome.value IS
    'In the unit of what was forecast (glucose: mg/dL); of an event 1 when it happened, else 0.';

  PERFORM glucose.grant_as('glucose.model_update', 'glucose.retraining_log', '{SELECT}');
  PERFORM glucose.grant_as('glucose.recorded_outcome', 'glucose.prediction', '{SELECT}');
  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_025() IS
'Internal: part of setup(): brings the tables to schema version 25.';

-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_026() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.experiment ADD COLUMN percent_since timestamptz;
  UPDATE glucose.experiment SET percent_since = started_at;   -- when it was raised before was not kept
  ALTER TABLE glucose.experiment
    ALTER COLUMN percent_since SET DEFAULT clock_timestamp(), ALTER COLUMN percent_since SET NOT NULL;
  COMMENT ON COLUMN glucose.experiment.percent_since
    IS 'Since when percent is what it is: a canary''s results are of answers since then.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_026() IS
'Internal: part of setup(): brings the tables to schema version 26.';
