-- SPDX-License-Identifier: PostgreSQL
-- A year of a reading a minute, and 90 days of one every five, as an application's role under row-level security.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = glucose, public;
CREATE ROLE app;
SELECT grant_access('app') IS NULL AS granted \gset
CREATE TEMP TABLE took (what text, ms double precision);
GRANT ALL ON took TO app;
SET ROLE app;
SELECT set_config('bench.sim', simulate_person(1, 90, 't1d')::text, false) \gset
INSERT INTO person (person_id) VALUES (key('a year'));
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('a year'), '2025-01-01Z'::timestamptz + m * interval '1 min',
    round((140 + 60 * sin(m / 90.0) + 8 * sin(m * 1.7)))::real FROM generate_series(1, 365 * 1440) m;
DO $$
DECLARE
  who text;
  began timestamptz;
BEGIN
  FOREACH who IN ARRAY ARRAY[current_setting('bench.sim'), key('a year')::text] LOOP
    FOR i IN 1 .. 5 LOOP
      began := clock_timestamp();
      PERFORM count(*) FROM glucose_events(who::uuid, '-infinity', 'infinity');
      INSERT INTO took VALUES (CASE who WHEN current_setting('bench.sim') THEN '90 days of every five minutes'
                               ELSE 'a year of every minute' END, extract(epoch FROM clock_timestamp() - began) * 1000);
    END LOOP;
  END LOOP;
END
$$;
SELECT format('%s ms (%s to %s)  %s', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1),
              round(min(ms)::numeric, 1), round(max(ms)::numeric, 1), what) FROM took GROUP BY what ORDER BY what;
