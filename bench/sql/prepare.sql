-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N -v days=N -v more=N: simulated persons of role app, each with a model; the meals to ask about are numbered.
SET client_min_messages = warning;
CREATE ROLE app LOGIN;
CREATE ROLE batch LOGIN BYPASSRLS;
SELECT glucose.grant_access('app'), glucose.grant_access('batch');
SET ROLE app;
SELECT count(glucose.simulate_person(seed, :days, (ARRAY['none', 'prediabetes', 't2d', 't1d'])[1 + seed % 4]))
FROM generate_series(1, :persons) AS seed;
INSERT INTO glucose.person (owner) SELECT 'app' FROM generate_series(1, :more);
RESET ROLE;
CREATE SCHEMA bench;
-- Asked about by number, so that pgbench needs no second statement to choose one.
CREATE TABLE bench.late_meal AS
  SELECT row_number() OVER (ORDER BY m.person_id, m.eaten_at) AS i, m.person_id, m.meal_id
  FROM glucose.meal m
  JOIN (SELECT person_id, min(measured_at) AS first_at FROM glucose.glucose_reading GROUP BY 1) r USING (person_id)
  WHERE m.eaten_at >= r.first_at + interval '31 days';
UPDATE glucose.meal m SET meal_id = glucose.key(l.i) FROM bench.late_meal l
WHERE m.person_id = l.person_id AND m.meal_id = l.meal_id;
VACUUM ANALYZE;
-- Every second person is served by the LSTM.
SELECT glucose.train_model(person_id, 'glucose', CASE WHEN row_number() OVER (ORDER BY person_id) % 2 = 0 THEN 'lstm' ELSE 'ridge' END,
                           '{"deploy": true}')
FROM (SELECT DISTINCT person_id FROM bench.late_meal) p;
VACUUM ANALYZE;
CHECKPOINT;
