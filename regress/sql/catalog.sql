-- SPDX-License-Identifier: PostgreSQL
-- The rules of the house, asked of the catalogs. Every query lists violations: none is expected.
CREATE TEMP VIEW member AS
  SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
  WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'pg_glucose';
CREATE TEMP VIEW func AS
  SELECT p.oid::regprocedure AS signature, l.lanname, p.* FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;
CREATE TEMP VIEW tab AS
  SELECT c.oid::regclass AS name, c.* FROM pg_class c
  WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p');
-- Shared tables hold no person's rows.
CREATE TEMP VIEW person_tab AS
  SELECT * FROM tab WHERE relname NOT IN ('schema_version', 'population_model', 'population_deployment',
  'population_metric', 'population_member', 'retraining_policy', 'experiment', 'role_identity', 'metric', 'event',
  'audit_seal', 'system_alert', 'health_sample', 'counted_call', 'batch_job');

SELECT count(*) > 0 AS has_functions FROM func;

-- Functions: a comment, a result nobody has to guess, no privilege of their own.
SELECT signature AS no_comment FROM func WHERE obj_description(oid, 'pg_proc') IS NULL;
-- One or two sentences: options, errors and examples are prose beside the SQL (sql/NN-theme.md).
SELECT signature AS long_comment FROM func, LATERAL (SELECT obj_description(func.oid, 'pg_proc')) c (text)
WHERE length(text) > 250 OR regexp_count(text, '[.!?](\s|$)') > 2;
SELECT signature AS security_definer FROM func WHERE prosecdef;
SELECT signature AS leakproof FROM func WHERE proleakproof;
SELECT signature AS open_search_path FROM func
WHERE lanname NOT IN ('c', 'internal') AND prosqlbody IS NULL AND prokind NOT IN ('a', 'p')
  AND NOT coalesce(proconfig && ARRAY['search_path=pg_catalog, pg_temp'], false);
-- The server does not look for interrupts while it compiles a statement, and what is compiled each time gains nothing.
SELECT signature AS compiled FROM func
WHERE proname IN ('health_check', 'note_performance') AND NOT coalesce('jit=off' = ANY (proconfig), false);
-- A procedure that commits cannot have a search path of its own: it names the schema of everything, operators too.
SELECT signature AS unqualified, word[1] FROM func,
  regexp_matches(regexp_replace(regexp_replace(prosrc, '--[^\n]*|''[^'']*''', '', 'g'), 'OPERATOR\(pg_catalog\.[^)]+\)',
  '', 'g'),
                 '(?<!:)[<>=](?!=)|[-+*/%|]|(?<![.\w])\w+\(', 'g') AS word
WHERE prokind = 'p';
SELECT signature AS foreign_language FROM func WHERE lanname NOT IN ('c', 'internal', 'plpgsql', 'sql');
SELECT signature AS symbol_of_another_name, prosrc FROM func WHERE lanname = 'c' AND prosrc !~ ('^glucose_' || proname);
SELECT signature AS writes_in_parallel FROM func WHERE provolatile = 'v' AND proparallel = 's' AND lanname <> 'c';
SELECT signature AS nameless_argument FROM func
WHERE prokind = 'f' AND pronargs > 0 AND proargnames IS NULL AND prorettype <> 'internal'::regtype;
-- key(text) and key(bigint) take an untyped literal as text; no other name may have two meanings.
SELECT proname AS overloaded FROM func WHERE proname <> 'key' GROUP BY proname HAVING count(*) > 1;

-- The extension owns functions, types and aggregates only: dropping it can destroy no row.
SELECT pg_describe_object(classid, objid, 0) AS not_the_extensions FROM member
WHERE classid = 'pg_class'::regclass AND (SELECT relkind FROM pg_class WHERE oid = objid) <> 'c';
SELECT objid::regtype AS type_without_comment FROM member
WHERE classid = 'pg_type'::regclass AND obj_description(objid, 'pg_type') IS NULL
  AND (SELECT typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc FROM pg_type WHERE oid = objid);

-- Tables: forced row-level security with policies that check what is written as well as what is read.
SELECT name AS no_comment FROM tab WHERE obj_description(oid, 'pg_class') IS NULL;
SELECT name AS no_forced_security FROM tab WHERE NOT (relrowsecurity AND relforcerowsecurity);
-- Nobody reads who is in a population, nor the seals of the log, nor who has called: no policy at all.
SELECT name AS no_policy FROM tab WHERE NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = tab.oid)
  AND relname NOT IN ('population_member', 'audit_seal', 'counted_call');
