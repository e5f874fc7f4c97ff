-- SPDX-License-Identifier: PostgreSQL
-- Experiments: the split, the tests, canary and shadow, results, promotion, automatic stop.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE ROLE regress_experiments_ada;
CREATE ROLE regress_experiments_bob;
CREATE ROLE regress_experiments_steward LOGIN;
SET client_min_messages = warning;
SELECT glucose.setup(steward => 'regress_experiments_steward') IS NOT NULL AS set_up;
RESET client_min_messages;
SELECT glucose.grant_access('regress_experiments_ada'), glucose.grant_access('regress_experiments_bob');
SET search_path = glucose, public;

-- The split is SHA-256's, reproducible by anyone, even, and another one for another salt.
SELECT ab_bucket(key('a'), 'x') = ab_bucket(key('a'), 'x') AS sticky, ab_bucket(NULL, 'x'), ab_bucket(key('a'), NULL);
SELECT count(*) AS persons, min(bucket), max(bucket), count(DISTINCT bucket) AS buckets,
       count(*) FILTER (WHERE bucket <> by_hand) AS unlike_by_hand,
       count(*) FILTER (WHERE bucket = other) BETWEEN 150 AND 250 AS independent
FROM (SELECT ab_bucket(key(i), 'größer') AS bucket, ab_bucket(key(i), 'other') AS other,
        (('x' || left(encode(sha256(uuid_send(key(i)) || convert_to('größer', 'UTF8')), 'hex'),
        14))::bit(56)::bigint % 100) AS by_hand
      FROM generate_series(1::bigint, 20000) AS i) AS b;
-- Chi-squared with 99 degrees of freedom is below 134.6 with probability 0.99.
SELECT sum((n - 200) ^ 2 / 200.0) < 134.6 AS even
FROM (SELECT count(*) AS n FROM generate_series(1::bigint, 20000) AS i GROUP BY ab_bucket(key(i), 'even')) AS b;

-- The tests, by Student's own example as printed by R.
CREATE TEMP TABLE sleep AS SELECT '{0.7,-1.6,-0.2,-1.2,-0.1,3.4,3.7,0.8,0.0,2.0}'::float8[] AS a,
  '{1.9,0.8,1.1,0.1,-0.1,4.4,5.5,1.6,4.6,3.4}'::float8[] AS b;
SELECT round(difference::numeric, 4) AS difference, round(ci_low::numeric, 4) AS ci_low,
  round(ci_high::numeric, 4) AS ci_high,
       round(p_value::numeric, 5) AS p_value, round(df::numeric, 3) AS df FROM sleep, welch_t(a, b)
UNION ALL
SELECT round(difference::numeric, 4), round(ci_low::numeric, 4), round(ci_high::numeric, 4), round(p_value::numeric, 6),
  df::numeric
FROM sleep, paired_t(a, b);
SELECT * FROM welch_t('{1}', '{3,4}');
SELECT * FROM welch_t('{}', '{}');
SELECT * FROM welch_t(NULL, '{1}');
\set VERBOSITY sqlstate
SELECT * FROM welch_t('{1,NULL}', '{1,2}');
SELECT * FROM welch_t('{1,NaN}', '{1,2}');
SELECT * FROM welch_t('{1,2}', '{1,2}', 1.5);
SELECT * FROM paired_t('{1,2}', '{1,2,3}');
\set VERBOSITY default

-- Who may start one, and with what.
SET ROLE regress_experiments_ada;
\set VERBOSITY sqlstate
SELECT start_experiment('x', '{"algorithm": "ridge"}');
SET ROLE regress_experiments_steward;
SELECT start_experiment(NULL, '{"algorithm": "ridge"}');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT start_experiment('', '{"algorithm": "ridge"}');
SELECT start_experiment('x', '{"algorithm": "ridge"}', 100);
\set VERBOSITY sqlstate
SELECT start_experiment('x', NULL);
SELECT start_experiment('x', '{}');
SELECT start_experiment('x', '[]');
SELECT start_experiment('x', '{"algorithm": "magic"}');
SELECT start_experiment('x', '{"algorithm": "ridge", "population_version": "1.0.0"}');
SELECT start_experiment('x', '{"algorithm": "ridge", "options": {"epoch": 1}}');
SELECT start_experiment('x', '{"population_version": "9.9.9"}');
SELECT start_experiment('x', '{"algorithm": "ridge"}', 0);
SELECT start_experiment('x', '{"algorithm": "ridge"}', 100);
SELECT start_experiment('x', '{"algorithm": "ridge"}', 10, 'trial');
SELECT start_experiment('x', '{"algorithm": "ridge"}', model_type => 'other');
SELECT stop_experiment('x');
SELECT prepare_experiment('x');
SELECT * FROM experiment_results('x');
SELECT * FROM experiment_results(NULL);
\set VERBOSITY default
SELECT count(*) AS experiments FROM experiment;

