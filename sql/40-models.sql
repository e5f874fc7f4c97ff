-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.require_person(person_id uuid) RETURNS void
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_require_person';
COMMENT ON FUNCTION glucose.require_person(uuid) IS
'Internal: returns when the caller may see the person, else raises 22023, 28000 or P0002.';

CREATE FUNCTION glucose.list_model_versions(person_id uuid, model_type text DEFAULT 'glucose',
  OUT version text, OUT algorithm text, OUT is_active boolean, OUT status text, OUT trained_at timestamptz,
  OUT n_train integer, OUT n_validation integer, OUT n_test integer, OUT mae real, OUT rmse real, OUT r2 real,
  OUT is_production_ready boolean, OUT quality_issues text[], OUT has_artifact boolean) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(list_model_versions.person_id);
  PERFORM glucose.model_type(list_model_versions.model_type);
  RETURN QUERY
    SELECT v.version, v.algorithm, v.is_active, v.status, v.trained_at, v.n_train, v.n_validation, v.n_test,
           v.mae, v.rmse, v.r2, v.is_production_ready, v.quality_issues, v.artifact_taken_at IS NULL
    FROM glucose.model_version v
    WHERE v.person_id = list_model_versions.person_id AND v.model_type = list_model_versions.model_type
    ORDER BY glucose.version_parts(v.version) DESC;
END
$fn$;
COMMENT ON FUNCTION glucose.list_model_versions(uuid, text) IS
'Every version of the person''s model, newest first, with its test errors (mg/dL), whether it serves and what is '
'wrong with it.';

CREATE FUNCTION glucose.active_model_version(person_id uuid, model_type text DEFAULT 'glucose') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_person(active_model_version.person_id);
  PERFORM glucose.model_type(active_model_version.model_type);
  RETURN (SELECT v.version FROM glucose.model_version v
          WHERE v.person_id = active_model_version.person_id AND v.model_type = active_model_version.model_type
            AND v.is_active);
END
$fn$;
COMMENT ON FUNCTION glucose.active_model_version(uuid, text) IS
'The version that serves the person, NULL when none does.';

CREATE FUNCTION glucose.deploy_model(person_id uuid, model_type text, version text, reason text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_deploy_model';
COMMENT ON FUNCTION glucose.deploy_model(uuid, text, text, text) IS
'Makes a version the one that serves, in one transaction, and writes the deployment history; returns the version.';

CREATE FUNCTION glucose.increment_version(version text, level text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  parts integer[];
BEGIN
  IF version !~ '^[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}$' THEN
    RAISE EXCEPTION 'invalid version "%"', version
      USING ERRCODE = 'invalid_parameter_value', HINT = 'A version is MAJOR.MINOR.PATCH, such as 1.2.0.';
  END IF;
  parts := string_to_array(version, '.')::integer[];
  CASE level
    WHEN 'major' THEN RETURN format('%s.0.0', parts[1] + 1);
    WHEN 'minor' THEN RETURN format('%s.%s.0', parts[1], parts[2] + 1);
    WHEN 'patch' THEN RETURN format('%s.%s.%s', parts[1], parts[2], parts[3] + 1);
    ELSE
      RAISE EXCEPTION 'unrecognized level "%"', level
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Levels are major, minor and patch.';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.increment_version(text, text) IS
'The next version number: major when what callers see changes (horizons), minor for a retraining, patch for a '
're-fit with the same data and options. train_model() follows this by itself.';

CREATE FUNCTION glucose.way_back(person_id uuid, model_type text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- From what serves to what it replaced, to what that one had replaced, and so on, until one has its artifact. Of
  -- deployments that were a way back themselves it is not asked: a second step back would bring what the first one took
  -- away.
  RETURN (
    WITH RECURSIVE back (version, at, is_it) AS (
      SELECT v.version, 'infinity'::timestamptz, false FROM glucose.model_version v
      WHERE v.person_id = way_back.person_id AND v.model_type = way_back.model_type AND v.is_active
      UNION ALL
      SELECT d.previous_version, d.deployed_at, EXISTS (SELECT FROM glucose.model_version v
          WHERE v.person_id = way_back.person_id AND v.model_type = way_back.model_type
            AND v.version = d.previous_version AND NOT v.is_active AND v.artifact_taken_at IS NULL)
      FROM back b CROSS JOIN LATERAL (SELECT x.previous_version, x.deployed_at FROM glucose.deployment x
        WHERE x.person_id = way_back.person_id AND x.model_type = way_back.model_type AND x.version = b.version
          AND x.deployed_at < b.at AND x.reason IS DISTINCT FROM 'rollback'
        ORDER BY x.deployed_at DESC LIMIT 1) d
      WHERE NOT b.is_it)
    SELECT b.version FROM back b WHERE b.is_it);
END
$fn$;
COMMENT ON FUNCTION glucose.way_back(uuid, text) IS
'Internal: part of rollback_model(), check_model() and purge(): the version that was live before the one that serves, '
'the latest that is there with its artifact; NULL when there is none.';

CREATE FUNCTION glucose.rollback_model(person_id uuid, model_type text DEFAULT 'glucose', to_version text DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_rollback_model';
COMMENT ON FUNCTION glucose.rollback_model(uuid, text, text) IS
'Makes the version that was live before (or the named one) serve again, in one transaction; returns it.';

CREATE FUNCTION glucose.model_version_at(person_id uuid, at timestamptz, model_type text DEFAULT 'glucose') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_person(model_version_at.person_id);
  PERFORM glucose.model_type(model_version_at.model_type);
  RETURN (SELECT d.version FROM glucose.deployment d
          WHERE d.person_id = model_version_at.person_id AND d.model_type = model_version_at.model_type
            AND d.deployed_at <= model_version_at.at
          ORDER BY d.deployed_at DESC LIMIT 1);
END
$fn$;
COMMENT ON FUNCTION glucose.model_version_at(uuid, timestamptz, text) IS
'The version that served the person at a moment, by the deployment history; NULL when none did.';

CREATE FUNCTION glucose.delete_model(person_id uuid, model_type text, version text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_delete_model';
COMMENT ON FUNCTION glucose.delete_model(uuid, text, text) IS
'Deletes a version with its metrics; false when there is none of that name. One that serves, or that a running '
'experiment tries, stays (55006).';

CREATE FUNCTION glucose.export_model(person_id uuid, model_type text, version text DEFAULT NULL) RETURNS bytea
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_export_model';
COMMENT ON FUNCTION glucose.export_model(uuid, text, text) IS
'A version (the active one unless named) as one self-describing, checksummed value for import_model().';

CREATE FUNCTION glucose.import_model(person_id uuid, artifact bytea, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_import_model';
COMMENT ON FUNCTION glucose.import_model(uuid, bytea, jsonb) IS
'Stores what export_model() gave, of this or another database or person, as a new version; returns it. It is never '
'called production ready: nobody has measured it on this person.';

CREATE FUNCTION glucose.cache_stats(OUT entries bigint, OUT bytes bigint, OUT hits bigint, OUT misses bigint,
                                    OUT evictions bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_cache_stats';
COMMENT ON FUNCTION glucose.cache_stats() IS
'The decoded models this backend keeps (setting glucose.cache_size) and how often they were found there.';

CREATE FUNCTION glucose.invalidate_cache() RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_invalidate_cache';
COMMENT ON FUNCTION glucose.invalidate_cache() IS
'Wipes the decoded models of this backend; returns how many there were. Never needed for correctness.';
