-- SPDX-License-Identifier: PostgreSQL
-- meal_clusters, steady_meals, compare_meals: planted dishes are found and stay found, the steadiest is first, changes
-- are what_if()'s, units and words, the person's clock, lines of one meal, little data, other persons.
\getenv here PG_ABS_SRCDIR
\set test meals
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE TABLE test.planted (person_id uuid, meal_id uuid PRIMARY KEY, dish integer);
GRANT ALL ON test.planted TO PUBLIC;
-- A person of the caller who eats six dishes, each logged with an error of up to so many percent, three times a day in
-- an order of no pattern. The third leaves glucose steadiest, the more so as it has little carbohydrate.
CREATE FUNCTION test.cook(seed integer, days integer, error_pct float8) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  id CONSTANT uuid := glucose.key(format('cook %s of %s', seed, current_user));
  day_0 CONSTANT timestamptz := '2026-01-05 00:00+00';
BEGIN
  PERFORM setseed(seed / 100.0);
  INSERT INTO glucose.person (person_id, diabetes_type) VALUES (id, 'none');
  WITH eaten AS MATERIALIZED (
    SELECT n, glucose.key(format('%s meal %s', id, n)) AS meal, 1 + floor(6 * random())::int AS d,
      1 + error_pct / 100 * (2 * random() - 1) AS a, 1 + error_pct / 100 * (2 * random() - 1) AS b,
      1 + error_pct / 100 * (2 * random() - 1) AS c
    FROM generate_series(0, 3 * days - 1) n), planted AS (
    INSERT INTO test.planted SELECT id, meal, d FROM eaten), plate AS (
    SELECT *, (ARRAY[60, 45, 12, 80, 30, 100])[d] * a AS carbs, (ARRAY[10, 30, 25, 20, 12, 35])[d] * b AS protein,
      (ARRAY[8, 20, 18, 30, 5, 12])[d] * c AS fat FROM eaten)
  INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
    SELECT id, meal, day_0 + (n / 3) * interval '1 day' + (ARRAY['7 h', '13 h', '19 h'])[1 + n % 3]::interval,
      (ARRAY['breakfast', 'lunch', 'dinner'])[1 + n % 3], 4 * carbs + 4 * protein + 9 * fat, carbs, protein, fat, 5
    FROM plate;
  INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
    SELECT id, at, 105 + 6 * random() + coalesce((
      SELECT m.carbs_g * 0.9 * t.minutes / 50 * exp(1 - t.minutes / 50) FROM glucose.meal m,
      LATERAL (SELECT extract(epoch FROM at - m.eaten_at)::float8 / 60) t (minutes)
      WHERE m.person_id = id AND m.eaten_at <= at AND m.eaten_at > at - interval '5 h'), 0)
    FROM generate_series(0, days * 288 - 1) i, LATERAL (SELECT day_0 + i * interval '5 min') r (at);
  RETURN id;
END
$$;

-- How many meals are of another dish with one more, which may be the first of its own.
CREATE FUNCTION test.moved(person uuid, at timestamptz, carbs real) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  moved bigint;
BEGIN
  INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g)
  VALUES (person, glucose.key('added'), at, 'snack', 400, carbs, 20, 15);
  SELECT count(*) INTO moved FROM glucose.meal_clusters(person) c JOIN found f USING (meal_id)
  WHERE c.dish NOT IN (f.dish, glucose.key('added'));
  DELETE FROM glucose.meal WHERE meal_id = glucose.key('added') AND person_id = person;
  RETURN moved;
END
$$;

SET ROLE anna;
CREATE TEMP TABLE cook AS SELECT seed, error, test.cook(seed, 20, error) AS id
FROM (VALUES (1, 3), (2, 3), (3, 8), (4, 8), (5, 12)) v (seed, error);

-- Planted dishes are found: of pairs put together, how many are of one dish, and of pairs of one dish, how many are put
-- together.
CREATE TEMP TABLE found AS SELECT id, c.* FROM cook, meal_clusters(id) c;
SELECT seed, error, count(*) FILTER (WHERE f AND t)::float8 / count(*) FILTER (WHERE f) >= 0.9 AS precise,
  count(*) FILTER (WHERE f AND t)::float8 / count(*) FILTER (WHERE t) >= 0.9 AS complete
