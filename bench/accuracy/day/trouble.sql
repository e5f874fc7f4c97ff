-- SPDX-License-Identifier: PostgreSQL
-- What a sensor does not tell: the first hour after a gap of more than 45 minutes, and a jump of 60 mg/dL and more
-- within 6 minutes; beside them the moments of bench.moment that are neither. Each is a reading's moment, asked 30 and 60
-- minutes ahead; outcomes lie between readings at most 20 minutes apart.
CREATE TABLE bench.trouble (source text, kind text, person_id uuid, at timestamptz, mg_dl float8, after interval);
INSERT INTO bench.trouble
  WITH gone AS (
    SELECT r.person_id, r.measured_at AS at, r.mg_dl, r.measured_at - lag(r.measured_at) OVER person AS since,
           r.mg_dl - lag(r.mg_dl) OVER person AS change
    FROM glucose.glucose_reading r WINDOW person AS (PARTITION BY r.person_id ORDER BY r.measured_at)),
  seen AS (
    SELECT *, at - max(at) FILTER (WHERE since > interval '45 min') OVER (PARTITION BY person_id ORDER BY at) AS after FROM gone),
  kinds AS (
    SELECT person_id, at, mg_dl, after, CASE WHEN after = interval '0' THEN 'right after a gap' ELSE 'first hour after a gap' END AS kind
    FROM seen WHERE after < interval '1 hour'
    UNION ALL
    SELECT person_id, at, mg_dl, NULL, 'jump' FROM seen WHERE since <= interval '6 min' AND abs(change) >= 60
    UNION ALL
    SELECT m.person_id, m.at, m.mg_dl, NULL, 'elsewhere' FROM bench.moment m JOIN seen s USING (person_id, at)
    WHERE NOT m.late AND coalesce(s.after >= interval '1 hour', true) AND NOT coalesce(s.since <= interval '6 min' AND abs(s.change) >= 60, false))
  SELECT p.source, k.kind, k.person_id, k.at, k.mg_dl, k.after FROM kinds k JOIN bench.person p USING (person_id);
CREATE INDEX ON bench.trouble (person_id);

CREATE TABLE bench.troubled (source text, kind text, person_id uuid, at timestamptz, minutes_ahead integer, outcome float8,
  persistence float8, mg_dl float8, lower float8, upper float8, score float8);
-- The persons of a fold, by the population model that serves: that of the others.
CREATE FUNCTION bench.ask_in_trouble(persons uuid[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bench.troubled
    SELECT t.source, t.kind, t.person_id, t.at, f.minutes_ahead, o.value, t.mg_dl, f.mg_dl, f.lower, f.upper, f.confidence_score
    FROM bench.trouble t
    CROSS JOIN LATERAL glucose.cgm_forecast(t.person_id, t.at, '{"minutes": [30, 60]}') f
    CROSS JOIN LATERAL (
      SELECT CASE WHEN b.measured_at = f.at THEN b.mg_dl
                  WHEN b.measured_at - a.measured_at <= interval '20 min'
                  THEN a.mg_dl + (b.mg_dl - a.mg_dl) * extract(epoch FROM f.at - a.measured_at) / extract(epoch FROM b.measured_at - a.measured_at)
             END AS value
      FROM (SELECT measured_at, mg_dl FROM glucose.glucose_reading
            WHERE person_id = t.person_id AND measured_at >= f.at ORDER BY measured_at LIMIT 1) b
      LEFT JOIN LATERAL (SELECT measured_at, mg_dl FROM glucose.glucose_reading
            WHERE person_id = t.person_id AND measured_at < f.at ORDER BY measured_at DESC LIMIT 1) a ON true) o
    WHERE t.person_id = ANY (persons) AND o.value IS NOT NULL $$;
