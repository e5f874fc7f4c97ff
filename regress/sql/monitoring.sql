-- SPDX-License-Identifier: PostgreSQL
-- What happened to what was forecast: outcomes from the readings, live accuracy, nobody else's rows.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE ROLE regress_monitoring_ada;
CREATE ROLE regress_monitoring_bob;
SELECT glucose.grant_access('regress_monitoring_ada'), glucose.grant_access('regress_monitoring_bob');
SET ROLE regress_monitoring_ada;
SET search_path = glucose, public;
INSERT INTO person (person_id) VALUES (key('monitoring ada'));
CREATE TEMP TABLE id AS SELECT key('monitoring ada') AS ada, key('monitoring bob') AS bob;
GRANT SELECT ON id TO PUBLIC;
RESET ROLE;
-- A logged forecast of one meal eaten at `eaten`: 60 and 120 minutes ahead.
CREATE FUNCTION pg_temp.log(person uuid, eaten timestamptz, at60 real, at120 real,
  version text DEFAULT '1.0.0') RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO glucose.prediction (person_id, prediction_id, model_type, version, inputs_digest, latency_ms, predictions)
  SELECT person, glucose.key(eaten::text), 'glucose', version, '', 1, jsonb_build_array(
    jsonb_build_object('minutes_ahead', 60, 'at', eaten + interval '60 min', 'glucose', at60, 'lower', at60 - 20,
    'upper', at60 + 20),
    jsonb_build_object('minutes_ahead', 120, 'at', eaten + interval '120 min', 'glucose', at120, 'lower', at120 - 20,
    'upper', at120 + 20))
$$;
SET ROLE regress_monitoring_ada;
SELECT pg_temp.log(ada, '2026-03-02 12:00', 150, 160), pg_temp.log(ada, '2026-03-10 12:00', 130, 140) FROM id;

-- Nothing is known yet: the predictions are there, their outcomes are not, and nobody guesses.
SELECT minutes_ahead, at, value, outcome, in_training, source FROM prediction_outcome ORDER BY at;
SELECT count(*) AS n FROM live_accuracy(key('monitoring ada'));

-- An exact reading is the outcome; between two at most 15 minutes away it is linear; one side alone is not enough.
INSERT INTO glucose_reading SELECT ada, v.at, v.mg_dl FROM id, (VALUES
  ('2026-03-02 13:00'::timestamptz, 140::real), ('2026-03-02 13:50', 180), ('2026-03-02 14:05', 210),
  ('2026-03-10 13:00', 135), ('2026-03-10 13:44', 500), ('2026-03-10 14:10', 150)) AS v (at, mg_dl);
SELECT at, value, outcome FROM prediction_outcome ORDER BY at;
SELECT version, minutes_ahead, n, mae, rmse, bias, coverage, source FROM live_accuracy(key('monitoring ada'));
-- A reading that arrives late counts when it arrives; nothing was written twice.
INSERT INTO glucose_reading (person_id, measured_at, mg_dl, recorded_at) SELECT ada, '2026-03-10 13:55', 150, now()
  FROM id;
SELECT at, value, outcome FROM prediction_outcome WHERE at = '2026-03-10 14:00';
SELECT version, minutes_ahead, n, mae, round(rmse::numeric, 3) AS rmse, bias, coverage
  FROM live_accuracy(key('monitoring ada'));
SELECT version, minutes_ahead, week, n, mae, bias FROM model_live_accuracy ORDER BY minutes_ahead, week;
SELECT minutes_ahead, n, mae FROM live_accuracy(key('monitoring ada'), since => '2026-03-05');
SELECT count(*) FROM live_accuracy(key('monitoring ada'), 'other');
SELECT count(*) AS n FROM live_accuracy(key('monitoring ada'), 'cgm');

-- As core's rule has it, over a grid of odd gaps: the targets of the training data are the same numbers.
SELECT simulate_person(41, 30) AS sim \gset
SELECT version FROM train_model(:'sim', algorithm => 'ridge');
SELECT count(predict_glucose(meal_id)) > 20 AS predicted FROM meal WHERE person_id = :'sim';
SELECT count(*) > 40 AS compared, count(*)
  FILTER (WHERE abs(d.targets[o.minutes_ahead / 60] - o.outcome) > 0.01) AS different
FROM prediction_outcome o JOIN training_dataset(:'sim') d USING (meal_id) WHERE o.person_id = :'sim';
-- Meals the model has learnt from are no measure of it: live accuracy is that of the test meals and later ones.
SELECT count(*) FILTER (WHERE o.in_training) > 20 AS learnt,
  count(*) FILTER (WHERE NOT o.in_training) > 4 AS not_learnt,
       bool_and(o.in_training = (d.split <> 'test')) AS by_split
