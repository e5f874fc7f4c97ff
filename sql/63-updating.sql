-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.update_result AS (
  updated boolean, status text, version text, reason text, current_version text, n integer,
  mae_current double precision, mae_candidate double precision, ci_low double precision, ci_high double precision);
COMMENT ON TYPE glucose.update_result IS
'What an update led to: updated, kept (what serves is better) or skipped, and both errors on the same meals or hours, '
'which neither version has learnt from.';

CREATE FUNCTION glucose.count_outcomes(person_id uuid, model_type text, since timestamptz) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF (glucose.model_type(count_outcomes.model_type)).about_meals THEN
    RETURN glucose.count_new_rows(count_outcomes.person_id, count_outcomes.model_type, count_outcomes.since,
                                  clock_timestamp());
  END IF;
  RETURN (SELECT count(DISTINCT floor(extract(epoch FROM r.measured_at) / 21600)) FROM glucose.glucose_reading r
          WHERE r.person_id = count_outcomes.person_id AND r.measured_at > count_outcomes.since);
END
$fn$;
COMMENT ON FUNCTION glucose.count_outcomes(uuid, text, timestamptz) IS
'Internal: part of check_update(): what two versions can be compared on since a moment: meals with a known outcome, or '
'stretches of six hours with readings.';

CREATE FUNCTION glucose.check_update(person_id uuid, model_type text DEFAULT 'glucose',
  OUT needed boolean, OUT reasons text[], OUT new_outcomes integer, OUT days_since integer, OUT version text,
  OUT why_not text, OUT so_far text, OUT algorithm text, OUT settings jsonb, OUT population_version text,
  OUT known_until timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  outcomes integer;
  age interval;
  task record;
  active record;
  tried_at timestamptz;
  learnt_at timestamptz;
  by_hand boolean;
BEGIN
  -- It is of the library, which is there from now on and has the settings.
  PERFORM glucose.require_person(check_update.person_id);
  outcomes := current_setting('glucose.update_outcomes')::integer;
  age := current_setting('glucose.update_interval')::interval;
  task := glucose.model_type(check_update.model_type);
  SELECT v.version, v.trained_at, v.withdrawn_at, v.hyperparameters, v.metadata INTO active
  FROM glucose.model_version v
  WHERE v.person_id = check_update.person_id AND v.model_type = check_update.model_type AND v.is_active;
  version := active.version;
  needed := false;
  reasons := '{}';
  known_until := glucose.time_or_null(active.metadata ->> 'test_end');
  why_not := CASE WHEN version IS NULL THEN 'no active model'
                  WHEN active.withdrawn_at IS NOT NULL THEN 'what serves was withdrawn: a training is due'
                  WHEN known_until IS NULL THEN 'the active version was not trained here' END;
  IF why_not IS NOT NULL THEN
    RETURN;
  END IF;
  -- As it was trained, but on what there is now. What horizons there are is a recipe's choice where it listens to it.
  algorithm := active.hyperparameters ->> 'algorithm';
  settings := active.hyperparameters - 'algorithm' - 'end_at'
              - CASE WHEN task.about_meals THEN '' ELSE 'horizons' END;
  population_version := active.metadata ->> 'population_version';
  -- A try that changed nothing counts, or the same outcomes would be looked at every night.
  SELECT max(u.tried_at) INTO tried_at FROM glucose.model_update u
  WHERE u.person_id = check_update.person_id AND u.model_type = check_update.model_type;
  new_outcomes := glucose.count_outcomes(check_update.person_id, check_update.model_type,
                                         greatest(known_until, tried_at));
  -- A training up to a moment in the past knows nothing later: it is as old as that.
  learnt_at := greatest(tried_at, least(active.trained_at, glucose.time_or_null(active.hyperparameters ->> 'end_at')));
  days_since := greatest(extract(epoch FROM clock_timestamp() - learnt_at) / 86400, 0);
  IF new_outcomes >= outcomes THEN
    reasons := reasons || format('%s new %s', new_outcomes, task.units_are);
  END IF;
  IF learnt_at <= clock_timestamp() - age THEN
    reasons := reasons || format('%s days since the last update or training', days_since);
  END IF;
  by_hand := (glucose.retraining_rules(check_update.person_id, check_update.model_type)).manual;
  needed := reasons <> '{}' AND new_outcomes > 0 AND NOT by_hand;
  so_far := format('%s new %s, %s days since the last update or training', new_outcomes, task.units_are, days_since)
            || CASE WHEN by_hand THEN ', and by hand alone' ELSE '' END;
END
$fn$;
COMMENT ON FUNCTION glucose.check_update(uuid, text) IS
'Whether the person''s own part of the model that serves is due to be learnt anew, and why, or why it cannot be; and '
'how that version was trained.';

CREATE FUNCTION glucose.update_model(person_id uuid, model_type text DEFAULT 'glucose', options jsonb DEFAULT '{}')
RETURNS glucose.update_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_update_model';
COMMENT ON FUNCTION glucose.update_model(uuid, text, jsonb) IS
'Learns what is the person''s own of the model that serves anew, without a training, when it is due or with option '
'force; the result serves as a PATCH version when it is not worse on what came since.';

CREATE FUNCTION glucose.update_queue(model_type text) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(update_queue.model_type);
  RETURN (SELECT coalesce(array_agg(v.person_id ORDER BY l.tried_at NULLS FIRST, v.person_id), '{}')
          FROM glucose.model_version v
          LEFT JOIN LATERAL (SELECT max(u.tried_at) AS tried_at FROM glucose.model_update u
            WHERE u.person_id = v.person_id AND u.model_type = v.model_type) l ON true
          WHERE v.model_type = update_queue.model_type AND v.is_active AND v.withdrawn_at IS NULL
            AND glucose.may_train(v.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.update_queue(text) IS
'Internal: part of update_due(): the persons with a model of the type that the caller may manage, those not tried for '
'longest first.';

CREATE FUNCTION glucose.update_one(person_id uuid, model_type text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF NOT EXISTS (SELECT FROM glucose.person p WHERE p.person_id = update_one.person_id)
     OR NOT (glucose.check_update(update_one.person_id, update_one.model_type)).needed THEN
    RETURN NULL;
  END IF;
  -- It looks again under the lock.
  RETURN (glucose.update_model(update_one.person_id, update_one.model_type)).status;
EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query; nobody else's night ends because of one person
  RAISE WARNING 'the model of person % was not updated: %', update_one.person_id, SQLERRM USING ERRCODE = SQLSTATE;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.update_one(uuid, text) IS
'Internal: part of update_due(): one person, if due; the status, or NULL when nothing was tried.';

-- As work_through(): it commits, so it only calls functions and uses no operator.
CREATE PROCEDURE glucose.update_due(model_type text DEFAULT 'glucose', max_persons integer DEFAULT 10000,
  time_budget interval DEFAULT '1 hour')
LANGUAGE plpgsql
AS $fn$
DECLARE
  outcomes pg_catalog.text[] := '{}';
BEGIN
  CALL glucose.work_through('update', model_type, max_persons, time_budget, NULL, outcomes);
  RAISE NOTICE 'updates: % updated, % kept, % skipped',
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'updated')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'kept')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'skipped'));
END
$fn$;
COMMENT ON PROCEDURE glucose.update_due(text, integer, interval) IS
'update_model() of everyone the caller may manage and who is due, those not tried for longest first, committing after '
'each. Run it every night; it can be stopped at any moment and run again.';
