-- SPDX-License-Identifier: PostgreSQL
-- What all reports read: comparisons of two ways on the same meals.
\ir outcomes.sql
UPDATE bench.can SET population = EXISTS (SELECT FROM bench.training WHERE asked = 'population' AND version IS NOT NULL);

-- The point forecasts with all days known and nothing taken out of the meals.
CREATE VIEW bench.point AS
  SELECT * FROM bench.result WHERE variant = 'full' AND known IS NULL AND level = 0.9::real;

-- Pooled errors of the persons with a model of their own, with the interval over persons.
CREATE TABLE bench.errors AS
  WITH per_person AS (
    SELECT r.source, r.minutes_ahead, r.asked, r.head, r.person_id, count(*) AS n, sum(r.error ^ 2) AS squares,
           sum(abs(r.error)) AS absolute, sum(r.error) AS plain, sum(r.happened) AS happened, sum(r.happened ^ 2) AS happened_squares
    FROM bench.point r WHERE r.own GROUP BY 1, 2, 3, 4, 5),
  pooled AS (
    SELECT p.source, p.minutes_ahead, p.asked, p.head, count(*) AS persons, sum(p.n)::bigint AS n,
           array_agg(p.squares ORDER BY p.person_id) AS squares, array_agg(p.n ORDER BY p.person_id) AS rows,
           sum(p.absolute) / sum(p.n) AS mae, sum(p.plain) / sum(p.n) AS bias,
           1 - sum(p.squares) / nullif(sum(p.happened_squares) - sum(p.happened) ^ 2 / sum(p.n), 0) AS r2
    FROM per_person p GROUP BY 1, 2, 3, 4)
  SELECT p.source, p.minutes_ahead, p.asked, p.head, p.persons, p.n, b.difference AS rmse, b.lower, b.upper, p.mae, p.r2, p.bias
  FROM pooled p, bench.rmse_difference(p.squares, array_fill(0::float8, ARRAY[p.persons::integer]), p.rows) b;

-- One way against another on the meals both have; 'persistence' is every meal's last glucose, also without a training.
CREATE FUNCTION bench.compare(asked_a text, asked_b text, variant_a text, known_a integer)
RETURNS TABLE (source text, minutes_ahead integer, persons bigint, n bigint, rmse_a float8, rmse_b float8,
  difference float8, lower float8, upper float8) LANGUAGE sql STABLE AS $$
  WITH a AS (
    SELECT * FROM bench.result r WHERE r.asked = asked_a AND r.variant = variant_a AND r.known IS NOT DISTINCT FROM known_a
      AND r.head = 'median' AND r.level = 0.9::real),
  b AS (
    SELECT a.person_id, a.meal_id, a.minutes_ahead, a.last - a.happened AS error FROM a WHERE asked_b = 'persistence'
    UNION ALL
    SELECT r.person_id, r.meal_id, r.minutes_ahead, r.error FROM bench.result r
    WHERE r.asked = asked_b AND asked_b <> 'persistence' AND r.variant = 'full' AND r.known IS NOT DISTINCT FROM known_a
      AND r.head = 'median' AND r.level = 0.9::real),
  per_person AS (
    SELECT a.source, a.minutes_ahead, a.person_id, count(*) AS n, sum(a.error ^ 2) AS a, sum(b.error ^ 2) AS b
    FROM a JOIN b USING (person_id, meal_id, minutes_ahead) GROUP BY 1, 2, 3),
  pooled AS (
    SELECT p.source, p.minutes_ahead, count(*) AS persons, sum(p.n)::bigint AS n, sqrt(sum(p.a) / sum(p.n)) AS rmse_a,
           sqrt(sum(p.b) / sum(p.n)) AS rmse_b, array_agg(p.a ORDER BY p.person_id) AS a,
           array_agg(p.b ORDER BY p.person_id) AS b, array_agg(p.n ORDER BY p.person_id) AS rows
    FROM per_person p GROUP BY 1, 2)
  SELECT p.source, p.minutes_ahead, p.persons, p.n, p.rmse_a, p.rmse_b, d.difference, d.lower, d.upper
  FROM pooled p, bench.rmse_difference(p.a, p.b, p.rows) d $$;
CREATE TABLE bench.comparison AS
  SELECT w.asked_a, w.asked_b, w.variant, k.known, c.*
  FROM (VALUES ('auto', 'persistence', 'full'), ('auto', 'population', 'full'), ('population', 'persistence', 'full'),
               ('auto', 'auto', 'no nutrients'), ('auto', 'auto', 'no meal'),
               ('population', 'population', 'no nutrients'), ('population', 'population', 'no meal')) AS w (asked_a, asked_b, variant)
  JOIN (SELECT DISTINCT variant, known FROM bench.result) k ON k.variant = w.variant
  CROSS JOIN LATERAL bench.compare(w.asked_a, w.asked_b, w.variant, k.known) c;
