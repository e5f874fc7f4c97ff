-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_021() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.counted_call (
    identity text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('prediction', 'expensive')),
    called_at timestamptz NOT NULL,
    PRIMARY KEY (identity, kind, called_at)
  );
  COMMENT ON TABLE glucose.counted_call IS
    'Who called what in the last minute, where calls are limited and the library is not preloaded. Nobody reads it: '
    'see rate_limits().';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_021() IS
'Internal: part of setup(): brings the tables to schema version 21.';
