-- SPDX-License-Identifier: PostgreSQL
-- Statistics of readings: the aggregate in parts, groups, windows and in parallel, against SQL; a person's periods and
-- days by its clock; units, limits and goals; the profile against percentile_cont().
\getenv here PG_ABS_SRCDIR
\set test statistics
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION test.at(minutes double precision) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
$$ SELECT '2026-01-05 00:00+00'::timestamptz + minutes * interval '1 min' $$;

-- None, one, NULLs.
SELECT s.readings, s.days, s.covered_pct, s.is_enough, s.mean IS NULL, s.low_episodes IS NULL, s.unit
FROM (SELECT (cgm_summary(test.at(0), 100) FILTER (WHERE false)).*) s;
SELECT s.readings, s.mean, s.sd IS NULL, s.low_pct, s.low_episodes, s.mage IS NULL, s.first_at = s.last_at
FROM (SELECT (cgm_summary(at, g)).* FROM (VALUES (test.at(0), 60::real), (NULL, 80), (test.at(1), NULL)) v (at, g)) s;
-- By hand: 100 for ten minutes, 60 for five, a gap, 200 for the usual five; twice the same reading is one, and two of
-- one moment are their mean.
SELECT s.readings, s.mean, s.low_pct, s.in_range_pct, s.high_pct, s.gri, round(s.covered_pct::numeric, 4)
FROM (SELECT (cgm_summary(test.at(m), g)).* FROM (VALUES (60, 210), (0, 100), (10, 60), (5, 100), (5, 100), (60, 190))
  v (m, g)) s;
SELECT call, test.expect('SELECT ' || call) FROM unnest(ARRAY[
  $$cgm_summary(test.at(0), 5.5)$$, $$cgm_summary(test.at(0), 601)$$, $$cgm_summary(test.at(0), 'NaN')$$,
  $$cgm_summary('infinity', 100)$$, $$cgm_summary_final(NULL)$$,
  $$cgm_summary_add(NULL, now(), 100)$$]) call;
SELECT test.hint($$SELECT cgm_summary(test.at(0), 5.5)$$);

-- Persons with a sensor of every five minutes and of every 15, with gaps.
CREATE TABLE test.reading (who integer, at timestamptz, g real, part integer);
INSERT INTO test.reading
  SELECT who, test.at(CASE who WHEN 1 THEN 15 ELSE 5 END * i + who * i % 3 / 10.0),
         round(140 + 60 * sin(i / (7.0 + who)) + 50 * sin(i * i * who / 1e4))::real,
         (i * 7919 + who) % 5
  FROM generate_series(1, 4) who, generate_series(0, 4000) i WHERE (i + 50 * who) % 600 > 40;
GRANT SELECT ON test.reading TO PUBLIC;
SELECT who, (s).readings, (s).days, (s).is_enough, (s).mage > 0, (s).modd > 0, (s).conga > 0, (s).low_episodes > 0
FROM (SELECT who, cgm_summary(at, g) AS s FROM test.reading GROUP BY who) r ORDER BY who;
-- Order does not matter.
SELECT count(DISTINCT s::text) FROM (
  SELECT cgm_summary(at, g ORDER BY at) AS s FROM test.reading WHERE who = 2
  UNION ALL SELECT cgm_summary(at, g ORDER BY g, at DESC) FROM test.reading WHERE who = 2
  UNION ALL SELECT cgm_summary(at, g ORDER BY part, at) FROM test.reading, generate_series(1, 2) twice WHERE who = 2) r;
