-- SPDX-License-Identifier: PostgreSQL
-- Asks, and says beside it what came: by glucose_statistics(), which the outlook does not use.
CREATE FUNCTION bench.day_of(person uuid, start_at timestamptz, OUT mean float8, OUT in_range_pct float8, OUT below_70_pct float8)
LANGUAGE sql STABLE AS $$
  SELECT s.mean, s.in_range_pct, s.low_pct FROM glucose.glucose_statistics(person, start_at, start_at + interval '1 day') s
  WHERE s.covered_pct >= 70 $$;
CREATE FUNCTION bench.of(measure text, mean float8, in_range_pct float8, below_70_pct float8) RETURNS float8 LANGUAGE sql IMMUTABLE
  RETURN CASE measure WHEN 'mean' THEN mean WHEN 'in_range_pct' THEN in_range_pct ELSE below_70_pct END;

-- What the person's own recent days say: plain means of 7 and of 14.
CREATE TABLE bench.recent AS
  SELECT m.person_id, m.at, count(d.mean) AS days,
    avg(d.mean) FILTER (WHERE age < 7) AS mean_7, avg(d.mean) AS mean_14,
    avg(d.in_range_pct) FILTER (WHERE age < 7) AS in_range_7, avg(d.in_range_pct) AS in_range_14,
    avg(d.below_70_pct) FILTER (WHERE age < 7) AS below_7, avg(d.below_70_pct) AS below_14
  FROM bench.moment m CROSS JOIN generate_series(0, 13) age
  CROSS JOIN LATERAL bench.day_of(m.person_id, m.at - (age + 1) * interval '1 day') d GROUP BY 1, 2;

CREATE FUNCTION bench.ask(person uuid, moment timestamptz, days integer) RETURNS TABLE (measure text, day integer,
  start_at timestamptz, expected float8, lower float8, upper float8, source text) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT o.measure, o.day, o.start_at, o.expected, o.lower, o.upper, o.source
    FROM glucose.glucose_outlook(person, days, moment) o;
EXCEPTION WHEN SQLSTATE 'MG002' THEN
  RETURN;
END $$;
-- Without a model: days, and the band of days.
CREATE TABLE bench.asked AS
  SELECT m.source AS data, m.person_id, m.at, a.* FROM bench.moment m CROSS JOIN LATERAL bench.ask(m.person_id, m.at, 3) a;

-- With the person's own model of what was before its last fifth.
CREATE FUNCTION bench.train() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  p record;
  n integer := 0;
BEGIN
  FOR p IN SELECT * FROM bench.person ORDER BY person_id LOOP
    BEGIN
      PERFORM glucose.train_model(p.person_id, 'cgm', options => jsonb_build_object('deploy', true, 'min_days', 5,
                                                                                    'end_at', p.cut_at));
      n := n + 1;
    EXCEPTION WHEN SQLSTATE 'MG002' OR SQLSTATE '55000' THEN NULL;
    END;
  END LOOP;
  RETURN n;
END $$;
SELECT bench.train() AS trained \gset
INSERT INTO bench.asked
  SELECT m.source AS data, m.person_id, m.at, a.* FROM bench.moment m CROSS JOIN LATERAL bench.ask(m.person_id, m.at, 1) a
  WHERE a.source = 'model';

CREATE TABLE bench.came AS
  SELECT a.*, bench.of(a.measure, d.mean, d.in_range_pct, d.below_70_pct) AS outcome,
    bench.of(a.measure, r.mean_7, r.in_range_7, r.below_7) AS days_7, bench.of(a.measure, r.mean_14, r.in_range_14, r.below_14) AS days_14
  FROM bench.asked a JOIN bench.recent r USING (person_id, at)
  CROSS JOIN LATERAL bench.day_of(a.person_id, a.start_at) d WHERE a.measure <> 'level' AND d.mean IS NOT NULL;
-- A level is that between two readings at most 20 minutes apart.
CREATE TABLE bench.level AS
  SELECT a.*, o.value AS outcome FROM bench.asked a CROSS JOIN LATERAL (
    SELECT CASE WHEN n.measured_at = a.start_at THEN n.mg_dl
                WHEN n.measured_at - p.measured_at <= interval '20 min'
                THEN p.mg_dl + (n.mg_dl - p.mg_dl) * extract(epoch FROM a.start_at - p.measured_at)
                     / extract(epoch FROM n.measured_at - p.measured_at) END AS value
    FROM (SELECT r.measured_at, r.mg_dl FROM glucose.glucose_reading r
          WHERE r.person_id = a.person_id AND r.measured_at >= a.start_at ORDER BY 1 LIMIT 1) n
    LEFT JOIN LATERAL (SELECT r.measured_at, r.mg_dl FROM glucose.glucose_reading r
          WHERE r.person_id = a.person_id AND r.measured_at < a.start_at ORDER BY 1 DESC LIMIT 1) p ON true) o
  WHERE a.measure = 'level' AND o.value IS NOT NULL;
