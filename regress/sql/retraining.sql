-- SPDX-License-Identifier: PostgreSQL
-- When a model is due, what its candidate must show, and what is left of a candidate that lost or failed.
\set VERBOSITY terse
SET timezone = 'UTC';
SET search_path = glucose, public;
CREATE ROLE regress_retraining_ann LOGIN;   -- as the workers need it
CREATE ROLE regress_retraining_ben;
SELECT grant_access('regress_retraining_ann'), grant_access('regress_retraining_ben') \gset
SET ROLE regress_retraining_ann;
SELECT simulate_person(5, 60, 't2d') AS ann \gset
-- Ridge trains in milliseconds; the rest is the policy's.
INSERT INTO retraining_override (person_id, model_type, algorithm) VALUES (:'ann', 'glucose', 'ridge');
SELECT * FROM retraining_rules(:'ann');
SELECT min_new_rows, max_age_days, max_live_mae, min_improvement, beyond_chance, manual, algorithm, options
FROM retraining_policy WHERE model_type = 'glucose';

-- Too early: the training fails, and nothing has changed but the log.
SELECT * FROM check_retraining(:'ann', as_of => '2026-01-08');
SELECT status, version, reason FROM retrain_model(:'ann', as_of => '2026-01-08');
SELECT count(*) AS versions FROM model_version WHERE person_id = :'ann';

-- The first good candidate serves; then it is not due until the week is over.
SELECT status, version, reason, n FROM retrain_model(:'ann', as_of => '2026-01-19');
SELECT active_model_version(:'ann');
SELECT * FROM check_retraining(:'ann', as_of => '2026-01-20');
SELECT status, reason FROM retrain_model(:'ann', as_of => '2026-01-20');
SELECT * FROM check_retraining(:'ann', as_of => '2026-01-25 23:00');
SELECT * FROM check_retraining(:'ann', as_of => '2026-02-26');

-- The loser is kept, archived; the current one serves on; nothing was used from after as_of.
SELECT status, version, n, ci_low < 0 AND ci_high > 0 AS may_be_chance, mae_current - mae_candidate < 5 AS too_little
FROM retrain_model(:'ann', as_of => '2026-02-10');
SELECT version, is_active, status FROM list_model_versions(:'ann');
SELECT (metadata ->> 'test_end')::timestamptz < '2026-02-10'::timestamptz - interval '135 min' AS before_as_of
FROM model_version WHERE person_id = :'ann' AND version = '1.1.0';
SELECT new_rows, days_since FROM check_retraining(:'ann', as_of => '2026-02-11');

-- The comparison once more, from the forecasts themselves: meal by meal, on what neither version has learnt from.
CREATE TEMP VIEW error AS
  SELECT d.meal_id, f.model_version AS version,
  avg(abs(f.mg_dl - d.targets[CASE f.minutes_ahead WHEN 60 THEN 1 ELSE 2 END])) AS mae
  FROM training_dataset(:'ann', end_at => '2026-02-09 21:45') d,
       unnest(ARRAY['1.0.0', '1.1.0']) AS v (version),
       glucose_forecast(d.meal_id, jsonb_build_object('version', v.version), :'ann') f
  WHERE d.split = 'test' GROUP BY 1, 2;
CREATE TEMP VIEW by_hand AS
  SELECT count(*) AS n, avg(a.mae) AS mae_a, avg(b.mae) AS mae_b, avg(b.mae - a.mae) AS difference,
         stddev_samp(b.mae - a.mae) / sqrt(count(*)) AS standard_error
  FROM error a JOIN error b USING (meal_id) WHERE a.version = '1.0.0' AND b.version = '1.1.0';
SELECT l.n = h.n AS same_n, abs(l.mae_current - h.mae_a) < 1e-4 AS same_current,
       abs(l.mae_candidate - h.mae_b) < 1e-4 AS same_candidate,
       -- Student's t, 97.5 %, 16 degrees of freedom, from a table
       abs(l.ci_low - (h.difference - 2.119905 * h.standard_error)) < 1e-3 AS same_low,
       abs(l.ci_high - (h.difference + 2.119905 * h.standard_error)) < 1e-3 AS same_high, h.n - 1 AS degrees_of_freedom
