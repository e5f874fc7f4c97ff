-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_009() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  reader record;
  unknown text;
  relation text;
BEGIN
  -- A check is asked again by every update and by every restore: a zone that the server has lost would lose the person.
  -- setup_entry_checks() looks at zones when they are written.
  ALTER TABLE glucose.person DROP CONSTRAINT IF EXISTS person_time_zone_is_known;
  ALTER TABLE glucose.person
    ADD COLUMN unit text NOT NULL DEFAULT 'mg/dL'
      CONSTRAINT person_unit_is_known CHECK (lower(unit) IN ('mg/dl', 'mmol/l'));
  COMMENT ON COLUMN glucose.person.time_zone IS
    'IANA name, such as Europe/Berlin; the clock features are read in it, unless person_time_zone says otherwise.';
  COMMENT ON COLUMN glucose.person.unit IS
    'What documents say glucose in unless the option unit says otherwise: mg/dL or mmol/L. Tables hold mg/dL.';

  CREATE TABLE glucose.person_time_zone (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    since timestamptz NOT NULL,
    time_zone text NOT NULL,
    PRIMARY KEY (person_id, since)
  );
  COMMENT ON TABLE glucose.person_time_zone IS
    'Where a person was since when: the clock of a meal is read in the zone that held when it was eaten. A change of '
    'person.time_zone is kept here; before the first row person.time_zone holds.';

  ALTER TABLE glucose.prediction ADD COLUMN level real CHECK (level > 0 AND level < 1);
  COMMENT ON COLUMN glucose.prediction.level IS
    'Share of outcomes that the intervals were to hold; NULL: not noted, 0.9 unless somebody asked for another.';
  CREATE INDEX prediction_sha256 ON glucose.prediction (person_id, sha256, issued_at);

  FOREACH relation IN ARRAY ARRAY['model_metric', 'population_metric'] LOOP
    EXECUTE format('ALTER TABLE glucose.%I ADD COLUMN head text CHECK (head IN (''median'', ''mean''))', relation);
    EXECUTE format('COMMENT ON COLUMN glucose.%I.head IS %L', relation,
                   'Which of the model''s two answers was measured; NULL: no model''s, such as persistence''s.');
  END LOOP;

  -- Whoever works with persons goes on doing so.
  FOR reader IN
    SELECT glucose.grantee(acl.grantee) AS name,
           string_agg(DISTINCT acl.privilege_type, ', ') AS privileges
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = 'glucose.person'::regclass AND acl.grantee <> c.relowner
      AND acl.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    GROUP BY acl.grantee
  LOOP
    EXECUTE format('GRANT %s ON glucose.person_time_zone TO %s', reader.privileges, reader.name);
  END LOOP;

  SELECT string_agg(DISTINCT quote_literal(p.time_zone), ', ') INTO unknown
  FROM glucose.person p WHERE NOT glucose.is_time_zone(p.time_zone);
  IF unknown IS NOT NULL THEN
    RAISE WARNING 'time zones of persons are no IANA names and are read as UTC: %', unknown
      USING HINT = 'Offsets and POSIX strings have had their sign turned round. Update person.time_zone.';
  END IF;

  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_009() IS
'Internal: part of setup(): brings the tables to schema version 9.';

CREATE FUNCTION glucose.is_time_zone(name text) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_is_time_zone';
COMMENT ON FUNCTION glucose.is_time_zone(text) IS
'Internal: whether the server knows an IANA time zone of that name.';

CREATE FUNCTION glucose.is_mg_dl(mg_dl real) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_is_mg_dl';
COMMENT ON FUNCTION glucose.is_mg_dl(real) IS
'Internal: part of a check of glucose_reading: raises 23514 for a value that looks like mmol/L and asks whether it is.';

