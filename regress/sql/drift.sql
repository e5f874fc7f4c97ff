-- SPDX-License-Identifier: PostgreSQL
-- Whether what a model was trained on is still what comes: told of planted changes and of none, for every kind of
-- forecast, and answered by a retraining that says why.
\getenv here PG_ABS_SRCDIR
\set test drift
\i :here/include/begin.sql

-- Two persons, and what happens to one from a day on.
CREATE FUNCTION test.drifted(person uuid, model_type text DEFAULT 'glucose', as_of timestamptz DEFAULT '2026-04-05')
RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(d.kind || ' ' || d.name ORDER BY d.kind, d.name), '{}')
  FROM glucose.detect_drift(person, model_type, NULL, as_of) d WHERE d.drifted $$;
SET ROLE anna;
SELECT simulate_person(501, 92) AS p \gset
SELECT is_active FROM train_model(:'p', 'glucose', 'ridge', '{"end_at": "2026-03-06"}');

-- Without a change nothing is told of, and each quantity is there once.
SELECT kind, count(*), count(DISTINCT name) = count(*) AS once, bool_or(drifted) AS drifted,
       bool_and(statistic BETWEEN 0 AND 1) AS distance, bool_and(effect >= 0) AS effect,
       bool_and(p BETWEEN 0 AND 1) AS p,
       min(reference_n) > 50 AS learnt, min(current_n) > 25 AS now
FROM detect_drift(:'p', as_of => '2026-04-05') GROUP BY kind;
SELECT count(predict_glucose(meal_id)) > 80 AS asked FROM meal WHERE eaten_at >= '2026-03-07';
SELECT kind, name, current_n > 80 AS enough, drifted FROM detect_drift(:'p', as_of => '2026-04-05')
WHERE kind <> 'feature' ORDER BY kind, length(name);

