-- SPDX-License-Identifier: PostgreSQL
-- psql -v folder=DIR: the two sets, who is in which fold, and what is asked: an hour apart, at most 300 moments a person
-- from its whole time and as many from its last fifth.
SET client_min_messages = warning;
\cd :folder
CREATE SCHEMA IF NOT EXISTS bench;
\ir ../functions.sql
CREATE TABLE IF NOT EXISTS bench.loaded (person_id uuid, source text, label text);
CREATE TEMP TABLE raw (source text, id text, at timestamp, gl real);
CREATE TEMP TABLE raw_file (id text, at timestamp, gl real);
\copy raw_file FROM PROGRAM 'zcat colas.csv.gz' CSV HEADER
INSERT INTO raw SELECT 'colas', * FROM raw_file;
TRUNCATE raw_file;
\copy raw_file FROM PROGRAM 'zcat hall.csv.gz' CSV HEADER
INSERT INTO raw SELECT 'hall', * FROM raw_file;
INSERT INTO bench.loaded SELECT DISTINCT glucose.key(source || ' ' || id), source, id FROM raw;
INSERT INTO glucose.person (person_id, owner)
  SELECT DISTINCT glucose.key(source || ' ' || id), coalesce(glucose.current_identity(), CURRENT_USER) FROM raw;
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT glucose.key(source || ' ' || id), at AT TIME ZONE 'UTC', avg(gl) FROM raw WHERE gl BETWEEN 20 AND 600 GROUP BY 1, 2;

-- Folds by a hash of the label, equally large within a source; cut_at: four fifths of the readings are before it.
CREATE TABLE bench.person AS
  SELECT l.person_id, l.source, (row_number() OVER (PARTITION BY l.source ORDER BY md5(l.label)) - 1) % 5 AS fold,
         p.time_zone, count(*) AS readings, min(r.measured_at) AS first_at,
         percentile_disc(0.8) WITHIN GROUP (ORDER BY r.measured_at) AS cut_at
  FROM bench.loaded l JOIN glucose.person p USING (person_id) JOIN glucose.glucose_reading r USING (person_id)
  GROUP BY l.person_id, l.source, l.label, p.time_zone;

CREATE TABLE bench.quarter AS
  SELECT person_id, date_bin('15 min', measured_at, '2000-01-01 00:00+00') AS at,
         extract(epoch FROM (date_bin('15 min', measured_at, '2000-01-01 00:00+00') AT TIME ZONE time_zone)::time)::integer / 900 AS slot,
         sum(mg_dl) AS total, count(*) AS n
  FROM glucose.glucose_reading JOIN bench.person USING (person_id) GROUP BY 1, 2, 3;
CREATE INDEX ON bench.quarter (person_id, at);

CREATE TABLE bench.moment AS
  SELECT person_id, source, at, mg_dl, late FROM (
    SELECT *, count(*) OVER person AS n, row_number() OVER (PARTITION BY person_id, late ORDER BY at) AS i FROM (
      SELECT DISTINCT ON (r.person_id, date_trunc('hour', r.measured_at), late) p.source, r.person_id, r.measured_at AS at, r.mg_dl, late
      FROM glucose.glucose_reading r JOIN bench.person p USING (person_id) CROSS JOIN unnest('{false,true}'::boolean[]) late
      WHERE NOT late OR r.measured_at >= p.cut_at
      ORDER BY r.person_id, date_trunc('hour', r.measured_at), late, r.measured_at) h
    WINDOW person AS (PARTITION BY person_id, late)) m
  WHERE i * 300 / greatest(n, 300) <> (i - 1) * 300 / greatest(n, 300);

\ir trouble.sql
CREATE TABLE bench.question (person_id uuid, at timestamptz, minutes_ahead integer, outcome float8, plain float8);
-- said: by the population alone (left out), by the person's own model on it (own), by one without a population (alone).
CREATE TABLE bench.answer (source text, said text, person_id uuid, at timestamptz, minutes_ahead integer,
  outcome float8, plain float8, mg_dl float8, lower float8, upper float8);
CREATE FUNCTION bench.takes() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM glucose.cgm_forecast(person_id, at, '{"minutes": 1440}') FROM bench.moment LIMIT 1;
  RETURN true;
EXCEPTION
  WHEN invalid_parameter_value THEN RETURN false;
  WHEN SQLSTATE 'MG001' THEN RETURN true;
END $$;
CREATE TABLE bench.can AS SELECT bench.takes() AS day;
VACUUM ANALYZE;
