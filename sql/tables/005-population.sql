-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_005() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.population_deployment (
    model_type text NOT NULL,
    deployed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version text NOT NULL,
    previous_version text,
    reason text,
    deployed_by text,
    PRIMARY KEY (model_type, deployed_at)
  );
  COMMENT ON TABLE glucose.population_deployment IS
    'Which population model was live from when on, who put it there and why. Readable by all, written by the steward.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_005() IS
'Internal: part of setup(): brings the tables to schema version 5.';