SELECT grantee, privilege_type AS on_members FROM information_schema.role_table_grants
WHERE table_schema = 'glucose' AND table_name IN ('population_member', 'audit_seal', 'counted_call')
  AND grantee <> grantor;
SELECT polrelid::regclass AS half_a_policy, polname, polcmd FROM pg_policy JOIN tab ON tab.oid = polrelid
WHERE polqual IS NULL AND polcmd <> 'a' OR polwithcheck IS NULL AND polcmd IN ('a', 'w', '*');
SELECT polrelid::regclass AS subselect_in_policy, polname FROM pg_policy JOIN tab ON tab.oid = polrelid
WHERE concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ~* '\mFROM\M';
SELECT name AS unlogged FROM tab WHERE relpersistence <> 'p';
-- Only those that look at zones and values of days when they are written (without them a wrong one is found when it is
-- used), and those that
-- keep true what sessions keep of persons (without them nothing is kept).
SELECT name AS trigger, tgname FROM tab JOIN pg_trigger ON tgrelid = tab.oid
WHERE NOT tgisinternal AND tgname NOT IN ('zone_is_known', 'new_zone_is_known', 'zone_is_kept', 'value_fits',
  'new_value_fits')
  AND tgname NOT LIKE 'pg\_glucose\_%';

-- Every table of persons can live on many machines: person_id is in each of its keys.
SELECT name AS no_person_id FROM person_tab WHERE NOT EXISTS
  (SELECT FROM pg_attribute WHERE attrelid = person_tab.oid AND attname = 'person_id' AND attnotnull
                              AND atttypid = 'uuid'::regtype);
SELECT name AS no_primary_key FROM tab WHERE NOT EXISTS
  (SELECT FROM pg_index WHERE indrelid = tab.oid AND indisprimary);
SELECT indexrelid::regclass AS unique_without_person FROM pg_index JOIN person_tab ON person_tab.oid = indrelid
WHERE indisunique AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname = 'person_id'
                                                             AND attnum = ANY (indkey[:indnkeyatts - 1]));
-- A shared table may be named without one: it is on every machine.
SELECT c.conname AS foreign_key_without_person FROM pg_constraint c JOIN person_tab t ON t.oid = c.conrelid
WHERE c.contype = 'f' AND c.confrelid IN (SELECT oid FROM person_tab)
  AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.conrelid AND attname = 'person_id'
                                                                 AND attnum = ANY (c.conkey));
SELECT c.conname AS shared_table_names_persons FROM pg_constraint c JOIN tab t ON t.oid = c.conrelid
WHERE c.contype = 'f' AND t.oid NOT IN (SELECT oid FROM person_tab) AND c.confrelid IN (SELECT oid FROM person_tab)
  AND t.relname <> 'population_member';

-- Views show what their reader may see; nothing hides a copy of person data; no id is counted.
SELECT oid::regclass AS view_of_its_owner FROM pg_class
WHERE relnamespace = 'glucose'::regnamespace AND relkind = 'v'
  AND NOT coalesce(reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false);
SELECT oid::regclass AS kept_copy_or_sequence FROM pg_class
WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('m', 'S', 'f');
-- setup() knows which relations are its own.
SELECT name AS not_known_to_setup FROM unnest(glucose.made_by_setup()) name
  WHERE to_regclass('glucose.' || name) IS NULL
UNION SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p', 'v')
  AND relname NOT IN ('meal', 'glucose_reading') AND NOT relname = ANY (glucose.made_by_setup());
-- Whatever is of a person goes with it.
SELECT name AS stays_without_its_person FROM person_tab WHERE relname <> 'person' AND NOT EXISTS
  (SELECT FROM pg_constraint c WHERE c.conrelid = person_tab.oid AND c.contype = 'f' AND c.confdeltype = 'c'
                                 AND c.confrelid IN (SELECT oid FROM person_tab));
-- One row at most is active, whatever a function forgets.
SELECT name AS two_may_be_active FROM tab WHERE EXISTS
  (SELECT FROM pg_attribute WHERE attrelid = tab.oid AND attname = 'is_active' AND NOT attisdropped)
  AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = tab.oid AND indisunique
                  AND pg_get_expr(indpred, indrelid) = 'is_active');
-- Tools that map tables to objects take a key's columns for its columns.
SELECT indexrelid::regclass AS key_that_includes FROM pg_index JOIN tab ON tab.oid = indrelid
WHERE indisprimary AND indnatts > indnkeyatts;
