-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.train_model_async(person_id uuid, model_type text DEFAULT 'glucose',
  algorithm text DEFAULT 'auto', options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_model_async';
COMMENT ON FUNCTION glucose.train_model_async(uuid, text, text, jsonb) IS
'Queues a training for the background workers and returns its job_id. Workers start when the transaction commits.';

CREATE FUNCTION glucose.start_training_workers() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_start_training_workers';
COMMENT ON FUNCTION glucose.start_training_workers() IS
'Starts background workers for the queued jobs, as after a restart of the server; they end when the queue is empty.';

CREATE FUNCTION glucose.cancel_training(job_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_cancel_training';
COMMENT ON FUNCTION glucose.cancel_training(uuid) IS
'Cancels a job that waits or runs; a running one stops within a quarter of a second and stores nothing. False when '
'it has ended already.';
