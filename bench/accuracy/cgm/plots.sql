-- SPDX-License-Identifier: PostgreSQL
-- What plots.py draws: the median errors of each way over the seeds, beside the best published.
SELECT jsonb_build_object('sensor', (SELECT jsonb_agg(e ORDER BY e.set, e.subset, e.rank, e.asked) FROM (
  SELECT b.set, b.subset, b.asked || CASE b.head WHEN 'mean' THEN ', mean head' ELSE '' END AS asked,
         bench.rank(CASE b.asked WHEN 'own' THEN 'auto' ELSE b.asked END) AS rank, sqrt(avg(b.median_mse)) AS rmse,
         sqrt(min(b.median_mse)) AS lower, sqrt(max(b.median_mse)) AS upper, p.rmse AS published
  FROM bench.by_seed b JOIN bench.published p USING (set, subset) GROUP BY b.set, b.subset, b.asked, b.head, p.rmse) e));
