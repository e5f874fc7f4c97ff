-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_017() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.training_job ADD COLUMN reason text;
  COMMENT ON COLUMN glucose.training_job.reason IS
    'Why a retraining was queued that the policy alone may not ask for, as after drift; else NULL.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_017() IS
'Internal: part of setup(): brings the tables to schema version 17.';