FROM retraining_log l, by_hand h WHERE l.version = '1.1.0';
SELECT c.n, abs(c.mae_a - h.mae_a) < 1e-4 AS same_a, abs(c.mae_b - h.mae_b) < 1e-4 AS same_b,
       abs(c.difference - h.difference) < 1e-4 AS same_difference
FROM compare_versions(:'ann', 'glucose', '1.0.0', '1.1.0', end_at => '2026-02-09 21:45') c, by_hand h;
SELECT n, mae_a = mae_b AS equal, difference, ci_low, ci_high
FROM compare_versions(:'ann', 'glucose', '1.1.0', '1.1.0', end_at => '2026-02-09 21:45');
SELECT * FROM compare_versions(:'ann', 'glucose', '1.0.0', '1.1.0', '2027-01-01');

-- A candidate that wins clearly is deployed, the one before is archived and can come back. What is easy to beat:
-- glucose
-- stays what it is; imported from somebody else, as it learns nothing.
SELECT simulate_person(3, 20, 't1d') AS other \gset
SELECT version AS of_other FROM train_model(:'other', algorithm => 'persistence', options => '{"deploy": false}') \gset
SELECT import_model(:'ann', export_model(:'other', 'glucose', :'of_other'), '{"deploy": true}') AS bad \gset
DELETE FROM person WHERE person_id = :'other';
SELECT status, version, mae_candidate < mae_current - 5 AS better, ci_high < 0 AS beyond_chance,
  reason ~ '^MAE ' AS says_why
FROM retrain_model(:'ann', force => true, as_of => '2026-03-05');
SELECT version, is_active, status FROM list_model_versions(:'ann');
SELECT previous_version = :'bad' AS after_the_bad, reason ~ '^retraining: MAE ' AS says_why
FROM deployment WHERE person_id = :'ann' ORDER BY deployed_at DESC LIMIT 1;
SELECT rollback_model(:'ann') = :'bad' AS back;
SELECT version = :'bad' AS bad, is_active, status FROM list_model_versions(:'ann') WHERE is_active;
SELECT rollback_model(:'ann', to_version => '1.3.0');
-- With nothing in its favour but a minimum that nobody can reach, it stays a candidate.
UPDATE retraining_override SET min_improvement = 500 WHERE person_id = :'ann';
SELECT status, version, reason ~ 'not lower by 500$' AS says_why
  FROM retrain_model(:'ann', force => true, as_of => '2026-03-05');
-- Whether the difference must be more than chance is the policy's; it is a little better than a first model of two
-- weeks.
SELECT deploy_model(:'ann', 'glucose', '1.0.0');
UPDATE retraining_override SET min_improvement = 0.01 WHERE person_id = :'ann';
SELECT status, ci_high >= 0 AS may_be_chance, reason ~ 'which may be chance$' AS says_why
FROM retrain_model(:'ann', force => true, as_of => '2026-02-10');
UPDATE retraining_override SET beyond_chance = false WHERE person_id = :'ann';
SELECT status, ci_high >= 0 AS may_be_chance FROM retrain_model(:'ann', force => true, as_of => '2026-02-10');
UPDATE retraining_override SET beyond_chance = NULL WHERE person_id = :'ann';
SELECT deploy_model(:'ann', 'glucose', '1.3.0');
-- One that its training rejected never gets so far, and only a candidate can be settled.
SELECT version AS candidate FROM train_model(:'ann', algorithm => 'mean',
  options => '{"deploy": false, "end_at": "2026-03-04"}') \gset
