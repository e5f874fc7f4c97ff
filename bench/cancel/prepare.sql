-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N -v days=N: simulated persons of role app, the first with thousands of meals, and models of each kind.
SET client_min_messages = warning;
CREATE ROLE app LOGIN;
SELECT glucose.grant_access('app');
SET ROLE app;
SELECT glucose.simulate_person(seed, :days, (ARRAY['none', 'prediabetes', 't2d', 't1d'])[1 + seed % 4])
FROM generate_series(1, :persons) AS seed;
SELECT glucose.simulate_person(99, 365, 't2d') AS big \gset
UPDATE glucose.person SET shares_data = true;
RESET ROLE;
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO app;
-- The same meals again, at minutes beside them: what a kitchen logs in years.
INSERT INTO glucose.meal (person_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
SELECT person_id, eaten_at + i * interval '1 minute', meal_type, calories + i, carbs_g + i % 3, protein_g, fat_g, fiber_g
FROM glucose.meal, generate_series(1, 4) i WHERE person_id = :'big';
CREATE TABLE bench.person AS
  SELECT person_id, person_id = :'big' AS is_big, row_number() OVER (ORDER BY person_id = :'big', person_id) AS i FROM glucose.person;
-- More than is brought at a time, in no order: it is read, named and sorted before the first statement.
CREATE TABLE bench.given AS SELECT
  (SELECT jsonb_agg(jsonb_build_object('eaten_at', timestamptz '2000-01-01' + i * 7919 % 100000 * interval '10 minutes', 'carbs_g', 20))
   FROM generate_series(1, 100000::bigint) i) AS meals,
  (SELECT jsonb_agg(jsonb_build_object('day', date '1990-01-01' + (i * 7919 % 12000)::integer, 'metric', 'STEPS', 'value', 1000,
                                       'source', 's' || i / 12000)) FROM generate_series(1, 100000::bigint) i) AS day_values;
GRANT SELECT ON bench.person, bench.given TO app;
SELECT glucose.define_event('low_steps', '1 day', '7 days', '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 6000}}');
SELECT glucose.define_event('high_meal', '2 hours', '3 hours', '{"at": "meal", "yes_if": {"metric": "GLUCOSE", "statistic": "max", "above": 180}}');
VACUUM ANALYZE;
SELECT glucose.train_population_model(t, a, '{"deploy": true}') FROM (VALUES ('glucose', 'ridge'), ('cgm', 'linear')) v (t, a);
SET ROLE app;
SELECT glucose.train_model(person_id, t, a, '{"deploy": true}')
FROM bench.person, (VALUES ('glucose', 'auto'), ('cgm', 'linear'), ('daily:STEPS', 'ridge'), ('event:low_steps', 'logistic')) v (t, a)
WHERE is_big OR i = 1;
SELECT glucose.train_model(person_id, 'glucose', 'ridge', '{"deploy": true}') FROM bench.person WHERE i = 1;
SELECT count(glucose.predict_glucose(meal_id, person_id => m.person_id)) FROM glucose.meal m JOIN bench.person p USING (person_id)
WHERE is_big AND eaten_at > now() - interval '60 days';
RESET ROLE;
CHECKPOINT;
