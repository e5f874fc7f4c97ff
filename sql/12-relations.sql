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
