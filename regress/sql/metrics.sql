-- SPDX-License-Identifier: PostgreSQL
-- Metrics of days, one day ahead: training, forecasts, what they are held against, the life of a model, two persons.
\getenv here PG_ABS_SRCDIR
\set test metrics
\i :here/include/begin.sql
-- Whether a question is a repeated one hangs on who else writes meanwhile: each is a new answer here.
SET glucose.cache_ttl_daily = 0;
\pset format unaligned
\pset tuples_only on
\set rhr '''RESTING_HEART_RATE'''

SELECT algorithm FROM algorithms('daily');
SELECT test.expect($$ SELECT glucose.train_model(key('x'), 'daily') $$),
  test.expect($$ SELECT glucose.train_model(key('x'), 'daily:') $$);

-- Three persons with 120 simulated days; the steward learns from all.
SET ROLE anna;
SELECT simulate_person(1, 120) AS ada \gset
SELECT simulate_person(2, 120, 'none') AS bea \gset
SET ROLE ben;
SELECT simulate_person(3, 120) AS carl \gset
RESET ROLE;
UPDATE person SET shares_data = true;
SELECT max(day) AS last FROM daily_metric \gset

-- Wrong questions.
SET ROLE anna;
SELECT call, test.expect(replace(call, '$1', quote_literal(:'ada')))
FROM unnest(ARRAY['SELECT train_metric($1, ''NO_SUCH_THING'')', 'SELECT train_metric($1, NULL)',
  'SELECT train_metric($1, ''STEPS'', ''oracle'')',
  'SELECT train_metric($1, ''STEPS'', ''ridge'', ''{"horizons": [60]}'')',
  'SELECT train_metric($1, ''STEPS'', ''lstm'', ''{"sequence_length": 3}'')',
  'SELECT train_metric($1, ''STEPS'', ''auto'', ''{"end_at": "2026-01-20"}'')',
  'SELECT predict_metric($1, ''RESTING_HEART_RATE'')', 'SELECT predict_metric($1, NULL)',
  'SELECT predict_metric($1, ''STEPS'', (now() AT TIME ZONE ''UTC'')::date + 2)',
  'SELECT predict_metric($1, ''STEPS'', NULL, ''{"unit": "mmol/L"}'')',
  'SELECT predict_metric($1, ''STEPS'', NULL, ''{"lang": "fr"}'')',
  'SELECT metric_forecast($1, ''STEPS'', ''infinity'')']) call;

-- A person's own model, and that the same again makes the same bytes.
SELECT version, algorithm, is_active, n_train + n_validation + n_test = total_samples AS all_counted, mae > 0
  AND mae < 5 AS mae,
       r2 = r2_score AS r2, mape BETWEEN 0 AND 15 AS mape, train_loss > 0 AS train_loss, val_loss > 0 AS val_loss,
       best_val_loss <= val_loss AS best, num_features, sequence_length, model_size_mb > 0 AS size, epochs_trained
FROM train_metric(:'ada', :rhr);
SELECT version FROM train_metric(:'ada', :rhr);
SELECT count(DISTINCT sha256) AS same_bytes FROM model_version WHERE model_type = 'daily:RESTING_HEART_RATE';
SELECT architecture,
  (train_metric(:'ada', :rhr, architecture, '{"deploy": false, "hidden": 8, "epochs": 4, "sequence_length": 7}'::jsonb
       - CASE WHEN architecture IN ('lstm', 'attention', 'multitask') THEN '{}'::text[]
       ELSE '{hidden,epochs,sequence_length}' END)).algorithm
FROM unnest(ARRAY['last', 'moving_average', 'exponential_smoothing', 'mean', 'linear', 'ridge', 'lad', 'lstm',
                  'attention', 'multitask']) architecture;
SELECT epochs_trained BETWEEN 1 AND 4 AS epochs, sequence_length, early_stopped IS NOT NULL AS knows_whether
FROM train_metric(:'ada', 'SLEEP_DURATION', 'lstm', '{"hidden": 8, "epochs": 4, "sequence_length": 7}');

