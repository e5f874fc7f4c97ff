-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_026() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.experiment ADD COLUMN percent_since timestamptz;
  UPDATE glucose.experiment SET percent_since = started_at;   -- when it was raised before was not kept
  ALTER TABLE glucose.experiment
    ALTER COLUMN percent_since SET DEFAULT clock_timestamp(), ALTER COLUMN percent_since SET NOT NULL;
  COMMENT ON COLUMN glucose.experiment.percent_since
    IS 'Since when percent is what it is: a canary''s results are of answers since then.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_026() IS
'Internal: part of setup(): brings the tables to schema version 26.';
