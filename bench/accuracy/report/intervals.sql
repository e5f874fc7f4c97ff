-- SPDX-License-Identifier: PostgreSQL
-- Beside the extension's intervals one of constant width: median forecast ± q, where q is the ceil((n + 1) level)-th
-- smallest absolute error of the same forecaster, at the same horizon, on the scored meals of the source's persons in the
-- other folds (split-conformal by persons).
CREATE TABLE bench.banded AS
  WITH plain AS (
    SELECT * FROM bench.result WHERE variant = 'full' AND known IS NULL AND head = 'median' AND asked IN ('auto', 'population')
      AND lower IS NOT NULL),
  sorted AS (
    SELECT t.fold, o.source, o.minutes_ahead, o.asked, o.level, array_agg(abs(o.error) ORDER BY abs(o.error)) AS errors
    FROM (SELECT DISTINCT source, fold FROM bench.person) t JOIN plain o ON o.source = t.source AND o.fold <> t.fold
    GROUP BY 1, 2, 3, 4, 5)
  SELECT p.*, s.errors[least(ceil((cardinality(s.errors) + 1) * p.level::numeric)::integer, cardinality(s.errors))] AS half
  FROM plain p JOIN sorted s USING (source, fold, minutes_ahead, asked, level);

\echo '### Intervals'
\echo
\echo 'Coverage in % / mean width in mg/dL. Calibration error: mean over the levels of |coverage − level|. Interval score at 90 %'
\echo '(Gneiting and Raftery 2007, mg/dL, smaller is better): width plus 20 times what an outcome lies outside. Constant: an'
\echo 'interval of constant width from the errors of the same forecaster on the other folds'' persons.'
\echo
SELECT bench.line('source', 'minutes', 'forecaster', 'n', '50 %', '80 %', '90 %', '95 %', 'calibration error', 'score',
                  'constant: 50 %', '80 %', '90 %', '95 %', 'calibration error', 'score')
UNION ALL SELECT '|' || repeat('---|', 16);
WITH by_level AS (
  SELECT b.source, b.minutes_ahead, b.asked, b.level, count(*) AS n,
         avg((b.happened BETWEEN b.lower AND b.upper)::integer) AS coverage, avg(b.upper - b.lower) AS width,
         avg((abs(b.error) <= b.half)::integer) AS constant_coverage, avg(2 * b.half) AS constant_width,
         avg(b.upper - b.lower + 20 * (greatest(b.lower - b.happened, 0) + greatest(b.happened - b.upper, 0))) AS score,
         avg(2 * b.half + 20 * greatest(abs(b.error) - b.half, 0)) AS constant_score
  FROM bench.banded b GROUP BY 1, 2, 3, 4),
cells AS (
  SELECT *, bench.number(100 * coverage::float8, 1) || ' / ' || bench.number(width, 0) AS cell,
         bench.number(100 * constant_coverage::float8, 1) || ' / ' || bench.number(constant_width, 0) AS constant_cell FROM by_level)
SELECT bench.line(c.source, '+' || c.minutes_ahead, c.asked, max(c.n)::text,
  max(c.cell) FILTER (WHERE c.level = 0.5), max(c.cell) FILTER (WHERE c.level = 0.8::real),
  max(c.cell) FILTER (WHERE c.level = 0.9::real), max(c.cell) FILTER (WHERE c.level = 0.95::real),
  bench.number(avg(abs(c.coverage - c.level)), 3), bench.number(max(c.score) FILTER (WHERE c.level = 0.9::real), 0),
  max(c.constant_cell) FILTER (WHERE c.level = 0.5), max(c.constant_cell) FILTER (WHERE c.level = 0.8::real),
  max(c.constant_cell) FILTER (WHERE c.level = 0.9::real), max(c.constant_cell) FILTER (WHERE c.level = 0.95::real),
  bench.number(avg(abs(c.constant_coverage - c.level)), 3), bench.number(max(c.constant_score) FILTER (WHERE c.level = 0.9::real), 0))
FROM cells c GROUP BY c.source, c.minutes_ahead, c.asked ORDER BY c.source, c.minutes_ahead, bench.rank(c.asked);
\echo
SELECT 'Only 90 %: this version takes no option level.' FROM bench.can WHERE NOT level;
