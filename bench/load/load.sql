-- SPDX-License-Identifier: PostgreSQL
-- psql -v data=DIR -f load.sql: reads person.csv, meal.csv and glucose.csv or glucose.csv.gz of DIR into the tables.
-- Columns are found by the names in the header line, so that their order and further columns do not matter.
-- Leaves temp table known_person (person_id, label, source): who was loaded. Loading a folder twice changes nothing.
\cd :data
\set person_header `head -n 1 person.csv | tr -d '\r'`
\set meal_header `head -n 1 meal.csv | tr -d '\r'`
\set glucose_header `if [ -f glucose.csv.gz ]; then zcat glucose.csv.gz | head -n 1; else head -n 1 glucose.csv; fi | tr -d '\r'`
SELECT format('CREATE TEMP TABLE %I (%s)', name, string_agg(format('%I text', lower(trim(col))), ', ' ORDER BY n))
FROM (VALUES ('raw_person', :'person_header'), ('raw_meal', :'meal_header'), ('raw_glucose', :'glucose_header')) AS f (name, header),
     string_to_table(header, ',') WITH ORDINALITY AS c (col, n)
GROUP BY name \gexec
\copy raw_person FROM 'person.csv' CSV HEADER
\copy raw_meal FROM 'meal.csv' CSV HEADER
\copy raw_glucose FROM PROGRAM 'if [ -f glucose.csv.gz ]; then zcat glucose.csv.gz; else cat glucose.csv; fi' CSV HEADER

-- A zone that is no zone's name ("America/New_York (dates shifted)") counts by its first word, else as UTC.
CREATE TEMP TABLE known_person AS
  SELECT glucose.key(r.person_id) AS person_id, r.person_id AS label, coalesce(z.name, 'UTC') AS time_zone,
         to_jsonb(r) ->> 'diabetes_type' AS diabetes_type, coalesce(to_jsonb(r) ->> 'source', 'all') AS source
  FROM raw_person r LEFT JOIN pg_timezone_names z ON z.name = split_part(to_jsonb(r) ->> 'tz', ' ', 1);
ANALYZE known_person;

INSERT INTO glucose.person (person_id, owner, time_zone, diabetes_type)
  SELECT person_id, coalesce(glucose.current_identity(), CURRENT_USER), time_zone, diabetes_type FROM known_person
  ON CONFLICT DO NOTHING;

-- Local times become moments in the person's zone; readings that then share one (clocks set back) are averaged.
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT p.person_id, g.at::timestamp AT TIME ZONE p.time_zone, avg(g.mg_dl::real)
  FROM raw_glucose g JOIN known_person p ON p.label = g.person_id
  WHERE g.mg_dl::real BETWEEN 20 AND 600
  GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT DO NOTHING;

-- What is not known stays NULL; so does what cannot be (out of the table's ranges).
CREATE FUNCTION pg_temp.within(value text, greatest_value real) RETURNS real LANGUAGE sql IMMUTABLE
  RETURN CASE WHEN value::real BETWEEN 0 AND greatest_value THEN value::real END;
INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
  SELECT p.person_id, glucose.key('meal ' || p.label || ' ' || coalesce(m.row ->> 'meal_id', m.number::text)),
         (m.row ->> 'at')::timestamp AT TIME ZONE p.time_zone,
         CASE WHEN m.row ->> 'meal_type' IN ('breakfast', 'lunch', 'dinner') THEN m.row ->> 'meal_type' ELSE 'snack' END,
         pg_temp.within(m.row ->> 'calories', 5000), pg_temp.within(m.row ->> 'carbs_g', 500),
         pg_temp.within(m.row ->> 'protein_g', 500), pg_temp.within(m.row ->> 'fat_g', 500),
         pg_temp.within(m.row ->> 'fiber_g', 500)
  FROM (SELECT to_jsonb(r) AS row, row_number() OVER (PARTITION BY r.person_id ORDER BY r.at) AS number FROM raw_meal r) m
  JOIN known_person p ON p.label = m.row ->> 'person_id'
  ON CONFLICT DO NOTHING;

DROP TABLE raw_person, raw_meal, raw_glucose;
ANALYZE glucose.person, glucose.meal, glucose.glucose_reading;
