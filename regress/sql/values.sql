-- SPDX-License-Identifier: PostgreSQL
-- Functions of their arguments alone: keys, units, texts, the version; NULL in, NULL out.
\getenv here PG_ABS_SRCDIR
\set test values
\i :here/include/begin.sql
SELECT glucose.version() ~ '^\d+\.\d+\.\d+$' AS version, glucose.version() = extversion AS of_the_extension
  FROM pg_extension WHERE extname = 'pg_glucose';
-- Keys never change: every stored one depends on them. Version 5, RFC variant, the same for a number and its text.
SELECT key('patient-7'), key(7), key(''), key('7') = key(7) AS number_is_text,
  key(-9223372036854775808) = key('-9223372036854775808') AS smallest;
SELECT bool_and(substr(key(i)::text, 15, 1) = '5' AND substr(key(i)::text, 20, 1) IN ('8', '9', 'a', 'b')) AS version_5,
  count(DISTINCT key(i)) AS different FROM generate_series(1, 10000) i;
SELECT key('ä') <> key('a') AS by_bytes, key(repeat('x', 1000000)) IS NOT NULL AS long, key(NULL::text),
  key(NULL::bigint);
CREATE TABLE patient (id bigint);
INSERT INTO patient SELECT generate_series(1, 2000);
CREATE INDEX patient_key ON patient (key(id));
ANALYZE patient;
DO $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) SELECT id FROM patient WHERE glucose.key(id) = glucose.key(77)' INTO plan;
  RAISE NOTICE 'index used: %', plan::text LIKE '%patient_key%';
END
$$;
-- Units.
SELECT to_mg_dl(100, 'mg/dL'), round(to_mg_dl(5.5, 'mmol/L')::numeric, 4) AS mmol, to_mg_dl(0, 'mmol/L'),
  to_mg_dl(-1, 'mg/dL'), to_mg_dl(NULL, 'mg/dL'), to_mg_dl(5, NULL);
SELECT u AS unit, test.expect(format('SELECT to_mg_dl(5, %L)', u)), test.hint(format('SELECT to_mg_dl(5, %L)', u))
  FROM unnest('{mg,mmol,""," mg/dL"}'::text[]) u;
SELECT v AS value, test.expect(format('SELECT to_mg_dl(%L, ''mmol/L'')', v))
  FROM unnest('{NaN,Infinity,-Infinity,1e308}'::text[]) v;
-- Texts.
SELECT disclaimer() = disclaimer('en') AS english_unless_asked, disclaimer('de') ~ '^Diese Vorhersage',
  disclaimer(NULL);
SELECT test.expect('SELECT disclaimer(''xx'')'), test.hint('SELECT disclaimer(''xx'')');
-- No argument that is NULL is taken for a value.
SELECT proname, test.expect('SELECT ' || p.oid::regproc || '(' || (SELECT string_agg('NULL::' || t::regtype, ', ')
  FROM unnest(p.proargtypes) t) || ')') AS all_null
FROM pg_proc p WHERE pronamespace = 'glucose'::regnamespace AND pronargs > 0 AND proname !~ '^(setup|grant)'
  AND NOT proisstrict ORDER BY proname COLLATE "C";
-- Volatility and parallel label hold in an index, a parallel query, a generated column.
CREATE TABLE reading (mmol float8, mg_dl float8 GENERATED ALWAYS AS (glucose.to_mg_dl(mmol, 'mmol/L')) STORED);
INSERT INTO reading VALUES (5), (10) RETURNING round(mg_dl);
SELECT set_config(test.parallel_setting(), 'on', false) \gset
SELECT key(7) = (SELECT key(7)) AS same, cardinality(feature_names());