-- In parallel: the plan is one, and says the same.
CREATE TEMP TABLE alone AS SELECT who, cgm_summary(at, g) AS s FROM test.reading GROUP BY who;
ANALYZE test.reading;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
CREATE FUNCTION test.plan(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
  RETURN (SELECT string_agg(DISTINCT n #>> '{}', ' ') FROM jsonb_path_query(plan, 'strict $.**."Partial Mode"') n);
END
$$;
SELECT test.plan('SELECT who, cgm_summary(at, g) FROM test.reading GROUP BY who');
SELECT count(*) AS groups, count(*) FILTER (WHERE s::text = p::text) AS same
FROM alone JOIN (SELECT who, cgm_summary(at, g) AS p FROM test.reading GROUP BY who) r USING (who);
-- Partitions are summed up apart and put together.
CREATE TABLE test.parted (LIKE test.reading) PARTITION BY LIST (part);
SELECT format('CREATE TABLE test.parted_%s PARTITION OF test.parted FOR VALUES IN (%1$s)', i)
FROM generate_series(0, 4) i \gexec
INSERT INTO test.parted SELECT * FROM test.reading;
ANALYZE test.parted;
SET max_parallel_workers_per_gather = 0;
SET enable_partitionwise_aggregate = on;
SELECT test.plan('SELECT who, cgm_summary(at, g) FROM test.parted GROUP BY who');
SELECT count(*) AS groups, count(*) FILTER (WHERE s::text = p::text) AS same
FROM alone JOIN (SELECT who, cgm_summary(at, g) AS p FROM test.parted GROUP BY who) r USING (who);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
RESET enable_partitionwise_aggregate;
-- As a window's: what has been asked for goes on.
SELECT count(*) AS rows, count(*) FILTER (WHERE (w.s).readings = w.n AND test.near((w.s).mean, a.mean)) AS right
FROM (SELECT at, cgm_summary(at, g) OVER (ORDER BY part, at) AS s, row_number() OVER (ORDER BY part, at) AS n, part
      FROM test.reading WHERE who = 3 AND at < test.at(500)) w
CROSS JOIN LATERAL (SELECT (cgm_summary(r.at, r.g)).mean FROM test.reading r
                    WHERE r.who = 3 AND r.at < test.at(500) AND (r.part, r.at) <= (w.part, w.at)) a;

-- Shares, mean, SD and indices against SQL, time by time.
WITH step AS (
  SELECT who, at, g, lead(at) OVER w - at AS d, lag(at) OVER w AS before FROM test.reading WINDOW w AS (PARTITION BY who
    ORDER BY at)),
usual AS (SELECT who, least(percentile_disc(0.5) WITHIN GROUP (ORDER BY d), '15 min') AS u FROM step GROUP BY who),
covered AS (SELECT who, g,
  extract(epoch FROM CASE WHEN d <= greatest(interval '15 min', u * 1.5) THEN d ELSE u END)::float8
  AS w FROM step JOIN usual USING (who)),
mean AS (SELECT who, sum(w) AS t, sum(w * g) / sum(w) AS m, count(*) AS n FROM covered GROUP BY who),
sums AS (SELECT who, m, sqrt(sum(w * (g - m) ^ 2) / t * n / (n - 1)) AS sd,
  100 * sum(w) FILTER (WHERE g < 70) / t AS low,
         100 * sum(w) FILTER (WHERE g BETWEEN 70 AND 180) / t AS inside,
         100 * sum(w) FILTER (WHERE g > 250) / t AS over,
         sum(w * 10 * (1.509 * (ln(g) ^ 1.084 - 5.381)) ^ 2) / t AS risk
         FROM covered JOIN mean USING (who) GROUP BY who, m, t, n)
SELECT who, test.near((s).mean, m, 1e-9) AS mean, test.near((s).sd, sd, 1e-9) AS sd,
  test.near((s).low_pct, low, 1e-9) AS
  low, test.near((s).in_range_pct, inside, 1e-9) AS in_range,
  test.near((s).very_high_pct, coalesce(over, 0), 1e-9) AS very_high,
  test.near((s).lbgi + (s).hbgi, risk, 1e-9) AS risk, test.near((s).gmi_pct, 3.31 + 0.02392 * m, 1e-9) AS gmi,
  test.near((s).j_index, 0.001 * (m + sd) ^ 2, 1e-9) AS j
FROM sums JOIN alone USING (who) ORDER BY who;

-- A person: the same as the aggregate over the same readings, days by the person's clock.
SET ROLE anna;
INSERT INTO person (person_id, time_zone) VALUES (key('anna'), 'America/New_York');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl) SELECT key('anna'), at, g FROM test.reading WHERE who = 2;
SELECT to_jsonb(p) - 'adrr' - 'days' = to_jsonb(a.s) - 'adrr' - 'days' AS same, p.days - (a.s).days AS one_more,
  p.adrr <> (a.s).adrr AS other_days
FROM glucose_statistics(key('anna'), '-infinity', 'infinity') p,
  (SELECT cgm_summary(measured_at, mg_dl) AS s FROM glucose_reading WHERE person_id = key('anna')) a;
-- Without an end up to the newest reading, without a beginning 14 days; a beginning belongs to it, an end does not.
SELECT p.last_at = n.newest AS newest, p.first_at > n.newest - interval '14 days' AS since,
  p.readings = n.n AS all_of_them
FROM glucose_statistics(key('anna')) p,
  (SELECT m.newest, count(*) FILTER (WHERE r.at > m.newest - interval '14 days') AS n FROM test.reading r,
  (SELECT max(at) AS newest FROM test.reading WHERE who = 2) m WHERE who = 2 GROUP BY 1) n;
SELECT p.readings - r.n AS off FROM (SELECT min(at) AS a, max(at) AS b, count(*) AS n FROM test.reading
  WHERE who = 2) r,
  LATERAL (VALUES (r.a, r.b), (r.a, r.b + interval '1 us'), (r.a + interval '1 us', NULL)) v (a, b),
  LATERAL glucose_statistics(key('anna'), v.a, v.b) p;
-- The share of time is that of the period, also of one without readings.
SELECT round(p.covered_pct::numeric, 3), p.readings, p.is_enough
FROM (VALUES (test.at(0), test.at(4 * 1440)), (test.at(0), test.at(40 * 1440)), (test.at(-2880), test.at(-1440))) v (a,
  b),
  LATERAL glucose_statistics(key('anna'), v.a, v.b) p;
-- By day: those of the clock, each as of its period; together they have all readings.
SELECT count(*), sum(d.readings) = (SELECT count(*) FROM test.reading WHERE who = 2) AS all_of_them,
  bool_and(to_jsonb(d) - 'day' = to_jsonb(p)) AS same, min(day), bool_and(d.days = 1) AS one
FROM glucose_statistics_daily(key('anna'), '2026-01-01', '2026-01-31') d,
  LATERAL glucose_statistics(key('anna'), day::timestamp AT TIME ZONE 'America/New_York',
                             (day + 1)::timestamp AT TIME ZONE 'America/New_York') p;
-- By hour of the clock: together they are the whole, and each hour has the readings that SQL finds in it.
SELECT count(*), sum(h.readings) = s.readings AS readings,
  test.near(sum(h.covered_hours * h.mean) / sum(h.covered_hours),
  s.mean, 1e-9) AS mean, test.near(sum(h.covered_hours * h.low_pct) / sum(h.covered_hours), s.low_pct, 1e-9) AS low,
  sum(h.low_episodes) = s.low_episodes AS lows, sum(h.high_episodes) = s.high_episodes AS highs,
  s.low_episodes > 0 AS any
FROM glucose_statistics_hourly(key('anna'), '-infinity', 'infinity') h,
  glucose_statistics(key('anna'), '-infinity', 'infinity') s
  GROUP BY s.*, s.readings, s.mean, s.low_pct, s.low_episodes,
  s.high_episodes;
SELECT count(*) AS hours, count(*) FILTER (WHERE h.readings = r.n AND h.days = r.days) AS same
FROM glucose_statistics_hourly(key('anna'), '-infinity', 'infinity') h JOIN (
  SELECT extract(hour FROM l)::int AS hour, count(*) AS n, count(DISTINCT l::date) AS days
  FROM test.reading, LATERAL (SELECT at AT TIME ZONE 'America/New_York') t (l) WHERE who = 2 GROUP BY 1) r USING (hour);
SELECT count(*), sum(readings), count(mean), sum(low_episodes)
FROM glucose_statistics_hourly(key('anna'), '2020-01-01', '2020-01-02', '{"unit": "mmol/L"}');
SELECT h.unit, test.near(h.mean * 18.0182, p.mean, 1e-9) FROM glucose_statistics_hourly(key('anna')) p
JOIN glucose_statistics_hourly(key('anna'), options => '{"unit": "mmol/L"}') h USING (hour) WHERE hour = 3;
-- A day of 23 hours is covered in whole.
INSERT INTO person (person_id, time_zone) VALUES (key('spring'), 'Europe/Berlin');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('spring'), at, 100 FROM generate_series('2026-03-27 23:00+00', '2026-03-30 21:55+00', interval '5 min') at;
SELECT day, readings, round(covered_pct::numeric, 6), sd, cv_pct, mage IS NULL AS no_excursion
FROM glucose_statistics_daily(key('spring'), '2026-03-28', '2026-03-30');

-- Units: levels in mmol/L, shares and indices as they are.
SELECT m.unit, test.near(m.mean * 18.0182, p.mean, 1e-9), test.near(m.mage * 18.0182, p.mage, 1e-9),
  test.near(m.conga * 18.0182, p.conga, 1e-9), m.j_index = p.j_index, m.gmi_pct = p.gmi_pct, m.low_pct = p.low_pct
FROM glucose_statistics(key('anna')) p, glucose_statistics(key('anna'), options => '{"unit": "mmol/L"}') m;
-- Limits of one's own, in the unit, in whichever order; those of pregnancy; GRI keeps its own.
WITH d AS (SELECT mg_dl AS g, lead(measured_at) OVER (ORDER BY measured_at) - measured_at AS d FROM glucose_reading
           WHERE person_id = key('anna')),
u AS MATERIALIZED (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY d) AS u FROM d),
t AS MATERIALIZED (SELECT g, extract(epoch FROM CASE WHEN d <= '15 min' THEN d ELSE u END)::float8 AS w FROM d, u),
v (o, low, tight, high) AS (VALUES
  ('{"low": 80, "high": 130}', 80.0, 130.0, 130.0), ('{"targets": "pregnancy"}', 63, 140, 140),
  ('{"unit": "mmol/L", "low": 5, "very_high": 15}', 5 * 18.0182, 140, 180),
  ('{"tight_high": 120, "targets": "older"}', 70, 120, 180)),
r AS MATERIALIZED (SELECT o, 100 * sum(w) FILTER (WHERE g < low) / sum(w) AS low,
  100 * sum(w) FILTER (WHERE g BETWEEN low AND high) / sum(w) AS inside,
  100 * sum(w) FILTER (WHERE g BETWEEN low AND tight) / sum(w) AS tight FROM t, v GROUP BY o)
SELECT o, test.near(p.low_pct, r.low, 1e-9) AS low, test.near(p.in_range_pct, r.inside, 1e-9) AS inside,
  test.near(p.tight_range_pct, r.tight, 1e-9) AS tight, p.gri = s.gri AS gri
FROM r, glucose_statistics(key('anna'), '-infinity', 'infinity') s,
  LATERAL glucose_statistics(key('anna'), '-infinity', 'infinity', o::jsonb) p ORDER BY o;
SELECT o, test.expect(format('SELECT glucose_statistics(key(''anna''), options => %L)', o)) FROM unnest(ARRAY[
  '[]', '{"unit": "mg"}', '{"targets": "all"}', '{"low": "70"}', '{"low": 4}', '{"unit": "mmol/L", "low": 70}',
  '{"low": 190}', '{"very_low": 75}', '{"very_high": 170}', '{"conga_hours": 0}', '{"conga_hours": 49}',
  '{"lo": 70}', '{"part_min": 15}']) o;
-- Readings at a limit itself, in tenths of a mmol/L: of the range, whichever way they came and whatever limit is given.
INSERT INTO person (person_id, owner, time_zone) VALUES (key('tenths'), CURRENT_USER, 'UTC');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
SELECT key('tenths'), '2025-03-01'::timestamptz + i * interval '5 min', to_mg_dl(i / 10.0, 'mmol/L')
FROM generate_series(20, 160) i;
SELECT import_readings(key('tenths'), array_agg('2025-03-02'::timestamptz + i * interval '5 min' ORDER BY i),
  array_agg((i / 10.0)::real ORDER BY i), '{"unit": "mmol/L"}') IS NOT NULL AS imported
FROM generate_series(20, 160) i;
CREATE FUNCTION pg_temp.at_limits(OUT limits bigint, OUT unlike bigint) LANGUAGE sql AS $$
  SELECT count(*), count(*) FILTER (WHERE round(s.low_pct * 1.41) <> i - 20 OR round(s.high_pct * 1.41) <> 160 - i - 20)
  FROM generate_series(31, 110) i, generate_series(1, 2) d, LATERAL (SELECT i / 10.0::float8 AS low,
    (i + 20) / 10.0::float8 AS high) l, LATERAL glucose_statistics(key('tenths'), '2025-03-01'::timestamptz
    + (d - 1) * interval '1 day', '2025-03-01'::timestamptz + d * interval '1 day', jsonb_build_object('unit', 'mmol/L',
    'very_low', 1.2, 'low', l.low, 'tight_high', l.high, 'high', l.high, 'very_high', 20)) s $$;
SELECT * FROM pg_temp.at_limits();
SELECT d, round(very_low_pct * 1.41) AS below_3_0, round(low_pct * 1.41) AS below_3_9,
  round(in_range_pct * 1.41) AS from_3_9_to_10_0, round(tight_range_pct * 1.41) AS to_7_8,
  round(high_pct * 1.41) AS above_10_0, round(very_high_pct * 1.41) AS above_13_9
FROM generate_series(1, 2) d, LATERAL glucose_statistics(key('tenths'), '2025-03-01'::timestamptz
  + (d - 1) * interval '1 day', '2025-03-01'::timestamptz + d * interval '1 day') s;
DELETE FROM person WHERE person_id = key('tenths');
SELECT conga_hours, conga <> (glucose_statistics(key('anna'))).conga AS another
FROM glucose_statistics(key('anna'), options => '{"conga_hours": 4}');
SELECT call, test.expect('SELECT * FROM ' || call) FROM unnest(ARRAY[
  $$glucose_statistics(NULL)$$, $$glucose_statistics(key('anna'), options => NULL)$$,
  $$glucose_statistics(key('anna'), '2026-01-06', '2026-01-06')$$, $$glucose_statistics(key('nobody'))$$,
  $$glucose_statistics_daily(key('anna'), NULL, '2026-01-06')$$,
  $$glucose_statistics_daily(key('anna'), '2026-01-07', '2026-01-06')$$,
  $$glucose_statistics_daily(key('anna'), '2006-01-01', '2026-01-06')$$,
  $$glucose_statistics_hourly(key('anna'), '2026-01-06', '2026-01-06')$$, $$glucose_statistics_hourly(key('nobody'))$$,
  $$agp(key('anna'), 0)$$, $$agp(key('anna'), NULL)$$, $$agp(key('anna'), 14, 'infinity')$$,
  $$agp(key('anna'), options => '{"part_min": 7}')$$, $$agp(key('anna'), options => '{"low": 70}')$$,
  $$agp(key('nobody'))$$]) call;

-- Goals.
SELECT g.* FROM glucose_statistics(key('spring')) p, glucose_goals(p) g;
SELECT g.goal, g.met FROM glucose_statistics(key('anna')) p, glucose_goals(p, 'older') g;
SELECT t, count(g.goal), count(g.met) AS known FROM unnest('{standard,older,pregnancy}'::text[]) t
LEFT JOIN LATERAL glucose_goals(NULL, t) g ON true GROUP BY t ORDER BY t;
SELECT test.expect($$SELECT glucose_goals(NULL, 'all')$$), test.expect($$SELECT glucose_goals(NULL, NULL)$$);

-- The profile: percentiles of each quarter of an hour of the person's clock; all parts of the day are there.
WITH part AS (
  SELECT extract(hour FROM l)::int * 60 + extract(minute FROM l)::int / 15 * 15 AS minute_of_day,
    percentile_cont('{0.05,0.25,0.5,0.75,0.95}'::float8[]) WITHIN GROUP (ORDER BY mg_dl) AS p, count(*) AS n
  FROM glucose_reading, LATERAL (SELECT measured_at AT TIME ZONE 'America/New_York') t (l)
  WHERE person_id = key('anna') AND measured_at > (SELECT max(measured_at) FROM glucose_reading
                                                   WHERE person_id = key('anna')) - interval '3 days' GROUP BY 1)
SELECT count(*), count(*) FILTER (WHERE a.n = coalesce(p.n, 0)) AS as_many,
  count(*) FILTER (WHERE p.n IS NULL AND a.p50 IS NULL OR test.near(a.p5, p.p[1], 1e-9)
  AND test.near(a.p25, p.p[2], 1e-9)
    AND test.near(a.p50, p.p[3], 1e-9) AND test.near(a.p75, p.p[4], 1e-9) AND test.near(a.p95, p.p[5], 1e-9)) AS same
FROM agp(key('anna'), 3) a LEFT JOIN part p USING (minute_of_day);
SELECT count(*), sum(n), min(p5 * 18.0182)
  FROM agp(key('spring'), 1, '2026-03-29 22:00+00', '{"part_min": 60, "unit": "mmol/L"}');
-- The hour that the spring has not.
SELECT minute_of_day, n FROM agp(key('spring'), 1, '2026-03-29 22:00+00', '{"part_min": 60}')
WHERE minute_of_day BETWEEN 60 AND 180 ORDER BY 1;
SELECT count(*), sum(n), count(p50) FROM agp(key('spring'), 1, '2025-01-01');

-- Row-level security: who does not see a person is told that there is none, and sums up nothing of it.
SET ROLE ben;
SELECT call, test.expect('SELECT * FROM ' || call) ~ '^P0002' FROM unnest(ARRAY[
  $$glucose_statistics(key('anna'))$$, $$glucose_statistics_daily(key('anna'), '2026-01-06', '2026-01-06')$$,
  $$glucose_statistics_hourly(key('anna'))$$, $$agp(key('anna'))$$]) call;
SELECT (cgm_summary(measured_at, mg_dl)).readings FROM glucose_reading;
RESET ROLE;
INSERT INTO person_access VALUES (key('anna'), 'ben');
SET ROLE ben;
SELECT readings > 0 AS shared FROM glucose_statistics(key('anna'));
