-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_006() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation text;
BEGIN
  CREATE TABLE glucose.population_metric (
    model_type text NOT NULL,
    version text NOT NULL,
    split text NOT NULL,
    minutes_ahead integer NOT NULL,
    metric text NOT NULL,
    value double precision,
    n integer NOT NULL,
    PRIMARY KEY (model_type, version, split, minutes_ahead, metric),
    FOREIGN KEY (model_type, version) REFERENCES glucose.population_model ON DELETE CASCADE
  );
  COMMENT ON TABLE glucose.population_metric IS
    'Errors of each population version by split, horizon and metric, as measured when it was trained.';

  -- What several model types share has no unit in its name: thresholds are in the unit of the type (model_types()).
  FOREACH relation IN ARRAY ARRAY['retraining_policy', 'retraining_override'] LOOP
    EXECUTE format('ALTER TABLE glucose.%I RENAME COLUMN min_new_meals TO min_new_rows', relation);
    EXECUTE format('ALTER TABLE glucose.%I RENAME COLUMN max_live_mae_mg_dl TO max_live_mae', relation);
    EXECUTE format('ALTER TABLE glucose.%I RENAME COLUMN min_improvement_mg_dl TO min_improvement', relation);
  END LOOP;
  COMMENT ON COLUMN glucose.retraining_policy.min_new_rows IS
    'Due with so many new rows since the last training: meals, or days of readings; model_types() says which.';
  COMMENT ON COLUMN glucose.retraining_policy.max_live_mae IS
    'Due when the answers of the active version were wrong by more than this on average, in the unit of the type.';
  COMMENT ON COLUMN glucose.retraining_policy.min_improvement IS
    'A candidate is deployed only when its MAE on the shared hold-out is lower by at least this, in the unit of the '
    'type.';
  COMMENT ON COLUMN glucose.retraining_log.mae_current
    IS 'Of current_version on the n compared units, in the unit of the type.';
  COMMENT ON COLUMN glucose.retraining_log.mae_candidate IS 'Of the candidate on the same ones.';
  COMMENT ON COLUMN glucose.retraining_log.ci_low IS
    'Lower end of the 95 % interval of mae_candidate - mae_current, paired by unit (a meal, or six hours of readings).';
  -- Forced row-level security, of setup_policies() later on, binds whoever runs this: its own policy is not there yet.
  INSERT INTO glucose.retraining_policy (model_type, min_new_rows, max_age_days, max_live_mae, min_improvement)
  VALUES ('cgm', 7, 7, 20, 1) ON CONFLICT DO NOTHING;

  -- What lies outside these years is a wrong clock: one such row would stretch everything that is counted by time.
  -- Rows that are there already stay.
  FOR relation IN
    SELECT c.relname FROM pg_class c
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading')) AND c.relkind IN ('r', 'p')
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('ALTER TABLE glucose.%1$I ADD CONSTRAINT %1$s_time_is_sane '
                   'CHECK (%2$I >= %3$L AND %2$I < %4$L) NOT VALID', relation,
                   CASE relation WHEN 'meal' THEN 'eaten_at' ELSE 'measured_at' END,
                   timestamptz '1900-01-01 00:00+00', timestamptz '2200-01-01 00:00+00');
  END LOOP;

  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_006() IS
'Internal: part of setup(): brings the tables to schema version 6.';
