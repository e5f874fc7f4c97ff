-- SPDX-License-Identifier: PostgreSQL
-- train_model(): every algorithm, every option, too little history, and what is left behind when it does not end well.
\getenv here PG_ABS_SRCDIR
\set test training
\i :here/include/begin.sql
SET ROLE anna;
SELECT test.eater(3, 30) AS person \gset
SELECT algorithm, default_options ? 'horizons' AS shared, default_options ? 'epochs' AS network FROM algorithms();
-- Each option with its own default is the same as none (null is the default); so are the options of another algorithm.
SELECT algorithm,
  bool_and(test.expect(format('SELECT train_model(%L, ''glucose'', ''mean'', %L)', :'person', default_options)) = 'ok')
  AS defaults_taken
FROM algorithms() GROUP BY algorithm ORDER BY algorithm;
RESET ROLE;
DELETE FROM model_version;
DELETE FROM deployment;
SET ROLE anna;

CREATE TEMP TABLE result AS
  SELECT a.algorithm AS wanted, t.*
  FROM unnest('{persistence,mean,ridge,lad,lstm,auto}'::text[]) WITH ORDINALITY a (algorithm, i),
    train_model(:'person', 'glucose', a.algorithm, '{"epochs": 4, "hidden": [8], "seed": 7}') t;
SELECT wanted, version, algorithm = wanted OR wanted = 'auto' AS as_wanted, n_train, n_validation, n_test,
       mae BETWEEN 0.01 AND 100 AND rmse >= mae AND r2 < 1 AS sane, training_ms > 0 AS timed FROM result
       ORDER BY version;
SELECT person_id = :'person' AS person, model_type, count(*) FROM result GROUP BY 1, 2;
-- What is returned is what is stored; bytes and hash agree; training and test rows are told apart.
SELECT count(*) AS stored, bool_and(v.algorithm = r.algorithm AND v.n_train = r.n_train AND v.n_test = r.n_test
  AND v.mae = r.mae AND v.r2 = r.r2
  AND v.is_active = r.is_active AND v.is_production_ready = r.is_production_ready
  AND v.quality_issues = r.quality_issues) AS same,
  bool_and(v.sha256 = sha256(v.artifact)) AS hash, bool_and(training_start < training_end) AS period,
  bool_and(feature_schema = CASE v.algorithm WHEN 'ensemble' THEN 'meal/2' ELSE 'meal28/1' END) AS features,
  bool_and((metadata ->> 'test_start')::timestamptz > training_end) AS test_is_later,
  count(*) FILTER (WHERE v.is_active) AS active, bool_and(v.status = 'ready' OR NOT v.is_active) AS only_ready
FROM model_version v JOIN result r USING (version);
SELECT hyperparameters @> '{"seed": 7, "epochs": 4, "hidden": [8], "horizons": [60, 120], "min_days": 7,
  "min_meals": 21}' AS as_given,
       (SELECT string_agg(k, ' ' ORDER BY k COLLATE "C") FROM jsonb_object_keys(hyperparameters) k) AS keys
       FROM model_version WHERE version = '1.4.0';
-- The ensemble: what was weighed, and weights of the members that sum to 1 at each horizon. It needs the richer
-- features, so the version's major part grows.
SELECT jsonb_path_query_array(metadata, '$.candidates[*].algorithm') AS candidates,
  metadata -> 'population_version' AS no_population FROM model_version WHERE version = '1.5.0';
SELECT h AS horizon, test.near(sum((w -> h)::float8), 1, 0.01) AS sum_to_1, min((w -> h)::float8) >= 0 AS none_negative
  FROM model_version, jsonb_each(metadata -> 'weights') m (algorithm, w), generate_series(0, 1) h
  WHERE version = '1.5.0' GROUP BY 1 ORDER BY 1;
-- Metrics: three splits and persistence for comparison, two horizons, five numbers, all there.
SELECT version, count(*), count(DISTINCT split) AS splits, count(DISTINCT minutes_ahead) AS horizons,
  count(*) FILTER (WHERE value IS NULL) AS missing,
       bool_and(n > 0) AS counted FROM model_metric GROUP BY version ORDER BY version;
SELECT count(*) AS wrong FROM model_version v
  WHERE NOT test.near(mae, (SELECT avg(value) FROM model_metric m
  WHERE m.version = v.version AND split = 'test' AND metric = 'mae'), 0.01);
SELECT bool_and(test.near(a.value, b.value, 1e-6)) AS persistence_is_persistence FROM model_metric a
  JOIN model_metric b USING (minutes_ahead)
