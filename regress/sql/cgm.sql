-- SPDX-License-Identifier: PostgreSQL
-- Forecasts from the readings alone: population and personal training, consent, serving at any moment, versions.
\getenv here PG_ABS_SRCDIR
\set test cgm
\i :here/include/begin.sql
SET ROLE anna;
SELECT simulate_person(1, 20) AS anna \gset
SELECT simulate_person(2, 20, 't1d') IS NOT NULL AS made;
UPDATE person SET shares_data = true;
SET ROLE ben;
SELECT simulate_person(3, 12) AS ben \gset
SELECT simulate_person(4, 3) AS short \gset
INSERT INTO person (person_id, time_zone) VALUES (key('new'), 'Europe/Berlin'), (key('empty'), 'UTC');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('new'), t, 120 + 20 * sin(extract(epoch FROM t) / 3000)
  FROM generate_series('2026-02-01 06:00+00'::timestamptz, '2026-02-01 12:00+00', '15 min') t;

-- Nothing to ask yet: MG001 says what is missing; the model comes before the readings.
SELECT test.expect(format('SELECT * FROM cgm_forecast(%L, ''2026-01-10'')', :'ben')),
  test.hint(format('SELECT * FROM cgm_forecast(%L, ''2026-01-10'')', :'ben'));

-- The population's model: by the steward only, from who shares only. No id goes into it.
SELECT test.expect('SELECT train_population_model(''cgm'')') AS not_the_steward;
SET ROLE dora;
SELECT call, test.expect('SELECT ' || call), test.hint('SELECT ' || call) IS NOT NULL AS hint
  FROM unnest(ARRAY['train_population_model(''insulin'')',
  'train_population_model(''cgm'', ''lstm'')', 'train_population_model(''cgm'', options => ''{"min_meals": 3}'')',
  'train_population_model(''cgm'', options => ''{"min_days": 0}'')',
  'train_population_model(''cgm'', options => ''{"start_at": "2026-03-01"}'')',
  'train_population_model(''cgm'', options => ''{"end_at": "-infinity"}'')', 'train_population_model(NULL)',
  'train_population_model(''cgm'', options => ''[]'')',
  'train_population_model(''cgm'', options => ''{"min_days": 30}'')']) call;
SELECT person_id, model_type, version, algorithm, is_active, n_train > 5000 AS train, n_validation > 1000 AS validation,
  n_test > 1000 AS test, mae BETWEEN 5 AND 40 AND rmse > mae AS sane, r2 > 0.3 AS fits,
       is_production_ready OR cardinality(quality_issues) > 0 AS said FROM train_population_model('cgm');
SELECT feature_schema, metadata -> 'persons' AS persons, metadata -> 'persons_sharing' AS sharing,
  (metadata -> 'coverage')::float8 BETWEEN 0.82 AND 0.96 AS coverage,
       (SELECT string_agg(k, ' ' ORDER BY k COLLATE "C") FROM jsonb_object_keys(metadata) k) AS keys,
       hyperparameters -> 'horizons' -> 23 AS longest,
       length(artifact) BETWEEN 10000 AND 100000 AS weights_only FROM population_model;
SELECT bool_and((e ->> 'mae')::float8 < (e ->> 'persistence_mae')::float8) AS better_than_persistence
  FROM population_model, jsonb_each(metadata -> 'errors' -> 'test') x (minutes, e);
SELECT count(*) AS ids_in_it FROM population_model m, person p
  WHERE position(uuid_send(p.person_id) IN m.artifact) > 0 OR m.metadata::text LIKE '%' || p.person_id || '%'
  OR m.hyperparameters::text LIKE '%' || p.person_id || '%';