-- The document: exactly these keys, and numbers as SQL has them.
SELECT predict_metric(:'ada', :rhr, :'last') AS doc \gset
SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(:'doc'::jsonb) k;
SELECT d ->> 'metric', d ->> 'target_date' = :'last', (d ->> 'predicted_value')::real BETWEEN 30 AND 120,
       (d ->> 'confidence_interval_lower')::real < (d ->> 'predicted_value')::real,
       (d ->> 'confidence_interval_upper')::real > (d ->> 'predicted_value')::real, d ->> 'level',
       d ->> 'model_version',
       d ->> 'architecture', d ->> 'cached', (d ->> 'confidence_score')::real BETWEEN 0 AND 1,
       d ->> 'interpretation' LIKE '% bpm expected (% to %), % your 30-day average (%'
FROM (SELECT :'doc'::jsonb d) q;
WITH past AS (SELECT value FROM daily_values(:'ada', :'last'::date - 30, :'last'::date - 1, ARRAY[:rhr])),
     f AS (SELECT value FROM metric_forecast(:'ada', :rhr, :'last'))
SELECT test.near((d ->> 'historical_average')::real, (SELECT avg(value) FROM past), 0.006) AS average,
       test.near((d ->> 'deviation_from_average')::real, f.value - (SELECT avg(value) FROM past), 0.006) AS deviation,
       test.near((d ->> 'percentile')::real, (SELECT 100.0 * count(*) FILTER (WHERE value <= f.value) / count(*)
       FROM past), 0.06) AS percentile,
       test.near((d ->> 'data_quality_score')::real, data_quality_score(:'ada', :rhr, :'last'::date - 1, 30),
       0.006) AS quality
FROM (SELECT :'doc'::jsonb d) q, f;
SELECT predict_metric(:'ada', :rhr, :'last', '{"lang": "de"}')
  ->> 'interpretation' LIKE '% bpm erwartet (% bis %' AS german;
-- As of the evening before: nothing that came later, or was recorded later, changes it.
SELECT value AS v FROM metric_forecast(:'ada', :rhr, :'last'::date - 10) \gset
UPDATE daily_metric SET value = value + 5 WHERE person_id = :'ada' AND day >= :'last'::date - 10 AND metric = :rhr;
SELECT value = :'v'::real AS blind_to_later FROM metric_forecast(:'ada', :rhr, :'last'::date - 10);
UPDATE daily_metric SET recorded_at = now() WHERE person_id = :'ada' AND day = :'last'::date - 11 AND metric = :rhr;
SELECT value <> :'v'::real AS knows_less FROM metric_forecast(:'ada', :rhr, :'last'::date - 10);
UPDATE daily_metric SET recorded_at = NULL WHERE person_id = :'ada' AND metric = :rhr;
UPDATE daily_metric SET value = value - 5 WHERE person_id = :'ada' AND day >= :'last'::date - 10 AND metric = :rhr;

-- Several at once; one that goes wrong spoils no other.
SELECT d -> 'all_predictions_successful', d -> 'failed_metrics', d #>> '{errors,NOTHING,sqlstate}',
       d #> '{predictions,RESTING_HEART_RATE}' ? 'predicted_value', (d ->> 'overall_data_quality')::real > 0.5
FROM predict_metrics(:'ada', '{RESTING_HEART_RATE,NOTHING,SLEEP_DURATION}', :'last') d;

-- Of several metrics in one statement the days are read once, and say the same.
SELECT count(*), bool_and(f.value = (SELECT g.value FROM metric_forecast(:'ada', f.metric, :'last') g)) AS same
FROM (SELECT :'ada'::uuid AS person_id OFFSET 0) p,
LATERAL (SELECT f.* FROM unnest('{RESTING_HEART_RATE,SLEEP_DURATION,RESTING_HEART_RATE}'::text[]) AS m (metric),
         metric_forecast(p.person_id, m.metric, :'last') f OFFSET 0) f;

-- What if, and why: contributions add up.
SELECT test.near(changed - value, difference, 1e-3),
  value BETWEEN 30 AND 120 FROM what_if_metric(:'ada', :rhr, '{}', :'last');
