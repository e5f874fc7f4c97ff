-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_023() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  models regclass;
BEGIN
  -- A version that has been replaced may lose its weights; what it was and how it did stays. A checksum of nothing is
  -- not looked at: sha256 stays that of the weights as they were.
  FOREACH models IN ARRAY ARRAY['glucose.model_version', 'glucose.population_model']::regclass[] LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN artifact DROP NOT NULL, ADD COLUMN artifact_taken_at timestamptz, '
                   'ADD CONSTRAINT %I CHECK ((artifact IS NULL) = (artifact_taken_at IS NOT NULL)), '
                   'ADD CONSTRAINT %I CHECK (NOT (is_active AND artifact IS NULL))',
                   models, split_part(models::text, '.', 2) || '_artifact_there_or_taken',
                   split_part(models::text, '.', 2) || '_without_artifact_never_serves');
    EXECUTE format('COMMENT ON COLUMN %s.artifact_taken_at IS %L', models,
                   'When its artifact was taken away, by purge() or what has replaced it; NULL: it is there.');
  END LOOP;
  COMMENT ON TABLE glucose.model_version IS
    'Every model ever trained for a person. Rows are immutable but for is_active, status and withdrawn_at, and that an '
    'old one loses its artifact; at most one per type is active.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_023() IS
'Internal: part of setup(): brings the tables to schema version 23.';