FROM (SELECT a.id, a.dish = b.dish AS f, p.dish = q.dish AS t FROM found a JOIN found b ON a.id = b.id
  AND a.meal_id < b.meal_id JOIN test.planted p ON p.meal_id = a.meal_id JOIN test.planted q ON q.meal_id = b.meal_id) x
JOIN cook USING (id) GROUP BY 1, 2 ORDER BY 1;
-- Every meal has a row, a dish is named by its first meal, and its meals are counted.
SELECT count(*), count(DISTINCT meal_id), bool_and(dish_meals = of_dish), bool_and(dish = first),
  bool_and(unit = 'mg/dL')
FROM (SELECT *, count(*) OVER w AS of_dish, first_value(meal_id) OVER (PARTITION BY id, dish ORDER BY eaten_at) AS first
  FROM found WINDOW w AS (PARTITION BY id, dish)) f;
-- The same again; and one meal more, of a dish or of none, wherever it falls, moves few others.
SELECT count(*) AS others FROM (SELECT id, c.* FROM cook, meal_clusters(id) c EXCEPT SELECT * FROM found) x;
SELECT seed, max(test.moved(id, at::timestamptz, carbs)) <= 3 AS few FROM cook,
  unnest('{2026-01-04 07:00+00,2026-01-12 10:00+00,2026-01-24 22:00+00}'::text[]) at,
  unnest('{12,47,250}'::real[]) carbs
GROUP BY seed ORDER BY seed;

-- The response by hand: the area above the level at the meal, time in range and peak of the two hours.
SELECT count(*), count(*) FILTER (WHERE test.near(f.area, r.area, 0.02 * r.area + 20)) AS areas,
  count(*) FILTER (WHERE test.near(f.level, r.level, 0.01)) AS levels,
  count(*) FILTER (WHERE test.near(f.peak, r.peak, 0.01)) AS peaks
FROM found f JOIN cook USING (id), LATERAL (
  SELECT avg(greatest(mg_dl - l, 0)) * 120 AS area, l AS level, max(mg_dl) AS peak
  FROM glucose_reading g, LATERAL (SELECT mg_dl AS l FROM glucose_reading WHERE person_id = f.id
                                   AND measured_at = f.eaten_at) s
  WHERE g.person_id = f.id AND measured_at > f.eaten_at AND measured_at <= f.eaten_at + interval '2 h' GROUP BY l) r
WHERE seed = 1;

-- The steadiest planted dish is first, of all meals and of breakfasts; or the one with most time in range.
SELECT type, count(*) AS persons, count(*) FILTER (WHERE p.dish = 3) >= 4 AS first_is_steadiest
FROM cook, unnest('{NULL,breakfast}'::text[]) type, LATERAL steady_meals(id, type, 1, '{"min_tries": 2}') s
JOIN test.planted p ON p.meal_id = s.dish GROUP BY 1 ORDER BY 1;
SELECT bool_and(in_range_pct <= coalesce(before, 100)) AS descending, min(in_range_pct) < 90 AS some_less
FROM (SELECT in_range_pct, lag(in_range_pct) OVER (PARTITION BY id ORDER BY place) AS before
  FROM cook, steady_meals(id, k => 10, options => '{"by": "in_range"}')) s;
SELECT bool_and(area >= coalesce(before, 0)) AS ascending, bool_and(area BETWEEN area_lower AND area_upper) AS within,
  bool_and(tries <= meals), bool_and(change_of IS NULL), count(*) FROM (
  SELECT *, lag(area) OVER (PARTITION BY id ORDER BY place) AS before FROM cook, steady_meals(id, k => 10) s) s;
-- One try is pulled farther to the mean of all than many.
SELECT bool_and(abs(area - area_mean) > 0) AS pulled, bool_and(area_upper - area_lower > 0) AS unsure
FROM cook, steady_meals(id, k => 10) WHERE seed = 1;

-- Units and words.
SELECT id AS cook FROM cook WHERE seed = 1 \gset
SELECT bool_and(test.near(a.area, b.area * 18.0182, 1e-6) AND test.near(a.area_upper, b.area_upper * 18.0182, 1e-6)
  AND a.in_range_pct = b.in_range_pct AND b.unit = 'mmol/L' AND a.dish = b.dish) AS same
