-- SPDX-License-Identifier: PostgreSQL
-- simulate_person(): the same for the same caller and arguments, plausible, and only the caller's.
\getenv here PG_ABS_SRCDIR
\set test simulation
\i :here/include/begin.sql
SET ROLE anna;
SELECT simulate_person(1, 5, p) IS NOT NULL AS made, p FROM unnest('{none,prediabetes,t2d,t1d}'::text[]) p;
SELECT diabetes_type, owner, time_zone, shares_data, count(*) FROM person GROUP BY 1, 2, 3, 4 ORDER BY 1;
SELECT p.diabetes_type, count(*) BETWEEN 1200 AND 1440 AS every_5_minutes, min(measured_at) >= '2026-01-05'
  AND max(measured_at) < '2026-01-10' AS five_days,
  bool_and(mg_dl BETWEEN 20 AND 600) AS in_range, bool_and(recorded_at IS NULL) AS recorded_when_measured FROM person p
  JOIN glucose_reading USING (person_id) GROUP BY 1 ORDER BY 1;
SELECT p.diabetes_type, count(*) BETWEEN 10 AND 40 AS meals, count(DISTINCT meal_type) >= 3 AS types,
  bool_and(carbs_g BETWEEN 0 AND 500 AND calories BETWEEN 0 AND 5000) AS plausible
FROM person p JOIN meal USING (person_id) GROUP BY 1 ORDER BY 1;
SELECT avg(mg_dl) FILTER (WHERE diabetes_type = 'none') < avg(mg_dl)
  FILTER (WHERE diabetes_type = 't2d') AS more_glucose_with_diabetes FROM person JOIN glucose_reading USING (person_id);
-- Again: the same person, left as it is.
SELECT count(*) AS readings FROM glucose_reading \gset
SELECT simulate_person(1, 5) = p.person_id AS same FROM person p WHERE diabetes_type = 't2d';
SELECT count(*) - :readings AS added FROM glucose_reading;
-- By content: made again after it was erased, all its rows are the same; another seed, others; more days, the same and
-- more.
SELECT simulate_person(7, 2) AS seven \gset
CREATE TEMP TABLE first AS SELECT measured_at, mg_dl FROM glucose_reading WHERE person_id = :'seven';
CREATE TEMP TABLE ate AS SELECT * FROM meal WHERE person_id = :'seven';
DELETE FROM person WHERE person_id = :'seven';
SELECT simulate_person(7, 2) = :'seven' AS same_id;
SELECT count(*) > 500 AS rows, count(*) FILTER (WHERE f.mg_dl IS DISTINCT FROM g.mg_dl) AS different FROM first f
  FULL JOIN (SELECT * FROM glucose_reading WHERE person_id = :'seven') g USING (measured_at);
SELECT count(*) > 5 AS meals,
  (SELECT count(*) FROM (SELECT * FROM ate EXCEPT SELECT * FROM meal WHERE person_id = :'seven') d) AS different
  FROM ate;
SELECT simulate_person(8, 2) AS eight \gset
SELECT simulate_person(7, 3) AS longer \gset
SELECT abs((SELECT avg(mg_dl) FROM first) - avg(mg_dl)) > 0.01 AS another_seed FROM glucose_reading
  WHERE person_id = :'eight';
SELECT count(*) FILTER (WHERE f.mg_dl <> g.mg_dl) AS changed_by_more_days FROM first f
  JOIN glucose_reading g USING (measured_at) WHERE g.person_id = :'longer';
-- Two callers, two persons; neither sees the other's.
SET ROLE ben;
SELECT simulate_person(7, 2) <> :'seven' AS another, (SELECT count(*) FROM person WHERE owner <> 'ben') AS of_others;
-- Refused, and then nothing is there: a wrong profile, no identity, a read-only transaction, no privilege, a timeout.
SELECT p, test.expect(format('SELECT simulate_person(1, 5, %L)', p)),
  test.hint(format('SELECT simulate_person(1, 5, %L)', p)) FROM unnest('{t3d,T2D,gestational}'::text[]) p;
SELECT d, test.expect(format('SELECT simulate_person(1, %s)', d)) FROM unnest('{0,-1,3651}'::int[]) d;
BEGIN READ ONLY;
SELECT simulate_person(9, 2);
ROLLBACK;
SET statement_timeout = '100ms';
SELECT test.expect('SELECT simulate_person(9, 3650)');
RESET statement_timeout;
SET ROLE frank;
SELECT test.expect('SELECT glucose.simulate_person(9, 2)');
SET ROLE ben;
SELECT count(*) AS persons FROM person;
-- Extreme seeds are seeds.
SELECT count(DISTINCT simulate_person(s, 1)) AS persons
  FROM unnest('{-9223372036854775808,-1,0,9223372036854775807}'::bigint[]) s;
