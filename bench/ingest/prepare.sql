-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N: role app with so many persons, role one with a single one, and tables to compare with: "bare" has
-- the columns and the key, "like" all that glucose_reading has but policies and the note of who has entered a row.
SET client_min_messages = warning;
CREATE ROLE app LOGIN;
CREATE ROLE one LOGIN;
SELECT glucose.grant_access('app'), glucose.grant_access('one');
INSERT INTO glucose.person (person_id, owner) SELECT glucose.key(i), 'app' FROM generate_series(1, :persons) i;
INSERT INTO glucose.person (person_id, owner) VALUES (glucose.key(0), 'one');
CREATE SCHEMA bench;
CREATE TABLE bench.bare (person_id uuid, measured_at timestamptz, mg_dl real NOT NULL, recorded_at timestamptz,
  PRIMARY KEY (person_id, measured_at));
CREATE TABLE bench.alike (LIKE glucose.glucose_reading INCLUDING CONSTRAINTS INCLUDING INDEXES,
  FOREIGN KEY (person_id) REFERENCES glucose.person ON DELETE CASCADE);
CREATE TABLE bench.bare_meal (person_id uuid, meal_id uuid DEFAULT gen_random_uuid(), eaten_at timestamptz,
  meal_type text, calories real, carbs_g real, protein_g real, fat_g real, fiber_g real,
  PRIMARY KEY (meal_id, person_id));
CREATE TABLE bench.alike_meal (LIKE glucose.meal INCLUDING CONSTRAINTS INCLUDING INDEXES,
  FOREIGN KEY (person_id) REFERENCES glucose.person ON DELETE CASCADE);
ALTER TABLE bench.alike_meal ALTER meal_id SET DEFAULT gen_random_uuid();
GRANT USAGE ON SCHEMA bench TO app, one;
GRANT ALL ON ALL TABLES IN SCHEMA bench TO app, one;
VACUUM ANALYZE;
CHECKPOINT;
