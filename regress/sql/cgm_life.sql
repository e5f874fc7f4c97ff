-- SPDX-License-Identifier: PostgreSQL
-- Readings alone have the life of a model that meals have, through the same functions: background training, versions,
-- retraining, experiments, the log and what came true.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE ROLE regress_cgm_life_ada LOGIN;
CREATE ROLE regress_cgm_life_steward LOGIN;
SET client_min_messages = warning;
SELECT glucose.setup(steward => 'regress_cgm_life_steward') IS NOT NULL AS set_up;
RESET client_min_messages;
SELECT glucose.grant_access('regress_cgm_life_ada');
SET search_path = glucose, public;
CREATE PROCEDURE public.wait_for_jobs() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 1200 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.training_progress);
    PERFORM pg_sleep(0.05);
    COMMIT;
  END LOOP;
END $$;

-- The types there are, and what each can be trained with.
SELECT * FROM model_types() ORDER BY model_type;
SELECT algorithm, default_options FROM algorithms('cgm');
SELECT (model_type('cgm')).unit;
\set VERBOSITY sqlstate
SELECT algorithms('insulin');
SELECT model_type('insulin');
\set VERBOSITY default

-- In the background, with progress.
SET ROLE regress_cgm_life_ada;
SELECT simulate_person(301, 40) AS ada \gset
SELECT train_model_async(:'ada', 'cgm', 'auto', '{"end_at": "2026-01-25"}') AS job \gset
CALL public.wait_for_jobs();
SELECT model_type, state, progress, version, error_message FROM training_job WHERE job_id = :'job';
SELECT version, algorithm, is_active, n_train > 1000 AS rows, status FROM list_model_versions(:'ada', 'cgm');
SELECT count(*) > 50 AS metrics, count(DISTINCT split) AS splits FROM model_metric
WHERE person_id = :'ada' AND model_type = 'cgm';
SELECT metadata ? 'validation_start' AND metadata ? 'test_start' AND metadata ? 'test_end' AS says_where_splits_lie
FROM model_version WHERE person_id = :'ada' AND model_type = 'cgm';

-- A second version; deployed, rolled back, compared, deleted.
SELECT version, is_active FROM train_model(:'ada', 'cgm');
SELECT deploy_model(:'ada', 'cgm', '1.1.0', 'newer'), active_model_version(:'ada', 'cgm');
SELECT rollback_model(:'ada', 'cgm'), model_version_at(:'ada', now() + interval '1 day', 'cgm');
SELECT n > 3 AS stretches, mae_a > 0 AND mae_b > 0 AS measured, ci_low <= difference
  AND difference <= ci_high AS interval
FROM compare_versions(:'ada', 'cgm', '1.0.0', '1.1.0');
SELECT delete_model(:'ada', 'cgm', '1.1.0');

-- The log, what came true, and its accuracy by version and horizon.
SELECT count(predict_cgm(:'ada', at, '{"minutes": [30, 60]}')) > 45 AS asked
FROM (SELECT min(measured_at) AS at FROM glucose_reading WHERE person_id = :'ada' AND measured_at >= '2026-01-26'
        AND measured_at < '2026-02-02' GROUP BY date_bin('3 hours', measured_at, '2026-01-01')) AS r;
SELECT count(*) > 45 AS logged, count(meal_id) AS of_meals, count(DISTINCT sha256) AS models FROM prediction
WHERE person_id = :'ada' AND model_type = 'cgm';
SELECT version, minutes_ahead, n > 40 AS enough, mae > 0 AS has_error, coverage BETWEEN 0.6 AND 1 AS holds, source
FROM live_accuracy(:'ada', 'cgm') ORDER BY minutes_ahead;
SELECT count(*) AS before_the_end_of_training FROM prediction_outcome
WHERE person_id = :'ada' AND model_type = 'cgm' AND in_training;
SELECT (live_mae(:'ada', 'cgm', '1.0.0')).n > 80 AS outcomes;
-- In a read-only transaction it answers and logs nothing.
BEGIN READ ONLY;
SELECT predict_cgm(:'ada', '2026-02-01 12:00+00') ->> 'logged' AS logged;
ROLLBACK;
\set VERBOSITY sqlstate
SELECT predict_cgm(NULL);
SELECT predict_cgm(:'ada', 'infinity');
SELECT predict_cgm(:'ada', '2026-02-01', '{"minute": 30}');
SELECT predict_cgm(:'ada', '2025-01-01');
\set VERBOSITY default

