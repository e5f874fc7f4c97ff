-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_025() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.model_update (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL CHECK (status IN ('updated', 'kept', 'skipped')),
    reason text NOT NULL,
    due_because text[] NOT NULL DEFAULT '{}',
    version text,
    current_version text NOT NULL,
    mae_current double precision,
    mae_candidate double precision,
    ci_low double precision,
    ci_high double precision,
    n integer,
    PRIMARY KEY (person_id, model_type, tried_at)
  );
  COMMENT ON TABLE glucose.model_update IS
    'Every update of the person''s own part of a model that was tried: what came of it, and the errors before and '
    'after on the same meals or hours since.';
  COMMENT ON COLUMN glucose.model_update.version IS 'What was stored and serves; NULL: nothing was.';
  COMMENT ON COLUMN glucose.model_update.current_version IS 'What served when it was tried.';
  COMMENT ON COLUMN glucose.model_update.mae_current IS 'Of current_version on the n compared units.';
  COMMENT ON COLUMN glucose.model_update.ci_low IS
    'Lower end of the 95 % interval of mae_candidate - mae_current, paired by unit (a meal, or six hours of readings).';

  CREATE TABLE glucose.recorded_outcome (
    person_id uuid NOT NULL,
    prediction_id uuid NOT NULL,
    minutes_ahead integer NOT NULL,
    value real NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    recorded_by text,
    PRIMARY KEY (person_id, prediction_id, minutes_ahead),
    FOREIGN KEY (person_id, prediction_id) REFERENCES glucose.prediction ON DELETE CASCADE
  );
  COMMENT ON TABLE glucose.recorded_outcome IS
    'What came of a logged answer as an application knows it, by record_outcome(). What the readings and metrics of '
    'the tables say counts first.';
  COMMENT ON COLUMN glucose.recorded_outcome.value IS
    'In the unit of what was forecast (glucose: mg/dL); of an event 1 when it happened, else 0.';

  PERFORM glucose.grant_as('glucose.model_update', 'glucose.retraining_log', '{SELECT}');
  PERFORM glucose.grant_as('glucose.recorded_outcome', 'glucose.prediction', '{SELECT}');
  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_025() IS
'Internal: part of setup(): brings the tables to schema version 25.';
