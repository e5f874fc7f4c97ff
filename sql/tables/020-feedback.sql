-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_020() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.prediction_feedback (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    prediction_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('useful', 'wrong', 'confusing', 'rating')),
    rating integer CHECK (rating BETWEEN 1 AND 5),
    note text CHECK (length(note) <= 1000),
    given_by text NOT NULL DEFAULT glucose.current_identity(),
    given_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (person_id, prediction_id, given_by),
    CONSTRAINT prediction_feedback_rating_is_one CHECK ((kind = 'rating') = (rating IS NOT NULL))
  );
  COMMENT ON TABLE glucose.prediction_feedback IS
    'What somebody thought of an answer; the last word of each identity counts. See record_feedback().';

  CREATE VIEW glucose.telemetry WITH (security_invoker = true, security_barrier = true) AS
    SELECT 'answers' AS name, p.model_type, date_trunc('week', p.issued_at)::date AS week,
           round(count(*)::numeric, -1)::double precision AS value
    FROM glucose.prediction p GROUP BY p.model_type, 3 HAVING count(DISTINCT p.person_id) >= 10
    UNION ALL
    SELECT 'latency_ms', p.model_type, date_trunc('week', p.issued_at)::date,
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms)::numeric, 1)::double precision
    FROM glucose.prediction p GROUP BY p.model_type, 3 HAVING count(DISTINCT p.person_id) >= 10
    UNION ALL
    SELECT 'mean_error', l.model_type, date_trunc('week', l.day::timestamp)::date,
           round((sum(l.sum_absolute) / sum(l.n))::numeric, 1)::double precision
    FROM glucose.performance_log l GROUP BY l.model_type, 3 HAVING count(DISTINCT l.person_id) >= 10
    UNION ALL
    SELECT 'coverage', l.model_type, date_trunc('week', l.day::timestamp)::date,
           round(sum(l.n_inside)::numeric / sum(l.n), 2)::double precision
    FROM glucose.performance_log l GROUP BY l.model_type, 3 HAVING count(DISTINCT l.person_id) >= 10;
  COMMENT ON VIEW glucose.telemetry IS
    'Counts, errors and latencies by week, rounded, of ten persons and more: what may be told to others. No '
    'identifier, no glucose value.';

  PERFORM glucose.grant_as('glucose.prediction_feedback', 'glucose.daily_metric', '{SELECT,INSERT,UPDATE,DELETE}');
  PERFORM glucose.grant_as('glucose.telemetry', 'glucose.daily_metric', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_020() IS
'Internal: part of setup(): brings the tables to schema version 20.';
