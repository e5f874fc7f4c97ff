-- SPDX-License-Identifier: PostgreSQL
-- What an error of a statement tells the user to do next; in the schema that :schema names.
CREATE FUNCTION :schema.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE statement;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = pg_exception_hint;
  RETURN hint;
END
$$;
