-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.detect_drift(person_id uuid, model_type text DEFAULT 'glucose', since timestamptz DEFAULT NULL,
  as_of timestamptz DEFAULT NULL, OUT kind text, OUT name text, OUT statistic real, OUT reference_n integer,
  OUT current_n integer, OUT effect real, OUT p double precision, OUT drifted boolean) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 30 COST 10000 AS 'MODULE_PATHNAME', 'glucose_detect_drift';
COMMENT ON FUNCTION glucose.detect_drift(uuid, text, timestamptz, timestamptz) IS
'Whether what the active version was trained on is still what comes: features, days, answers and their errors since a '
'moment, by default of the last 30 days. Without a person: of the population, for the steward.';

CREATE FUNCTION glucose.drift_reason(person_id uuid, model_type text, as_of timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
BEGIN
  -- Whom no version of its own serves, or one that cannot say what it was trained on, has nothing that could drift.
  IF NOT EXISTS (SELECT FROM glucose.model_version v WHERE v.person_id = drift_reason.person_id
                   AND v.model_type = drift_reason.model_type AND v.is_active AND v.metadata ? 'reference') THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT 'drift of ' || string_agg(d.found, ', ' ORDER BY d.place) FILTER (WHERE d.place <= 5)
                 || CASE WHEN count(*) > 5 THEN format(' and %s more', count(*) - 5) ELSE '' END
          FROM (SELECT format('%s (%s, index %s)', f.name, f.kind, round(f.effect::numeric, 2)) AS found,
                       row_number() OVER (ORDER BY f.effect DESC, f.name) AS place
                FROM glucose.detect_drift(drift_reason.person_id, drift_reason.model_type, NULL, at) f
                WHERE f.drifted) d
          HAVING count(*) > 0);
END
$fn$;
COMMENT ON FUNCTION glucose.drift_reason(uuid, text, timestamptz) IS
'Internal: part of check_and_handle_drift(): what of a person has drifted, in words without a value of it; NULL when '
'nothing has.';

CREATE FUNCTION glucose.check_and_handle_drift(model_type text DEFAULT 'glucose', as_of timestamptz DEFAULT NULL)
RETURNS TABLE (person_id uuid, reason text, queued boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
  rest CONSTANT interval := '7 days';   -- what a retraining did not cure is not trained on every night
  person uuid;
BEGIN
  FOREACH person IN ARRAY glucose.retraining_queue(check_and_handle_drift.model_type, at) LOOP
    CONTINUE WHEN EXISTS (
      SELECT FROM glucose.training_job j
      WHERE j.person_id = person AND j.model_type = check_and_handle_drift.model_type AND j.reason IS NOT NULL
        AND (j.queued_at > clock_timestamp() - rest OR j.state IN ('queued', 'running')));
    BEGIN
      reason := glucose.drift_reason(person, check_and_handle_drift.model_type, at);
      CONTINUE WHEN reason IS NULL;
      person_id := person;
      queued := NOT (glucose.retraining_rules(person, check_and_handle_drift.model_type)).manual
                AND glucose.queue_retraining(person, check_and_handle_drift.model_type, reason);
      RETURN NEXT;
    EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
      RAISE WARNING 'drift of person % was not looked for: %', person, SQLERRM USING ERRCODE = SQLSTATE;
    END;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.check_and_handle_drift(text, timestamptz) IS
'Looks for drift of everybody the caller trains for who is served by a version of their own, queues a retraining with '
'the reason for the background workers, and returns whom it found it of; each at most once in seven days.';
