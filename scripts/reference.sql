-- SPDX-License-Identifier: PostgreSQL
-- Writes docs/reference.md to standard output. Reads "file:CREATE FUNCTION glucose.name" lines, in the files' order,
-- from standard input: what a chapter is and in which order, only the files know; everything else is in the catalogs.
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET search_path = pg_catalog;
LOAD 'pg_glucose';
CREATE TEMP TABLE origin (file text, statement text, position int GENERATED ALWAYS AS IDENTITY);
\copy pg_temp.origin (file, statement) FROM pstdin (DELIMITER ':')

CREATE TEMP VIEW entry AS SELECT min(position) OVER (PARTITION BY file) AS chapter_position, e.* FROM (
  SELECT o.file, o.position, p.oid, p.proname AS name,
         format(E'glucose.%s(%s)%s', p.proname, pg_get_function_arguments(p.oid),
                E'\n  RETURNS ' || replace(pg_get_function_result(p.oid), 'TABLE(', 'TABLE (')) AS signature,
         CASE WHEN p.prokind = 'p' THEN 'procedure' ELSE
         CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END || ', parallel '
           || CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END
           || CASE WHEN p.proisstrict AND p.pronargs > 0 THEN ', NULL for a NULL argument' ELSE '' END
         END AS label,
         obj_description(p.oid, 'pg_proc') AS comment, 'f' AS kind
  FROM (SELECT DISTINCT ON (split_part(statement, 'glucose.', 2)) * FROM origin
        WHERE statement ~ 'FUNCTION|PROCEDURE|AGGREGATE' ORDER BY split_part(statement, 'glucose.', 2), position) o
  JOIN pg_proc p ON p.proname = split_part(o.statement, 'glucose.', 2) AND p.pronamespace = 'glucose'::regnamespace
  WHERE o.file NOT LIKE '%tables/%'
  UNION ALL
  SELECT o.file, o.position, t.oid, t.typname,
         format(E'glucose.%s (\n%s)', t.typname,
           (SELECT string_agg(format('  %s %s', attname, format_type(atttypid, atttypmod)), E',\n' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped)),
         'type', obj_description(t.oid, 'pg_type'), 't'
  FROM origin o
  JOIN pg_type t ON t.typname = split_part(o.statement, 'glucose.', 2) AND t.typnamespace = 'glucose'::regnamespace
  WHERE o.statement ~ 'TYPE|DOMAIN') e;

CREATE TEMP VIEW relation AS
  SELECT c.oid, c.relname AS name, c.relkind,
         c.relname || coalesce(' · primary key ' || (
           SELECT '(' || string_agg(a.attname, ', ' ORDER BY k.n) || ')' FROM pg_index i,
                  unnest(i.indkey[:i.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, n)
           JOIN pg_attribute a ON a.attnum = k.attnum
           WHERE i.indrelid = c.oid AND a.attrelid = c.oid AND i.indisprimary), '') AS title,
         obj_description(c.oid, 'pg_class') AS comment
  FROM pg_class c WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p', 'v');

SELECT E'<!-- SPDX-License-Identifier: PostgreSQL; made by ./dev docs from the comments in sql/, do not edit -->\n'
  '# Reference' || E'\n\n'
  'Everything lives in schema `glucose`. Units: mg/dL, grams, kcal, minutes; times are `timestamptz`.' || E'\n';
SELECT format('- [%s](#%s): %s', chapter, lower(chapter), string_agg(DISTINCT format('`%s`', name), ', '))
FROM (SELECT initcap(replace(regexp_replace(file, '.*/[0-9]+-(.*)\.sql', '\1'), '_', '-')) AS chapter, * FROM entry) e
GROUP BY chapter, chapter_position ORDER BY chapter_position;
SELECT '- [Tables](#tables): ' || string_agg(format('`%s`', name), ', ' ORDER BY oid) || E'\n- [Settings](#settings)\n' FROM relation;

SELECT CASE WHEN lag(file) OVER w IS DISTINCT FROM file
            THEN format(E'## %s\n\n', initcap(replace(regexp_replace(file, '.*/[0-9]+-(.*)\.sql', '\1'), '_', '-'))) ELSE '' END
       || format(E'### %s\n\n```sql\n%s\n```\n\n%s\n\n*%s*\n', name, signature, comment, label)
FROM entry WINDOW w AS (ORDER BY position, signature) ORDER BY position, signature;

SELECT E'## Tables\n\nMade by `setup()`, ordinary tables of whoever called it; row-level security is enabled and forced.\n';
SELECT format(E'### %s\n\n%s\n\n| column | type | |\n|---|---|---|\n%s\n', title, comment, (
  SELECT string_agg(format('| `%s` | %s%s | %s |', a.attname, replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz'),
                           CASE WHEN a.attnotnull THEN ', not null' ELSE '' END,
                           replace(coalesce(col_description(a.attrelid, a.attnum), ''), '|', '\|')), E'\n' ORDER BY a.attnum)
  FROM pg_attribute a WHERE a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM relation ORDER BY oid;

SELECT E'## Settings\n\n| setting | default | who | |\n|---|---|---|---|';
SELECT format('| `%s` | %s | %s | %s |', name, coalesce(nullif(boot_val, ''), '(empty)') || coalesce(' ' || unit, ''),
              CASE context WHEN 'user' THEN 'anyone' WHEN 'superuser' THEN 'superuser' ELSE context END,
              replace(concat_ws(' ', short_desc, extra_desc), '|', '\|'))
FROM pg_settings WHERE name LIKE 'glucose.%' ORDER BY name;
