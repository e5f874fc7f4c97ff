-- SPDX-License-Identifier: PostgreSQL
-- What ./dev accuracy reckons with: bench/accuracy/functions.sql.
\getenv here PG_ABS_SRCDIR
\set test accuracy
\set bare true
\i :here/include/begin.sql
CREATE SCHEMA bench;
\set ECHO none
\i :here/../bench/accuracy/functions.sql
\set ECHO all

-- Known points of every zone, and both sides of the borders.
SELECT zone, string_agg(format('(%s, %s) %s', happened, forecast, bench.clarke_zone(happened, forecast)), '; '
  ORDER BY happened, forecast)
       FILTER (WHERE bench.clarke_zone(happened, forecast) IS DISTINCT FROM zone) AS elsewhere, count(*)
FROM (VALUES ('A', 100, 100), ('A', 100, 120), ('A', 100, 80), ('A', 60, 40), ('A', 70, 70), ('A', 300, 240),
  ('A', 20, 65),
             ('B', 100, 121), ('B', 100, 79), ('B', 100, 209.9), ('B', 290, 380), ('B', 179, 71), ('B', 230, 150),
             ('B', 70.5, 85),
             ('C', 100, 210), ('C', 71, 181), ('C', 290, 400), ('C', 160, 40), ('C', 179.9, 69),
             ('D', 60, 100), ('D', 69, 179), ('D', 50, 71), ('D', 240, 180), ('D', 300, 70.1),
             ('E', 70, 180), ('E', 50, 300), ('E', 200, 60), ('E', 180, 70)) AS p (zone, happened, forecast)
GROUP BY zone ORDER BY zone;
SELECT bench.clarke_zone(NULL, 100), bench.clarke_zone(100, NULL);

-- Two persons' errors by hand; the same seed gives the same interval, another one another; the interval holds the
-- estimate and is 0 wide where all persons are alike.
SELECT difference = sqrt(500 / 20.0) - sqrt(320 / 20.0) AS by_hand, lower IS NULL AND upper IS NULL AS too_few
FROM bench.rmse_difference('{400,100}', '{160,160}', '{10,10}');
SELECT x = again AS same, x <> other AS other, x.lower < x.difference AND x.difference < x.upper AS holds, alike
FROM (SELECT '{400,100,250,90,700}'::float8[], '{160,160,160,160,160}'::float8[], '{10,10,10,10,20}'::bigint[]) AS p (a,
  b, rows),
     bench.rmse_difference(p.a, p.b, rows) x, bench.rmse_difference(p.a, p.b, rows) again,
     bench.rmse_difference(p.a, p.b, rows, 2) other,
     bench.rmse_difference('{90,90,90}', '{40,40,40}', '{10,10,10}') alike;
SELECT bench.interval(-1.2, -2, 0.5), bench.interval(3, NULL, NULL), bench.interval(NULL, NULL, NULL),
  bench.line('a', NULL, 'c');

-- The middle 95 % of 30 draws by one half is 10 to 20; certain is certain.
SELECT array_agg(k) FILTER (WHERE bench.within_binomial(k, 30, 0.5)) AS "of 30",
  bench.within_binomial(2, 2, 1) AS certain,
  bench.within_binomial(1, 2, 1) AS uncertain
FROM generate_series(0, 30) k;
SELECT min(k) AS from, max(k) AS to, count(*) FROM generate_series(0, 456) k WHERE bench.within_binomial(k, 456, 0.004);
