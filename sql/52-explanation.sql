-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.explain_prediction(meal_id uuid, minutes_ahead integer, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL)
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 64 COST 1000 AS 'MODULE_PATHNAME', 'glucose_explain_prediction';
COMMENT ON FUNCTION glucose.explain_prediction(uuid, integer, jsonb, uuid) IS
'Why glucose_forecast() says what it says after a stored meal at one horizon: what each feature adds in mg/dL. Show '
'disclaimer() with it.';

CREATE FUNCTION glucose.explain_forecast(person_id uuid, at timestamptz, minutes_ahead integer,
  options jsonb DEFAULT '{}')
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 16 COST 1000 AS 'MODULE_PATHNAME', 'glucose_explain_forecast';
COMMENT ON FUNCTION glucose.explain_forecast(uuid, timestamptz, integer, jsonb) IS
'Why cgm_forecast() says what it says at a moment and one horizon: what each feature adds to the last reading, in '
'mg/dL. Show disclaimer() with it.';

CREATE FUNCTION glucose.what_if(meal_id uuid, changes jsonb, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, mg_dl real, changed real, difference real, lower real, upper real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 2 COST 1000 AS 'MODULE_PATHNAME', 'glucose_what_if';
COMMENT ON FUNCTION glucose.what_if(uuid, jsonb, jsonb, uuid) IS
'The forecast after a stored meal beside the one for the same moment with other nutrients or another type of meal, '
'in mg/dL. Show disclaimer() with it.';

CREATE FUNCTION glucose.glucose_curve(meal_id uuid, step_minutes integer DEFAULT 15, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, is_peak boolean,
  incremental_area real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 13 COST 1000 AS 'MODULE_PATHNAME', 'glucose_glucose_curve';
COMMENT ON FUNCTION glucose.glucose_curve(uuid, integer, jsonb, uuid) IS
'The forecast after a stored meal as a curve of 0 to 180 minutes, in mg/dL, with peak and incremental area. Show '
'disclaimer() with it.';

CREATE FUNCTION glucose.similar_meals(meal_id uuid, k integer DEFAULT 5, person_id uuid DEFAULT NULL)
RETURNS TABLE (meal_id uuid, eaten_at timestamptz, meal_type text, carbs_g real, level real, similarity real,
               outcome_60 real, outcome_120 real, change_60 real, change_120 real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 10000 AS 'MODULE_PATHNAME', 'glucose_similar_meals';
COMMENT ON FUNCTION glucose.similar_meals(uuid, integer, uuid) IS
'The earlier meals of the same person that are most like a stored one, and what came of them (mg/dL).';

CREATE FUNCTION glucose.feature_importance(person_id uuid, model_type text DEFAULT 'glucose', version text DEFAULT NULL)
RETURNS TABLE (feature text, minutes_ahead integer, importance real, n integer)
LANGUAGE c STABLE PARALLEL SAFE ROWS 128 COST 100000 AS 'MODULE_PATHNAME', 'glucose_feature_importance';
COMMENT ON FUNCTION glucose.feature_importance(uuid, text, text) IS
'How much a stored version relies on each feature: by how many mg/dL its error grows when the feature''s values are '
'shuffled among the test rows.';

CREATE FUNCTION glucose.explain_prediction_json(meal_id uuid, minutes_ahead integer, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_prediction(
    explain_prediction_json.meal_id, explain_prediction_json.minutes_ahead, explain_prediction_json.options,
    explain_prediction_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.explain_prediction_json(uuid, integer, jsonb, uuid) IS
'The rows of explain_prediction() with the disclaimer, as one document.';

CREATE FUNCTION glucose.explain_forecast_json(person_id uuid, at timestamptz, minutes_ahead integer,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_forecast(
    explain_forecast_json.person_id, explain_forecast_json.at, explain_forecast_json.minutes_ahead,
    explain_forecast_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.explain_forecast_json(uuid, timestamptz, integer, jsonb) IS
'The rows of explain_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.what_if_json(meal_id uuid, changes jsonb, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.what_if(
    what_if_json.meal_id, what_if_json.changes, what_if_json.options, what_if_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.what_if_json(uuid, jsonb, jsonb, uuid) IS
'The rows of what_if() with the disclaimer, as one document.';

CREATE FUNCTION glucose.glucose_curve_json(meal_id uuid, step_minutes integer DEFAULT 15, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.glucose_curve(
    glucose_curve_json.meal_id, glucose_curve_json.step_minutes, glucose_curve_json.options,
    glucose_curve_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_curve_json(uuid, integer, jsonb, uuid) IS
'The rows of glucose_curve() with the disclaimer, as one document.';
