-- SPDX-License-Identifier: PostgreSQL
-- Patterns that are there and that are not, by the person's clock, and the outlook of the coming days: as of a moment,
-- with
-- and without a model; units, languages, wrong input, two persons.
\getenv here PG_ABS_SRCDIR
\set test patterns
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

-- 98 days of New York, from a Monday, over the change of its clock: 120 and noise that knows no time of day; 20 more
-- from six
-- to noon there, and on days after the most steps; 31 more after dinners. "quiet" has the noise only.
SET ROLE anna;
INSERT INTO person (person_id, time_zone) VALUES (key('loud'), 'America/New_York'), (key('quiet'), 'America/New_York'),
  (key('empty'), 'UTC'), (key('short'), 'UTC');
CREATE FUNCTION pg_temp.noise(n bigint, of text) RETURNS real LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashint8extended(n, hashtext(of)) % 1000)::real / 1000
  + (hashint8extended(n / 96, hashtext(of)) % 1000)::real
           / 1000) * 12 $$;
CREATE TEMP TABLE lived AS
  SELECT at, n, l, (l::date - '2026-01-05'::date) AS day,
  (hashint8(l::date - '2026-01-05'::date - 1) & 3) = 0 AS after_steps
  FROM generate_series(0, 98 * 96 - 1) n,
  LATERAL (SELECT '2026-01-05 05:00+00'::timestamptz + n * interval '15 min') a (at),
    LATERAL (SELECT at AT TIME ZONE 'America/New_York') t (l);
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key(who), at, 120 + pg_temp.noise(n, who) + CASE WHEN who = 'quiet' THEN 0 ELSE
    CASE WHEN extract(hour FROM l) BETWEEN 6 AND 11 THEN 20 ELSE 0 END + CASE WHEN extract(hour FROM l) IN (19, 20)
      THEN 31
    ELSE 0 END + CASE WHEN after_steps THEN 20 ELSE 0 END END
  FROM lived, unnest('{loud,quiet}'::text[]) who;
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
  SELECT key(who), key(format('%s %s %s', who, day, kind)),
  (day + ('2026-01-05'::date) + at) AT TIME ZONE 'America/New_York',
    kind, 40
  FROM unnest('{loud,quiet}'::text[]) who, generate_series(0, 96) day,
    (VALUES ('breakfast', time '08:00'), ('lunch', '12:30'), ('dinner', '19:00')) m (kind, at);
INSERT INTO daily_metric (person_id, day, metric, value, source)
  SELECT key(who), '2026-01-05'::date + day, 'STEPS', CASE WHEN (hashint8(day) & 3) = 0 THEN 15000 ELSE 5000 END + day,
  'watch'
  FROM unnest('{loud,quiet}'::text[]) who, generate_series(0, 97) day;
SELECT kind, what, than, round(difference), n, n_alike, words FROM glucose_patterns(key('loud')) ORDER BY 1, 2, 3;
SELECT count(*), bool_and(is_found AND lower <= difference AND difference <= upper AND p_value <= false_discovery_rate
  AND false_discovery_rate <= 0.03 AND abs(difference) >= 5 AND 2 * n_alike > n) FROM glucose_patterns(key('loud'));
-- Nothing is claimed where nothing is; what was asked can be seen.
SELECT count(*) FROM glucose_patterns(key('quiet'));
SELECT kind, count(*), min(n), max(n), count(*) FILTER (WHERE is_found) AS found,
  bool_and(words ~ 'did not differ' AND NOT words ~ 'higher|lower') AS said