-- A/A and A/B end to end: 200 persons with ten forecasts each, in arms by the split; some persons are harder than
-- others.
SET ROLE regress_experiments_ada;
INSERT INTO person (person_id) SELECT key('experiments ' || i) FROM generate_series(1, 200) AS i;
INSERT INTO glucose_reading SELECT person_id, '2026-03-01 13:00'::timestamptz + d * interval '1 day', 140
  FROM person, generate_series(1, 10) AS d;
-- Nearly normal: the sum of twelve buckets.
CREATE FUNCTION pg_temp.noise(person uuid, salt text) RETURNS float8 LANGUAGE sql IMMUTABLE
  RETURN (SELECT sum(glucose.ab_bucket(person, salt || i) + 0.5) / 100 - 6 FROM generate_series(1, 12) AS i);
CREATE TEMP TABLE error AS
  SELECT person_id, d, 28 * exp(0.25 * pg_temp.noise(person_id, 'scale')) AS scale,
  pg_temp.noise(person_id, d::text) AS z
  FROM person, generate_series(1, 10) AS d;
-- `worse`: by how much the candidate's mean absolute error is larger; E|z| = 0.798.
RESET ROLE;
CREATE FUNCTION pg_temp.log_answers(experiment text, salt text, worse float8) RETURNS bigint LANGUAGE sql
SECURITY DEFINER AS $$
  WITH added AS (
    INSERT INTO glucose.prediction (person_id, model_type, version, inputs_digest, latency_ms, experiment, arm,
    predictions)
    SELECT e.person_id, 'glucose', '1.0.0', '', 1, experiment,
    CASE WHEN b.is_candidate THEN 'candidate' ELSE 'stable' END,
      jsonb_build_array(jsonb_build_object('minutes_ahead', 60, 'at',
      '2026-03-01 13:00'::timestamptz + e.d * interval '1 day',
        'glucose', 140 + e.z * (e.scale + CASE WHEN b.is_candidate THEN worse / 0.798 ELSE 0 END)))
    FROM error e, LATERAL (SELECT glucose.ab_bucket(e.person_id, salt) < 50 AS is_candidate) b RETURNING 1)
  SELECT count(*) FROM added $$;
GRANT SELECT ON error TO PUBLIC;
SET ROLE regress_experiments_steward;
SELECT start_experiment('same', '{"algorithm": "ridge"}', 50);
\set VERBOSITY sqlstate
SELECT start_experiment('same', '{"algorithm": "ridge"}', 50);
SELECT start_experiment('second', '{"algorithm": "lad"}', 50);
\set VERBOSITY default
SET ROLE regress_experiments_ada;
SELECT pg_temp.log_answers('same', 'same', 0);
SET ROLE regress_experiments_steward;
SELECT minutes_ahead, n_persons, n_stable + n_candidate AS answers, mae_stable BETWEEN 20 AND 26 AS like_simulated,
       abs(difference - (mae_candidate - mae_stable)) < 1e-9 AS is_difference, verdict FROM experiment_results('same');
SELECT * FROM check_experiments();
SELECT stop_experiment('same');
SELECT start_experiment('harm', '{"algorithm": "ridge"}', 50);
SET ROLE regress_experiments_ada;
SELECT pg_temp.log_answers('harm', 'harm', 5);
SET ROLE regress_experiments_steward;
SELECT n_persons, difference BETWEEN 3 AND 7 AS as_made, ci_low < 5 AND ci_high > 5 AS covers, p_value < 0.001 AS clear,
  verdict
FROM experiment_results('harm');
SELECT * FROM check_experiments();
SELECT name, state, stopped_at IS NOT NULL AS has_end,
  stop_reason ~ '^candidate worse at 60 minutes by [0-9.]+ mg/dL, p = ' AS has_reason