-- Again from the same: the same bytes. Consent: Ben's readings change nothing until he shares them, and no longer when
-- he stops.
SELECT version, is_active FROM train_population_model('cgm');
SET ROLE ben;
UPDATE glucose_reading SET mg_dl = least(mg_dl + 30, 600) WHERE person_id = :'ben';
SET ROLE dora;
SELECT version FROM train_population_model('cgm');
SELECT count(DISTINCT sha256) AS same_bytes FROM population_model;
SET ROLE ben;
UPDATE person SET shares_data = true;
SET ROLE dora;
SELECT version FROM train_population_model('cgm');
SELECT version, n_persons, is_active FROM list_population_models('cgm');
SET ROLE ben;
UPDATE person SET shares_data = false;
UPDATE glucose_reading SET mg_dl = greatest(mg_dl - 30, 20) WHERE person_id = :'ben';
SET ROLE dora;
SELECT version FROM train_population_model('cgm', options => '{"deploy": true}');
SELECT count(DISTINCT sha256) AS two_kinds, count(*)
  FILTER (WHERE sha256 = (SELECT sha256 FROM population_model WHERE version = '1.0.0')) AS as_the_first
  FROM population_model;
-- A period of one's own; a memory limit thins the rows of everybody.
SELECT version, n_train + n_validation + n_test < 6000 AS fewer
  FROM train_population_model('cgm', options => '{"start_at": "2026-01-06", "end_at": "2026-01-15"}');
SELECT training_start >= '2026-01-06' AND training_end < '2026-01-15' AS within FROM population_model
  ORDER BY trained_at DESC LIMIT 1;
RESET ROLE;
SET glucose.max_train_memory = '4MB';
SET ROLE dora;
SELECT n_train + n_validation + n_test BETWEEN 1000 AND 3200 AS thinned FROM train_population_model('cgm');
RESET ROLE;
RESET glucose.max_train_memory;

-- Which population model serves: deployed, rolled back, refused.
SET ROLE dora;
SELECT deploy_population_model('cgm', '1.0.0', 'by hand');
SELECT rollback_population_model('cgm');
SELECT deploy_population_model('cgm', '1.0.0');
SELECT version, previous_version, reason, deployed_by FROM population_deployment ORDER BY deployed_at;
SELECT test.expect('SELECT deploy_population_model(''cgm'', ''9.9.9'')');
SELECT test.expect('SELECT deploy_population_model(''cgm'', NULL)');
SELECT test.expect('SELECT rollback_population_model(''glucose'')');
SELECT test.expect('SELECT deploy_population_model(''glucose'', ''1.0.0'')');
BEGIN;
RESET ROLE;
UPDATE population_model SET status = 'rejected' WHERE version = '1.1.0';
SET ROLE dora;
SELECT test.expect('SELECT deploy_population_model(''cgm'', ''1.1.0'')');
ROLLBACK;
SET ROLE ben;
SELECT test.expect('SELECT deploy_population_model(''cgm'', ''1.1.0'')');
SELECT test.expect('INSERT INTO population_deployment VALUES (''cgm'', now(), ''1.1.0'')');
SELECT (SELECT count(*) FROM population_deployment) > 0 AS readable;

-- Served by it: a person without a single day of history. The readings are quarter-hours; the forecast is of any
-- minute.
SELECT minutes_ahead, at, mg_dl BETWEEN 80 AND 170 AS plausible, lower <= mg_dl AND mg_dl <= upper AS ordered,
  upper - lower > 5 AS wide, confidence, confidence_score BETWEEN 0 AND 1 AS score, model_version
FROM cgm_forecast(key('new'), '2026-02-01 12:00+00');
SELECT count(*), min(minutes_ahead), max(minutes_ahead)
  FROM cgm_forecast(key('new'), '2026-02-01 12:07+00', '{"minutes": 120}');
SELECT array_agg(minutes_ahead) AS minutes,
  bool_and(at = '2026-02-01 12:07+00'::timestamptz + make_interval(mins => minutes_ahead)) AS at
  FROM cgm_forecast(key('new'), '2026-02-01 12:07+00', '{"minutes": [7, 30, 119]}');
-- The level widens, the head changes what is said, not the interval's idea.
SELECT bool_and(a.lower <= b.lower AND a.upper >= b.upper AND a.mg_dl = b.mg_dl) AS wider,
  bool_or(a.upper > b.upper) AS really, bool_or(c.mg_dl <> b.mg_dl) AS mean_is_another,
  bool_and(c.lower <= c.mg_dl AND c.mg_dl <= c.upper) AS ordered
