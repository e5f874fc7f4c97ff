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
