-- SPDX-License-Identifier: PostgreSQL
-- The 28 features of meals whose numbers can be worked out by hand, and that nothing later can change them.
\getenv here PG_ABS_SRCDIR
\set test features
\i :here/include/begin.sql
SET ROLE anna;
SELECT cardinality(feature_names()) AS features, count(*) AS in_schema,
  bool_and(name = (feature_names())[index]) AS same_names,
       count(*) FILTER (WHERE low <= high) AS ranges FROM feature_schema();

SELECT count(*) AS rich, count(DISTINCT name) = count(*) AS names_differ, max(index) AS last,
  bool_and(low IS NULL AND high IS NULL AND nullable) AS no_ranges FROM feature_schema('meal/2');
SELECT test.expect('SELECT * FROM feature_schema(''meal/3'')'), test.hint('SELECT * FROM feature_schema(NULL)');

-- A lunch on Wednesday 2026-07-15 at 12:30 in Berlin, that is 10:30 UTC. Readings every 15 minutes from 07:45 UTC on:
-- 100, 103 … 133; two breakfasts before, one with unknown carbohydrate, one 31 days ago.
INSERT INTO person (person_id, time_zone) VALUES (key('hand'), 'Europe/Berlin');
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g) VALUES
  (key('hand'), key('lunch'), '2026-07-15 10:30', 'lunch', 600, 75.5, NULL, 0, 8),
  (key('hand'), key('b1'), '2026-07-15 06:00', 'breakfast', 300, 40, 10, 10, 4),
  (key('hand'), key('b2'), '2026-07-14 06:00', 'breakfast', 300, 20, 10, 10, 4),
  (key('hand'), key('b3'), '2026-07-13 06:00', 'breakfast', 300, NULL, 10, 10, 4),
  (key('hand'), key('b4'), '2026-06-14 06:00', 'breakfast', 300, 500, 10, 10, 4);
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('hand'), timestamptz '2026-07-15 07:45' + i * interval '15 min', 100 + 3 * i FROM generate_series(0, 11) i;
SELECT test.differences(feature_names(), extract_features(key('lunch')), ARRAY[
  600, 75.5, NULL, 0, 8,  0, 1, 0, 0,
  sin(2 * pi() * 750 / 1440), cos(2 * pi() * 750 / 1440), sin(2 * pi() * 3 / 7), cos(2 * pi() * 3 / 7),
  100, 103, 106, 109, 112, 115, 118, 121, 124, 127, 130, 133,
  116.5, sqrt(9 * 143 / 12.0 * 12 / 11), 30]::real[]) AS wrong;
SELECT (extract_features(key('lunch')))[:13] = extract_meal_features(key('lunch')) AS meal_part,
       (extract_features(key('lunch')))[14:25] = extract_glucose_history(key('hand'),
       '2026-07-15 10:30') AS history_part,
       (extract_features(key('lunch')))[26:28] = ARRAY[b.avg_glucose, b.std_glucose,
       b.avg_carbs_per_meal] AS baseline_part
FROM calculate_user_baseline(key('hand'), '2026-07-15 10:30') b;
SELECT validate_features(extract_features(key('lunch')));
SELECT feature_vector(key('lunch'), 'meal28/1') = extract_features(key('lunch')) AS same_28;
-- The richer ones, by name: two breakfasts without an outcome are recalled by what was eaten, not by what glucose did.
CREATE FUNCTION pg_temp.rich(meal uuid) RETURNS TABLE (name text, value real) LANGUAGE sql AS $$
  SELECT s.name, (glucose.feature_vector(meal))[s.index] FROM glucose.feature_schema('meal/2') s $$;
