-- SPDX-License-Identifier: PostgreSQL
-- What counts once: a meal in several lines, a day with readings, a meal asked about again; and clocks that are wrong.
\getenv here PG_ABS_SRCDIR
\set test counting
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE PROCEDURE test.in_lines(apart interval) LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM glucose.meal;
  INSERT INTO glucose.meal SELECT person_id, CASE i WHEN 0 THEN meal_id ELSE gen_random_uuid() END,
    eaten_at + i * apart,
    meal_type, calories / 3, carbs_g / 3, protein_g / 3, fat_g / 3, fiber_g / 3 FROM whole, generate_series(0, 2) i;
END $$;
SET ROLE anna;

-- Nine meals in 27 lines are nine, at one moment or within a quarter of an hour.
SELECT simulate_person(1, 12) AS p \gset
DELETE FROM meal WHERE meal_id NOT IN (SELECT meal_id FROM meal ORDER BY eaten_at LIMIT 9);
CREATE TEMP TABLE whole AS SELECT * FROM meal;
CREATE TEMP TABLE dataset AS SELECT * FROM training_dataset(:'p');
SELECT test.expect(format('SELECT train_model(%L)', :'p'));
CALL test.in_lines('0');
SELECT count(*) AS lines FROM meal;
SELECT test.expect(format('SELECT train_model(%L)', :'p'));
CALL test.in_lines('7 min');
SELECT test.expect(format('SELECT train_model(%L)', :'p'));
-- With the nutrients of all: the same rows as of the whole meals.
SELECT count(*) AS meals, bool_and(d.eaten_at = w.eaten_at AND d.targets = w.targets) AS same_outcome, max((
  SELECT max(abs(a - b)) FROM unnest(d.features, w.features) f (a, b))) < 0.01 AS same_features
  FROM training_dataset(:'p') d JOIN dataset w USING (meal_id);
-- Twenty minutes apart they are three.
CALL test.in_lines('20 min');
SELECT count(*) > 20 AS snacks FROM training_dataset(:'p');
DELETE FROM person;

-- A forecast of any line is of the whole meal, as far as it was eaten by then.
SELECT simulate_person(2, 30) AS p \gset
SELECT version, n_train + n_validation + n_test AS meals FROM train_model(:'p', 'glucose', 'ridge') \gset
SELECT meal_id AS m, eaten_at AS at FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset
CREATE TEMP TABLE said AS SELECT * FROM glucose_forecast(:'m');
DELETE FROM whole;
INSERT INTO whole SELECT * FROM meal;
CALL test.in_lines('0');
SELECT (SELECT n_train + n_validation + n_test FROM train_model(:'p', 'glucose', 'ridge')) = :meals AS as_many,
  active_model_version(:'p') = :'version' AS still_serves;
SELECT count(*) AS lines, bool_and(test.near(f.mg_dl, s.mg_dl, 0.05)) AS each_the_whole
  FROM meal, glucose_forecast(meal_id) f JOIN said s USING (minutes_ahead)
  WHERE eaten_at = :'at' AND minutes_ahead = 60;
