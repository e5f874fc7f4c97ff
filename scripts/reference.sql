-- SPDX-License-Identifier: PostgreSQL
-- What the catalogs know of the interface, as one JSON document for scripts/reference.py.
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET search_path = pg_catalog;
LOAD 'pg_glucose';

CREATE TEMP VIEW routine AS
  SELECT p.proname AS name, p.oid,
         string_to_array(nullif(pg_get_function_arguments(p.oid), ''), ', ') AS arguments,
         replace(pg_get_function_result(p.oid), 'TABLE(', 'TABLE (') AS result,
         CASE WHEN p.prokind = 'p' THEN 'procedure' ELSE
           CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END || ', parallel '
           || CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END
           || CASE WHEN p.proisstrict AND p.pronargs > 0 THEN ', NULL for a NULL argument' ELSE '' END
         END AS label,
         obj_description(p.oid, 'pg_proc') AS comment
  FROM pg_proc p WHERE p.pronamespace = 'glucose'::regnamespace;

CREATE TEMP VIEW composite AS
  SELECT t.typname AS name, t.oid, (
           SELECT array_agg(format('%s %s', attname, format_type(atttypid, atttypmod)) ORDER BY attnum)
           FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped) AS arguments,
         NULL AS result, 'type' AS label, obj_description(t.oid, 'pg_type') AS comment
  FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typnamespace = 'glucose'::regnamespace AND c.relkind = 'c';

CREATE TEMP VIEW relation AS
  SELECT c.oid, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment, (
           SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM pg_index i,
                  unnest(i.indkey[:i.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, n)
           JOIN pg_attribute a ON a.attnum = k.attnum
           WHERE i.indrelid = c.oid AND a.attrelid = c.oid AND i.indisprimary) AS key, (
           SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                                             'required', a.attnotnull,
                                             'comment', coalesce(col_description(a.attrelid, a.attnum), ''))
                           ORDER BY a.attnum)
           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_class c WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p', 'v');

CREATE TEMP VIEW setting AS
  SELECT name, coalesce(nullif(boot_val, ''), '(empty)') || coalesce(' ' || unit, '') AS default,
         CASE context WHEN 'user' THEN 'anyone' ELSE context END AS who,
         concat_ws(' ', short_desc, extra_desc) AS comment
  FROM pg_settings WHERE name LIKE 'glucose.%';

SELECT json_build_object(
  'routines', (SELECT json_agg(r ORDER BY name, oid) FROM (SELECT * FROM routine UNION ALL SELECT * FROM composite) r),
  'relations', (SELECT json_agg(r ORDER BY oid) FROM relation r),
  'settings', (SELECT json_agg(s ORDER BY name) FROM setting s));
