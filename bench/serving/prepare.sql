-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N -v days=N -v more=N: simulated persons of role app, a model ('auto') of every second one, and one of
-- the population for the others. Meals to ask about are numbered, with what a simple model of an application's own would
-- keep beside them: the baseline, and where the window of three hours begins.
SET client_min_messages = warning;
CREATE ROLE app LOGIN;
SELECT glucose.grant_access('app');
SET ROLE app;
SELECT count(glucose.simulate_person(seed, :days, (ARRAY['none', 'prediabetes', 't2d', 't1d'])[1 + seed % 4]))
FROM generate_series(1, :persons) AS seed;
UPDATE glucose.person SET shares_data = true;
INSERT INTO glucose.person (owner) SELECT 'app' FROM generate_series(1, :more);
RESET ROLE;
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO app;
CREATE TABLE bench.numbered AS
  SELECT person_id, row_number() OVER (ORDER BY person_id) AS n, row_number() OVER (ORDER BY person_id) % 2 = 1 AS is_own
  FROM (SELECT DISTINCT person_id FROM glucose.meal) p;
-- The newest twenty meals of each.
CREATE TABLE bench.asked AS
  SELECT row_number() OVER (ORDER BY n.is_own DESC, m.person_id, m.eaten_at) AS i, m.person_id, m.meal_id AS old_id, n.is_own,
         glucose.key(row_number() OVER (ORDER BY n.is_own DESC, m.person_id, m.eaten_at)) AS meal_id, m.eaten_at,
         m.eaten_at - interval '3 h 5 min' AS window_start, 0::real AS mean, 0::real AS sd,
         (SELECT max(measured_at) FROM glucose.glucose_reading r WHERE r.person_id = m.person_id AND r.measured_at <= m.eaten_at) AS reading_at
  FROM (SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY eaten_at DESC) AS newest FROM glucose.meal) m
  JOIN bench.numbered n USING (person_id) WHERE newest <= 20;
ALTER TABLE bench.asked ADD PRIMARY KEY (i);
-- As an application would have it without us: the same columns, checks and keys.
CREATE TABLE bench.plain_reading (LIKE glucose.glucose_reading INCLUDING ALL);
ALTER TABLE bench.plain_reading ADD FOREIGN KEY (person_id) REFERENCES glucose.person ON DELETE CASCADE;
GRANT SELECT ON bench.asked TO app;
UPDATE bench.asked a SET mean = b.avg_glucose, sd = b.std_glucose
FROM (SELECT i, (glucose.calculate_user_baseline(person_id, eaten_at)).* FROM bench.asked) b WHERE b.i = a.i;
UPDATE glucose.meal m SET meal_id = a.meal_id FROM bench.asked a WHERE m.person_id = a.person_id AND m.meal_id = a.old_id;
VACUUM ANALYZE;
-- The population's first: the persons' own models are what they are with one.
SELECT glucose.train_population_model('glucose', 'auto'), glucose.train_population_model('cgm');
SELECT glucose.train_model(person_id, 'glucose', 'auto', jsonb_build_object('deploy', true,
         'end_at', (SELECT max(eaten_at) - interval '2 days' FROM glucose.meal o WHERE o.person_id = n.person_id)))
FROM bench.numbered n WHERE is_own;
VACUUM ANALYZE;
CHECKPOINT;
