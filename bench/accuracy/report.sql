-- SPDX-License-Identifier: PostgreSQL
\echo '### Who can be trained (`train_model(person, ''glucose'', ''auto'')`, whole history)'
\echo
\echo '| source | persons | at least 7 days and 21 usable meals | trained | MG002 | validation below persistence | not below, and says so | not below, and silent | chosen | seconds, median | most |'
\echo '|---|---|---|---|---|---|---|---|---|---|---|'
SELECT '| ' || concat_ws(' | ', p.source, count(*), count(*) FILTER (WHERE p.days >= 7 AND p.usable >= 21), count(t.version),
  count(*) FILTER (WHERE t.error IS NOT NULL), count(*) FILTER (WHERE t.validation_rmse < t.persistence_rmse),
  count(*) FILTER (WHERE t.validation_rmse >= t.persistence_rmse AND array_to_string(t.issues, ';') ~ 'persistence on validation'),
  count(*) FILTER (WHERE t.validation_rmse >= t.persistence_rmse AND array_to_string(t.issues, ';') !~ 'persistence on validation'),
  (SELECT string_agg(algorithm || ' ' || n, ', ' ORDER BY n DESC, algorithm)
   FROM (SELECT u.algorithm, count(*) AS n FROM bench.training u JOIN bench.person q USING (person_id)
         WHERE q.source = p.source AND u.purpose = 'whole history' AND u.version IS NOT NULL GROUP BY 1) c),
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms) / 1000)::numeric, 2), round(max(t.ms)::numeric / 1000, 2)) || ' |'
FROM bench.person p JOIN bench.training t USING (person_id) WHERE t.purpose = 'whole history' GROUP BY p.source ORDER BY p.source;
\echo
\echo 'MG002:'
\echo
SELECT '- ' || p.source || ': ' || count(*) || ' persons with fewer than 7 days of readings or 21 usable meals'
       || coalesce('; of them with enough of both: ' || nullif(count(*) FILTER (WHERE p.days >= 7 AND p.usable >= 21), 0), '')
FROM bench.person p JOIN bench.training t USING (person_id)
WHERE t.purpose = 'whole history' AND t.error IS NOT NULL GROUP BY p.source ORDER BY p.source;
\echo
\echo '### The last 30 % of each person''s usable meals, models trained on the first 70 %'
\echo
\echo '| source | minutes | algorithm | persons (rejected) | n | RMSE | against persistence | MAE | bias | R² | MAPE % | coverage % | width |'
\echo '|---|---|---|---|---|---|---|---|---|---|---|---|---|'
WITH pooled AS (
  SELECT s.source, s.minutes_ahead, s.asked, count(DISTINCT s.person_id) AS persons, count(*) AS n,
         sqrt(avg((mg_dl - happened)::float8 ^ 2)) AS rmse, avg(abs(mg_dl - happened)) AS mae, avg(mg_dl - happened) AS bias,
         1 - sum((mg_dl - happened)::float8 ^ 2) / nullif(regr_syy(happened, happened), 0) AS r2,
         100 * avg(abs(mg_dl - happened) / happened) AS mape,
         100 * avg((happened BETWEEN lower AND upper)::int) AS coverage, avg(upper - lower) AS width
  FROM bench.score s GROUP BY 1, 2, 3
)
SELECT '| ' || concat_ws(' | ', x.source, '+' || x.minutes_ahead, x.asked,
  x.persons || ' (' || (SELECT count(*) FROM bench.training t JOIN bench.person p USING (person_id)
    WHERE p.source = x.source AND t.purpose = 'first 70 %' AND t.asked = x.asked AND t.rejected) || ')',
  x.n, round(x.rmse::numeric, 2), to_char(100 * (x.rmse / b.rmse - 1), 'FMSG990.0') || ' %', round(x.mae::numeric, 2),
  to_char(x.bias, 'FMSG990.0'), round(x.r2::numeric, 2), round(x.mape::numeric, 1), round(x.coverage, 1), round(x.width::numeric, 0)) || ' |'
FROM pooled x JOIN pooled b USING (source, minutes_ahead) WHERE b.asked = 'persistence'
ORDER BY x.source, x.minutes_ahead, array_position('{persistence,mean,ridge,lad,lstm,auto}', x.asked);