FROM experiment ORDER BY started_at;
SELECT count(*) AS running FROM check_experiments();

-- A canary in two stages, of which the second is harder for everyone: results are of the second, where arms are of one
-- time.
RESET ROLE;
CREATE FUNCTION pg_temp.log_stage(experiment text, percent integer, days int4range, harder float8) RETURNS bigint
LANGUAGE sql SECURITY DEFINER AS $$
  WITH added AS (
    INSERT INTO glucose.prediction (person_id, model_type, version, inputs_digest, latency_ms, experiment, arm,
    predictions)
    SELECT e.person_id, 'glucose', '1.0.0', '', 1, experiment,
    CASE WHEN glucose.ab_bucket(e.person_id, experiment) < percent THEN 'candidate' ELSE 'stable' END,
      jsonb_build_array(jsonb_build_object('minutes_ahead', 60, 'at',
      '2026-03-01 13:00'::timestamptz + e.d * interval '1 day', 'glucose', 140 + e.z * e.scale * harder))
    FROM error e WHERE e.d <@ days RETURNING 1)
  SELECT count(*) FROM added $$;
SET ROLE regress_experiments_steward;
SELECT start_experiment('stages', '{"algorithm": "ridge"}', 10);
SELECT pg_temp.log_stage('stages', 10, '[1,5]', 1) AS first_stage;
SELECT n_persons, n_stable + n_candidate AS answers FROM experiment_results('stages');
SELECT set_experiment_percent('stages', 10);
SELECT n_stable + n_candidate AS answers_of_the_same_percentage FROM experiment_results('stages');
SELECT set_experiment_percent('stages', 50);
SELECT percent, percent_since > started_at AS has_begun_anew FROM experiment WHERE name = 'stages';
SELECT count(*) AS results_right_after FROM experiment_results('stages');
SELECT * FROM check_experiments();
SELECT pg_temp.log_stage('stages', 50, '[6,10]', 2) AS second_stage;
SELECT n_persons, n_stable + n_candidate AS answers, n_candidate / 5 = in_split AS everyone_in_one_arm,
       mae_stable > 38 AS as_hard, verdict
FROM experiment_results('stages'),
  (SELECT count(*) AS in_split FROM person WHERE ab_bucket(person_id, 'stages') < 50) s;
SELECT * FROM check_experiments();
SELECT stop_experiment('stages');
-- A shadow's pairs count from its start, however many persons it has.
SELECT start_experiment('shadow in stages', '{"algorithm": "ridge"}', 10, 'shadow');
RESET ROLE;
INSERT INTO prediction (person_id, model_type, version, inputs_digest, latency_ms, experiment, arm, shadow_version,
  shadow_sha256, predictions, shadow_predictions)
SELECT person_id, model_type, version, '', 1, 'shadow in stages', 'stable', '1.1.0', sha256('x'), predictions,
       predictions
FROM prediction WHERE experiment = 'stages' AND ab_bucket(person_id, 'shadow in stages') < 10;
SET ROLE regress_experiments_steward;
SELECT set_experiment_percent('shadow in stages', 100);
SELECT minutes_ahead, n_persons > 7 AS enough, n_candidate = n_persons * 10 AS all_of_them
FROM experiment_results('shadow in stages');
SELECT stop_experiment('shadow in stages');

-- 200 splits of the same persons: equal arms are called different in about 5 %, a difference of 5 mg/dL is nearly
-- always found.
SET ROLE regress_experiments_ada;
SELECT count(*) AS repetitions, avg((a_a.p_value < 0.05)::int) BETWEEN 0.02 AND 0.09 AS a_a_rate,
  avg((a_b.p_value < 0.05)::int) >= 0.95 AS a_b_power
FROM generate_series(1, 200) AS r,
LATERAL (SELECT array_agg(mae) FILTER (WHERE NOT c) AS a, array_agg(mae) FILTER (WHERE c) AS b,
  array_agg(worse) FILTER (WHERE c) AS w
         FROM (SELECT avg(abs(z * scale)) AS mae, avg(abs(z * (scale + 5 / 0.798))) AS worse,
         ab_bucket(person_id, 'split ' || r) < 50 AS c
               FROM error GROUP BY person_id) p) arms,
LATERAL welch_t(a, b) a_a, LATERAL welch_t(a, w) a_b;
DELETE FROM person;

