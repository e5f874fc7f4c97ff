-- SPDX-License-Identifier: PostgreSQL
SELECT coalesce(bool_or(day), false) AS day FROM bench.can \gset
\if :day
SELECT E'\n### Two hours to a day ahead\n';
SELECT 'Asked every hour, at most 300 moments a person; RMSE in mg/dL of the answer without options, beside the person''s own mean'
  ' within half an hour of that time of day over the 30 days before the moment (of all that is known where there is none), and the'
  ' difference with its 95 % interval over persons; share of the outcomes within the 90 % interval, and its mean width.'
  ' *left out*: all moments of persons of whom nothing was learnt, by a population model of the source''s other persons (five folds).'
  ' *own*: the last fifth of each person''s time, by its own model of the first four on top of that population''s.'
  ' *alone*: the same without a population.';
\echo
SELECT bench.line('model', 'source', 'persons', 'hours', 'n', 'RMSE', 'mean of the time of day', 'difference', '90 % holds', 'width')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
WITH of_person AS (
  SELECT said, source, minutes_ahead, person_id, count(*) AS n, sum((mg_dl - outcome) ^ 2) AS squared, sum((plain - outcome) ^ 2) AS plain_squared,
         count(*) FILTER (WHERE outcome BETWEEN lower AND upper) AS inside, sum(upper - lower) AS width
  FROM bench.answer GROUP BY 1, 2, 3, 4),
of_source AS (
  SELECT said, source, minutes_ahead, count(*) AS persons, sum(n) AS n, sqrt(sum(squared) / sum(n)) AS rmse,
         sqrt(sum(plain_squared) / sum(n)) AS plain, 100 * sum(inside) / sum(n) AS inside, sum(width) / sum(n) AS width,
         bench.rmse_difference(array_agg(squared), array_agg(plain_squared), array_agg(n)) AS d
  FROM of_person GROUP BY 1, 2, 3
  UNION ALL SELECT said, 'all', minutes_ahead, count(*), sum(n), NULL, NULL, 100 * sum(inside) / sum(n), NULL, NULL FROM of_person GROUP BY 1, 3)
SELECT bench.line(said, source, persons::text, (minutes_ahead / 60)::text, n::text, bench.number(rmse), bench.number(plain),
                  bench.interval((d).difference, (d).lower, (d).upper), bench.number(inside::float8, 1), bench.number(width, 0))
FROM of_source ORDER BY array_position('{left out,own,alone}', said), source = 'all', source, minutes_ahead;
SELECT E'\n### After gaps, and at jumps\n';
SELECT 'Readings in the first hour after a gap of more than 45 minutes, readings 60 mg/dL and more from the one before within 6 minutes, and'
  ' moments an hour apart that are neither, of persons of whom nothing was learnt (five folds, as above). *Said*: the mean of'
  ' confidence_score; *came true*: the share within 20 mg/dL or 20 %; persistence: the newest reading stays.';
\echo
SELECT bench.line('source', 'moments', 'minutes', 'n', '90 % holds', 'width', 'said', 'came true', 'MAE', 'persistence')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(coalesce(source, 'all'), kind, minutes_ahead::text, count(*)::text,
  bench.number(100 * avg((outcome BETWEEN lower AND upper)::integer)::float8, 1), bench.number(avg(upper - lower), 0), bench.number(avg(score)),
  bench.number(avg((abs(mg_dl - outcome) <= greatest(20, 0.2 * mg_dl))::integer)::float8), bench.number(avg(abs(mg_dl - outcome)), 1),
  bench.number(avg(abs(persistence - outcome)), 1))
FROM (SELECT source, kind, minutes_ahead, outcome, mg_dl, lower, upper, score, persistence FROM bench.troubled
      UNION ALL SELECT source, 'first hour after a gap', minutes_ahead, outcome, mg_dl, lower, upper, score, persistence
      FROM bench.troubled WHERE kind = 'right after a gap') t
GROUP BY GROUPING SETS ((source, kind, minutes_ahead), (kind, minutes_ahead))
ORDER BY array_position('{right after a gap,first hour after a gap,jump,elsewhere}', kind), source IS NULL, source, minutes_ahead;
\endif
