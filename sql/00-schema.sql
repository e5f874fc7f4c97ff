-- SPDX-License-Identifier: PostgreSQL
-- The schema must belong to whoever creates the extension: in somebody else's schema, functions could be replaced.
DO $do$
BEGIN
  IF (SELECT n.nspowner OPERATOR(pg_catalog.<>) r.oid FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r
      WHERE n.nspname OPERATOR(pg_catalog.=) 'glucose' AND r.rolname OPERATOR(pg_catalog.=) CURRENT_USER) THEN
    RAISE EXCEPTION 'schema "glucose" belongs to another role'
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'Drop the schema, or make the role that creates the extension its owner.';
  END IF;
END
$do$;

CREATE FUNCTION glucose.version() RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_version';
COMMENT ON FUNCTION glucose.version() IS
'Version of the loaded pg_glucose library.';

CREATE FUNCTION glucose.key(id text) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_text';
COMMENT ON FUNCTION glucose.key(text) IS
'Stable UUIDv5 of a text identifier, so that tables with other key types can take part.';

CREATE FUNCTION glucose.key(number bigint) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_bigint';
COMMENT ON FUNCTION glucose.key(bigint) IS
'Stable UUIDv5 of a numeric identifier; the same as key() of its decimal text. Its argument has another name, so that '
'a gateway that calls by name knows which is meant.';

CREATE FUNCTION glucose.key(id integer) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_integer';
COMMENT ON FUNCTION glucose.key(integer) IS
'As key(bigint).';

CREATE FUNCTION glucose.key(id double precision) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_key_double';
COMMENT ON FUNCTION glucose.key(double precision) IS
'As key(bigint), for drivers that send every number as a double; what is no whole number up to 2^53 raises 22003.';

CREATE FUNCTION glucose.to_mg_dl(value double precision, unit text) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_to_mg_dl';
COMMENT ON FUNCTION glucose.to_mg_dl(double precision, text) IS
'Glucose in mg/dL from a value in ''mg/dL'' or ''mmol/L'' (times 18.0182); the unit in any case.';

CREATE FUNCTION glucose.disclaimer(lang text DEFAULT 'en') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_disclaimer';
COMMENT ON FUNCTION glucose.disclaimer(text) IS
'What every forecast is shown with: informational only, never for dosing, diagnosis or triage. Languages: ''en'', '
'''de''.';
