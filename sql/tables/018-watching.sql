-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_018() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.model_version ADD COLUMN withdrawn_at timestamptz;
  COMMENT ON COLUMN glucose.model_version.withdrawn_at IS
    'When live errors showed that the population''s model or no model at all is better, which answers instead since; '
    'NULL: they have not.';

  CREATE TABLE glucose.model_check (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version text NOT NULL,
    against text NOT NULL,
    action text NOT NULL CHECK (action IN ('rolled back', 'withdrawn')),
    n integer NOT NULL,
    mae double precision NOT NULL,
    mae_against double precision NOT NULL,
    ci_low double precision,
    ci_high double precision,
    p_value double precision,
    PRIMARY KEY (person_id, model_type, checked_at)
  );
  COMMENT ON TABLE glucose.model_check IS
    'Models that were taken from service because their live errors were worse, with the evidence; see check_model().';
  COMMENT ON COLUMN glucose.model_check.against IS
    'What was better: the version before, population (the population''s model) or baseline (no model).';
  COMMENT ON COLUMN glucose.model_check.n IS 'Compared units: meals, days, hours of readings.';
  COMMENT ON COLUMN glucose.model_check.ci_low IS
    'Lower end of the 95 % interval of mae_against - mae, paired by unit, in the unit of what is forecast.';

  PERFORM glucose.grant_as('glucose.model_check', 'glucose.model_version', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_018() IS
'Internal: part of setup(): brings the tables to schema version 18.';
