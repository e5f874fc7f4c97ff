-- SPDX-License-Identifier: PostgreSQL
-- What the sensor does not tell: after gaps, at jumps, at the edge of its range, with two sensors at once. Meals and
-- readings alone follow the same rules.
\getenv here PG_ABS_SRCDIR
\set test sensors
\i :here/include/begin.sql
SET ROLE anna;
SELECT simulate_person(1, 30) AS p \gset
UPDATE person SET shares_data = true;
SELECT is_production_ready IS NOT NULL AS trained FROM train_model(:'p', 'cgm');
SELECT is_production_ready IS NOT NULL AS trained FROM train_model(:'p', 'glucose', 'ridge');

-- What is asked of each case: glucose 30 minutes ahead, the document of a meal, the words for what is wrong.
CREATE TEMP TABLE truth AS SELECT * FROM glucose_reading WHERE person_id = :'p' AND measured_at > '2026-01-24';
CREATE FUNCTION pg_temp.calm(until timestamptz, every interval DEFAULT '5 min') RETURNS void LANGUAGE sql AS $$
  DELETE FROM glucose.glucose_reading WHERE measured_at > '2026-01-24';
  INSERT INTO glucose.glucose_reading SELECT DISTINCT person_id, t, 110 + 3 * sin(extract(epoch FROM t) / 2000)
    FROM pg_temp.truth, generate_series('2026-01-30 06:00+00'::timestamptz, until, every) t $$;