-- Persons with models of their own; the candidates are trained in the background, for the split only.
SELECT count(simulate_person(i, 30)) AS persons FROM generate_series(51, 66) AS i;
SET ROLE regress_experiments_bob;
SELECT count(simulate_person(i, 30)) AS persons FROM generate_series(71, 73) AS i;
SET ROLE regress_experiments_steward;
SELECT count(train_model(person_id, algorithm => 'ridge')) > 15 AS trained FROM person;
-- Whoever's model is not good enough to serve takes no part in what follows.
RESET ROLE;
DELETE FROM person p WHERE NOT EXISTS (SELECT FROM model_version v WHERE v.person_id = p.person_id AND v.is_active);
SET ROLE regress_experiments_steward;
SELECT count(*) FILTER (WHERE ab_bucket(person_id, 'canary') < 50) > 4 AS enough_in_split,
  count(*) FILTER (WHERE ab_bucket(person_id, 'canary') >= 50) > 4 AS enough_beside,
       count(DISTINCT owner) AS owners FROM person;
CREATE FUNCTION pg_temp.wait_for_jobs() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 600 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.training_progress);
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT start_experiment('canary', '{"algorithm": "lad", "options": {"deploy": true}}',
  50) = count(*) AS trains_the_split
FROM person WHERE ab_bucket(person_id, 'canary') < 50;
SELECT pg_temp.wait_for_jobs();
SELECT count(*) FILTER (WHERE ab_bucket(m.person_id, 'canary') < 50) > 4 AS split,
  count(*) FILTER (WHERE ab_bucket(m.person_id, 'canary') >= 50) AS others,
       (SELECT count(*) FROM model_version WHERE is_active AND algorithm <> 'ridge') AS deployed
       FROM experiment_model m;
SELECT prepare_experiment('canary') AS still_to_train;
SELECT count(*) = count(version) AS versions_noted FROM experiment_model;

-- The canary serves the candidate to its split, to nobody else, and always; a named version is what it is.
SET ROLE regress_experiments_ada;
CREATE TEMP VIEW latest AS SELECT DISTINCT ON (person_id) person_id, meal_id,
  ab_bucket(person_id, 'canary') < 50 AS in_split
  FROM meal ORDER BY person_id, eaten_at DESC;
SELECT l.in_split, count(DISTINCT l.person_id) > 4 AS enough, array_agg(DISTINCT f.model_version) AS served
FROM latest l, glucose_forecast(l.meal_id) f GROUP BY l.in_split ORDER BY 1;
SELECT l.in_split, array_agg(DISTINCT f.model_version) AS served
  FROM latest l, glucose_forecast(l.meal_id, '{"version": "1.0.0"}') f GROUP BY 1 ORDER BY 1;
SELECT l.in_split, p.answer ->> 'experiment' AS experiment, p.answer ->> 'arm' AS arm,
  p.answer ->> 'algorithm' AS algorithm, count(*) > 4 AS enough
FROM latest l, LATERAL (SELECT predict_glucose(l.meal_id) -> 'provenance' AS answer) p GROUP BY 1, 2, 3, 4 ORDER BY 1;
SELECT l.in_split, p.answer ? 'experiment' AS takes_part
  FROM latest l, LATERAL (SELECT predict_glucose(l.meal_id, '{"version": "1.0.0"}') -> 'provenance' AS answer) p
GROUP BY 1, 2 ORDER BY 1;
SELECT count(predict_glucose(meal_id)) > 100 AS predicted FROM meal WHERE eaten_at > '2026-01-27';
SELECT bool_and((p.arm = 'candidate') = (ab_bucket(p.person_id, 'canary') < 50)) AS sticky,
  count(*) FILTER (WHERE shadow_predictions IS NOT NULL) AS shadows
FROM prediction p WHERE p.experiment IS NOT NULL;
SET ROLE regress_experiments_bob;
SELECT count(predict_glucose(meal_id)) > 10 AS predicted FROM meal WHERE eaten_at > '2026-01-27';
SELECT minutes_ahead, n_persons BETWEEN 1 AND 3 AS own_only, verdict FROM experiment_results('canary');
SET ROLE regress_experiments_ada;
SELECT minutes_ahead, n_persons > 9 AS enough, n_stable > 20 AS has_stable, n_candidate > 20 AS has_candidate,
  verdict <> 'not enough data' AS has_verdict
