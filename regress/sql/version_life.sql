-- SPDX-License-Identifier: PostgreSQL
-- What a version's number says, what is kept of its training, when it was used last, and when it does not serve.
\getenv here PG_ABS_SRCDIR
\set test version_life
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
SET ROLE anna;
SELECT test.eater(1, 30) AS p \gset
SELECT meal_id AS m FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset

-- Algorithms of both feature schemas in turn are minor steps; other horizons are a major one.
SELECT t.version FROM unnest('{ridge,personal,ridge,lad,personal}'::text[]) WITH ORDINALITY o (a, i),
  train_model(:'p', 'glucose', a, jsonb_build_object('min_meals', 20 + i)) t;
SELECT version FROM train_model(:'p', 'glucose', 'ridge', '{"horizons": [60, 90]}');
SELECT version FROM train_model(:'p', 'glucose', 'personal', '{"horizons": [60, 90]}');
SELECT version FROM train_model(:'p', 'glucose', 'personal', '{"horizons": [60, 90]}');
SELECT version FROM train_model(:'p', 'glucose', 'ridge');
SELECT array_agg(DISTINCT feature_schema ORDER BY feature_schema) FROM model_version;

-- Kept with it: time, size, and of a network epochs and losses.
SELECT version AS v FROM train_model(:'p', 'glucose', 'lstm', '{"epochs": 12, "patience": 2, "hidden": [6]}') \gset
SELECT (metadata ->> 'training_ms')::float8 > 0 AS took, (metadata ->> 'artifact_bytes')::int = length(artifact) AS size
  FROM model_version WHERE version = :'v';
SELECT n ->> 'learnt_from', (n ->> 'epochs')::int BETWEEN 1 AND 12 AS epochs,
  jsonb_array_length(n -> 'training_loss') = (n ->> 'epochs')::int AS a_loss_each,
  coalesce(jsonb_array_length(n -> 'validation_loss') = (n ->> 'epochs')::int, true) AS and_of_validation,
  (n ->> 'best_epoch')::int <= (n ->> 'epochs')::int AS best, jsonb_typeof(n -> 'stopped_early'),
  (n ->> 'stopped_early')::boolean = ((n ->> 'epochs')::int < 12) OR n ->> 'learnt_from' <> 'train' AS early
FROM model_version, jsonb_array_elements(metadata -> 'networks') n WHERE version = :'v';

-- The stored errors are those of exactly what is stored, with the head that was measured.
SELECT a AS algorithm, (SELECT version FROM train_model(:'p', CASE a WHEN 'linear' THEN 'cgm' ELSE 'glucose' END, a,
    '{"deploy": true}')) IS NOT NULL AS trained FROM unnest('{mean,ridge,personal,lstm,linear}'::text[]) a;
CREATE TEMP TABLE evaluated AS SELECT v.model_type, v.version, v.algorithm, e.*
  FROM (SELECT * FROM model_version WHERE trained_at >= (
      SELECT max(trained_at) FROM model_version WHERE algorithm = 'mean') OFFSET 0) v,
    evaluate_model(v.person_id, v.model_type, v.version) e;
SELECT e.model_type, e.algorithm, count(*) > 5 AS compared, count(*) FILTER (WHERE s.n <> e.n
    OR abs(s.value - CASE s.metric WHEN 'mae' THEN e.mae WHEN 'rmse' THEN e.rmse WHEN 'coverage' THEN e.coverage END)
       > 1e-9) AS differ
FROM evaluated e JOIN model_metric s USING (model_type, version, split, minutes_ahead)
WHERE s.metric IN ('mae', 'rmse', 'coverage') AND s.head = 'median' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT model_type, array_agg(DISTINCT metric)
  FILTER (WHERE head IS NULL AND metric !~ '^(persistence|time_of_day)_') AS no_head,
  count(*) FILTER (WHERE metric ~ '^held_out_' AND split <> 'validation') AS wrong_split FROM model_metric GROUP BY 1
  ORDER BY 1;