RESET ROLE;
UPDATE model_version SET status = 'rejected' WHERE person_id = :'ann' AND version = :'candidate';
SET ROLE regress_retraining_ann;
SELECT s.status, v.status AS version_status, s.reason = array_to_string(v.quality_issues, '; ') AS says_why
FROM settle_candidate(:'ann', 'glucose', :'candidate') s, model_version v
WHERE v.person_id = :'ann' AND v.version = :'candidate';
SELECT deploy_model(:'ann', 'glucose', :'candidate');
SELECT settle_candidate(:'ann', 'glucose', active_model_version(:'ann'));

-- A failing training changes nothing: no version, no deployment, the same model serves.
CREATE TEMP VIEW state AS
  SELECT (SELECT string_agg(v::text, ' ' ORDER BY v.version) FROM model_version v WHERE person_id = :'ann') AS versions,
         (SELECT string_agg(d::text, ' ' ORDER BY d.deployed_at) FROM deployment d
         WHERE person_id = :'ann') AS deployments;
SELECT md5(state::text) AS before FROM state \gset
SELECT status, version, reason FROM retrain_model(:'ann', force => true, options => '{"epochs": -1}');
SELECT status, version, reason FROM retrain_model(:'ann', force => true, options => '{"width": 3}');
SELECT status, version, reason
  FROM retrain_model(:'ann', force => true, options => '{"min_meals": 1000}', as_of => '2026-03-05');
SELECT md5(state::text) = :'before' AS unchanged FROM state;
SELECT status, count(*) FROM retraining_log GROUP BY 1 ORDER BY 1;

-- The live error asks for a new model: answers of the active version, wrong by 20 and by 10.
SELECT version, (live_mae(:'ann', 'glucose', version)).* FROM active_model_version(:'ann') AS version;
RESET ROLE;
INSERT INTO prediction (person_id, meal_id, model_type, version, sha256, inputs_digest, predictions, latency_ms)
  SELECT :'ann', m.meal_id, 'glucose', v.version, v.sha256, '', jsonb_build_array(
    jsonb_build_object('at', r.measured_at, 'glucose', r.mg_dl + 20),
    jsonb_build_object('at', r.measured_at, 'glucose', r.mg_dl - 10)), 1
  FROM model_version v, (SELECT * FROM meal WHERE person_id = :'ann'
  AND eaten_at BETWEEN '2026-03-01' AND '2026-03-04' ORDER BY eaten_at LIMIT 10) m,
       LATERAL (SELECT * FROM glucose_reading WHERE person_id = :'ann' AND measured_at > m.eaten_at ORDER BY measured_at
       LIMIT 1) r
  WHERE v.person_id = :'ann' AND v.model_type = 'glucose' AND v.is_active;
SET ROLE regress_retraining_ann;
SELECT round(mae::numeric, 3) AS mae, n FROM live_mae(:'ann', 'glucose', active_model_version(:'ann'));
SELECT n, mae IS NULL AS too_few FROM live_mae(:'ann', 'glucose', active_model_version(:'ann'), '2026-03-02 20:00');
SELECT needed, reasons, round(live_mae::numeric, 3) AS live_mae FROM check_retraining(:'ann', as_of => '2026-03-06');
UPDATE retraining_override SET max_live_mae = 14.5 WHERE person_id = :'ann';
SELECT needed, reasons FROM check_retraining(:'ann', as_of => '2026-03-06');
-- What was tried is not tried again before the next night.
SELECT retraining_is_due(:'ann', as_of => '2026-03-05 19:00');
SELECT retraining_is_due(:'ann', as_of => '2026-03-05 21:00');
UPDATE retraining_override SET manual = true WHERE person_id = :'ann';
SELECT needed, reasons FROM check_retraining(:'ann', as_of => '2026-03-06');
SELECT status, reason FROM retrain_model(:'ann', as_of => '2026-03-06');

-- Several answers about one meal count once.
SELECT n FROM live_mae(:'ann', 'glucose', active_model_version(:'ann')) \gset before_
RESET ROLE;
INSERT INTO prediction (person_id, meal_id, model_type, version, sha256, inputs_digest, predictions, latency_ms)
  SELECT person_id, meal_id, model_type, version, sha256, inputs_digest, predictions, latency_ms FROM prediction;
