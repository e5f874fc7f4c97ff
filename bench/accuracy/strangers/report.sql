-- SPDX-License-Identifier: PostgreSQL
SELECT format('%s persons of %s sources, asked at full hours, at most 100 moments a person, evenly thinned, through SQL: `cgm_forecast()` by a population model that has'
  ' learnt from all persons of other sources (Colas → Hall, Hall → Colas, both → the persons of the folder with meals; all others: of every other'
  ' source) and, beside it, from the other four fifths of their own (own kind, five folds). Outcomes lie between readings at most 45 minutes apart. RMSE and MAE in'
  ' mg/dL, in brackets 95 %% intervals over persons (bootstrap).',
  (SELECT count(DISTINCT person_id) FROM bench.heard), (SELECT count(DISTINCT source) FROM bench.heard));

CREATE VIEW bench.of_person AS
  SELECT source, learnt_from, own_model, late, head, minutes_ahead, person_id, count(*) AS n, sum((mg_dl - happened) ^ 2) AS squares,
         sum((last - happened) ^ 2) AS last_squares, sum(mg_dl - happened) AS plain, sum(abs(mg_dl - happened)) AS absolute,
         1 - sum((mg_dl - happened) ^ 2) / nullif(var_pop(happened) * count(*), 0) AS r2
  FROM bench.heard WHERE level = 0.9::real GROUP BY 1, 2, 3, 4, 5, 6, 7;
CREATE TABLE bench.of_source AS
  SELECT p.*, sqrt(p.sum_last / p.n) AS last_rmse, d.difference AS rmse, d.lower, d.upper
  FROM (SELECT source, learnt_from, own_model, late, head, minutes_ahead, count(*) AS persons, sum(n) AS n, sum(last_squares) AS sum_last,
               sum(plain) / sum(n) AS bias, sum(absolute) / sum(n) AS mae, array_agg(squares ORDER BY person_id) AS squares,
               array_agg(n ORDER BY person_id) AS rows
        FROM bench.of_person GROUP BY 1, 2, 3, 4, 5, 6) p,
       bench.rmse_difference(p.squares, array_fill(0::float8, ARRAY[p.persons::integer]), p.rows) d;
CREATE FUNCTION bench.between(value float8, lower float8, upper float8) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN bench.number(value) || coalesce(' (' || bench.number(lower, 1) || ' to ' || bench.number(upper, 1) || ')', '');
-- Strangers before their own kind.
CREATE FUNCTION bench.order_of(learnt_from text) RETURNS integer LANGUAGE sql IMMUTABLE
  RETURN coalesce(array_position('{all others,own kind}', learnt_from), 0);

\echo
\echo '### Errors of strangers'
\echo
SELECT bench.line('source', 'learnt from', 'minutes', 'persons', 'n', 'persistence', 'median head, RMSE', 'its MAE', 'bias', 'mean head, RMSE', 'bias')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(a.source, a.learnt_from, '+' || a.minutes_ahead, a.persons::text, a.n::text, bench.number(a.last_rmse),
  bench.between(a.rmse, a.lower, a.upper), bench.number(a.mae), to_char(a.bias, 'FMSG990.0'), bench.between(m.rmse, m.lower, m.upper),
  to_char(m.bias, 'FMSG990.0'))
FROM bench.of_source a JOIN bench.of_source m USING (source, learnt_from, own_model, late, minutes_ahead)
WHERE a.head = 'median' AND m.head = 'mean' AND NOT late ORDER BY a.source, bench.order_of(a.learnt_from), a.minutes_ahead;

\echo
\echo '### Intervals of strangers'
\echo
\echo 'Share of the outcomes inside in % / mean width in mg/dL; calibration error: mean over the levels of |share − level|; said: the mean of `confidence_score`;'
\echo 'came true: the share within 20 mg/dL or 20 %.'
\echo
SELECT bench.line('source', 'learnt from', 'minutes', '50 %', '80 %', '90 %', '95 %', 'calibration error', 'said', 'came true')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(source, learnt_from, '+' || minutes_ahead, max(cell) FILTER (WHERE level = 0.5), max(cell) FILTER (WHERE level = 0.8::real),
  max(cell) FILTER (WHERE level = 0.9::real), max(cell) FILTER (WHERE level = 0.95::real), bench.number(avg(abs(inside - level)), 3),
  bench.number(max(said) FILTER (WHERE level = 0.9::real)), bench.number(max(came_true)))
