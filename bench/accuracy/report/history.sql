-- SPDX-License-Identifier: PostgreSQL
\echo '### What the meal''s description is worth'
\echo
\echo 'Trained and scored again with the nutrients of all meals unknown, and with the type unknown as well (every meal a snack), so'
\echo 'that only the moment is left. RMSE, and how much larger it is without, with the 95 % interval over persons.'
\echo
SELECT bench.line('source', 'minutes', 'forecaster', 'n', 'with', 'without nutrients', 'difference', 'without nutrients and type', 'difference')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(a.source, '+' || a.minutes_ahead, a.asked_a, a.n::text, bench.number(a.rmse_b), bench.number(a.rmse_a),
  bench.interval(a.difference, a.lower, a.upper), bench.number(b.rmse_a), bench.interval(b.difference, b.lower, b.upper))
FROM bench.comparison a JOIN bench.comparison b USING (source, minutes_ahead, asked_a)
WHERE a.variant = 'no nutrients' AND b.variant = 'no meal'
ORDER BY a.source, a.minutes_ahead, bench.rank(a.asked_a);

-- What follows is drawn, too.
CREATE TABLE bench.by_history AS
  SELECT a.known, a.source, a.minutes_ahead, a.persons, a.n, a.rmse_a AS served, a.rmse_b AS persistence, b.rmse_b AS population,
         a.difference, a.lower, a.upper, b.difference AS own_difference, b.lower AS own_lower, b.upper AS own_upper,
         (SELECT count(DISTINCT r.person_id) FROM bench.result r WHERE r.known = a.known AND r.source = a.source AND r.asked = 'auto'
          AND r.served = 'personal') AS personal
  FROM bench.comparison a
  LEFT JOIN bench.comparison b ON (b.known, b.source, b.minutes_ahead, b.asked_a, b.asked_b)
    = (a.known, a.source, a.minutes_ahead, 'auto', 'population')
  WHERE a.known IS NOT NULL AND a.asked_a = 'auto' AND a.asked_b = 'persistence';
\echo
\echo '### Error against days of history'
\echo
\echo 'Only so many days before each scored meal are known (0: the three hours a forecast starts from); a model of the person''s own'
\echo 'learns from as many days before the first scored meal, from 7 days and 21 meals on. Persons with a shorter history are left'
\echo 'out, so that rows with more days may have other persons: compare within a row.'
\echo
SELECT bench.line('source', 'minutes', 'days', 'persons (own model)', 'n', 'persistence', 'population', 'as served',
                  'served − persistence', 'served − population')
UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|';
SELECT bench.line(source, '+' || minutes_ahead, known::text, persons || ' (' || personal || ')', n::text, bench.number(persistence),
  bench.number(population), bench.number(served), bench.interval(difference, lower, upper), bench.interval(own_difference, own_lower, own_upper))
FROM bench.by_history ORDER BY source, minutes_ahead, known;
