-- SPDX-License-Identifier: PostgreSQL
-- Of one source: the population's models of each metric that five persons have for 30 days, and the last fifth of each
-- person's days of it forecast one day ahead by metric_forecast(), each as of the evening before. Trainings have seen
-- the first four fifths. Naive forecasts are plain SQL over the same values.
SET search_path = glucose, public;
CREATE TEMP TABLE known AS
SELECT d.person_id, d.metric, d.day, d.value, row_number() OVER w AS i,
       count(*) OVER (PARTITION BY d.person_id, d.metric) AS n, lag(d.value) OVER w AS last,
       avg(d.value) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS mean,
       avg(d.value) OVER (w RANGE BETWEEN interval '7 days' PRECEDING AND interval '1 day' PRECEDING) AS moving_average
FROM daily_metric d
WHERE d.metric IN ('RESTING_HEART_RATE', 'HEART_RATE_VARIABILITY_RMSSD', 'HEART_RATE_VARIABILITY_SDNN',
                   'SLEEP_DURATION', 'RECOVERY_SCORE')
WINDOW w AS (PARTITION BY d.person_id, d.metric ORDER BY d.day);
CREATE TEMP TABLE smoothed AS
WITH RECURSIVE s AS (
  SELECT k.person_id, k.metric, k.i, k.value::float8 AS level FROM known k WHERE k.i = 1
  UNION ALL
  SELECT k.person_id, k.metric, k.i, s.level + 0.3 * (k.value - s.level)
  FROM s JOIN known k ON k.person_id = s.person_id AND k.metric = s.metric AND k.i = s.i + 1)
SELECT * FROM s;
-- As training splits them: 80/20 of the days of which something is known before.
CREATE TEMP TABLE asked AS
SELECT k.*, s.level AS smoothed FROM known k
JOIN smoothed s ON s.person_id = k.person_id AND s.metric = k.metric AND s.i = k.i - 1
WHERE k.n >= 30 AND k.i - 2 >= (k.n - 1) * 4 / 5;
CREATE TEMP TABLE metrics AS SELECT metric FROM asked GROUP BY 1 HAVING count(DISTINCT person_id) >= 5;
INSERT INTO bench.training (source, metric, algorithm, version, mae, r2, mape, n, seconds)
SELECT :'source', m.metric, a.algorithm, t.version, t.mae, t.r2, t.mape, t.n_test, t.training_time_seconds
FROM metrics m CROSS JOIN (VALUES ('persistence'), ('moving_average'), ('exponential_smoothing'), ('mean'),
  ('linear_mean'), ('ridge'), ('lad'), ('trees'), ('lstm'), ('attention'), ('multitask'), ('auto')) AS a (algorithm),
LATERAL train_population_model('daily:' || m.metric, a.algorithm, CASE
  WHEN a.algorithm IN ('lstm', 'attention', 'multitask') THEN '{"deploy": false, "hidden": [32, 32], "epochs": 20}'
  WHEN a.algorithm = 'auto' THEN '{"deploy": true}' ELSE '{"deploy": false}' END::jsonb) t;
UPDATE bench.training t
SET within = (SELECT p.value FROM population_metric p WHERE p.model_type = 'daily:' || t.metric AND p.version = t.version
              AND p.split = 'test' AND p.metric = 'r2_within');
INSERT INTO bench.answer
SELECT :'source', a.metric, a.person_id, a.day, a.value, f.value, f.lower, f.upper, a.last,
       coalesce(a.moving_average, a.last), a.smoothed, a.mean
FROM asked a JOIN metrics USING (metric), LATERAL metric_forecast(a.person_id, a.metric, a.day, '{"on_error": "none"}') f;
-- A person's own model on the population's.
INSERT INTO bench.training (source, metric, algorithm, mae, n, seconds)
SELECT :'source', p.metric, 'auto of each person', sum(t.mae * t.n_test) / sum(t.n_test), sum(t.n_test),
       sum(t.training_time_seconds)
FROM (SELECT DISTINCT person_id, metric FROM asked JOIN metrics USING (metric)) p,
LATERAL train_metric(p.person_id, p.metric, 'auto', '{"deploy": false}') t
GROUP BY p.metric;
DO $$
BEGIN
  RAISE INFO '%', (SELECT coalesce(string_agg(format('%s of %s: %s', version, model_type, quality_issues), '; '), 'none rejected')
                   FROM glucose.population_model WHERE status = 'rejected');
END $$;