FROM cgm_forecast(key('new'), '2026-02-01 12:00+00', '{"level": 0.95}') a
  JOIN cgm_forecast(key('new'), '2026-02-01 12:00+00', '{"level": 0.5}') b USING (minutes_ahead)
JOIN cgm_forecast(key('new'), '2026-02-01 12:00+00', '{"level": 0.5, "head": "mean"}') c USING (minutes_ahead);
-- An old reading lowers the confidence; older than an hour there is nothing to say.
SELECT m AS minutes_old,
  test.expect(format('SELECT * FROM cgm_forecast(%L, %L)', key('new'),
  '2026-02-01 12:00+00'::timestamptz + make_interval(mins => m))),
       (SELECT min(confidence)
       FROM cgm_forecast(key('new'), '2026-02-01 12:00+00'::timestamptz + make_interval(mins => least(m, 60))))
       AS confidence FROM unnest('{0,15,16,60,61}'::int[]) m;
SELECT test.expect(format('SELECT * FROM cgm_forecast(%L, ''2026-02-01'')', key('empty'))),
  test.hint(format('SELECT * FROM cgm_forecast(%L, ''2026-02-01'')', key('empty'))) IS NOT NULL AS hint;
-- What is measured later, or recorded later, changes no past forecast; what is recorded in time does.
CREATE TEMP TABLE said AS SELECT * FROM cgm_forecast(key('new'), '2026-02-01 11:00+00');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl, recorded_at)
  VALUES (key('new'), '2026-02-01 10:52+00', 300, '2026-02-01 11:01+00'),
  (key('new'), '2026-02-01 11:00:01+00', 300, NULL);
SELECT count(*) AS changed FROM (SELECT * FROM said EXCEPT SELECT *
  FROM cgm_forecast(key('new'), '2026-02-01 11:00+00')) d;
UPDATE glucose_reading SET recorded_at = '2026-02-01 10:53+00'
  WHERE person_id = key('new') AND measured_at = '2026-02-01 10:52+00';
SELECT count(*) AS changed FROM (SELECT * FROM said EXCEPT SELECT *
  FROM cgm_forecast(key('new'), '2026-02-01 11:00+00')) d;
DELETE FROM glucose_reading WHERE person_id = key('new') AND mg_dl = 300;
-- The person's clock is looked at, and it is the person's.
UPDATE person SET time_zone = 'Asia/Tokyo' WHERE person_id = key('new');
DELETE FROM person_time_zone;  -- it was there all along
SELECT count(*) > 0 AS by_the_clock
  FROM (SELECT * FROM said EXCEPT SELECT * FROM cgm_forecast(key('new'), '2026-02-01 11:00+00')) d;

-- A person's own, on top of the population's or alone.
SET ROLE anna;
SELECT person_id = :'anna' AS person, model_type, version, algorithm, is_active, n_train > 2000 AS train,
  n_test > 400 AS test, mae < rmse AS sane FROM train_model(:'anna', 'cgm');
SELECT feature_schema, metadata -> 'population_version' AS on_top_of, jsonb_typeof(metadata -> 'own_horizons') AS own,
  metadata ->> 'test_start' > training_end::text AS test_is_later, algorithm FROM model_version;
SELECT array_agg(DISTINCT minutes_ahead ORDER BY minutes_ahead) AS minutes,
  array_agg(DISTINCT split ORDER BY split) AS splits, array_agg(DISTINCT metric ORDER BY metric) AS metrics,
  bool_and(n > 0) AS counted FROM model_metric;
SELECT bool_and(m.value < p.value) AS better_than_persistence FROM model_metric m
  JOIN model_metric p USING (minutes_ahead) WHERE m.split = 'test' AND m.metric = 'mae'
  AND p.metric = 'persistence_mae';
SELECT bool_and(value BETWEEN 0.8 AND 0.98) AS coverage FROM model_metric WHERE metric = 'coverage';
SELECT model_version, count(*) FROM cgm_forecast(:'anna', '2026-01-20 12:00') GROUP BY 1;
SELECT version, is_active, n_train > 500 AS train
  FROM train_model(:'anna', 'cgm', 'linear', '{"start_at": "2026-01-10", "end_at": "2026-01-15", "min_days": 4}');
