-- SPDX-License-Identifier: PostgreSQL
\echo '### Clarke error grid'
\echo
\echo 'Everyone, as served; % of the forecasts in each zone. A: within 20 %, or both at most 70 mg/dL; B: off, but harmless; C to E: would mislead.'
\echo
SELECT bench.line('source', 'minutes', 'forecaster', 'n', 'A', 'B', 'C', 'D', 'E', 'A + B')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
WITH shown AS (
  SELECT source, minutes_ahead, asked, happened, mg_dl FROM bench.point WHERE head = 'median' AND asked IN ('auto', 'population')
  UNION ALL SELECT source, minutes_ahead, 'persistence', happened, last FROM bench.point WHERE head = 'median' AND asked = 'auto'),
counted AS (
  SELECT source, minutes_ahead, asked, count(*) AS n, 100.0 / count(*) AS each,
         count(*) FILTER (WHERE zone = 'A') AS a, count(*) FILTER (WHERE zone = 'B') AS b, count(*) FILTER (WHERE zone = 'C') AS c,
         count(*) FILTER (WHERE zone = 'D') AS d, count(*) FILTER (WHERE zone = 'E') AS e
  FROM shown, bench.clarke_zone(happened, mg_dl) AS zone GROUP BY 1, 2, 3)
SELECT bench.line(source, '+' || minutes_ahead, asked, n::text, bench.number(each * a, 1), bench.number(each * b, 1),
  bench.number(each * c, 1), bench.number(each * d, 1), bench.number(each * e, 1), bench.number(each * (a + b), 1))
FROM counted ORDER BY source, minutes_ahead, bench.rank(asked);