FROM (SELECT source, learnt_from, minutes_ahead, level, avg(inside) AS inside, bench.number(100 * avg(inside), 1) || ' / ' || bench.number(avg(upper - lower), 0) AS cell,
             avg(score) AS said, avg((abs(mg_dl - happened) <= greatest(20, 0.2 * mg_dl))::integer)::float8 AS came_true
      FROM (SELECT *, (happened BETWEEN lower AND upper)::integer::float8 AS inside FROM bench.heard WHERE head = 'median' AND NOT late) h
      GROUP BY 1, 2, 3, 4) l
GROUP BY source, learnt_from, minutes_ahead ORDER BY source, bench.order_of(learnt_from), minutes_ahead;

\echo
\echo '### A model of one''s own on a population of strangers'
\echo
\echo 'The last fifth of each person''s time, of those who have enough for a model of their own (its first four fifths, five days at least): RMSE of the median head,'
\echo 'and the difference with its 95 % interval over persons; how many persons are worse by more than 3 %, and the worst.'
\echo
SELECT bench.line('source', 'learnt from', 'minutes', 'persons', 'n', 'population', 'own', 'own − population', 'worse by 3 %', 'worst')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(o.source, o.learnt_from, '+' || o.minutes_ahead, o.persons::text, o.n::text, bench.number(p.rmse), bench.number(o.rmse),
  bench.interval(d.difference, d.lower, d.upper), w.worse::text, to_char(100 * (w.worst - 1), 'FMSG990.0') || ' %')
FROM bench.of_source o JOIN bench.of_source p USING (source, learnt_from, late, head, minutes_ahead)
CROSS JOIN LATERAL bench.rmse_difference(o.squares, p.squares, o.rows) d
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE sqrt(a / b) > 1.03) AS worse, max(sqrt(a / b)) AS worst FROM unnest(o.squares, p.squares) u (a, b)) w
WHERE o.own_model AND NOT p.own_model AND late AND head = 'median' ORDER BY o.source, bench.order_of(o.learnt_from), o.minutes_ahead;

\echo
\echo '### How many persons reach what was hoped for'
\echo
\echo 'Shares of persons at 30 / 60 / 90 / 120 minutes with MAE below 10 mg/dL, RMSE below 15 and R² above 0.85 in their own rows, of persons with 24 rows and more;'
\echo 'median head, own model only in the last fifth.'
\echo
SELECT bench.line('source', 'learnt from', 'persons', 'MAE < 10, %', 'RMSE < 15, %', 'R² > 0.85, %', 'all three, %')
UNION ALL SELECT '|---|---|---|---|---|---|---|';
SELECT bench.line(source, learnt_from || CASE WHEN own_model THEN ', own model' ELSE '' END, max(persons)::text,
  string_agg(mae, ' / ' ORDER BY minutes_ahead), string_agg(rmse, ' / ' ORDER BY minutes_ahead), string_agg(r2, ' / ' ORDER BY minutes_ahead),
  string_agg(together, ' / ' ORDER BY minutes_ahead))
FROM (SELECT source, learnt_from, own_model, minutes_ahead, count(*) AS persons, bench.percent(avg((absolute / n < 10)::integer)) AS mae,
             bench.percent(avg((squares / n < 225)::integer)) AS rmse, bench.percent(avg((r2 > 0.85)::integer)) AS r2,
             bench.percent(avg((absolute / n < 10 AND squares / n < 225 AND r2 > 0.85)::integer)) AS together
      FROM bench.of_person WHERE head = 'median' AND n >= 24 AND (NOT late OR own_model) GROUP BY 1, 2, 3, 4) p
GROUP BY source, learnt_from, own_model ORDER BY source, bench.order_of(learnt_from), learnt_from, own_model;
