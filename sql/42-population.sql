-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.list_population_models(model_type text DEFAULT 'glucose',
  OUT version text, OUT algorithm text, OUT is_active boolean, OUT status text, OUT trained_at timestamptz,
  OUT n_persons integer, OUT n_train integer, OUT n_validation integer, OUT n_test integer, OUT mae real, OUT rmse real,
  OUT r2 real, OUT is_production_ready boolean, OUT quality_issues text[]) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT v.version, v.algorithm, v.is_active, v.status, v.trained_at, (v.metadata ->> 'persons')::integer, v.n_train,
           v.n_validation, v.n_test, v.mae, v.rmse, v.r2, v.is_production_ready, v.quality_issues
    FROM glucose.population_model v
    WHERE v.model_type = list_population_models.model_type
    ORDER BY string_to_array(v.version, '.')::integer[] DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.list_population_models(text) IS
'Every version of a population model, newest first, with how many persons it learnt from, its test errors (mg/dL) '
'and whether it serves.';

CREATE FUNCTION glucose.deploy_population_model(model_type text, version text, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wanted record;
  previous text;
BEGIN
  IF deploy_population_model.model_type IS NULL OR deploy_population_model.version IS NULL THEN
    RAISE EXCEPTION 'arguments "model_type" and "version" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  LOCK TABLE glucose.population_model IN SHARE ROW EXCLUSIVE MODE;
  SELECT v.status, v.is_active INTO wanted FROM glucose.population_model v
  WHERE v.model_type = deploy_population_model.model_type AND v.version = deploy_population_model.version;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'population model version "%" not found', deploy_population_model.version
      USING ERRCODE = 'no_data_found', HINT = 'Versions are listed by glucose.list_population_models().';
  END IF;
  IF wanted.status = 'rejected' THEN
    RAISE EXCEPTION 'population model version "%" was rejected when it was trained', deploy_population_model.version
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Its quality_issues say why; deploy another version.';
  END IF;
  IF wanted.is_active THEN
    RETURN deploy_population_model.version;
  END IF;
  UPDATE glucose.population_model v SET is_active = false
  WHERE v.model_type = deploy_population_model.model_type AND v.is_active
  RETURNING v.version INTO previous;
  UPDATE glucose.population_model v SET is_active = true, status = 'ready'
  WHERE v.model_type = deploy_population_model.model_type AND v.version = deploy_population_model.version;
  INSERT INTO glucose.population_deployment (model_type, version, previous_version, reason, deployed_by)
  VALUES (deploy_population_model.model_type, deploy_population_model.version, previous,
          deploy_population_model.reason, glucose.current_identity());
  RETURN deploy_population_model.version;
END
$fn$;
COMMENT ON FUNCTION glucose.deploy_population_model(text, text, text) IS
'Makes a version the population model that serves whoever has none of their own; returns the version. The steward '
'runs it.';

CREATE FUNCTION glucose.rollback_population_model(model_type text DEFAULT 'glucose', to_version text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  target text := to_version;
BEGIN
  LOCK TABLE glucose.population_model IN SHARE ROW EXCLUSIVE MODE;
  IF target IS NULL THEN
    -- As rollback_model(): a way back is no deployment to go back from.
    SELECT d.previous_version INTO target
    FROM glucose.population_deployment d
    JOIN glucose.population_model live USING (model_type, version)
    JOIN glucose.population_model before ON before.model_type = d.model_type AND before.version = d.previous_version
    WHERE d.model_type = rollback_population_model.model_type AND live.is_active
      AND d.reason IS DISTINCT FROM 'rollback'
    ORDER BY d.deployed_at DESC LIMIT 1;
  END IF;
  IF target IS NULL THEN
    RAISE EXCEPTION 'no earlier live version to go back to'
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Name one: to_version => ...; versions are listed by glucose.list_population_models().';
  END IF;
  RETURN glucose.deploy_population_model(rollback_population_model.model_type, target, 'rollback');
END
$fn$;
COMMENT ON FUNCTION glucose.rollback_population_model(text, text) IS
'Makes the population model that was live before (or the named one) serve again; returns it. The steward runs it.';
