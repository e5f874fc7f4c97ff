-- SPDX-License-Identifier: PostgreSQL
\ir ../report/outcomes.sql
SELECT format('%s persons of %s sources, %s scored meals, replayed as in the protocol by source: the last 30 %% of each person''s usable meals,'
  ' each asked about with what was known at that moment. The population learns from the other sources (from before each person''s first scored'
  ' meal) and from so many persons of the left-out source as "own" says, never from the person asked about; what is known beforehand'
  ' (alone) is learnt from the other sources as well. `auto` as served; who has too little for a model of their own gets the population''s answer.',
  count(*), count(DISTINCT source), sum(scored)) FROM bench.person WHERE end_at IS NOT NULL;

CREATE VIEW bench.stranger AS
  SELECT r.*, m.carbs_g FROM bench.result r LEFT JOIN bench.later_meal m USING (person_id, meal_id);
-- Sums of each person, and what is pooled of them.
CREATE FUNCTION bench.pooled(wanted_variant text, wanted_known integer, wanted_asked text, wanted_head text, least_carbs real DEFAULT NULL)
RETURNS TABLE (source text, minutes_ahead integer, persons bigint, n bigint, rmse float8, lower float8, upper float8, bias float8,
  mae float8, held float8, width float8) LANGUAGE sql STABLE AS $$
  WITH person AS (
    SELECT s.source, s.minutes_ahead, s.person_id, count(*) AS n, sum(s.error ^ 2) AS squares, sum(s.error) AS plain, sum(abs(s.error)) AS absolute,
           count(*) FILTER (WHERE s.happened BETWEEN s.lower AND s.upper) AS held, count(s.lower) AS said, sum(s.upper - s.lower) AS width
    FROM bench.stranger s
    WHERE s.variant = wanted_variant AND s.known IS NOT DISTINCT FROM wanted_known AND s.asked = wanted_asked AND s.head = wanted_head
      AND s.level = 0.9::real AND (least_carbs IS NULL OR s.carbs_g >= least_carbs)
    GROUP BY 1, 2, 3),
  pooled AS (
    SELECT p.source, p.minutes_ahead, count(*) AS persons, sum(p.n)::bigint AS n, array_agg(p.squares ORDER BY p.person_id) AS squares,
           array_agg(p.n ORDER BY p.person_id) AS rows, sum(p.plain) / sum(p.n) AS bias, sum(p.absolute) / sum(p.n) AS mae,
           sum(p.held) / nullif(sum(p.said), 0)::float8 AS held, sum(p.width) / nullif(sum(p.said), 0) AS width
    FROM person p GROUP BY 1, 2)
  SELECT p.source, p.minutes_ahead, p.persons, p.n, b.difference, b.lower, b.upper, p.bias, p.mae, p.held, p.width
  FROM pooled p, bench.rmse_difference(p.squares, array_fill(0::float8, ARRAY[p.persons::integer]), p.rows) b $$;
CREATE FUNCTION bench.signed(value float8) RETURNS text LANGUAGE sql IMMUTABLE RETURN to_char(value, 'FMSG990.0');

\echo
\echo '### Errors of persons of a source left out'
\echo
SELECT bench.line('source', 'minutes', 'own', 'n', 'population', 'its bias', 'auto (95 % interval over persons)', 'bias', 'mean head', 'bias', '90 % holds', 'width')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(a.source, '+' || a.minutes_ahead, replace(v.variant, 'own ', ''), a.n::text, bench.number(p.rmse), bench.signed(p.bias),
  bench.number(a.rmse) || coalesce(' (' || bench.number(a.lower, 1) || ' to ' || bench.number(a.upper, 1) || ')', ''), bench.signed(a.bias),
  bench.number(m.rmse), bench.signed(m.bias), bench.number(100 * a.held, 1) || ' %', bench.number(a.width, 0))
FROM (SELECT DISTINCT variant FROM bench.score) v
CROSS JOIN LATERAL bench.pooled(v.variant, NULL, 'auto', 'median') a
LEFT JOIN LATERAL bench.pooled(v.variant, NULL, 'auto', 'mean') m ON (m.source, m.minutes_ahead) = (a.source, a.minutes_ahead)
LEFT JOIN LATERAL bench.pooled(v.variant, NULL, 'population', 'median') p ON (p.source, p.minutes_ahead) = (a.source, a.minutes_ahead)
ORDER BY a.source, a.minutes_ahead, v.variant = 'alone', length(v.variant), v.variant;

