-- SPDX-License-Identifier: PostgreSQL
\echo '### Who was trained and scored'
\echo
SELECT bench.line('source', 'persons', 'scored', 'with a model of their own', 'too little for one', 'rejected', 'chosen by auto',
                  'seconds per training of auto, median (most)', 'population models of 5', 'chosen')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(p.source, count(*)::text, count(p.end_at)::text, count(t.version)::text,
  count(t.error)::text, count(*) FILTER (WHERE t.rejected)::text,
  (SELECT string_agg(algorithm || ' ' || n, ', ' ORDER BY n DESC, algorithm)
   FROM (SELECT u.algorithm, count(*) AS n FROM bench.training u
         WHERE u.source = p.source AND u.variant = 'full' AND u.asked = 'auto' AND u.version IS NOT NULL GROUP BY 1) c),
  bench.number(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms) / 1000) || ' (' || bench.number(max(t.ms) / 1000) || ')',
  (SELECT count(version)::text FROM bench.training u WHERE u.source = p.source AND u.variant = 'full' AND u.asked = 'population'),
  (SELECT string_agg(algorithm || ' ' || n, ', ' ORDER BY n DESC, algorithm)
   FROM (SELECT u.algorithm, count(*) AS n FROM bench.training u
         WHERE u.source = p.source AND u.variant = 'full' AND u.asked = 'population' AND u.version IS NOT NULL GROUP BY 1) c))
FROM bench.person p LEFT JOIN bench.training t ON t.person_id = p.person_id AND t.variant = 'full' AND t.asked = 'auto'
GROUP BY p.source ORDER BY p.source;

\echo
\echo '### Errors of persons with a model of their own'
\echo
\echo 'Pooled over the persons, mg/dL; in brackets the 95 % interval over persons. In place of a rejected version what serves then is scored.'
\echo
SELECT bench.line('source', 'minutes', 'algorithm', 'persons (rejected)', 'n', 'RMSE', 'against persistence', 'MAE', 'R²', 'bias')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(e.source, '+' || e.minutes_ahead, e.asked || CASE e.head WHEN 'median' THEN '' ELSE ', mean head' END,
  e.persons || ' (' || (SELECT count(*) FROM bench.training t
    WHERE t.source = e.source AND t.variant = 'full' AND t.asked = e.asked AND t.person_id IS NOT NULL AND t.rejected) || ')',
  e.n::text, bench.number(e.rmse) || coalesce(' (' || bench.number(e.lower, 1) || ' to ' || bench.number(e.upper, 1) || ')', ''),
  to_char(100 * (e.rmse / b.rmse - 1), 'FMSG990.0') || ' %', bench.number(e.mae), bench.number(e.r2), to_char(e.bias, 'FMSG990.0'))
FROM bench.errors e LEFT JOIN bench.errors b ON b.source = e.source AND b.minutes_ahead = e.minutes_ahead
  AND b.asked = 'persistence' AND b.head = 'median'
ORDER BY e.source, e.minutes_ahead, bench.rank(e.asked), e.head DESC;

\echo
\echo '### Everyone, as served'
\echo
\echo 'Also persons with too little for a model of their own: they get the population''s answer. Differences of the RMSE with'
\echo 'the 95 % interval over persons; an interval below 0 is a gain beyond chance.'
\echo
SELECT bench.line('source', 'minutes', 'persons', 'n', 'persistence', 'population', 'auto', 'auto − persistence', 'auto − population',
                  'population − persistence')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(a.source, '+' || a.minutes_ahead, a.persons::text, a.n::text, bench.number(a.rmse_b), bench.number(b.rmse_b),
  bench.number(a.rmse_a), bench.interval(a.difference, a.lower, a.upper), bench.interval(b.difference, b.lower, b.upper),
  bench.interval(c.difference, c.lower, c.upper))
FROM bench.comparison a
LEFT JOIN bench.comparison b ON (b.source, b.minutes_ahead, b.variant, b.asked_a, b.asked_b)
  = (a.source, a.minutes_ahead, 'full', 'auto', 'population') AND b.known IS NULL
LEFT JOIN bench.comparison c ON (c.source, c.minutes_ahead, c.variant, c.asked_a, c.asked_b)
  = (a.source, a.minutes_ahead, 'full', 'population', 'persistence') AND c.known IS NULL
WHERE (a.asked_a, a.asked_b, a.variant) = ('auto', 'persistence', 'full') AND a.known IS NULL
ORDER BY a.source, a.minutes_ahead;
