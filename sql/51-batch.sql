-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.check_question(model_type text, options jsonb) RETURNS void
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_check_question';
COMMENT ON FUNCTION glucose.check_question(text, jsonb) IS
'Internal: part of predict_async(): returns when forecasts of the type take these options, else raises 22023.';

CREATE FUNCTION glucose.queue_batch(model_type text, ids uuid[], options jsonb) RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_queue_batch';
COMMENT ON FUNCTION glucose.queue_batch(text, uuid[], jsonb) IS
'Internal: part of predict_async(): finds whose the ids are and queues the job.';

-- What the function of one takes as an argument of its own.
CREATE FUNCTION glucose.moments_asked_about(model_type text) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN CASE glucose.task_name(model_type) WHEN 'daily' THEN '{target_date}' WHEN 'glucose' THEN '{}'
    ELSE '{at}' END::text[];
END
$fn$;
COMMENT ON FUNCTION glucose.moments_asked_about(text) IS
'Internal: part of predict_async(): the keys of its options that are arguments of the function of one.';

CREATE FUNCTION glucose.predict_async(model_type text, ids uuid[], options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  missing text := CASE WHEN model_type IS NULL THEN 'model_type' WHEN ids IS NULL THEN 'ids'
                       WHEN options IS NULL THEN 'options' END;
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null', missing USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM glucose.model_type(model_type);
  IF jsonb_typeof(options) = 'object' THEN
    PERFORM glucose.check_question(model_type, options - glucose.moments_asked_about(model_type));
  ELSE
    PERFORM glucose.check_question(model_type, options);
  END IF;
  PERFORM (options ->> 'at')::timestamptz, (options ->> 'target_date')::date;
  RETURN glucose.queue_batch(model_type, ids, options);
END
$fn$;
COMMENT ON FUNCTION glucose.predict_async(text, uuid[], jsonb) IS
'Queues forecasts of many meals or persons for the background workers and returns the job_id. Workers start when the '
'transaction commits.';

CREATE FUNCTION glucose.predict_one(model_type text, id uuid, options jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  others CONSTANT jsonb := options - glucose.moments_asked_about(model_type);
  subject CONSTANT text := substr(model_type, strpos(model_type, ':') + 1);
BEGIN
  CASE glucose.task_name(model_type)
    WHEN 'glucose' THEN RETURN glucose.predict_glucose(id, others);
    WHEN 'cgm' THEN RETURN glucose.predict_cgm(id, coalesce((options ->> 'at')::timestamptz, now()), others);
    WHEN 'daily' THEN RETURN glucose.predict_metric(id, subject, (options ->> 'target_date')::date, others);
    WHEN 'event' THEN
      RETURN glucose.predict_event(id, subject, coalesce((options ->> 'at')::timestamptz, now()), others);
    ELSE RAISE EXCEPTION 'unrecognized model_type "%"', model_type USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END
$fn$;
COMMENT ON FUNCTION glucose.predict_one(text, uuid, jsonb) IS
'Internal: part of predict_async(): the forecast of one, by the function an application would call.';

CREATE FUNCTION glucose.job_results(job_id uuid, OUT place integer, OUT id uuid, OUT person_id uuid, OUT state text,
  OUT answer jsonb, OUT error_sqlstate text, OUT error_message text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  ended text;
BEGIN
  IF job_results.job_id IS NULL THEN
    RAISE EXCEPTION 'argument "job_id" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT CASE WHEN b.state IN ('failed', 'cancelled') THEN b.state END INTO ended
  FROM glucose.batch_job b WHERE b.job_id = job_results.job_id;
  IF NOT FOUND AND NOT EXISTS (SELECT FROM glucose.batch_answer a WHERE a.job_id = job_results.job_id) THEN
    RAISE EXCEPTION 'job % not found', job_results.job_id USING ERRCODE = 'no_data_found';
  END IF;
  RETURN QUERY
    SELECT r.* FROM (
      SELECT a.place, a.id, a.person_id, CASE WHEN a.error_sqlstate IS NOT NULL THEN 'failed'
               WHEN a.answered_at IS NOT NULL THEN 'done' ELSE coalesce(ended, 'queued') END AS state, a.answer,
             a.error_sqlstate, a.error_message
      FROM glucose.batch_answer a WHERE a.job_id = job_results.job_id
      UNION ALL
      SELECT n.place, n.id, NULL, 'failed', NULL, 'P0002',
      format('%s %s not found', CASE glucose.task_name(b.model_type)
               WHEN 'glucose' THEN 'meal' ELSE 'person' END, n.id)
      FROM glucose.batch_job b, unnest(b.not_found, b.not_found_places) AS n (id, place)
      WHERE b.job_id = job_results.job_id) r
    ORDER BY r.place;
END
$fn$;
COMMENT ON FUNCTION glucose.job_results(uuid) IS
'What came of a job of predict_async(), a row for each id in the order of the ids: the document, or the error. Of '
'persons the caller sees.';

CREATE FUNCTION glucose.cancel_job(job_id uuid) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_cancel_job';
COMMENT ON FUNCTION glucose.cancel_job(uuid) IS
'Cancels a job of predict_async() or a training that waits or runs; what is answered already stays. False when it has '
'ended.';