-- What is kept is no row, and as much for a year as for a month: quantiles, between values.
SELECT pg_column_size(metadata) < 12000 AS small,
  (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(metadata -> 'reference') k) AS kinds,
       (SELECT max(jsonb_array_length(s.value -> 'cuts'))
       FROM jsonb_each(metadata #> '{reference,feature}') s) <= 31 AS cuts
FROM model_version WHERE person_id = :'p';

-- Each in a transaction of its own: a sensor 60 too high, another unit (as a view over a table of one's own would have
-- it: here as far as the check lets it), energy in kilojoules, other meals, nutrients that are missing.
BEGIN;
UPDATE glucose_reading SET mg_dl = least(mg_dl + 60, 600) WHERE measured_at >= '2026-03-06';
SELECT 'feature day_low' = ANY (test.drifted(:'p')) AND 'feature day_mean' = ANY (test.drifted(:'p')) AS sensor,
       'feature glucose_minus_0' = ANY (test.drifted(:'p')) AS before_meals,
       NOT 'feature carbs_g' = ANY (test.drifted(:'p')) AS not_meals;
ROLLBACK;
BEGIN;
UPDATE glucose_reading SET mg_dl = greatest(mg_dl / 18.0182, 20) WHERE measured_at >= '2026-03-06';
SELECT 'feature glucose_minus_0' = ANY (test.drifted(:'p')) AS unit;
ROLLBACK;
BEGIN;
UPDATE meal SET calories = least(calories * 4.184, 5000) WHERE eaten_at >= '2026-03-06';
SELECT test.drifted(:'p') AS kilojoules;
ROLLBACK;
BEGIN;
UPDATE meal SET carbs_g = carbs_g * 0.4, fat_g = least(fat_g * 3, 500) WHERE eaten_at >= '2026-03-06';
SELECT test.drifted(:'p') @> '{feature carbs_g,feature fat_g}' AS other_meals;
ROLLBACK;
BEGIN;
UPDATE meal SET protein_g = NULL, fiber_g = NULL WHERE eaten_at >= '2026-03-06'
  AND extract(minute FROM eaten_at)::int % 2 = 0;
SELECT test.drifted(:'p') @> '{feature protein_g,feature fiber_g}' AS missing;
-- In the first two weeks nothing is said, though it is there to see.
SELECT drifted, effect IS NULL AND p IS NULL AS withheld, statistic > 0.2 AS seen, current_n > 20 AS counted
FROM detect_drift(:'p', as_of => '2026-03-14') WHERE name = 'protein_g';
-- The threshold is a setting.
SET LOCAL glucose.drift_effect = 100;
SELECT test.drifted(:'p') AS at_100;
ROLLBACK;
-- Errors: what came of the answers is 60 higher than it was.
BEGIN;
UPDATE glucose_reading r SET mg_dl = least(mg_dl + 60, 600) FROM meal m
WHERE m.eaten_at >= '2026-03-07'
  AND measured_at BETWEEN m.eaten_at + interval '40 min' AND m.eaten_at + interval '140 min';
SELECT 'error 60 min' = ANY (test.drifted(:'p')) AS errors, 'prediction 60 min' = ANY (test.drifted(:'p')) AS answers;
ROLLBACK;
-- What was before the model is no news, however far `since` reaches; nothing comes after as_of.
SELECT max(current_n) FILTER (WHERE name = 'day_mean') < 32 AS since, bool_or(drifted) AS drifted
FROM detect_drift(:'p', 'glucose', '2026-01-05', '2026-04-05');
SELECT count(*) FROM detect_drift(:'p', 'glucose', as_of => '2026-01-20');

-- Readings alone and metrics of days, by the same function.
SELECT is_active FROM train_model(:'p', 'cgm', 'auto', '{"end_at": "2026-03-06"}');
SELECT is_active FROM train_metric(:'p', 'RESTING_HEART_RATE', 'ridge', '{"end_at": "2026-03-06"}');
SELECT test.drifted(:'p', 'cgm') AS cgm, test.drifted(:'p', 'daily:RESTING_HEART_RATE') AS heart_rate;
SELECT count(predict_cgm(:'p', at, '{"minutes": [30, 60]}')) > 100 AS asked
FROM (SELECT min(measured_at) AS at FROM glucose_reading
  WHERE measured_at >= '2026-03-07' AND measured_at < '2026-04-04'
      GROUP BY date_bin('6 hours', measured_at, '2026-01-01')) AS r;
SELECT kind, name, current_n > 100 AS enough, drifted FROM detect_drift(:'p', 'cgm', as_of => '2026-04-05')
WHERE kind <> 'feature' ORDER BY kind, name;
BEGIN;
UPDATE glucose_reading SET mg_dl = least(mg_dl + 60, 600) WHERE measured_at >= '2026-03-06';
-- Another watch.
UPDATE daily_metric SET value = value * 1.5 WHERE day >= '2026-03-06' AND metric IN ('RESTING_HEART_RATE',
  'HEART_RATE_VARIABILITY_SDNN', 'HEART_RATE_VARIABILITY_RMSSD', 'RESPIRATORY_RATE');
SELECT test.drifted(:'p', 'cgm') @> '{feature last_reading,feature longer_past}' AS cgm,
       test.drifted(:'p', 'daily:RESTING_HEART_RATE') @> '{feature h_sdnn,feature h_resp_rate}' AS another_watch;
ROLLBACK;

-- A retraining with the reason: in the queue, in the log, not twice in a week.
SELECT test.eater(1, 92) AS e \gset
SELECT is_active FROM train_model(:'e', 'glucose', 'ridge', '{"end_at": "2026-03-06"}');
BEGIN;
SELECT * FROM check_and_handle_drift(as_of => '2026-04-05');
SELECT count(*) AS jobs FROM training_job;
UPDATE meal SET calories = least(calories * 4.184, 5000) WHERE person_id = :'e' AND eaten_at >= '2026-03-06';
RESET ROLE;
INSERT INTO retraining_override (person_id, model_type, manual) VALUES (:'e', 'glucose', true);
SET ROLE anna;
SELECT queued FROM check_and_handle_drift(as_of => '2026-04-05');
ROLLBACK;
UPDATE meal SET calories = least(calories * 4.184, 5000) WHERE person_id = :'e' AND eaten_at >= '2026-03-06';
BEGIN;
SELECT person_id = :'e' AS is_it, reason ~ '^drift of calories \(feature, index [0-9.]+\)$' AS says_why, queued
FROM check_and_handle_drift(as_of => '2026-04-05');
SELECT purpose, state, reason ~ '^drift of calories' AS reason FROM training_job;
SELECT count(*) AS again FROM check_and_handle_drift(as_of => '2026-04-05');
COMMIT;
DO $$ BEGIN
  FOR i IN 1 .. 1200 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.training_job WHERE state IN ('queued', 'running'));
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT state, error_message FROM training_job;
SELECT status IN ('deployed', 'rejected') AS settled,
  due_because[cardinality(due_because)] ~ '^drift of calories' AS because
FROM retraining_log WHERE person_id = :'e';
SELECT count(*) AS again FROM check_and_handle_drift(as_of => '2026-04-05');

-- Who has no version of their own, or an imported one, has nothing that could drift.
SELECT simulate_person(3, 5) AS q \gset
SELECT test.expect(format('SELECT detect_drift(%L)', :'q')), test.hint(format('SELECT detect_drift(%L)', :'q'));
SELECT deploy_model(:'q', 'glucose', import_model(:'q', export_model(:'p', 'glucose'))) AS imported;
SELECT test.expect(format('SELECT detect_drift(%L)', :'q'));
SELECT test.hint(format('SELECT detect_drift(%L)', :'q'));
SELECT count(*) AS told FROM check_and_handle_drift(as_of => '2026-04-05');

-- Wrong input, and somebody else's.
SELECT test.expect(format('SELECT detect_drift(%L, %L)', :'p', 'insulin'));
SELECT test.expect(format('SELECT detect_drift(%L, NULL)', :'p'));
SELECT test.expect('SELECT check_and_handle_drift(NULL)');
SELECT test.expect('SELECT detect_drift(NULL)');
SET ROLE ben;
SELECT test.expect(format('SELECT detect_drift(%L)', :'p'));
SELECT count(*) AS of_ben FROM check_and_handle_drift(as_of => '2026-04-05');

-- Of the population, by the steward: of all who share data, with no value of anybody.
RESET ROLE;
ALTER DATABASE test_drift SET glucose.min_population_persons = 3;
SET glucose.min_population_persons = 3;
SET ROLE dora;
SELECT test.expect('SELECT detect_drift(NULL)');
SET ROLE anna;
SELECT count(simulate_person(s, 92)) FROM generate_series(600, 605) s;
UPDATE person SET shares_data = person_id NOT IN (:'q', :'e');
SET ROLE dora;
SELECT n_train > 100 AS trained FROM train_population_model('glucose', 'ridge', '{"end_at": "2026-03-06"}');
SELECT kind, count(*), bool_or(drifted) AS drifted, max(current_n) > 500 AS of_all
FROM detect_drift(NULL, as_of => '2026-04-05') GROUP BY kind;
BEGIN;
RESET ROLE;
UPDATE meal SET calories = least(calories * 4.184, 5000) WHERE eaten_at >= '2026-03-06';
SET ROLE dora;
SELECT test.drifted(NULL) AS kilojoules;
ROLLBACK;