SELECT DISTINCT test.near(v.mae, m.mae, 1e-3) AS mae_of_the_row FROM model_version v JOIN LATERAL (
  SELECT avg(value) AS mae FROM model_metric m WHERE m.version = v.version AND m.model_type = v.model_type
    AND split = 'test' AND metric = 'mae' AND minutes_ahead <= 120) m ON true;

-- Used last: by the log, of this artifact, for this person; not now.
RESET ROLE;
DELETE FROM prediction;
SET ROLE anna;
SELECT version AS v FROM train_model(:'p', 'glucose', 'ridge', '{"deploy": true, "l2": 3}') \gset
SELECT predict_glucose(:'m') #> '{provenance,lastUsed}' AS never;
SELECT (predict_glucose(:'m') #>> '{provenance,lastUsed}')::timestamptz = issued_at AS then FROM prediction;
SELECT predict_glucose(:'m', '{"version": "1.1.0"}') #> '{provenance,lastUsed}' AS another_never;
SELECT (d #>> '{provenance,lastUsed}')::timestamptz = (SELECT max(issued_at) FROM prediction
  WHERE version = :'v') AS still_the_last FROM predict_glucose(:'m', '{}') d;

-- No better than persistence on test: something better answers, if there is; the log does not count it as the model's.
RESET ROLE;
UPDATE model_version SET quality_issues = quality_issues || '{no better than persistence on test}' WHERE version = :'v';
SET ROLE anna;
SELECT d #>> '{provenance,source}', d #>> '{provenance,algorithm}', d #>> '{provenance,insteadOf}' = :'v' AS instead,
  d #> '{provenance,lastUsed}' AS last_used, (d #> '{predictions,0,lower}') < (d #> '{predictions,0,upper}') AS interval
  FROM predict_glucose(:'m') d;
SELECT abs((d #>> '{predictions,0,glucose}')::float8 - (extract_features(:'m'))[25]) <= 1 AS stays_what_it_is
  FROM predict_glucose(:'m', '{}') d;
SELECT sha256 IS NULL AS nobodys FROM prediction ORDER BY issued_at DESC LIMIT 1;
SELECT mg_dl = (extract_features(:'m'))[25] AS rows_too FROM glucose_forecast(:'m') LIMIT 1;
SELECT d #>> '{provenance,source}' AS when_named
  FROM predict_glucose(:'m', jsonb_build_object('version', :'v')) d;
SELECT count(*) > 1 AS explained FROM explain_prediction(:'m', 60);
SELECT active_model_version(:'p') = :'v' AS still_active;
-- The same of readings alone.
RESET ROLE;
UPDATE model_version SET quality_issues = quality_issues || '{no better than persistence on test}'
  WHERE model_type = 'cgm';
SET ROLE anna;
SELECT d #>> '{provenance,source}', (d #>> '{predictions,5,glucose}')::int - (
    SELECT round(mg_dl)::int FROM glucose_reading WHERE measured_at <= '2026-02-01 12:00' ORDER BY measured_at DESC
    LIMIT 1) AS moved
  FROM predict_cgm(:'p', '2026-02-01 12:00', '{"minutes": 30}') d;
-- A population's model is better; where it is not either, it is left out as well.
SET ROLE ben;
SELECT count(test.eater(seed, 30)) FROM generate_series(2, 4) seed;
UPDATE person SET shares_data = true;
SET ROLE dora;
SELECT is_active FROM train_population_model('glucose', 'ridge');
SET ROLE anna;
SELECT d #>> '{provenance,source}', d #>> '{provenance,insteadOf}' = :'v' AS instead FROM predict_glucose(:'m') d;
RESET ROLE;
UPDATE population_model SET quality_issues = '{no better than persistence on test}';
SET ROLE anna;
SELECT predict_glucose(:'m') #>> '{provenance,source}';
-- Back to a good one: its own.
SELECT version FROM train_model(:'p', 'glucose', 'ridge', '{"deploy": true, "l2": 4}') \gset
SELECT d #>> '{provenance,source}', d #> '{provenance,insteadOf}' FROM predict_glucose(:'m') d;

-- A model type that is not known is refused everywhere.
SELECT call, left(test.expect(format('SELECT glucose.' || call, :'p')), 5) FROM unnest(ARRAY[
  'list_model_versions(%L, ''insulin'')', 'active_model_version(%L, ''insulin'')',
  'deploy_model(%L, ''insulin'', ''1.0.0'')',
  'rollback_model(%L, ''insulin'')', 'model_version_at(%L, now(), ''insulin'')',
  'delete_model(%L, ''insulin'', ''1.0.0'')',
  'export_model(%L, ''insulin'')', 'live_accuracy(%L, ''insulin'')', 'check_retraining(%L, ''insulin'')',
  'retrain_model(%L, ''insulin'')', 'train_model(%L, ''insulin'')', 'train_model_async(%L, ''insulin'')',
  'tune_model(%L, ''ridge'', model_type => ''insulin'')', 'evaluate_model(%L, ''insulin'')',
  'feature_importance(%L, ''insulin'')', 'compare_versions(%L, ''insulin'', ''1.0.0'', ''1.1.0'')',
  'list_model_versions(%L, ''glucose:x'')', 'import_model(%L, ''\x00'', ''{"model_type": "insulin"}'')',
  'list_population_models(''insulin'')', 'deploy_population_model(''insulin'', ''1.0.0'')',
  'rollback_population_model(''insulin'')', 'algorithms(''insulin'')', 'train_population_model(''insulin'')']) call;
-- Two persons' meals of one id: the hint names an argument that there is.
SET ROLE cara;
RESET ROLE;
INSERT INTO person (person_id, owner) VALUES (key('x'), 'cara'), (key('y'), 'cara');
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type) SELECT key(p), key('one'), now(), 'snack'
  FROM unnest('{x,y}'::text[]) p;
SET ROLE cara;
SELECT f, left(test.expect(format('SELECT glucose.%I(key(''one''))', f)), 5),
  test.hint(format('SELECT glucose.%I(key(''one''))', f)),
  test.expect(format('SELECT glucose.%I(key(''one''), person_id => key(''x''))', f))
  FROM unnest('{extract_features,extract_meal_features,feature_vector}'::text[]) f;
-- Doubles, as drivers send them.
SELECT test.expect($$ SELECT extract_glucose_history(key('x'), now(), 3::double precision) $$),
  test.expect($$ SELECT validate_features(extract_features(key('one'), key('x'))::double precision[]) $$),
  key(7::double precision) = key(7) AND key(7::smallint) = key(7) AND key(7::numeric) = key(7::bigint) AS keys,
  to_mg_dl(5::numeric, 'mmol/L') = to_mg_dl(5::real, 'mmol/L') AS units;
SELECT id, left(test.expect(format('SELECT key(%L::float8)', id)), 5)
  FROM unnest('{7.5,NaN,1e300,-Infinity}'::text[]) id;
SELECT call, left(test.expect('SELECT ' || call), 5) FROM unnest(ARRAY[
  'welch_t(''{1.7976931348623157e308,1.7976931348623157e308}'', ''{1,2,3}'')',
  'paired_t(''{1e308,-1e308,1e308}'', ''{1,2,3}'')',
  'welch_t(''{1.7976931348623157e308,1.7976931348623157e308}'', ''{1}'')', 'welch_t(''{1e200,-1e200}'', ''{1,2}'')',
  'welch_t(''{NaN,1}'', ''{1,2}'')', 'paired_t(''{1,2}'', ''{Infinity,1}'')', 'paired_t(''{1e308}'', ''{-1e308}'')',
  'welch_t(''{1,2,3}'', ''{2,3,4}'', 0.9999999999999999)', 'welch_t(''{1e154,-1e154,2}'', ''{1,2}'')',
  'welch_t(''{1,2}'', ''{3,4}'')', 'student_quantile(1e-310, 1)', 'student_quantile(0.975, 9)']) call;