\echo
\echo '### By days of history, nobody of their own kind in the population'
\echo
SELECT bench.line('source', 'minutes', 'days', 'persons', 'n', 'population', 'auto', 'bias', '90 % holds', 'width')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(a.source, '+' || a.minutes_ahead, k.known::text, a.persons::text, a.n::text, bench.number(p.rmse), bench.number(a.rmse),
  bench.signed(a.bias), bench.number(100 * a.held, 1) || ' %', bench.number(a.width, 0))
FROM (SELECT DISTINCT known FROM bench.score WHERE known IS NOT NULL) k
CROSS JOIN LATERAL bench.pooled('own 0', k.known, 'auto', 'median') a
LEFT JOIN LATERAL bench.pooled('own 0', k.known, 'population', 'median') p ON (p.source, p.minutes_ahead) = (a.source, a.minutes_ahead)
ORDER BY a.source, a.minutes_ahead, k.known;

\echo
\echo '### Meals of 70 g of carbohydrate and more'
\echo
SELECT bench.line('source', 'minutes', 'own', 'n', 'RMSE', 'bias', '90 % holds', 'width')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|';
SELECT bench.line(a.source, '+' || a.minutes_ahead, replace(v.variant, 'own ', ''), a.n::text, bench.number(a.rmse), bench.signed(a.bias),
  bench.number(100 * a.held, 1) || ' %', bench.number(a.width, 0))
FROM (SELECT DISTINCT variant FROM bench.score) v CROSS JOIN LATERAL bench.pooled(v.variant, NULL, 'auto', 'median', 70) a
ORDER BY a.source, a.minutes_ahead, v.variant = 'alone', length(v.variant), v.variant;

\echo
\echo '### Probabilities said to strangers'
\echo
\echo 'auto, nobody of their own kind. The calibration error is the mean distance of what was said from what happened in ten bins of equal size; beside it, what chance'
\echo 'alone would make of probabilities that are right.'
\echo
CREATE VIEW bench.said AS
  SELECT r.source, r.minutes_ahead, e.name, e.p, e.happened::integer::float8 AS happened,
         ntile(10) OVER (PARTITION BY r.source, r.minutes_ahead, e.name ORDER BY e.p, r.meal_id) AS bin
  FROM bench.stranger r, LATERAL (VALUES ('below 70', r.p_below_70, r.happened < 70), ('above 180', r.p_above_180, r.happened > 180)) AS e (name, p, happened)
  WHERE r.variant = 'own 0' AND r.known IS NULL AND r.asked = 'auto' AND r.head = 'median' AND r.level = 0.9::real AND e.p IS NOT NULL;
SELECT bench.line('source', 'minutes', 'event', 'n', 'said %', 'happened %', 'Brier', 'calibration error', 'of chance')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(source, '+' || minutes_ahead, name, sum(n)::text, bench.number(100 * sum(n * p) / sum(n), 1), bench.number(100 * sum(n * happened) / sum(n), 1),
  bench.number(sum(brier) / sum(n), 4), bench.number(sum(n * abs(p - happened)) / sum(n), 3),
  bench.number(sum(n * sqrt(2 / pi() * greatest(p * (1 - p), 0) / n)) / sum(n), 3))
FROM (SELECT source, minutes_ahead, name, bin, count(*) AS n, avg(p) AS p, avg(happened) AS happened, sum((p - happened) ^ 2) AS brier
      FROM bench.said GROUP BY 1, 2, 3, 4) b
GROUP BY source, minutes_ahead, name ORDER BY source, minutes_ahead, name DESC;

\echo
\echo '### Each bin of what was said to strangers'
\echo
\echo 'Bins of 0, 2, 5, 10, 20, 40, 60, 80 to 100 % with 30 rows and more: is what happened within 3 points of what was said on average, or within the middle 95 % of the'
\echo 'binomial distribution by it? Those that are neither are named.'
\echo
CREATE VIEW bench.said_bin AS
  SELECT source, minutes_ahead, name, count(*) AS n, avg(p) AS p, sum(happened)::bigint AS happened,
         abs(avg(p) - avg(happened)) <= 0.03 AS near, bench.within_binomial(sum(happened)::bigint, count(*), avg(p)) AS of_chance
  FROM bench.said GROUP BY 1, 2, 3, width_bucket(p, '{0,0.02,0.05,0.1,0.2,0.4,0.6,0.8}'::float8[]) HAVING count(*) >= 30;
