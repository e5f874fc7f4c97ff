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
