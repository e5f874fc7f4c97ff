-- SPDX-License-Identifier: PostgreSQL
SELECT E'### Days\n';
SELECT format('Every six hours of the last fifth of each person''s time. Of %s moments of %s persons %s were answered, of %s persons; the others have fewer than three days'
  ' before them. MAE in mg/dL or points of percent; *7 days*, *14 days*: of the plain mean of the person''s own last ones; the differences to'
  ' them have their 95 %% intervals over persons, each of whom counts once.',
  (SELECT count(*) FROM bench.moment), (SELECT count(DISTINCT person_id) FROM bench.moment), (SELECT count(DISTINCT (person_id, at)) FROM bench.asked),
  (SELECT count(DISTINCT person_id) FROM bench.asked));
\echo
SELECT bench.line('measure', 'day', 'source', 'persons', 'n', 'MAE', '7 days', '14 days', 'less than 7 days by', 'less than 14 days by', 'RMSE', '7 days', '14 days', '90 % holds', 'width')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|';
WITH of_person AS (
  SELECT measure, day, data, person_id, count(*) AS n, avg(abs(expected - outcome)) AS mae,
    avg(abs(days_7 - outcome)) AS mae_7, avg(abs(days_14 - outcome)) AS mae_14, sum((expected - outcome) ^ 2) AS sq,
    sum((days_7 - outcome) ^ 2) AS sq_7, sum((days_14 - outcome) ^ 2) AS sq_14,
    count(*) FILTER (WHERE outcome BETWEEN lower - 1e-9 AND upper + 1e-9) AS inside, sum(upper - lower) AS width
  FROM bench.came WHERE source = 'recent days' AND days_7 IS NOT NULL GROUP BY 1, 2, 3, 4)
SELECT bench.line(measure, day::text, coalesce(data, 'all'), count(*)::text, sum(n)::text,
  bench.number(sum(mae * n) / sum(n)), bench.number(sum(mae_7 * n) / sum(n)), bench.number(sum(mae_14 * n) / sum(n)),
  bench.interval(avg(mae_7 - mae), avg(mae_7 - mae) - 1.96 * stddev(mae_7 - mae) / sqrt(count(*)), avg(mae_7 - mae) + 1.96 * stddev(mae_7 - mae) / sqrt(count(*))),
  bench.interval(avg(mae_14 - mae), avg(mae_14 - mae) - 1.96 * stddev(mae_14 - mae) / sqrt(count(*)), avg(mae_14 - mae) + 1.96 * stddev(mae_14 - mae) / sqrt(count(*))),
  bench.number(sqrt(sum(sq) / sum(n))), bench.number(sqrt(sum(sq_7) / sum(n))), bench.number(sqrt(sum(sq_14) / sum(n))),
  bench.number((100.0 * sum(inside) / sum(n))::float8, 1), bench.number(sum(width) / sum(n), 1))
FROM of_person GROUP BY GROUPING SETS ((measure, day, data), (measure, day))
ORDER BY array_position('{mean,in_range_pct,below_70_pct}', measure), day, data IS NULL, data;
SELECT E'\n### The band of the coming 24 hours\n';
SELECT format('Levels every half an hour. *model*: `cgm_forecast()` of the person''s own model of the first four fifths (%s persons have one), without a population; *days*: without a model.', :'trained');
\echo
SELECT bench.line('by', 'source', 'hours', 'persons', 'n', 'MAE', '90 % holds', 'width')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|';
SELECT bench.line(CASE source WHEN 'model' THEN 'model' ELSE 'days' END, coalesce(data, 'all'), coalesce(hours, '0 to 24'), count(DISTINCT person_id)::text, count(*)::text,
  bench.number(avg(abs(expected - outcome)), 1), bench.number((100 * avg((outcome BETWEEN lower AND upper)::integer))::float8, 1), bench.number(avg(upper - lower), 0))
FROM (SELECT *, CASE WHEN start_at - at <= interval '2 hours' THEN '0 to 2' WHEN start_at - at <= interval '8 hours' THEN '2 to 8' ELSE '8 to 24' END AS hours
      FROM bench.level) l
GROUP BY GROUPING SETS ((source, data, hours), (source, hours), (source, data), (source)) ORDER BY source, data IS NULL, data, hours NULLS LAST;