-- Retraining: due by days of readings, tried, settled by the same hold-out.
SELECT needed, new_rows > 7 AS days, reasons[1] ~ '^[0-9]+ new days of readings$' AS says_why
FROM check_retraining(:'ada', 'cgm', '2026-02-10');
SELECT status IN ('deployed', 'rejected') AS settled, reason ~ 'mg/dL on [0-9]+ stretches of six hours' AS measured,
  n > 5 AS enough
FROM retrain_model(:'ada', 'cgm', force => true, as_of => '2026-02-10');
SELECT count(*) AS log_rows, count(*) FILTER (WHERE cardinality(due_because) > 0) AS with_a_reason
FROM retraining_log WHERE person_id = :'ada' AND model_type = 'cgm';
SELECT retraining_is_due(:'ada', 'cgm', '2026-02-10 01:00+00') AS at_once_again;
RESET ROLE;
SET ROLE regress_cgm_life_steward;
CALL retrain_due('cgm', as_of => '2026-02-12');
SELECT batch_retrain('cgm') >= 0 AS queued;
CALL public.wait_for_jobs();
SELECT min_new_rows, max_age_days FROM retraining_rules(NULL, 'cgm');

-- A population, and who is served by it: evaluated and explained like anybody else.
SET ROLE regress_cgm_life_ada;
SELECT simulate_person(61, 12) IS NOT NULL AS and_another;
RESET ROLE;
UPDATE person SET shares_data = true WHERE owner = 'regress_cgm_life_ada';
SET ROLE regress_cgm_life_steward;
SELECT version, is_active, person_id IS NULL AS of_all FROM train_population_model('cgm');
SELECT count(*) > 50 AS metrics FROM population_metric WHERE model_type = 'cgm';
SET ROLE regress_cgm_life_ada;
SELECT simulate_person(302, 12) AS ida \gset
-- After all that the population learns from: what it has learnt is no measure of it.
UPDATE glucose_reading SET measured_at = measured_at + interval '60 days' WHERE person_id = :'ida';
SELECT predict_cgm(:'ida', '2026-03-11 12:00+00') #>> '{provenance,source}' AS source;
SELECT DISTINCT split FROM evaluate_model(:'ida', 'cgm');

-- An experiment with a population version: a canary answers some, a promotion is a deployment that can be rolled back.
SET ROLE regress_cgm_life_steward;
SELECT version, is_active FROM train_population_model('cgm', 'linear', '{"end_at": "2026-02-01"}');
SELECT start_experiment('cgm canary', '{"population_version": "1.1.0"}', 99, 'canary', 'cgm', salt => 's');
SET ROLE regress_cgm_life_ada;
SELECT predict_cgm(:'ida', '2026-03-11 12:00+00') #>> '{provenance,arm}' AS arm,
       CASE WHEN ab_bucket(:'ida', 's') < 99 THEN 'candidate' ELSE 'stable' END AS by_hand;
SET ROLE regress_cgm_life_steward;
SELECT stop_experiment('cgm canary', promote => true) AS promoted;
SELECT version, previous_version, reason FROM population_deployment WHERE model_type = 'cgm' ORDER BY deployed_at;
SELECT rollback_population_model('cgm');
-- A shadow forecasts beside; both are in the log.
SELECT start_experiment('cgm shadow', '{"population_version": "1.1.0"}', 100, 'shadow', 'cgm');
SET ROLE regress_cgm_life_ada;
SELECT count(predict_cgm(:'ida', at, '{"minutes": [30, 60]}')) > 5 AS asked
FROM (SELECT min(measured_at) AS at FROM glucose_reading WHERE person_id = :'ida' AND measured_at >= '2026-03-12'
        AND measured_at < '2026-03-14' GROUP BY date_bin('4 hours', measured_at, '2026-01-01')) AS r;
SELECT count(*) > 5 AS both FROM prediction WHERE person_id = :'ida' AND shadow_predictions IS NOT NULL
  AND arm = 'stable';
SET ROLE regress_cgm_life_steward;
SELECT minutes_ahead, n_persons, n_stable = n_candidate AS same_moments, verdict FROM experiment_results('cgm shadow');
SELECT stop_experiment('cgm shadow') AS promoted;

RESET ROLE;
DELETE FROM population_model WHERE model_type = 'cgm';
DELETE FROM experiment WHERE name LIKE 'cgm %';
DELETE FROM person WHERE owner = 'regress_cgm_life_ada';
DROP PROCEDURE public.wait_for_jobs();
\getenv here PG_ABS_SRCDIR
\i :here/include/workers_gone.sql
DROP OWNED BY regress_cgm_life_ada, regress_cgm_life_steward;
DROP ROLE regress_cgm_life_ada, regress_cgm_life_steward;
