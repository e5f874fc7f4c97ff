-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_003() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.retraining_policy (
    model_type text PRIMARY KEY,
    min_new_meals integer NOT NULL DEFAULT 50 CHECK (min_new_meals >= 1),
    max_age_days integer NOT NULL DEFAULT 7 CHECK (max_age_days >= 1),
    max_live_mae_mg_dl real NOT NULL DEFAULT 15 CHECK (max_live_mae_mg_dl > 0),
    min_improvement_mg_dl real NOT NULL DEFAULT 5 CHECK (min_improvement_mg_dl >= 0),
    beyond_chance boolean NOT NULL DEFAULT true,
    manual boolean NOT NULL DEFAULT false,
    algorithm text NOT NULL DEFAULT 'auto',
    options jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(options) = 'object')
  );
  INSERT INTO glucose.retraining_policy (model_type) VALUES ('glucose');
  COMMENT ON TABLE glucose.retraining_policy IS
    'When a model is trained again, and what its successor must show; the same for all unless retraining_override '
    'says otherwise. Readable by all, written by the steward and the owner of the tables.';
  COMMENT ON COLUMN glucose.retraining_policy.min_new_meals IS 'Due with so many new meals since the last training.';
  COMMENT ON COLUMN glucose.retraining_policy.max_age_days IS 'Due so many days after the last training.';
  COMMENT ON COLUMN glucose.retraining_policy.max_live_mae_mg_dl IS
    'Due when the answers of the active version were wrong by more than this on average.';
  COMMENT ON COLUMN glucose.retraining_policy.min_improvement_mg_dl IS
    'A candidate is deployed only when its MAE on the shared hold-out is lower by at least this.';
  COMMENT ON COLUMN glucose.retraining_policy.beyond_chance IS
    'And only when the 95 % interval of the paired difference lies below 0: what serves is not replaced by chance.';
  COMMENT ON COLUMN glucose.retraining_policy.manual IS 'Only retrain_model() retrains, when it is told to.';
  COMMENT ON COLUMN glucose.retraining_policy.algorithm IS 'What candidates are trained with, as in train_model().';
  COMMENT ON COLUMN glucose.retraining_policy.options IS 'Options of train_model() for candidates.';

  CREATE TABLE glucose.retraining_override (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    min_new_meals integer CHECK (min_new_meals >= 1),
    max_age_days integer CHECK (max_age_days >= 1),
    max_live_mae_mg_dl real CHECK (max_live_mae_mg_dl > 0),
    min_improvement_mg_dl real CHECK (min_improvement_mg_dl >= 0),
    beyond_chance boolean,
    manual boolean,
    algorithm text,
    options jsonb CHECK (jsonb_typeof(options) = 'object'),
    PRIMARY KEY (person_id, model_type)
  );
  COMMENT ON TABLE glucose.retraining_override IS
    'What differs for one person from retraining_policy; NULL: nothing. Options are added to the policy''s.';

  CREATE TABLE glucose.retraining_log (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    logged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('deployed', 'rejected', 'skipped')),
    reason text NOT NULL,
    due_because text[] NOT NULL DEFAULT '{}',
    version text,
    current_version text,
    mae_current double precision,
    mae_candidate double precision,
    n integer,
    ci_low double precision,
    ci_high double precision,
    PRIMARY KEY (person_id, model_type, logged_at)
  );
  CREATE INDEX retraining_log_tried_at ON glucose.retraining_log (person_id, model_type, tried_at);
  COMMENT ON TABLE glucose.retraining_log IS
    'Every retraining that was tried: why, what came of it, and the errors of current and candidate on the same meals.';
  COMMENT ON COLUMN glucose.retraining_log.tried_at IS 'The moment it was tried for: as_of, or the clock.';
  COMMENT ON COLUMN glucose.retraining_log.version IS 'The candidate; NULL when its training failed.';
  COMMENT ON COLUMN glucose.retraining_log.mae_current IS 'Of current_version on the n compared meals, mg/dL.';
  COMMENT ON COLUMN glucose.retraining_log.mae_candidate IS 'Of the candidate on the same meals, mg/dL.';
  COMMENT ON COLUMN glucose.retraining_log.ci_low IS
    'Lower end of the 95 % interval of mae_candidate - mae_current, paired by meal, mg/dL.';
  COMMENT ON COLUMN glucose.retraining_log.ci_high IS 'Upper end of it; below 0 the candidate is better.';

  -- A retraining in the queue ends by comparing what it trained with what serves. One of a kind waits per person.
  ALTER TABLE glucose.training_job
    ADD COLUMN purpose text NOT NULL DEFAULT 'train' CHECK (purpose IN ('train', 'retrain'));
  COMMENT ON COLUMN glucose.training_job.purpose IS
    'train: the version serves when there was none; retrain: it must win against the active one.';
  CREATE UNIQUE INDEX training_job_one_retraining ON glucose.training_job (person_id, model_type)
    WHERE purpose = 'retrain' AND state IN ('queued', 'running');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_003() IS
'Internal: part of setup(): brings the tables to schema version 3.';
