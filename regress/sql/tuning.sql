-- SPDX-License-Identifier: PostgreSQL
-- tune_model(): searches over options, what it returns, what it refuses, and that it writes nothing.
\getenv here PG_ABS_SRCDIR
\set test tuning
\i :here/include/begin.sql
SET ROLE anna;
SELECT test.eater(3, 30) AS person \gset
SELECT simulate_person(7, 25) AS simulated \gset
INSERT INTO person (person_id) VALUES (key('none')), (key('few'));

-- Rows as asked for: every combination once, ranked by error, on the same meals.
CREATE TEMP TABLE tuned AS SELECT * FROM tune_model(:'person', 'ridge', '{"l2": [3, 300, null, 0.25]}');
SELECT count(*) AS combinations, count(DISTINCT params) AS different, count(DISTINCT n) AS of_the_same_meals,
  array_agg(rank ORDER BY rmse, rank) AS ranks,
       bool_and(mae BETWEEN 0.01 AND rmse AND rmse < 100) AS sane FROM tuned;
SELECT array_agg(params ORDER BY params -> 'l2') AS params FROM tuned;
-- The meals asked about are the last 60 % before the test rows.
SELECT n = (SELECT count(*) FROM training_dataset(:'person') WHERE split <> 'test') - (SELECT count(*)
  FROM training_dataset(:'person') WHERE split <> 'test') * 40 / 100 AS counted FROM tuned LIMIT 1;
-- The usual grids; an option that is given is not searched.
SELECT count(*), count(*) FILTER (WHERE params -> 'l2' = 'null') AS chooses_itself FROM tune_model(:'simulated', 'lad');
SELECT count(*), count(DISTINCT params -> 'hidden') AS hidden, count(DISTINCT params -> 'learning_rate') AS rates,
  bool_and(params @> '{"dropout": 0, "epochs": 1}') AS as_given
FROM tune_model(:'simulated', 'lstm', options => '{"dropout": 0, "epochs": 1}');
-- Networks: lists among the candidates, and what is found can be passed on, with the options it was found with.
CREATE TEMP TABLE networks AS SELECT *
  FROM tune_model(:'person', 'lstm', '{"hidden": [4, [6, 3]], "learning_rate": [0.003, 0.01]}',
  '{"epochs": 4, "horizons": [60], "seed": 5, "time_budget": 600}');
SELECT params FROM networks ORDER BY params -> 'hidden', params -> 'learning_rate';
SELECT version, algorithm FROM train_model(:'person', 'glucose', 'lstm', (SELECT params FROM networks WHERE rank = 1));
SELECT v.hyperparameters @> n.params AS used FROM model_version v, networks n WHERE rank = 1;
SELECT count(*) AS same_again FROM networks
  JOIN tune_model(:'person', 'lstm', '{"hidden": [4, [6, 3]], "learning_rate": [0.003, 0.01]}',
  '{"epochs": 4, "horizons": [60], "seed": 5}') t
  USING (params, mae, rmse, n, rank);
SELECT bool_and(n.rmse <> t.rmse) AS another_seed FROM networks n
  JOIN tune_model(:'person', 'lstm', '{"hidden": [4, [6, 3]], "learning_rate": [0.003, 0.01]}',
  '{"epochs": 4, "horizons": [60], "seed": 6}') t
  ON n.params - 'seed' = t.params - 'seed';

-- What happens later changes nothing: neither test rows nor meals after the period.
SELECT max(eaten_at) FILTER (WHERE split <> 'test') AS learnt_until FROM training_dataset(:'person') \gset
BEGIN;
UPDATE glucose_reading SET mg_dl = 400 WHERE person_id = :'person'
  AND measured_at > :'learnt_until'::timestamptz + interval '4 hours';
SELECT count(*) AS same_as_before FROM tuned JOIN tune_model(:'person', 'ridge', '{"l2": [3, 300, null, 0.25]}') t
  USING (params, mae, rmse, n);
ROLLBACK;