FROM steady_meals(:'cook') a JOIN steady_meals(:'cook', options => '{"unit": "mmol/l"}') b USING (place);
SELECT words FROM steady_meals(:'cook', k => 1);
SELECT words FROM steady_meals(:'cook', k => 1, options => '{"unit": "mmol/L", "lang": "de"}');
SELECT j ->> 'unit', j ->> 'disclaimer' = disclaimer('de'), jsonb_array_length(j -> 'rows')
FROM steady_meals_json(:'cook', NULL, 2, '{"unit": "mmol/L", "lang": "de"}') j;
-- The clock is the person's.
SELECT usual_time FROM steady_meals(:'cook', 'breakfast', 1);
BEGIN;
UPDATE person SET time_zone = 'America/New_York' WHERE person_id = :'cook';
SELECT usual_time FROM steady_meals(:'cook', 'breakfast', 1);
ROLLBACK;

-- Meals beside each other: the difference is to the first, give or take what tries of one dish differ by.
SELECT array_agg(meal_id ORDER BY eaten_at) AS three FROM (SELECT * FROM found WHERE id = :'cook' ORDER BY eaten_at
  LIMIT 3) m \gset
SELECT place, c.meal_id = (:'three'::uuid[])[place] AS in_order, test.near(c.area, f.area, 1e-9) AS same_area,
  c.dish = f.dish AS same_dish, test.near(difference, c.area - first_value(c.area) OVER (ORDER BY place),
  1e-6) AS differs,
  lower < difference AND difference < upper AS give_or_take, c.is_followed
FROM compare_meals(:'three') c JOIN found f USING (meal_id) ORDER BY place;
SELECT bool_and(test.near(a.area, 18.0182 * b.area, 1e-6)), bool_and(a.carbs_g = b.carbs_g)
FROM compare_meals(:'three') a JOIN compare_meals(:'three', '{"unit": "mmol/L"}', :'cook') b USING (place);
SELECT jsonb_array_length(compare_meals_json(:'three') -> 'rows'),
  compare_meals_json(:'three', '{"lang": "de"}') ->> 'disclaimer' = disclaimer('de');

-- With a model: the one change with the smaller rise is the least of what what_if() says.
SELECT test.expect(format($$SELECT * FROM steady_meals(%L, options => '{"what_if": true}')$$, :'cook')) ~ '^MG001';
SELECT is_active FROM train_model(:'cook', 'glucose', 'personal');
CREATE TEMP TABLE changed AS SELECT s.* FROM steady_meals(:'cook', k => 6, options => '{"what_if": true}') s;
SELECT count(change_of) > 0 AS any, bool_and(change_difference <= -0.5),
  bool_and(test.near(change_difference, w.least, 1e-3))
FROM changed s, LATERAL (
  SELECT min(difference) AS least FROM (
    SELECT avg(w.difference::float8) AS difference FROM meal m, (VALUES ('carbs_g', 4), ('protein_g', 4), ('fat_g', 9),
      ('fiber_g', 2)) a (name, kcal), (VALUES (0.75), (1.25)) v (share),
      LATERAL (SELECT (to_jsonb(m) ->> name)::float8) b (before),
      LATERAL (SELECT round((before * share * 10)::numeric) / 10) c (later),
      LATERAL what_if(m.meal_id, jsonb_build_object(name, later, 'calories', m.calories + kcal * (later - before))) w
    WHERE m.meal_id = s.meal_id GROUP BY name, share) x) w WHERE change_of IS NOT NULL;

-- Lines of one meal are one meal, with what all have; either line names it.
INSERT INTO person (person_id) VALUES (key('lines')), (key('empty')), (key('bare'));
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g) VALUES
  (key('lines'), key('bread'), '2026-01-05 08:00+00', 'breakfast', 40),
  (key('lines'), key('juice'), '2026-01-05 08:10+00', 'snack', 20),
  (key('lines'), key('apple'), '2026-01-05 09:30+00', 'snack', 15),
  (key('lines'), key('water'), '2026-01-05 10:40+00', 'snack', 0),
  (key('lines'), key('nothing known'), '2026-01-05 15:00+00', 'snack', NULL);
