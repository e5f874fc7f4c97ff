-- SPDX-License-Identifier: PostgreSQL
-- The hot queries, word for word as src/pg/tables/read.cpp has them, under row-level security as an application's role,
-- planned
-- with their values and without: the bounds of a window reach the index, and nothing is read in whole.
\getenv here PG_ABS_SRCDIR
\set test plans
\i :here/include/begin.sql
SET ROLE anna;
SELECT count(simulate_person(s, 20)) AS persons FROM generate_series(1, 4) s;
SELECT version FROM person p, train_model(p.person_id, algorithm => 'persistence') LIMIT 1;
RESET ROLE;
VACUUM (ANALYZE) person, meal, glucose_reading, model_version, person_access;
CREATE TABLE test.query (name text, types text, sql text, args text);
INSERT INTO test.query VALUES
  ('readings_between', 'uuid, timestamptz, timestamptz',
   'SELECT measured_at::pg_catalog.timestamptz, mg_dl::pg_catalog.float4, recorded_at::pg_catalog.timestamptz '
   'FROM glucose.glucose_reading WHERE person_id OPERATOR(pg_catalog.=) $1 AND measured_at OPERATOR(pg_catalog.>) $2 '
   'AND measured_at OPERATOR(pg_catalog.<=) $3 ORDER BY measured_at USING OPERATOR(pg_catalog.<)',
   '%L, ''2026-01-20 09:00'', ''2026-01-20 12:00'''),
  ('mean_carbs_between', 'uuid, timestamptz, timestamptz',
   'SELECT pg_catalog.avg(carbs_g::pg_catalog.float4) FROM glucose.meal WHERE person_id OPERATOR(pg_catalog.=) $1 '
   'AND eaten_at OPERATOR(pg_catalog.>=) $2 AND eaten_at OPERATOR(pg_catalog.<) $3',
   '%L, ''2026-01-20'', ''2026-01-21'''),
  ('meal_by_id', 'uuid',
   'SELECT m.eaten_at::pg_catalog.timestamptz, m.meal_id::pg_catalog.uuid, m.meal_type::pg_catalog.text, '
   'm.calories::pg_catalog.float4, m.carbs_g::pg_catalog.float4, m.protein_g::pg_catalog.float4, '
   'm.fat_g::pg_catalog.float4, m.fiber_g::pg_catalog.float4, p.person_id, p.time_zone FROM glucose.meal m '
   'JOIN glucose.person p ON p.person_id OPERATOR(pg_catalog.=) m.person_id '
   'WHERE m.meal_id OPERATOR(pg_catalog.=) $1', '%L'),
  ('active_model', 'uuid, text',
   'SELECT version, algorithm, status, sha256, trained_at, training_end, n_train OPERATOR(pg_catalog.+) n_validation '
   'FROM glucose.model_version WHERE person_id OPERATOR(pg_catalog.=) $1 AND model_type OPERATOR(pg_catalog.=) $2 '
   'AND is_active', '%L, ''glucose''');
GRANT SELECT ON test.query TO PUBLIC;
-- Every node of a plan, from EXPLAIN's JSON: what it is, on what, and by which condition.
CREATE FUNCTION test.nodes(statement text) RETURNS TABLE (node text, relation text, index text, cond text, filter text,
  buffers bigint) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan;
  RETURN QUERY SELECT n ->> 'Node Type', n ->> 'Relation Name', n ->> 'Index Name', n ->> 'Index Cond', n ->> 'Filter',
    (n ->> 'Shared Hit Blocks')::bigint + (n ->> 'Shared Read Blocks')::bigint
  FROM jsonb_path_query(plan, 'strict $.**') n WHERE n ? 'Node Type';
END
$$;
CREATE FUNCTION test.plans() RETURNS TABLE (name text, mode text, node text, relation text, index text, cond text,
  filter text, buffers bigint) LANGUAGE plpgsql AS $$
DECLARE
  q record;
  call text;
