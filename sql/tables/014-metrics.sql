-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_014() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Of all metrics that have no row of their own. Their units differ: what is beyond chance is what counts.
  INSERT INTO glucose.retraining_policy (model_type, min_new_rows, max_age_days, max_live_mae, min_improvement)
  VALUES ('daily', 14, 30, 'Infinity', 0) ON CONFLICT DO NOTHING;
  PERFORM glucose.drop_outcome_views();   -- setup_outcome_views() makes them in the newest shape
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_014() IS
'Internal: part of setup(): brings the tables to schema version 14.';
