-- SPDX-License-Identifier: PostgreSQL
-- The same answer to the same question is a pointer in the log; whatever changes the answer makes a row of its own.
\getenv here PG_ABS_SRCDIR
\set test cache
\i :here/include/begin.sql
-- What a second question says, and the newest row of the log.
CREATE FUNCTION test.again(call text, OUT cached boolean, OUT points_to_it boolean, OUT rows bigint)
LANGUAGE plpgsql VOLATILE AS $fn$
DECLARE
  document jsonb;
BEGIN
  EXECUTE 'SELECT ' || call INTO document;
  cached := document -> 'cached';
  SELECT p.cached_from IS NOT DISTINCT FROM (document ->> 'predictionId')::uuid AND p.predictions IS NULL
  INTO points_to_it FROM glucose.prediction p ORDER BY p.issued_at DESC LIMIT 1;
  SELECT count(*) INTO rows FROM glucose.prediction;
END
$fn$;
SET ROLE anna;
SELECT test.eater(1, 30) AS ada \gset
SELECT version FROM train_model(:'ada', algorithm => 'ridge', options => '{"deploy": true}');
SELECT version FROM train_model(:'ada', 'cgm', options => '{"deploy": true}');
SELECT meal_id AS meal, eaten_at AS eaten FROM meal WHERE person_id = :'ada' ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT format('glucose.predict_glucose(%L)', :'meal') AS ask,
       format('glucose.predict_glucose(%L, %L)', :'meal', '{"level": 0.5}') AS narrow,
       format('glucose.predict_glucose(%L, %L)', :'meal', '{"unit": "mmol/L"}') AS mmol,
       format('glucose.predict_cgm(%L, %L)', :'ada', :'eaten') AS cgm,
       format('glucose.predict_cgm(%L, %L, %L)', :'ada', :'eaten', '{"minutes": 20}') AS cgm_minutes,
       format('glucose.predict_cgm(%L, %L)', :'ada', :'eaten'::timestamptz + interval '1 minute') AS cgm_later \gset