-- The time is over: what was tried at all origins comes back, and how much that was.
CREATE FUNCTION pg_temp.out_of_time(person uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  started CONSTANT timestamptz := clock_timestamp();
  got integer := (SELECT count(*)
    FROM tune_model(person, 'lstm', '{"hidden": [[256, 256, 256]], "dropout": [0, 0.1]}',
    '{"epochs": 10000, "patience": 0, "time_budget": 1}'));
BEGIN
  RETURN format('%s rows, %s', got, CASE WHEN clock_timestamp() - started < interval '3 s' THEN 'in time'
    ELSE 'late' END);
END
$$;
SELECT pg_temp.out_of_time(:'person');
-- Cancelled: at once, not when the time is over.
CREATE FUNCTION pg_temp.cancelled(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  started CONSTANT timestamptz := clock_timestamp();
  got text := test.expect(call);
BEGIN
  RETURN got || CASE WHEN clock_timestamp() - started < interval '5 s' THEN ' in time' ELSE ' late' END;
END
$$;
SET statement_timeout = '100ms';
SELECT pg_temp.cancelled(format('SELECT count(*) FROM tune_model(%L, ''lstm'', ''{"hidden": [[256, 256]]}'', '
  '''{"epochs": 10000, "patience": 10000, "time_budget": 10}'')', :'person'));
RESET statement_timeout;

-- Wrong input names its key.
SELECT o.*, test.expect(call), test.hint(call) IS NOT NULL AS hint FROM (VALUES
  ('ridge', '{"dropout": [0]}', '{}'), ('ridge', '{"sed": [1]}', '{}'), ('ridge', '{"horizons": [[60]]}', '{}'),
  ('ridge', '{"l2": 10}', '{}'), ('ridge', '{"l2": {}}', '{}'),
  ('ridge', '{"l2": []}', '{}'), ('ridge', '{"l2": [10, -1]}', '{}'), ('ridge', '{"l2": ["10"]}', '{}'),
  ('ridge', '[]', '{}'), ('ridge', '{"l2": [10]}', '{"l2": 10}'), ('ridge', '{}', '{"l2": 10}'),
  ('lstm', '{"hidden": [[]]}', '{}'), ('lstm', '{"hidden": [[0]]}', '{}'),
  ('lstm', '{"hidden": [[1, 2, 3, 4, 5, 6, 7, 8, 9]]}', '{}'),
  ('lstm', format('{"dropout": [0%s], "epochs": [1%s]}', repeat(', 0', 14), repeat(', 1', 14)), '{}'),
  ('ridge', '{}', '{"time_budget": 0}'), ('ridge', '{}', '{"time_budget": 86401}'),
  ('ridge', '{}', '{"time_budget": "1"}'), ('ridge', '{}', '{"sed": 1}'), ('ridge', '{}', '[]'),
  ('ridge', '{}', '{"min_days": 60}'), ('personal', '{}', '{}'), ('auto', '{}', '{}'), ('mean', '{}', '{}'),
  ('persistence', '{}', '{}'), ('best', '{}', '{}'))
  o (algorithm, search, options),
  LATERAL (SELECT format('SELECT count(*) FROM tune_model(%L, %L, %L, %L)', :'person', algorithm, search,
  options)) c (call);
SELECT test.expect('SELECT tune_model(NULL, ''ridge'')');
SELECT test.expect('SELECT tune_model(key(''none''), NULL)');
SELECT test.expect('SELECT tune_model(key(''none''), ''ridge'', NULL)');
SELECT test.expect(format('SELECT tune_model(key(%L), ''ridge'')', who)) FROM unnest('{none,nobody}'::text[]) who;
SELECT test.expect(format('SELECT tune_model(%L, ''ridge'', ''{"l2": [1]}'', '
  '''{"min_meals": 10, "end_at": "2026-01-09", "min_days": 1}'')', :'person')) AS too_few_for_four_origins;

-- It writes nothing, and goes on where nothing can be written.
BEGIN READ ONLY;
SELECT count(*) FROM tune_model(:'person', 'ridge', '{"l2": [10, 30]}');
ROLLBACK;
SELECT count(*) AS the_one_that_was_trained FROM model_version;
