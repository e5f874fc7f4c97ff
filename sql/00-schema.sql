-- SPDX-License-Identifier: PostgreSQL
-- The schema belongs to whoever creates the extension: functions in somebody else's schema could be replaced by them.
DO $do$
BEGIN
  IF (SELECT n.nspowner <> r.oid FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r
      WHERE n.nspname = 'glucose' AND r.rolname = CURRENT_USER) THEN
    RAISE EXCEPTION 'schema "glucose" belongs to another role'
      USING ERRCODE = 'insufficient_privilege', HINT = 'Drop it, or make the role that creates the extension its owner.';
  END IF;
END
$do$;

CREATE FUNCTION glucose.version() RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_version';
COMMENT ON FUNCTION glucose.version() IS 'Version of the loaded pg_glucose library, like 0.1.0.';
