-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_002() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.training_job (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    job_id uuid NOT NULL DEFAULT gen_random_uuid(),
    model_type text NOT NULL,
    algorithm text NOT NULL,
    options jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    cancel_requested boolean NOT NULL DEFAULT false,
    requested_by text NOT NULL DEFAULT CURRENT_USER,
    identity text,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    eta timestamptz,
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    epoch integer NOT NULL DEFAULT 0,
    validation_rmse real,
    attempts integer NOT NULL DEFAULT 0,
    worker_pid integer,
    version text,
    error_sqlstate text,
    error_message text,
    PRIMARY KEY (person_id, job_id)
  );
  CREATE INDEX training_job_open ON glucose.training_job (requested_by, queued_at) WHERE state IN ('queued', 'running');
  -- Progress is written several times a second while a job runs.
  ALTER TABLE glucose.training_job SET (fillfactor = 50);
  COMMENT ON TABLE glucose.training_job
    IS 'Trainings that background workers do or have done; see train_model_async().';
  COMMENT ON COLUMN glucose.training_job.requested_by
    IS 'The role that asked; the job runs as it, under its row-level security.';
  COMMENT ON COLUMN glucose.training_job.progress IS '0 to 1, never falling while an attempt runs.';
  COMMENT ON COLUMN glucose.training_job.validation_rmse IS 'Of the best candidate so far, mg/dL, mean over horizons.';
  COMMENT ON COLUMN glucose.training_job.attempts
    IS 'How often a worker took it; a job whose worker died is taken again, three times at most.';

  CREATE VIEW glucose.training_progress WITH (security_invoker = true, security_barrier = true) AS
    SELECT person_id, job_id, model_type, algorithm, state, round(100 * progress::numeric, 1) AS percent, epoch,
           validation_rmse, clock_timestamp() - started_at AS running_for, eta, attempts, worker_pid
    FROM glucose.training_job
    WHERE state IN ('queued', 'running')
    ORDER BY queued_at;
  COMMENT ON VIEW glucose.training_progress
    IS 'Jobs that wait or run, of the persons the caller may see; follow it by asking again.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_002() IS
'Internal: part of setup(): brings the tables to schema version 2.';