SELECT DISTINCT model_version FROM cgm_forecast(:'anna', '2026-01-20 12:00', '{"version": "1.1.0"}');
SELECT deploy_model(:'anna', 'cgm', '1.1.0');
SELECT rollback_model(:'anna', 'cgm');
SELECT active_model_version(:'anna', 'cgm');
SELECT (SELECT count(*) FROM list_model_versions(:'anna', 'cgm')) AS versions;
SELECT active_model_version(:'anna') AS for_meals;
SELECT what, test.expect(format('SELECT %s', format(what, :'anna')))
  FROM unnest(ARRAY['train_model(%L, ''cgm'', ''lstm'')', 'train_model(%L, ''cgm'', ''auto'', ''{"epochs": 3}'')',
  'train_model(%L, ''cgm'', ''auto'', ''{"min_days": 60}'')',
  'train_model(%L, ''cgm'', ''auto'', ''{"start_at": "2026-01-06", "end_at": "2026-01-06 01:00", "min_days": 1}'')',
  'train_model(%L, ''cgm'', ''auto'', ''{"deploy": 1}'')']) what;
BEGIN;
RESET ROLE;
DELETE FROM population_model;
SET ROLE anna;
SELECT version, n_train > 2000 AS alone FROM train_model(:'anna', 'cgm', options => '{"deploy": true}');
SELECT metadata -> 'population_version' AS on_top_of, metadata ? 'own_horizons' AS own FROM model_version
  ORDER BY trained_at DESC LIMIT 1;
SELECT count(*) FROM cgm_forecast(:'anna', '2026-01-20 12:00');
ROLLBACK;
-- How good it is, asked at many moments after what was learnt from.
SELECT count(*) > 200 AS asked, avg(abs(f.mg_dl - o.mg_dl)) < avg(abs(l.mg_dl - o.mg_dl)) AS better_than_persistence,
  avg((o.mg_dl BETWEEN f.lower AND f.upper)::int) BETWEEN 0.7 AND 1 AS coverage
FROM glucose_reading l CROSS JOIN LATERAL cgm_forecast(l.person_id, l.measured_at, '{"minutes": [30, 60]}') f
JOIN LATERAL (SELECT mg_dl FROM glucose_reading r
  WHERE r.person_id = l.person_id
  AND r.measured_at BETWEEN f.at - interval '3 min' AND f.at + interval '3 min' LIMIT 1) o ON true
WHERE l.person_id = :'anna' AND l.measured_at > (SELECT training_end FROM model_version WHERE version = '1.0.0');

-- Up to a day ahead: every moment asked for, ordered, without a step where two hours end; two hours are as they are
-- alone.
SELECT array_agg(minutes_ahead ORDER BY minutes_ahead) AS minutes,
       bool_and(lower <= mg_dl AND mg_dl <= upper AND lower >= 20 AND upper <= 600) AS ordered,
       bool_and(at = '2026-01-20 12:00'::timestamptz + make_interval(mins => minutes_ahead)) AS at,
       count(DISTINCT model_version) AS versions
FROM cgm_forecast(:'anna', '2026-01-20 12:00', '{"minutes": [60, 120, 360, 720, 1440]}');
SELECT count(*), min(minutes_ahead), max(minutes_ahead), bool_and(lower <= mg_dl AND mg_dl <= upper) AS ordered
FROM cgm_forecast(:'anna', '2026-01-20 12:03', '{"minutes": 1440}');
SELECT count(*) AS two_hours_changed FROM (SELECT * FROM cgm_forecast(:'anna', '2026-01-20 12:03', '{"minutes": 120}')
  EXCEPT SELECT * FROM cgm_forecast(:'anna', '2026-01-20 12:03', '{"minutes": 1440}')) d;
SELECT max(abs(mg_dl - before)) < 0.1 * max(upper - lower) AS no_step,
       max(abs(upper - lower - width)) < 0.1 * max(upper - lower) AS nor_of_the_interval
FROM (SELECT *, lag(mg_dl) OVER later AS before, lag(upper - lower) OVER later AS width
      FROM cgm_forecast(:'anna', '2026-01-20 12:03', '{"minutes": 240}') WINDOW later AS (ORDER BY minutes_ahead)) f
