-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.retraining_result AS (
  status text, version text, reason text, mae_current double precision, mae_candidate double precision, n integer,
  ci_low double precision, ci_high double precision);
COMMENT ON TYPE glucose.retraining_result IS
'What a retraining led to: deployed, rejected or skipped, and both errors on the same meals or hours, which neither '
'version has learnt from.';

CREATE FUNCTION glucose.compare_versions(person_id uuid, model_type text, version_a text, version_b text,
  start_at timestamptz DEFAULT NULL, end_at timestamptz DEFAULT NULL, OUT n integer, OUT mae_a double precision,
  OUT mae_b double precision, OUT difference double precision, OUT ci_low double precision,
  OUT ci_high double precision, OUT p_value double precision)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_compare_versions';
COMMENT ON FUNCTION glucose.compare_versions(uuid, text, text, text, timestamptz, timestamptz) IS
'Two versions on the same meals, or hours of readings: mean absolute error of each, the difference (below 0: b is '
'better) and its 95 % interval, paired.';

CREATE FUNCTION glucose.try_lock_person(person_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_try_lock_person';
COMMENT ON FUNCTION glucose.try_lock_person(uuid) IS
'Internal: part of retraining: takes a person the caller may see for this transaction, unless a worker or another '
'retraining has it; false then.';

CREATE FUNCTION glucose.retraining_rules(person_id uuid, model_type text DEFAULT 'glucose',
  OUT min_new_rows integer, OUT max_age_days integer, OUT max_live_mae real, OUT min_improvement real,
  OUT beyond_chance boolean, OUT manual boolean, OUT algorithm text, OUT options jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  SELECT coalesce(o.min_new_rows, p.min_new_rows), coalesce(o.max_age_days, p.max_age_days),
         coalesce(o.max_live_mae, p.max_live_mae),
         coalesce(o.min_improvement, p.min_improvement), coalesce(o.beyond_chance, p.beyond_chance),
         coalesce(o.manual, p.manual),
         coalesce(o.algorithm, p.algorithm), p.options || coalesce(o.options, '{}')
  INTO min_new_rows, max_age_days, max_live_mae, min_improvement, beyond_chance, manual, algorithm,
       options
  FROM glucose.retraining_policy p
  LEFT JOIN glucose.retraining_override o
    ON o.person_id = retraining_rules.person_id AND o.model_type = retraining_rules.model_type
  -- Of a metric or an event its own row, else the one of all.
  WHERE p.model_type IN (retraining_rules.model_type, glucose.task_name(retraining_rules.model_type))
  ORDER BY p.model_type <> retraining_rules.model_type LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no retraining policy for model_type "%"', model_type
      USING ERRCODE = 'invalid_parameter_value', HINT = 'There is one for each row of glucose.retraining_policy.';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_rules(uuid, text) IS
'The retraining policy that holds for a person: retraining_policy with the person''s retraining_override.';

CREATE FUNCTION glucose.live_mae(person_id uuid, model_type text, version text, as_of timestamptz DEFAULT NULL,
  OUT mae real, OUT n integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  answering record;
BEGIN
  -- A number alone is not a model: the population's 1.0.0 is another one than the person's.
  SELECT v.sha256, v.training_end INTO answering FROM glucose.model_version v
  WHERE v.person_id = live_mae.person_id AND v.model_type = live_mae.model_type AND v.version = live_mae.version;
  IF strpos(live_mae.model_type, ':') > 0 THEN
    SELECT avg(abs(d.value - d.outcome)), count(d.outcome) INTO mae, n
    FROM (SELECT DISTINCT ON (x.at) x.value, coalesce(glucose.outcome_of(live_mae.person_id, live_mae.model_type,
                 x.at - make_interval(mins => x.minutes_ahead)), told.value) AS outcome
          FROM (SELECT p.prediction_id, p.predictions, p.issued_at FROM glucose.prediction p
                WHERE p.person_id = live_mae.person_id AND p.model_type = live_mae.model_type
                  AND p.version = live_mae.version AND p.sha256 = answering.sha256
                ORDER BY p.issued_at DESC LIMIT 100) l
          CROSS JOIN LATERAL glucose.prediction_points(l.predictions) x
          LEFT JOIN glucose.recorded_outcome told ON told.person_id = live_mae.person_id
            AND told.prediction_id = l.prediction_id AND told.minutes_ahead = x.minutes_ahead
            AND told.recorded_at <= coalesce(live_mae.as_of, 'infinity')
          WHERE x.at - make_interval(mins => x.minutes_ahead) > answering.training_end
            AND x.at <= coalesce(live_mae.as_of, 'infinity')
          ORDER BY x.at, l.issued_at) d;
    IF n < 10 THEN
      mae := NULL;
    END IF;
    RETURN;
  END IF;
  -- The bounds are columns, computed first: only then do the comparisons reach the index under row-level security.
  WITH answer AS MATERIALIZED (
    SELECT DISTINCT ON (coalesce(l.meal_id, l.prediction_id)) l.prediction_id, l.predictions
    FROM (SELECT p.meal_id, p.prediction_id, p.predictions, p.issued_at FROM glucose.prediction p
          WHERE p.person_id = live_mae.person_id AND p.model_type = live_mae.model_type
            AND p.version = live_mae.version AND p.sha256 = answering.sha256
          ORDER BY p.issued_at DESC LIMIT 100) l
    ORDER BY coalesce(l.meal_id, l.prediction_id), l.issued_at
  ), point AS MATERIALIZED (
    SELECT a.prediction_id, x.minutes_ahead, x.at, x.value, x.at - interval '15 min' AS low,
           least(x.at + interval '15 min', coalesce(live_mae.as_of, 'infinity')) AS high
    FROM answer a, glucose.prediction_points(a.predictions) x
    WHERE x.at > answering.training_end
  )
  SELECT avg(abs(p.value - o.mg_dl)), count(o.mg_dl) INTO mae, n
  FROM point p
  LEFT JOIN glucose.recorded_outcome told ON told.person_id = live_mae.person_id
    AND told.prediction_id = p.prediction_id AND told.minutes_ahead = p.minutes_ahead
    AND told.recorded_at <= coalesce(live_mae.as_of, 'infinity')
  LEFT JOIN LATERAL (SELECT r.measured_at AS at, r.mg_dl FROM glucose.glucose_reading r
    WHERE r.person_id = live_mae.person_id AND r.measured_at >= p.low AND r.measured_at <= p.at
    ORDER BY r.measured_at DESC LIMIT 1) before ON true
  LEFT JOIN LATERAL (SELECT r.measured_at AS at, r.mg_dl FROM glucose.glucose_reading r
    WHERE r.person_id = live_mae.person_id AND r.measured_at >= p.at AND r.measured_at <= p.high
    ORDER BY r.measured_at LIMIT 1) after ON true
  CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN after.at = before.at THEN before.mg_dl ELSE before.mg_dl
    + (after.mg_dl - before.mg_dl) * extract(epoch FROM p.at - before.at) / extract(epoch FROM after.at - before.at)
    END, told.value) AS mg_dl) o;
  IF n < 10 THEN
    mae := NULL;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.live_mae(uuid, text, text, timestamptz) IS
'Internal: part of check_retraining(): mean absolute error of what a version has answered, over the outcomes known '
'by as_of.';

CREATE FUNCTION glucose.count_new_rows(person_id uuid, model_type text, since timestamptz, until timestamptz)
RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  after CONSTANT timestamptz := coalesce(since, '-infinity');
  meal_began timestamptz := '-infinity';
  eaten_at timestamptz;
  has_reading boolean;
  metric_name text;
  n integer := 0;
BEGIN
  IF (glucose.model_type(count_new_rows.model_type)).about_meals THEN
    -- Meals whose outcome can be known: old enough, and with a reading to start from.
    -- What is eaten within a quarter of an hour is one meal, as for training (meal_lines.hpp).
    FOR eaten_at, has_reading IN
      SELECT m.eaten_at, r.found
      FROM (SELECT DISTINCT m.eaten_at, m.eaten_at + interval '15 min' AS soon FROM glucose.meal m
            WHERE m.person_id = count_new_rows.person_id AND m.eaten_at > after
              AND m.eaten_at < until - interval '135 min' OFFSET 0) m
      LEFT JOIN LATERAL (SELECT true AS found FROM glucose.glucose_reading r
        WHERE r.person_id = count_new_rows.person_id AND r.measured_at >= m.eaten_at AND r.measured_at <= m.soon
        LIMIT 1) r ON true
      ORDER BY m.eaten_at
    LOOP
      IF eaten_at - interval '15 min' > meal_began THEN
        meal_began := eaten_at;
        n := n + coalesce(has_reading, false)::integer;
      END IF;
    END LOOP;
    RETURN n;
  END IF;
  IF strpos(count_new_rows.model_type, ':') > 0 THEN
    -- Days of the metric; of what readings make, and of events, those of readings and of anything that is stored.
    SELECT m.name INTO metric_name FROM glucose.metric m
    WHERE m.name = substr(count_new_rows.model_type, strpos(count_new_rows.model_type, ':') + 1)
      AND m.kind = 'measured';
    SELECT count(DISTINCT d.day) INTO n FROM glucose.daily_metric d
    WHERE d.person_id = count_new_rows.person_id AND (metric_name IS NULL OR d.metric = metric_name)
      AND d.day > coalesce(nullif(since, '-infinity'), '1900-01-01')::date AND d.day <= until::date;
    IF metric_name IS NOT NULL THEN
      RETURN n;
    END IF;
  END IF;
  RETURN (SELECT greatest(n, count(DISTINCT date_trunc('day', r.measured_at, 'UTC'))::integer)
    FROM glucose.glucose_reading r
          WHERE r.person_id = count_new_rows.person_id AND r.measured_at > after AND r.measured_at <= until);
END
$fn$;
COMMENT ON FUNCTION glucose.count_new_rows(uuid, text, timestamptz, timestamptz) IS
'Internal: part of check_retraining(): what a training of the type would find new between two moments: meals with a '
'reading and a known outcome, days with a metric, or days (UTC) with readings.';

CREATE FUNCTION glucose.check_retraining(person_id uuid, model_type text DEFAULT 'glucose',
  as_of timestamptz DEFAULT NULL, OUT needed boolean, OUT reasons text[], OUT new_meals integer,
  OUT days_since integer, OUT live_mae real, OUT new_rows integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
  rules record;
  task record;
  active text;
  trained_at timestamptz;
  learnt_until timestamptz;
BEGIN
  PERFORM glucose.require_person(check_retraining.person_id);
  PERFORM glucose.model_type(check_retraining.model_type);
  rules := glucose.retraining_rules(check_retraining.person_id, check_retraining.model_type);
  task := glucose.model_type(check_retraining.model_type);
  -- A training up to a moment in the past knows nothing later: it is as old as that. A candidate that lost counts too,
  -- or the same rows would be trained on every night; an update does not, or nobody would ever be trained again.
  SELECT max(v.version) FILTER (WHERE v.is_active),
         max(least(v.trained_at, glucose.time_or_null(v.hyperparameters ->> 'end_at')))
           FILTER (WHERE v.metadata ? 'test_end' AND NOT v.metadata ? 'refreshes'),
         -- Of the newest training alone, and never later than it was: a clock that was wrong once is not for ever.
         (array_agg(least(glucose.time_or_null(v.metadata ->> 'test_end'), v.trained_at) ORDER BY v.trained_at DESC)
            FILTER (WHERE glucose.time_or_null(v.metadata ->> 'test_end') IS NOT NULL
                    AND NOT v.metadata ? 'refreshes'))[1]
  INTO active, trained_at, learnt_until
  FROM glucose.model_version v
  WHERE v.person_id = check_retraining.person_id AND v.model_type = check_retraining.model_type;
  new_rows := glucose.count_new_rows(check_retraining.person_id, check_retraining.model_type, learnt_until, at);
  new_meals := CASE WHEN task.about_meals THEN new_rows END;
  days_since := greatest(round(extract(epoch FROM at - trained_at) / 86400), 0);
  reasons := '{}';
  IF active IS NULL THEN
    reasons := reasons || 'no active model'::text;
  ELSE
    live_mae := (glucose.live_mae(check_retraining.person_id, check_retraining.model_type, active, as_of)).mae;
  END IF;
  IF new_rows >= rules.min_new_rows THEN
    reasons := reasons || format('%s new %s', new_rows, task.rows_are);
  END IF;
  IF days_since >= rules.max_age_days THEN
    reasons := reasons || format('%s days since the last training', days_since);
  END IF;
  IF live_mae > rules.max_live_mae THEN
    reasons := reasons || format('live MAE %s %s', round(live_mae::numeric, 1), glucose.unit_of(model_type));
  END IF;
  -- Whatever the reason: from the same rows comes the same model, and from none comes none.
  needed := NOT rules.manual AND reasons <> '{}' AND new_rows > 0;
END
$fn$;
COMMENT ON FUNCTION glucose.check_retraining(uuid, text, timestamptz) IS
'Whether the policy asks for a new training, and why. It takes a few milliseconds.';

CREATE FUNCTION glucose.retraining_is_due(person_id uuid, model_type text DEFAULT 'glucose',
  as_of timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
  last record;
  known integer;
  new integer;
BEGIN
  SELECT l.tried_at, l.status = 'skipped' AND l.reason LIKE 'MG002:%' AND 'forced' <> ALL (l.due_because) AS too_little
  INTO last
  FROM glucose.retraining_log l
  WHERE l.person_id = retraining_is_due.person_id AND l.model_type = retraining_is_due.model_type AND l.tried_at <= at
  ORDER BY l.tried_at DESC LIMIT 1;
  -- Not a whole day, or a nightly run would come a minute too early every other night.
  IF last.tried_at > at - interval '20 hours' THEN
    RETURN false;
  END IF;
  IF NOT (glucose.check_retraining(retraining_is_due.person_id, retraining_is_due.model_type, as_of)).needed THEN
    RETURN false;
  END IF;
  -- Who has too little is not tried every night, but when there is a quarter more.
  IF last.too_little THEN
    known := glucose.count_new_rows(retraining_is_due.person_id, retraining_is_due.model_type, NULL, last.tried_at);
    new := glucose.count_new_rows(retraining_is_due.person_id, retraining_is_due.model_type, NULL, at) - known;
    RETURN new > 0 AND 4 * new >= known;
  END IF;
  RETURN true;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_is_due(uuid, text, timestamptz) IS
'Internal: part of retrain_due() and batch_retrain(): whether retraining is needed, was not tried in the last 20 '
'hours, and has enough new since it failed for too little history.';

CREATE FUNCTION glucose.judge_candidate(person_id uuid, model_type text, version text,
  OUT status text, OUT reason text, OUT current_version text, OUT mae_current double precision,
  OUT mae_candidate double precision, OUT n integer, OUT ci_low double precision, OUT ci_high double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  fewest CONSTANT integer := 5;   -- below, a mean of paired differences says nothing
  rules record;
  task record;
  candidate record;
  current record;
  compared record;
BEGIN
  PERFORM glucose.require_person(judge_candidate.person_id);
  rules := glucose.retraining_rules(judge_candidate.person_id, judge_candidate.model_type);
  task := glucose.model_type(judge_candidate.model_type);
  SELECT v.status, v.is_active, v.quality_issues, glucose.time_or_null(v.metadata ->> 'test_start') AS test_start,
         glucose.time_or_null(v.metadata ->> 'test_end') AS test_end
  INTO candidate FROM glucose.model_version v
  WHERE v.person_id = judge_candidate.person_id AND v.model_type = judge_candidate.model_type
    AND v.version = judge_candidate.version;
  IF NOT FOUND OR candidate.test_start IS NULL OR candidate.test_end IS NULL OR candidate.is_active THEN
    RAISE EXCEPTION 'model version "%" is no candidate', judge_candidate.version
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'A candidate was trained for this person and does not serve.';
  END IF;
  SELECT v.version, v.training_end INTO current FROM glucose.model_version v
  WHERE v.person_id = judge_candidate.person_id AND v.model_type = judge_candidate.model_type AND v.is_active;
  current_version := current.version;
  status := 'rejected';
  IF candidate.status = 'rejected' THEN
    reason := array_to_string(candidate.quality_issues, '; ');
  ELSIF current.version IS NULL THEN
    status := 'deployed';
    reason := 'first model';
  ELSE
    -- The candidate's hold-out, without what the current one has learnt from.
    compared := glucose.compare_versions(judge_candidate.person_id, judge_candidate.model_type, current.version,
      judge_candidate.version, greatest(candidate.test_start, current.training_end + interval '1 microsecond'),
      candidate.test_end + interval '1 microsecond');
    mae_current := compared.mae_a;
    mae_candidate := compared.mae_b;
    n := compared.n;
    ci_low := compared.ci_low;
    ci_high := compared.ci_high;
    reason := format('MAE %s instead of %s %s on %s %s (95 %% interval of the difference %s to %s)',
      round(compared.mae_b::numeric, 1), round(compared.mae_a::numeric, 1), glucose.unit_of(model_type), compared.n,
      task.units_are,
      round(compared.ci_low::numeric, 1), round(compared.ci_high::numeric, 1));
    IF compared.n < fewest THEN
      reason := format('only %s %s to compare on', compared.n, task.units_are);
    ELSIF compared.difference > -rules.min_improvement THEN
      reason := reason || format(', not lower by %s', rules.min_improvement);
    ELSIF rules.beyond_chance AND compared.ci_high >= 0 THEN
      reason := reason || ', which may be chance';
    ELSE
      status := 'deployed';
    END IF;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.judge_candidate(uuid, text, text) IS
'Internal: part of settle_candidate(): whether a version that does not serve would win against the active one, on the '
'same rows; writes nothing.';

CREATE FUNCTION glucose.settle_candidate(person_id uuid, model_type text, version text)
RETURNS glucose.retraining_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_settle_candidate';
COMMENT ON FUNCTION glucose.settle_candidate(uuid, text, text) IS
'Internal: part of retraining: compares a version that does not serve with the active one on the same rows, deploys '
'the better one and writes retraining_log.';

CREATE FUNCTION glucose.retraining_recipe(person_id uuid, model_type text, options jsonb DEFAULT '{}',
  as_of timestamptz DEFAULT NULL, OUT algorithm text, OUT settings jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  rules record;
BEGIN
  rules := glucose.retraining_rules(retraining_recipe.person_id, retraining_recipe.model_type);
  settings := rules.options || retraining_recipe.options;
  algorithm := coalesce(settings ->> 'algorithm', rules.algorithm);
  settings := (settings - 'algorithm') || '{"deploy": false}';
  IF as_of IS NOT NULL THEN
    -- Nothing after as_of exists: the outcome of the last meal, or day, is known by then.
    settings := settings || jsonb_build_object('end_at', as_of - CASE
      WHEN strpos(retraining_recipe.model_type, ':') > 0 THEN interval '1 day'
      ELSE make_interval(mins => 15 + (
        SELECT max(h::integer)
        FROM jsonb_path_query(coalesce(nullif(settings -> 'horizons', 'null'), '120'), '$[*]') h)) END);
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_recipe(uuid, text, jsonb, timestamptz) IS
'Internal: part of retraining: what candidates of the person are trained with, by the policy and further options.';

CREATE FUNCTION glucose.train_and_settle(person_id uuid, model_type text, options jsonb, force boolean,
  as_of timestamptz) RETURNS glucose.retraining_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_and_settle';
COMMENT ON FUNCTION glucose.train_and_settle(uuid, text, jsonb, boolean, timestamptz) IS
'Internal: part of retraining: trains a candidate by the policy and settles it; a training that fails, or that would '
'only make a version once more, changes nothing but the log.';

CREATE FUNCTION glucose.retrain_model(person_id uuid, model_type text DEFAULT 'glucose', force boolean DEFAULT false,
  options jsonb DEFAULT '{}', as_of timestamptz DEFAULT NULL) RETURNS glucose.retraining_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  due record;
  result glucose.retraining_result;
BEGIN
  PERFORM glucose.require_person(retrain_model.person_id);
  IF force IS NULL OR options IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN force IS NULL THEN 'force' ELSE 'options' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION '"options" must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  result.status := 'skipped';
  IF NOT glucose.try_lock_person(retrain_model.person_id) THEN
    result.reason := 'another training of this person is under way';
    RETURN result;
  END IF;
  due := glucose.check_retraining(retrain_model.person_id, retrain_model.model_type, as_of);
  IF NOT (due.needed OR force) THEN
    result.reason := 'not needed';
    RETURN result;
  END IF;
  RETURN glucose.train_and_settle(retrain_model.person_id, retrain_model.model_type, options, force, as_of);
END
$fn$;
COMMENT ON FUNCTION glucose.retrain_model(uuid, text, boolean, jsonb, timestamptz) IS
'Trains a candidate when check_retraining() asks for it, or with force, and lets it serve only when it beats the '
'current version on the same data.';
