-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_012() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- What a caller may do for one person is found by both together, in one place of an index, and all its persons come
  -- in order.
  DROP INDEX IF EXISTS glucose.person_owner, glucose.person_access_identity;
  CREATE INDEX person_owner ON glucose.person (owner, person_id);
  CREATE INDEX person_access_identity ON glucose.person_access (identity, person_id) INCLUDE (level);
  -- Asked with every row that is entered: is there anybody for whom the caller only records?
  CREATE INDEX person_access_record ON glucose.person_access (identity) WHERE level = 'record';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_012() IS
'Internal: part of setup(): brings the tables to schema version 12.';
