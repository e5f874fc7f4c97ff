-- SPDX-License-Identifier: PostgreSQL
-- The same question is answered from the log, and a pointer there; whatever changes the answer, and whoever else asks,
-- makes a row of its own.
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
-- A question about a sensor that still sends: what is newer than any mark counts, too.
SET ROLE anna;
SELECT max(measured_at) AS newest FROM glucose_reading WHERE person_id = :'ada' \gset
SELECT format('glucose.predict_cgm(%L, %L)', :'ada', :'newest'::timestamptz + interval '5 minutes') AS now \gset
SELECT * FROM test.again(:'now');
SELECT * FROM test.again(:'now');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
VALUES (:'ada', :'newest'::timestamptz + interval '4 minutes', 180);
SELECT * FROM test.again(:'now');
SELECT * FROM test.again(:'now');
UPDATE glucose_reading SET mg_dl = 181 WHERE person_id = :'ada' AND measured_at > :'newest';
SELECT * FROM test.again(:'now');
DELETE FROM glucose_reading WHERE person_id = :'ada' AND measured_at > :'newest';
SELECT * FROM test.again(:'now');
-- All that within one transaction, and what is rolled back in it.
BEGIN;
SELECT * FROM test.again(:'ask');
UPDATE meal SET carbs_g = carbs_g + 1 WHERE person_id = :'ada' AND meal_id <> :'meal'
  AND eaten_at > :'eaten'::timestamptz - interval '2 days';
SELECT * FROM test.again(:'ask');
SELECT * FROM test.again(:'ask');
SAVEPOINT one;
UPDATE meal SET carbs_g = carbs_g + 1 WHERE person_id = :'ada' AND meal_id <> :'meal'
  AND eaten_at > :'eaten'::timestamptz - interval '2 days';
SELECT * FROM test.again(:'ask');
ROLLBACK TO one;
SELECT * FROM test.again(:'ask');
ROLLBACK;
-- Another zone is another clock; another unit of the person's is another document, computed and the same.
UPDATE person SET time_zone = 'Asia/Tokyo' WHERE person_id = :'ada';
SELECT cached FROM test.again(:'ask');
UPDATE person SET time_zone = 'UTC' WHERE person_id = :'ada';
SELECT predict_glucose(:'meal', '{"unit": "mmol/L"}') AS one,
  predict_glucose(:'meal', '{"unit": "mmol/L"}') AS two \gset