WHERE a.version = '1.0.0' AND a.split = 'test' AND a.metric = 'rmse' AND b.version = '1.2.0'
  AND b.metric = 'persistence_rmse';
-- evaluate_model() finds the same numbers again, and an interval that holds most outcomes. (The stored errors on the
-- validation rows are of the fit on the train rows alone; the model that is kept has learnt from both.)
SELECT split, minutes_ahead, bool_and(split = 'validation' OR test.near(e.mae, m.value, 1e-3)) AS same_mae,
  bool_and(e.n = m.n) AS same_n, bool_and(coverage BETWEEN 0.5 AND 1) AS covered
FROM evaluate_model(:'person', 'glucose', '1.2.0') e JOIN model_metric m USING (split, minutes_ahead)
WHERE m.version = '1.2.0' AND metric = 'mae' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT version, algorithm, is_active FROM list_model_versions(:'person') WHERE version <> '1.5.0';

-- Same data, same seed, same bytes; another seed, other bytes (for what draws at random).
CREATE TEMP TABLE digest (a text, seed integer, round integer, sha256 bytea);
DO $$
DECLARE
  t training_result;
BEGIN
  FOR i IN 0 .. 7 LOOP
    t := train_model((SELECT person_id FROM person), 'glucose', (ARRAY['ridge', 'lstm'])[1 + i / 4],
                     jsonb_build_object('seed', 1 + i / 2 % 2, 'epochs', 2, 'hidden', 8, 'deploy', false));
    INSERT INTO digest SELECT t.algorithm, 1 + i / 2 % 2, i % 2, sha256 FROM model_version WHERE version = t.version;
  END LOOP;
END
$$;
SELECT a AS algorithm, count(*) AS trainings, count(DISTINCT (seed, sha256)) = 2 AS same_seed_same_bytes,
  count(DISTINCT sha256) AS different FROM digest GROUP BY a ORDER BY a;

-- Every option, out of its range or of another type: 22023, naming it.
SELECT key, value, test.expect(call) AS accepted_or_nameless FROM (VALUES
  ('horizons', '[]'), ('horizons', '0'), ('horizons', '[60, 60]'), ('horizons', '[120, 60]'), ('horizons', '60.5'),
  ('horizons', '4'), ('horizons', '361'),
  ('horizons', '"60"'), ('horizons', '[60, null]'), ('horizons', '[1,2,3,4,5,6,7,8,9,10,11,12,13]'), ('seed', '-1'),
  ('seed', '1.5'), ('seed', '"1"'), ('seed', '1e20'),
  ('seed', '[1, 2]'), ('epochs', '0'), ('epochs', '10001'), ('epochs', 'true'), ('batch_size', '0'),
  ('batch_size', '4097'), ('learning_rate', '0'), ('learning_rate', '1.1'),
  ('learning_rate', '-0.1'), ('hidden', '[]'), ('hidden', '[64, 64, 64, 64]'), ('hidden', '0'), ('hidden', '257'),
  ('hidden', '[64.5]'), ('dropout', '-0.1'), ('dropout', '0.91'),
  ('patience', '-1'), ('patience', '1e9'), ('l2', '-1'), ('l2', '1e7'), ('l2', '"auto"'), ('min_days', '0'),
  ('min_days', '3651'), ('min_days', '7.5'), ('min_meals', '9'),
  ('min_meals', '1e6'), ('start_at', '1'), ('end_at', '[]'), ('end_at', '"-infinity"'), ('deploy', '1'),
  ('deploy', '"yes"'), ('deploy', '{}'), ('sed', '1'), ('Seed', '1'), ('', '1'), ('sed', 'null'))
  o (key, value),
  LATERAL (SELECT format('SELECT train_model(%L, ''glucose'', ''lstm'', %L)', :'person',
  format('{%s: %s}', to_json(key), value))) c (call)
WHERE test.expect(call) NOT LIKE '22023 %"' || key || '"%';
SELECT test.hint(format('SELECT train_model(%L, ''glucose'', ''lstm'', ''{"epochs": 0}'')', :'person')),
  test.hint(format('SELECT train_model(%L, ''glucose'', ''lstm'', ''{"sed": 0}'')', :'person'));
-- Horizons and a period of one's own.
SELECT version, n_train + n_validation + n_test < (SELECT count(*) FROM training_dataset(:'person')) AS fewer
  FROM train_model(:'person', 'glucose', 'ridge',
  '{"horizons": [30, 60, 90, 180], "start_at": "2026-01-10", "end_at": "2026-02-01T00:00:00Z", "deploy": false}');
