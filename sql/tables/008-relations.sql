-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_008() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  key record;
  is_named_by text;
BEGIN
  CREATE TABLE glucose.role_identity (
    identity text PRIMARY KEY,
    role oid NOT NULL,
    system_identifier bigint NOT NULL
  );
  COMMENT ON TABLE glucose.role_identity IS
    'Which role is meant by an identity (glucose.identity = role): names of roles can be used again. Written by '
    'setup(), grant_access(), bind_identity() and whoever adds a person.';
  COMMENT ON COLUMN glucose.role_identity.system_identifier IS
    'The cluster in which the role has this oid; in another one the name decides until setup() has run.';

  -- Tools that map tables to objects read a primary key's columns, or only its first: columns that an index merely
  -- includes are none of them, and the first one of a meal's must not be the person. What the keys no longer do, an
  -- index of its own does. Keys of an application's own making stay.
  FOR key IN
    SELECT c.relname, con.conname
    FROM pg_class c JOIN pg_constraint con ON con.conrelid = c.oid AND con.contype = 'p'
    JOIN pg_index i ON i.indexrelid = con.conindid
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading'))
      AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')
      AND (c.relname = 'meal' AND pg_get_indexdef(i.indexrelid) LIKE '%(person\_id, meal\_id)%'
           OR c.relname = 'glucose_reading' AND i.indnatts > i.indnkeyatts)
  LOOP
    SELECT string_agg(f.conrelid::regclass::text, ', ') INTO is_named_by FROM pg_constraint f
    WHERE f.contype = 'f' AND f.confrelid = to_regclass('glucose.' || key.relname);
    IF is_named_by IS NOT NULL THEN
      RAISE WARNING 'the primary key of glucose.% stays as it is: foreign keys of % name it', key.relname, is_named_by
        USING HINT = 'Drop them, make the key as in the reference, chapter Tables, and add them again.';
    ELSIF key.relname = 'meal' THEN
      EXECUTE format('ALTER TABLE glucose.meal DROP CONSTRAINT %I, ADD PRIMARY KEY (meal_id, person_id)', key.conname);
      DROP INDEX IF EXISTS glucose.meal_meal_id;
    ELSE
      EXECUTE format('ALTER TABLE glucose.glucose_reading DROP CONSTRAINT %I, '
                     'ADD PRIMARY KEY (person_id, measured_at)', key.conname);
      CREATE INDEX glucose_reading_window ON glucose.glucose_reading (person_id, measured_at)
        INCLUDE (mg_dl, recorded_at);
    END IF;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_008() IS
'Internal: part of setup(): brings the tables to schema version 8.';