SELECT call, test.expect(format('SELECT what_if_metric(%L, ''RESTING_HEART_RATE'', %s, %L)', :'ada', call, :'last'))
FROM unnest(ARRAY[$$'{"MOOD": 1}'$$, $$'{"STEPS": "more"}'$$, $$'{"STEPS": "+3k"}'$$, 'NULL', $$'[1]'$$]) call;
SELECT test.near(sum(CASE WHEN feature = 'baseline' THEN e.value ELSE contribution END), max(f.value), 0.02) AS adds_up
FROM explain_metric(:'ada', :rhr, :'last') e, metric_forecast(:'ada', :rhr, :'last') f;
SELECT version AS attending FROM model_version WHERE person_id = :'ada' AND algorithm = 'attention' \gset
SELECT count(*), test.near(sum(weight), 1, 1e-4), min(day) = :'last'::date - 7
FROM metric_attention(:'ada', :rhr, :'last', jsonb_build_object('version', :'attending'));
SELECT test.expect(format('SELECT metric_attention(%L, %L, %L)', :'ada', :rhr, :'last'));

-- The life of a model: measured, compared, exported and imported, rolled back, told what came true.
SELECT split, n > 0, mae > 0, coverage BETWEEN 0 AND 1 FROM evaluate_model(:'ada', 'daily:RESTING_HEART_RATE')
  ORDER BY 1;
SELECT count(*) > 50, bool_and(minutes_ahead = 1440) FROM feature_importance(:'ada', 'daily:RESTING_HEART_RATE');
SELECT n > 0 FROM compare_versions(:'ada', 'daily:RESTING_HEART_RATE', '1.0.0', '1.0.1', :'last'::date - 20);
SELECT import_model(:'bea', export_model(:'ada', 'daily:RESTING_HEART_RATE')) AS imported;
SELECT model_type FROM model_version WHERE person_id = :'bea';
SELECT test.expect(format('SELECT import_model(%L, export_model(%L, %L), %L)', :'bea', :'ada',
  'daily:RESTING_HEART_RATE', '{"model_type": "daily:STEPS"}'));
SELECT deploy_model(:'ada', 'daily:RESTING_HEART_RATE', '1.0.1', 'by hand'),
  rollback_model(:'ada', 'daily:RESTING_HEART_RATE');
SELECT count(*), bool_and(outcome IS NOT NULL), bool_and(minutes_ahead = 1440) FROM prediction_outcome
  WHERE model_type = 'daily:RESTING_HEART_RATE';
SELECT test.near(o.outcome, m.value) FROM prediction_outcome o, daily_metric m
WHERE o.model_type = 'daily:RESTING_HEART_RATE' AND m.person_id = :'ada' AND m.metric = :rhr AND m.day = :'last'
  LIMIT 1;
SELECT (check_retraining(:'ada', 'daily:RESTING_HEART_RATE')).needed IS NOT NULL AS checked,
  unit_of('daily:RESTING_HEART_RATE');
SELECT count(*), min(rank), bool_and(mae > 0)
FROM tune_model(:'ada', 'ridge', '{"l2": [0.01, 1]}', '{}', 'daily:RESTING_HEART_RATE');

-- A population for whoever has no model; other persons' are not there.
SET ROLE dora;
SELECT algorithm, person_id IS NULL FROM train_population_model('daily:SLEEP_DURATION');
SET ROLE ben;
SELECT architecture, value > 100 FROM metric_forecast(:'carl', 'SLEEP_DURATION', :'last');
SELECT test.expect(format('SELECT metric_forecast(%L, %L, %L)', :'ada', :rhr, :'last')) = 'P0002 person ' || :'ada'
  || ' not found' AS as_if_not_there;
SELECT count(*) FROM metric_forecast(:'carl', :rhr, :'last', '{"on_error": "none"}');
-- A glucose metric is made of readings, and an application's own is trained like any.
SELECT algorithm FROM train_metric(:'carl', 'GLUCOSE_MEAN');
SELECT unit, value BETWEEN 40 AND 400 FROM metric_forecast(:'carl', 'GLUCOSE_MEAN', :'last');
SET ROLE dora;
SELECT define_metric('MOOD', 'points', 1, 10, 'higher');
SET ROLE ben;
INSERT INTO daily_metric (person_id, day, metric, value)
SELECT :'carl', d.day, 'MOOD', 5 + 3 * sin(extract(dow FROM d.day))
  FROM (SELECT DISTINCT day FROM daily_metric WHERE person_id = :'carl') d;
SELECT is_active FROM train_metric(:'carl', 'MOOD');
SELECT unit, value BETWEEN 1 AND 10 FROM metric_forecast(:'carl', 'MOOD', :'last');
-- Nothing written in a read-only transaction, and it answers.
BEGIN READ ONLY;
SELECT predict_metric(:'carl', 'MOOD', :'last') ? 'predicted_value';
COMMIT;
