-- SPDX-License-Identifier: PostgreSQL
-- Readings alone: explain_forecast, feature_importance and tune_model agree with what is served and what is trained.
\getenv here PG_ABS_SRCDIR
\set test cgm_explanation
\i :here/include/begin.sql
SET ROLE ben;
SELECT simulate_person(5, 22) AS ben \gset
SET ROLE anna;
SELECT simulate_person(1, 20) AS anna \gset
UPDATE person SET shares_data = true;
RESET ROLE;
UPDATE person SET shares_data = true WHERE owner = 'ben';
SET ROLE anna;
INSERT INTO person (person_id) VALUES (key('few')), (key('none'));
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('few'), '2026-01-05'::timestamptz + i * interval '5 minutes', 120 + i % 7 FROM generate_series(0, 72) i
  UNION ALL SELECT key('few'), '2026-01-08', 120;

-- Without a model: MG001.
SELECT call, test.expect(format('SELECT ' || call, :'anna')) FROM unnest(ARRAY[
  'explain_forecast(%L, ''2026-01-20 12:00'', 60)', 'feature_importance(%L, ''cgm'')']) call;

-- Of a person alone, and on top of the population's.
SELECT version FROM train_model(:'anna', 'cgm');
SET ROLE dora;
SELECT version FROM train_population_model('cgm');
SET ROLE anna;
SELECT version FROM train_model(:'anna', 'cgm', options => '{"deploy": true}');

-- The rows sum to the forecast: at fresh and old readings, at and between the model's horizons, of both heads.
CREATE TEMP VIEW asked AS
  SELECT at, version, head, minutes, jsonb_strip_nulls(jsonb_build_object('version', version, 'head', head)) AS options
  FROM unnest('{2026-01-10 07:30,2026-01-20 12:02,2026-01-22 23:59}'::timestamptz[]) at,
    unnest('{1.0.0,1.0.1}'::text[]) version, unnest('{median,mean,NULL}'::text[]) head,
    unnest('{1,5,17,60,92,120,150,1440}'::integer[]) minutes;
SELECT count(*) AS asked,
  count(*) FILTER (WHERE test.near(total, mg_dl, 5e-3)) AS adds_up,
  count(*) FILTER (WHERE n = names) AS each_once,
  count(*) FILTER (WHERE abs(baseline - mg_dl) > 0.5) > 30 AS more_than_the_baseline
FROM asked
JOIN LATERAL cgm_forecast(:'anna', at, options || jsonb_build_object('minutes', jsonb_build_array(minutes))) f ON true
JOIN LATERAL (
  SELECT sum(CASE feature WHEN 'baseline' THEN value ELSE contribution END) AS total,
    max(value) FILTER (WHERE feature = 'baseline') AS baseline, count(*) AS n, count(DISTINCT feature) AS names
  FROM explain_forecast(:'anna', asked.at, minutes, options)) e ON true;
-- The baseline comes first and is the last reading; the largest part comes next.
SELECT array_agg(feature ORDER BY feature COLLATE "C") AS features,
  array_agg(abs(contribution) ORDER BY i) FILTER (WHERE i > 1)
    = array_agg(abs(contribution) ORDER BY abs(contribution) DESC) FILTER (WHERE i > 1) AS ordered,
  max(feature) FILTER (WHERE i = 1) AS first
FROM explain_forecast(:'anna', '2026-01-20 12:02', 60) WITH ORDINALITY AS e (feature, value, contribution, i);
SELECT e.feature, test.near(e.value, r.mg_dl, 1e-3) AS last_reading
FROM explain_forecast(:'anna', '2026-01-20 12:02', 60) e, LATERAL (
  SELECT mg_dl FROM glucose_reading WHERE person_id = :'anna' AND measured_at <= '2026-01-20 12:02'
  ORDER BY measured_at DESC LIMIT 1) r
WHERE e.feature IN ('baseline', 'last_reading') ORDER BY 1;
SELECT feature FROM explain_forecast(:'anna', '2026-01-20 12:02', 60) WHERE value IS NULL ORDER BY feature COLLATE "C";

-- From an hour ahead the person's rhythm counts, beyond two and a half hours nothing else does.
SELECT minutes, count(*) FILTER (WHERE feature = 'rhythm') AS has_rhythm,
  count(*) FILTER (WHERE contribution <> 0 AND feature <> 'rhythm') > 0 AS others_count,
  bool_and(value BETWEEN 40 AND 300) FILTER (WHERE feature = 'rhythm') AS plausible
FROM unnest('{60,61,149,150,720,1440}'::integer[]) minutes, explain_forecast(:'anna', '2026-01-20 12:02', minutes)
GROUP BY minutes ORDER BY minutes;

-- The same as a document, with the disclaimer.
SELECT jsonb_array_length(explained -> 'rows') = (SELECT count(*)
  FROM explain_forecast(:'anna', '2026-01-20 12:02', 60))
    AS rows,
  explained ->> 'disclaimer' = disclaimer() AS disclaimer
FROM explain_forecast_json(:'anna', '2026-01-20 12:02', 60) explained;

-- Importance: of the test rows, by horizon, the largest first, the same again; of the population's model, of the
-- person's rows after all it has learnt from.
CREATE TEMP TABLE importance AS
  SELECT * FROM feature_importance(:'anna', 'cgm') WITH ORDINALITY AS f (feature, minutes_ahead, importance, n, i);
SELECT array_agg(DISTINCT minutes_ahead) AS minutes, count(*), count(DISTINCT feature) AS features,
  bool_and(n BETWEEN v.n_test - 40 AND v.n_test) AS of_test_rows,
  array_agg(importance ORDER BY i) = array_agg(importance ORDER BY minutes_ahead, importance DESC) AS ordered
