-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.model_check_result AS (
  action text, version text, against text, n integer, mae double precision, mae_against double precision,
  ci_low double precision, ci_high double precision, p_value double precision);
COMMENT ON TYPE glucose.model_check_result IS
'What a look at a model''s live errors led to: kept, rolled back or withdrawn, and the errors it rests on.';

CREATE FUNCTION glucose.judge_live(person_id uuid, model_type text, as_of timestamptz DEFAULT NULL, OUT action text,
  OUT version text,
  OUT against text, OUT n integer, OUT mae double precision, OUT mae_against double precision,
  OUT ci_low double precision, OUT ci_high double precision, OUT p_value double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  -- For looks every night and three rivals; see docs/why/watching.md.
  act_below CONSTANT double precision := 0.002;
  fewest CONSTANT integer := 8;
  least_gain CONSTANT double precision := 0.05;   -- of the error: what is hardly worse stays
  cooldown CONSTANT interval := interval '7 days';
  live record;
  before record;
  rival record;
  compared record;
BEGIN
  PERFORM glucose.require_person(judge_live.person_id);
  PERFORM glucose.model_type(judge_live.model_type);
  action := 'kept';
  SELECT v.version, v.training_end, d.deployed_at INTO live
  FROM glucose.model_version v
  LEFT JOIN LATERAL (SELECT max(x.deployed_at) AS deployed_at FROM glucose.deployment x
    WHERE x.person_id = v.person_id AND x.model_type = v.model_type AND x.version = v.version) d ON true
  WHERE v.person_id = judge_live.person_id AND v.model_type = judge_live.model_type AND v.is_active
    AND v.withdrawn_at IS NULL;
  version := live.version;
  IF version IS NULL OR EXISTS (SELECT FROM glucose.model_check c WHERE c.person_id = judge_live.person_id
      AND c.model_type = judge_live.model_type AND c.checked_at > clock_timestamp() - cooldown) THEN
    RETURN;
  END IF;
  -- What served before; where that has lost its artifact, what a rollback would go back to.
  SELECT v.version INTO before
  FROM (SELECT x.previous_version AS version FROM glucose.deployment x
        WHERE x.person_id = judge_live.person_id AND x.model_type = judge_live.model_type
          AND x.version = live.version AND x.previous_version <> live.version
        ORDER BY x.deployed_at DESC LIMIT 1) d
  JOIN glucose.model_version v ON v.person_id = judge_live.person_id AND v.model_type = judge_live.model_type
    AND v.version = d.version AND v.artifact_taken_at IS NULL;
  -- Outcomes since it serves, of which neither has learnt.
  FOR rival IN
    SELECT r.name, r.training_end
    FROM (SELECT v.version AS name, v.training_end, 1 AS place
          FROM glucose.model_version v
          WHERE v.person_id = judge_live.person_id AND v.model_type = judge_live.model_type
            AND v.version = coalesce(before.version, glucose.way_back(judge_live.person_id, judge_live.model_type))
            AND v.status <> 'rejected' AND v.withdrawn_at IS NULL
          UNION ALL
          SELECT 'population', p.training_end, 2 FROM glucose.population_model p
          WHERE p.model_type = judge_live.model_type AND p.is_active
          UNION ALL
          SELECT 'baseline', NULL, 3) r
    ORDER BY r.place
  LOOP
    BEGIN
      compared := glucose.compare_versions(judge_live.person_id, judge_live.model_type, live.version, rival.name,
        greatest(live.training_end, rival.training_end, live.deployed_at) + interval '1 microsecond', as_of);
    EXCEPTION WHEN feature_not_supported OR SQLSTATE 'MG003' THEN   -- no baseline; another kind of model since
      CONTINUE;
    END;
    IF compared.n >= fewest AND compared.p_value < act_below
       AND compared.mae_b < (1 - least_gain) * compared.mae_a AND (mae_against IS NULL OR compared.mae_b < mae_against)
    THEN
      action := CASE WHEN rival.name IN ('population', 'baseline') THEN 'withdrawn' ELSE 'rolled back' END;
      against := rival.name;
      n := compared.n;
      mae := compared.mae_a;
      mae_against := compared.mae_b;
      ci_low := compared.ci_low;
      ci_high := compared.ci_high;
      p_value := compared.p_value;
    END IF;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.judge_live(uuid, text, timestamptz) IS
'Internal: part of check_model(): whether what serves is worse beyond chance than the version before, the '
'population''s model or no model; writes nothing.';

CREATE FUNCTION glucose.check_model(person_id uuid, model_type text DEFAULT 'glucose')
RETURNS glucose.model_check_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_check_model';
COMMENT ON FUNCTION glucose.check_model(uuid, text) IS
'Compares the model that serves with what could serve instead, on the outcomes since it does; where it is worse beyond '
'chance, goes back to the version before or lets the population''s model or none answer.';

CREATE FUNCTION glucose.check_one(person_id uuid, model_type text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF NOT EXISTS (SELECT FROM glucose.model_version v WHERE v.person_id = check_one.person_id
                 AND v.model_type = check_one.model_type AND v.is_active AND v.withdrawn_at IS NULL) THEN
    RETURN NULL;
  END IF;
  RETURN (glucose.check_model(check_one.person_id, check_one.model_type)).action;
EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query; nobody else's night ends because of one person
  RAISE WARNING 'the model of person % was not checked: %', check_one.person_id, SQLERRM USING ERRCODE = SQLSTATE;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.check_one(uuid, text) IS
'Internal: part of check_models(): one person; the action, or NULL when there was nothing to look at.';

CREATE FUNCTION glucose.check_queue(model_type text) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(check_queue.model_type);
  RETURN (SELECT coalesce(array_agg(v.person_id ORDER BY v.person_id), '{}') FROM glucose.model_version v
          WHERE v.model_type = check_queue.model_type AND v.is_active AND v.withdrawn_at IS NULL
            AND glucose.may_train(v.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.check_queue(text) IS
'Internal: part of check_models(): the persons with a model of the type that the caller may manage.';

-- As work_through(): it commits, so it only calls functions and uses no operator.
CREATE PROCEDURE glucose.check_models(model_type text DEFAULT 'glucose', max_persons integer DEFAULT 10000,
  time_budget interval DEFAULT '1 hour')
LANGUAGE plpgsql
AS $fn$
DECLARE
  outcomes pg_catalog.text[] := '{}';
BEGIN
  CALL glucose.work_through('check', model_type, max_persons, time_budget, NULL, outcomes);
  RAISE NOTICE 'models: % kept, % rolled back, % withdrawn',
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'kept')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'rolled back')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'withdrawn'));
END
$fn$;
COMMENT ON PROCEDURE glucose.check_models(text, integer, interval) IS
'check_model() of everyone the caller may manage who has a model of the type, committing after each. Run it every '
'night; it can be stopped at any moment and run again.';
