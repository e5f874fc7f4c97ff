-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_004() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.experiment (
    name text PRIMARY KEY CHECK (octet_length(name) BETWEEN 1 AND 63),
    model_type text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('canary', 'shadow')),
    candidate jsonb NOT NULL CHECK (jsonb_typeof(candidate) = 'object'),
    percent integer NOT NULL CHECK (percent BETWEEN 1 AND CASE kind WHEN 'canary' THEN 99 ELSE 100 END),
    salt text NOT NULL CHECK (octet_length(salt) BETWEEN 1 AND 63),
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'stopped', 'promoted')),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_by text,
    stopped_at timestamptz,
    stop_reason text,
    CONSTRAINT experiment_stopped_when_not_running CHECK ((state = 'running') = (stopped_at IS NULL))
  );
  -- Two at once would each measure the other one, too.
  CREATE UNIQUE INDEX experiment_one_running ON glucose.experiment (model_type) WHERE state = 'running';
  COMMENT ON TABLE glucose.experiment IS
    'Candidates tried against what serves: no person''s rows, readable by all, written by the steward or the owner '
    'of the tables.';
  COMMENT ON COLUMN glucose.experiment.kind IS 'canary: persons in the split are served by the candidate; shadow: it '
                                               'forecasts beside and the stable one serves.';
  COMMENT ON COLUMN glucose.experiment.candidate
    IS '{"algorithm", "options"}: a recipe, trained per person; {"population_version"}: a population model.';
  COMMENT ON COLUMN glucose.experiment.percent
    IS 'Persons with ab_bucket(person_id, salt) < percent are in the candidate''s split.';

  CREATE TABLE glucose.experiment_model (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    experiment text NOT NULL,
    job_id uuid,
    version text,
    PRIMARY KEY (person_id, experiment)
  );
  CREATE INDEX experiment_model_experiment ON glucose.experiment_model (experiment);
  COMMENT ON TABLE glucose.experiment_model IS 'The candidate version of each person in the split of a recipe.';
  COMMENT ON COLUMN glucose.experiment_model.job_id
    IS 'The background training that makes it; its version counts as soon as it is done.';

  ALTER TABLE glucose.prediction
    ADD COLUMN experiment text,
    ADD COLUMN arm text CHECK (arm IN ('stable', 'candidate')),
    ADD COLUMN shadow_version text,
    ADD COLUMN shadow_sha256 bytea,
    ADD COLUMN shadow_predictions jsonb,
    ADD CONSTRAINT prediction_arm_of_an_experiment CHECK ((experiment IS NULL) = (arm IS NULL));
  CREATE INDEX prediction_experiment ON glucose.prediction (experiment, person_id) WHERE experiment IS NOT NULL;
  COMMENT ON COLUMN glucose.prediction.experiment
    IS 'The experiment the answer counts for; NULL when the person takes part in none.';
  COMMENT ON COLUMN glucose.prediction.arm IS
    'What the answer counts for; a person whose candidate was rejected counts for the candidate and is served the '
    'stable model.';
  COMMENT ON COLUMN glucose.prediction.shadow_predictions
    IS 'What a shadow''s candidate forecast beside the served predictions.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_004() IS
'Internal: part of setup(): brings the tables to schema version 4.';

CREATE FUNCTION glucose.drop_outcome_views() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  view name;
BEGIN
  -- Each stands on the one after it.
  FOREACH view IN ARRAY ARRAY['model_live_accuracy', 'prediction_outcome', 'prediction_horizon']::name[] LOOP
    IF to_regclass('glucose.' || view) IS NOT NULL THEN
      EXECUTE format('DROP VIEW glucose.%I', view);
    END IF;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.drop_outcome_views() IS
'Internal: part of setup(): what setup_outcome_views() will make anew.';

