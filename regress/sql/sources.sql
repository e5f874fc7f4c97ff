-- SPDX-License-Identifier: PostgreSQL
-- What a logged answer rested on, row by row, and what became of it.
\getenv here PG_ABS_SRCDIR
\set test sources
\i :here/include/begin.sql
ALTER DATABASE test_sources SET glucose.audit_inputs = 'full';
\c
SET search_path = glucose, public;
SET timezone = 'UTC';
SET ROLE anna;
SELECT test.eater(1, 30) AS ada \gset
SELECT version FROM train_model(:'ada', algorithm => 'ridge', options => '{"deploy": true}');
SELECT version FROM train_model(:'ada', 'cgm', options => '{"deploy": true}');
SELECT meal_id AS meal, eaten_at AS eaten FROM meal WHERE person_id = :'ada' ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT predict_glucose(:'meal') ->> 'predictionId' AS asked \gset
SELECT predict_cgm(:'ada', :'eaten', '{"minutes": [20, 40]}') ->> 'predictionId' AS cgm \gset
-- Nothing has changed: the digest fits, and these are the rows.
SELECT kind, status, count(*), count(value), count(logged_value), count(name) FROM prediction_sources(:'asked')
  GROUP BY 1, 2
ORDER BY 1;
SELECT kind, status, count(*) FROM prediction_sources(:'cgm') GROUP BY 1, 2 ORDER BY 1;
SELECT count(*) AS not_as_stored FROM prediction_sources(:'asked', :'ada') s
LEFT JOIN glucose_reading r ON r.person_id = :'ada' AND r.measured_at = s.at AND r.mg_dl = s.logged_value
LEFT JOIN meal m ON m.person_id = :'ada' AND m.meal_id = CASE WHEN s.kind = 'meal' THEN s.name::uuid END
                    AND m.carbs_g = s.logged_value
WHERE s.kind <> 'inputs' AND r.measured_at IS NULL AND m.meal_id IS NULL;
-- A pointer says what its row rests on.
SELECT prediction_id AS pointer FROM prediction WHERE cached_from IS NOT NULL
UNION ALL SELECT (predict_glucose(:'meal') ->> 'predictionId')::uuid LIMIT 1 \gset
SELECT count(*) = (SELECT count(*) FROM prediction_sources(:'asked')) AS same FROM prediction_sources(:'pointer');
-- One changed, one deleted, one added of each; the rest is the same.
BEGIN;
SELECT max(measured_at) AS last FROM glucose_reading WHERE person_id = :'ada' AND measured_at <= :'eaten' \gset
UPDATE glucose_reading SET mg_dl = mg_dl + 30 WHERE person_id = :'ada' AND measured_at = :'last';
DELETE FROM glucose_reading WHERE person_id = :'ada' AND measured_at = (SELECT max(measured_at) FROM glucose_reading
  WHERE person_id = :'ada' AND measured_at < :'last');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  VALUES (:'ada', :'last'::timestamptz - interval '1 minute', 99);
INSERT INTO glucose_reading (person_id, measured_at, mg_dl, recorded_at)
VALUES (:'ada', :'last'::timestamptz - interval '2 minutes', 98, now());
SELECT kind, :'last'::timestamptz - at AS before, round(value - logged_value) AS by, value,
  logged_value IS NOT NULL AS logged,
       recorded_at > at AS recorded_later, status
FROM prediction_sources(:'asked') WHERE status <> 'same' ORDER BY kind, at;
SELECT kind, status, count(*) FROM prediction_sources(:'cgm') GROUP BY 1, 2 ORDER BY 1, 2;
ROLLBACK;
BEGIN;
UPDATE meal SET carbs_g = carbs_g + 7 WHERE person_id = :'ada' AND meal_id = :'meal';
INSERT INTO meal (person_id, eaten_at, meal_type, carbs_g)
  VALUES (:'ada', :'eaten'::timestamptz - interval '1 hour', 'snack', 11);
SELECT kind, value - logged_value AS by, value = 11 AS is_new, status FROM prediction_sources(:'asked')
  WHERE status <> 'same'
ORDER BY kind, status;
-- What has been put back is the same again.
UPDATE meal SET carbs_g = carbs_g - 7 WHERE person_id = :'ada' AND meal_id = :'meal';
DELETE FROM meal WHERE person_id = :'ada' AND carbs_g = 11;
SELECT status, count(*) > 1 AS several FROM prediction_sources(:'asked') GROUP BY 1;
-- Not its carbohydrate but what else it was made of; eaten at another time; the meal that was asked about deleted.
UPDATE meal SET fat_g = coalesce(fat_g, 0) + 5 WHERE person_id = :'ada' AND meal_id = :'meal';
SELECT kind, value = logged_value AS same_carbs, status FROM prediction_sources(:'asked')
  WHERE kind = 'meal' AND status <> 'same';
UPDATE meal SET eaten_at = eaten_at - interval '10 minutes' WHERE person_id = :'ada' AND meal_id = :'meal';
SELECT kind, status FROM prediction_sources(:'asked') WHERE status <> 'same' ORDER BY 1;
DELETE FROM meal WHERE person_id = :'ada' AND meal_id = :'meal';
SELECT kind, value, status FROM prediction_sources(:'asked') WHERE status <> 'same' ORDER BY 1;
ROLLBACK;
-- Further back than the rows that are named, and still in the digest.
BEGIN;
UPDATE glucose_reading SET mg_dl = least(mg_dl + 60, 500) WHERE person_id = :'ada'
  AND measured_at BETWEEN :'eaten'::timestamptz - interval '5 days' AND :'eaten'::timestamptz - interval '1 day';
