-- SPDX-License-Identifier: PostgreSQL
-- Markdown. Differences of means are over persons drawn anew 1,000 times.
SET search_path = bench;
SELECT setseed(0.5) \g /dev/null
CREATE TABLE bench.person AS
SELECT source, metric, person_id, count(*) AS n, sum(abs(value - outcome)) AS model, sum(abs(last - outcome)) AS last,
       sum(abs(moving_average - outcome)) AS moving_average, sum(abs(smoothed - outcome)) AS smoothed,
       sum(abs(mean - outcome)) AS mean, row_number() OVER (PARTITION BY source, metric ORDER BY person_id) AS i,
       count(*) OVER (PARTITION BY source, metric) AS persons
FROM bench.answer GROUP BY 1, 2, 3;
CREATE TABLE bench.whole AS
SELECT source, metric, count(*) AS persons, sum(n) AS n, sum(model) / sum(n) AS model, sum(last) / sum(n) AS last,
       sum(moving_average) / sum(n) AS moving_average, sum(smoothed) / sum(n) AS smoothed, sum(mean) / sum(n) AS mean
FROM person GROUP BY 1, 2;
CREATE TABLE bench.drawn AS
SELECT d.source, d.metric, d.draw, sum(p.model) / sum(p.n) AS model,
       (sum(p.model) - sum(CASE w.naive WHEN 'last value' THEN p.last WHEN 'mean of 7 days' THEN p.moving_average
                                        WHEN 'smoothing 0.3' THEN p.smoothed ELSE p.mean END)) / sum(p.n) AS gain
FROM (SELECT p.source, p.metric, draw, 1 + floor(random() * p.persons)::bigint AS i
      FROM person p, generate_series(1, 1000) draw) d
JOIN person p ON p.source = d.source AND p.metric = d.metric AND p.i = d.i
JOIN (SELECT w.*, (SELECT v.name FROM (VALUES ('last value', w.last), ('mean of 7 days', w.moving_average),
                   ('smoothing 0.3', w.smoothed), ('mean', w.mean)) v (name, mae) ORDER BY v.mae LIMIT 1) AS naive
      FROM whole w) w ON w.source = d.source AND w.metric = d.metric
GROUP BY 1, 2, 3;
SELECT '### One day ahead, the last fifth of each person''s days

Each day is asked about as of the evening before, by `metric_forecast()`; the population of the same source has learnt from the first four fifths of all
persons'' days. Persons with 30 days and more of a metric. Naive forecasts are plain SQL. "best before" is what other kinds of forecast had reached on these data.
Brackets: 90 % of 1,000 draws of persons.

| metric | source | persons / n | last value | mean of 7 | smoothing 0.3 | mean | **auto** | less the best naive | best before | 90 % interval holds | R² | R² within | MAPE |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|';
SELECT format('| %s | %s | %s / %s | %s | %s | %s | %s | **%s** (%s to %s) | %s (%s to %s) | %s (%s) | %s %% | %s | %s | %s %% |',
  w.metric, w.source, w.persons, w.n, round(w.last::numeric, 2), round(w.moving_average::numeric, 2),
  round(w.smoothed::numeric, 2), round(w.mean::numeric, 2), round(w.model::numeric, 2), round(q.low::numeric, 2),
  round(q.high::numeric, 2), round((w.model - least(w.last, w.moving_average, w.smoothed, w.mean))::numeric, 2),
  round(q.gain_low::numeric, 2), round(q.gain_high::numeric, 2), a.best, a.by,
  round((100 * c.coverage)::numeric, 1), round(t.r2::numeric, 2), round(t.within::numeric, 2), round(t.mape::numeric, 1))
FROM whole w
JOIN (SELECT source, metric, percentile_cont(0.05) WITHIN GROUP (ORDER BY model) AS low,
             percentile_cont(0.95) WITHIN GROUP (ORDER BY model) AS high,
             percentile_cont(0.05) WITHIN GROUP (ORDER BY gain) AS gain_low,
             percentile_cont(0.95) WITHIN GROUP (ORDER BY gain) AS gain_high FROM drawn GROUP BY 1, 2) q
  USING (source, metric)
JOIN (SELECT source, metric, avg((outcome BETWEEN lower AND upper)::int) AS coverage FROM bench.answer GROUP BY 1, 2) c
  USING (source, metric)
JOIN bench.training t ON t.source = w.source AND t.metric = w.metric AND t.algorithm = 'auto'
LEFT JOIN bench.asked_for a ON a.source = w.source AND a.metric = w.metric
ORDER BY w.metric, w.source;
SELECT format(E'\nOver all, the 90 %% interval held %s %% of %s outcomes.', round(100 * avg((outcome BETWEEN lower AND upper)::int), 1), count(*))
FROM bench.answer;
SELECT E'\n### All architectures\n\nMean absolute error on the test days of everybody with 10 days and more (networks here: 2 x 32, 20 epochs), as trainings measured it; seconds of training.\n';
SELECT '| metric | source | n | ' || string_agg(a, ' | ' ORDER BY o) || E' |\n|---|---|---|' || string_agg('---', '|') || '|'
FROM (SELECT DISTINCT algorithm AS a, array_position(ARRAY['persistence', 'moving_average', 'exponential_smoothing', 'mean',
  'linear_mean', 'ridge', 'lad', 'trees', 'lstm', 'attention', 'multitask', 'auto', 'auto of each person'], algorithm) AS o
  FROM bench.training) q;
