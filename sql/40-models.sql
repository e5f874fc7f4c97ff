-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.require_person(person_id uuid) RETURNS void
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_require_person';
COMMENT ON FUNCTION glucose.require_person(uuid) IS
'Returns when the caller may see the person. Errors: 22023 for NULL, 28000 without an identity, P0002 for a person that is not there or not the caller''s.';

CREATE FUNCTION glucose.list_model_versions(person_id uuid, model_type text DEFAULT 'glucose',
  OUT version text, OUT algorithm text, OUT is_active boolean, OUT status text, OUT trained_at timestamptz,
  OUT n_train integer, OUT n_validation integer, OUT n_test integer, OUT mae real, OUT rmse real, OUT r2 real,
  OUT is_production_ready boolean, OUT quality_issues text[]) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(list_model_versions.person_id);
  RETURN QUERY
    SELECT v.version, v.algorithm, v.is_active, v.status, v.trained_at, v.n_train, v.n_validation, v.n_test,
           v.mae, v.rmse, v.r2, v.is_production_ready, v.quality_issues
    FROM glucose.model_version v
    WHERE v.person_id = list_model_versions.person_id AND v.model_type = list_model_versions.model_type
    ORDER BY string_to_array(v.version, '.')::integer[] DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.list_model_versions(uuid, text) IS
'Every version of the person''s model, newest first, with its test errors (mg/dL), whether it serves and what is wrong with it. Errors: P0002.';

CREATE FUNCTION glucose.active_model_version(person_id uuid, model_type text DEFAULT 'glucose') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_person(active_model_version.person_id);
  RETURN (SELECT v.version FROM glucose.model_version v
          WHERE v.person_id = active_model_version.person_id AND v.model_type = active_model_version.model_type
            AND v.is_active);
END
$fn$;
COMMENT ON FUNCTION glucose.active_model_version(uuid, text) IS
'The version that serves the person, NULL when none does. Errors: P0002.';

CREATE FUNCTION glucose.deploy_model(person_id uuid, model_type text, version text, reason text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wanted record;
  previous text;
BEGIN
  PERFORM glucose.require_person(deploy_model.person_id);
  IF deploy_model.model_type IS NULL OR deploy_model.version IS NULL THEN
    RAISE EXCEPTION 'arguments "model_type" and "version" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM FROM glucose.person p WHERE p.person_id = deploy_model.person_id FOR NO KEY UPDATE;
  SELECT v.status, v.is_active INTO wanted FROM glucose.model_version v
  WHERE v.person_id = deploy_model.person_id AND v.model_type = deploy_model.model_type
    AND v.version = deploy_model.version;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'model version "%" not found', deploy_model.version
      USING ERRCODE = 'no_data_found', HINT = 'Versions are listed by glucose.list_model_versions().';
  END IF;
  IF wanted.status = 'rejected' THEN
    RAISE EXCEPTION 'model version "%" was rejected when it was trained', deploy_model.version
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Its quality_issues say why; deploy another version.';
  END IF;
  IF wanted.is_active THEN
    RETURN deploy_model.version;
  END IF;
  UPDATE glucose.model_version v SET is_active = false
  WHERE v.person_id = deploy_model.person_id AND v.model_type = deploy_model.model_type AND v.is_active
  RETURNING v.version INTO previous;
  UPDATE glucose.model_version v SET is_active = true
  WHERE v.person_id = deploy_model.person_id AND v.model_type = deploy_model.model_type
    AND v.version = deploy_model.version;
  INSERT INTO glucose.deployment (person_id, model_type, version, previous_version, reason, deployed_by)
  VALUES (deploy_model.person_id, deploy_model.model_type, deploy_model.version, previous, deploy_model.reason,
          glucose.current_identity());
  RETURN deploy_model.version;
END
$fn$;
COMMENT ON FUNCTION glucose.deploy_model(uuid, text, text, text) IS
'Makes a version the one that serves, in one transaction, and writes the deployment history. Returns the version. Errors: P0002; 55000 for a version that was rejected.';

CREATE FUNCTION glucose.cache_stats(OUT entries bigint, OUT bytes bigint, OUT hits bigint, OUT misses bigint,
                                    OUT evictions bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_cache_stats';
COMMENT ON FUNCTION glucose.cache_stats() IS
'The decoded models this backend keeps (setting glucose.cache_size) and how often they were found there.';

CREATE FUNCTION glucose.invalidate_cache() RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_invalidate_cache';
COMMENT ON FUNCTION glucose.invalidate_cache() IS
'Wipes the decoded models of this backend; returns how many there were. Never needed for correctness: a model is looked up by the hash of its bytes after row-level security has shown its row.';