WHERE minutes_ahead > 60;
-- Its errors are stored, beside those of the person's own mean of that time of day.
SELECT array_agg(DISTINCT minutes_ahead ORDER BY minutes_ahead) AS minutes,
       array_agg(DISTINCT metric ORDER BY metric) AS metrics, array_agg(DISTINCT split) AS splits
FROM model_metric WHERE version = '1.0.0' AND minutes_ahead > 120;
-- The rhythm is of the last month: what is older changes nothing, what is a week old does; nothing later does.
CREATE TEMP TABLE day AS SELECT * FROM cgm_forecast(:'anna', '2026-01-18 09:00', '{"minutes": [300, 1200]}');
BEGIN;
SELECT p -> 'minutes_ahead' AS minutes, (p ->> 'pBelow70')::float8 BETWEEN 0 AND 1 AS low,
  (p ->> 'pAbove180')::float8 BETWEEN 0 AND 1 AS high, p ? 'mean' AS mean
FROM jsonb_array_elements(predict_cgm(:'anna', '2026-01-18 09:00', '{"minutes": [300]}') -> 'predictions') p;
UPDATE glucose_reading SET mg_dl = 300 WHERE person_id = :'anna' AND measured_at > '2026-01-18 09:00';
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT :'anna', t, 300 FROM generate_series('2025-12-01'::timestamptz, '2025-12-17', '1 hour') t;
SELECT count(*) AS changed FROM (SELECT * FROM day EXCEPT
  SELECT * FROM cgm_forecast(:'anna', '2026-01-18 09:00', '{"minutes": [300, 1200]}')) d;
UPDATE glucose_reading SET mg_dl = 300 WHERE person_id = :'anna' AND measured_at BETWEEN '2026-01-10' AND '2026-01-12';
SELECT count(*) AS changed FROM (SELECT * FROM day EXCEPT
  SELECT * FROM cgm_forecast(:'anna', '2026-01-18 09:00', '{"minutes": [300, 1200]}')) d;
SELECT predict_cgm(:'anna', '2026-01-18 09:00', '{"minutes": [300]}') -> 'logged' AS logged;
SELECT count(DISTINCT inputs_digest) AS inputs FROM prediction WHERE person_id = :'anna';
ROLLBACK;
-- A person alone.
BEGIN;
RESET ROLE;
DELETE FROM population_model;
SET ROLE anna;
SELECT version, algorithm FROM train_model(:'anna', 'cgm', options => '{"deploy": true}');
SELECT minutes_ahead, confidence, lower < mg_dl AND mg_dl < upper AS ordered, upper - lower BETWEEN 20 AND 300 AS sane
FROM cgm_forecast(:'anna', '2026-01-20 12:00', '{"minutes": [60, 360, 720, 1440]}');
ROLLBACK;
-- How good a day is, asked every three hours after what was learnt from.
SELECT count(*) > 20 AS asked, avg((o.mg_dl BETWEEN f.lower AND f.upper)::int) BETWEEN 0.7 AND 1 AS coverage
FROM generate_series('2026-01-19 06:00'::timestamptz, '2026-01-20 12:00', '3 hours') at
CROSS JOIN LATERAL cgm_forecast(:'anna', at, '{"minutes": [240, 480, 720]}') f
JOIN LATERAL (SELECT mg_dl FROM glucose_reading r WHERE r.person_id = :'anna'
  AND r.measured_at BETWEEN f.at - interval '3 min' AND f.at + interval '3 min' LIMIT 1) o ON true;

-- Whose it is not gets nothing, and the same error for everybody's unknown.
SET ROLE ben;
SELECT test.expect(format('SELECT * FROM cgm_forecast(%L, ''2026-01-20'')', :'anna'))
  = format('P0002 person %s not found', :'anna') AS not_yours;
SELECT test.expect(format('SELECT train_model(%L, ''cgm'')', :'anna')) = format('P0002 person %s not found',
  :'anna') AS nor_to_train;