SELECT test.near(f.mg_dl, (predict_meal(:'p', jsonb_build_object('eaten_at', :'at'::timestamptz + interval '1 s',
    'meal_type', meal_type, 'calories', calories, 'carbs_g', carbs_g, 'protein_g', protein_g, 'fat_g', fat_g,
    'fiber_g', fiber_g)) #> '{predictions,0,glucose}')::float8, 3) AS a_line_alone_is_less
  FROM whole w, said f WHERE w.meal_id = :'m' AND f.minutes_ahead = 60;
DELETE FROM meal;
INSERT INTO meal SELECT * FROM whole;
-- Repeated questions, other lines and other levels: a meal counts once, and the level is said.
RESET ROLE;
DELETE FROM prediction;
DELETE FROM model_version;
SET ROLE anna;
SELECT version FROM train_model(:'p', 'glucose', 'ridge', '{"end_at": "2026-01-28Z"}');
INSERT INTO meal SELECT person_id, key('line of ' || meal_id), eaten_at + interval '5 min', meal_type, 10, 1, 1, 0, 0
  FROM meal WHERE eaten_at >= '2026-01-30' AND eaten_at < '2026-02-01';
SELECT count(predict_glucose(meal_id)) > 6 AS asked FROM meal, generate_series(1, 3)
  WHERE eaten_at >= '2026-01-30' AND eaten_at < '2026-02-01';
SELECT count(predict_glucose(meal_id, '{"level": 0.5}')) > 2 AS asked FROM meal
  WHERE eaten_at >= '2026-02-01' AND eaten_at < '2026-02-02';
CREATE TEMP TABLE eaten AS SELECT CASE WHEN eaten_at < '2026-02-01' THEN 0.9 ELSE 0.5 END::real AS level, count(*) AS n
  FROM whole WHERE eaten_at >= '2026-01-30' AND eaten_at < '2026-02-02' GROUP BY 1;
SELECT DISTINCT l.level, l.n <= e.n AND l.n >= e.n - 1 AS once_a_meal FROM live_accuracy(:'p') l
  JOIN eaten e USING (level)
  ORDER BY 1;
SELECT DISTINCT l.level, sum(l.n) <= max(e.n) AS once_a_meal FROM model_live_accuracy l JOIN eaten e USING (level)
  GROUP BY l.level, l.minutes_ahead ORDER BY 1;
SELECT level, count(*) > 0 AS logged FROM prediction GROUP BY level ORDER BY level;

-- Days are days with readings: one reading of a clock a year wrong is not a year.
INSERT INTO person (person_id) VALUES (key('few days'));
INSERT INTO glucose_reading SELECT key('few days'), t, 120 + extract(hour FROM t)
  FROM generate_series('2026-01-01'::timestamptz, '2026-01-03', '5 min') t;
INSERT INTO meal (person_id, eaten_at, meal_type) SELECT key('few days'), t, 'snack'
  FROM generate_series('2026-01-01 04:00'::timestamptz, '2026-01-02 20:00', '1 h') t;
SELECT model, test.expect(format('SELECT train_model(key(''few days''), %L)', model))
  FROM unnest('{glucose,cgm}'::text[]) model;
INSERT INTO glucose_reading VALUES (key('few days'), '2001-01-01', 120), (key('few days'), '2030-01-01', 120);
SELECT model, test.expect(format('SELECT train_model(key(''few days''), %L)', model))
  FROM unnest('{glucose,cgm}'::text[]) model;

-- The future is named, and does not hide what comes after it.
SELECT simulate_person(3, 40) AS q \gset
SELECT version FROM train_model(:'q', 'glucose', 'ridge');
INSERT INTO glucose_reading SELECT person_id, measured_at + interval '100 years', mg_dl FROM glucose_reading
  WHERE person_id = :'q' AND measured_at >= '2026-02-12' AND measured_at < '2026-02-13';
INSERT INTO meal SELECT person_id, gen_random_uuid(), eaten_at + interval '100 years', meal_type, calories, carbs_g,
  protein_g, fat_g, fiber_g FROM meal WHERE person_id = :'q' AND eaten_at >= '2026-02-12' AND eaten_at < '2026-02-13';
SELECT version, is_production_ready, quality_issues[cardinality(quality_issues)] ~ 'in the future$' AS named
  FROM train_model(:'q', 'glucose', 'ridge', '{"deploy": true}');
SELECT version, quality_issues[cardinality(quality_issues)] ~ 'in the future$' AS named FROM train_model(:'q', 'cgm');
SELECT predict_glucose(meal_id) #> '{provenance,inFuture}' AS in_future FROM meal WHERE person_id = :'q'
  ORDER BY eaten_at DESC LIMIT 1;
DELETE FROM glucose_reading WHERE person_id = :'q' AND measured_at > '2100-01-01';
DELETE FROM meal WHERE person_id = :'q' AND eaten_at > '2100-01-01';
SELECT version, quality_issues::text ~ 'future' AS named
  FROM train_model(:'q', 'glucose', 'ridge', '{"deploy": true}');
INSERT INTO glucose_reading SELECT person_id, measured_at + interval '60 days', mg_dl FROM glucose_reading
  WHERE person_id = :'q' AND measured_at < '2026-02-04';
INSERT INTO meal SELECT person_id, gen_random_uuid(), eaten_at + interval '60 days', meal_type, calories, carbs_g,
  protein_g, fat_g, fiber_g FROM meal WHERE person_id = :'q' AND eaten_at < '2026-02-04';
SELECT needed, new_meals > 100 AS all_new FROM check_retraining(:'q');
-- Lines are no new meals.
SELECT new_meals AS before FROM check_retraining(:'q') \gset
INSERT INTO meal SELECT person_id, gen_random_uuid(), eaten_at, 'snack', 1, 1, 1, 1, 1 FROM meal
  WHERE person_id = :'q' AND eaten_at > '2026-03-01';
SELECT new_meals = :before AS lines_are_no_meals FROM check_retraining(:'q');

-- Ready for production only when enough meals have been measured on.
SELECT n_test, is_production_ready AS ready, quality_issues[cardinality(quality_issues) - 1] AS issue
  FROM train_model(:'q', 'glucose', 'persistence', '{"end_at": "2026-01-12Z", "min_days": 5, "deploy": false}');

-- Imported history that says it was learnt only now: the error names the cause, and one statement mends it.
UPDATE glucose_reading SET recorded_at = now() WHERE person_id = :'q';
SELECT test.expect(format('SELECT train_model(%L, ''glucose'', ''ridge'')', :'q')),
  test.hint(format('SELECT train_model(%L, ''glucose'', ''ridge'')', :'q'));
SELECT regexp_replace(test.expect(format('SELECT predict_glucose(%L)', meal_id)), '\d\d\d\d-.*', ''),
  test.hint(format('SELECT predict_glucose(%L)', meal_id)) IS NOT NULL AS hint
  FROM meal WHERE person_id = :'q' ORDER BY eaten_at DESC LIMIT 1;
SELECT test.expect(format('SELECT cgm_forecast(%L, ''2026-02-02 12:00'')', :'q'));
UPDATE glucose_reading SET recorded_at = NULL WHERE person_id = :'q' AND recorded_at > measured_at + interval '1 hour';
SELECT n_train > 100 AS mended FROM train_model(:'q', 'glucose', 'ridge');
