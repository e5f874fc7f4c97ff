-- SPDX-License-Identifier: PostgreSQL
CREATE VIEW bench.event AS
  SELECT r.source, r.minutes_ahead, r.asked, r.person_id, e.name, e.p, e.happened::integer::float8 AS happened
  FROM bench.point r, LATERAL (VALUES ('below 70', r.p_below_70, r.happened < 70), ('above 180', r.p_above_180, r.happened > 180))
    AS e (name, p, happened)
  WHERE r.head = 'median' AND r.asked IN ('auto', 'population') AND e.p IS NOT NULL;
-- Bins of the forecast probability; the few large ones of hypoglycaemia share wide bins.
CREATE VIEW bench.event_bin AS
  SELECT e.minutes_ahead, e.asked, e.name, b.low, b.high, count(*) AS n, avg(e.p) AS p, avg(e.happened) AS happened
  FROM bench.event e
  JOIN (VALUES (0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)) AS b (low, high)
    ON e.p >= b.low AND e.p < b.high
  GROUP BY 1, 2, 3, 4, 5;

\echo '### Probabilities of low and high glucose'
\echo
SELECT 'Not there: this version states no probabilities.' WHERE NOT EXISTS (SELECT FROM bench.event);
SELECT line FROM (
  SELECT 1 AS o, 'Brier score, and skill against always saying how often it happened in the source (1 is perfect, 0 no better, below 0 worse).' || E'\n' AS line
  UNION ALL SELECT 2, bench.line('source', 'minutes', 'forecaster', 'event', 'n', 'happened %', 'forecast %', 'Brier', 'skill') || E'\n|---|---|---|---|---|---|---|---|---|') h
WHERE EXISTS (SELECT FROM bench.event) ORDER BY o;
SELECT bench.line(source, '+' || minutes_ahead, asked, name, count(*)::text, bench.number(100 * avg(happened), 1),
  bench.number(100 * avg(p), 1), bench.number(avg((p - happened) ^ 2), 4),
  bench.number(1 - avg((p - happened) ^ 2) / nullif(avg(happened) * (1 - avg(happened)), 0), 2))
FROM bench.event GROUP BY source, minutes_ahead, asked, name ORDER BY source, minutes_ahead, name DESC, bench.rank(asked);
\echo
SELECT line FROM (
  SELECT 1 AS o, 'Reliability of auto, all sources: how often it happened where so much was forecast.' || E'\n' AS line
  UNION ALL SELECT 2, bench.line('event', 'minutes', 'forecast', 'n', 'mean forecast %', 'happened %') || E'\n|---|---|---|---|---|---|') h
WHERE EXISTS (SELECT FROM bench.event) ORDER BY o;
SELECT bench.line(name, '+' || minutes_ahead, format('%s to %s %%', (100 * low)::integer, least((100 * high)::integer, 100)), n::text,
  bench.number(100 * p, 1), bench.number(100 * happened, 1))
FROM bench.event_bin WHERE asked = 'auto' ORDER BY name DESC, minutes_ahead, low;

\echo
\echo '### Confidence'
\echo
\echo 'Does a higher confidenceScore mean smaller errors, and is it the share of outcomes within 20 mg/dL or 20 % (the larger) of the'
\echo 'forecast? auto, all sources, by the score of the answer.'
\echo
SELECT bench.line('minutes', 'score', 'n', 'mean score', 'MAE', 'RMSE', 'within 20 mg/dL or 20 %', 'coverage of 90 %', 'width')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|';
SELECT bench.line('+' || r.minutes_ahead, format('%s to %s', b.low, least(b.high, 1)), count(*)::text,
  bench.number(avg(r.confidence_score)), bench.number(avg(abs(r.error)), 1), bench.number(sqrt(avg(r.error ^ 2)), 1),
  bench.number(100 * avg((abs(r.error) <= greatest(20, 0.2 * r.mg_dl))::integer)::float8, 0) || ' %',
  bench.number(100 * avg((r.happened BETWEEN r.lower AND r.upper)::integer)::float8, 1) || ' %', bench.number(avg(r.upper - r.lower), 0))
FROM bench.point r JOIN (VALUES (0, 0.25), (0.25, 0.5), (0.5, 0.65), (0.65, 0.75), (0.75, 0.85), (0.85, 0.95), (0.95, 1.01)) AS b (low, high)
  ON r.confidence_score >= b.low AND r.confidence_score < b.high
WHERE r.asked = 'auto' AND r.head = 'median' GROUP BY r.minutes_ahead, b.low, b.high ORDER BY r.minutes_ahead, b.low;