FROM prediction_outcome o JOIN training_dataset(:'sim') d USING (meal_id) WHERE o.person_id = :'sim';
SELECT minutes_ahead, l.n = e.n AS same_n, abs(l.mae - e.mae) < 0.5 AS as_evaluated
FROM (SELECT o.minutes_ahead, count(*) AS n, avg(abs(o.value - o.outcome)) AS mae FROM prediction_outcome o
      JOIN training_dataset(:'sim') d USING (meal_id) WHERE d.split = 'test' GROUP BY 1) AS l
JOIN evaluate_model(:'sim') AS e USING (minutes_ahead) WHERE e.split = 'test' ORDER BY 1;
-- A version that is deleted keeps its record.
SELECT version FROM train_model(:'sim', algorithm => 'ridge', options => '{"deploy": true}');
SELECT delete_model(:'sim', 'glucose', '1.0.0');
SELECT DISTINCT version, source FROM live_accuracy(:'sim');

-- Readings of the index, not a scan: every comparison of the view reaches it, also for a role bound by the policies.
RESET ROLE;
ANALYZE person, prediction, glucose_reading;
SET ROLE regress_monitoring_ada;
CREATE FUNCTION pg_temp.plan(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS off) ' || statement; END $$;
SELECT count(*) FILTER (WHERE line ~ 'Index Cond: .*person_id = p.person_id.*measured_at >=? .*measured_at <=')
  AS both_bounds,
       count(*) FILTER (WHERE line ~ 'Filter: .*measured_at') AS filters,
       count(*) FILTER (WHERE line ~ 'Seq Scan on glucose_reading') AS scans
FROM pg_temp.plan(format('SELECT * FROM glucose.prediction_outcome WHERE person_id = %L', :'sim')) AS line;

-- Another person sees and learns nothing, and what is not theirs is not there.
SET ROLE regress_monitoring_bob;
INSERT INTO person (person_id) VALUES (key('monitoring bob'));
SELECT (SELECT count(*) FROM prediction_horizon) AS horizons, (SELECT count(*) FROM prediction_outcome) AS outcomes,
       (SELECT count(*) FROM model_live_accuracy) AS weeks,
       (SELECT count(*) FROM live_accuracy(key('monitoring bob'))) AS mine;
\set VERBOSITY sqlstate
SELECT * FROM live_accuracy(key('monitoring ada'));
SELECT * FROM live_accuracy(gen_random_uuid());
SELECT * FROM live_accuracy(NULL);
SELECT * FROM live_accuracy(key('monitoring bob'), NULL);
SELECT * FROM live_accuracy(key('monitoring bob'), since => NULL);
\set VERBOSITY default
-- Over persons, with a floor: nine persons say nothing, ten do, and each counts once.
RESET ROLE;
CREATE TEMP TABLE many AS SELECT i, glucose.key('monitoring many ' || i) AS id FROM generate_series(1, 10) i;
INSERT INTO glucose.person (person_id, owner) SELECT id, 'regress_monitoring_ada' FROM many;
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT id, t, 100 FROM many, generate_series('2026-03-20 12:00'::timestamptz, '2026-03-20 15:00', '5 min') t;
INSERT INTO glucose.population_model (model_type, version, algorithm, training_start, training_end, n_train,
  n_validation, n_test, feature_schema, artifact, sha256, status, is_production_ready)
  VALUES ('glucose', '7.7.7', 'ridge', '2026-01-01', '2026-01-02', 1, 1, 1, 'x', '\x01', sha256('\x01'), 'ready',
  false);
CREATE FUNCTION pg_temp.answer(person uuid, error real) RETURNS void LANGUAGE sql AS $$
  INSERT INTO glucose.prediction (person_id, model_type, version, sha256, inputs_digest, latency_ms, predictions)
  VALUES (person, 'glucose', '7.7.7', sha256('\x01'), '', 1, jsonb_build_array(jsonb_build_object('minutes_ahead', 60,
    'at', '2026-03-20 14:00Z', 'glucose', 100 + error, 'lower', 90 + error, 'upper', 110 + error)))
$$;
SELECT count(pg_temp.answer(id, i)) FROM many WHERE i < 10;
SELECT count(pg_temp.answer(id, i)) FROM many, generate_series(1, 5) WHERE i = 9;
SELECT * FROM glucose.model_performance() WHERE version = '7.7.7';
SELECT count(pg_temp.answer(id, 20)) FROM many WHERE i = 10;
SELECT * FROM glucose.model_performance() WHERE version = '7.7.7';
SELECT count(*) AS later FROM glucose.model_performance(since => '2026-04-01');
SET ROLE regress_monitoring_bob;
SELECT count(*) AS of_others FROM glucose.model_performance();
RESET ROLE;
DELETE FROM glucose.population_model WHERE version = '7.7.7';
DELETE FROM person WHERE owner LIKE 'regress\_monitoring\_%';
DROP OWNED BY regress_monitoring_ada, regress_monitoring_bob;
DROP ROLE regress_monitoring_ada, regress_monitoring_bob;
