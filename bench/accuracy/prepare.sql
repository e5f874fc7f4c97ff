-- SPDX-License-Identifier: PostgreSQL
-- Loads the folder; who is there, and where the first 70 % of each person's usable meals end.
\ir ../load/load.sql
CREATE SCHEMA bench;
CREATE TABLE bench.person AS
  SELECT k.person_id, k.label, k.source, d.usable, d.end_at,
         (SELECT extract(epoch FROM max(r.measured_at) - min(r.measured_at)) / 86400 FROM glucose.glucose_reading r
          WHERE r.person_id = k.person_id) AS days,
         row_number() OVER (ORDER BY d.usable DESC, k.label) % 2 AS part
  FROM known_person k CROSS JOIN LATERAL (
    SELECT count(*) AS usable, min(eaten_at) FILTER (WHERE row > 0.7 * n) AS end_at
    FROM (SELECT eaten_at, row_number() OVER (ORDER BY eaten_at) AS row, count(*) OVER () AS n
          FROM glucose.training_dataset(k.person_id)) rows) d;
-- Trained on the whole history, and on the first 70 % by algorithm.
CREATE TABLE bench.training (person_id uuid, purpose text, asked text, version text, algorithm text, rejected boolean,
  n_train int, n_validation int, validation_rmse float8, persistence_rmse float8, issues text[], ms real, error text);
