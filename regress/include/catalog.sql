-- SPDX-License-Identifier: PostgreSQL
-- Everything in schema glucose by kind, name and definition, without ids: two databases with the same SQL say the same.
WITH ours AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname = 'glucose'
), commented AS (
  SELECT classoid, objoid, objsubid, description FROM pg_description
), acl AS (
  -- The order within an access list is nobody's promise.
  SELECT oid, 'pg_proc'::regclass AS class, coalesce(proacl, acldefault('f', proowner)) AS list FROM pg_proc
  UNION ALL SELECT oid, 'pg_class'::regclass, coalesce(relacl, acldefault('r', relowner)) FROM pg_class
  UNION ALL SELECT oid, 'pg_type'::regclass, coalesce(typacl, acldefault('T', typowner)) FROM pg_type
  UNION ALL SELECT oid, 'pg_namespace'::regclass, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
), access AS (
  SELECT oid, class, (SELECT string_agg(i::text, ' ' ORDER BY i::text) FROM unnest(list) i) AS list FROM acl
), rel AS (
  SELECT c.* FROM pg_class c JOIN ours ON ours.oid = c.relnamespace WHERE relkind IN ('r', 'p', 'v', 'c')
)
SELECT kind, name, definition FROM (
  SELECT 'function' AS kind, p.oid::regprocedure::text AS name,
         concat_ws(' | ', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, p.prokind, p.proowner::regrole,
                   p.prosupport, p.proleakproof) AS definition
  FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
  UNION ALL
  SELECT 'aggregate', aggfnoid::regprocedure::text,
         (to_jsonb(a) - ARRAY['aggfnoid', 'aggtranstype', 'aggmtranstype'])::text
         || aggtranstype::regtype || ' ' || aggmtranstype::regtype
  FROM pg_aggregate a JOIN pg_proc p ON p.oid = aggfnoid JOIN ours ON ours.oid = p.pronamespace
  UNION ALL
  SELECT 'access to function', p.oid::regprocedure::text, a.list
  FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace JOIN access a ON a.oid = p.oid AND a.class = 'pg_proc'::regclass
  UNION ALL
  SELECT 'access to relation', rel.oid::regclass::text, a.list
  FROM rel JOIN access a ON a.oid = rel.oid AND a.class = 'pg_class'::regclass
  UNION ALL
  SELECT 'access to schema', nspname, a.list FROM ours
  JOIN access a ON a.oid = ours.oid AND a.class = 'pg_namespace'::regclass
  UNION ALL
  SELECT 'type', format_type(t.oid, NULL),
         concat_ws(' | ', t.typtype, t.typowner::regrole, t.typnotnull, t.typdefault,
         format_type(t.typbasetype, t.typtypmod),
                   (SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
                   a.list)
  FROM pg_type t JOIN ours ON ours.oid = t.typnamespace JOIN access a ON a.oid = t.oid AND a.class = 'pg_type'::regclass
  UNION ALL
  SELECT 'cast', format('%s to %s', castsource::regtype, casttarget::regtype),
         concat_ws(' | ', castfunc::regprocedure, castcontext, castmethod)
  FROM pg_cast WHERE castfunc IN (SELECT p.oid FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace)
  UNION ALL
  SELECT 'operator', o.oid::regoperator::text,
  concat_ws(' | ', oprresult::regtype, oprcode, oprcom::regoperator, oprrest, oprjoin)
  FROM pg_operator o JOIN ours ON ours.oid = o.oprnamespace
  UNION ALL
  SELECT 'relation', rel.oid::regclass::text,
         concat_ws(' | ', rel.relkind, rel.relowner::regrole, rel.relpersistence, rel.relrowsecurity,
         rel.relforcerowsecurity,
                   rel.relreplident, (SELECT string_agg(o, ' ' ORDER BY o) FROM unnest(rel.reloptions) o),
                   CASE WHEN rel.relkind = 'v' THEN pg_get_viewdef(rel.oid) END)
  FROM rel
  UNION ALL
  SELECT 'column', a.attrelid::regclass || '.' || a.attname,
         concat_ws(' | ', row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum),
         format_type(a.atttypid, a.atttypmod),
                   a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attstorage,
                   a.attstattarget, a.attcollation::regcollation,
                   (SELECT string_agg(i::text, ' ' ORDER BY i::text) FROM unnest(a.attacl) i))
  FROM pg_attribute a JOIN rel ON rel.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT 'constraint', coalesce(conrelid::regclass::text, contypid::regtype::text) || '.' || conname,
         pg_get_constraintdef(c.oid) || ' | ' || convalidated
  FROM pg_constraint c JOIN ours ON ours.oid = c.connamespace
  UNION ALL
  SELECT 'index', indexrelid::regclass::text,
  concat_ws(' | ', pg_get_indexdef(indexrelid), indisvalid, indisreplident, indisclustered)
  FROM pg_index JOIN rel ON rel.oid = indrelid
  UNION ALL
  SELECT 'policy', polrelid::regclass || '.' || polname,
         concat_ws(' | ', polcmd, polpermissive,
         (SELECT string_agg(r::regrole::text, ' ' ORDER BY r::regrole::text) FROM unnest(polroles) r),
                   'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
  FROM pg_policy JOIN rel ON rel.oid = polrelid
  UNION ALL
  SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(t.oid) || ' | ' || tgenabled::text
  FROM pg_trigger t JOIN rel ON rel.oid = tgrelid WHERE NOT tgisinternal
  UNION ALL
  SELECT 'comment', pg_describe_object(classoid, objoid, objsubid), description
  FROM commented WHERE pg_describe_object(classoid, objoid, objsubid) ~ '\mglucose\M'
    OR (classoid = 'pg_extension'::regclass AND objoid = (SELECT oid FROM pg_extension WHERE extname = 'pg_glucose'))
  UNION ALL
  SELECT 'member', pg_describe_object(classid, objid, objsubid), ''
  FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_glucose')
  UNION ALL
  SELECT 'extension', extname, concat_ws(' | ', extversion, extowner::regrole, extnamespace::regnamespace, extconfig,
  extcondition)
  FROM pg_extension WHERE extname = 'pg_glucose'
  UNION ALL
  SELECT 'default access', concat_ws(' ', defaclrole::regrole, defaclobjtype, defaclnamespace::regnamespace),
         (SELECT string_agg(i::text, ' ' ORDER BY i::text) FROM unnest(defaclacl) i)
  FROM pg_default_acl
  UNION ALL
  SELECT 'setting', coalesce(nullif(setrole, 0)::regrole::text, 'all'), s
  FROM pg_db_role_setting, unnest(setconfig) s
  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION ALL
  SELECT 'step', version::text, '' FROM glucose.schema_version
  UNION ALL
  SELECT 'metric', m.name, to_jsonb(m)::text FROM glucose.metric m
  UNION ALL
  SELECT 'event', e.name, to_jsonb(e)::text FROM glucose.event e
  UNION ALL
  SELECT 'retraining policy', model_type, to_jsonb(p)::text FROM glucose.retraining_policy p
) AS everything
ORDER BY 1, 2;
