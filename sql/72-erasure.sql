-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.erase_person(person_id uuid, OUT population_models text[], OUT seals_released integer)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_erase_person';
COMMENT ON FUNCTION glucose.erase_person(uuid) IS
'Internal: part of forget_person(): deletes a person of the caller''s with all that refers to it, marks the population '
'models that have learnt from it and releases its seals.';

CREATE FUNCTION glucose.rows_of_person(person_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_person(rows_of_person.person_id);
  RETURN jsonb_build_object(
    'batch_answer', (SELECT count(*) FROM glucose.batch_answer t WHERE t.person_id = rows_of_person.person_id),
    'daily_metric', (SELECT count(*) FROM glucose.daily_metric t WHERE t.person_id = rows_of_person.person_id),
    'deployment', (SELECT count(*) FROM glucose.deployment t WHERE t.person_id = rows_of_person.person_id),
    'experiment_model', (SELECT count(*) FROM glucose.experiment_model t WHERE t.person_id = rows_of_person.person_id),
    'glucose_reading', (SELECT count(*) FROM glucose.glucose_reading t WHERE t.person_id = rows_of_person.person_id),
    'meal', (SELECT count(*) FROM glucose.meal t WHERE t.person_id = rows_of_person.person_id),
    'model_check', (SELECT count(*) FROM glucose.model_check t WHERE t.person_id = rows_of_person.person_id),
    'model_metric', (SELECT count(*) FROM glucose.model_metric t WHERE t.person_id = rows_of_person.person_id),
    'model_version', (SELECT count(*) FROM glucose.model_version t WHERE t.person_id = rows_of_person.person_id),
    'model_update', (SELECT count(*) FROM glucose.model_update t WHERE t.person_id = rows_of_person.person_id),
    'performance_log', (SELECT count(*) FROM glucose.performance_log t WHERE t.person_id = rows_of_person.person_id),
    'person', (SELECT count(*) FROM glucose.person t WHERE t.person_id = rows_of_person.person_id),
    'person_access', (SELECT count(*) FROM glucose.person_access t WHERE t.person_id = rows_of_person.person_id),
    'person_alert', (SELECT count(*) FROM glucose.person_alert t WHERE t.person_id = rows_of_person.person_id),
    'person_time_zone', (SELECT count(*) FROM glucose.person_time_zone t WHERE t.person_id = rows_of_person.person_id),
    'prediction', (SELECT count(*) FROM glucose.prediction t WHERE t.person_id = rows_of_person.person_id),
    'prediction_feedback', (SELECT count(*) FROM glucose.prediction_feedback t
    WHERE t.person_id = rows_of_person.person_id),
    'recorded_outcome', (SELECT count(*) FROM glucose.recorded_outcome t WHERE t.person_id = rows_of_person.person_id),
    'retraining_log', (SELECT count(*) FROM glucose.retraining_log t WHERE t.person_id = rows_of_person.person_id),
    'retraining_override', (SELECT count(*) FROM glucose.retraining_override t
    WHERE t.person_id = rows_of_person.person_id),
    'serving_mark', (SELECT count(*) FROM glucose.serving_mark t WHERE t.person_id = rows_of_person.person_id),
    'source_preference', (SELECT count(*) FROM glucose.source_preference t
    WHERE t.person_id = rows_of_person.person_id),
    'training_job', (SELECT count(*) FROM glucose.training_job t WHERE t.person_id = rows_of_person.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.rows_of_person(uuid) IS
'Internal: part of forget_person(): how many rows each table has of a person, as the caller sees them.';

CREATE FUNCTION glucose.forget_person(person_id uuid, confirm text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  remains jsonb := jsonb_build_array(
    'free space of the tables, and the planner''s statistics: SELECT * FROM glucose.purge_remains(), as their owner',
    'write-ahead log, until its files are used again or removed; archives of it, standbys that lag',
    'backups and dumps, as long as they are kept', 'the server''s log, if statements are logged',
    'what population models have learnt, in weights that name nobody: train them anew');
  erased record;
  deleted jsonb;
BEGIN
  PERFORM glucose.require_person(forget_person.person_id);
  IF confirm IS DISTINCT FROM forget_person.person_id::text THEN
    RAISE EXCEPTION 'argument "confirm" must be the id of the person, as text'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'What this deletes cannot be brought back but from a backup.';
  END IF;
  -- Whoever writes a row of the person has ended before they are counted.
  PERFORM FROM glucose.person t WHERE t.person_id = forget_person.person_id FOR UPDATE;
  deleted := glucose.rows_of_person(forget_person.person_id);
  -- Tables that are the application's own need not have a foreign key, and views cannot.
  BEGIN
    DELETE FROM glucose.meal t WHERE t.person_id = forget_person.person_id;
  EXCEPTION WHEN object_not_in_prerequisite_state OR feature_not_supported OR insufficient_privilege THEN
    remains := remains || to_jsonb('what is beneath the view glucose.meal: nothing can be deleted through it'::text);
  END;
  BEGIN
    DELETE FROM glucose.glucose_reading t WHERE t.person_id = forget_person.person_id;
  EXCEPTION WHEN object_not_in_prerequisite_state OR feature_not_supported OR insufficient_privilege THEN
    remains := remains
      || to_jsonb('what is beneath the view glucose.glucose_reading: nothing can be deleted through it'::text);
  END;
  SELECT e.* INTO erased FROM glucose.erase_person(forget_person.person_id) e;
  RETURN jsonb_build_object('person_id', forget_person.person_id, 'deleted', deleted, 'seals_released',
    erased.seals_released,
                            'population_models', to_jsonb(erased.population_models), 'remains', remains);
END
$fn$;
COMMENT ON FUNCTION glucose.forget_person(uuid, text) IS
'Erases a person and everything of it in one transaction, and says how many rows of which table, which population '
'models had learnt from it, and what remains where. For its owner; confirm is the id again.';

CREATE FUNCTION glucose.purge_remains(OUT relation text, OUT to_run text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 30 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  part record;
BEGIN
  PERFORM glucose.require_owner();
  FOR part IN
    SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('person_id', 'subject'))
    ORDER BY c.relname
  LOOP
    EXECUTE format('ANALYZE %s', part.name);
    relation := part.name;
    to_run := format('VACUUM (FULL, ANALYZE) %s', part.name);
    RETURN NEXT;
  END LOOP;
  -- The statistics of before are dead rows of a table, too.
  relation := 'pg_catalog.pg_statistic';
  to_run := 'VACUUM FULL pg_catalog.pg_statistic';
  RETURN NEXT;
END
$fn$;
COMMENT ON FUNCTION glucose.purge_remains() IS
'Takes the planner''s statistics of persons'' tables anew, without who has been erased, and returns what else is to be '
'run for the bytes in free space, which no function can. For the owner of the tables.';