FROM glucose_patterns(key('quiet'), everything => true) GROUP BY 1 ORDER BY 1;
-- The days that are asked about, in another language and unit; the same again.
SELECT round(difference::numeric, 1), n, words FROM glucose_patterns(key('loud'), 14, 'de', 'mmol/L')
WHERE than IN ('lunch', 'night') ORDER BY what, than;
SELECT count(*) > 5 AS some, count(*) = count(b.words) AS same FROM glucose_patterns(key('loud'), everything => true) a
LEFT JOIN glucose_patterns(key('loud'), everything => true) b ON b IS NOT DISTINCT FROM a;
-- The clock is that of where the person was: who moves now had those mornings there. The same readings of somebody in
-- Tokyo were of its evenings and its nights.
UPDATE person SET time_zone = 'Asia/Tokyo' WHERE person_id = key('loud');
SELECT what, than FROM glucose_patterns(key('loud')) WHERE kind = 'time_of_day' AND difference > 15 ORDER BY 1, 2;
INSERT INTO person (person_id, time_zone) VALUES (key('far'), 'Asia/Tokyo');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('far'), measured_at, mg_dl FROM glucose_reading WHERE person_id = key('loud');
SELECT what, than, round(difference) FROM glucose_patterns(key('far')) WHERE kind = 'time_of_day' ORDER BY 1, 2;
-- Too few days to say anything, and none.
SELECT count(*) FROM glucose_patterns(key('loud'), 8, everything => true);
SELECT count(*) FROM glucose_patterns(key('empty'), everything => true);
SELECT call, test.expect('SELECT * FROM ' || call) FROM unnest(ARRAY[
  $$glucose_patterns(NULL)$$, $$glucose_patterns(key('loud'), 0)$$, $$glucose_patterns(key('loud'), 367)$$,
  $$glucose_patterns(key('loud'), NULL)$$, $$glucose_patterns(key('loud'), 14, 'fr')$$,
  $$glucose_patterns(key('loud'), 14, 'en', 'mg')$$, $$glucose_patterns(key('loud'), everything => NULL)$$,
  $$glucose_patterns(key('nobody'))$$]) call;

-- The outlook: means of the last 30 periods of 24 hours, the newer the more they count; here against SQL.
\set moment '2026-03-20 17:07:00+00'
WITH past AS (
  SELECT age, s.mean, s.in_range_pct, s.low_pct FROM generate_series(0, 29) age,
    LATERAL glucose_statistics(key('loud'), :'moment'::timestamptz - (age + 1) * interval '1 day',
                               :'moment'::timestamptz - age * interval '1 day') s),
expected AS (SELECT ahead, sum(w * mean) / sum(w) AS mean, sum(w * in_range_pct) / sum(w) AS in_range_pct,
  sum(w * low_pct) / sum(w) AS below_70_pct
  FROM past, unnest('{0.85,0.9,0.92}'::float8[]) WITH ORDINALITY s (stays, ahead), LATERAL (SELECT stays ^ age) x (w)
  GROUP BY 1)
SELECT o.measure, o.day, o.n, o.source, o.start_at, o.end_at,
  test.near(o.expected, (to_jsonb(e) ->> o.measure)::float8, 0.2) AS right, o.lower <= o.expected AS low,
  o.expected <= o.upper AS up
FROM glucose_outlook(key('loud'), 3, :'moment') o JOIN expected e ON e.ahead = o.day WHERE o.measure <> 'level'
ORDER BY o.day, o.measure;
SELECT words FROM glucose_outlook(key('loud'), 2, :'moment') WHERE measure = 'mean';
SELECT words FROM glucose_outlook(key('loud'), 1, :'moment', 'de', 'mmol/L') WHERE measure <> 'level';
-- The band, without a model: every half an hour, of the days; it knows the morning.
SELECT count(*), min(start_at), max(end_at), bool_and(start_at = end_at AND words IS NULL), array_agg(DISTINCT source),
  round((avg(expected) FILTER (WHERE extract(hour FROM start_at AT TIME ZONE 'America/New_York') BETWEEN 6 AND 11)
         - avg(expected) FILTER (WHERE extract(hour FROM start_at AT TIME ZONE 'America/New_York') < 6))::numeric)
FROM glucose_outlook(key('loud'), 1, :'moment') WHERE measure = 'level';
SELECT bool_and(test.near(a.expected, 18.0182 * b.expected) AND test.near(a.upper, 18.0182 * b.upper)), count(*)
FROM glucose_outlook(key('loud'), 1, :'moment') a
JOIN glucose_outlook(key('loud'), 1, :'moment', unit => 'mmol/L') b USING (measure, start_at)
  WHERE measure IN ('mean', 'level');