FROM experiment_results('canary');
SELECT (SELECT count(*) FROM experiment) AS all_see_experiments,
  count(DISTINCT person_id) BETWEEN 5 AND 16 AS has_models, bool_and(person_id = ANY (visible_persons())) AS own
FROM experiment_model;
\set VERBOSITY sqlstate
SELECT stop_experiment('canary');
SELECT prepare_experiment('canary');
UPDATE experiment_model SET version = '1.0.0';
\set VERBOSITY default

-- Promotion: the candidates of the split become active, once.
SET ROLE regress_experiments_steward;
SELECT stop_experiment('canary', true) = (SELECT count(*) FROM experiment_model) AS promoted;
SELECT bool_and((algorithm = 'lad') = (ab_bucket(person_id, 'canary') < 50)) AS as_split FROM model_version
  WHERE is_active;
SELECT DISTINCT reason FROM deployment WHERE reason <> 'trained';
\set VERBOSITY sqlstate
SELECT stop_experiment('canary');
\set VERBOSITY default

-- A shadow forecasts beside and serves the stable one: the answer is what it would be without.
SET ROLE regress_experiments_ada;
CREATE TEMP TABLE before AS SELECT l.person_id, f.* FROM latest l, glucose_forecast(l.meal_id) f;
SET ROLE regress_experiments_steward;
SELECT start_experiment('shadow', '{"algorithm": "ridge", "options": {"l2": 0.5}}', 100, 'shadow') > 7 AS queued;
SELECT pg_temp.wait_for_jobs();
SET ROLE regress_experiments_ada;
SELECT count(*) AS unlike_before
  FROM ((SELECT l.person_id, f.* FROM latest l, glucose_forecast(l.meal_id) f) EXCEPT TABLE before) d;
SELECT p.answer ->> 'experiment' AS experiment, p.answer ->> 'arm' AS arm, count(*) > 7 AS enough_persons,
       bool_and(p.answer ->> 'modelVersion' = active_model_version(l.person_id)) AS by_the_active_one
FROM latest l, LATERAL (SELECT predict_glucose(l.meal_id) -> 'provenance' AS answer) p GROUP BY 1, 2
  HAVING count(*) > 7;
SELECT count(predict_glucose(meal_id)) > 100 AS predicted FROM meal WHERE eaten_at > '2026-01-27';
SELECT p.arm, m.algorithm AS shadow, bool_and(p.version <> p.shadow_version) AS another,
  bool_and(p.shadow_predictions <> p.predictions) AS differs,
       bool_and(jsonb_array_length(p.shadow_predictions) = 2) AS both_horizons
FROM prediction p LEFT JOIN model_version m ON m.person_id = p.person_id AND m.sha256 = p.shadow_sha256
  WHERE p.experiment = 'shadow' GROUP BY 1, 2;
SELECT minutes_ahead, n_persons > 7 AS enough_pairs, n_stable = n_candidate AS paired,
  verdict <> 'not enough data' AS has_verdict FROM experiment_results('shadow');
BEGIN READ ONLY;
SELECT predict_glucose(meal_id) ->> 'logged' AS logged FROM latest LIMIT 1;
COMMIT;

-- A shadow that cannot answer costs nobody the stable answer.
RESET ROLE;
INSERT INTO model_version (person_id, model_type, version, algorithm, training_start, training_end, n_train,
  n_validation, n_test, feature_schema,
                           artifact, sha256, status, is_production_ready)
  SELECT DISTINCT person_id, 'glucose', '9.0.0', 'lad', '-infinity'::timestamptz, '-infinity'::timestamptz, 0, 0, 0,
  'meal28/1', '\x00'::bytea, sha256('\x00'), 'ready', false
  FROM person WHERE owner = 'regress_experiments_bob';
UPDATE experiment_model m SET version = '9.0.0' FROM person p
  WHERE p.person_id = m.person_id AND p.owner = 'regress_experiments_bob' AND m.experiment = 'shadow';
SET ROLE regress_experiments_bob;
SELECT count(predict_glucose(meal_id)) > 10 AS answered FROM meal WHERE eaten_at > '2026-01-27';
SELECT arm, count(*) > 10 AS logged, count(shadow_predictions) AS shadows FROM prediction WHERE experiment = 'shadow'
  GROUP BY arm;