SELECT meal_id = ANY (ARRAY[key('bread'), key('apple'), key('water'), key('nothing known')]) AS whole, meal_type,
  dish IS NULL AS no_dish, area IS NULL AS unknown, is_followed FROM meal_clusters(key('lines'));
SELECT meal_id = key('bread') AS whole, carbs_g, difference, lower
  FROM compare_meals(ARRAY[key('juice'), key('bread')]);
-- Little data: no rows, no interval, no claim.
SELECT count(*) FROM meal_clusters(key('empty'));
SELECT count(*) FROM steady_meals(key('empty'));
SELECT count(*) FROM steady_meals(key('lines'));
SELECT count(*) FROM steady_meals(:'cook', 'snack');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('lines'), '2026-01-05 14:00+00'::timestamptz + i * interval '5 min', 100 + i FROM generate_series(0, 60) i;
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
  VALUES (key('lines'), key('cake'), '2026-01-05 16:00+00', 'snack', 50);
-- Followed by the cake within two hours: it says nothing of the meal before.
SELECT meal_id = key('cake') AS cake, level, peak, peak_minutes, area, in_range_pct, is_followed
FROM meal_clusters(key('lines')) WHERE area IS NOT NULL;
SELECT tries, area, area_lower, words FROM steady_meals(key('lines'));
-- Only the days asked for.
SELECT count(*) FROM meal_clusters(:'cook', '{"days": 5}');

-- Wrong input.
SELECT call, test.expect(format('SELECT * FROM ' || call, :'cook')),
  test.hint(format('SELECT * FROM ' || call, :'cook'))
FROM unnest(ARRAY['meal_clusters(NULL)', 'meal_clusters(%L, NULL)', 'meal_clusters(%L, ''{"k": 1}'')',
  'meal_clusters(%L, ''{"days": 0}'')', 'meal_clusters(%L, ''{"days": 1.5}'')',
  'meal_clusters(%L, ''{"unit": "stone"}'')',
  'steady_meals(NULL)', 'steady_meals(%L, ''supper'')', 'steady_meals(%L, NULL, 0)', 'steady_meals(%L, NULL, 51)',
  'steady_meals(%L, NULL, NULL)', 'steady_meals(%L, options => ''{"by": "taste"}'')',
  'steady_meals(%L, options => ''{"min_tries": 0}'')', 'steady_meals(%L, options => ''{"lang": "xx"}'')',
  'steady_meals(%L, options => ''{"what_if": "yes"}'')', 'steady_meals(%L, options => ''{"taste": 1}'')',
  'compare_meals(NULL)', 'compare_meals(''{}'')', 'compare_meals(ARRAY[NULL::uuid])',
  'compare_meals(ARRAY[[key(''bread'')]])', 'compare_meals(array_fill(key(''bread''), ''{101}''))',
  'compare_meals(ARRAY[key(''gone'')])',
  'compare_meals(ARRAY[key(''bread''), (SELECT min(meal_id::text)::uuid FROM meal WHERE person_id = %L)])']) call;
SELECT test.expect(format($$SELECT * FROM compare_meals(ARRAY[%L::uuid], '{"days": 1}')$$, (:'three'::uuid[])[1])),
  test.hint(format($$SELECT * FROM compare_meals(ARRAY[%L::uuid], '{"days": 1}')$$, (:'three'::uuid[])[1]));

-- Row-level security: another's person is not there, nor is another's meal; who is let in sees the same.
SET ROLE ben;
SELECT call, test.expect(format('SELECT * FROM ' || call, :'cook')) ~ '^P0002' FROM unnest(ARRAY['meal_clusters(%L)',
  'steady_meals(%L)', 'steady_meals_json(%L)', 'compare_meals(ARRAY[key(''bread'')], ''{}'', %L)',
  'compare_meals(ARRAY[key(''bread'')])', 'compare_meals_json(ARRAY[key(''bread'')])']) call;
RESET ROLE;
INSERT INTO person_access VALUES (:'cook', 'ben');
GRANT SELECT ON found TO ben;
SET ROLE ben;
SELECT count(*) FROM meal_clusters(:'cook') c JOIN found f USING (meal_id, dish, area);