-- What comes later, and what was not known yet, changes nothing; what was known does.
CREATE TEMP TABLE before AS SELECT * FROM glucose_outlook(key('loud'), 3, :'moment');
UPDATE glucose_reading SET mg_dl = 300 WHERE person_id = key('loud') AND measured_at > :'moment';
INSERT INTO glucose_reading (person_id, measured_at, mg_dl, recorded_at)
  SELECT key('loud'), :'moment'::timestamptz - n * interval '7 min' - interval '1 s', 400,
  :'moment'::timestamptz + interval '1 s'
  FROM generate_series(1, 100) n;
SELECT count(*), count(b.measure) AS same FROM glucose_outlook(key('loud'), 3, :'moment') o
LEFT JOIN before b ON b IS NOT DISTINCT FROM o;
UPDATE glucose_reading SET mg_dl = mg_dl + 50 WHERE person_id = key('loud')
  AND measured_at BETWEEN :'moment'::timestamptz - interval '1 day' AND :'moment';
SELECT round((o.expected - b.expected)::numeric) > 5 AS higher FROM glucose_outlook(key('loud'), 1, :'moment') o
JOIN before b USING (measure, day) WHERE measure = 'mean';
-- With a model the band is cgm_forecast()'s, unless there is no reading of the last hour.
SELECT simulate_person(5, 25) AS sim \gset
SELECT algorithm IS NOT NULL FROM train_model(:'sim', 'cgm', 'linear', '{"deploy": true}');
SELECT max(measured_at) AS newest FROM glucose_reading WHERE person_id = :'sim' \gset
SELECT count(*), bool_and(o.source = 'model' AND o.n IS NULL AND test.near(o.expected, f.mg_dl)
  AND test.near(o.lower, f.lower)
  AND test.near(o.upper, f.upper)) FROM glucose_outlook(:'sim', 1, :'newest') o
JOIN cgm_forecast(:'sim', :'newest', (SELECT jsonb_build_object('minutes', jsonb_agg(30 * i))
  FROM generate_series(1, 48) i)) f
  ON f.at = o.start_at WHERE o.measure = 'level';
SELECT array_agg(DISTINCT source), count(*) FROM glucose_outlook(:'sim', 1, :'newest'::timestamptz + interval '90 min')
WHERE measure = 'level';
SELECT d ->> 'unit', jsonb_array_length(d -> 'rows'), d ->> 'disclaimer' = disclaimer('de')
FROM glucose_outlook_json(:'sim', 2, :'newest', 'de', 'mmol/L') d;
-- Now, where nothing else is said.
UPDATE glucose_reading SET measured_at = measured_at + (now() - :'newest'::timestamptz) WHERE person_id = :'sim';
SELECT count(*), min(start_at) = now() AS begins FROM glucose_outlook(:'sim') WHERE measure <> 'level';
-- Too little, and wrong input.
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('short'), '2026-02-01'::timestamptz + n * interval '5 min', 100 FROM generate_series(0, 2 * 288) n;
SELECT call, test.expect('SELECT * FROM ' || call), test.hint('SELECT * FROM ' || call) FROM unnest(ARRAY[
  $$glucose_outlook(key('short'), 1, '2026-02-03')$$, $$glucose_outlook(key('empty'))$$,
  $$glucose_outlook(NULL)$$, $$glucose_outlook(key('loud'), 0)$$, $$glucose_outlook(key('loud'), 4)$$,
  $$glucose_outlook(key('loud'), NULL)$$, $$glucose_outlook(key('loud'), 1, 'infinity')$$,
  $$glucose_outlook(key('loud'), 1, '4714-11-24 00:00 BC')$$, $$glucose_outlook(key('loud'), lang => 'fr')$$,
  $$glucose_outlook(key('loud'), unit => 'mg')$$, $$glucose_outlook(key('nobody'))$$]) call;

-- Row-level security.
SET ROLE ben;
SELECT call, test.expect('SELECT * FROM ' || call) ~ '^P0002' FROM unnest(ARRAY[
  $$glucose_patterns(key('loud'))$$, $$glucose_outlook(key('loud'), 1, '2026-03-20')$$,
  $$glucose_outlook_json(key('loud'), 1, '2026-03-20')$$]) call;
RESET ROLE;
INSERT INTO person_access VALUES (key('loud'), 'ben');
SET ROLE ben;
SELECT count(*) > 0 FROM glucose_patterns(key('loud'));
SELECT count(*) FROM glucose_outlook(key('loud'), 1, '2026-03-20');