SELECT format('| %s | %s | %s | %s |', metric, source, max(n), string_agg(format('%s (%s s)', round(mae::numeric, 2), round(seconds::numeric, 1)), ' | '
  ORDER BY array_position(ARRAY['persistence', 'moving_average', 'exponential_smoothing', 'mean', 'linear_mean', 'ridge', 'lad', 'trees',
  'lstm', 'attention', 'multitask', 'auto', 'auto of each person'], algorithm)))
FROM bench.training GROUP BY metric, source ORDER BY metric, source;
SELECT E'\n### The strain event, the last fifth of each person''s evenings\n
All sources together; each evening is asked about by `event_forecast()`, the population has learnt from the first four fifths. Outcomes are
`outcome_of()`. Before: AUC .836, Brier .077, ECE .015. Brackets: 90 % of 1,000 draws of persons; the calibration error is of ten bins of equal count.\n';
CREATE FUNCTION pg_temp.auc(p real[], y real[]) RETURNS float8 LANGUAGE sql AS $$
  SELECT (sum(rank) FILTER (WHERE y = 1) - count(*) FILTER (WHERE y = 1) * (count(*) FILTER (WHERE y = 1) + 1) / 2.0)
         / nullif(count(*) FILTER (WHERE y = 1) * count(*) FILTER (WHERE y = 0), 0)
  FROM (SELECT y, (rank() OVER (ORDER BY p) + rank() OVER (ORDER BY p) + count(*) OVER (PARTITION BY p) - 1) / 2.0 AS rank
        FROM unnest(p, y) AS u (p, y)) r
$$;
CREATE FUNCTION pg_temp.ece(p real[], y real[]) RETURNS float8 LANGUAGE sql AS $$
  SELECT sum(abs(sum_p - sum_y)) / sum(n)
  FROM (SELECT sum(p) AS sum_p, sum(y) AS sum_y, count(*) AS n
        FROM (SELECT p, y, ntile(10) OVER (ORDER BY p) AS bin FROM unnest(p, y) AS u (p, y)) b GROUP BY bin) s
$$;
CREATE TEMP TABLE event_draw AS
WITH numbered AS (SELECT *, dense_rank() OVER (ORDER BY person_id) AS i FROM bench.event_answer),
drawn AS (SELECT draw, 1 + floor(random() * (SELECT max(i) FROM numbered))::bigint AS i
          FROM generate_series(1, 1000) draw, generate_series(1, (SELECT max(i) FROM numbered)::integer))
SELECT draw, pg_temp.auc(array_agg(probability), array_agg(outcome)) AS auc,
       avg((probability - outcome) ^ 2) AS brier FROM drawn JOIN numbered USING (i) GROUP BY draw;
SELECT format(E'%s persons, %s evenings, base rate %s: AUC **%s** (%s to %s), Brier **%s** (%s to %s; base rate alone %s), calibration error **%s**.\n',
  count(DISTINCT person_id), count(*), round(avg(outcome)::numeric, 3),
  round(pg_temp.auc(array_agg(probability), array_agg(outcome))::numeric, 3), (SELECT round(percentile_cont(0.05) WITHIN GROUP (ORDER BY auc)::numeric, 3) FROM event_draw),
  (SELECT round(percentile_cont(0.95) WITHIN GROUP (ORDER BY auc)::numeric, 3) FROM event_draw),
  round(avg((probability - outcome) ^ 2)::numeric, 4), (SELECT round(percentile_cont(0.05) WITHIN GROUP (ORDER BY brier)::numeric, 4) FROM event_draw),
  (SELECT round(percentile_cont(0.95) WITHIN GROUP (ORDER BY brier)::numeric, 4) FROM event_draw), round((avg(outcome) * (1 - avg(outcome)))::numeric, 4),
  round(pg_temp.ece(array_agg(probability), array_agg(outcome))::numeric, 4))
FROM bench.event_answer;
SELECT E'As trainings measured their test rows:\n\n| algorithm | AUC | average precision | Brier | calibration error | accuracy | F1 | base rate | n | s |\n|---|---|---|---|---|---|---|---|---|---|';
SELECT format('| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |', algorithm, round(auc::numeric, 3), round(average_precision::numeric, 3),
  round(brier::numeric, 4), round(calibration_error::numeric, 4), round(accuracy::numeric, 3), round(f1::numeric, 3), round(base_rate::numeric, 3), n,
  round(seconds::numeric, 1)) FROM bench.event_training;