SELECT kind, status, count(*) FROM prediction_sources(:'asked') GROUP BY 1, 2 ORDER BY 1;
ROLLBACK;
-- With the digest alone what is deleted has no name, but is known to be missing; what is recorded later is.
RESET ROLE;
SET glucose.audit_inputs = 'digest';
SET glucose.cache_ttl = 0;
SET ROLE anna;
SELECT predict_glucose(:'meal') ->> 'predictionId' AS digest \gset
SELECT kind, status, count(*), count(value), count(logged_value) FROM prediction_sources(:'digest') GROUP BY 1, 2
  ORDER BY 1;
BEGIN;
DELETE FROM glucose_reading WHERE person_id = :'ada' AND measured_at = :'last';
INSERT INTO glucose_reading (person_id, measured_at, mg_dl, recorded_at)
VALUES (:'ada', :'last'::timestamptz - interval '2 minutes', 98, now());
SELECT kind, status, count(*) FROM prediction_sources(:'digest') GROUP BY 1, 2 ORDER BY 1, 2;
ROLLBACK;
-- A meal that was described is not stored: its question cannot be asked again, its rows can be looked at.
SELECT predict_meal(:'ada', jsonb_build_object('carbs_g', 40, 'eaten_at', :'eaten'::timestamptz)) ->> 'predictionId'
  AS given \gset
SELECT kind, status, count(*) FROM prediction_sources(:'given') GROUP BY 1, 2 ORDER BY 1;
-- A model that is gone cannot be asked again.
RESET ROLE;
BEGIN;
UPDATE prediction SET sha256 = sha256('\x00'), version = '9.9.9' WHERE prediction_id = :'asked';
SELECT kind, status, count(*) FROM prediction_sources(:'asked', :'ada') GROUP BY 1, 2 ORDER BY 1;
ROLLBACK;
-- Metrics of days: all that was stored of them.
SET glucose.audit_inputs = 'full';
SET ROLE ben;
SELECT simulate_person(1, 100) AS bea \gset
SELECT version FROM train_metric(:'bea', 'RESTING_HEART_RATE', 'ridge');
SELECT max(day) AS day FROM daily_metric WHERE person_id = :'bea' \gset
SELECT predict_metric(:'bea', 'RESTING_HEART_RATE', :'day') IS NOT NULL AS answered;
SELECT prediction_id AS metric FROM prediction WHERE person_id = :'bea' \gset
SELECT kind, status, count(*) > 5 AS many FROM prediction_sources(:'metric') GROUP BY 1, 2 ORDER BY 1;
UPDATE daily_metric SET value = value + 3 WHERE person_id = :'bea' AND metric = 'RESTING_HEART_RATE'
  AND day = :'day'::date - 1;
DELETE FROM daily_metric WHERE person_id = :'bea' AND metric = 'STEPS' AND day = :'day'::date - 2;
INSERT INTO daily_metric (person_id, day, metric, value, unit, recorded_at)
SELECT :'bea', :'day'::date - n, name, 1, unit, CASE n WHEN 4 THEN now() END
FROM metric, unnest('{3,4}'::integer[]) n WHERE name = 'CAFFEINE_INTAKE';
SELECT kind, :'day'::date - day AS days_before, name, value - logged_value AS by, status
FROM prediction_sources(:'metric') WHERE status <> 'same' ORDER BY kind, name, days_before;
-- Somebody else's, one that is not there, none; a caregiver may.
SELECT test.expect(format('SELECT glucose.prediction_sources(%L)', :'asked')) = 'P0002 prediction ' || :'asked'
  || ' not found' AS other,
       test.expect(format('SELECT glucose.prediction_sources(%L, %L)', :'asked', :'ada')) = 'P0002 prediction '
       || :'asked' || ' not found' AS named,
       test.expect(format('SELECT glucose.prediction_sources(%L, %L)', :'asked', :'bea')) = 'P0002 prediction '
       || :'asked' || ' not found' AS other_person,
       test.expect(format('SELECT glucose.prediction_sources(%L)', key('none'))) = 'P0002 prediction ' || key('none')
       || ' not found' AS none,
       test.expect('SELECT glucose.prediction_sources(NULL)');
SET ROLE anna;
INSERT INTO person_access VALUES (:'ada', 'cara');
SET ROLE cara;
SELECT count(*) > 5 AS sees FROM prediction_sources(:'asked');
SET ROLE frank;
SELECT test.expect(format('SELECT glucose.prediction_sources(%L)', :'asked'));
RESET ROLE;
-- Without a digest, and when the values are gone.
SET glucose.audit_inputs = 'none';
SET ROLE anna;
SELECT predict_glucose(:'meal') ->> 'predictionId' AS no_digest \gset
SELECT replace(test.expect(format('SELECT glucose.prediction_sources(%L)', :'no_digest')), :'no_digest', '…') AS error,
       test.hint(format('SELECT glucose.prediction_sources(%L)', :'no_digest'));
RESET ROLE;
SET glucose.values_retention = 0;
SET glucose.rollback_window = 0;
UPDATE deployment SET deployed_at = deployed_at - interval '1 year';
CALL purge();
SELECT count(sources), count(question), count(said) FROM prediction;
SET ROLE anna;
SELECT replace(test.expect(format('SELECT glucose.prediction_sources(%L)', :'asked')), :'asked', '…') AS error,
       test.hint(format('SELECT glucose.prediction_sources(%L)', :'asked'));