SET ROLE regress_experiments_steward;
SELECT stop_experiment('shadow');
SELECT count(*) AS deployed FROM deployment WHERE reason ~ 'shadow';

-- A candidate that is rejected never serves, and still counts for the candidate: its failures are not left out.
SELECT start_experiment('unfit', '{"algorithm": "mean"}', 50) > 4 AS queued;
SELECT pg_temp.wait_for_jobs();
RESET ROLE;
UPDATE model_version v SET status = 'rejected' FROM experiment_model m JOIN training_job j USING (person_id, job_id)
WHERE m.experiment = 'unfit' AND v.person_id = m.person_id AND v.version = j.version;
SET ROLE regress_experiments_ada;
SELECT ab_bucket(l.person_id, 'unfit') < 50 AS in_split, p.a ->> 'arm' AS arm,
  bool_and(p.a ->> 'modelVersion' = active_model_version(l.person_id)) AS by_the_active_one
FROM latest l, LATERAL (SELECT predict_glucose(l.meal_id) -> 'provenance' AS a) p GROUP BY 1, 2 ORDER BY 1, 2;
SET ROLE regress_experiments_steward;
SELECT stop_experiment('unfit', true) AS promoted;

-- A population version is tried on those whom the population model serves, and becomes it.
RESET ROLE;
INSERT INTO population_model (model_type, version, algorithm, is_active, training_start, training_end, n_train,
  n_validation, n_test, feature_schema,
                              artifact, sha256, status, is_production_ready)
  SELECT DISTINCT ON (algorithm) model_type, CASE algorithm WHEN 'ridge' THEN '1.0.0' ELSE '1.1.0' END, algorithm,
  algorithm = 'ridge', training_start, training_end,
         n_train, n_validation, n_test, feature_schema, artifact, sha256, status, is_production_ready
  FROM model_version WHERE algorithm IN ('ridge', 'lad') AND version <> '9.0.0';
SET ROLE regress_experiments_ada;
INSERT INTO person (person_id) SELECT key('young ' || i) FROM generate_series(1, 10) AS i;
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
  SELECT key('young ' || i), key('young meal ' || i), '2026-03-01 12:00', 'lunch', 50 FROM generate_series(1, 10) AS i;
INSERT INTO glucose_reading SELECT key('young ' || i), '2026-03-01 11:55', 120 FROM generate_series(1, 10) AS i;
SET ROLE regress_experiments_steward;
SELECT start_experiment('population', '{"population_version": "1.1.0"}', 50) AS queued;
SET ROLE regress_experiments_ada;
SELECT ab_bucket(l.person_id, 'population') < 50 AS in_split, p.a ->> 'source' AS source,
  p.a ->> 'modelVersion' AS version, p.a ->> 'arm' AS arm, count(*) > 0 AS persons
FROM latest l, LATERAL (SELECT predict_glucose(l.meal_id) -> 'provenance' AS a) p
  WHERE l.person_id = ANY (SELECT key('young ' || i) FROM generate_series(1, 10) AS i)
GROUP BY 1, 2, 3, 4 ORDER BY 1;
SELECT count(*) AS with_own_model_take_part FROM latest l,
  LATERAL (SELECT predict_glucose(l.meal_id) -> 'provenance' AS a) p
WHERE p.a ->> 'source' <> 'population' AND p.a ? 'experiment';
SELECT DISTINCT version, source FROM prediction_outcome WHERE experiment = 'population' ORDER BY 1;
SET ROLE regress_experiments_steward;
SELECT stop_experiment('population', true, 'good enough');
SELECT version, is_active FROM population_model ORDER BY 1;
SELECT name, state, stop_reason FROM experiment ORDER BY started_at;

RESET ROLE;
DELETE FROM person WHERE owner LIKE 'regress\_experiments\_%';
SELECT (SELECT count(*) FROM experiment_model) AS experiment_models_left,
  (SELECT count(*) FROM prediction WHERE experiment IS NOT NULL) AS predictions_left;
DELETE FROM experiment;
DELETE FROM population_model;
\getenv here PG_ABS_SRCDIR
\i :here/include/workers_gone.sql
DROP OWNED BY regress_experiments_ada, regress_experiments_bob, regress_experiments_steward;
DROP ROLE regress_experiments_ada, regress_experiments_bob, regress_experiments_steward;
