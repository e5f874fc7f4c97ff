-- SPDX-License-Identifier: PostgreSQL
-- psql -v folder=DIR: what split.py has written. No reading is in the extension's table yet.
SET client_min_messages = warning;
\cd :folder
CREATE SCHEMA bench;
\ir ../functions.sql
CREATE TABLE bench.reading (set text, person text, segment integer, i integer, at double precision, mg_dl real);
CREATE TABLE bench.slice (set text, person text, part text, segment integer, first integer, past integer, context integer);
CREATE TABLE bench.seed (set text, seed integer, person text, held_out boolean);
\copy bench.reading FROM 'reading.csv' CSV
\copy bench.slice FROM 'slice.csv' CSV
\copy bench.seed FROM 'seed.csv' CSV
ALTER TABLE bench.reading ADD person_id uuid, ADD measured_at timestamptz, ADD learnt boolean;
UPDATE bench.reading r SET person_id = glucose.key(set || ' ' || person), measured_at = to_timestamp(at),
  learnt = EXISTS (SELECT FROM bench.slice s WHERE (s.set, s.person, s.part, s.segment) = (r.set, r.person, 'train', r.segment)
                   AND r.i >= s.first AND r.i < s.past);
CREATE INDEX ON bench.reading (person_id, segment, i);
INSERT INTO glucose.person (person_id, owner)
  SELECT DISTINCT person_id, coalesce(glucose.current_identity(), CURRENT_USER) FROM bench.reading;

-- 12 steps of 5 minutes every 6 steps; the first target stands after `context` rows. at: the last row before it.
CREATE TABLE bench.window AS
  SELECT s.set, s.person, s.part, r.person_id, s.segment, r.i AS last, r.measured_at AS at, r.mg_dl
  FROM bench.slice s, generate_series(s.first + s.context, s.past - 12, 6) AS target
  JOIN LATERAL (SELECT * FROM bench.reading r WHERE r.person_id = glucose.key(s.set || ' ' || s.person)
                AND r.segment = s.segment AND r.i = target - 1) r ON true
  WHERE s.part IN ('test', 'whole');
CREATE INDEX ON bench.window (person_id);

CREATE TABLE bench.training (set text, seed integer, person_id uuid, version text, algorithm text, ms real, error text);
CREATE TABLE bench.score (set text, seed integer, subset text, asked text, head text, level real, person_id uuid, at timestamptz,
  mse float8, mae float8, squared_30 float8, squared_60 float8, inside float8, width float8);
CREATE TABLE bench.can AS
  SELECT to_regproc('glucose.train_population_model') IS NOT NULL AND to_regproc('glucose.cgm_forecast') IS NOT NULL AS forecast;
VACUUM ANALYZE;