SELECT * FROM test.again(:'ask');
SELECT * FROM test.again(:'ask');
SELECT * FROM test.again(:'ask');
-- Both documents are the same, but for when and that; only the whole row has values, is in the views, and counts.
SELECT predict_glucose(:'meal') AS one \gset
SELECT predict_glucose(:'meal') AS two \gset
SELECT (:'one'::jsonb #- '{provenance,lastUsed}') = (:'two'::jsonb #- '{provenance,lastUsed}') AS same,
       :'one'::jsonb -> 'provenance' ->> 'lastUsed' < :'two'::jsonb -> 'provenance' ->> 'lastUsed' AS used_since;
SELECT count(*), count(predictions), count(inputs_digest), count(score), count(latency_ms), count(issued_to),
       count(sha256), count(asked_at) FROM prediction;
SELECT count(DISTINCT prediction_id), count(*) FROM prediction_horizon;
-- Another option, moment or kind of question is another question, however often the first was asked.
SELECT * FROM test.again(:'narrow');
SELECT * FROM test.again(:'mmol');
SELECT * FROM test.again(:'mmol');
SELECT * FROM test.again(:'cgm');
SELECT * FROM test.again(:'cgm');
SELECT * FROM test.again(:'cgm_minutes');
SELECT * FROM test.again(:'cgm_later');
SELECT * FROM test.again(:'ask');
-- A reading, a change of one, one that goes, a meal, a meal eaten before, and the same as before again.
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
VALUES (:'ada', :'eaten'::timestamptz - interval '3 minutes', 250);
SELECT * FROM test.again(:'ask');
SELECT * FROM test.again(:'ask');
UPDATE glucose_reading SET mg_dl = 90
WHERE person_id = :'ada' AND measured_at = :'eaten'::timestamptz - interval '3 minutes';
SELECT * FROM test.again(:'ask');
DELETE FROM glucose_reading
WHERE person_id = :'ada' AND measured_at = :'eaten'::timestamptz - interval '3 minutes';
SELECT * FROM test.again(:'ask');
UPDATE meal SET carbs_g = carbs_g + 40 WHERE person_id = :'ada' AND meal_id = :'meal';
SELECT * FROM test.again(:'ask');
INSERT INTO meal (person_id, eaten_at, meal_type, carbs_g)
VALUES (:'ada', :'eaten'::timestamptz - interval '90 minutes', 'snack', 60);
SELECT * FROM test.again(:'ask');
-- A deployment, and back.
SELECT version FROM train_model(:'ada', algorithm => 'lad', options => '{"deploy": true}');
SELECT * FROM test.again(:'ask');
SELECT * FROM test.again(:'ask');
SELECT rollback_model(:'ada');
SELECT * FROM test.again(:'ask');
RESET ROLE;
-- Too long ago; switched off; the values gone; read-only.
UPDATE prediction SET issued_at = issued_at - interval '61 minutes';
SET ROLE anna;
SELECT * FROM test.again(:'ask');
SELECT test.expect('SET glucose.cache_ttl = 0');
RESET ROLE;
SET glucose.cache_ttl = 0;
SELECT * FROM test.again(:'ask');
SET glucose.cache_ttl = '3 h';
SELECT * FROM test.again(:'ask');
RESET glucose.cache_ttl;
UPDATE prediction SET purged_at = now(), predictions = NULL WHERE cached_from IS NULL;
SELECT * FROM test.again(:'ask');
BEGIN READ ONLY;
SELECT predict_glucose(:'meal') -> 'cached' AS cached;
COMMIT;
-- What was rolled back was not there.
DELETE FROM prediction;
BEGIN;
SELECT * FROM test.again(:'ask');
ROLLBACK;
SELECT * FROM test.again(:'ask');
-- Nine other questions in between: it is not looked for further than that.
SELECT count(predict_glucose(meal_id)) FROM (SELECT meal_id FROM meal WHERE person_id = :'ada' AND meal_id <> :'meal'
                                             ORDER BY eaten_at DESC LIMIT 9) m;
SELECT * FROM test.again(:'ask');
-- Two persons never share an answer, even of the same model and the same rows.
SET ROLE ben;
SELECT test.eater(1, 30) AS bob \gset
SELECT version FROM train_model(:'bob', algorithm => 'ridge', options => '{"deploy": true}');
SELECT predict_glucose(meal_id) -> 'cached' AS cached FROM meal WHERE person_id = :'bob' ORDER BY eaten_at DESC LIMIT 1;
RESET ROLE;
-- The service in a row, and whether it works: for watchers.
SET ROLE dora;
SELECT total_predictions, predictions_today = total_predictions AS all_today, predictions, cache_hit_rate_percent,
       active_models, avg_inference_time_ms > 0 AS avg, p95_inference_time_ms > 0 AS p95, queued_jobs, running_jobs
FROM stats();
SELECT predictions, cache_hit_rate_percent, avg_inference_time_ms FROM stats('infinity');
SELECT predictions = total_predictions AS all FROM stats('-infinity');
SELECT component, status, regexp_replace(detail, '[0-9.]+', '#', 'g') AS detail FROM service_status();
RESET ROLE;
INSERT INTO training_job (person_id, model_type, algorithm, options, queued_at)
VALUES (:'ada', 'glucose', 'ridge', '{}', now() - interval '2 hours');
INSERT INTO system_alert (kind, severity, message) VALUES ('x', 'warning', 'x');
INSERT INTO health_sample (name, value) VALUES ('x', 1);
UPDATE prediction SET mac = 'x' WHERE prediction_id = (SELECT prediction_id FROM prediction LIMIT 1);
SELECT component, status FROM service_status() WHERE component IN ('service', 'log', 'jobs', 'alerts', 'health_check');
SELECT queued_jobs FROM stats();
DELETE FROM training_job;
UPDATE system_alert SET resolved_at = now();
UPDATE prediction SET mac = NULL;
SELECT component, status FROM service_status() WHERE component IN ('service', 'log', 'jobs', 'alerts', 'health_check');
BEGIN READ ONLY;
SELECT component, status FROM service_status() WHERE component IN ('service', 'writing');
COMMIT;
SET ROLE anna;
SELECT test.expect('SELECT glucose.stats()'), test.expect('SELECT glucose.service_status()');
RESET ROLE;
-- Signed as other rows, and where it points to with it.
SELECT current_setting('data_directory') || '/pgg_cache_key' AS key_file \gset
COPY (SELECT repeat('0123456789abcdef', 4)) TO :'key_file';
ALTER DATABASE test_cache SET glucose.audit_key_file = 'pgg_cache_key';
\c
SET search_path = glucose, public;
DELETE FROM prediction;
SELECT (test.again(:'ask')).cached FROM generate_series(1, 2);
SELECT sealed_rows FROM seal_log();
SELECT count(*) FROM verify_log(:'ada');
UPDATE prediction SET cached_from = prediction_id WHERE cached_from IS NOT NULL;
SELECT what, count(*) FROM verify_log(:'ada') GROUP BY 1;
UPDATE prediction SET cached_from = NULL, predictions = '[]' WHERE cached_from IS NOT NULL;
SELECT what, count(*) FROM verify_log(:'ada') GROUP BY 1;
