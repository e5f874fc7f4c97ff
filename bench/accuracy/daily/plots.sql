-- SPDX-License-Identifier: PostgreSQL
-- What the plots show, as JSON; after report.sql.
SET search_path = bench;
SELECT jsonb_build_object(
  'days', (SELECT jsonb_agg(to_jsonb(g) ORDER BY g.metric, g.source)
           FROM (SELECT d.metric, d.source, 100 * avg(d.gain / w.naive) AS gain,
                        100 * percentile_cont(0.05) WITHIN GROUP (ORDER BY d.gain / w.naive) AS lower,
                        100 * percentile_cont(0.95) WITHIN GROUP (ORDER BY d.gain / w.naive) AS upper
                 FROM drawn d
                 JOIN (SELECT source, metric, least(last, moving_average, smoothed, mean) AS naive FROM whole) w
                   USING (source, metric)
                 GROUP BY 1, 2) g),
  'strain', (SELECT jsonb_agg(to_jsonb(b) ORDER BY b.p)
             FROM (SELECT avg(probability) AS p, avg(outcome) AS happened, count(*) AS n
                   FROM (SELECT probability, outcome, ntile(10) OVER (ORDER BY probability) AS bin FROM event_answer) a
                   GROUP BY bin) b));
