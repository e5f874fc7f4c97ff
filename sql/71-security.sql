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
