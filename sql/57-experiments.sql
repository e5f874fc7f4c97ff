-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.ab_bucket(person_id uuid, salt text) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_ab_bucket';
COMMENT ON FUNCTION glucose.ab_bucket(uuid, text) IS
'Which of 100 buckets (0 to 99) a person falls into, by SHA-256 of id and salt. The same on every machine and in '
'every version.';

CREATE FUNCTION glucose.welch_t(a double precision[], b double precision[], level double precision DEFAULT 0.95,
  OUT difference double precision, OUT ci_low double precision, OUT ci_high double precision,
  OUT p_value double precision, OUT df double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_welch_t';
COMMENT ON FUNCTION glucose.welch_t(double precision[], double precision[], double precision) IS
'Welch''s t-test of two independent samples: mean(b) - mean(a), its confidence interval, the two-sided p-value and '
'the degrees of freedom.';

CREATE FUNCTION glucose.paired_t(a double precision[], b double precision[], level double precision DEFAULT 0.95,
  OUT difference double precision, OUT ci_low double precision, OUT ci_high double precision,
  OUT p_value double precision, OUT df double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_paired_t';
COMMENT ON FUNCTION glucose.paired_t(double precision[], double precision[], double precision) IS
'The paired t-test: the same units measured twice, in the same order; results as welch_t().';

CREATE FUNCTION glucose.check_recipe(algorithm text, options jsonb DEFAULT '{}', model_type text DEFAULT 'glucose')
RETURNS void
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_check_recipe';
COMMENT ON FUNCTION glucose.check_recipe(text, jsonb, text) IS
'Internal: part of start_experiment() and the retraining policy: returns when train_model() would take these '
'arguments, else raises 22023.';

CREATE FUNCTION glucose.start_experiment(name text, candidate jsonb, percent integer DEFAULT 10,
  kind text DEFAULT 'canary', model_type text DEFAULT 'glucose', salt text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wrong text;
  other text;
BEGIN
  wrong := CASE
    WHEN name IS NULL OR candidate IS NULL OR percent IS NULL OR kind IS NULL OR model_type IS NULL
      THEN 'an experiment needs a name, a candidate, a percentage, a kind and a model_type'
    WHEN octet_length(name) NOT BETWEEN 1 AND 63 THEN 'the name of an experiment must have 1 to 63 bytes'
    WHEN octet_length(salt) NOT BETWEEN 1 AND 63 THEN 'the salt of an experiment must have 1 to 63 bytes'
    WHEN kind NOT IN ('canary', 'shadow') THEN format('unrecognized kind "%s"', kind)
    WHEN kind = 'canary' AND percent NOT BETWEEN 1 AND 99 THEN '"percent" of a canary must be 1 to 99'
    WHEN kind = 'shadow' AND percent NOT BETWEEN 1 AND 100 THEN '"percent" of a shadow must be 1 to 100'
  END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%', wrong
      USING ERRCODE = 'invalid_parameter_value',
            HINT = CASE WHEN octet_length(name) BETWEEN 1 AND 63 AND coalesce(octet_length(salt), 1) BETWEEN 1 AND 63
              THEN 'A canary serves the candidate to its split; a shadow only forecasts beside what is served.'
              ELSE 'Results are kept under the name; the salt says who is in the split, and is the name when left out.'
              END;
  END IF;
  PERFORM glucose.check_candidate(candidate, model_type);
  IF EXISTS (SELECT FROM glucose.experiment e WHERE e.name = start_experiment.name) THEN
    RAISE EXCEPTION 'experiment "%" exists already', name
      USING ERRCODE = 'duplicate_object', HINT = 'Names are kept with their results; choose another one.';
  END IF;
  SELECT e.name INTO other FROM glucose.experiment e
  WHERE e.model_type = start_experiment.model_type AND e.state = 'running';
  IF FOUND THEN
    RAISE EXCEPTION 'experiment "%" is running for model type "%"', other, model_type
      USING ERRCODE = 'object_in_use', HINT = 'Stop it first: glucose.stop_experiment().';
  END IF;
  BEGIN
    INSERT INTO glucose.experiment (name, model_type, kind, candidate, percent, salt, started_by)
    VALUES (name, model_type, kind, candidate, percent, coalesce(salt, name), glucose.current_identity());
  EXCEPTION WHEN unique_violation THEN   -- another session has started one since it was looked for above
    RAISE EXCEPTION 'another experiment has been started for model type "%" meanwhile', model_type
      USING ERRCODE = 'object_in_use',
      HINT = 'They are listed in glucose.experiment; stop it first or choose another name.';
  END;
  RETURN glucose.prepare_experiment(name);
END
$fn$;
COMMENT ON FUNCTION glucose.start_experiment(text, jsonb, integer, text, text, text) IS
'Tries a candidate on a part of the persons: a canary serves it, a shadow forecasts with it beside what is served. '
'Returns how many candidate models are being trained in the background.';

CREATE FUNCTION glucose.check_candidate(candidate jsonb, model_type text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wanted text := candidate ->> 'population_version';
  status text;
  taken_at timestamptz;
BEGIN
  IF jsonb_typeof(candidate) <> 'object'
     OR candidate - '{algorithm,options}'::text[] <> '{}' AND candidate - 'population_version' <> '{}'
     OR coalesce(candidate ->> 'algorithm', wanted) IS NULL THEN
    RAISE EXCEPTION 'a candidate is a recipe or a population version'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Such as {"algorithm": "ridge", "options": {"l2": 0.1}} or {"population_version": "1.1.0"}.';
  END IF;
  IF wanted IS NULL THEN
    PERFORM glucose.check_recipe(candidate ->> 'algorithm', coalesce(candidate -> 'options', '{}'), model_type);
    RETURN;
  END IF;
  SELECT p.status, p.artifact_taken_at INTO status, taken_at FROM glucose.population_model p
  WHERE p.model_type = check_candidate.model_type AND p.version = wanted;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'population model version "%" not found', wanted USING ERRCODE = 'no_data_found';
  END IF;
  IF status <> 'ready' THEN
    RAISE EXCEPTION 'population model version "%" is %', wanted, status
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Choose a version whose status is ready.';
  END IF;
  IF taken_at IS NOT NULL THEN
    RAISE EXCEPTION 'population model version "%" has no artifact any more', wanted
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Choose one that has_artifact, as listed by glucose.list_population_models().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.check_candidate(jsonb, text) IS
'Internal: part of start_experiment(): returns when it would take the candidate, else raises 22023, P0002 or 55000.';

CREATE FUNCTION glucose.require_experiment(name text, running boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  found_state text;
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION 'argument "name" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT e.state INTO found_state FROM glucose.experiment e WHERE e.name = require_experiment.name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'experiment "%" not found', name
      USING ERRCODE = 'no_data_found', HINT = 'Experiments are listed in glucose.experiment.';
  END IF;
  IF running AND found_state <> 'running' THEN
    RAISE EXCEPTION 'experiment "%" is % already', name, found_state
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Start another one under another name.';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_experiment(text, boolean) IS
'Internal: returns when there is an experiment of that name, and with running, when it runs; else raises 22023, '
'P0002 or 55000.';

CREATE FUNCTION glucose.try_candidate(name text, person_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_try_candidate';
COMMENT ON FUNCTION glucose.try_candidate(text, uuid) IS
'Internal: part of prepare_experiment(): queues the candidate''s training for a person of the split, unless it has one '
'or is getting one; whether it did.';

CREATE FUNCTION glucose.prepare_experiment(name text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  e record;
  queued integer;
BEGIN
  PERFORM glucose.require_experiment(name, running => true);
  SELECT x.* INTO e FROM glucose.experiment x WHERE x.name = prepare_experiment.name;
  IF e.candidate ? 'population_version' THEN
    RETURN 0;
  END IF;
  -- In one order, so that sessions that prepare at once wait for each other and never in a circle.
  SELECT count(*) FILTER (WHERE glucose.try_candidate(e.name, p.person_id)) INTO queued
  FROM (SELECT v.person_id FROM glucose.model_version v
        WHERE v.model_type = e.model_type AND v.is_active AND glucose.ab_bucket(v.person_id, e.salt) < e.percent
        ORDER BY v.person_id) p;
  RETURN queued;
END
$fn$;
COMMENT ON FUNCTION glucose.prepare_experiment(text) IS
'Queues the candidate''s training for the persons of a running experiment''s split that have none; returns how '
'many. Call it again whenever persons join.';

CREATE FUNCTION glucose.experiment_results(name text, OUT minutes_ahead integer, OUT n_persons integer,
  OUT n_stable bigint, OUT n_candidate bigint, OUT mae_stable double precision, OUT mae_candidate double precision,
  OUT difference double precision, OUT ci_low double precision, OUT ci_high double precision,
  OUT p_value double precision, OUT verdict text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 2 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest_per_arm CONSTANT integer := 5;
  fewest_pairs CONSTANT integer := 8;
  is_shadow boolean;
  since timestamptz;
BEGIN
  PERFORM glucose.require_experiment(experiment_results.name);
  -- Who joined a canary later was in the other arm before, at another time: only the stage that runs compares like with
  -- like. A shadow's pairs do so at any time.
  SELECT e.kind = 'shadow', CASE e.kind WHEN 'shadow' THEN e.started_at ELSE e.percent_since END
  INTO is_shadow, since FROM glucose.experiment e WHERE e.name = experiment_results.name;
  RETURN QUERY
    WITH answer AS (
      SELECT o.person_id, o.minutes_ahead,
             CASE WHEN is_shadow OR o.arm = 'stable' THEN abs(o.value - o.outcome) END AS stable,
             CASE WHEN is_shadow THEN abs(o.shadow_value - o.outcome)
                  WHEN o.arm = 'candidate' THEN abs(o.value - o.outcome) END AS candidate
      FROM glucose.prediction_outcome o
      WHERE o.experiment = experiment_results.name AND o.issued_at >= since
        AND o.outcome IS NOT NULL AND NOT o.in_training
        AND (NOT is_shadow OR o.shadow_value IS NOT NULL)
    ), person AS (
      SELECT a.person_id, a.minutes_ahead, count(a.stable) AS n_stable, count(a.candidate) AS n_candidate,
             avg(a.stable)::float8 AS stable, avg(a.candidate)::float8 AS candidate
      FROM answer a GROUP BY a.person_id, a.minutes_ahead
    ), arms AS (
      SELECT p.minutes_ahead, count(*)::integer AS n_persons, sum(p.n_stable)::bigint AS n_stable,
             sum(p.n_candidate)::bigint AS n_candidate, avg(p.stable) AS mae_stable, avg(p.candidate) AS mae_candidate,
             coalesce(array_agg(p.stable ORDER BY p.person_id) FILTER (WHERE p.stable IS NOT NULL), '{}') AS stable,
             coalesce(array_agg(p.candidate ORDER BY p.person_id) FILTER (WHERE p.candidate IS NOT NULL),
             '{}') AS candidate
      FROM person p GROUP BY p.minutes_ahead
    )
    SELECT a.minutes_ahead, a.n_persons, a.n_stable, a.n_candidate, a.mae_stable, a.mae_candidate, t.difference,
    t.ci_low,
           t.ci_high, t.p_value,
           CASE WHEN t.p_value IS NULL OR CASE WHEN is_shadow THEN a.n_persons < fewest_pairs
                  ELSE least(cardinality(a.stable), cardinality(a.candidate)) < fewest_per_arm END
                  THEN 'not enough data'
                WHEN t.p_value >= 0.05 THEN 'no difference'
                WHEN t.difference < 0 THEN 'candidate better'
                ELSE 'candidate worse' END
    FROM arms a
    CROSS JOIN LATERAL (
      SELECT w.* FROM glucose.welch_t(a.stable, a.candidate) w WHERE NOT is_shadow
      UNION ALL
      SELECT p.* FROM glucose.paired_t(a.stable, a.candidate) p WHERE is_shadow) t
    ORDER BY a.minutes_ahead;
END
$fn$;
COMMENT ON FUNCTION glucose.experiment_results(text) IS
'The candidate against the stable model by horizon, over the caller''s visible persons, with interval, p-value and '
'verdict. Persons are the units; of a canary, answers since its percentage last changed.';

CREATE FUNCTION glucose.stop_experiment(name text, promote boolean DEFAULT false, reason text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  e record;
  promoted integer := 0;
BEGIN
  PERFORM glucose.require_experiment(name, running => true);
  UPDATE glucose.experiment x
  SET state = CASE WHEN promote THEN 'promoted' ELSE 'stopped' END, stopped_at = clock_timestamp(),
      stop_reason = coalesce(reason, CASE WHEN promote THEN 'promoted' ELSE 'stopped' END)
  WHERE x.name = stop_experiment.name AND x.state = 'running'
  RETURNING x.* INTO e;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'experiment "%" may not be stopped by this role', name
      USING ERRCODE = 'insufficient_privilege', HINT = 'Ask the steward or the owner of the tables.';
  END IF;
  IF promote AND e.candidate ? 'population_version' THEN
    PERFORM glucose.deploy_population_model(e.model_type, e.candidate ->> 'population_version',
                                            format('experiment "%s"', e.name));
    promoted := 1;
  ELSIF promote THEN
    -- Persons before their jobs, and persons in the order of their ids, as everything that locks several.
    SELECT count(glucose.deploy_model(c.person_id, e.model_type, c.version, format('experiment "%s"', e.name)))
    INTO promoted
    FROM (SELECT v.person_id, v.version FROM glucose.experiment_model m
          LEFT JOIN glucose.training_job j ON j.person_id = m.person_id AND j.job_id = m.job_id
          JOIN glucose.model_version v ON v.person_id = m.person_id AND v.model_type = e.model_type
            AND v.version = coalesce(m.version, j.version) AND v.status = 'ready'
          WHERE m.experiment = e.name ORDER BY v.person_id OFFSET 0) AS c;
  END IF;
  PERFORM glucose.cancel_training(c.job_id)
  FROM (SELECT j.job_id FROM glucose.experiment_model m
        JOIN glucose.training_job j ON j.person_id = m.person_id AND j.job_id = m.job_id
          AND j.state IN ('queued', 'running')
        WHERE m.experiment = e.name ORDER BY j.person_id, j.job_id OFFSET 0) AS c;
  RETURN promoted;
END
$fn$;
COMMENT ON FUNCTION glucose.stop_experiment(text, boolean, text) IS
'Ends an experiment; everyone is served by the stable model again. With promote the candidate becomes the stable '
'model; returns how many models became active.';

CREATE FUNCTION glucose.check_experiments(OUT name text, OUT verdict text, OUT stopped boolean) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 2 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  -- For many looks at growing data, two horizons each; see docs/why/experiments.md.
  stop_below CONSTANT double precision := 0.001;
  worst record;
BEGIN
  FOR name IN SELECT e.name FROM glucose.experiment e WHERE e.state = 'running' ORDER BY e.started_at LOOP
    SELECT r.* INTO worst FROM glucose.experiment_results(name) r
    ORDER BY array_position(ARRAY['candidate worse', 'candidate better', 'no difference', 'not enough data'],
    r.verdict),
             r.p_value
    LIMIT 1;
    verdict := coalesce(worst.verdict, 'not enough data');
    stopped := verdict = 'candidate worse' AND worst.p_value < stop_below;
    IF stopped THEN
      PERFORM glucose.stop_experiment(name, reason => format(
        'candidate worse at %s minutes by %s mg/dL, p = %s', worst.minutes_ahead, round(worst.difference::numeric, 1),
        to_char(worst.p_value, '9.9EEEE')));
    END IF;
    RETURN NEXT;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.check_experiments() IS
'Stops every running experiment whose candidate is worse beyond doubt, and returns the verdict of each. Run it '
'every night as the steward.';

CREATE FUNCTION glucose.set_experiment_percent(name text, percent integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  e record;
BEGIN
  PERFORM glucose.require_experiment(name, running => true);
  SELECT x.* INTO e FROM glucose.experiment x WHERE x.name = set_experiment_percent.name;
  IF percent IS NULL OR percent NOT BETWEEN e.percent AND (CASE e.kind WHEN 'canary' THEN 99 ELSE 100 END)
  THEN
    RAISE EXCEPTION '"percent" must be % to %', e.percent, CASE e.kind WHEN 'canary' THEN 99 ELSE 100 END
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A part of the persons only grows: nobody goes back and forth. Stop the experiment to end it.';
  END IF;
  UPDATE glucose.experiment x
  SET percent = set_experiment_percent.percent,
      percent_since = CASE WHEN x.percent = set_experiment_percent.percent THEN x.percent_since
                           ELSE clock_timestamp() END
  WHERE x.name = set_experiment_percent.name AND x.state = 'running';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'experiment "%" may not be changed by this role', name
      USING ERRCODE = 'insufficient_privilege', HINT = 'Ask the steward or the owner of the tables.';
  END IF;
  RETURN glucose.prepare_experiment(name);
END
$fn$;
COMMENT ON FUNCTION glucose.set_experiment_percent(text, integer) IS
'Lets a running experiment''s candidate have more of the persons: those of its arm stay there, others join, and a '
'canary''s results begin anew. Returns how many candidate models are being trained.';
