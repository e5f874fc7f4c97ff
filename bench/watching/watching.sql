-- SPDX-License-Identifier: PostgreSQL
-- :persons, :bad. Everyone has 60 simulated days. Good: a ridge of 20 days, then what serves, of 30; the other 30 are
-- looked at night by night. Bad: what serves has learnt from glucose that was 70 mg/dL higher after meals, or that went
-- down where it went up (a fifth to a third more error than before).
SET search_path = glucose, public;
\set ON_ERROR_STOP on
CREATE TEMP TABLE who AS
SELECT i, CASE WHEN i > :persons + :bad THEN 'upside down' WHEN i > :persons THEN 'too high' END AS fault,
       simulate_person(1000 + i, 60) AS person_id FROM generate_series(1, :persons + 2 * :bad) i;
CREATE TEMP TABLE time AS
SELECT w.i, w.person_id, w.fault, min(r.measured_at) + interval '30 days' AS learnt
FROM who w JOIN glucose_reading r USING (person_id) GROUP BY 1, 2, 3;
SELECT count((train_model(person_id, 'glucose', 'ridge', jsonb_build_object('end_at', learnt - interval '10 days',
  'deploy', true))).version) FROM time \g /dev/null
SELECT count((train_model(person_id, 'glucose', 'auto', jsonb_build_object('end_at', learnt, 'deploy', true))).version)
FROM time WHERE fault IS NULL \g /dev/null
CREATE FUNCTION pg_temp.plant(sign real) RETURNS void LANGUAGE sql AS $$
  UPDATE glucose_reading r SET mg_dl = 300 - mg_dl FROM time t
  WHERE t.person_id = r.person_id AND t.fault = 'upside down' AND r.measured_at < t.learnt AND r.mg_dl BETWEEN 60 AND 240;
  UPDATE glucose_reading r SET mg_dl = r.mg_dl + sign * 70
  FROM time t, (SELECT DISTINCT m.person_id, r.measured_at FROM meal m JOIN glucose_reading r ON r.person_id = m.person_id
                AND r.measured_at > m.eaten_at + interval '30 minutes' AND r.measured_at < m.eaten_at + interval '150 minutes') a
  WHERE t.person_id = r.person_id AND t.fault = 'too high' AND a.person_id = r.person_id
    AND a.measured_at = r.measured_at AND r.measured_at < t.learnt AND r.mg_dl BETWEEN 20 AND 500;
$$;
BEGIN;
SELECT pg_temp.plant(1) \g /dev/null
SELECT count((train_model(person_id, 'glucose', 'ridge', jsonb_build_object('end_at', learnt, 'deploy', true))).version)
FROM time WHERE fault IS NOT NULL \g /dev/null
SELECT pg_temp.plant(-1) \g /dev/null
COMMIT;
UPDATE deployment SET deployed_at = deployed_at - interval '400 days';
-- A night is a statement, as it would be; who has been acted upon is not looked at again.
CREATE TEMP TABLE found (i integer PRIMARY KEY, night integer, action text, against text, n integer);
CREATE TEMP TABLE looks (night integer, ms real);
DO $$
DECLARE
  started timestamptz;
BEGIN
  FOR night IN 1 .. 30 LOOP
    started := clock_timestamp();
    INSERT INTO found SELECT t.i, night, j.action, j.against, j.n
    FROM time t CROSS JOIN LATERAL glucose.judge_live(t.person_id, 'glucose', t.learnt + make_interval(days => night)) j
    WHERE j.action <> 'kept' AND NOT EXISTS (SELECT FROM found f WHERE f.i = t.i);
    INSERT INTO looks VALUES (night, extract(epoch FROM clock_timestamp() - started) * 1000
                              / ((SELECT count(*) FROM time) - (SELECT count(*) FROM found)));
  END LOOP;
END
$$;
SELECT format('%s months of good models, a look every night: %s taken from service (%s)', count(*), count(f.i),
              coalesce(string_agg(format('night %s, %s by %s', f.night, f.action, f.against), '; ') FILTER (WHERE f.i IS NOT NULL), 'none'))
FROM time t LEFT JOIN found f USING (i) WHERE t.fault IS NULL;
SELECT format('%s models that are %s: %s taken from service within the month, %s of them within 30 outcomes; outcomes until then: median %s, %s to %s',
              count(*), t.fault, count(f.i), count(*) FILTER (WHERE f.n <= 30), percentile_disc(0.5) WITHIN GROUP (ORDER BY f.n),
              min(f.n), max(f.n))
FROM time t LEFT JOIN found f USING (i) WHERE t.fault IS NOT NULL GROUP BY t.fault ORDER BY t.fault;
SELECT format('a look at one person: %s ms in the first nights, %s ms in the last', round(avg(ms) FILTER (WHERE night <= 5)), round(avg(ms) FILTER (WHERE night > 25)))
FROM looks;
