-- SPDX-License-Identifier: PostgreSQL
-- What plots.py draws, as one JSON document. After the report.
SELECT jsonb_build_object('strangers', jsonb_agg(e ORDER BY e.source, e.minutes_ahead, bench.order_of(e.learnt_from)))
FROM (SELECT source, minutes_ahead, learnt_from, CASE bench.order_of(learnt_from) WHEN 0 THEN 'benchmark sets' ELSE learnt_from END AS variant, rmse, lower, upper
      FROM bench.of_source WHERE head = 'median' AND NOT late AND minutes_ahead IN (60, 120)) e;
