-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_007() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  old record;
BEGIN
  -- Levels of sharing. Who was given access before could do everything.
  ALTER TABLE glucose.person_access
    ADD COLUMN level text NOT NULL DEFAULT 'manage' CHECK (level IN ('view', 'record', 'manage'));
  ALTER TABLE glucose.person_access ALTER COLUMN level SET DEFAULT 'view';
  COMMENT ON COLUMN glucose.person_access.level IS
    'view: sees all and asks for forecasts; record: also adds meals and readings and corrects what it has entered '
    'itself; manage: also corrects everything and trains, deploys and deletes models. Nobody but the owner changes '
    'the person or shares it on.';
  FOR old IN
    SELECT c.oid::regclass AS relation, c.relname FROM pg_class c
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading')) AND c.relkind IN ('r', 'p')
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS entered_by text', old.relation);
    EXECUTE format('COMMENT ON COLUMN %s.entered_by IS %L', old.relation,
      'Who recorded it, when that is somebody with whom the person is shared at level record; else NULL.');
  END LOOP;

  -- How many persons a population model has learnt from, and which: the next one must not differ by a few.
  ALTER TABLE glucose.population_model ADD COLUMN n_persons integer NOT NULL DEFAULT 0;
  UPDATE glucose.population_model SET n_persons = coalesce((metadata ->> 'persons')::integer, 0);
  COMMENT ON COLUMN glucose.population_model.n_persons IS 'Persons it has learnt from.';
  CREATE TABLE glucose.population_member (
    model_type text NOT NULL,
    version text NOT NULL,
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    PRIMARY KEY (model_type, version, person_id),
    FOREIGN KEY (model_type, version) REFERENCES glucose.population_model ON DELETE CASCADE
  );
  CREATE INDEX population_member_person_id ON glucose.population_member (person_id);
  COMMENT ON TABLE glucose.population_member IS
    'Whom each population model has learnt from, as long as they are there. No role reads it: the next training asks '
    'whether its persons differ from these by so few that the difference would tell of one.';

  -- Policies of before: one for everything, also for what only functions write now. Stewards: see setup().
  FOR old IN
    SELECT p.polname, p.polrelid::regclass AS relation FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace = 'glucose'::regnamespace AND pg_has_role(c.relowner, 'USAGE')
      AND (p.polname IN ('visible', 'steward') OR c.relname = 'person' AND p.polname = 'change')
  LOOP
    EXECUTE format('DROP POLICY %I ON %s', old.polname, old.relation);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_007() IS
'Internal: part of setup(): brings the tables to schema version 7.';
