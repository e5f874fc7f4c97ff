-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_022() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.prediction
    ADD COLUMN cached_from uuid,
    ADD COLUMN question uuid,
    ADD COLUMN said bytea,
    ADD COLUMN sources bytea,
    -- Functions alone write rows, and sign them. Checks are parsed anew for each, which was a seventh of a forecast.
    DROP CONSTRAINT IF EXISTS prediction_is_whole_or_purged,
    DROP CONSTRAINT IF EXISTS prediction_arm_of_an_experiment,
    DROP CONSTRAINT IF EXISTS prediction_arm_check,
    DROP CONSTRAINT IF EXISTS prediction_source_check,
    DROP CONSTRAINT IF EXISTS prediction_score_check,
    DROP CONSTRAINT IF EXISTS prediction_level_check;
  CREATE INDEX prediction_question ON glucose.prediction (person_id, question, issued_at) WHERE question IS NOT NULL;
  COMMENT ON COLUMN glucose.prediction.cached_from IS
    'The row that had been answered to the same question of the same caller within glucose.cache_ttl; what was '
    'answered, and from what, is said there. NULL: a row of its own.';
  COMMENT ON COLUMN glucose.prediction.question IS
    'Digest of who asked what of which model, and of all rows that it may look at: the same question has the same '
    'answer. NULL: not to be answered from this row.';
  COMMENT ON COLUMN glucose.prediction.said IS 'What the document tells beside the predictions.';
  COMMENT ON COLUMN glucose.prediction.sources IS
    'The rows that were nearest (glucose.audit_inputs = full), as prediction_sources() reads them.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_022() IS
'Internal: part of setup(): brings the tables to schema version 22.';
