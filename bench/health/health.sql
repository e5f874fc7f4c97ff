-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N -v rounds=N. Persons are copies of one simulated person's model, each with readings of its own.
SET client_min_messages = warning;
SET search_path = glucose, pg_catalog;
SELECT simulate_person(1, 40, 't2d') AS first \gset
SELECT version FROM train_model(:'first') \gset
CREATE TEMP TABLE copy AS SELECT key('copy ' || n) AS person_id, n FROM generate_series(1, :persons) AS n;
INSERT INTO person (person_id, owner, diabetes_type) SELECT person_id, CURRENT_USER, 't2d' FROM copy;
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT c.person_id, now() - make_interval(mins => 5 * r + (c.n % 5)::integer), 120 + 30 * sin(r / 9.0 + c.n) + 5 * sin(c.n * r)
  FROM copy c, generate_series(1, 100) AS r;
-- All columns but whose it is.
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
WHERE attrelid = 'model_version'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'person_id' \gset
INSERT INTO model_version (person_id, :columns)
  SELECT c.person_id, :columns FROM model_version v, copy c WHERE v.person_id = :'first' AND v.version = :'version';
INSERT INTO performance_log (person_id, model_type, day, source, version, minutes_ahead, n, sum_error, sum_absolute, sum_squared, n_inside, sum_level)
  SELECT c.person_id, 'glucose', current_date - d, 'personal', :'version', h, 4, sin(c.n + d) * 20, 60, 1200, 4 - (c.n + d) % 8 / 7, 3.6
  FROM copy c, generate_series(1, 21) AS d, unnest('{60,120}'::integer[]) AS h;
VACUUM ANALYZE;
CREATE FUNCTION pg_temp.median(statement text, rounds integer) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  began timestamptz;
  took float8[] := '{}';
BEGIN
  FOR i IN 1 .. rounds LOOP
    began := clock_timestamp();
    EXECUTE statement;
    took := took || extract(epoch FROM clock_timestamp() - began)::float8;
  END LOOP;
  RETURN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(took) AS t);
END $$;
\echo '| what | persons | s, median |'
\echo '|---|---|---|'
SELECT format('| `%s` | %s | %s |', w, :persons, round(pg_temp.median('SELECT ' || w, :rounds)::numeric, 3))
FROM unnest('{health_check(),dashboard(),openmetrics()}'::text[]) AS w;
SELECT format('open alerts: %s of persons, %s of the whole', (SELECT count(*) FROM person_alert), (SELECT count(*) FROM system_alert));