SELECT bench.line('source', 'minutes', 'event', 'bins', 'within 3 points', 'or within chance', 'not: said %, happened % (rows)')
UNION ALL SELECT '|---|---|---|---|---|---|---|';
SELECT bench.line(source, '+' || minutes_ahead, name, count(*)::text, (count(*) FILTER (WHERE near))::text, (count(*) FILTER (WHERE near OR of_chance))::text,
  string_agg(bench.number(100 * p, 1) || ', ' || bench.number(100.0 * happened / n, 1) || ' (' || n || ')', '; ' ORDER BY p) FILTER (WHERE NOT near AND NOT of_chance))
FROM bench.said_bin GROUP BY source, minutes_ahead, name ORDER BY source, minutes_ahead, name DESC;

\echo
\echo '### How many persons reach what was hoped for'
\echo
\echo 'Shares of persons with MAE below 10 mg/dL, RMSE below 15 and R² above 0.85 in their own rows, of persons with ten and more; auto, median head.'
\echo
SELECT bench.line('source', 'minutes', 'own', 'persons', 'MAE < 10, %', 'RMSE < 15, %', 'R² > 0.85, %', 'all three, %')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|';
SELECT bench.line(source, '+' || minutes_ahead, replace(variant, 'own ', ''), count(*)::text, bench.percent(avg((mae < 10)::integer)),
  bench.percent(avg((mse < 225)::integer)), bench.percent(avg((r2 > 0.85)::integer)),
  bench.percent(avg((mae < 10 AND mse < 225 AND r2 > 0.85)::integer)))
FROM (SELECT source, minutes_ahead, variant, person_id, avg(abs(error)) AS mae, avg(error ^ 2) AS mse, 1 - avg(error ^ 2) / nullif(var_pop(happened), 0) AS r2
      FROM bench.stranger WHERE asked = 'auto' AND head = 'median' AND level = 0.9::real AND known IS NULL AND variant IN ('own 0', 'own all')
      GROUP BY 1, 2, 3, 4 HAVING count(*) >= 10) p
GROUP BY source, minutes_ahead, variant ORDER BY source, minutes_ahead, variant;

\echo
\echo '### What a model of one''s own costs the person it serves worst'
\echo
\echo 'Persons with 20 scored meals and more: RMSE of auto against that of the population.'
\echo
CREATE VIEW bench.harm AS
  SELECT a.variant, a.source, a.minutes_ahead, a.person_id, count(*) AS n, sqrt(avg(b.error ^ 2)) AS population, sqrt(avg(a.error ^ 2)) AS own,
         avg(a.error ^ 2 - b.error ^ 2) / nullif(stddev_samp(a.error ^ 2 - b.error ^ 2) / sqrt(count(*)), 0) AS z
  FROM bench.stranger a JOIN bench.stranger b USING (variant, person_id, meal_id, minutes_ahead, head, level)
  WHERE a.asked = 'auto' AND b.asked = 'population' AND a.head = 'median' AND a.level = 0.9::real AND a.known IS NULL AND b.known IS NULL AND a.own
  GROUP BY 1, 2, 3, 4 HAVING count(*) >= 20;
SELECT bench.line('own', 'minutes', 'persons', 'worse by 3 %', 'beyond two standard errors', 'worst: population', 'auto', 'z')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|';
SELECT bench.line(replace(variant, 'own ', ''), '+' || minutes_ahead, count(*)::text, (count(*) FILTER (WHERE own > 1.03 * population))::text,
  (count(*) FILTER (WHERE own > 1.03 * population AND z > 2))::text, bench.number((array_agg(population ORDER BY own / population DESC))[1]),
  bench.number((array_agg(own ORDER BY own / population DESC))[1]), bench.number((array_agg(z ORDER BY own / population DESC))[1]))
FROM bench.harm GROUP BY variant, minutes_ahead ORDER BY length(variant), variant, minutes_ahead;