SELECT name, round(value::numeric, 4) AS value FROM pg_temp.rich(key('lunch'))
  WHERE name IN ('level', 'change_15', 'change_120', 'above_lowest', 'above_month_mean', 'sd_1h', 'gaps', 'carbs',
  'protein', 'log_carbs', 'net_carbs_damped',
  'carbs_against_usual', 'carbs_unknown', 'carbs_same_moment', 'hours_since_meal', 'meals_last_day',
  'carbs_on_board_50', 'is_lunch', 'above_mean_lunch', 'recall_doubt', 'recalled_change_60') ORDER BY name COLLATE "C";
-- Nothing known but the clock: NULL is kept, nothing is made up.
SELECT array_positions(ARRAY(SELECT f IS NULL FROM unnest(extract_features(key('b4'))) f), true) AS unknown;

-- Nothing later changes them: readings, meals, backfilled readings of before.
CREATE TEMP TABLE before AS SELECT extract_features(key('lunch')) AS x,
  array(SELECT value FROM pg_temp.rich(key('lunch')) WHERE name <> 'carbs_same_moment') AS rich;
INSERT INTO glucose_reading SELECT key('hand'), timestamptz '2026-07-15 10:30:00.000001' + i * interval '1 min', 400
  FROM generate_series(0, 200) i;
INSERT INTO glucose_reading SELECT key('hand'), timestamptz '2026-07-15 07:46:30' + i * interval '7 min', 555,
  '2026-07-15 10:30:00.000001' FROM generate_series(0, 22) i;
INSERT INTO glucose_reading VALUES (key('hand'), '2026-07-15 10:29', 555, 'infinity');
INSERT INTO meal (person_id, eaten_at, meal_type, carbs_g)
  VALUES (key('hand'), '2026-07-15 10:30:00.000001', 'snack', 400), (key('hand'), '2026-07-15 11:00', 'snack', 400);
SELECT x = extract_features(key('lunch')) AS nothing_leaked,
  rich = array(SELECT value FROM pg_temp.rich(key('lunch')) WHERE name <> 'carbs_same_moment') AS nor_into_the_rich
  FROM before;
-- What was recorded in time does count, also late for another meal.
INSERT INTO glucose_reading VALUES (key('hand'), '2026-07-15 10:22:30', 200, '2026-07-15 10:30');
SELECT test.differences(feature_names(), extract_features(key('lunch')), x) AS changed_by_what_was_known FROM before;
DELETE FROM glucose_reading WHERE mg_dl = 200;

-- Windows: 1-minute, 5-minute, 15-minute readings of the same line give the same values; between them it is linear.
INSERT INTO person (person_id) VALUES (key('one')), (key('five')), (key('fifteen')), (key('odd')), (key('gap'));
INSERT INTO glucose_reading SELECT key(name), timestamptz '2026-01-01' + m * interval '1 min', 80 + m / 10.0
  FROM (VALUES ('one', 1), ('five', 5), ('fifteen', 15)) v (name, step), generate_series(0, 600, step) m;
SELECT name, (SELECT bool_and(test.near(v, 80 + (600 - 15 * (12 - i)) / 10.0))
  FROM unnest(extract_glucose_history(key(name), '2026-01-01 10:00')) WITH ORDINALITY u (v, i)) AS right
FROM unnest('{one,five,fifteen}'::text[]) name;
SELECT cardinality(extract_glucose_history(key('one'), '2026-01-01 10:00', h)) AS n, h
  FROM unnest('{0.25,0.3,1,3,24,168}'::real[]) h;
-- At 07:00 and 07:20 only: on, between, within 15 minutes of one, and beyond the reach of any.
INSERT INTO glucose_reading VALUES (key('odd'), '2026-01-01 07:00', 100), (key('odd'), '2026-01-01 07:20', 140);
SELECT at::time, round((extract_glucose_history(key('odd'), at, 0.25))[1]::numeric, 2) AS now_known FROM unnest(
  '{2026-01-01 06:59,2026-01-01 07:00,2026-01-01 07:14:59,2026-01-01 07:15,2026-01-01 07:15:01,'
  '2026-01-01 07:20,2026-01-01 07:35,2026-01-01 07:35:01}'::timestamptz[]) at;