BEGIN
  FOR q IN SELECT * FROM test.query LOOP
    EXECUTE format('PREPARE %I (%s) AS %s', q.name, q.types, q.sql);
    call := format('EXECUTE %I (' || q.args || ')', q.name,
      CASE q.name WHEN 'meal_by_id' THEN (SELECT meal_id FROM glucose.meal LIMIT 1)
      ELSE (SELECT person_id FROM glucose.model_version LIMIT 1) END);
    FOREACH mode IN ARRAY '{force_custom_plan,force_generic_plan}'::text[] LOOP
      PERFORM set_config('plan_cache_mode', mode, true);
      RETURN QUERY SELECT q.name, mode, n.* FROM test.nodes(call) n;
    END LOOP;
  END LOOP;
END
$$;
SET ROLE anna;
CREATE TEMP TABLE plan AS SELECT * FROM test.plans();
-- No relation but the tiny ones (persons, who shares) is read in whole.
SELECT name, mode, node, relation, filter FROM plan
  WHERE node = 'Seq Scan' AND relation NOT IN ('person', 'person_access', 'model_version');
-- The readings' window: an index-only scan, both bounds of measured_at and the person in its condition.
SELECT mode, node, index, cond ~ 'person_id = ' AS by_person, cond ~ 'measured_at > ' AS lower,
  cond ~ 'measured_at <= ' AS upper, coalesce(filter, '') !~ 'measured_at' AS not_filtered, buffers < 12 AS few_pages
FROM plan WHERE name = 'readings_between' AND relation = 'glucose_reading' ORDER BY mode;
SELECT mode, bool_or(node = 'Sort') AS sorted FROM plan WHERE name = 'readings_between' GROUP BY mode ORDER BY mode;
SELECT mode, node, index, cond ~ 'person_id = ' AS by_person, cond ~ 'eaten_at >= ' AS lower,
  cond ~ 'eaten_at < ' AS upper FROM plan WHERE name = 'mean_carbs_between' AND relation = 'meal' ORDER BY mode;
SELECT mode, node ~ 'Index|Bitmap' AS by_index, string_agg(DISTINCT index, ' ') AS index,
  bool_or(cond ~ 'meal_id = ') AS by_meal FROM plan
  WHERE name = 'meal_by_id' AND (relation = 'meal' OR index LIKE 'meal%') GROUP BY 1, 2 ORDER BY 1;
-- A table of versions large enough to have a choice.
RESET ROLE;
INSERT INTO model_version
  SELECT (jsonb_populate_record(v, jsonb_build_object('version', format('1.%s.0', i), 'is_active', false))).*
  FROM model_version v, generate_series(1, 2000) i;
VACUUM (ANALYZE) model_version;
SET ROLE anna;
DEALLOCATE ALL;
CREATE TEMP TABLE plan2 AS SELECT * FROM test.plans();
SELECT mode, node ~ 'Index' AS by_index, index, buffers < 12 AS few_pages FROM plan2
  WHERE name = 'active_model' AND relation = 'model_version' ORDER BY mode;
-- The same through the functions: how much one forecast touches does not grow with the history.
CREATE FUNCTION pg_temp.pages(call text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || call INTO plan;
  RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
END
$$;
SELECT m.meal_id AS meal, m.person_id AS person FROM meal m
  JOIN model_version v ON v.person_id = m.person_id AND v.is_active WHERE m.eaten_at > '2026-01-10' ORDER BY eaten_at
  LIMIT 1 \gset
SELECT pg_temp.pages(format('SELECT * FROM glucose_forecast(%L)', :'meal')) > 0 AS warm_up;
SELECT pg_temp.pages(format('SELECT * FROM glucose_forecast(%L)', :'meal')) < 150 AS forecast,
  pg_temp.pages(format('SELECT extract_glucose_history(%L, ''2026-01-20'')', :'person')) < 50 AS history;
-- A window of another person's is no cheaper or dearer than one of nobody's: none of its rows is read.
SET ROLE ben;
SELECT count(*) AS of_anna
  FROM test.nodes(format('SELECT * FROM glucose.glucose_reading WHERE person_id = %L', :'person')) n
  WHERE n.buffers > 12;
-- Forecasts after many meals are shared out when the statement is told that this costs nothing, however small the
-- table.
RESET ROLE;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET ROLE anna;
SELECT bool_or(node = 'Gather') AS shared_out FROM test.nodes('SELECT f.mg_dl FROM glucose.meal m, '
  'glucose.glucose_forecast(m.meal_id, ''{"on_error": "none"}'', m.person_id) f');
