-- SPDX-License-Identifier: PostgreSQL
-- What a person's glucose was at a moment: linear between readings no more than 45 minutes apart, else not known.
CREATE FUNCTION bench.value_at(person uuid, wanted timestamptz) RETURNS float8 LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN b.measured_at = wanted THEN b.mg_dl
              WHEN b.measured_at - a.measured_at <= interval '45 min'
              THEN a.mg_dl + (b.mg_dl - a.mg_dl) * extract(epoch FROM wanted - a.measured_at) / extract(epoch FROM b.measured_at - a.measured_at) END
  FROM (SELECT measured_at, mg_dl FROM glucose.glucose_reading
        WHERE person_id = person AND measured_at >= wanted ORDER BY measured_at LIMIT 1) b
  LEFT JOIN LATERAL (SELECT measured_at, mg_dl FROM glucose.glucose_reading
        WHERE person_id = person AND measured_at < wanted ORDER BY measured_at DESC LIMIT 1) a ON true $$;