CREATE FUNCTION pg_temp.add(at timestamptz, VARIADIC mg_dl real[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO glucose.glucose_reading SELECT DISTINCT person_id, at + (i - 1) * interval '5 min', m
    FROM pg_temp.truth, unnest($2) WITH ORDINALITY u (m, i)
    ON CONFLICT (person_id, measured_at) DO UPDATE SET mg_dl = EXCLUDED.mg_dl $$;
CREATE FUNCTION pg_temp.answer(p uuid, at timestamptz, OUT ahead_30 real, OUT width real, OUT cgm text, OUT meal text,
  OUT issues jsonb)
LANGUAGE sql AS $$
  SELECT f.mg_dl, f.upper - f.lower, f.confidence, d #>> '{predictions,0,confidence}', d #> '{provenance,sensorIssues}'
  FROM glucose.cgm_forecast($1, $2, '{"minutes": [30]}') f,
       glucose.predict_meal($1, jsonb_build_object('carbs_g', 40, 'eaten_at', $2), '{}') d
  WHERE d #> '{provenance,sensorIssues}' = glucose.predict_cgm($1, $2,
  '{}') #> '{provenance,sensorIssues}' $$;

SELECT pg_temp.calm('2026-01-30 18:00Z');
SELECT ahead_30 BETWEEN 95 AND 130 AS near, cgm, meal, issues FROM pg_temp.answer(:'p', '2026-01-30 18:01Z');
-- A jump is named, and the forecast lies between the levels; one reading later it is a level.
SELECT pg_temp.add('2026-01-30 18:05Z', VARIADIC '{190}');
SELECT ahead_30 BETWEEN 110 AND 195 AS between_them, width > 80 AS wide, cgm, meal, issues
  FROM pg_temp.answer(:'p', '2026-01-30 18:06Z');
SELECT pg_temp.add('2026-01-30 18:10Z', VARIADIC '{191,192}');
SELECT ahead_30 BETWEEN 165 AND 210 AS there, cgm, meal, issues FROM pg_temp.answer(:'p', '2026-01-30 18:16Z');
-- One that is taken back is forgotten but for its name.
SELECT pg_temp.calm('2026-01-30 18:15Z'), pg_temp.add('2026-01-30 18:05Z', VARIADIC '{240}');
SELECT ahead_30 BETWEEN 95 AND 130 AS near, cgm, meal, issues FROM pg_temp.answer(:'p', '2026-01-30 18:16Z');
-- HIGH and LOW.
SELECT pg_temp.calm('2026-01-30 18:00Z'), pg_temp.add('2026-01-30 18:05Z', VARIADIC '{401}');
SELECT ahead_30 BETWEEN 39 AND 401 AS within, width > 60 AS wide, cgm, meal, issues
  FROM pg_temp.answer(:'p', '2026-01-30 18:06Z');
SELECT pg_temp.calm('2026-01-30 18:00Z'), pg_temp.add('2026-01-30 18:05Z', VARIADIC '{400}');
SELECT ahead_30 BETWEEN 39 AND 401 AS within, width > 60 AS wide, cgm, meal, issues
  FROM pg_temp.answer(:'p', '2026-01-30 18:06Z');
SELECT pg_temp.calm('2026-01-30 18:00Z'), pg_temp.add('2026-01-30 18:05Z', VARIADIC '{39}');
SELECT ahead_30 BETWEEN 39 AND 401 AS within, width > 60 AS wide, cgm, meal, issues
  FROM pg_temp.answer(:'p', '2026-01-30 18:06Z');
SELECT pg_temp.calm('2026-01-30 18:00Z'), pg_temp.add('2026-01-30 18:05Z', VARIADIC '{40}');
SELECT ahead_30 BETWEEN 39 AND 401 AS within, width > 60 AS wide, cgm, meal, issues
  FROM pg_temp.answer(:'p', '2026-01-30 18:06Z');
SELECT pg_temp.calm('2026-01-30 18:00Z'),
  pg_temp.add('2026-01-30 17:00Z', VARIADIC '{150,172,195,217,240,262,284,306,328,350,372,395,400}');
SELECT ahead_30 <= 400 AS not_beyond, width > 40 AS wide, cgm, meal, issues
  FROM pg_temp.answer(:'p', '2026-01-30 18:01Z');
-- A stuck sensor; a fall out of a steady hour.
SELECT pg_temp.calm('2026-01-30 18:00Z'), pg_temp.add('2026-01-30 16:55Z', VARIADIC array_fill(120::real, '{14}'));
SELECT width > 15 AS wide, cgm, meal, issues FROM pg_temp.answer(:'p', '2026-01-30 18:01Z');
SELECT pg_temp.calm('2026-01-30 18:00Z'), pg_temp.add('2026-01-30 18:05Z', VARIADIC '{88,65}');
SELECT ahead_30 > 65 AS not_on, width > 30 AS wide, cgm, meal, issues FROM pg_temp.answer(:'p', '2026-01-30 18:11Z');
-- Two sensors, and one series stored twice: whichever spoke last, the answer is about the same.
SELECT pg_temp.calm('2026-01-30 18:00Z');
INSERT INTO glucose_reading SELECT person_id, measured_at + interval '2 min', mg_dl + 40 FROM glucose_reading
  WHERE measured_at > '2026-01-30';
SELECT abs(a.ahead_30 - b.ahead_30) < 10 AS same, b.width > 40 AS wide, b.cgm, b.meal, b.issues
  FROM pg_temp.answer(:'p', '2026-01-30 17:56Z') a, pg_temp.answer(:'p', '2026-01-30 17:58Z') b;
SELECT pg_temp.calm('2026-01-30 18:00Z');
UPDATE glucose_reading SET mg_dl = 150 + 60 * sin(extract(epoch FROM measured_at) / 4000)
  WHERE measured_at > '2026-01-30';
INSERT INTO glucose_reading SELECT person_id, measured_at + interval '47 min', mg_dl FROM glucose_reading
  WHERE measured_at BETWEEN '2026-01-30' AND '2026-01-30 17:12Z';
SELECT b.cgm, b.meal, b.issues FROM pg_temp.answer(:'p', '2026-01-30 18:01Z') b;

-- Right after a gap the interval knows that it knows little.
DELETE FROM glucose_reading WHERE measured_at > '2026-01-24';
INSERT INTO glucose_reading SELECT * FROM truth WHERE extract(hour FROM measured_at) NOT IN (6, 7, 17, 18);
SELECT count(*) > 20 AS n, avg((o.mg_dl BETWEEN lower AND upper)::int) > 0.8 AS holds,
  bool_and(after.confidence = 'low') AS low
FROM (SELECT person_id, min(measured_at) AS at FROM glucose_reading WHERE extract(hour FROM measured_at) IN (8, 19)
      AND measured_at BETWEEN '2026-01-24' AND '2026-01-30'
      GROUP BY person_id, date_trunc('hour', measured_at)) s,
cgm_forecast(s.person_id, s.at, '{"minutes": [30, 60]}') after,
LATERAL (SELECT t.mg_dl FROM truth t
  WHERE t.measured_at BETWEEN after.at - interval '3 min' AND after.at + interval '3 min'
         ORDER BY abs(extract(epoch FROM t.measured_at - after.at)) LIMIT 1) o;
