-- SPDX-License-Identifier: PostgreSQL
-- What the reports reckon with; pure, so that regress/sql/accuracy.sql can test it.

-- Zone of the error grid of Clarke, Cox, Gonder-Frederick, Carter and Pohl (Diabetes Care 10, 622, 1987), mg/dL.
CREATE FUNCTION bench.clarke_zone(happened float8, forecast float8) RETURNS text LANGUAGE sql IMMUTABLE RETURN CASE
  WHEN happened <= 70 AND forecast <= 70 OR forecast BETWEEN 0.8 * happened AND 1.2 * happened THEN 'A'
  WHEN happened >= 180 AND forecast <= 70 OR happened <= 70 AND forecast >= 180 THEN 'E'
  WHEN happened BETWEEN 70 AND 290 AND forecast >= happened + 110 THEN 'C'
  WHEN happened BETWEEN 130 AND 180 AND forecast <= 1.4 * happened - 182 THEN 'C'
  WHEN happened >= 240 AND forecast BETWEEN 70 AND 180 THEN 'D'
  WHEN happened <= 70 AND forecast BETWEEN 70 AND 180 THEN 'D'
  WHEN happened IS NOT NULL AND forecast IS NOT NULL THEN 'B' END;

-- RMSE of a less RMSE of b, from the sums of squares and numbers of rows of each person, with its 95 % interval: 1000
-- times the persons are drawn with replacement. The draws come from a hash: the same on every machine. With b all 0 the
-- interval is that of the RMSE of a. Fewer than three persons have none.
CREATE FUNCTION bench.rmse_difference(a float8[], b float8[], rows bigint[], seed bigint DEFAULT 1,
  OUT difference float8, OUT lower float8, OUT upper float8) LANGUAGE sql IMMUTABLE AS $$
  WITH person AS (SELECT * FROM unnest(a, b, rows) WITH ORDINALITY AS p (a, b, n, i)),
  drawn AS (
    SELECT sqrt(sum(p.a) / sum(p.n)) - sqrt(sum(p.b) / sum(p.n)) AS value
    FROM generate_series(1, 1000) AS turn, generate_series(1, cardinality(rows)) AS pick,
         LATERAL (SELECT 1 + abs(hashint8extended(turn * 100000 + pick, seed) % cardinality(rows)) AS i) AS chosen
    JOIN person p USING (i) GROUP BY turn)
  SELECT (SELECT sqrt(sum(p.a) / sum(p.n)) - sqrt(sum(p.b) / sum(p.n)) FROM person p),
         percentile_cont(0.025) WITHIN GROUP (ORDER BY value), percentile_cont(0.975) WITHIN GROUP (ORDER BY value)
  FROM drawn WHERE cardinality(rows) > 2 $$;

-- Whether k of n are what chance may make of a probability p: within the middle 95 % of the binomial distribution.
CREATE FUNCTION bench.within_binomial(k bigint, n bigint, p float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  WITH part AS (
    SELECT i, exp(greatest(-700, sum(CASE i WHEN 0 THEN 0 ELSE ln((n - i + 1)::float8 / i) END) OVER (ORDER BY i) + i * ln(p) + (n - i) * ln(1 - p))) AS share
    FROM generate_series(0, n) i WHERE p > 0 AND p < 1)
  SELECT coalesce(sum(share) FILTER (WHERE i <= k) > 0.025 AND sum(share) FILTER (WHERE i >= k) > 0.025, k = n * p) FROM part $$;

-- A row of a Markdown table; what is NULL is a dash.
CREATE FUNCTION bench.line(VARIADIC cells text[]) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN '| ' || array_to_string(cells, ' | ', '–') || ' |';
CREATE FUNCTION bench.number(value float8, digits integer DEFAULT 2) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN round(value::numeric, digits)::text;
CREATE FUNCTION bench.percent(share numeric) RETURNS text LANGUAGE sql IMMUTABLE RETURN round(100 * share)::text;
CREATE FUNCTION bench.interval(difference float8, lower float8, upper float8) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN to_char(difference, 'FMSG990.00')
         || coalesce(' (' || to_char(lower, 'FMSG990.00') || ' to ' || to_char(upper, 'FMSG990.00') || ')', '');
-- The order in which algorithms are listed.
CREATE FUNCTION bench.rank(algorithm text) RETURNS integer LANGUAGE sql IMMUTABLE
  RETURN coalesce(array_position('{persistence,mean,ridge,lad,trees,lstm,population,auto}', algorithm), 7);