-- Few days are known of who came today: low confidence from two hours on; a wide interval.
SELECT minutes_ahead, confidence, upper - lower > 40 AS wide
FROM cgm_forecast(key('new'), '2026-02-01 11:00+00', '{"minutes": [120, 720]}');
SELECT o AS options, test.expect(format('SELECT * FROM cgm_forecast(%L, ''2026-02-01 12:00+00'', %L)', key('new'), o))
  FROM unnest(ARRAY['[]', '{"minute": 5}', '{"minutes": 0}', '{"minutes": 1441}',
  '{"minutes": [60, 1441]}', '{"minutes": 1440.5}', '{"minutes": [null]}', '{"minutes": []}', '{"minutes": [0]}',
  '{"minutes": [10, 5]}', '{"minutes": [5, 7.5]}', '{"minutes": "60"}', '{"minutes": null}', '{"level": 1}',
  '{"level": 0}', '{"level": "0.9"}', '{"head": "lad"}', '{"head": 1}', '{"version": "7.7.7"}', '{"version": 1}']) o;
SELECT test.expect(format('SELECT * FROM cgm_forecast(%L, %s)', p, a))
  FROM (VALUES (NULL, 'now()'), (key('new'), 'NULL'), (key('new'), '''infinity'''),
  (key('new'), '''294276-12-31 23:59:59+00'''), (key('new'), '''4714-11-24 00:00:00+00 BC''')) v (p, a);

-- A meal's model is no model of readings, and the reverse: a wrong option, and which are asked is said.
SET ROLE anna;
SELECT test.eater(1, 15) AS eater \gset
SELECT version FROM train_model(:'eater', algorithm => 'ridge', options => '{"deploy": true}');
SELECT version FROM train_model(:'eater', 'cgm', options => '{"deploy": true}');
SELECT left(test.expect(format(
  'SELECT predict_meal(%L, ''{"eaten_at": "2026-01-18"}'', ''{"model_type": "cgm"}'')', :'eater')), 5) AS meal_by_cgm;
SELECT left(test.expect(format(
  'SELECT predict_cgm(%L, ''2026-01-15'', ''{"model_type": "glucose"}'')', :'eater')), 5) AS readings_by_meals;
SELECT test.hint(format('SELECT predict_meal(%L, ''{}'', ''{"model_type": "cgm"}'')', :'eater'));
-- Evaluated like any: by split and horizon; what was trained on is better than what came later, at least here.
SELECT split, count(*) AS horizons, bool_and(n > 0 AND coverage BETWEEN 0.5 AND 1) AS plausible
FROM evaluate_model(:'eater', 'cgm') GROUP BY split ORDER BY split;
SELECT bool_and(abs(e.mae - m.value) < 2) AS as_stored, count(*)
FROM evaluate_model(:'eater', 'cgm') e JOIN model_metric m ON m.person_id = :'eater' AND m.model_type = 'cgm'
  AND m.split = e.split AND m.minutes_ahead = e.minutes_ahead AND m.metric = 'mae' WHERE e.split = 'test';
-- Out, and back in as a version of its own type, which its bytes say.
SELECT import_model(:'eater', export_model(:'eater', 'cgm')) AS imported;
SELECT count(*) AS same_answer FROM cgm_forecast(:'eater', '2026-01-15') a
JOIN cgm_forecast(:'eater', '2026-01-15', '{"version": "1.1.0"}') b USING (minutes_ahead)
WHERE (a.mg_dl, a.lower, a.upper) = (b.mg_dl, b.lower, b.upper);
SELECT left(test.expect(format('SELECT import_model(%L, export_model(%L, ''cgm''), ''{"model_type": "glucose"}'')',
  :'eater', :'eater')), 5)
  AS as_another_type;
-- Asked and logged: the document of predict_glucose, and the same numbers as the rows.
SELECT jsonb_object_keys(predict_cgm(:'eater', '2026-01-15 06:00+00')) AS key ORDER BY 1;
SELECT count(*) AS logged, count(*) FILTER (WHERE meal_id IS NULL AND model_type = 'cgm') AS of_readings
  FROM prediction;
SELECT count(*) AS same_numbers
  FROM jsonb_to_recordset(predict_cgm(:'eater', '2026-01-15 06:00+00', '{}') -> 'predictions')
  AS p (minutes_ahead integer, glucose integer, lower integer, upper integer)
