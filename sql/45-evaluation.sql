-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.evaluate_model(person_id uuid, model_type text DEFAULT 'glucose', version text DEFAULT NULL,
  start_at timestamptz DEFAULT NULL, end_at timestamptz DEFAULT NULL)
RETURNS TABLE (split text, minutes_ahead integer, n integer, mae double precision, rmse double precision,
               r2 double precision, mape double precision, bias double precision, coverage double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_evaluate_model';
COMMENT ON FUNCTION glucose.evaluate_model(uuid, text, text, timestamptz, timestamptz) IS
'Measures a stored version (the active one unless named) on the person''s usable meals as they are in the tables now, per split and horizon: train, validation and test as they were split when it was trained (linear and mean models have since learnt from validation, too), before and later for meals outside. mae, rmse, bias in mg/dL, mape in percent, coverage of the 90 % interval from 0 to 1. Errors: P0002; MG001 without an active version.';
