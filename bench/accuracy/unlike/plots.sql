-- SPDX-License-Identifier: PostgreSQL
-- What plots.py draws, as one JSON document. After the report.
SELECT jsonb_build_object('unlike', jsonb_agg(e ORDER BY e.source, e.minutes_ahead, e.variant = 'alone', length(e.variant), e.variant))
FROM (SELECT v.variant, p.source, p.minutes_ahead, p.rmse, p.lower, p.upper
      FROM (SELECT DISTINCT variant FROM bench.score) v CROSS JOIN LATERAL bench.pooled(v.variant, NULL, 'auto', 'median') p) e;
