-- SPDX-License-Identifier: PostgreSQL
-- As an application's role under row-level security; the median of 51 calls, and of three statements over all persons.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = glucose, public;
CREATE ROLE app;
SELECT grant_access('app') IS NULL AS granted \gset
CREATE TEMP TABLE took (what text, ms double precision);
GRANT ALL ON took TO app;
SET ROLE app;
SELECT simulate_person(1, 90) AS person \gset
SELECT simulate_person(2, 14) AS sample \gset
RESET ROLE;
INSERT INTO person (person_id, owner) SELECT key('many ' || i), 'app' FROM generate_series(1, :persons) i;
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('many ' || i), r.measured_at, r.mg_dl FROM generate_series(1, :persons) i, glucose_reading r
  WHERE r.person_id = :'sample';
RESET ROLE;
VACUUM (ANALYZE) person, glucose_reading;
SET ROLE app;
SELECT set_config('bench.person', :'person', false) \gset
DO $$
DECLARE
  call text;
  began timestamptz;
  who CONSTANT text := current_setting('bench.person');
BEGIN
  FOREACH call IN ARRAY ARRAY[
    format('SELECT * FROM glucose_statistics(%L, ''-infinity'', ''infinity'')', who),
    format('SELECT cgm_summary(measured_at, mg_dl) FROM glucose_reading WHERE person_id = %L', who),
    format('SELECT * FROM glucose_statistics_hourly(%L, ''-infinity'', ''infinity'')', who),
    format('SELECT * FROM agp(%L, 90)', who),
    format('SELECT count(*) FROM (SELECT (glucose_statistics_daily(%L, min(measured_at)::date, max(measured_at)::date)).* '
           'FROM glucose_reading WHERE person_id = %1$L) d', who)] LOOP
    FOR i IN 1 .. 51 LOOP
      began := clock_timestamp();
      EXECUTE call;
      INSERT INTO took VALUES (replace(call, who, '…'), extract(epoch FROM clock_timestamp() - began) * 1000);
    END LOOP;
  END LOOP;
  call := 'SELECT count((s).mean) FROM (SELECT person_id, cgm_summary(measured_at, mg_dl) AS s FROM glucose_reading '
          'GROUP BY person_id) g';
  FOR i IN 1 .. 3 LOOP
    began := clock_timestamp();
    EXECUTE call;
    INSERT INTO took VALUES (call, extract(epoch FROM clock_timestamp() - began) * 1000);
  END LOOP;
END
$$;
SELECT format('%s ms (%s to %s)  %s', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1),
              round(min(ms)::numeric, 1), round(max(ms)::numeric, 1), what)
FROM took GROUP BY what ORDER BY min(ms);
SELECT format('readings: %s of the person, %s of all', count(*) FILTER (WHERE person_id = :'person'), count(*))
FROM glucose_reading;
