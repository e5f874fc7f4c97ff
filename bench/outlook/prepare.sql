-- SPDX-License-Identifier: PostgreSQL
-- psql -v data=DIR [-v cgm=DIR/cgm]: the persons, and what is asked: every six hours of the last fifth of each person's time,
-- as long as the day to come is one that readings cover.
SET client_min_messages = warning;
CREATE SCHEMA bench;
\ir ../load/load.sql
\ir ../accuracy/functions.sql
\if :{?cgm}
\cd :cgm
CREATE TEMP TABLE raw (source text, id text, at timestamp, gl real);
CREATE TEMP TABLE raw_file (id text, at timestamp, gl real);
\copy raw_file FROM PROGRAM 'zcat colas.csv.gz' CSV HEADER
INSERT INTO raw SELECT 'colas', * FROM raw_file;
TRUNCATE raw_file;
\copy raw_file FROM PROGRAM 'zcat hall.csv.gz' CSV HEADER
INSERT INTO raw SELECT 'hall', * FROM raw_file;
INSERT INTO known_person SELECT DISTINCT glucose.key(source || ' ' || id), id, 'UTC', NULL, source FROM raw;
INSERT INTO glucose.person (person_id, owner) SELECT DISTINCT glucose.key(source || ' ' || id), CURRENT_USER FROM raw;
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT glucose.key(source || ' ' || id), at AT TIME ZONE 'UTC', avg(gl) FROM raw WHERE gl BETWEEN 20 AND 600 GROUP BY 1, 2;
\endif
CREATE TABLE bench.person AS
  SELECT k.person_id, k.source, k.label, min(r.measured_at) AS first_at, max(r.measured_at) AS last_at,
         min(r.measured_at) + 0.8 * (max(r.measured_at) - min(r.measured_at)) AS cut_at
  FROM known_person k JOIN glucose.glucose_reading r USING (person_id) GROUP BY 1, 2, 3;
CREATE TABLE bench.moment AS
  SELECT p.source, p.person_id, t.at FROM bench.person p,
    generate_series(p.cut_at, p.last_at - interval '1 day', interval '6 hours') t (at);
VACUUM ANALYZE;
