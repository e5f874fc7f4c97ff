-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.evaluate_model(person_id uuid, model_type text DEFAULT 'glucose', version text DEFAULT NULL,
  start_at timestamptz DEFAULT NULL, end_at timestamptz DEFAULT NULL)
RETURNS TABLE (split text, minutes_ahead integer, n integer, mae double precision, rmse double precision,
               r2 double precision, mape double precision, bias double precision, coverage double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_evaluate_model';
COMMENT ON FUNCTION glucose.evaluate_model(uuid, text, text, timestamptz, timestamptz) IS
'Measures a stored version (the active one unless named) on the person''s data as they are in the tables now, per '
'split and horizon.';
