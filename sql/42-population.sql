-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.list_population_models(model_type text DEFAULT 'glucose',
  OUT version text, OUT algorithm text, OUT is_active boolean, OUT status text, OUT trained_at timestamptz,
  OUT n_persons integer, OUT n_train integer, OUT n_validation integer, OUT n_test integer, OUT mae real, OUT rmse real,
  OUT r2 real, OUT is_production_ready boolean, OUT quality_issues text[],
  OUT has_artifact boolean) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.model_type(list_population_models.model_type);
  RETURN QUERY
    SELECT v.version, v.algorithm, v.is_active, v.status, v.trained_at, v.n_persons, v.n_train,
           v.n_validation, v.n_test, v.mae, v.rmse, v.r2, v.is_production_ready, v.quality_issues,
           v.artifact_taken_at IS NULL
    FROM glucose.population_model v
    WHERE v.model_type = list_population_models.model_type
    ORDER BY glucose.version_parts(v.version) DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.list_population_models(text) IS
'Every version of a population model, newest first, with how many persons it learnt from, its test errors (mg/dL) '
'and whether it serves.';

CREATE FUNCTION glucose.deploy_population_model(model_type text, version text, reason text DEFAULT NULL) RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_deploy_population_model';
COMMENT ON FUNCTION glucose.deploy_population_model(text, text, text) IS
'Makes a version the population model that serves whoever has none of their own; returns the version. The steward '
'runs it.';

CREATE FUNCTION glucose.population_way_back(model_type text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (
    WITH RECURSIVE back (version, at, is_it) AS (
      SELECT v.version, 'infinity'::timestamptz, false FROM glucose.population_model v
      WHERE v.model_type = population_way_back.model_type AND v.is_active
      UNION ALL
      SELECT d.previous_version, d.deployed_at, EXISTS (SELECT FROM glucose.population_model v
          WHERE v.model_type = population_way_back.model_type AND v.version = d.previous_version AND NOT v.is_active
            AND v.artifact_taken_at IS NULL)
      FROM back b CROSS JOIN LATERAL (SELECT x.previous_version, x.deployed_at FROM glucose.population_deployment x
        WHERE x.model_type = population_way_back.model_type AND x.version = b.version AND x.deployed_at < b.at
          AND x.reason IS DISTINCT FROM 'rollback'
        ORDER BY x.deployed_at DESC LIMIT 1) d
      WHERE NOT b.is_it)
    SELECT b.version FROM back b WHERE b.is_it);
END
$fn$;
COMMENT ON FUNCTION glucose.population_way_back(text) IS
'Internal: part of rollback_population_model() and purge(): as way_back(), of the population''s models.';

CREATE FUNCTION glucose.rollback_population_model(model_type text DEFAULT 'glucose', to_version text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_rollback_population_model';
COMMENT ON FUNCTION glucose.rollback_population_model(text, text) IS
'Makes the population model that was live before (or the named one) serve again; returns it. The steward runs it.';