SELECT (SELECT array_agg(DISTINCT minutes_ahead ORDER BY minutes_ahead) FROM model_metric m
  WHERE m.version = v.version) AS horizons, training_start >= '2026-01-10' AND training_end < '2026-02-01' AS within,
       hyperparameters ->> 'start_at' AS start_at FROM model_version v ORDER BY trained_at DESC LIMIT 1;

-- Versions go up, the first good one serves, deploy forces and forbids.
RESET ROLE;
DELETE FROM model_version;
DELETE FROM deployment;
SET ROLE anna;
SELECT version, is_active FROM train_model(:'person', algorithm => 'ridge', options => '{"deploy": false}');
SELECT version, is_active FROM train_model(:'person', algorithm => 'ridge', options => '{"l2": 10}');
SELECT version, is_active FROM train_model(:'person', algorithm => 'ridge', options => '{"l2": 20}');
SELECT version, is_active FROM train_model(:'person', algorithm => 'ridge', options => '{"l2": 30, "deploy": true}');
-- The same data, algorithm and options: a patch.
SELECT version, is_active FROM train_model(:'person', algorithm => 'ridge', options => '{"l2": 30}');
SELECT version, previous_version, reason, deployed_by FROM deployment ORDER BY deployed_at;
SELECT deploy_model(:'person', 'glucose', '1.0.0', 'by hand');
SELECT active_model_version(:'person');
SELECT deploy_model(:'person', 'glucose', '1.0.0'), count(*) AS deployments_still FROM deployment;
SELECT array_agg(version) FILTER (WHERE is_active) AS active, array_agg(version) AS newest_first
  FROM list_model_versions(:'person');
-- Only functions write versions; what the table itself holds against, it holds against the superuser as well.
SELECT DISTINCT test.expect(format('UPDATE model_version SET %I = %I', column_name, column_name)) AS any_column
  FROM information_schema.columns
WHERE table_schema = 'glucose' AND table_name = 'model_version' AND column_name <> 'status';
SELECT test.expect('DELETE FROM model_version') AS remove;
RESET ROLE;
SELECT test.expect('UPDATE model_version SET is_active = true') AS two_active;
SELECT test.expect('UPDATE model_version SET status = ''rejected'' WHERE is_active') AS reject_active;
SELECT test.expect('UPDATE model_version SET status = ''excellent''') AS unknown_status;
SELECT test.expect('UPDATE model_version SET artifact = artifact || ''x''') AS even_the_superuser;
SET ROLE anna;

-- A model that is worse than "it stays as it is" is kept, and never serves: glucose here changes from day to day only.
INSERT INTO person (person_id) VALUES (key('steps')), (key('one moment')), (key('few')), (key('short')), (key('none'));
INSERT INTO glucose_reading SELECT key('steps'), at, 100 + 4 * extract(day FROM at)
  FROM generate_series('2026-01-01'::timestamptz, '2026-01-30', '15 min') at;
INSERT INTO meal (person_id, eaten_at, meal_type) SELECT key('steps'), at + interval '12 h', 'lunch'
  FROM generate_series('2026-01-01'::timestamptz, '2026-01-29', '12 h') at;
SELECT version, is_active, is_production_ready, quality_issues[1]
  FROM train_model(key('steps'), algorithm => 'mean', options => '{"deploy": true}');
SELECT status FROM list_model_versions(key('steps'));
SELECT test.expect('SELECT deploy_model(key(''steps''), ''glucose'', ''1.0.0'')');
SELECT test.expect('SELECT predict_meal(key(''steps''), ''{}'', ''{"version": "1.0.0"}'')');
RESET ROLE;
SELECT test.expect('UPDATE model_version SET is_active = true WHERE status = ''rejected''');
SET ROLE anna;
-- What it has measured still is an answer: glucose stays what it is, give or take.
SELECT test.expect('SELECT predict_meal(key(''steps''), ''{}'')');
SELECT d #>> '{provenance,source}' AS source, d #>> '{provenance,algorithm}' AS algorithm,
  d #>> '{provenance,insteadOf}' AS instead_of, d #> '{predictions,0,glucose}' AS stays,
  d #> '{predictions,0,lower}' < d #> '{predictions,0,upper}' AS with_an_interval
FROM predict_meal(key('steps'), '{"eaten_at": "2026-01-20T12:00Z"}') d;
SELECT version, is_active, algorithm
  FROM train_model(key('steps'), algorithm => 'auto', options => '{"epochs": 1, "hidden": 4}');

