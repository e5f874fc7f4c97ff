-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.train_model_async(person_id uuid, model_type text DEFAULT 'glucose',
  algorithm text DEFAULT 'auto', options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_model_async';
COMMENT ON FUNCTION glucose.train_model_async(uuid, text, text, jsonb) IS
'Queues a training for the background workers and returns its job_id. Workers start when the transaction commits.';

CREATE FUNCTION glucose.start_training_workers() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_start_training_workers';
COMMENT ON FUNCTION glucose.start_training_workers() IS
'Starts background workers for the caller''s queued jobs, as after a restart of the server; they end when the queue '
'is empty.';

CREATE FUNCTION glucose.cancel_training(job_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  job record;
BEGIN
  IF cancel_training.job_id IS NULL THEN
    RAISE EXCEPTION 'argument "job_id" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT j.person_id, j.state INTO job FROM glucose.training_job j WHERE j.job_id = cancel_training.job_id FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'training job % not found', cancel_training.job_id USING ERRCODE = 'no_data_found';
  END IF;
  IF job.state NOT IN ('queued', 'running') THEN
    RETURN false;
  END IF;
  UPDATE glucose.training_job j
  SET cancel_requested = true, state = 'cancelled', finished_at = clock_timestamp(), eta = NULL
  WHERE j.person_id = job.person_id AND j.job_id = cancel_training.job_id;
  RETURN true;
END
$fn$;
COMMENT ON FUNCTION glucose.cancel_training(uuid) IS
'Cancels a job that waits or runs; a running one stops within a quarter of a second and stores nothing. False when '
'it has ended already.';
