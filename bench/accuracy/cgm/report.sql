-- SPDX-License-Identifier: PostgreSQL
-- Persistence needs no extension: the last row before the first target.
INSERT INTO bench.score
  SELECT d.set, d.seed, CASE WHEN d.held_out THEN 'OOD' ELSE 'ID' END, 'persistence', 'median', 0.9, w.person_id, w.at, e.*
  FROM bench.seed d JOIN bench.window w ON w.set = d.set AND w.person = d.person AND w.part = CASE WHEN d.held_out THEN 'whole' ELSE 'test' END
  CROSS JOIN LATERAL (
    SELECT avg((w.mg_dl - y.mg_dl) ^ 2), avg(abs(w.mg_dl - y.mg_dl)), max((w.mg_dl - y.mg_dl) ^ 2) FILTER (WHERE y.i = w.last + 6),
           max((w.mg_dl - y.mg_dl) ^ 2) FILTER (WHERE y.i = w.last + 12), NULL::float8, NULL::float8
    FROM bench.reading y WHERE y.person_id = w.person_id AND y.segment = w.segment AND y.i BETWEEN w.last + 1 AND w.last + 12) e
  WHERE d.seed = ANY (:'seeds'::integer[]);
ANALYZE bench.score;

CREATE TABLE bench.by_seed AS
  SELECT set, subset, asked, head, seed, count(*) AS n,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY mse) AS median_mse, percentile_cont(0.5) WITHIN GROUP (ORDER BY mae) AS median_mae,
         avg(mse) AS mean_mse, avg(mae) AS mean_mae, avg(squared_30) AS squared_30, avg(squared_60) AS squared_60,
         avg(inside) AS inside, avg(width) AS width
  FROM bench.score WHERE level = 0.9::real GROUP BY 1, 2, 3, 4, 5;
CREATE TABLE bench.published AS
  SELECT * FROM (VALUES ('colas', 'ID', 5.26, 4.35), ('colas', 'OOD', 5.33, 4.41), ('hall', 'ID', 7.13, 6.11), ('hall', 'OOD', 7.40, 6.29))
    AS p (set, subset, rmse, mae);

SELECT format('%s splits of %s persons (%s windows), as in GlucoBench (ICLR 2024): all row and window counts of splits.csv are reproduced.'
  ' Population models learn from the train rows of the persons that are not held out, and nothing else is in the database then.'
  ' ID: test windows of the same persons; OOD: all windows of the persons held out. Per window the errors of 12 steps of 5 minutes;'
  ' median (as published) or mean over the windows, then the mean over the seeds; RMSE is the square root of that. mg/dL.',
  (SELECT count(DISTINCT (set, seed)) FROM bench.by_seed), (SELECT count(DISTINCT (set, person)) FROM bench.seed),
  (SELECT sum(n) FROM bench.by_seed WHERE asked = 'persistence'));
SELECT E'\nOnly persistence: this version has no train_population_model or cgm_forecast.' FROM bench.can WHERE NOT forecast;
SELECT E'\nForecasts with the later readings deleted were the same for 50 windows of each set.' FROM bench.can WHERE forecast;
\echo
\echo '### Errors over the hour'
\echo
SELECT bench.line('set', 'windows', 'seeds', 'forecaster', 'RMSE, median', 'MAE, median', 'best published', 'RMSE, mean', 'MAE, mean',
                  'RMSE at 30 min', 'at 60 min')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(b.set, b.subset, string_agg(b.seed::text, ' ' ORDER BY b.seed), b.asked || CASE b.head WHEN 'mean' THEN ', mean head' ELSE '' END,
  bench.number(sqrt(avg(b.median_mse))), bench.number(avg(b.median_mae)), (SELECT p.rmse || ' / ' || p.mae FROM bench.published p
    WHERE p.set = b.set AND p.subset = b.subset), bench.number(sqrt(avg(b.mean_mse))), bench.number(avg(b.mean_mae)),
  bench.number(sqrt(avg(b.squared_30))), bench.number(sqrt(avg(b.squared_60))))
FROM bench.by_seed b GROUP BY b.set, b.subset, b.asked, b.head, b.seed < 10
ORDER BY b.set, b.subset, b.seed < 10, bench.rank(CASE b.asked WHEN 'own' THEN 'auto' ELSE b.asked END), b.head DESC;
SELECT forecast FROM bench.can \gset
\if :forecast
\echo
\echo '### Intervals'
\echo
\echo 'Share of the outcomes inside in % / mean width in mg/dL, over all steps; calibration error: mean over the levels of |share − level|.'
\echo
SELECT bench.line('set', 'windows', 'forecaster', '50 %', '80 %', '90 %', '95 %', 'calibration error')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|';
SELECT bench.line(l.set, l.subset, l.asked, max(l.cell) FILTER (WHERE l.level = 0.5), max(l.cell) FILTER (WHERE l.level = 0.8::real),
  max(l.cell) FILTER (WHERE l.level = 0.9::real), max(l.cell) FILTER (WHERE l.level = 0.95::real), bench.number(avg(abs(l.inside - l.level)), 3))
FROM (SELECT set, subset, asked, level, avg(inside) AS inside, bench.number(100 * avg(inside), 1) || ' / ' || bench.number(avg(width), 0) AS cell
      FROM bench.score WHERE inside IS NOT NULL AND head = 'median' AND seed = ANY (:'own'::integer[]) GROUP BY 1, 2, 3, 4) l
GROUP BY l.set, l.subset, l.asked ORDER BY l.set, l.subset, l.asked DESC;
\endif
