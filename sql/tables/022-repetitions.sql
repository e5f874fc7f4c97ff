-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_022() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  ALTER TABLE glucose.prediction
    ADD COLUMN cached_from uuid,
    DROP CONSTRAINT prediction_is_whole_or_purged,
    ADD CONSTRAINT prediction_is_whole_or_purged
      CHECK (purged_at IS NOT NULL OR cached_from IS NOT NULL
             OR (predictions IS NOT NULL AND latency_ms IS NOT NULL)) NOT VALID;
  COMMENT ON COLUMN glucose.prediction.cached_from IS
    'The row of the same person that had the same answer to the same question within glucose.cache_ttl; what was '
    'answered, and from what, is said there. NULL: a row of its own.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_022() IS
'Internal: part of setup(): brings the tables to schema version 22.';