SELECT array_agg(round(v::numeric, 1)) AS seen_from_later
  FROM unnest(extract_glucose_history(key('odd'), '2026-01-01 07:40', 1)) v;
-- A gap of an hour: values in reach of neither side are NULL, the others lean on what is near.
INSERT INTO glucose_reading SELECT key('gap'), timestamptz '2026-01-01' + m * interval '5 min', 100
  FROM generate_series(0, 60) m WHERE m NOT BETWEEN 25 AND 36;
SELECT extract_glucose_history(key('gap'), '2026-01-01 05:00', 4);
SELECT * FROM calculate_user_baseline(key('gap'), '2026-01-01 05:00');
SELECT * FROM calculate_user_baseline(key('gap'), '2025-12-31');
SELECT avg_glucose, std_glucose FROM calculate_user_baseline(key('odd'), '2026-01-01 07:00');
-- The baseline's days: 24 hours each, the oldest moment left out, "before" itself in.
SELECT d, avg_glucose FROM unnest('{1,2,365}'::integer[]) d, calculate_user_baseline(key('odd'), '2026-01-02 07:00', d);

-- The clock is the person's, through both changes of daylight saving time. What does not exist or exists twice in local
-- time still is one moment: 00:30, 01:30 UTC around Berlin's changes, 06:30, 07:30 UTC around New York's.
INSERT INTO person (person_id, time_zone) VALUES (key('Europe/Berlin'), 'Europe/Berlin'),
  (key('America/New_York'), 'America/New_York'),
  (key('Asia/Kathmandu'), 'Asia/Kathmandu'), (key('cet'), 'cet'), (key('Etc/GMT-3'), 'Etc/GMT-3');
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type)
  SELECT key(zone), key(zone || at), at, 'snack' FROM (VALUES
    ('Europe/Berlin', '2026-03-29 00:30+00'::timestamptz), ('Europe/Berlin', '2026-03-29 01:30+00'),
    ('Europe/Berlin', '2026-10-25 00:30+00'),
    ('Europe/Berlin', '2026-10-25 01:30+00'), ('America/New_York', '2026-03-08 06:30+00'),
    ('America/New_York', '2026-03-08 07:30+00'),
    ('America/New_York', '2026-11-01 05:30+00'), ('America/New_York', '2026-11-01 06:30+00'),
    ('Asia/Kathmandu', '2026-01-03 18:20+00'),
    ('cet', '2026-01-01 22:30+00'), ('Etc/GMT-3', '2026-01-01 22:30+00')) v (zone, at);
SELECT p.time_zone, m.eaten_at, to_char(m.eaten_at AT TIME ZONE p.time_zone, 'HH24:MI Dy') AS local,
       test.near(f[10], sin(2 * pi() * l.minute / 1440)) AND test.near(f[11], cos(2 * pi() * l.minute / 1440)) AS hour,
       test.near(f[12], sin(2 * pi() * l.weekday / 7)) AND test.near(f[13], cos(2 * pi() * l.weekday / 7)) AS weekday
FROM person p JOIN meal m USING (person_id), extract_meal_features(m.meal_id) f,
  LATERAL (SELECT extract(hour FROM m.eaten_at AT TIME ZONE p.time_zone) * 60 + extract(minute
  FROM m.eaten_at AT TIME ZONE p.time_zone),
                  extract(dow FROM m.eaten_at AT TIME ZONE p.time_zone)) l (minute, weekday)