-- Too little history says how much there is.
INSERT INTO glucose_reading SELECT key(who), at, 100 + extract(hour FROM at)
  FROM unnest('{one moment,few}'::text[]) who, generate_series('2026-01-01'::timestamptz, '2026-01-11', '15 min') at;
INSERT INTO glucose_reading SELECT key('short'), at, 100 + extract(hour FROM at)
  FROM generate_series('2026-01-01'::timestamptz, '2026-01-07', '15 min') at;
INSERT INTO meal (person_id, eaten_at, meal_type) SELECT key('few'), at, 'lunch'
  FROM generate_series('2026-01-02'::timestamptz, '2026-01-10 12:00', '12 h') at;
INSERT INTO meal (person_id, eaten_at, meal_type) SELECT key('short'), at, 'lunch'
  FROM generate_series('2026-01-02'::timestamptz, '2026-01-06', '2 h') at;
INSERT INTO meal (person_id, eaten_at, meal_type) SELECT key('one moment'), '2026-01-08', 'lunch'
  FROM generate_series(1, 40);
SELECT who, test.expect(format('SELECT train_model(key(%L))', who)),
  test.hint(format('SELECT train_model(key(%L))', who)) IS NOT NULL AS hint
  FROM unnest('{none,few,short,one moment}'::text[]) who;
SELECT n_train, n_validation, n_test FROM train_model(key('few'), algorithm => 'mean', options => '{"min_meals": 10}');
SELECT test.expect(format('SELECT train_model(%L, ''glucose'', ''mean'', ''{"min_days": 60}'')', :'person'));

-- Not to its end: cancelled in time, too large, in a read-only transaction, undone. Nothing is stored.
CREATE TEMP TABLE stored AS SELECT (SELECT count(*) FROM model_version) AS versions,
  (SELECT count(*) FROM model_metric) AS metrics, (SELECT count(*) FROM deployment) AS deployments;
CREATE FUNCTION pg_temp.cancelled(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  started CONSTANT timestamptz := clock_timestamp();
  got text := test.expect(call);
BEGIN
  RETURN got || CASE WHEN clock_timestamp() - started < interval '1 s' THEN ' in time' ELSE ' late' END;
END
$$;
SET statement_timeout = '100ms';
SELECT pg_temp.cancelled(format('SELECT train_model(%L, ''glucose'', ''lstm'', '
  '''{"epochs": 10000, "patience": 10000}'')', :'person'));
RESET statement_timeout;
RESET ROLE;
SET glucose.max_train_memory = '1MB';
SET ROLE anna;
SELECT regexp_replace(test.expect(format('SELECT train_model(%L, ''glucose'', ''lstm'', ''{"hidden": [256, 256]}'')',
  :'person')), '\d{4,} kB', '… kB') AS refused;
RESET ROLE;
SET glucose.max_train_memory = '32MB';
SET ROLE anna;
-- A network counts with what its artifact takes on the way into its row (measured: 56 MB).
SELECT regexp_replace(test.expect(format($$SELECT train_model(%L, algorithm => 'lstm',
  options => '{"hidden": [256, 256, 256]}')$$, :'person')), '\d{5} kB', '… kB') AS refused_too;
RESET ROLE;
SET glucose.max_train_memory = '1100kB';
SET ROLE anna;
SELECT test.expect('SELECT extract_features(key(''none''))'),
  (SELECT version FROM train_model(:'person', algorithm => 'persistence', options => '{"deploy": false}'))
  AS small_enough;
SELECT delete_model(:'person', 'glucose', '1.4.0');
RESET ROLE;
RESET glucose.max_train_memory;
SET ROLE anna;
BEGIN READ ONLY;
SELECT train_model(:'person', algorithm => 'mean');
ROLLBACK;
BEGIN;
SELECT version FROM train_model(:'person', algorithm => 'mean');
ROLLBACK;
SELECT (SELECT count(*) FROM model_version) - versions AS versions,
  (SELECT count(*) FROM model_metric) - metrics AS metrics,
  (SELECT count(*) FROM deployment) - deployments AS deployments FROM stored;
-- An answer to an untyped literal, through a named argument, from a function and per row of a join.
SELECT version FROM glucose.train_model(options => '{"deploy": false}', algorithm => 'mean', person_id => :'person');
SELECT count(*) AS of_all_persons FROM person p,
  train_model(p.person_id, algorithm => 'mean', options => '{"min_meals": 10}') t
  WHERE p.person_id IN (key('few'), key('steps'));
RESET ROLE;
SELECT pg_read_file(format('/proc/%s/status', pg_backend_pid())) ~ 'Threads:\t1\n' AS one_thread,
  '1e-310'::float8 > 0 AS denormals_are_numbers;
