-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_011() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.serving_mark (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    mark_id uuid NOT NULL DEFAULT gen_random_uuid(),
    token bigint NOT NULL,
    rows_until timestamptz,
    PRIMARY KEY (person_id, mark_id)
  );
  COMMENT ON TABLE glucose.serving_mark IS
    'Up to when a person''s meals and readings count as settled, and a number that changes when one of those does: '
    'what sessions keep of them serves as long as it is the same. Written by triggers; losing it costs time only.';
  COMMENT ON COLUMN glucose.serving_mark.token IS 'All rows'' of a person together (exclusive or) are the number.';
  COMMENT ON COLUMN glucose.serving_mark.rows_until IS
    'Rows up to then are settled; NULL: one of them was changed.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_011() IS
'Internal: part of setup(): brings the tables to schema version 11.';
