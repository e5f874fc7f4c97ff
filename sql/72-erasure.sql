-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.erase_person(person_id uuid, OUT population_models text[], OUT seals_released integer)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_erase_person';
COMMENT ON FUNCTION glucose.erase_person(uuid) IS
'Internal: part of forget_person(): deletes a person of the caller''s with all that refers to it, marks the population '
'models that have learnt from it and releases its seals.';

CREATE FUNCTION glucose.rows_of_person(person_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  id CONSTANT uuid := rows_of_person.person_id;
BEGIN
  PERFORM glucose.require_person(id);
  RETURN jsonb_build_object(
    'batch_answer', (SELECT count(*) FROM glucose.batch_answer WHERE person_id = id),
    'daily_metric', (SELECT count(*) FROM glucose.daily_metric WHERE person_id = id),
    'deployment', (SELECT count(*) FROM glucose.deployment WHERE person_id = id),
    'experiment_model', (SELECT count(*) FROM glucose.experiment_model WHERE person_id = id),
    'glucose_reading', (SELECT count(*) FROM glucose.glucose_reading WHERE person_id = id),
    'meal', (SELECT count(*) FROM glucose.meal WHERE person_id = id),
    'model_check', (SELECT count(*) FROM glucose.model_check WHERE person_id = id),
    'model_metric', (SELECT count(*) FROM glucose.model_metric WHERE person_id = id),
    'model_version', (SELECT count(*) FROM glucose.model_version WHERE person_id = id),
    'model_update', (SELECT count(*) FROM glucose.model_update WHERE person_id = id),
    'performance_log', (SELECT count(*) FROM glucose.performance_log WHERE person_id = id),
    'person', (SELECT count(*) FROM glucose.person WHERE person_id = id),
    'person_access', (SELECT count(*) FROM glucose.person_access WHERE person_id = id),
    'person_alert', (SELECT count(*) FROM glucose.person_alert WHERE person_id = id),
    'person_time_zone', (SELECT count(*) FROM glucose.person_time_zone WHERE person_id = id),
    'prediction', (SELECT count(*) FROM glucose.prediction WHERE person_id = id),
    'prediction_feedback', (SELECT count(*) FROM glucose.prediction_feedback WHERE person_id = id),
    'recorded_outcome', (SELECT count(*) FROM glucose.recorded_outcome WHERE person_id = id),
    'retraining_log', (SELECT count(*) FROM glucose.retraining_log WHERE person_id = id),
    'retraining_override', (SELECT count(*) FROM glucose.retraining_override WHERE person_id = id),
    'serving_mark', (SELECT count(*) FROM glucose.serving_mark WHERE person_id = id),
    'source_preference', (SELECT count(*) FROM glucose.source_preference WHERE person_id = id),
    'training_job', (SELECT count(*) FROM glucose.training_job WHERE person_id = id));
END
$fn$;
COMMENT ON FUNCTION glucose.rows_of_person(uuid) IS
'Internal: part of forget_person(): how many rows each table has of a person, as the caller sees them.';

CREATE FUNCTION glucose.forget_person(person_id uuid, confirm text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  id CONSTANT uuid := forget_person.person_id;
  remains jsonb := jsonb_build_array(
    'free space of the tables, and the planner''s statistics: SELECT * FROM glucose.purge_remains(), as their owner',
    'write-ahead log, until its files are used again or removed; archives of it, standbys that lag',
    'backups and dumps, as long as they are kept', 'the server''s log, if statements are logged',
    'what population models have learnt, in weights that name nobody: train them anew');
  erased record;
  deleted jsonb;
BEGIN
  PERFORM glucose.require_person(id);
  IF confirm IS DISTINCT FROM id::text THEN
    RAISE EXCEPTION 'argument "confirm" must be the id of the person, as text'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'What this deletes cannot be brought back but from a backup.';
  END IF;
  -- Whoever writes a row of the person has ended before they are counted.
  PERFORM FROM glucose.person WHERE person_id = id FOR UPDATE;
  deleted := glucose.rows_of_person(id);
  -- Tables that are the application's own need not have a foreign key, and views cannot.
  BEGIN
    DELETE FROM glucose.meal WHERE person_id = id;
  EXCEPTION WHEN object_not_in_prerequisite_state OR feature_not_supported OR insufficient_privilege THEN
    remains := remains || to_jsonb('what is beneath the view glucose.meal: nothing can be deleted through it'::text);
  END;
  BEGIN
    DELETE FROM glucose.glucose_reading WHERE person_id = id;
  EXCEPTION WHEN object_not_in_prerequisite_state OR feature_not_supported OR insufficient_privilege THEN
    remains := remains
      || to_jsonb('what is beneath the view glucose.glucose_reading: nothing can be deleted through it'::text);
  END;
  SELECT e.* INTO erased FROM glucose.erase_person(id) e;
  RETURN jsonb_build_object('person_id', id, 'deleted', deleted, 'seals_released', erased.seals_released,
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
