-- SPDX-License-Identifier: PostgreSQL
-- Tables for readings as somebody would have them without us: the same columns, checks and keys, without policy or
-- trigger; and with the primary key alone.
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS bench;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
CREATE TABLE bench.plain (LIKE glucose.glucose_reading INCLUDING ALL,
  FOREIGN KEY (person_id) REFERENCES glucose.person ON DELETE CASCADE);
CREATE TABLE bench.key_only (LIKE glucose.glucose_reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  PRIMARY KEY (person_id, measured_at), FOREIGN KEY (person_id) REFERENCES glucose.person ON DELETE CASCADE);
GRANT ALL ON bench.plain, bench.key_only TO PUBLIC;
INSERT INTO bench.plain SELECT * FROM glucose.glucose_reading;
INSERT INTO bench.key_only SELECT * FROM glucose.glucose_reading;
VACUUM ANALYZE bench.plain, bench.key_only;
