-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_010() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  old record;
BEGIN
  -- Functions alone write these: policies for more than reading go.
  FOR old IN
    SELECT p.polname, p.polrelid::regclass AS relation FROM pg_policy p
    WHERE p.polrelid IN ('glucose.training_job'::regclass, 'glucose.retraining_log'::regclass,
                         'glucose.model_version'::regclass)
      AND p.polcmd <> 'r'
  LOOP
    EXECUTE format('DROP POLICY %I ON %s', old.polname, old.relation);
  END LOOP;

  -- A name alone may be another role's by the time the job runs.
  ALTER TABLE glucose.training_job ADD COLUMN requested_role oid;
  COMMENT ON COLUMN glucose.training_job.requested_role IS
    'The same role by its number: a new role of an old name inherits no job.';
  COMMENT ON COLUMN glucose.training_job.state IS
    'queued, running, done, failed or cancelled. A running job may be queued again: when its worker died, or when '
    'another identity waits and this one has several running.';

  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_010() IS
'Internal: part of setup(): brings the tables to schema version 10.';
