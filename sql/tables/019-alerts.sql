-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_019() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.performance_log (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    day date NOT NULL,
    days integer NOT NULL DEFAULT 1 CHECK (days IN (1, 7)),
    source text NOT NULL,
    version text NOT NULL,
    minutes_ahead integer NOT NULL,
    n integer NOT NULL,
    sum_error double precision NOT NULL,
    sum_absolute double precision NOT NULL,
    sum_squared double precision NOT NULL,
    n_inside integer NOT NULL,
    sum_level double precision NOT NULL,
    PRIMARY KEY (person_id, model_type, day, days, source, version, minutes_ahead)
  );
  CREATE INDEX performance_log_day ON glucose.performance_log (model_type, day);
  COMMENT ON TABLE glucose.performance_log IS
    'What served forecasts came to, summed by day of the outcome and, when it is old, by week; see note_performance().';
  COMMENT ON COLUMN glucose.performance_log.day IS 'Of the outcome, in UTC; the Monday of a week.';
  COMMENT ON COLUMN glucose.performance_log.sum_error IS 'Of forecast minus outcome, in the unit of what is forecast.';
  COMMENT ON COLUMN glucose.performance_log.sum_level IS 'Of the levels of the intervals: what n_inside should be.';

  CREATE TABLE glucose.person_alert (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    alert_id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    subject text NOT NULL DEFAULT '',
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    message text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    count integer NOT NULL DEFAULT 1,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at timestamptz,
    PRIMARY KEY (person_id, alert_id)
  );
  CREATE UNIQUE INDEX person_alert_open ON glucose.person_alert (person_id, kind, subject) WHERE resolved_at IS NULL;
  COMMENT ON TABLE glucose.person_alert IS
    'What health_check() found of a person''s models and data; nothing of the person''s own state. Old ones are '
    'resolved.';
  COMMENT ON COLUMN glucose.person_alert.subject IS 'Mostly a model type.';
  COMMENT ON COLUMN glucose.person_alert.told_at IS 'When it was last given out by health_check(): once a cooldown.';
  COMMENT ON COLUMN glucose.person_alert.resolved_at IS 'When it was not found any more.';

  CREATE TABLE glucose.system_alert (
    alert_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    subject text NOT NULL DEFAULT '',
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    message text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    count integer NOT NULL DEFAULT 1,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at timestamptz
  );
  CREATE UNIQUE INDEX system_alert_open ON glucose.system_alert (kind, subject) WHERE resolved_at IS NULL;
  COMMENT ON TABLE glucose.system_alert IS
    'What health_check() found of the whole: models of many, jobs, settings, size. For the owner of the tables and the '
    'steward.';

  CREATE TABLE glucose.health_sample (
    name text NOT NULL,
    sampled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    value double precision NOT NULL,
    PRIMARY KEY (name, sampled_at)
  );
  COMMENT ON TABLE glucose.health_sample IS
    'What health_check() measures once an hour, to see where it goes: bytes, versions, open jobs.';

  CREATE VIEW glucose.active_alerts WITH (security_invoker = true) AS
    SELECT a.alert_id, NULL::uuid AS person_id, a.kind, a.subject, a.severity, a.message, a.first_seen, a.last_seen,
           a.count, a.acknowledged_by
    FROM glucose.system_alert a WHERE a.resolved_at IS NULL
    UNION ALL
    SELECT a.alert_id, a.person_id, a.kind, a.subject, a.severity, a.message, a.first_seen, a.last_seen, a.count,
           a.acknowledged_by
    FROM glucose.person_alert a WHERE a.resolved_at IS NULL;
  COMMENT ON VIEW glucose.active_alerts IS
    'Alerts that are not resolved: of the persons the caller sees, and of the whole for the owner and the steward.';

  PERFORM glucose.grant_as('glucose.performance_log, glucose.person_alert, glucose.system_alert, glucose.active_alerts',
                           'glucose.model_version', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_019() IS
'Internal: part of setup(): brings the tables to schema version 19.';
