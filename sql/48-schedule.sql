-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.retraining_queue(model_type text DEFAULT 'glucose', as_of timestamptz DEFAULT NULL)
RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.retraining_rules(NULL, retraining_queue.model_type);
  RETURN (SELECT coalesce(array_agg(p.person_id ORDER BY l.tried_at NULLS FIRST, p.person_id), '{}')
          FROM glucose.person p
          LEFT JOIN LATERAL (SELECT max(g.tried_at) AS tried_at FROM glucose.retraining_log g
            WHERE g.person_id = p.person_id AND g.model_type = retraining_queue.model_type) l ON true
          WHERE glucose.may_train(p.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_queue(text, timestamptz) IS
'Internal: part of retrain_due(): the persons the caller may train for, those not tried for longest first.';

CREATE FUNCTION glucose.retrain_one(person_id uuid, model_type text, as_of timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Once without the lock, since most are not due; once with it, since whoever had it may have just trained the person.
  -- Each in a statement of its own: the second look needs a snapshot taken under the lock.
  IF NOT EXISTS (SELECT FROM glucose.person p WHERE p.person_id = retrain_one.person_id)
     OR NOT glucose.retraining_is_due(retrain_one.person_id, retrain_one.model_type, as_of) THEN
    RETURN NULL;
  END IF;
  IF NOT glucose.try_lock_person(retrain_one.person_id) THEN
    RETURN NULL;
  END IF;
  IF NOT glucose.retraining_is_due(retrain_one.person_id, retrain_one.model_type, as_of) THEN
    RETURN NULL;
  END IF;
  RETURN (glucose.train_and_settle(retrain_one.person_id, retrain_one.model_type, '{}', false, as_of)).status;
EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
  -- Nobody else's night ends because of one person; it does not count as tried, or many such would use up max_persons.
  RAISE WARNING 'person % was not retrained: %', retrain_one.person_id, SQLERRM USING ERRCODE = SQLSTATE;
  RETURN NULL;
END
$fn$;
COMMENT ON FUNCTION glucose.retrain_one(uuid, text, timestamptz) IS
'Internal: part of retrain_due(): one person, if due and nobody else is at it; the status, or NULL when nothing was '
'tried.';

CREATE FUNCTION glucose.retraining_may_go_on(tried integer, max_persons integer, started_at timestamptz,
  time_budget interval) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF coalesce(max_persons, 0) < 1 THEN
    RAISE EXCEPTION '"max_persons" must be at least 1' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF coalesce(time_budget, '0') <= '0' THEN
    RAISE EXCEPTION '"time_budget" must be longer than nothing' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN tried < max_persons AND clock_timestamp() < started_at + time_budget;
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_may_go_on(integer, integer, timestamptz, interval) IS
'Internal: part of retrain_due(): whether its limits are not reached.';

CREATE FUNCTION glucose.work_queue(work text, model_type text, as_of timestamptz) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CASE work
    WHEN 'retrain' THEN RETURN glucose.retraining_queue(model_type, as_of);
    WHEN 'check' THEN RETURN glucose.check_queue(model_type);
    WHEN 'update' THEN RETURN glucose.update_queue(model_type);
    ELSE RAISE EXCEPTION 'unrecognized work "%"', work USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.work_queue(text, text, timestamptz) IS
'Internal: part of work_through(): the persons it is done for, in their order.';

CREATE FUNCTION glucose.work_one(work text, person_id uuid, model_type text, as_of timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CASE work
    WHEN 'retrain' THEN RETURN glucose.retrain_one(person_id, model_type, as_of);
    WHEN 'check' THEN RETURN glucose.check_one(person_id, model_type);
    WHEN 'update' THEN RETURN glucose.update_one(person_id, model_type);
    ELSE RAISE EXCEPTION 'unrecognized work "%"', work USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.work_one(text, uuid, text, timestamptz) IS
'Internal: part of work_through(): one person; what came of it, or NULL when nothing was tried.';

-- It commits, and a procedure with a SET clause cannot: so it only calls functions, which have their own search path,
-- and names the schema of every one. It uses no operator. So do those that call it.
CREATE PROCEDURE glucose.work_through(work text, model_type text, max_persons integer, time_budget interval,
  as_of timestamptz, INOUT outcomes text[])
LANGUAGE plpgsql
AS $fn$
DECLARE
  started_at CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  persons pg_catalog.uuid[];
  person pg_catalog.uuid;
  outcome pg_catalog.text;
BEGIN
  outcomes := '{}';
  IF glucose.retraining_may_go_on(0, max_persons, started_at, time_budget) THEN
    persons := glucose.work_queue(work, model_type, as_of);
    FOREACH person IN ARRAY persons LOOP
      EXIT WHEN NOT glucose.retraining_may_go_on(pg_catalog.cardinality(outcomes), max_persons, started_at,
        time_budget);
      COMMIT;
      -- What another run has just committed must be seen once its lock is free.
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      outcome := glucose.work_one(work, person, model_type, as_of);
      IF outcome IS NOT NULL THEN
        outcomes := pg_catalog.array_append(outcomes, outcome);
      END IF;
    END LOOP;
    COMMIT;
  END IF;
END
$fn$;
COMMENT ON PROCEDURE glucose.work_through(text, text, integer, interval, timestamptz, text[]) IS
'Internal: part of retrain_due(), check_models() and update_due(): goes through the persons, committing after each; '
'outcomes: what came of those that were tried.';

CREATE PROCEDURE glucose.retrain_due(model_type text DEFAULT 'glucose', max_persons integer DEFAULT 1000,
  time_budget interval DEFAULT '1 hour', as_of timestamptz DEFAULT NULL)
LANGUAGE plpgsql
AS $fn$
DECLARE
  outcomes pg_catalog.text[] := '{}';
BEGIN
  CALL glucose.work_through('retrain', model_type, max_persons, time_budget, as_of, outcomes);
  RAISE NOTICE 'retraining: % deployed, % rejected, % skipped',
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'deployed')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'rejected')),
    pg_catalog.cardinality(pg_catalog.array_positions(outcomes, 'skipped'));
END
$fn$;
COMMENT ON PROCEDURE glucose.retrain_due(text, integer, interval, timestamptz) IS
'Retrains all persons the caller may see who are due, those not tried for longest first, and commits after each. It '
'can be stopped at any moment and run again.';

CREATE FUNCTION glucose.queue_retraining(person_id uuid, model_type text, beside_policy text DEFAULT NULL)
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_queue_retraining';
COMMENT ON FUNCTION glucose.queue_retraining(uuid, text, text) IS
'Internal: part of batch_retrain() and check_and_handle_drift(): queues one person''s retraining if it is due, by the '
'policy or a reason beside it, and does not wait already.';

CREATE FUNCTION glucose.batch_retrain(model_type text DEFAULT 'glucose') RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  person uuid;
  n integer := 0;
BEGIN
  -- A statement for each, so that each sees what the workers have done meanwhile. Who is done between its snapshot and
  -- its row is queued once more; the worker looks again and leaves it.
  FOREACH person IN ARRAY glucose.retraining_queue(batch_retrain.model_type) LOOP
    BEGIN
      IF glucose.queue_retraining(person, batch_retrain.model_type) THEN
        n := n + 1;
      END IF;
    EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
      RAISE WARNING 'person % was not queued: %', person, SQLERRM USING ERRCODE = SQLSTATE;
    END;
  END LOOP;
  RETURN n;
END
$fn$;
COMMENT ON FUNCTION glucose.batch_retrain(text) IS
'Queues a retraining of everyone who is due, for the background workers, and returns how many.';

CREATE FUNCTION glucose.cron_database() RETURNS text
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_cron_database';
COMMENT ON FUNCTION glucose.cron_database() IS
'Internal: part of schedule_retraining(): the database pg_cron works from, NULL when it is not loaded. The setting is '
'shown to superusers only, and everybody needs it to know where to go.';

CREATE FUNCTION glucose.require_cron(job_name text, command text, schedule text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  home CONSTANT text := glucose.cron_database();
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
    IF NOT has_schema_privilege('cron', 'USAGE') THEN
      RAISE EXCEPTION 'permission denied for schema cron'
        USING ERRCODE = 'insufficient_privilege',
              HINT = format('Run as a superuser, in this database: GRANT USAGE ON SCHEMA cron TO %I.', CURRENT_USER);
    END IF;
    RETURN;
  END IF;
  -- It runs one database's jobs for all of the server; only from there can it be told to.
  IF home IS NOT NULL AND home <> current_database() THEN
    RAISE EXCEPTION 'pg_cron is in database "%"', home
      USING ERRCODE = 'feature_not_supported',
            HINT = format(CASE WHEN schedule IS NULL THEN 'Run in that database: SELECT cron.unschedule(%L);'
                          ELSE 'Run in that database: SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);' END,
                          job_name || ' in ' || current_database(), schedule, command, current_database(),
                          CURRENT_USER);
  END IF;
  IF schedule IS NOT NULL THEN
    RAISE EXCEPTION 'pg_cron is not there to run a schedule'
      USING ERRCODE = 'feature_not_supported',
            HINT = CASE WHEN home IS NOT NULL THEN 'Run CREATE EXTENSION pg_cron as a superuser.' ELSE format(
              'Install postgresql-%s-cron, add pg_cron to shared_preload_libraries, set cron.database_name to %L, '
              'restart the server and run CREATE EXTENSION pg_cron; or %s from a timer of your own.',
              current_setting('server_version_num')::integer / 10000, current_database(), command) END;
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.require_cron(text, text, text) IS
'Internal: part of schedule_retraining() and schedule_purge(): returns when the caller may use pg_cron here, else '
'raises 42501 or 0A000 with what to run where. Without a schedule: to end one; then pg_cron may be missing.';

CREATE FUNCTION glucose.schedule_job(job_name text, command text, schedule text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  job bigint;
BEGIN
  IF schedule IS NULL THEN
    RAISE EXCEPTION 'argument "schedule" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM glucose.require_cron(job_name, command, schedule);
  EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING job_name, schedule, command;
  RETURN job;
END
$fn$;
COMMENT ON FUNCTION glucose.schedule_job(text, text, text) IS
'Internal: part of schedule_retraining() and schedule_purge(): makes or changes the calling role''s job of pg_cron.';

CREATE FUNCTION glucose.unschedule_job(job_name text, command text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  n integer := 0;
BEGIN
  PERFORM glucose.require_cron(job_name, command, NULL);
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
    EXECUTE 'SELECT count(cron.unschedule(jobid)) FROM cron.job WHERE jobname = $1 AND username = CURRENT_USER' INTO n
    USING job_name;
  END IF;
  RETURN n > 0;
END
$fn$;
COMMENT ON FUNCTION glucose.unschedule_job(text, text) IS
'Internal: part of unschedule_retraining() and unschedule_purge(); false when the calling role has no such job.';

CREATE FUNCTION glucose.schedule_retraining(schedule text DEFAULT '0 3 * * 0', model_type text DEFAULT 'glucose')
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(model_type);
  RETURN glucose.schedule_job(glucose.retraining_job_name(model_type),
    format('CALL glucose.retrain_due(%L)', model_type),
                              schedule);
END
$fn$;
COMMENT ON FUNCTION glucose.schedule_retraining(text, text) IS
'Has pg_cron run CALL retrain_due(model_type) as the calling role, in this database; returns the job''s number.';

CREATE FUNCTION glucose.retraining_job_name(model_type text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN format('pg_glucose retraining %s', model_type);
END
$fn$;
COMMENT ON FUNCTION glucose.retraining_job_name(text)
  IS 'Internal: part of schedule_retraining(); what pg_cron calls its job.';

CREATE FUNCTION glucose.unschedule_retraining(model_type text DEFAULT 'glucose') RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.model_type(model_type);
  RETURN glucose.unschedule_job(glucose.retraining_job_name(model_type),
                                format('CALL glucose.retrain_due(%L)', model_type));
END
$fn$;
COMMENT ON FUNCTION glucose.unschedule_retraining(text) IS
'Takes the calling role''s job of schedule_retraining() away; false when there was none.';

CREATE FUNCTION glucose.schedule_purge(schedule text DEFAULT '0 4 * * *') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.schedule_job('pg_glucose purge', 'CALL glucose.purge()', schedule);
END
$fn$;
COMMENT ON FUNCTION glucose.schedule_purge(text) IS
'Has pg_cron run CALL purge() as the calling role, in this database; returns the job''s number.';

CREATE FUNCTION glucose.unschedule_purge() RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.unschedule_job('pg_glucose purge', 'CALL glucose.purge()');
END
$fn$;
COMMENT ON FUNCTION glucose.unschedule_purge() IS
'Takes the calling role''s job of schedule_purge() away; false when there was none.';