CREATE FUNCTION glucose.check_time_zone() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF NOT glucose.is_time_zone(NEW.time_zone) THEN
    RAISE EXCEPTION 'time zone "%" not recognized', NEW.time_zone
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Use an IANA name that pg_timezone_names lists, such as Europe/Berlin. Offsets and POSIX strings '
                   'such as +02:00 or UTC+2 are not taken: their sign would be turned round.';
  END IF;
  RETURN NEW;
END
$fn$;
COMMENT ON FUNCTION glucose.check_time_zone() IS
'Internal: trigger of person and person_time_zone: a zone that is written must be known. It is not asked again.';

CREATE FUNCTION glucose.keep_time_zone() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  has_history CONSTANT boolean := EXISTS (
    SELECT FROM glucose.person_time_zone z WHERE z.person_id = NEW.person_id);
BEGIN
  -- From the default, or from a name that nobody knows, is no journey: it was never right, and all of the past moves.
  IF NOT has_history AND (OLD.time_zone = 'UTC' OR NOT glucose.is_time_zone(OLD.time_zone)) THEN
    RETURN NULL;
  END IF;
  IF NOT has_history THEN
    INSERT INTO glucose.person_time_zone (person_id, since, time_zone)
      VALUES (NEW.person_id, '-infinity', OLD.time_zone);
  END IF;
  INSERT INTO glucose.person_time_zone (person_id, since, time_zone) VALUES (NEW.person_id, now(), NEW.time_zone)
  ON CONFLICT (person_id, since) DO UPDATE SET time_zone = EXCLUDED.time_zone;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.keep_time_zone() IS
'Internal: trigger of person: a change of its zone holds from now on, and what was eaten before keeps its clock.';

CREATE FUNCTION glucose.setup_entry_checks() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  missing record;
BEGIN
  FOR missing IN
    SELECT t.*
    FROM (VALUES
      ('person', 'zone_is_known', 'BEFORE INSERT', 'check_time_zone', ''),
      ('person', 'new_zone_is_known', 'BEFORE UPDATE OF time_zone', 'check_time_zone',
       'WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)'),
      ('person', 'zone_is_kept', 'AFTER UPDATE OF time_zone', 'keep_time_zone',
       'WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)'),
      ('person_time_zone', 'zone_is_known', 'BEFORE INSERT', 'check_time_zone', ''),
      ('person_time_zone', 'new_zone_is_known', 'BEFORE UPDATE OF time_zone', 'check_time_zone',
       'WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)'),
      ('daily_metric', 'value_fits', 'BEFORE INSERT', 'check_daily_value', ''),
      ('daily_metric', 'new_value_fits', 'BEFORE UPDATE OF metric, value, unit', 'check_daily_value', ''))
      AS t (relation, name, moment, runs, condition)
    JOIN pg_class c ON c.oid = to_regclass('glucose.' || t.relation) AND c.relkind IN ('r', 'p')
    WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = t.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %I %s ON glucose.%I FOR EACH ROW %s EXECUTE FUNCTION glucose.%I()', missing.name,
                   missing.moment, missing.relation, missing.condition, missing.runs);
  END LOOP;
  -- A check and not a trigger, which would keep COPY from writing many rows at once. Its name comes before that of the
  -- range's check, for checks are asked in the order of their names; the function is asked only for what fails anyway.
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('glucose.glucose_reading') AND c.relkind IN ('r', 'p')
             AND pg_has_role(c.relowner, 'USAGE')
             AND NOT EXISTS (SELECT FROM pg_constraint k
                             WHERE k.conrelid = c.oid AND k.conname = 'glucose_reading_is_mg_dl')) THEN
    ALTER TABLE glucose.glucose_reading
      ADD CONSTRAINT glucose_reading_is_mg_dl CHECK (mg_dl >= 20 OR glucose.is_mg_dl(mg_dl)) NOT VALID;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_entry_checks() IS
'Internal: part of setup(): what is asked of zones, units and values of days when they are written, and whatever of it '
'is missing.';