SET ROLE regress_retraining_ann;
SELECT n = :before_n AS same_n FROM live_mae(:'ann', 'glucose', active_model_version(:'ann'));

-- Waves: only who is due, and nobody twice.
CALL retrain_due(as_of => '2026-03-06');
UPDATE retraining_override SET manual = NULL WHERE person_id = :'ann';
SELECT count(*) AS tried FROM retraining_log \gset
CALL retrain_due(as_of => '2026-03-06');
CALL retrain_due(as_of => '2026-03-06');
SELECT count(*) - :tried AS tried FROM retraining_log;
CALL retrain_due(max_persons => 0);
CALL retrain_due(time_budget => '0');
CALL retrain_due('insulin');
BEGIN;
CALL retrain_due();
ROLLBACK;

-- By the workers: the same end.
RESET ROLE;
DELETE FROM retraining_log WHERE person_id = :'ann';
SET ROLE regress_retraining_ann;
INSERT INTO meal (person_id, eaten_at, meal_type, carbs_g) VALUES (:'ann', '2026-03-08 12:00', 'lunch', 60);
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT :'ann', at, 120 FROM generate_series('2026-03-08 09:00'::timestamptz, '2026-03-08 15:00', '5 min') at;
SELECT batch_retrain(), batch_retrain() AS again;
SELECT count(*) FROM training_job WHERE purpose = 'retrain';
DO $$ BEGIN
  FOR i IN 1 .. 600 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.training_job WHERE state IN ('queued', 'running'));
    PERFORM pg_sleep(0.1);
    COMMIT;
  END LOOP;
END $$;
SELECT j.state, j.error_message, l.status, l.due_because <> '{}' AS says_why_due, j.version = l.version AS same_version
FROM training_job j LEFT JOIN retraining_log l USING (person_id) WHERE j.purpose = 'retrain';
SELECT count(*) AS active FROM model_version WHERE person_id = :'ann' AND is_active;
SELECT batch_retrain('insulin');

-- Without pg_cron there is no schedule.
\set schema pg_temp
\getenv here PG_ABS_SRCDIR
\i :here/include/hint.sql
SELECT schedule_retraining();
\echo :LAST_ERROR_SQLSTATE
SELECT regexp_replace(pg_temp.hint('SELECT schedule_retraining()'), '-\d+-', '-N-') AS hint;
SELECT schedule_retraining(NULL);
SELECT unschedule_retraining();

-- Wrong input.
SELECT check_retraining(NULL);
SELECT check_retraining(:'ann', 'insulin');
SELECT check_retraining(:'ann', NULL);
SELECT retrain_model(:'ann', force => NULL);
SELECT retrain_model(:'ann', options => NULL);
SELECT retrain_model(:'ann', options => '[]');
SELECT compare_versions(:'ann', 'glucose', '1.0.0', '9.9.9');
SELECT compare_versions(:'ann', 'glucose', '1.0.0', NULL);
UPDATE retraining_override SET max_age_days = 0 WHERE person_id = :'ann';

-- Somebody else sees nothing of it, and nobody but the steward writes the policy.
UPDATE retraining_policy SET manual = true;
RESET ROLE;
SET ROLE regress_retraining_ben;
SELECT count(*) FROM retraining_log;
SELECT count(*) FROM retraining_override;
INSERT INTO retraining_override (person_id, model_type) VALUES (:'ann', 'glucose');
SELECT check_retraining(:'ann');
SELECT retrain_model(:'ann', force => true);
SELECT compare_versions(:'ann', 'glucose', '1.0.0', '1.1.0');
SELECT settle_candidate(:'ann', 'glucose', '1.1.0');
CALL retrain_due();
SELECT batch_retrain();

RESET ROLE;
DELETE FROM person WHERE owner = 'regress_retraining_ann';
DROP OWNED BY regress_retraining_ann, regress_retraining_ben;
DROP ROLE regress_retraining_ann, regress_retraining_ben;
