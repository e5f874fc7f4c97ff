-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_024() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Of no person: who asked for it sees it, and each answer is seen by who sees the person.
  CREATE TABLE glucose.batch_job (
    job_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    model_type text NOT NULL,
    options jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    identity text NOT NULL,
    requested_by text NOT NULL,
    requested_role oid NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    worked_at timestamptz,
    finished_at timestamptz,
    n_ids integer NOT NULL,
    n_done integer NOT NULL DEFAULT 0,
    n_failed integer NOT NULL DEFAULT 0,
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    not_found uuid[] NOT NULL DEFAULT '{}',
    not_found_places integer[] NOT NULL DEFAULT '{}',
    attempts integer NOT NULL DEFAULT 0,
    worker_pid integer,
    error_sqlstate text,
    error_message text
  );
  CREATE INDEX batch_job_open ON glucose.batch_job (queued_at) WHERE state IN ('queued', 'running');
  ALTER TABLE glucose.batch_job SET (fillfactor = 50);
  COMMENT ON TABLE glucose.batch_job IS
    'Forecasts of many that background workers make or have made; see predict_async(). Answers are in batch_answer.';
  COMMENT ON COLUMN glucose.batch_job.identity
    IS 'Who asked; as the role of requested_by, under its row-level security.';
  COMMENT ON COLUMN glucose.batch_job.n_failed IS 'Ids whose forecast raised an error, and those that were not found.';
  COMMENT ON COLUMN glucose.batch_job.not_found IS
    'Ids that were nobody''s whom the caller sees, at not_found_places of what was asked for.';
  COMMENT ON COLUMN glucose.batch_job.attempts
    IS 'How often in a row its worker has died; at the fourth time it failed.';

  CREATE TABLE glucose.batch_answer (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    job_id uuid NOT NULL,
    place integer NOT NULL,
    id uuid NOT NULL,
    answered_at timestamptz,
    answer jsonb,
    error_sqlstate text,
    error_message text,
    PRIMARY KEY (person_id, job_id, place)
  );
  CREATE INDEX batch_answer_job ON glucose.batch_answer (job_id, place);
  CREATE INDEX batch_answer_open ON glucose.batch_answer (job_id, place) WHERE answered_at IS NULL;
  COMMENT ON TABLE glucose.batch_answer IS
    'What a batch_job asks for, and the answers: documents as the function of one gives them, or the error.';
  COMMENT ON COLUMN glucose.batch_answer.id IS 'The meal or the person that was asked about.';
  COMMENT ON COLUMN glucose.batch_answer.place IS 'Its place among the ids that were asked for, from 1.';

  PERFORM glucose.grant_as('glucose.batch_job, glucose.batch_answer', 'glucose.training_job', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_024() IS
'Internal: part of setup(): brings the tables to schema version 24.';