SELECT :'two'::jsonb -> 'cached' AS cached, :'one'::jsonb -> 'predictions' = :'two'::jsonb -> 'predictions' AS same,
       (:'two'::jsonb #>> '{predictions,0,glucose}')::real < 40 AS in_mmol;
-- Whoever else asks, a caregiver with the person's own question, is answered anew, with a row of its own; then again.
INSERT INTO person_access VALUES (:'ada', 'cara');
SELECT predict_glucose(:'meal') ->> 'predictionId' AS anna_s \gset
SET ROLE cara;
SELECT predict_glucose(:'meal') AS first, predict_glucose(:'meal') AS second \gset
SELECT :'first'::jsonb -> 'cached' AS first, :'second'::jsonb -> 'cached' AS second,
       :'first'::jsonb ->> 'predictionId' = :'anna_s' AS anna_s,
       :'first'::jsonb ->> 'predictionId' = :'second'::jsonb ->> 'predictionId' AS own,
       :'first'::jsonb -> 'predictions' = :'second'::jsonb -> 'predictions' AS same;
SET ROLE anna;
SELECT predict_glucose(:'meal') ->> 'predictionId' = :'anna_s' AS still_hers;
SELECT issued_to, count(*) FILTER (WHERE cached_from IS NULL) AS whole, count(DISTINCT w.issued_to) AS askers
FROM prediction p JOIN LATERAL (SELECT o.issued_to FROM prediction o WHERE o.prediction_id
  = coalesce(p.cached_from, p.prediction_id)) w USING (issued_to) GROUP BY 1 ORDER BY 1;
-- Another session finds what this one was answered, and one that keeps nothing computes.
SELECT predict_glucose(:'meal') ->> 'predictionId' AS before \gset
\c
SET search_path = glucose, public;
SET timezone = 'UTC';
SET ROLE anna;
-- While a transaction goes on that had written before this session began, be it autovacuum's, everything is read anew.
SELECT set_config('test.meal', :'meal', false) IS NOT NULL AS meal;
DO $$
BEGIN
  FOR i IN 1 .. 600 LOOP
    PERFORM glucose_forecast(current_setting('test.meal')::uuid);
    EXIT WHEN (SELECT kept > 0 FROM serving_stats());
    COMMIT;
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;
SELECT predict_glucose(:'meal') ->> 'predictionId' = :'before' AS same_row;
RESET ROLE;
SET glucose.cache_size = 0;
SET ROLE anna;
SELECT predict_glucose(:'meal') -> 'cached' AS cached;
RESET glucose.cache_size;
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
SELECT cached FROM test.again(:'ask');
UPDATE prediction SET issued_at = issued_at - interval '2 hours';
SELECT cached FROM test.again(:'ask');
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
-- However many other questions are in between.
SELECT count(predict_glucose(meal_id)) FROM (SELECT meal_id FROM meal WHERE person_id = :'ada' AND meal_id <> :'meal'
                                             ORDER BY eaten_at DESC LIMIT 9) m;
SELECT * FROM test.again(:'ask');
-- Two persons never share an answer, even of the same model and the same rows.
SET ROLE ben;
SELECT test.eater(1, 30) AS bob \gset
SELECT version FROM train_model(:'bob', algorithm => 'ridge', options => '{"deploy": true}');
SELECT predict_glucose(meal_id) -> 'cached' AS cached FROM meal WHERE person_id = :'bob' ORDER BY eaten_at DESC LIMIT 1;
-- Metrics of days and events: nothing but what is stored of the days themselves is read again.
RESET ROLE;
SELECT define_event('active', '1 day', '7 days', '{"at": "evening", "yes_if": {"metric": "STEPS", "above": 8000}}');
SET ROLE ben;
SELECT simulate_person(1, 150) AS bea \gset
SELECT version FROM train_metric(:'bea', 'RESTING_HEART_RATE', 'ridge');
SELECT version FROM train_event(:'bea', 'active');
SELECT max(day) AS day FROM daily_metric WHERE person_id = :'bea' \gset
SELECT format('glucose.predict_metric(%L, ''RESTING_HEART_RATE'', %L)', :'bea', :'day') AS metric,
       format('glucose.predict_event(%L, ''active'', %L)', :'bea', :'day'::timestamptz) AS event \gset
RESET ROLE;
CREATE FUNCTION test.both(text, text, OUT metric boolean, OUT event boolean) LANGUAGE plpgsql AS $fn$
DECLARE
  document jsonb;
BEGIN
  EXECUTE 'SELECT ' || $1 INTO document;
  metric := document -> 'cached';
  EXECUTE 'SELECT ' || $2 INTO document;
  event := document -> 'cached';
END
$fn$;
SET ROLE ben;
SELECT predict_metric(:'bea', 'RESTING_HEART_RATE', :'day') AS m1,
  predict_event(:'bea', 'active', :'day'::timestamptz) AS e1 \gset
SELECT predict_metric(:'bea', 'RESTING_HEART_RATE', :'day') AS m2,
  predict_event(:'bea', 'active', :'day'::timestamptz) AS e2 \gset
SELECT :'m2'::jsonb -> 'cached' AS metric,
  :'m1'::jsonb - '{predicted_at,cached}'::text[] = :'m2'::jsonb - '{predicted_at,cached}'::text[] AS same,
       :'e2'::jsonb -> 'cached' AS event,
       :'e1'::jsonb - '{predicted_at,cached}'::text[] = :'e2'::jsonb - '{predicted_at,cached}'::text[] AS same;
-- What a document tells beside is numbers one after the other, without what happened to lie between them in memory. A
-- row that says it otherwise, as an earlier version did, is not read; the next answer is.
RESET ROLE;
SELECT DISTINCT split_part(model_type, ':', 1) AS kind, octet_length(said) AS bytes, get_byte(said, 0) AS format
FROM prediction WHERE said IS NOT NULL ORDER BY 1;
CREATE FUNCTION test.say(as_read bytea) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
  UPDATE glucose.prediction SET said = as_read WHERE said IS NOT NULL $$;
CREATE FUNCTION test.after(as_read bytea, call text, OUT first boolean, OUT second boolean) LANGUAGE plpgsql AS $fn$
BEGIN
  PERFORM test.say(as_read);
  EXECUTE format('SELECT %s -> ''cached''', call) INTO first;
  EXECUTE format('SELECT %s -> ''cached''', call) INTO second;
END
$fn$;
CREATE TABLE test.written AS SELECT DISTINCT ON (kind) kind, said FROM prediction,
  split_part(model_type, ':', 1) kind WHERE said IS NOT NULL ORDER BY kind, issued_at;
GRANT SELECT ON test.written TO PUBLIC;
BEGIN;
SET LOCAL ROLE anna;
SELECT what, a.* FROM test.written w, LATERAL (VALUES ('as an earlier version', decode(repeat('00', 32), 'hex')),
  ('the same of ones', decode(repeat('01', 32), 'hex')), ('empty', ''), ('format alone', substr(said, 1, 1)),
  ('cut', substr(said, 1, length(said) - 1)), ('longer', said || '\x00'::bytea),
  ('another format', set_byte(said, 0, 2)),
  ('as it was', said)) v (what, bytes), test.after(bytes, :'ask') a WHERE kind = 'glucose';
SET LOCAL ROLE ben;
SELECT what, a.* FROM test.written w, LATERAL (VALUES ('as an earlier version', decode(repeat('00', 72), 'hex')),
  ('cut', substr(said, 1, length(said) - 1)), ('another format', set_byte(said, 0, 2)), ('as it was', said)) v (what,
  bytes), test.after(bytes, :'metric') a WHERE kind = 'daily';
SELECT what, a.* FROM test.written w, LATERAL (VALUES ('as an earlier version', decode(repeat('00', 28), 'hex')),
  ('cut', substr(said, 1, length(said) - 1)), ('another format', set_byte(said, 0, 2)), ('as it was', said)) v (what,
  bytes), test.after(bytes, :'event') a WHERE kind = 'event';
ROLLBACK;
SET ROLE ben;
-- The outcome of an answer that was given again is that of the one it was first.
SELECT m.cached_from AS first, m.prediction_id AS again FROM prediction m WHERE m.person_id = :'bea'
  AND m.model_type = 'daily:RESTING_HEART_RATE' AND m.cached_from IS NOT NULL ORDER BY m.issued_at LIMIT 1 \gset
BEGIN;
DELETE FROM daily_metric WHERE person_id = :'bea' AND day >= :'day';
SELECT record_outcome(:'again', '62'), record_outcome(:'again', '63', person_id => :'bea');
SELECT prediction_id = :'first' AS is_first, value FROM recorded_outcome;
ROLLBACK;
-- In words of another language, from the same row.
SELECT predict_metric(:'bea', 'RESTING_HEART_RATE', :'day', '{"lang": "de"}') -> 'cached' AS metric;
-- A value of a day, one of a day long before, a reading of a day, a meal; another order of sources.
UPDATE daily_metric SET value = value + 1 WHERE person_id = :'bea' AND metric = 'STEPS' AND day = :'day'::date - 3;
SELECT * FROM test.both(:'metric', :'event');
SELECT * FROM test.both(:'metric', :'event');
DELETE FROM daily_metric WHERE person_id = :'bea' AND metric = 'STEPS' AND day = :'day'::date - 4;
SELECT * FROM test.both(:'metric', :'event');
UPDATE glucose_reading SET mg_dl = mg_dl + 1
WHERE person_id = :'bea' AND measured_at = (SELECT max(measured_at) FROM glucose_reading
                                            WHERE person_id = :'bea'
                                            AND measured_at < :'day'::timestamptz - interval '5 days');
SELECT * FROM test.both(:'metric', :'event');
UPDATE glucose_reading SET mg_dl = mg_dl + 1
WHERE person_id = :'bea' AND measured_at = (SELECT max(measured_at) FROM glucose_reading
                                            WHERE person_id = :'bea'
                                            AND measured_at < :'day'::timestamptz - interval '5 days');
SELECT * FROM test.both(:'metric', :'event');
SELECT * FROM test.both(:'metric', :'event');
UPDATE meal SET carbs_g = carbs_g + 1
WHERE person_id = :'bea' AND eaten_at BETWEEN :'day'::timestamptz - interval '2 days' AND :'day'::timestamptz;
SELECT * FROM test.both(:'metric', :'event');
INSERT INTO daily_metric (person_id, day, metric, source, value, unit)
SELECT person_id, day, metric, 'another', value + 1, unit FROM daily_metric
WHERE person_id = :'bea' AND metric = 'RESTING_HEART_RATE' AND day = :'day'::date - 2;
SELECT * FROM test.both(:'metric', :'event');
INSERT INTO source_preference (person_id, metric, sources)
SELECT :'bea', 'RESTING_HEART_RATE', ARRAY[source] FROM daily_metric WHERE person_id = :'bea' AND source > 'another'
  LIMIT 1;
SELECT * FROM test.both(:'metric', :'event');
SELECT * FROM test.both(:'metric', :'event');
-- Metrics of days for longer than the others: 24 hours.
RESET ROLE;
UPDATE prediction SET issued_at = issued_at - interval '23 hours' WHERE person_id = :'bea';
SET ROLE ben;
SELECT * FROM test.both(:'metric', :'event');
RESET ROLE;
DELETE FROM prediction WHERE person_id = :'bea';
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
