-- SPDX-License-Identifier: PostgreSQL
-- psql [-v data=DIR | -v persons=N -v days=N]: loads the folder or simulates persons, says what is scored, and takes away
-- everything from each person's first scored meal on. It comes back only in replay.sql, meal by meal.
SET client_min_messages = warning;
CREATE SCHEMA bench;
\ir functions.sql
\if :{?data}
  \ir ../load/load.sql
\else
  CREATE TEMP TABLE known_person AS
    SELECT glucose.simulate_person(seed, :days, profile) AS person_id, profile || ' ' || seed AS label,
           'simulated ' || profile AS source
    FROM generate_series(1, :persons) AS seed, unnest('{none,prediabetes,t2d,t1d}'::text[]) AS profile;
\endif

-- Usable meals: both outcomes known. Persistence is the newest known value of the window, else the baseline's mean.
CREATE TABLE bench.usable AS
  SELECT k.person_id, d.meal_id, d.eaten_at, d.targets, row_number() OVER person > 0.7 * count(*) OVER (PARTITION BY k.person_id) AS scored,
         coalesce((SELECT value FROM unnest(d.features[14:25]) WITH ORDINALITY AS h (value, i) WHERE value IS NOT NULL
                   ORDER BY i DESC LIMIT 1), d.features[26]) AS last
  FROM known_person k CROSS JOIN LATERAL glucose.training_dataset(k.person_id) d
  WINDOW person AS (PARTITION BY k.person_id ORDER BY d.eaten_at, d.meal_id);
CREATE INDEX ON bench.usable (person_id, eaten_at);

-- Folds by a hash of the label, equally large within a source.
CREATE TABLE bench.person AS
  SELECT k.person_id, k.label, k.source, u.usable, u.scored, u.end_at, u.end_at - r.first_at AS known,
         (row_number() OVER (PARTITION BY k.source ORDER BY md5(k.label)) - 1) % 5 AS fold
  FROM known_person k
  LEFT JOIN (SELECT person_id, count(*) AS usable, count(*) FILTER (WHERE scored) AS scored,
                    min(eaten_at) FILTER (WHERE scored) AS end_at FROM bench.usable GROUP BY 1) u USING (person_id)
  LEFT JOIN (SELECT person_id, min(measured_at) AS first_at FROM glucose.glucose_reading GROUP BY 1) r USING (person_id);

CREATE TABLE bench.later_reading AS
  SELECT r.* FROM glucose.glucose_reading r JOIN bench.person p USING (person_id) WHERE r.measured_at >= p.end_at;
CREATE TABLE bench.later_meal AS
  SELECT m.* FROM glucose.meal m JOIN bench.person p USING (person_id) WHERE m.eaten_at >= p.end_at;
DELETE FROM glucose.glucose_reading r USING bench.person p WHERE p.person_id = r.person_id AND r.measured_at >= p.end_at;
DELETE FROM glucose.meal m USING bench.person p WHERE p.person_id = m.person_id AND m.eaten_at >= p.end_at;
CREATE INDEX ON bench.later_reading (person_id, measured_at);
CREATE INDEX ON bench.later_meal (person_id, eaten_at);

-- Every training asked for; of a population's there is no person.
CREATE TABLE bench.training (source text, variant text, fold bigint, person_id uuid, asked text, version text, algorithm text,
  rejected boolean, n_train integer, n_validation integer, issues text[], ms real, error text);
-- Every forecast. variant: full, or what was taken out of the meals; known: days of history, NULL for all there are.
CREATE TABLE bench.answer (person_id uuid, meal_id uuid, minutes_ahead integer, asked text, head text, level real, served text,
  mg_dl float8, lower float8, upper float8, p_below_70 float8, p_above_180 float8, confidence_score float8);
CREATE TABLE bench.score (variant text, known integer, LIKE bench.answer);

-- What this version of the extension can do: the reports leave out what it cannot.
CREATE FUNCTION bench.takes(options jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM glucose.glucose_forecast(meal_id, options, person_id) FROM glucose.meal LIMIT 1;
  RETURN true;
EXCEPTION
  WHEN invalid_parameter_value THEN RETURN false;
  WHEN SQLSTATE 'MG001' OR SQLSTATE 'MG002' OR no_data_found THEN RETURN true;
END $$;
CREATE TABLE bench.can AS
  SELECT bench.takes('{"level": 0.5}') AS level, bench.takes('{"head": "mean"}') AS head,
         to_regproc('glucose.train_population_model') IS NOT NULL AS population;
VACUUM ANALYZE;