WHERE p.person_id <> key('hand') ORDER BY p.time_zone, m.eaten_at;
-- A local 02:30 that does not exist (Berlin, 29 March) is what the server makes of it: 03:30 summer time.
SELECT timestamptz '2026-03-29 02:30 Europe/Berlin' AT TIME ZONE 'UTC' AS moment;
-- Neither the session's time zone nor its styles matter.
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'SQL, DMY';
SET extra_float_digits = 0;
SELECT x = extract_features(key('lunch')) AS same_in_kathmandu FROM before;
RESET extra_float_digits;
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- Somebody else's clock or rows change nothing; the same meal id of two persons must be told apart.
SET ROLE ben;
INSERT INTO person (person_id, time_zone) VALUES (key('bens'), 'Asia/Tokyo');
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type)
  VALUES (key('bens'), key('lunch'), '2026-07-15 10:30', 'snack');
INSERT INTO glucose_reading SELECT key('bens'), timestamptz '2026-07-15 07:45' + i * interval '1 min', 300
  FROM generate_series(0, 165) i;
SELECT (extract_features(key('lunch')))[9] AS bens_is_a_snack, (extract_features(key('lunch')))[25] AS his_glucose;
SET ROLE anna;
SELECT x = extract_features(key('lunch')) AS unchanged_by_ben FROM before;
SET ROLE dora;
SELECT test.expect('SELECT extract_features(key(''lunch''))'), test.hint('SELECT extract_features(key(''lunch''))');

-- The training rows: usable meals in time order, 70/15/15, the outcome linear between readings on both sides.
SET ROLE anna;
INSERT INTO person (person_id) VALUES (key('rows'));
INSERT INTO glucose_reading SELECT key('rows'), timestamptz '2026-01-01' + i * interval '10 min', 100 + i % 50
  FROM generate_series(0, 1440) i;
INSERT INTO meal (person_id, eaten_at, meal_type)
  SELECT key('rows'), timestamptz '2026-01-01 03:05' + i * interval '5 h 50 min', 'snack' FROM generate_series(0, 39) i;
SELECT split, count(*), min(eaten_at) > lag(max(eaten_at)) OVER (ORDER BY min(eaten_at)) AS in_order
  FROM training_dataset(key('rows')) GROUP BY split ORDER BY min(eaten_at);
SELECT count(*) AS rows, bool_and(d.features = extract_features(d.meal_id)) AS as_served,
  bool_and(cardinality(targets) = 2) AS two_horizons,
  bool_and(test.near(targets[1], (a.mg_dl + b.mg_dl) / 2)) AS outcome
FROM training_dataset(key('rows')) d JOIN glucose_reading a ON a.person_id = key('rows')
  AND a.measured_at = d.eaten_at + interval '55 min'
JOIN glucose_reading b ON b.person_id = key('rows') AND b.measured_at = d.eaten_at + interval '65 min';
SELECT count(*) AS of_five_days, count(*) FILTER (WHERE eaten_at >= '2026-01-07' OR eaten_at < '2026-01-02') AS outside
FROM training_dataset(key('rows'), '2026-01-02', '2026-01-07');
-- Without a reading on both sides of an outcome the meal is not usable: a gap from 04:10 to 04:40 on 2 January.
BEGIN;
CREATE TEMP TABLE usable AS SELECT meal_id FROM training_dataset(key('rows'));
DELETE FROM glucose_reading WHERE person_id = key('rows')
  AND measured_at BETWEEN '2026-01-02 04:10' AND '2026-01-02 04:40';
SELECT m.eaten_at FROM usable u JOIN meal m USING (meal_id)
  WHERE NOT EXISTS (SELECT FROM training_dataset(key('rows')) d WHERE d.meal_id = u.meal_id) ORDER BY 1;
ROLLBACK;
-- What is eaten at one moment is one meal.
BEGIN;
INSERT INTO meal (person_id, eaten_at, meal_type) SELECT key('rows'), '2026-01-09 03:05', 'snack'
  FROM generate_series(1, 12);
SELECT split, count(*) FROM training_dataset(key('rows')) GROUP BY split ORDER BY min(eaten_at);
SELECT count(*) AS one_meal FROM training_dataset(key('rows')) WHERE eaten_at = '2026-01-09 03:05';
ROLLBACK;