CREATE FUNCTION glucose.setup_outcome_views() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  reader record;
BEGIN
  IF to_regclass('glucose.prediction_horizon') IS NOT NULL AND to_regclass('glucose.prediction_outcome') IS NOT NULL
     AND to_regclass('glucose.model_live_accuracy') IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM glucose.drop_outcome_views();
  -- A view of its own: a security barrier is not merged into the query around it, so that the moments computed here
  -- are plain columns there, and comparisons of plain columns reach the index of the readings under row-level security.
  CREATE VIEW glucose.prediction_horizon WITH (security_invoker = true, security_barrier = true) AS
    SELECT p.person_id, p.prediction_id, p.meal_id, p.model_type, p.version, p.sha256, p.issued_at, p.experiment, p.arm,
           p.shadow_version, p.shadow_sha256, h.minutes_ahead, h.at,
           h.at - interval '15 minutes' AS earliest, h.at + interval '15 minutes' AS latest,
           h.at - make_interval(mins => h.minutes_ahead) AS asked_at, h.value, h.lower, h.upper,
           (SELECT s.value FROM glucose.prediction_points(p.shadow_predictions) s
            WHERE s.minutes_ahead = h.minutes_ahead LIMIT 1) AS shadow_value, p.level
    FROM glucose.prediction p
    CROSS JOIN LATERAL glucose.prediction_points(p.predictions) h
    WHERE h.minutes_ahead IS NOT NULL;
  COMMENT ON VIEW glucose.prediction_horizon IS 'The logged predictions, one row per horizon.';

  CREATE VIEW glucose.prediction_outcome WITH (security_invoker = true, security_barrier = true) AS
    SELECT h.person_id, h.prediction_id, h.meal_id, h.model_type, h.version,
           CASE WHEN own.version IS NOT NULL THEN 'personal' WHEN shared.version IS NOT NULL
           THEN 'population' END AS source,
           h.issued_at, h.minutes_ahead, h.at, h.value, h.lower, h.upper,
           coalesce(CASE WHEN strpos(h.model_type, ':') > 0
                         THEN glucose.outcome_of(h.person_id, h.model_type, h.asked_at)
                         WHEN b.measured_at = h.at THEN b.mg_dl
                         ELSE b.mg_dl + (a.mg_dl - b.mg_dl) * (extract(epoch FROM h.at - b.measured_at)
                                                               / extract(epoch
                                                               FROM a.measured_at - b.measured_at))::real
                    END, told.value) AS outcome,
           coalesce(h.asked_at <= greatest(own.training_end, own_shadow.training_end, shared.training_end,
                                           shared_shadow.training_end), false) AS in_training,
           h.experiment, h.arm, h.shadow_version, h.shadow_value, h.asked_at, h.level
    FROM glucose.prediction_horizon h
    LEFT JOIN LATERAL (
      SELECT r.measured_at, r.mg_dl FROM glucose.glucose_reading r
      WHERE r.person_id = h.person_id AND r.measured_at >= h.earliest AND r.measured_at <= h.at
      ORDER BY r.measured_at DESC LIMIT 1) b ON true
    LEFT JOIN LATERAL (
      SELECT r.measured_at, r.mg_dl FROM glucose.glucose_reading r
      WHERE r.person_id = h.person_id AND r.measured_at > h.at AND r.measured_at <= h.latest
      ORDER BY r.measured_at LIMIT 1) a ON true
    LEFT JOIN glucose.recorded_outcome told ON told.person_id = h.person_id AND told.prediction_id = h.prediction_id
      AND told.minutes_ahead = h.minutes_ahead
    LEFT JOIN glucose.model_version own ON own.person_id = h.person_id AND own.model_type = h.model_type
      AND own.version = h.version AND own.sha256 = h.sha256
    LEFT JOIN glucose.model_version own_shadow ON own_shadow.person_id = h.person_id
      AND own_shadow.model_type = h.model_type AND own_shadow.version = h.shadow_version
      AND own_shadow.sha256 = h.shadow_sha256
    LEFT JOIN glucose.population_model shared ON shared.model_type = h.model_type AND shared.version = h.version
      AND shared.sha256 = h.sha256
    LEFT JOIN glucose.population_model shared_shadow ON shared_shadow.model_type = h.model_type
      AND shared_shadow.version = h.shadow_version AND shared_shadow.sha256 = h.shadow_sha256;
  COMMENT ON VIEW glucose.prediction_outcome IS
    'Each logged prediction with what happened, by horizon, in the unit of what was forecast. Glucose is linear '
    'between the readings at most 15 minutes away on both sides; where the tables do not say, what record_outcome() '
    'was told; NULL until it is known. Readings that arrive late count when they arrive.';
  COMMENT ON COLUMN glucose.prediction_outcome.source IS 'personal or population; NULL when the model is deleted.';
  COMMENT ON COLUMN glucose.prediction_outcome.in_training IS
    'It was asked about a moment before the end of what the model, or the shadow''s, learnt from, the person''s or the '
    'population''s: such a prediction is no measure of it.';

  CREATE VIEW glucose.model_live_accuracy WITH (security_invoker = true, security_barrier = true) AS
    SELECT o.person_id, o.model_type, o.version, o.source, o.minutes_ahead,
           date_trunc('week', o.at AT TIME ZONE 'UTC')::date AS week, count(*) AS n,
           avg(abs(o.value - o.outcome))::real AS mae, sqrt(avg((o.value - o.outcome) ^ 2))::real AS rmse,
           avg(o.value - o.outcome)::real AS bias,
           avg((o.outcome BETWEEN o.lower AND o.upper)::integer)::real AS coverage, o.level
    FROM (
      -- The first answer about a moment counts, and of a meal in several lines the first line's.
      SELECT f.*, lag(f.asked_at) OVER (
               PARTITION BY f.person_id, f.model_type, f.version, f.source, f.minutes_ahead, f.meal_id IS NULL
               ORDER BY f.asked_at) AS asked_before
      FROM (SELECT DISTINCT ON (p.person_id, p.model_type, p.version, p.source, p.minutes_ahead, p.asked_at) p.*
            FROM glucose.prediction_outcome p WHERE p.outcome IS NOT NULL AND NOT p.in_training
            ORDER BY p.person_id, p.model_type, p.version, p.source, p.minutes_ahead, p.asked_at, p.issued_at) f) o
    WHERE o.meal_id IS NULL OR o.asked_before IS NULL OR o.asked_at - o.asked_before > interval '15 minutes'
    GROUP BY o.person_id, o.model_type, o.version, o.source, o.minutes_ahead, week, o.level;
  COMMENT ON VIEW glucose.model_live_accuracy IS
    'How good the served forecasts were, by version, horizon and week (Monday, UTC) of the forecast moment: errors in '
    'the unit of what was forecast, coverage of the interval of that level from 0 to 1. A moment or a meal counts '
    'once, however often it was asked about; forecasts of meals the model had learnt from do not count.';

  -- Whoever reads models and predictions goes on doing so: a forecast asks whether an experiment runs.
  FOR reader IN
    SELECT DISTINCT glucose.grantee(acl.grantee) AS name
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = 'glucose.model_version'::regclass AND acl.privilege_type = 'SELECT' AND acl.grantee <> c.relowner
  LOOP
    EXECUTE format('GRANT SELECT ON glucose.experiment, glucose.experiment_model, glucose.prediction_horizon,'
                   ' glucose.prediction_outcome, glucose.model_live_accuracy TO %s', reader.name);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_outcome_views() IS
'Internal: part of setup(): the views of outcomes and live accuracy.';
