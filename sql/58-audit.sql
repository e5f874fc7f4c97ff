-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.seal_log(older_than interval DEFAULT '0', OUT seals bigint, OUT sealed_rows bigint,
  OUT released bigint, OUT head text)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_seal_log';
COMMENT ON FUNCTION glucose.seal_log(interval) IS
'Seals the log of persons whose oldest unsealed row is older than this, so that verify_log() finds any change; returns '
'the newest seal, to be written down elsewhere. For the steward.';

CREATE FUNCTION glucose.verify_log(person_id uuid, head text DEFAULT NULL, OUT what text, OUT prediction_id uuid,
  OUT seal_no bigint, OUT issued_at timestamptz, OUT detail text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_verify_log';
COMMENT ON FUNCTION glucose.verify_log(uuid, text) IS
'What is wrong with a person''s log: rows changed, deleted, added or reordered since sealed, seals changed or '
'missing, also the one that seal_log() had returned as head. No row: nothing.';

CREATE FUNCTION glucose.verify_seals(head text DEFAULT NULL, OUT what text, OUT prediction_id uuid,
  OUT seal_no bigint, OUT issued_at timestamptz, OUT detail text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_verify_seals';
COMMENT ON FUNCTION glucose.verify_seals(text) IS
'What is wrong with the seals of all persons, as verify_log() says it. For the steward.';

CREATE FUNCTION glucose.purge_some(after bigint, after_values timestamptz, after_rows timestamptz, OUT taken bigint,
  OUT deleted bigint, OUT released bigint, OUT last_seal bigint, OUT last_values timestamptz, OUT last_rows timestamptz,
  OUT is_done boolean)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_purge_some';
COMMENT ON FUNCTION glucose.purge_some(bigint, timestamptz, timestamptz) IS
'Internal: part of purge(): one piece of the log, after this seal and these moments; the first is after -1.';

CREATE FUNCTION glucose.old_artifacts(persons uuid[], keep integer, judged_since timestamptz)
RETURNS TABLE (person_id uuid, model_type text, version text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  -- Also kept is the newest that was rejected: it says how far glucose strays of whom no model serves.
  RETURN QUERY
    SELECT v.person_id, v.model_type, v.version
    FROM (SELECT m.person_id, m.model_type, m.version, m.status,
                 row_number() OVER (PARTITION BY m.person_id, m.model_type ORDER BY m.trained_at DESC) AS place,
                 row_number() OVER (PARTITION BY m.person_id, m.model_type, m.status ORDER BY m.trained_at DESC)
                   AS place_of_status
          FROM glucose.model_version m
          WHERE m.person_id = ANY (persons) AND NOT m.is_active AND m.artifact_taken_at IS NULL) v
    WHERE v.place > keep AND NOT (v.status = 'rejected' AND v.place_of_status = 1)
      AND NOT EXISTS (SELECT FROM glucose.deployment d WHERE d.person_id = v.person_id AND d.model_type = v.model_type
                      AND d.deployed_at > judged_since AND v.version IN (d.version, d.previous_version))
      AND v.version IS DISTINCT FROM glucose.way_back(v.person_id, v.model_type)
    ORDER BY v.person_id, v.model_type, v.place DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.old_artifacts(uuid[], integer, timestamptz) IS
'Internal: part of purge(): versions that have been replaced and are not among the newest, that no rollback goes back '
'to and no deployment since then is judged by.';

CREATE FUNCTION glucose.old_population_artifacts(keep integer, judged_since timestamptz)
RETURNS TABLE (model_type text, version text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT v.model_type, v.version
    FROM (SELECT m.model_type, m.version,
                 row_number() OVER (PARTITION BY m.model_type ORDER BY m.trained_at DESC) AS place
          FROM glucose.population_model m WHERE NOT m.is_active AND m.artifact_taken_at IS NULL) v
    WHERE v.place > keep
      AND NOT EXISTS (SELECT FROM glucose.population_deployment d WHERE d.model_type = v.model_type
                      AND d.deployed_at > judged_since AND v.version IN (d.version, d.previous_version))
      AND v.version IS DISTINCT FROM glucose.population_way_back(v.model_type)
    ORDER BY v.model_type, v.place DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.old_population_artifacts(integer, timestamptz) IS
'Internal: part of purge(): as old_artifacts(), of the population''s models.';

CREATE FUNCTION glucose.purge_persons(after uuid, OUT artifacts bigint, OUT deleted bigint, OUT last_person uuid,
  OUT is_done boolean)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_purge_persons';
COMMENT ON FUNCTION glucose.purge_persons(uuid) IS
'Internal: part of purge(): one piece of what is old of some persons after this one; the first is after NULL.';

-- It commits, and a procedure with a SET clause cannot: it names the schema of every function and uses no operator.
CREATE PROCEDURE glucose.purge(time_budget interval DEFAULT '1 hour')
LANGUAGE plpgsql
AS $fn$
DECLARE
  started_at CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  piece pg_catalog.record;
  last_seal pg_catalog.int8 := '-1';
  last_values pg_catalog.timestamptz;
  last_rows pg_catalog.timestamptz;
  last_person pg_catalog.uuid;
  taken pg_catalog.int8 := 0;
  deleted pg_catalog.int8 := 0;
  released pg_catalog.int8 := 0;
  artifacts pg_catalog.int8 := 0;
  others pg_catalog.int8 := 0;
BEGIN
  WHILE glucose.retraining_may_go_on(0, 1, started_at, time_budget) LOOP
    piece := glucose.purge_some(last_seal, last_values, last_rows);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    last_seal := piece.last_seal;
    last_values := piece.last_values;
    last_rows := piece.last_rows;
    taken := pg_catalog.int8pl(taken, piece.taken);
    deleted := pg_catalog.int8pl(deleted, piece.deleted);
    released := pg_catalog.int8pl(released, piece.released);
    EXIT WHEN piece.is_done;
  END LOOP;
  WHILE glucose.retraining_may_go_on(0, 1, started_at, time_budget) LOOP
    piece := glucose.purge_persons(last_person);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    last_person := piece.last_person;
    artifacts := pg_catalog.int8pl(artifacts, piece.artifacts);
    others := pg_catalog.int8pl(others, piece.deleted);
    EXIT WHEN piece.is_done;
  END LOOP;
  RAISE NOTICE 'purge: values of % rows, % rows, % seals released', taken, deleted, released;
  RAISE NOTICE 'purge: artifacts of % versions, % rows of other tables', artifacts, others;
END
$fn$;
COMMENT ON PROCEDURE glucose.purge(interval) IS
'Takes out what is older than the settings say: of the log, of versions, jobs, and what was noted of models. It '
'commits in pieces and can be stopped and run again; for the steward.';

CREATE FUNCTION glucose.prediction_history(person_id uuid, of_type text DEFAULT NULL,
  since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity', max_rows integer DEFAULT 100,
  OUT prediction_id uuid, OUT issued_at timestamptz, OUT issued_to text, OUT role name, OUT client_address inet,
  OUT model_type text, OUT version text, OUT sha256 text, OUT source text, OUT meal_id uuid, OUT asked_at timestamptz,
  OUT level real, OUT unit text, OUT score real, OUT latency_ms real, OUT predictions jsonb, OUT experiment text,
  OUT arm text, OUT is_signed boolean, OUT seal_no bigint, OUT purged_at timestamptz, OUT cached_from uuid)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(prediction_history.person_id);
  IF of_type IS NOT NULL THEN
    PERFORM glucose.model_type(of_type);
  END IF;
  IF num_nulls(since, until, max_rows) > 0 OR max_rows < 1 THEN
    RAISE EXCEPTION '"since" and "until" must not be null, and "max_rows" must be at least 1'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT p.prediction_id, p.issued_at, p.issued_to, p.role, p.client_address, p.model_type, p.version,
           encode(p.sha256, 'hex'), p.source, p.meal_id, p.asked_at, p.level, p.unit, p.score, p.latency_ms,
           p.predictions, p.experiment, p.arm, p.mac IS NOT NULL, p.seal_no, p.purged_at,
           p.cached_from
    FROM glucose.prediction p
    WHERE p.person_id = prediction_history.person_id AND p.issued_at >= since AND p.issued_at < until
      AND (of_type IS NULL OR p.model_type = of_type)
    ORDER BY p.issued_at DESC, p.prediction_id LIMIT max_rows;
END
$fn$;
COMMENT ON FUNCTION glucose.prediction_history(uuid, text, timestamptz, timestamptz, integer) IS
'What a person was answered, newest first: who asked, which model, what it said, and whether the row is signed, sealed '
'or purged. Show disclaimer() with it.';

CREATE FUNCTION glucose.prediction_sources(prediction_id uuid, person_id uuid DEFAULT NULL, OUT kind text,
  OUT at timestamptz, OUT day date, OUT name text, OUT value real, OUT logged_value real, OUT recorded_at timestamptz,
  OUT status text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100 COST 10000 AS 'MODULE_PATHNAME', 'glucose_prediction_sources';
COMMENT ON FUNCTION glucose.prediction_sources(uuid, uuid) IS
'What a logged answer rested on: whether its inputs still have the digest of the log, and the readings, meals and days '
'nearest to what was asked, each the same, changed, deleted, added since, or unknown. Show disclaimer() with it.';