JOIN cgm_forecast(:'eater', '2026-01-15 06:00+00') f USING (minutes_ahead)
WHERE (p.glucose, p.lower, p.upper) = (round(f.mg_dl), round(f.lower), round(f.upper));
SELECT cgm_forecast_json(:'eater', '2026-01-15 06:00+00',
  '{"lang": "de"}') ->> 'disclaimer' = disclaimer('de') AS in_german;
RESET ROLE;
BEGIN;
ALTER TABLE model_version DROP CONSTRAINT model_version_check;
UPDATE model_version SET artifact = m.artifact, sha256 = m.sha256
  FROM (SELECT artifact, sha256 FROM model_version WHERE person_id = :'eater' AND model_type = 'glucose') m
WHERE person_id = :'eater' AND model_type = 'cgm';
SELECT test.expect(format('SELECT * FROM cgm_forecast(%L, ''2026-01-18'')', :'eater'));
UPDATE model_version SET artifact = set_byte(artifact, 100, 1), sha256 = sha256(set_byte(artifact, 100, 1))
  WHERE person_id = :'eater' AND model_type = 'cgm';
SELECT test.expect(format('SELECT * FROM cgm_forecast(%L, ''2026-01-18'')', :'eater'));
ROLLBACK;
SELECT entries > 0 AS cached FROM cache_stats();

-- Trees correct a population's model when it is large enough and persons left out gain; a person's keeps them.
BEGIN;
SELECT count(simulate_person(100 + i, 10, (ARRAY['t1d', 't2d', 'prediabetes'])[1 + i % 3])) AS made
  FROM generate_series(1, 10) i;
UPDATE person SET shares_data = true;
SET ROLE dora;
SELECT algorithm FROM train_population_model('cgm', 'linear', '{"deploy": false}');
SELECT version, algorithm FROM train_population_model('cgm', options => '{"deploy": true}') \gset trees_
SELECT :'trees_algorithm' AS algorithm, hyperparameters -> 'algorithm' AS asked,
  length(artifact) BETWEEN 30000 AND 300000 AS small,
  (SELECT string_agg(h || ' ' || m, ', ' ORDER BY h, m::int)
  FROM jsonb_each(metadata -> 'trees') a (h, e), jsonb_object_keys(e) m) AS tried,
       (SELECT bool_and(CASE WHEN (g ->> 'share')::float8 > 0
       THEN coalesce(g -> 'rmse', g -> 'mae') < coalesce(g -> 'linear_rmse', g -> 'linear_mae')
       ELSE coalesce(g -> 'rmse', g -> 'mae') = coalesce(g -> 'linear_rmse', g -> 'linear_mae') END)
        FROM jsonb_each(metadata -> 'trees') a (h, e), jsonb_each(e) b (m, g)) AS only_where_better,
        (metadata -> 'coverage')::float8 BETWEEN 0.85 AND 0.95 AS coverage
FROM population_model WHERE version = :'trees_version';
SET ROLE anna;
SELECT algorithm FROM train_model(:'anna', 'cgm', options => '{"deploy": true}');
RESET ROLE;
SELECT length(m.artifact) = length(p.artifact) AS keeps_them, m.metadata ->> 'population_version' = p.version AS on_top
  FROM model_version m, population_model p WHERE m.person_id = :'anna' AND m.is_active AND m.model_type = 'cgm'
  AND p.version = :'trees_version';
SET ROLE anna;
SELECT count(*), bool_and(lower <= mg_dl AND mg_dl <= upper) AS ordered FROM cgm_forecast(:'anna', '2026-01-20 12:00');
ROLLBACK;

-- Cancelled in time, refused where nothing may be written: nothing is stored.
SET ROLE dora;
SELECT count(*) AS versions FROM population_model \gset
SET statement_timeout = '30ms';
SELECT test.expect('SELECT train_population_model(''cgm'')');
RESET statement_timeout;
BEGIN READ ONLY;
SELECT train_population_model('cgm');
ROLLBACK;
SELECT count(*) - :versions AS more FROM population_model;
RESET ROLE;
SELECT pg_read_file(format('/proc/%s/status', pg_backend_pid())) ~ 'Threads:\t1\n' AS one_thread;