FROM importance, model_version v WHERE v.version = '1.0.1';
SELECT minutes_ahead, feature, importance > 5 AS much FROM importance WHERE i % 9 = 1 ORDER BY 1;
SELECT count(*) AS differs FROM (
  SELECT feature, minutes_ahead, importance, n FROM importance EXCEPT SELECT *
  FROM feature_importance(:'anna', 'cgm')) d;
SELECT count(*) > 0 AS by_another_version FROM (
  SELECT feature, minutes_ahead, importance, n FROM importance
  EXCEPT SELECT * FROM feature_importance(:'anna', 'cgm', '1.0.0')) d;
SET ROLE ben;
SELECT count(*) AS after_what_was_learnt FROM feature_importance(:'ben', 'cgm');
SELECT count(DISTINCT feature) AS served_by_the_population FROM explain_forecast(:'ben', '2026-01-10 12:00', 60);
SET ROLE anna;

-- Tuning: every penalty once, ranked, on the rows before the test; what it finds can be passed on.
CREATE TEMP TABLE tuned AS SELECT * FROM tune_model(:'anna', 'linear', '{"l2": [10, 300, null]}', model_type => 'cgm');
SELECT count(*), count(DISTINCT params) AS different, array_agg(rank ORDER BY rmse, params -> 'l2' = 'null') AS ranks,
  bool_and(mae BETWEEN 1 AND rmse AND rmse < 100) AS sane, min(n) = max(n) AS on_the_same_rows,
  bool_and(n BETWEEN 1500 AND 4000) AS counted
FROM tuned;
SELECT count(DISTINCT rmse) AS the_usual_one_is_300 FROM tuned WHERE params <> '{"l2": 10}';
SELECT version, algorithm FROM train_model(:'anna', 'cgm', 'linear', '{"l2": 10, "deploy": false}');
SELECT hyperparameters -> 'l2' AS l2 FROM model_version WHERE version = '1.1.0';
SELECT count(DISTINCT sha256) AS different FROM model_version;
SELECT count(*) AS usual_grid
  FROM tune_model(:'anna', 'linear', options => '{"time_budget": 600}', model_type => 'cgm');
-- What happens later changes nothing: test rows are never looked at.
SELECT metadata ->> 'test_start' AS test_start FROM model_version WHERE version = '1.0.1' \gset
BEGIN;
UPDATE glucose_reading SET mg_dl = 400 WHERE person_id = :'anna' AND measured_at > :'test_start'::timestamptz;
SELECT count(*) AS same_as_before FROM tuned
JOIN tune_model(:'anna', 'linear', '{"l2": [10, 300, null]}', model_type => 'cgm') t USING (params, mae, rmse, n, rank);
ROLLBACK;

-- Whose it is not: as if there were nobody. Null is no value; what is wrong is named.
SET ROLE ben;
SELECT call, test.expect(format('SELECT ' || call, :'anna')) = format('P0002 person %s not found', :'anna') AS not_found
FROM unnest(ARRAY['explain_forecast(%L, ''2026-01-20 12:00'', 60)',
  'explain_forecast_json(%L, ''2026-01-20 12:00'', 60)',
  'feature_importance(%L, ''cgm'')', 'tune_model(%L, ''linear'', model_type => ''cgm'')']) call;
SET ROLE anna;
SELECT call, test.expect(format('SELECT ' || call, :'anna')), test.hint(format('SELECT ' || call, :'anna')) AS hint
FROM unnest(ARRAY['explain_forecast(NULL, now(), 60)', 'explain_forecast(%L, NULL, 60)',
  'explain_forecast(%L, now(), NULL)',
  'explain_forecast(%L, now(), 60, NULL)', 'explain_forecast(%L, ''2026-01-20'', 0)',
  'explain_forecast(%L, ''2026-01-20'', 1441)',
  'explain_forecast(%L, ''2026-01-20'', 60, ''{"head": "lad"}'')', 'explain_forecast(%L, ''2030-01-20'', 60)',
  'feature_importance(%L, NULL)', 'feature_importance(%L, ''cgm'', ''9.9.9'')',
  'tune_model(%L, NULL, model_type => ''cgm'')',
  'tune_model(%L, ''linear'', NULL, model_type => ''cgm'')', 'tune_model(%L, ''linear'', model_type => NULL)',
  'tune_model(%L, ''auto'', model_type => ''cgm'')', 'tune_model(%L, ''ridge'', model_type => ''cgm'')',
  'tune_model(%L, ''linear'', ''{"min_days": [7]}'', model_type => ''cgm'')',
  'tune_model(%L, ''linear'', ''{"l2": [-1]}'', model_type => ''cgm'')',
  'tune_model(key(''few''), ''linear'', options => ''{"min_days": 1}'', model_type => ''cgm'')',
  'tune_model(key(''few''), ''linear'', model_type => ''cgm'')']) call;

-- Where there is nothing to go through, there is nothing: no readings, no row of a period.
SELECT test.expect('SELECT train_model(key(''none''), ''cgm'')');
SELECT test.expect('SELECT tune_model(key(''none''), ''linear'', model_type => ''cgm'')');
SELECT (SELECT count(*) FROM evaluate_model(:'anna', 'cgm', NULL, '2030-01-01', '2030-02-01')) AS evaluated;

-- Nothing is written, and it goes on where nothing can be.
BEGIN READ ONLY;
SELECT count(*) > 0 AS explained FROM explain_forecast(:'anna', '2026-01-20 12:02', 60);
SELECT count(*) AS tuned FROM tune_model(:'anna', 'linear', '{"l2": [30]}', model_type => 'cgm');
COMMIT;
SET statement_timeout = '50ms';
SELECT test.expect(format('SELECT tune_model(%L, ''linear'', model_type => ''cgm'')', :'anna'));
RESET statement_timeout;
